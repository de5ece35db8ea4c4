"""The composition: tools, attributes, undo, locks, dialogs, path maps, renders."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio

from fake_fusion.objects import OF_DIALOG, FusionObject, Output, Tool

KINDS = ("Loader", "Saver", "MediaIn", "MediaOut", "Merge", "BrightnessContrast", "PolylineMask", "Note")
FIELDS = {
    "FileBrowse": str,
    "PathBrowse": str,
    "Slider": float,
    "Screw": float,
    "Checkbox": float,
    "Dropdown": float,
    "Text": str,
}


class Composition(FusionObject):
    """A composition of frames ``first_frame`` to ``last_frame``; saved at ``file`` unless that is empty."""

    def __init__(self, file: str, first_frame: int, last_frame: int) -> None:
        self.attrs: dict[str, Any] = {
            "COMPS_FileName": file,
            "COMPS_Name": Path(file).name or "Composition1",
            "COMPN_GlobalStart": float(first_frame),
            "COMPN_GlobalEnd": float(last_frame),
            "COMPN_RenderStart": float(first_frame),
            "COMPN_RenderEnd": float(last_frame),
            "COMPB_Proxy": False,
            "COMPB_Rendering": False,
        }
        self.tools: list[Tool] = []
        self.selected: list[Tool] = []
        self.data: dict[str, Any] = {}
        self.maps = {"Comp:/": str(Path(file).parent) + "/" if file else "", "Fusion:/": "/opt/fusion/"}
        self.answers: list[dict[str, Any] | None] = []
        self.dialogs: list[dict[Any, Any]] = []
        self.messages: list[str] = []
        self.renders: list[dict[str, Any]] = []
        self.undo_names: list[str] = []
        self._undo: list[list[Any]] = []
        self._depth = self._locks = 0
        self.refuses_connections = self.is_closed = False
        self.before_render: Callable[[], bool] = lambda: True
        self.CurrentTime = float(first_frame)
        self.CurrentFrame: Any = None

    # --- what tests look at -------------------------------------------------------------------------
    @property
    def is_locked(self) -> bool:
        return self._locks > 0

    def named(self, name: str) -> Tool:
        return next(tool for tool in self.tools if tool.attrs["TOOLS_Name"] == name)

    def names(self) -> list[str]:
        return sorted(tool.attrs["TOOLS_Name"] for tool in self.tools)

    def wiring(self) -> dict[str, str]:
        """Who is connected to what, and values of tools: all that an undo has to bring back."""
        return {
            f"{tool.attrs['TOOLS_Name']}.{one.name}": one.source.tool.attrs["TOOLS_Name"]
            for tool in self.tools
            for one in tool.inputs.values()
            if one.source is not None
        }

    def make(self, kind: str, name: str, source: Tool | None = None, paint: Any = None) -> Tool:
        """A tool, as the artist makes it."""
        tool = Tool(self, kind, name)
        tool.paint = paint
        if source is not None:
            next(iter(tool.inputs.values())).source = source.Output
        self.tools.append(tool)
        return tool

    # --- the script interface -----------------------------------------------------------------------
    @property
    def ActiveTool(self) -> Tool | None:  # noqa: N802
        return self.selected[-1] if self.selected else None

    def GetAttrs(self) -> dict[str, Any] | None:  # noqa: N802
        return None if self.is_closed else {**self.attrs, "COMPB_Locked": self.is_locked}

    def SetAttrs(self, attrs: dict[str, Any]) -> None:  # noqa: N802
        self.attrs.update(attrs)

    def GetData(self, key: str) -> Any:  # noqa: N802
        return self.data.get(key)

    def SetData(self, key: str, value: Any) -> None:  # noqa: N802
        self.data[key] = value

    def GetToolList(self, selected: bool = False, kind: str = "") -> dict[float, Tool]:  # noqa: N802
        """In the order of the flow, whatever the order of selection."""
        found = [tool for tool in self.tools if not selected or tool in self.selected]
        found = [tool for tool in found if not kind or tool.kind == kind]
        return {float(number): tool for number, tool in enumerate(found, 1)}

    def FindTool(self, name: str) -> Tool | None:  # noqa: N802
        return next((tool for tool in self.tools if tool.attrs["TOOLS_Name"] == name), None)

    def AddTool(self, kind: str, x: float, y: float) -> Tool | None:  # noqa: N802
        if kind not in KINDS:
            return None
        assert self.is_locked or kind not in OF_DIALOG, f"a file dialog opens for the {kind}"
        self.note_change()
        tool = self.make(kind, self.free_name(f"{kind}1"))
        if x == -32768 and self.ActiveTool is not None and tool.inputs:  # as a click on the toolbar
            for reader in self.ActiveTool.Output.GetConnectedInputs().values():
                reader.source = tool.Output
            next(iter(tool.inputs.values())).source = self.ActiveTool.Output
        return tool

    def free_name(self, name: str, own: Tool | None = None) -> str:
        stem, number = re.sub(r"\d+$", "", name), 1
        taken = {tool.attrs["TOOLS_Name"] for tool in self.tools if tool is not own}
        while name in taken:
            name = f"{stem}{number}"
            number += 1
        return name

    def Lock(self) -> None:  # noqa: N802
        self._locks += 1

    def Unlock(self) -> None:  # noqa: N802
        self._locks -= 1

    def StartUndo(self, name: str) -> None:  # noqa: N802
        if not self._depth:
            self._undo.append(self._state())
            self.undo_names.append(name)
        self._depth += 1

    def EndUndo(self, keep: bool) -> None:  # noqa: N802
        self._depth -= 1

    def note_change(self) -> None:
        """A change outside of an undo step is a step of its own."""
        if not self._depth:
            self._undo.append(self._state())
            self.undo_names.append("")

    def Undo(self) -> None:  # noqa: N802
        self.undo_names.pop()
        self.tools, connections = self._undo.pop()
        for tool in self.tools:
            tool.is_deleted = False
            for one in tool.inputs.values():
                one.source = connections.get(one)

    def _state(self) -> list[Any]:
        connections: dict[Any, Output | None] = {}
        for tool in self.tools:
            connections.update({one: one.source for one in tool.inputs.values()})
        return [list(self.tools), connections]

    def MapPath(self, path: str) -> str:  # noqa: N802
        for name, folder in self.maps.items():
            if folder and path.startswith(name):
                return folder + path[len(name) :]
        return path

    def ReverseMapPath(self, path: str) -> str:  # noqa: N802
        fitting = [(folder, name) for name, folder in self.maps.items() if folder and path.startswith(folder)]
        folder, name = max(fitting, default=("", ""), key=lambda one: len(one[0]))
        return name + path[len(folder) :]

    def AskUser(self, title: str, table: dict[Any, Any]) -> dict[str, Any] | None:  # noqa: N802
        assert not self.is_locked, "a locked composition shows no dialogs"
        assert list(table) == list(range(1, len(table) + 1))
        for field in table.values():
            assert FIELDS[field[2]] is str or isinstance(field["Default"], (int, float))
        if any(field.get("ReadOnly") for field in table.values()):
            self.messages += [field["Default"] for field in table.values()]
            return {}
        self.dialogs.append(table)
        given = self.answers.pop(0) if self.answers else {}
        if given is None:
            return None
        assert set(given) <= {field[1] for field in table.values()}, "answers to fields that are not there"
        return {field[1]: _typed(field, given.get(field[1], field["Default"])) for field in table.values()}

    # --- pictures -----------------------------------------------------------------------------------
    def clip_length(self, loader: Tool) -> int:
        return len(self._clip_files(loader.shown["Clip"]))

    def _clip_files(self, clip: str) -> list[Path]:
        path = Path(self.MapPath(clip))
        match = re.fullmatch(r"(.*?)(\d+)(\.\w+)", path.name)
        if not clip or match is None:
            return []
        pattern = re.compile(re.escape(match[1]) + r"\d+" + re.escape(match[3]))
        return sorted(file for file in path.parent.glob("*") if pattern.fullmatch(file.name))

    def read_clip(self, loader: Tool, frame: int) -> np.ndarray | None:
        values = loader.rendered
        if not values["GlobalIn"] <= frame <= values["GlobalOut"]:
            return None
        index = int(frame - values["GlobalIn"] + values["ClipTimeStart"])
        files = self._clip_files(values["Clip"])
        return read_exr(files[index]) if index <= values["ClipTimeEnd"] and index < len(files) else None

    def Render(self, settings: dict[str, Any]) -> bool:  # noqa: N802
        """Every Saver that is not passed through writes, whichever is named; time and range move."""
        if self.is_locked or not settings.get("Wait") or not self.before_render():
            return False
        self.renders.append(settings)
        first, last = int(settings["Start"]), int(settings["End"])
        self.attrs.update(COMPN_RenderStart=float(first), COMPN_RenderEnd=float(last))
        self.CurrentTime = float(last)
        savers = [tool for tool in self.tools if tool.kind == "Saver" and not tool.attrs["TOOLB_PassThrough"]]
        for saver in savers:
            for frame in range(first, last + 1):
                pixels = saver.picture(frame)
                if pixels is None or not saver.rendered["Clip"]:
                    return False
                step = 2 if self.attrs["COMPB_Proxy"] else 1
                depth = {1.0: oiio.HALF, 2.0: oiio.FLOAT}[saver.rendered["OpenEXRFormat.Depth"] or 1.0]
                write_exr(
                    _numbered(self.MapPath(saver.rendered["Clip"]), frame), pixels[::step, ::step], depth
                )
        return True


def _typed(field: dict[Any, Any], value: Any) -> Any:
    """As Fusion answers: floats of single precision, and indices for menus."""
    if field[2] == "Dropdown" and isinstance(value, str):
        value = list(field["Options"].values()).index(value)
    kind = FIELDS[field[2]]
    return kind(value) if kind is str else float(np.float32(value))


def _numbered(clip: str, frame: int) -> Path:
    path = Path(clip)
    digits = re.search(r"(\d+)(\.\w+)$", path.name)
    assert digits is not None, "a Saver's file without digits"
    number = str(frame).zfill(len(digits[1]))
    return path.with_name(path.name[: digits.start()] + number + digits[2])


def read_exr(path: Path) -> np.ndarray:
    buffer = oiio.ImageBuf(str(path))
    assert not buffer.has_error, buffer.geterror()
    pixels: np.ndarray = np.asarray(buffer.get_pixels(oiio.FLOAT))
    return pixels


def write_exr(path: Path, pixels: np.ndarray, depth: Any = oiio.FLOAT) -> None:
    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(width, height, channels, depth)
    spec["compression"] = "zips"
    out = oiio.ImageOutput.create(str(path))
    if not out or not out.open(str(path), spec):
        raise RuntimeError(f"cannot write {path}: {oiio.geterror()}")
    out.write_image(np.ascontiguousarray(pixels, np.float32))
    out.close()
