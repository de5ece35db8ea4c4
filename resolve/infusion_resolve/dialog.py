"""The dialog: fields from the shared schema, asked through ``comp.AskUser``, answers as settings.

UIManager is not used: it is missing from the free edition since 19.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from infusion_plugin import schema
from infusion_plugin.errors import PluginError
from infusion_plugin.schema import Control
from infusion_resolve.flow import Comp, CompGoneError, attribute

TITLE = "Infusion Inpaint"
SETTINGS = schema.MAIN_PAGE
_NUMBER_DIGITS = 6  # sliders hand floats back with single precision


def control(name: str) -> Control:
    """The description of one setting of the schema."""
    return schema.controls()[name]


def setting_field(setting: Control, value: Any) -> dict[Any, Any]:
    """The field of one setting of the schema, showing ``value``."""
    if setting.kind == "choice":
        return choice_field(setting.identifier, setting.label, setting.choices, str(value))
    if setting.kind == "text":
        return text_field(setting.identifier, setting.label, str(value))
    if setting.kind == "bool":
        return {1: setting.identifier, 2: "Checkbox", "Name": setting.label, "Default": int(bool(value))}
    unit = f" ({setting.unit})" if setting.unit else ""
    return {
        1: setting.identifier,
        2: "Screw",
        "Name": f"{setting.label}{unit}",
        "Integer": setting.kind == "int",
        "Min": setting.minimum,
        "Max": setting.maximum,
        "Default": value,
    }


def choice_field(name: str, label: str, choices: Sequence[str], value: str) -> dict[Any, Any]:
    """A menu; the answer is the index of the item, from 0."""
    default = choices.index(value) if value in choices else 0
    options = dict(enumerate(choices, 1))
    return {1: name, 2: "Dropdown", "Name": label, "Options": options, "Default": default}


def text_field(name: str, label: str, value: str, lines: int = 1) -> dict[Any, Any]:
    return {1: name, 2: "Text", "Name": label, "Lines": lines, "Default": value}


def ask(comp: Comp, fields: Sequence[dict[Any, Any]]) -> dict[str, Any] | None:
    """Show the fields; the answers by name, menus as their text, or None if the artist cancels."""
    table = dict(enumerate(fields, 1))
    answers = comp.AskUser(TITLE, table)
    if answers is None:
        return None
    return {field[1]: _answer(field, answers.get(field[1], field["Default"])) for field in fields}


def _answer(field: Mapping[Any, Any], value: Any) -> Any:
    if field[2] == "Dropdown":
        return field["Options"][int(value) + 1]
    if field[2] == "Checkbox":
        return bool(value)
    if field[2] == "Screw":
        return round(value) if field["Integer"] else round(float(value), _NUMBER_DIGITS)
    return "" if value is None else str(value)


def settings_of(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The nested tables of a job from the answers.

    Raises:
        InputError: a value outside its range, or "More settings" that cannot be read.
    """
    asked = [name for name in SETTINGS if control(name).identifier in answers]
    values = {name: answers[control(name).identifier] for name in asked}
    return schema.merged(schema.tables(values), schema.parse_extra(answers["more_settings"]))


def tell(comp: Comp, text: str) -> None:
    """Show a message; the console has it as well."""
    message = {1: "message", 2: "Text", "Name": "", "Lines": 8, "Wrap": True, "ReadOnly": True}
    comp.AskUser(TITLE, {1: {**message, "Default": text}})


@contextmanager
def telling(comp: Comp, say: Callable[[str], object]) -> Iterator[None]:
    """Tell what goes wrong in the block, in the console and in a window, instead of raising it."""
    try:
        yield
    except CompGoneError as error:
        say(f"Infusion Inpaint: {error}")
    except PluginError as error:
        say(f"Infusion Inpaint: {error}")
        if not attribute(comp, "COMPB_Locked", False):  # a locked composition shows no windows
            tell(comp, str(error))
