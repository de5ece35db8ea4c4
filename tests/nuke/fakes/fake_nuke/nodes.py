"""Node classes and how pixels flow through them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fake_nuke import knobs as k
from fake_nuke.picture import Picture, read_exr, srgb_decoded, srgb_encoded, write_exr


@dataclass(frozen=True)
class FrameRange:
    start: int
    end: int

    def first(self) -> int:
        return self.start

    def last(self) -> int:
        return self.end


class Node:
    def __init__(self, host: Any, parent: Any) -> None:
        self.host, self._parent = host, parent
        self._inputs: dict[int, Node | None] = {}
        self._knobs: dict[str, k.Knob] = {}
        self._alive, self.selected = True, False
        common: list[k.Knob] = [
            k.String_Knob("name"),
            k.String_Knob("label"),
            k.Boolean_Knob("disable"),
            k.Int_Knob("xpos"),
            k.Int_Knob("ypos"),
        ]
        for knob in common:
            self._own(knob)
        self.user_knobs: list[k.Knob] = []
        for knob in self.built_in():
            self._own(knob)

    def built_in(self) -> list[k.Knob]:
        return []

    def _own(self, knob: k.Knob) -> None:
        knob.owner = self
        self._knobs[knob.name()] = knob

    def _check(self) -> None:
        if not self._alive:
            raise ValueError("A PythonObject is not attached to a node")

    def Class(self) -> str:  # noqa: N802
        return type(self).__name__

    def name(self) -> str:
        self._check()
        return str(self._knobs["name"].value())

    def fullName(self) -> str:  # noqa: N802
        above = self._parent
        return (
            self.name() if above is None or above is self.host.root() else f"{above.fullName()}.{self.name()}"
        )

    def setName(self, name: str) -> None:  # noqa: N802
        taken = {node.name() for node in self._parent.nodes() if node is not self}
        stem = name.rstrip("0123456789")
        number = int(name[len(stem) :] or 0)
        while name in taken:
            number += 1
            name = f"{stem}{number}"
        self._knobs["name"].setValue(name)

    def parent(self) -> Any:
        return self._parent

    def addKnob(self, knob: k.Knob) -> None:  # noqa: N802
        self._check()
        if knob.name() in self._knobs:
            raise ValueError(f"there is a knob {knob.name()} already")
        self._own(knob)
        self.user_knobs.append(knob)

    def knob(self, name: str) -> Any:
        self._check()
        return self._knobs.get(name)

    def knobs(self) -> dict[str, k.Knob]:
        return dict(self._knobs)

    def __getitem__(self, name: str) -> Any:
        self._check()
        if name not in self._knobs:
            raise NameError(f"knob {name} does not exist")
        return self._knobs[name]

    def setInput(self, index: int, node: Any) -> bool:  # noqa: N802
        self._check()
        if node is not None and node.parent() is not self._parent:
            raise ValueError("nodes of different groups cannot be connected")
        self._inputs[index] = node
        return True

    def input(self, index: int) -> Any:
        return self._inputs.get(index)

    def inputs(self) -> int:
        return max((i + 1 for i, node in self._inputs.items() if node is not None), default=0)

    def xpos(self) -> int:
        return int(self["xpos"].value())

    def ypos(self) -> int:
        return int(self["ypos"].value())

    def setXYpos(self, x: int, y: int) -> None:  # noqa: N802
        self["xpos"].setValue(x)
        self["ypos"].setValue(y)

    def showControlPanel(self) -> None:  # noqa: N802
        self._check()

    def frameRange(self) -> FrameRange:  # noqa: N802
        source = self.input(0)
        return source.frameRange() if source else self.host.root().frameRange()

    def picture(self, frame: int, view: str) -> Picture:
        """What the node puts out."""
        source = self.input(0)
        if source is None:
            raise RuntimeError(f"{self.name()}: no input")
        return source.picture(frame, view) if self["disable"].value() else self.compute(frame, view)

    def compute(self, frame: int, view: str) -> Picture:
        return self.input(0).picture(frame, view)


class Dot(Node):
    pass


class NoOp(Node):
    pass


class Grade(Node):
    def built_in(self) -> list[k.Knob]:
        white = k.Double_Knob("white")
        white.setValue(1.0)
        return [white]

    def compute(self, frame: int, view: str) -> Picture:
        gain = self["white"].value()
        return self.input(0).picture(frame, view).mapped(lambda pixels: pixels * gain)


class Multiply(Node):
    def built_in(self) -> list[k.Knob]:
        return [k.Enumeration_Knob("channels", "", ["rgb", "rgba", "all"]), k.Double_Knob("value")]

    def compute(self, frame: int, view: str) -> Picture:
        assert self["channels"].value() == "all"
        gain = self["value"].value()
        return self.input(0).picture(frame, view).mapped(lambda pixels: pixels * gain)


class TimeOffset(Node):
    def built_in(self) -> list[k.Knob]:
        return [k.Int_Knob("time_offset")]

    def compute(self, frame: int, view: str) -> Picture:
        return self.input(0).picture(frame - self["time_offset"].value(), view)


class Read(Node):
    def built_in(self) -> list[k.Knob]:
        modes = ["hold", "loop", "bounce", "black"]
        return [
            k.File_Knob("file"),
            *(k.Int_Knob(name) for name in ("first", "last", "origfirst", "origlast")),
            k.Boolean_Knob("raw"),
            k.Enumeration_Knob("colorspace", "", ["default (linear)", "linear", "sRGB"]),
            k.Enumeration_Knob("before", "", modes),
            k.Enumeration_Knob("after", "", modes),
            k.Enumeration_Knob("on_error", "", ["error", "black", "checkerboard", "nearest frame"]),
            k.Enumeration_Knob("frame_mode", "", ["expression", "start at", "offset"]),
            k.String_Knob("frame"),
            k.Boolean_Knob("premultiplied"),
            k.Boolean_Knob("auto_alpha"),
            k.Script_Knob("reload"),
        ]

    def frameRange(self) -> FrameRange:  # noqa: N802
        return FrameRange(self["first"].value(), self["last"].value())

    def picture(self, frame: int, view: str) -> Picture:
        first, last = self["first"].value(), self["last"].value()
        outside = (
            self["before" if frame < first else "after"].value() if not first <= frame <= last else "hold"
        )
        held = min(max(frame, first), last)
        path = Path(str(self["file"].value()).replace("%V", view).replace("%v", view[:1]) % held)
        if outside == "black" or (not path.exists() and self["on_error"].value() == "black"):
            return read_exr(next(iter(sorted(path.parent.glob("*.exr"))))).mapped(lambda pixels: pixels * 0)
        found = read_exr(path)
        if not self["raw"].value() and self["colorspace"].value() == "sRGB":
            found = found.mapped(srgb_decoded)
        return found.half_size() if self.host.root()["proxy"].value() else found


class Switch(Node):
    def built_in(self) -> list[k.Knob]:
        return [k.Double_Knob("which")]

    def compute(self, frame: int, view: str) -> Picture:
        self.host.time = frame
        return self.input(int(self["which"].value())).picture(frame, view)


class Input(Node):
    def built_in(self) -> list[k.Knob]:
        return [k.Int_Knob("number")]

    def picture(self, frame: int, view: str) -> Picture:
        source = self.parent().input(self["number"].value())
        if source is None:
            raise RuntimeError(f"{self.parent().name()}: input {self.name()} is not connected")
        return source.picture(frame, view)


class Output(Node):
    pass


class Write(Node):
    def built_in(self) -> list[k.Knob]:
        return [
            k.File_Knob("file"),
            k.Enumeration_Knob("file_type", "", ["", "exr", "dpx"]),
            k.Enumeration_Knob("channels", "", ["rgb", "rgba", "all"]),
            k.Boolean_Knob("raw"),
        ]

    def knob(self, name: str) -> Any:
        self._exr_knobs()
        return super().knob(name)

    def __getitem__(self, name: str) -> Any:
        self._exr_knobs()
        return super().__getitem__(name)

    def _exr_knobs(self) -> None:
        """The knobs of a format come with its ``file_type``."""
        if self._knobs["file_type"].value() != "exr" or "datatype" in self._knobs:
            return
        self._own(k.Enumeration_Knob("datatype", "", ["16 bit half", "32 bit float"]))
        zips = ["none", "Zip (1 scanline)", "Zip (16 scanlines)", "PIZ Wavelet (32 scanlines)"]
        self._own(k.Enumeration_Knob("compression", "", zips))
        self._own(k.Boolean_Knob("autocrop"))
        self._own(k.Enumeration_Knob("metadata", "", ["default metadata", "no metadata", "all metadata"]))

    def render(self, frame: int, view: str) -> None:
        path = Path(str(self["file"].value()).replace("%V", view) % frame)
        picture = self.input(0).picture(frame, view).only(str(self["channels"].value()))
        if not self["raw"].value():  # a studio's default for EXR need not be linear
            picture = picture.mapped(srgb_encoded)
        write_exr(path, picture, str(self["datatype"].value()))


class Group(Node):
    def __init__(self, host: Any, parent: Any) -> None:
        super().__init__(host, parent)
        self.children: list[Node] = []

    def begin(self) -> Group:
        self.host.context.append(self)
        return self

    def end(self) -> None:
        assert self.host.context.pop() is self, "begin and end do not pair"

    def __enter__(self) -> Group:
        return self.begin()

    def __exit__(self, *_: object) -> None:
        self.end()

    def nodes(self) -> list[Node]:
        return list(self.children)

    def node(self, name: str) -> Any:
        return next((node for node in self.children if node.name() == name), None)

    def compute(self, frame: int, view: str) -> Picture:
        output = next(node for node in self.children if isinstance(node, Output))
        return output.picture(frame, view)

    def picture(self, frame: int, view: str) -> Picture:
        return self.input(0).picture(frame, view) if self["disable"].value() else self.compute(frame, view)


class Root(Group):
    def built_in(self) -> list[k.Knob]:
        return [
            k.Boolean_Knob("proxy"),
            k.File_Knob("project_directory"),
            k.Int_Knob("first_frame"),
            k.Int_Knob("last_frame"),
        ]

    def frameRange(self) -> FrameRange:  # noqa: N802
        return FrameRange(self["first_frame"].value(), self["last_frame"].value())


CLASSES: dict[str, type[Node]] = {
    kind.__name__: kind
    for kind in (Dot, NoOp, Grade, Multiply, TimeOffset, Read, Switch, Input, Output, Write, Group)
}
