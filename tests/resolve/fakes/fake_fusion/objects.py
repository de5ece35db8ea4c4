"""Tools, inputs and outputs as Fusion's script interface shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fake_fusion.composition import Composition

PICTURE_INPUTS = {
    "Saver": ("Input",),
    "MediaOut": ("Input",),
    "BrightnessContrast": ("Input",),
    "Merge": ("Background", "Foreground"),
}
VALUES: dict[str, dict[str, Any]] = {
    "Loader": {
        "Clip": "",
        "GlobalIn": 0.0,
        "GlobalOut": 0.0,
        "ClipTimeStart": 0.0,
        "ClipTimeEnd": 0.0,
        "HoldFirstFrame": 0.0,
        "HoldLastFrame": 0.0,
    },
    "Saver": {"Clip": "", "OutputFormat": "", "OpenEXRFormat.Depth": 0.0, "OpenEXRFormat.Compression": 0.0},
    "Note": {"Comments": ""},
    "BrightnessContrast": {"Gain": 1.0},
}
OF_DIALOG = ("Loader", "Saver")
NO_MASK_INPUT = ("Saver", "MediaOut", "Note", "Underlay")


class FusionObject:
    """``hasattr`` is true for every name; what is not there answers None when called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_: None


class Output(FusionObject):
    def __init__(self, tool: Tool) -> None:
        self.tool = tool

    def GetTool(self) -> Tool:  # noqa: N802
        return self.tool

    def GetConnectedInputs(self) -> dict[float, Input]:  # noqa: N802
        found = [i for tool in self.tool.comp.tools for i in tool.inputs.values() if i.source is self]
        return {float(number): one for number, one in enumerate(found, 1)}


class Input(FusionObject):
    def __init__(self, tool: Tool, name: str, data_type: str) -> None:
        self.tool, self.name, self.data_type = tool, name, data_type
        self.source: Output | None = None

    def GetTool(self) -> Tool:  # noqa: N802
        return self.tool

    def GetAttrs(self) -> dict[str, Any]:  # noqa: N802
        return {"INPS_ID": self.name, "INPS_DataType": self.data_type}

    def GetConnectedOutput(self) -> Output | None:  # noqa: N802
        return self.source

    def ConnectTo(self, output: Output | None = None) -> bool:  # noqa: N802
        if self.tool.comp.refuses_connections and output is not None:
            return False
        self.tool.comp.note_change()
        self.source = output
        return True


class Tool(FusionObject):
    """One tool; ``shown`` are the values that read back, ``rendered`` those that a render sees."""

    def __init__(self, comp: Composition, kind: str, name: str) -> None:
        self.comp, self.kind = comp, kind
        self.attrs: dict[str, Any] = {"TOOLS_Name": name, "TOOLS_RegID": kind, "TOOLB_PassThrough": False}
        self.inputs = {name: Input(self, name, "Image") for name in PICTURE_INPUTS.get(kind, ())}
        if kind not in NO_MASK_INPUT:
            self.inputs["EffectMask"] = Input(self, "EffectMask", "Mask")
        self.shown = dict(VALUES.get(kind, {}))
        self.rendered = dict(self.shown)
        self.Output = Output(self)
        self.paint: Any = None  # frame -> pixels, for tools that make pictures
        self.is_deleted = False

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__.get("inputs", {})
        return own[name] if name in own else super().__getattr__(name)

    def GetAttrs(self) -> dict[str, Any] | None:  # noqa: N802
        if self.is_deleted:
            return None
        length = {1.0: float(self.comp.clip_length(self))} if self.kind == "Loader" else None
        return {**self.attrs, **({"TOOLIT_Clip_Length": length} if length else {})}

    def SetAttrs(self, attrs: dict[str, Any]) -> None:  # noqa: N802
        self.comp.note_change()
        if "TOOLS_Name" in attrs:
            attrs = {**attrs, "TOOLS_Name": self.comp.free_name(attrs["TOOLS_Name"], self)}
        self.attrs.update(attrs)

    def GetInputList(self) -> dict[float, Input]:  # noqa: N802
        return {float(number): one for number, one in enumerate(self.inputs.values(), 1)}

    def GetInput(self, name: str) -> Any:  # noqa: N802
        return self.shown.get(name)

    def SetInput(self, name: str, value: Any) -> None:  # noqa: N802
        assert name in self.shown, f"a {self.kind} has no input {name}"
        self.comp.note_change()
        if not isinstance(value, str):
            value = float(value)
        before = dict(self.shown)
        self.shown[name] = value
        if self.kind == "Loader":
            self._follow(name, before)
        if not self.comp.is_locked:  # what is set under a lock reads back and does not render
            self.rendered = dict(self.shown)

    def _follow(self, name: str, before: dict[str, Any]) -> None:
        """What Fusion does to a Loader's other values by itself."""
        values = self.shown
        if name == "Clip":
            length = self.comp.clip_length(self)
            start = float(self.comp.attrs["COMPN_GlobalStart"])
            values.update(GlobalIn=start, GlobalOut=start + length - 1, HoldFirstFrame=0.0, HoldLastFrame=0.0)
            values.update(ClipTimeStart=0.0, ClipTimeEnd=float(length - 1))
        elif name == "GlobalIn":
            values["GlobalIn"] = min(values["GlobalIn"], values["GlobalOut"])
            moved = values["GlobalIn"] - before["GlobalIn"]
            values["ClipTimeStart"] = max(0.0, values["ClipTimeStart"] + moved)
            values["HoldFirstFrame"] = max(0.0, -moved)
        elif name == "GlobalOut":
            values["GlobalOut"] = max(values["GlobalIn"], values["GlobalOut"])
            values["HoldLastFrame"] = max(0.0, values["GlobalOut"] - before["GlobalOut"])

    def Delete(self) -> None:  # noqa: N802
        self.comp.note_change()
        self.comp.tools.remove(self)
        self.is_deleted = True
        for tool in self.comp.tools:
            for one in tool.inputs.values():
                if one.source is self.Output:
                    one.source = None

    def picture(self, frame: int) -> np.ndarray | None:
        """What a render sees: (H, W, 4) pixels, or None where the tool gives nothing."""
        if self.paint is not None:
            return self._masked(self.paint(frame))
        if self.kind == "Loader":
            return self._masked(self.comp.read_clip(self, frame))
        first = next(iter(self.inputs.values()), None)
        below = first.source.tool.picture(frame) if first is not None and first.source is not None else None
        if self.kind == "BrightnessContrast" and below is not None:
            gained: np.ndarray = below * np.float32(self.rendered["Gain"])
            return gained
        top = self.inputs["Foreground"].source if self.kind == "Merge" else None
        above = top.tool.picture(frame) if top is not None else None
        if above is None:
            return below
        return above if below is None else above + below * (1 - above[..., 3:])

    def _masked(self, pixels: np.ndarray | None) -> np.ndarray | None:
        """A mask on a tool that makes its picture cuts it out."""
        mask = self.inputs["EffectMask"].source if "EffectMask" in self.inputs else None
        cut = mask.tool.picture(0) if mask is not None else None
        return pixels if cut is None or pixels is None else pixels * cut[..., 3:]
