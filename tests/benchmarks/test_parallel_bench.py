import pytest

from benchmarks.parallel import makespan, modelled, report


def took(seconds):
    return {"command": "train", "seconds": 2.0 * seconds, "cpu_s": float(seconds)}


RUN = {
    "workers": 1,
    "seconds": 100.0,
    "serial": [took(3), took(7)],
    "experts": [took(k) for k in (4, 1, 1, 2, 2, 5)],
}


@pytest.mark.parametrize(("workers", "expected"), [(1, 15), (2, 9), (3, 8), (6, 5), (32, 5)])
def test_tasks_go_to_the_worker_that_is_free_first(workers, expected):
    assert makespan([4, 1, 1, 2, 2, 5], workers) == expected


@pytest.mark.parametrize(("workers", "experts"), [(1, 15), (2, 8), (3, 5), (32, 5)])
def test_the_model_is_what_cannot_be_shared_out_and_the_longest_experts_first(workers, experts):
    assert modelled(RUN, workers, "cpu_s") == 10 + experts
    assert modelled(RUN, workers, "seconds") == 2 * modelled(RUN, workers, "cpu_s")


def test_the_report_sets_modelled_against_measured():
    in_turn = {**RUN, "serial": [took(30)], "experts": []}
    found = {"one": RUN, "two": {**RUN, "seconds": 62.5}, "sequential": in_turn, "same_pixels": True}
    text = report(found)
    assert "1.60 of the wall-clock" in text
    assert "| 32 | 15 | 1.67 | 2.00 |" in text
    assert "NO" not in text
    assert "NO" in report({**found, "same_pixels": False})
