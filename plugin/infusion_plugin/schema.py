"""The core's settings as controls that any host can draw.

``settings_schema.json`` beside this file is generated from ``infusion_core.settings.schema()``
(``python -m infusion_worker --write-schema``), and a test holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from infusion_plugin.errors import InputError

SCHEMA_PATH = Path(__file__).with_name("settings_schema.json")

MAIN_PAGE = (
    "preset",
    "shot.frames",
    "shot.handles",
    "shot.matte_channel",
    "shot.invert",
    "shot.threshold",
    "shot.grow",
    "shot.feather",
    "run.seed",
)
ADVANCED_PAGE = (
    "run.memory",
    "run.device",
    "run.precision",
    "run.threads",
    "shot.context",
    "shot.follow_camera",
    "sampling.hold_coarser",
    "shot.colour",
    "shot.alpha",
    "shot.layer",
)


@dataclass(frozen=True)
class Control:
    """One setting, described for a knob or a dialog field.

    Attributes:
        name: Setting as ``section.name``, or ``preset``.
        kind: "bool", "int", "float", "text" or "choice".
        label, tooltip: For people; the tooltip names unit and range.
        default: Value of the schema.
        minimum, maximum: Inclusive bounds of a number, or None.
        choices: Values of a choice.
        unit: "px", "frames", "GiB" or empty.
    """

    name: str
    kind: str
    label: str
    tooltip: str
    default: Any
    minimum: Any = None
    maximum: Any = None
    choices: tuple[str, ...] = ()
    unit: str = ""

    @property
    def identifier(self) -> str:
        """The name with the dot replaced, for hosts whose knob names allow no dots."""
        return self.name.replace(".", "_")


@cache
def load() -> dict[str, Any]:
    """The shipped schema as plain data."""
    return dict(json.loads(SCHEMA_PATH.read_text("utf-8")))


@cache
def controls() -> dict[str, Control]:
    """Every setting of the schema by ``section.name``, ``preset`` first."""
    schema = load()
    presets = tuple(schema["presets"])
    found = {
        "preset": Control(
            "preset",
            "choice",
            "Preset",
            "How much work is spent: draft for a first look, standard, best, or paper for the authors' "
            "algorithm constant by constant (slow).",
            "standard",
            choices=presets,
        )
    }
    for section, items in schema["sections"].items():
        for item in items:
            control = _control(section, item)
            found[control.name] = control
    return found


def _control(section: str, item: Mapping[str, Any]) -> Control:
    kind = {"str": "text"}.get(item["type"], item["type"])
    return Control(
        name=f"{section}.{item['name']}",
        kind="choice" if item["choices"] else kind,
        label=item["label"],
        tooltip=_tooltip(item),
        default=item["default"],
        minimum=item["minimum"],
        maximum=item["maximum"],
        choices=tuple(item["choices"]),
        unit=item["unit"],
    )


def _tooltip(item: Mapping[str, Any]) -> str:
    if item["minimum"] is None or item["maximum"] is None:
        return str(item["help"])
    unit = f" {item['unit']}" if item["unit"] else ""
    return f"{item['help']} ({item['minimum']} to {item['maximum']}{unit})"


def tables(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn control values into the nested tables of a job file, without what is left at its default.

    Such a setting stays open, so that the preset decides it.

    Args:
        values: Values by ``section.name`` (and ``preset``).

    Raises:
        InputError: a name is unknown or a value outside its range or choices.
    """
    known = controls()
    nested: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise InputError(f"There is no setting {name!r}.")
        control = known[name]
        value = _checked(control, value)
        section, dot, key = name.partition(".")
        if not dot:
            nested[name] = value
        elif value != control.default:
            nested.setdefault(section, {})[key] = value
    return nested


def _checked(control: Control, value: Any) -> Any:
    """``value`` as the type of its control; hosts deliver integers as floats and the reverse."""
    try:
        typed = {"bool": bool, "int": int, "float": float}.get(control.kind, str)(value)
    except (TypeError, ValueError):
        raise InputError(f"{control.label} is {value!r}.", remedy=control.tooltip) from None
    if control.kind == "float":
        typed = float(f"{typed:.7g}")  # hosts that keep single precision give 0.02 back as 0.01999999955
    if control.choices and typed not in control.choices:
        raise InputError(
            f"{control.label} is {value!r}.", remedy=f"Choose one of: {', '.join(control.choices)}."
        )
    low, high = control.minimum, control.maximum
    if (low is not None and not typed >= low) or (high is not None and not typed <= high):
        raise InputError(f"{control.label} is {value}.", remedy=f"Choose from {low:g} to {high:g}.")
    return typed


def parse_extra(text: str) -> dict[str, Any]:
    """Read a "More settings" field: one ``section.name = value`` (or ``stages = [...]``) a line.

    A value is read as JSON; what is not JSON is a string. ``#`` starts a comment line. The core
    checks names and ranges, so that settings newer than this file work too.

    Raises:
        InputError: a line without ``=``.
    """
    nested: dict[str, Any] = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, raw = line.partition("=")
        if not equals or not name.strip():
            raise InputError(
                f"Cannot read the setting {line.strip()!r}.", remedy="Write section.name = value."
            )
        try:
            value = json.loads(raw)
        except ValueError:
            value = raw.strip()
        section, dot, key = name.strip().partition(".")
        if dot:
            nested.setdefault(section, {})[key] = value
        else:
            nested[section] = value
    return nested


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Nested tables of ``first`` with those of ``second`` laid over them."""
    result = {name: dict(value) if isinstance(value, Mapping) else value for name, value in first.items()}
    for name, value in second.items():
        if isinstance(value, Mapping) and isinstance(result.get(name), dict):
            result[name].update(value)
        else:
            result[name] = value
    return result
