import io
import json
import logging

import pytest

from infusion_core.cli.display import describe, format_seconds, showing
from infusion_core.progress import Progress


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.4, "0 s"), (89, "89 s"), (600, "10 min"), (5400, "1 h 30 min"), (90000, "25 h 00 min")],
)
def test_durations_read_well(seconds: float | None, text: str) -> None:
    assert format_seconds(seconds) == text


def test_a_report_in_one_line() -> None:
    progress = Progress("train", 0.5, loss=0.01234, time_left_s=42.0, message="Training interval 3 of 8")
    assert describe(progress) == "Training interval 3 of 8, loss 0.0123, 42 s left"
    assert describe(Progress("write", 0.5)) == "write"


def test_events_stay_whole_whatever_libraries_print(capsys: pytest.CaptureFixture[str]) -> None:
    with showing("json") as display:
        display.progress(Progress("prepare", 0.0))
        print("a library says hello")
        logging.getLogger("infusion_core.anything").warning("NaN in frame %d", 7)
        display.say("words for people")
        display.progress(Progress("prepare", 1.0))
    out, err = capsys.readouterr()
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == ["progress", "warning", "progress"]
    assert events[1]["message"] == "NaN in frame 7"
    assert "hello" in err


def test_a_run_goes_on_when_nobody_reads_its_events(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdout", Gone())
    with showing("json") as display:
        display.event({"event": "progress"})
        display.event({"event": "done"})


def test_plain_lines_are_few(capsys: pytest.CaptureFixture[str]) -> None:
    with showing("plain") as display:
        for step in range(100):
            display.progress(Progress("train", step / 100, interval=0, message="Training interval 1 of 2"))
        display.progress(Progress("train", 1.0, interval=1, message="Training interval 2 of 2"))
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_the_bar_ends_even_when_the_run_fails(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with showing("bar") as display:
            display.progress(Progress("train", 0.5, message="Training"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with showing("bar") as display:
        display.event({"event": "warning", "message": "look out"})
    assert "look out" in capsys.readouterr().err
