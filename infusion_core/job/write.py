"""Write a filled shot into the plate's frames. No torch: ``infusion render`` comes through here too."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from infusion_core.io.plates import Plate
from infusion_core.io.results import write_frame
from infusion_core.io.sequences import Sequence
from infusion_core.progress import OnProgress, Progress, ShouldStop, raise_if_stopped
from infusion_core.shot import Shot


def is_written(path: Path, source: Path) -> bool:
    """Whether ``path`` was made from ``source``: it is there and not older.

    Frames are written whole or not at all, and long after their source; so their age is all the
    record that is needed, and several processes of a farm can write frames of one job.
    """
    try:
        return path.stat().st_mtime_ns >= source.stat().st_mtime_ns
    except FileNotFoundError:
        return False


def write_shot(
    plate: Plate,
    target: Sequence,
    shot: Shot,
    x0: np.ndarray,
    *,
    alpha: str,
    only: frozenset[int] | None = None,
    newer_than: Path | None = None,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> list[Path]:
    """Paste ``x0`` (F, H, W, 3) in model range into the plate's frames and write them.

    Args:
        plate: The frames to paste into.
        target: Names of the files to write.
        shot: The shot that was filled; its handles are not written.
        x0: The fill, model range.
        alpha: ``keep`` or ``matte``.
        only: Frames to write; None: all.
        newer_than: Frames that are not older than this file are taken for written already.

    Raises:
        OutputError: a frame cannot be written.
        Cancelled: ``should_stop`` returned true; the frames written so far are whole.
    """
    wanted = only if only is not None else frozenset(shot.fill_frames)
    written, total = [], len(wanted)
    for i, frame in enumerate(shot.frames):
        if frame not in wanted:
            continue
        raise_if_stopped(should_stop)
        path = target.path(frame)
        if newer_than is None or not is_written(path, newer_than):
            rgb, blend = shot.colour.decode(shot.in_file(x0[i], i)), shot.blend[i]
            write_frame(plate, frame, path, shot.box_of(i), rgb, blend, alpha=alpha, hole=blend > 0)
        written.append(path)
        on_progress(
            Progress(
                "write",
                len(written) / total,
                step=len(written),
                num_steps=total,
                message=f"Writing frame {frame}",
            )
        )
    return written
