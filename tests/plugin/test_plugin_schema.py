"""The plugin layer's copy of the settings, and what it makes of control values."""

from __future__ import annotations

import json
import struct

import pytest
from infusion_plugin import schema
from infusion_plugin.errors import InputError

from infusion_core import settings


def test_the_shipped_schema_is_the_cores() -> None:
    regenerate = "python -m infusion_worker --write-schema"
    assert schema.load() == json.loads(json.dumps(settings.schema())), f"regenerate it: {regenerate}"


def test_every_control_on_a_page_exists_and_explains_itself() -> None:
    controls = schema.controls()
    for name in (*schema.MAIN_PAGE, *schema.ADVANCED_PAGE):
        assert len(controls[name].tooltip) > 10
        assert controls[name].label
    assert not set(schema.MAIN_PAGE) & set(schema.ADVANCED_PAGE)


def test_defaults_are_left_to_the_preset() -> None:
    defaults = {name: control.default for name, control in schema.controls().items()}
    assert schema.tables(defaults) == {"preset": "standard"}


def test_single_precision_does_not_change_a_value() -> None:
    def single(value: float) -> float:
        return float(struct.unpack("f", struct.pack("f", value))[0])

    values = {name: control.default for name, control in schema.controls().items()}
    assert single(values["shot.threshold"]) != values["shot.threshold"]
    kept = {name: single(value) if isinstance(value, float) else value for name, value in values.items()}
    assert schema.tables(kept) == {"preset": "standard"}
    assert schema.tables({"shot.threshold": single(0.1)}) == {"shot": {"threshold": 0.1}}


def test_the_core_accepts_the_tables() -> None:
    values = {"preset": "paper", "shot.grow": 4.0, "shot.feather": 2, "shot.invert": 1, "run.seed": 7}
    tables = schema.tables(values)
    resolved = settings.resolve(tables.pop("preset"), tables=tables)
    assert (resolved.shot.grow, resolved.shot.feather, resolved.shot.invert) == (4, 2.0, True)
    assert resolved.run.seed == 7
    assert resolved.shot.context == settings.load_preset("paper").shot.context


@pytest.mark.parametrize(
    "values", [{"shot.grow": 501}, {"shot.colour": "log"}, {"run.seed": "x"}, {"shot.nonsense": 1}]
)
def test_wrong_values_are_named(values: dict[str, object]) -> None:
    with pytest.raises(InputError):
        schema.tables(values)


def test_more_settings_are_read_as_tables() -> None:
    text = """
    # for a quick test
    training.window = 4
    shot.colour = display
    stages = [{"intervals": 2, "training_steps": 3}]
    """
    assert schema.parse_extra(text) == {
        "training": {"window": 4},
        "shot": {"colour": "display"},
        "stages": [{"intervals": 2, "training_steps": 3}],
    }
    with pytest.raises(InputError, match="nonsense"):
        schema.parse_extra("nonsense")


def test_merging_lays_tables_over_tables() -> None:
    first = {"preset": "draft", "shot": {"grow": 1, "feather": 2.0}}
    assert schema.merged(first, {"shot": {"grow": 3}, "run": {"seed": 1}}) == {
        "preset": "draft",
        "shot": {"grow": 3, "feather": 2.0},
        "run": {"seed": 1},
    }
    assert first["shot"]["grow"] == 1  # type: ignore[index]
