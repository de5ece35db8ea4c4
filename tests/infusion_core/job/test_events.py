import json

import pytest

from infusion_core.errors import Cancelled, InputError
from infusion_core.job.events import error_event


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        (InputError("Missing.", path="/a/b.exr", frame=7, remedy="Render it."), "InputError", 2),
        (Cancelled(), "Cancelled", 130),
        (KeyboardInterrupt(), "Cancelled", 130),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError", 1),
    ],
)
def test_an_error_tells_its_kind_place_and_exit_status(error: BaseException, kind: str, status: int) -> None:
    event = json.loads(json.dumps(error_event(error)))
    assert (event["event"], event["type"], event["exit_status"]) == ("error", kind, status)
    assert {"message", "path", "frame", "remedy", "schema_version"} <= event.keys()
    if kind == "InputError":
        assert (event["path"], event["frame"], event["remedy"]) == ("/a/b.exr", 7, "Render it.")
