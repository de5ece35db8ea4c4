"""Which part and which channels of a file are the picture to fill. Pure functions on headers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from infusion_core.errors import InputError
from infusion_core.io.pictures import Header, Part

COLOURS = ("R", "G", "B")
_LONG_NAMES = {"red": "R", "green": "G", "blue": "B", "alpha": "A", "r": "R", "g": "G", "b": "B", "a": "A"}
_GREY = ("Y", "I", "L")


@dataclass(frozen=True)
class Picture:
    """The colour channels chosen.

    Attributes:
        part: The part that holds them.
        channels: Their names: three for RGB, one for grey, fewer where the file lacks some.
        slots: For each of ``channels`` its place in RGB (0, 1, 2); grey is (-1,).
        alpha: Name of the alpha channel of the same layer; empty where there is none.
    """

    part: Part
    channels: tuple[str, ...]
    slots: tuple[int, ...]
    alpha: str


def _short(name: str) -> str:
    """R, G, B or A for any of their spellings; other names unchanged."""
    return _LONG_NAMES.get(name.lower(), name)


def _members(part: Part, layer: str) -> dict[str, str]:
    """Short name -> channel name of the channels in a layer of a part; layer "" has no prefix."""
    prefix = f"{layer}." if layer else ""
    found: dict[str, str] = {}
    for name in part.channels:
        if name.startswith(prefix) and "." not in name[len(prefix) :]:
            found.setdefault(_short(name[len(prefix) :]), name)
    return found


def _picture(part: Part, layer: str) -> Picture | None:
    members = _members(part, layer)
    alpha = members.get("A", "")
    present = [(slot, members[name]) for slot, name in enumerate(COLOURS) if name in members]
    grey = [members[name] for name in _GREY if name in members]
    if len(present) < 3 and grey:
        return Picture(part, (grey[0],), (-1,), alpha)
    if present:
        slots, names = zip(*present, strict=True)
        return Picture(part, names, slots, alpha)
    return None


def _candidates(header: Header, layer: str) -> list[Picture]:
    """Every reading of ``layer`` in file order: a part of that name, then channels with that prefix."""
    found = []
    for part in header.parts:
        prefixes = [layer]
        if layer and part.name == layer:
            prefixes = ["", layer]
        elif not layer and part.name:
            prefixes = ["", part.name]
        found += [picture for prefix in prefixes if (picture := _picture(part, prefix))]
    return found


def layer_names(header: Header) -> tuple[str, ...]:
    """The layers that can be asked for, in file order."""
    names = [part.name for part in header.parts if part.name and _candidates(header, part.name)]
    for part in header.parts:
        prefixes = dict.fromkeys(name.rpartition(".")[0] for name in part.channels if "." in name)
        names += [prefix for prefix in prefixes if _picture(part, prefix)]
    return tuple(dict.fromkeys(names))


def choose_picture(header: Header, layer: str, path: Path, frame: int | None = None) -> Picture:
    """Choose the picture to fill: the layer named, else the first part with R, G and B.

    Raises:
        InputError: there is no such layer, no colour channel at all, or it is deep.
    """
    if all(part.deep for part in header.parts):
        raise _deep_error(path, frame)
    candidates = _candidates(header, layer)
    if not candidates and layer == "rgba":  # Nuke's name for the main picture
        candidates = _candidates(header, "")
    full = [picture for picture in candidates if len(picture.channels) == 3]
    if not candidates:
        names = ", ".join(layer_names(header)) or "none"
        what = f"There is no layer {layer!r}" if layer else "There is no R, G, B or Y channel"
        raise InputError(f"{what} in this file.", path=path, frame=frame, remedy=f"Layers in it: {names}.")
    picture = (full or candidates)[0]
    if picture.part.deep:
        raise _deep_error(path, frame)
    if picture.slots == (-1,) and {"RY", "BY"} <= set(picture.part.channels):
        raise InputError(
            "This picture is stored as luminance and chroma.",
            path=path,
            frame=frame,
            remedy="Write it as RGB.",
        )
    return picture


def _deep_error(path: Path, frame: int | None) -> InputError:
    return InputError(
        "This is a deep picture, which cannot be filled.",
        path=path,
        frame=frame,
        remedy="Flatten it (DeepToImage in Nuke) and write it as a flat EXR.",
    )


def find_channel(header: Header, wanted: str) -> tuple[Part, str] | None:
    """Find a channel by its name, ``part.channel``, or Nuke's long name (``rgba.alpha``)."""
    for part in header.parts:
        if wanted in part.channels:
            return part, wanted
    layer, _, name = wanted.rpartition(".")
    for part in header.parts:
        for prefix in ["", layer] if layer in ("", "rgba", part.name) else [layer]:
            if _short(name) in (members := _members(part, prefix)):
                return part, members[_short(name)]
    return None
