"""Score a filled sequence on disk, against a truth or against its own known texture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.table import Table

from infusion_core.box import Box
from infusion_core.errors import InputError
from infusion_core.io.mattes import Matte, open_matte
from infusion_core.io.plates import Plate, open_plate
from infusion_core.matte import bounding_box, hole_and_blend
from infusion_core.metrics import measure, perceptual, summary_score, to_display
from infusion_core.metrics.meanings import MEANINGS
from infusion_core.metrics.measure import MARGIN
from infusion_core.progress import ShouldStop, never_stop, raise_if_stopped
from infusion_core.settings import Settings

SCHEMA_VERSION = 1
CHUNK_BYTES = 512 * 2**20
"""Pixels held at once, counting a few working copies; longer shots are measured in chunks of frames."""
_COPIES = 12


@dataclass(frozen=True)
class _Chunk:
    """Display-like arrays of some frames: result and truth F H W 3, hole F H W."""

    frames: tuple[int, ...]
    result: np.ndarray
    truth: np.ndarray | None
    hole: np.ndarray


def _hole(matte: Matte, frame: int, box: Box, settings: Settings) -> np.ndarray:
    shot = settings.shot
    return hole_and_blend(
        matte.read(frame, box), threshold=shot.threshold, grow=shot.grow, feather=shot.feather
    )[0]


def _region(matte: Matte, frames: Sequence[int], display: Box, settings: Settings) -> Box:
    """The part of the picture that is read: the hole on all frames, with surroundings."""
    region = Box(0, 0, 0, 0)
    for frame in frames:
        region = region.union(bounding_box(_hole(matte, frame, display, settings), display.x0, display.y0))
    if region.is_empty:
        raise InputError(
            "The matte is empty on every frame.",
            path=matte.sequence.text,
            remedy="Check channel and threshold.",
        )
    margin = max(MARGIN, max(region.width, region.height) // 2)
    return region.grown(margin).intersection(display)


def _chunks(result: Plate, truth: Plate | None, matte: Matte, settings: Settings) -> Iterator[_Chunk]:
    region = _region(matte, result.frames, result.display, settings)
    linear = result.is_taken_as_linear(settings.shot.colour)
    frame_bytes = region.width * region.height * 3 * 4 * _COPIES
    step = max(8, CHUNK_BYTES // frame_bytes)
    count = max(1, -(-len(result.frames) // step))
    for part in np.array_split(np.array(result.frames), count):
        frames = tuple(int(frame) for frame in part)
        hole = np.stack([_hole(matte, frame, region, settings) for frame in frames])
        if hole.any():
            yield _Chunk(
                frames,
                _read(result, frames, region, linear),
                None if truth is None else _read(truth, frames, region, linear),
                hole,
            )


def _read(plate: Plate, frames: Sequence[int], region: Box, linear: bool) -> np.ndarray:
    return np.stack([to_display(plate.read(frame, region)[0], linear) for frame in frames])


def evaluate_sequences(
    result: str,
    truth: str | None,
    matte: str,
    frames: str = "",
    settings: Settings | None = None,
    *,
    seed: int = 0,
    with_perceptual: bool = True,
    with_jod: bool = False,
    frames_per_second: float = 24.0,
    should_stop: ShouldStop = never_stop,
) -> dict[str, Any]:
    """Measure a filled sequence inside its hole.

    Args:
        result: The filled sequence (``clean.%04d.exr``, a folder, ...).
        truth: What is really there, or None: then ratios compare with known texture near the hole, and
            there is no score.
        matte: The matte that was filled.
        frames: Frame range; empty for every frame of the result.
        settings: Matte treatment, layer and colour as in the run; None for the defaults.
        seed: Chooses patches and directions; the same seed gives the same numbers.
        with_perceptual: Also tOF and FLIP where their packages are installed.
        with_jod: Also ColorVideoVDP where it is installed; it imports PyTorch.
        frames_per_second: For ColorVideoVDP.
        should_stop: Polled between chunks of frames.

    Returns:
        Plain data for JSON: ``schema_version``, ``frames``, ``hole_share`` (of the picture), ``metrics``
        (name to number or None, see ``metrics.meanings``).

    Raises:
        InputError: a file is missing or unreadable, sizes differ, or the matte is empty.
        Cancelled: ``should_stop`` returned true.
    """
    settings = settings or Settings()
    filled = open_plate(result, frames, layer=settings.shot.layer)
    wanted = open_plate(truth, frames, layer=settings.shot.layer) if truth is not None else None
    if wanted is not None:
        _check_same(filled, wanted, settings.shot.colour)
    holes = open_matte(matte, filled, settings.shot)
    values, weights, voxels = [], [], 0
    for chunk in _chunks(filled, wanted, holes, settings):
        raise_if_stopped(should_stop)
        generator = np.random.default_rng(seed)
        metrics = measure(chunk.result, chunk.truth, chunk.hole, generator)
        if chunk.truth is not None and with_perceptual:
            metrics |= perceptual(chunk.result, chunk.truth, chunk.hole, frames_per_second, with_jod=with_jod)
        values.append(metrics)
        weights.append(int(chunk.hole.sum()))
        voxels += weights[-1]
    size = filled.display.width * filled.display.height * len(filled.frames)
    return {
        "schema_version": SCHEMA_VERSION,
        "result": result,
        "truth": truth,
        "matte": matte,
        "frames": list(filled.frames),
        "hole_share": voxels / size,
        "metrics": _averaged(values, weights),
    }


def _check_same(result: Plate, truth: Plate, colour: str) -> None:
    if truth.display != result.display or truth.frames != result.frames:
        raise InputError(
            "Result and truth differ in size or frames.",
            path=truth.sequence.text,
            remedy="Give the same frame range and format, or set --frames.",
        )
    if colour == "auto" and truth.is_scene_linear != result.is_scene_linear:
        raise InputError(
            "One of result and truth is scene-linear, the other display-referred.",
            path=truth.sequence.text,
            remedy="If both are of one kind whatever their files are, say which with --colour.",
        )


def _averaged(values: list[dict[str, float | None]], weights: list[int]) -> dict[str, float | None]:
    """Mean over chunks by hole voxels; the score is taken of the means."""
    means: dict[str, float | None] = {}
    for name in values[0]:
        pairs = [(v[name], w) for v, w in zip(values, weights, strict=True) if v[name] is not None]
        total = sum(w for _, w in pairs)
        means[name] = sum(float(v) * w for v, w in pairs if v is not None) / total if total else None
    if len(values) > 1:
        means["score"] = summary_score(means)
    return means


def evaluation_table(evaluation: dict[str, Any]) -> Table:
    """The evaluation as a table for a person; metrics that do not apply are left out."""
    table = Table(title="In the hole")
    table.add_column("Metric")
    table.add_column("Value", justify="right")
    table.add_column("Reading")
    for name, (label, reading) in MEANINGS.items():
        value = evaluation["metrics"].get(name)
        if value is not None:
            table.add_row(label, f"{value:.1f}" if name == "score" else f"{value:.3f}", reading)
    return table
