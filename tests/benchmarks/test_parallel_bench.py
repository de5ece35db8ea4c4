import pytest

from benchmarks.parallel import lengthened, makespan, modelled, report


def took(seconds, command="train --interval 1"):
    return {"command": command, "seconds": 2.0 * seconds, "cpu_s": float(seconds)}


ONE = {
    "workers": 1,
    "seconds": 100.0,
    "serial": [took(3, "trunk"), took(7, "sample")],
    "experts": [took(k) for k in (4, 1, 1, 2, 2, 5)],
}
FOUND = {
    "one": ONE,
    "two": {**ONE, "seconds": 62.5},
    "sequential": {**ONE, "serial": [took(2, "prepare"), took(28, "train")], "experts": []},
    "start_s": 1.0,
    "same_pixels": True,
}


@pytest.mark.parametrize(("workers", "expected"), [(1, 15), (2, 9), (3, 8), (6, 5), (32, 5)])
def test_tasks_go_to_the_worker_that_is_free_first(workers, expected):
    assert makespan([4, 1, 1, 2, 2, 5], workers) == expected


@pytest.mark.parametrize(("workers", "experts"), [(1, 15), (2, 8), (3, 5), (32, 5)])
def test_the_model_is_what_cannot_be_shared_out_and_the_longest_experts_first(workers, experts):
    assert modelled(ONE, workers) == 10 + experts


def test_longer_training_leaves_starts_and_sampling_as_they_are():
    longer = lengthened(FOUND, "one", 10)
    assert [took["cpu_s"] for took in longer["serial"]] == [21, 7]
    assert [took["cpu_s"] for took in longer["experts"]] == [31, 1, 1, 11, 11, 41]
    assert [took["cpu_s"] for took in lengthened(FOUND, "sequential", 10)["serial"]] == [2, 217]
    assert lengthened(FOUND, "one", 1) == ONE


def test_the_report_sets_modelled_against_measured():
    text = report(FOUND)
    assert "1.60 of the wall-clock" in text
    assert "| 32 | 15 | 1.67 | 2.00 |" in text
    assert "NO" not in text
    assert "NO" in report({**FOUND, "same_pixels": False})
