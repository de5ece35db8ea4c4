import threading
import time

import pytest

from infusion_core.each_frame import for_each_frame
from infusion_core.errors import Cancelled, InputError
from infusion_core.progress import Progress


def run(work, count=20, on_progress=lambda _: None, should_stop=lambda: False):
    return for_each_frame(work, count, "Reading", on_progress=on_progress, should_stop=should_stop)


def test_results_come_in_order_whoever_is_first():
    def work(number):
        time.sleep(0.002 * (number % 3))
        return number * number

    assert run(work) == [number * number for number in range(20)]


def test_progress_counts_up_in_the_callers_thread():
    reports: list[Progress] = []
    threads = set()

    def report(progress):
        reports.append(progress)
        threads.add(threading.get_ident())

    run(lambda number: number, 5, on_progress=report)
    assert [(report.step, report.num_steps) for report in reports] == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    assert reports[-1].fraction == 1
    assert threads == {threading.get_ident()}


def test_the_first_error_in_order_is_raised_and_the_rest_dropped():
    begun = []

    def work(number):
        begun.append(number)
        time.sleep(0.01)
        if number in (3, 4):
            raise InputError("broken", frame=number)

    with pytest.raises(InputError) as caught:
        run(work, 1000)
    assert caught.value.frame == 3
    assert len(begun) < 50


def test_stopping_drops_what_has_not_begun():
    begun: list[int] = []
    done: list[Progress] = []

    def work(number):
        begun.append(number)
        time.sleep(0.01)

    with pytest.raises(Cancelled):
        run(work, 1000, on_progress=done.append, should_stop=lambda: len(done) >= 3)
    assert len(done) == 3
    assert len(begun) < 50
