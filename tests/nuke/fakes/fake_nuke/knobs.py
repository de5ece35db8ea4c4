"""Knobs: typed values, flags, expressions; changed from the main thread only."""

from __future__ import annotations

import re
import threading
from typing import Any

STARTLINE, INVISIBLE = 0x1000, 0x400


class Knob:
    code = 0
    default: Any = ""

    def __init__(self, name: str, label: str = "") -> None:
        self._name, self._label, self._tooltip = name, label or name, ""
        self._value, self._expression = self.default, ""
        self._flags, self._visible = STARTLINE, True
        self.owner: Any = None

    def name(self) -> str:
        return self._name

    def label(self) -> str:
        return self._label

    def tooltip(self) -> str:
        return self._tooltip

    def setTooltip(self, tooltip: str) -> None:  # noqa: N802
        self._tooltip = tooltip

    def setFlag(self, flag: int) -> None:  # noqa: N802
        self._flags |= flag

    def clearFlag(self, flag: int) -> None:  # noqa: N802
        self._flags &= ~flag

    def getFlag(self, flag: int) -> bool:  # noqa: N802
        return bool(self._flags & flag)

    def setVisible(self, visible: bool) -> None:  # noqa: N802
        self._visible = visible

    def visible(self) -> bool:
        return self._visible

    def value(self) -> Any:
        if self._expression:
            return evaluated(self._expression, self.owner)
        return self._value

    def setValue(self, value: Any) -> bool:  # noqa: N802
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("knobs may be changed on the main thread only")
        self._value, self._expression = self.checked(value), ""
        return True

    def checked(self, value: Any) -> Any:
        return value


class Array_Knob(Knob):  # noqa: N801
    default: Any = 0

    def setRange(self, low: float, high: float) -> None:  # noqa: N802
        self.range = (low, high)

    def setExpression(self, expression: str) -> bool:  # noqa: N802
        self._expression = expression
        return True

    def checked(self, value: Any) -> Any:
        if isinstance(value, str):
            raise TypeError(f"{self._name}: must be a number, not {value!r}")
        return value


class Int_Knob(Array_Knob):  # noqa: N801
    code = 3

    def checked(self, value: Any) -> int:
        return int(super().checked(value))


class Double_Knob(Array_Knob):  # noqa: N801
    code = 7
    default = 0.0

    def checked(self, value: Any) -> float:
        return float(super().checked(value))


class Boolean_Knob(Array_Knob):  # noqa: N801
    code = 6
    default = False

    def checked(self, value: Any) -> bool:
        return bool(super().checked(value))


class Enumeration_Knob(Array_Knob):  # noqa: N801
    code = 4

    def __init__(self, name: str, label: str = "", items: list[str] | None = None) -> None:
        super().__init__(name, label)
        self._items = list(items or [])
        self._value = self._items[0] if self._items else ""

    def values(self) -> list[str]:
        return list(self._items)

    def number(self) -> int:
        return self._items.index(self._value)

    def checked(self, value: Any) -> str:
        text = self._items[value] if isinstance(value, int) else value
        if text not in self._items:
            raise ValueError(f"{self._name}: {value!r} is none of {self._items}")
        return text


class String_Knob(Knob):  # noqa: N801
    code = 1

    def checked(self, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{self._name}: must be a string, not {value!r}")
        return value


class EvalString_Knob(String_Knob):  # noqa: N801
    def evaluate(self) -> str:
        return self._value


class File_Knob(EvalString_Knob):  # noqa: N801
    code = 2

    def checked(self, value: Any) -> str:
        if "\\" in super().checked(value):
            raise ValueError(f"{self._name}: Tcl would eat the backslashes of {value!r}")
        return value


class Multiline_Eval_String_Knob(EvalString_Knob):  # noqa: N801
    code = 43


class Text_Knob(String_Knob):  # noqa: N801
    code = 26


class Tab_Knob(Knob):  # noqa: N801
    code = 20


class Script_Knob(String_Knob):  # noqa: N801
    def execute(self) -> None:
        self.owner.host.run_script(self.owner, self._value)


class PyScript_Knob(Script_Knob):  # noqa: N801
    code = 22

    def __init__(self, name: str, label: str = "", command: str = "") -> None:
        super().__init__(name, label)
        self._value = command


KNOBS = {
    kind.code: kind
    for kind in (
        Int_Knob,
        Double_Knob,
        Boolean_Knob,
        Enumeration_Knob,
        String_Knob,
        File_Knob,
        Multiline_Eval_String_Knob,
        Text_Knob,
        Tab_Knob,
        PyScript_Knob,
    )
}


def evaluated(expression: str, node: Any) -> float:
    """The value of an expression of numbers, comparisons, ``frame`` and ``parent.knob``."""

    def looked_up(match: re.Match[str]) -> str:
        knob = node.parent()[match[1]]
        return repr(knob.number() if isinstance(knob, Enumeration_Knob) else knob.value())

    text = re.sub(r"parent\.(\w+)", looked_up, expression)
    text = re.sub(r"\bframe\b", repr(node.host.time), text)
    if not re.fullmatch(r"[\d.()*+<>=\s-]+", text):
        raise ValueError(f"cannot evaluate {expression!r}")
    return float(eval(text))
