"""Results: checked before long work, written beside and renamed, bit-identical outside the fill."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

import numpy as np

from infusion_core.box import Box
from infusion_core.errors import InfusionError, InputError, OutputError
from infusion_core.io.compose import Fill
from infusion_core.io.exr_results import write_exr
from infusion_core.io.flat_results import SAME_FORMAT, can_be_exr, write_flat
from infusion_core.io.mattes import Matte
from infusion_core.io.plates import Plate
from infusion_core.io.sequences import Sequence, format_frames
from infusion_core.io.splice_results import splice_exr


def write_frame(
    plate: Plate,
    frame: int,
    target: Path,
    box: Box,
    rgb: np.ndarray,
    blend: np.ndarray,
    *,
    alpha: str = "keep",
    hole: np.ndarray,
) -> None:
    """Write one frame of the result: the plate's own file with the fill blended into its colours.

    Colours become ``rgb * blend + plate * (1 - blend)`` inside the hole, the fill alone where the
    plate is NaN or infinite. Every other pixel, channel, part and attribute is the plate's, bit for
    bit; where the plate's compression loses bits, the result is written with zip instead. The
    file is written beside ``target``, read back and compared, then renamed.

    Args:
        plate: The plate.
        frame: Its frame number.
        target: File to write; its folder is made if need be.
        box: What the arrays cover, in absolute coordinates.
        rgb: (h, w, 3) float32 pixel values, finite inside the hole.
        blend: (h, w) float32 in [0, 1].
        alpha: ``keep``, or ``matte``: alpha becomes the blended hole, added where there is none.
        hole: (h, w) bool; nothing outside of it is touched, whatever ``blend`` says.

    Raises:
        InputError: the plate's frame cannot be read.
        OutputError: the result cannot be written.
    """
    weight = np.where(hole, np.clip(blend, 0, 1), 0).astype(np.float32)
    if not np.isfinite(rgb[weight > 0]).all():
        raise OutputError("The fill holds NaN or infinite values.", path=target, frame=frame)
    fill = Fill(box, rgb, weight)
    beside = target.with_name(f".{target.stem}.{uuid4().hex}.part{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_to(plate, frame, fill, beside, alpha)
        os.replace(beside, target)
    except InfusionError as error:
        if isinstance(error, OutputError):  # name the file that the user knows
            raise OutputError(error.message, path=target, frame=frame, remedy=error.remedy) from error
        raise
    except OSError as error:
        raise OutputError(f"Cannot write the result ({error.strerror}).", path=target, frame=frame) from error
    finally:
        beside.unlink(missing_ok=True)


def _write_to(plate: Plate, frame: int, fill: Fill, beside: Path, alpha: str) -> None:
    source, picture = plate.path(frame), plate.picture(frame)
    if plate.headers[frame].format == "openexr":
        if alpha == "keep" and splice_exr(source, frame, picture, fill, beside):
            return
        write_exr(source, frame, plate.headers[frame], picture, fill, beside, alpha=alpha)
    else:
        write_flat(source, frame, picture, fill, beside, alpha=alpha)


def check_output(
    output: Sequence,
    plate: Plate,
    frames: tuple[int, ...],
    *,
    overwrite: bool,
    matte: Matte | None = None,
    alpha: str = "keep",
) -> None:
    """Check, before long work, that a result can be written.

    The first frame is rehearsed: it is written unfilled into a temporary folder beside the output and
    removed again, which shows whether format, access rights and disk space will do.

    Raises:
        InputError: ``output`` has no frame number and there are many frames.
        OutputError: files exist and ``overwrite`` is not set, a file would replace the plate or the
            matte, the format cannot hold the plate, or the folder cannot be written to.
    """
    if output.is_still and len(frames) > 1:
        raise InputError(
            f"The output has no frame number, but there are {len(frames)} frames to write.",
            path=output.text,
            remedy="Write it as name.%04d.exr.",
        )
    _check_format(output.path(frames[0]), plate)
    sources: list[Plate | Matte] = [plate] if matte is None else [plate, matte]
    inputs = {item.path(frame).resolve(): item for item in sources for frame in frames}
    for frame in frames:
        if output.path(frame).resolve() in inputs:
            raise OutputError(
                "The output would replace the plate or the matte.",
                path=output.path(frame),
                frame=frame,
                remedy="Choose another name or folder.",
            )
    existing = [frame for frame in frames if output.path(frame).exists()]
    if existing and not overwrite:
        raise OutputError(
            f"Frames {format_frames(existing)} of the output exist.",
            path=output.path(existing[0]),
            frame=existing[0],
            remedy="Choose another name, or set --overwrite.",
        )
    _rehearse(output, plate, frames, alpha)


def _check_format(target: Path, plate: Plate) -> None:
    header = plate.headers[plate.frames[0]]
    suffix = target.suffix.lower()
    is_exr_plate = header.format == "openexr"
    remedy = "Convert the plate to EXR first."
    reason = ""
    if suffix != ".exr" and (is_exr_plate or SAME_FORMAT.get(suffix) != header.format):
        reason = f"A plate in {header.format} format cannot become {suffix or 'a file without suffix'}."
        remedy = "Write an EXR: name.%04d.exr."
    elif not is_exr_plate and len(header.parts) > 1:
        reason = "The plate's files hold several pages, of which the output could keep only one."
    elif suffix == ".exr" and not is_exr_plate and not can_be_exr(plate.picture(plate.frames[0])):
        reason = "An EXR cannot hold the plate's pixel type exactly."
    if reason:
        raise OutputError(reason, path=target, remedy=remedy)


def _existing_folder(folder: Path) -> Path:
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return folder


def _rehearse(output: Sequence, plate: Plate, frames: Iterable[int], alpha: str) -> None:
    frames = tuple(frames)
    target = output.path(frames[0])
    folder = _existing_folder(target.parent)
    empty = Box(0, 0, 0, 0)
    nothing = Fill(empty, np.zeros((0, 0, 3), np.float32), np.zeros((0, 0), np.float32))
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".infusion-") as temporary:
            beside = Path(temporary) / f"rehearsal{target.suffix}"
            _write_to(plate, frames[0], nothing, beside, alpha)
            needed = beside.stat().st_size * len(frames)
    except OutputError as error:
        raise OutputError(error.message, path=target, frame=frames[0], remedy=error.remedy) from error
    except OSError as error:
        raise OutputError(
            f"The output folder cannot be written to ({error.strerror}).",
            path=folder,
            remedy="Choose another folder or ask for access.",
        ) from error
    if needed > shutil.disk_usage(folder).free:
        raise OutputError(
            f"The result needs about {needed / 2**30:.1f} GiB, more than the disk has free.",
            path=folder,
            remedy="Free some space or choose another disk.",
        )
