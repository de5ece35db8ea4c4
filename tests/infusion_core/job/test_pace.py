from hypothesis import given
from hypothesis import strategies as st

from infusion_core.job.pace import Pace
from infusion_core.progress import Progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    seconds=st.lists(st.floats(0.1, 1000), min_size=3, max_size=3),
    fractions=st.lists(st.floats(0, 1), min_size=1, max_size=8),
)
def test_the_fraction_never_falls_and_ends_at_one(seconds: list[float], fractions: list[float]) -> None:
    got: list[Progress] = []
    pace = Pace(dict(zip("abc", seconds, strict=True)), got.append, Clock())
    for name in "abc":
        report = pace.step(name)
        for fraction in [*sorted(fractions), 1.0]:
            report(Progress("train", fraction))
        pace.expect({"c": seconds[2] * 2})
    shown = [progress.fraction for progress in got]
    assert shown == sorted(shown)
    assert all(0 <= fraction <= 1 for fraction in shown)
    assert shown[-1] == 1.0


def test_the_time_left_is_measured_and_holds_the_steps_to_come() -> None:
    clock, got = Clock(), []
    pace = Pace({"train": 7.0, "write": 30.0}, got.append, clock)
    report = pace.step("train")
    for second in range(101):
        clock.now = float(second)
        report(Progress("train", second / 200))
    assert got[0].time_left_s is None
    assert abs(got[-1].time_left_s - (100 + 30)) < 1


def test_no_time_left_is_told_before_it_is_known_what_is_to_come() -> None:
    clock, got = Clock(), []
    pace = Pace({"prepare": 1.0, "train": 60.0}, got.append, clock)
    report = pace.step("prepare", tells_time=False)
    for second in range(11):
        clock.now = float(second)
        report(Progress("prepare", second / 10))
    assert {progress.time_left_s for progress in got} == {None}
    pace.expect({"train": 3600.0})
    report = pace.step("train")
    for second in range(101):
        clock.now = float(second)
        report(Progress("train", second / 1000))
    assert abs(got[-1].time_left_s - 900) < 1


def test_work_done_before_a_resume_does_not_count_as_speed() -> None:
    clock, got = Clock(), []
    report = Pace({"train": 1.0}, got.append, clock).step("train")
    for second in range(51):
        clock.now = float(second)
        report(Progress("train", 0.9 + second / 1000))
    assert abs(got[-1].time_left_s - 50) < 1


def test_the_time_left_follows_a_change_of_speed() -> None:
    clock, got = Clock(), []
    report = Pace({"train": 1.0}, got.append, clock).step("train")
    fraction = 0.0
    for second in range(300):
        clock.now = float(second)
        fraction += 0.001 if second < 100 else 0.004
        report(Progress("train", min(1.0, fraction)))
    assert abs(got[-1].time_left_s - (1 - fraction) / 0.004) < 2
