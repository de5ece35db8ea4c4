import json
from pathlib import Path

import pytest

from infusion_core import errors
from infusion_core.errors import Cancelled, InfusionError, InputError, SettingsError
from infusion_core.progress import Progress, never_stop, raise_if_stopped

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, InfusionError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_where_what_and_what_to_do(kind):
    error = kind("The frame is missing.", path=Path("shots") / "a.exr", frame=1001, remedy="Render it.")
    assert str(error) == f"{Path('shots') / 'a.exr'}, frame 1001: The frame is missing. Render it."
    assert json.loads(json.dumps(error.to_dict())) == {
        "type": kind.__name__,
        "message": "The frame is missing.",
        "path": str(Path("shots") / "a.exr"),
        "frame": 1001,
        "remedy": "Render it.",
    }
    assert kind.exit_status > 0


def test_a_path_is_not_named_twice():
    assert str(InputError("Cannot read a.exr.", path="a.exr")) == "Cannot read a.exr."
    assert str(InputError("Nothing.")) == "Nothing."


def test_frame_zero_is_a_frame():
    assert str(InputError("Nothing.", frame=0)) == "frame 0: Nothing."


def test_bad_input_is_a_value_error_and_a_cancel_has_the_shells_status():
    assert issubclass(InputError, ValueError)
    assert issubclass(SettingsError, ValueError)
    assert Cancelled().exit_status == 130


def test_stopping_raises_only_when_asked():
    raise_if_stopped(never_stop)
    with pytest.raises(Cancelled):
        raise_if_stopped(lambda: True)


def test_progress_is_an_event_of_plain_data():
    event = Progress("train", 0.25, interval=2, num_intervals=8, loss=0.1).to_event()
    assert json.loads(json.dumps(event)) == event
    assert (event["event"], event["stage"], event["fraction"]) == ("progress", "train", 0.25)
