"""Training examples: crops of the shot with something hidden in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.random import Generator
from torch import Tensor

from infusion_core.clip import Clip, background
from infusion_core.clip_size import crop_size
from infusion_core.engine.training_holes import blob_hole, integer, transplanted_hole
from infusion_core.settings import TrainingSettings

BLOB_SHARE = 0.6
VIEW_SHARE = 0.75
TRIES = 8
MIN_HIDDEN_SHARE = 0.02


@dataclass(frozen=True)
class Examples:
    """A batch of training crops.

    Attributes:
        clean: What noise is added to, (N, 3, F, H, W), model range.
        masked_plate: The plate, zero in the hole, (N, 3, F, H, W).
        hole: Training hole and real hole together, (N, 1, F, H, W).
        weight: Weight of each voxel in the loss, (N, 1, F, H, W).
        mean: Mean of each pixel where it is visible, (N, 3, 1, H, W); see ``clip.background``.
        share: How often it is visible, (N, 1, 1, H, W).
    """

    clean: Tensor
    masked_plate: Tensor
    hole: Tensor
    weight: Tensor
    mean: Tensor
    share: Tensor


def pad_to_multiple(video: Tensor, multiple: int) -> Tensor:
    """Pad rows and columns of (..., H, W) with zeros at the end up to a multiple."""
    height, width = video.shape[-2:]
    return F.pad(video, (0, -width % multiple, 0, -height % multiple))


@dataclass(frozen=True)
class Source:
    """What examples are cut from: the shot at a stage's resolution.

    Attributes:
        clip: On the device.
        fill: What is thought to be in the real hole by now, (1, 3, F, H, W); zeros as in the paper.
        hole: The real hole, (F, H, W) bool, NumPy, as crops and holes are chosen on the CPU.
        unknown: What is not known, in the hole or not, likewise.
        hole_frames: Indices of the frames that have a hole.
    """

    clip: Clip
    fill: Tensor
    hole: np.ndarray
    unknown: np.ndarray
    hole_frames: np.ndarray


def training_source(clip: Clip, fill: Tensor) -> Source:
    """A source to draw many examples from."""
    unknown = clip.known[0, 0].cpu().numpy() == 0
    return Source(clip, fill, clip.hole, unknown, np.flatnonzero(clip.hole.any(axis=(1, 2))))


def choose_source(sources: Sequence[Source], random: Generator) -> Source:
    """The shot itself, the first of ``sources``, or more often one of its views."""
    if len(sources) == 1 or random.random() >= VIEW_SHARE:
        return sources[0]
    return sources[integer(1, len(sources) - 1, random)]


def _hole_in_crop(
    source: Source, settings: TrainingSettings, first: int, size: tuple[int, int], random: Generator
) -> np.ndarray:
    """A training hole within a crop over all frames, (F, H, W) bool."""
    if settings.holes == "blobs" or random.random() < BLOB_SHARE or not len(source.hole_frames):
        # As in the paper, a blob sets out at the window's first frame; its speed wanders from there.
        return np.roll(blob_hole(len(source.hole), *size, random), first, axis=0)
    return transplanted_hole(source.hole, source.hole_frames, size, random)


def _draw_pace(num_frames: int, window: int, double_speed: float, random: Generator) -> int:
    """How many frames a crop steps on: 1, or 2 for a share of the crops where the clip is long enough."""
    fits = num_frames > 2 * (window - 1)
    return 2 if double_speed > 0.0 and fits and random.random() < double_speed else 1


def _draw_one(
    source: Source, settings: TrainingSettings, double_speed: float, random: Generator
) -> list[Tensor]:
    clip = source.clip
    num_frames, height, width = clip.size
    window, rows, columns = crop_size(clip.size, settings)
    pace = _draw_pace(num_frames, window, double_speed, random)
    span = pace * (window - 1) + 1
    for _ in range(TRIES):
        top = integer(0, height - rows, random)
        left = integer(0, width - columns, random)
        first = integer(0, num_frames - span, random)
        crop = (..., slice(top, top + rows), slice(left, left + columns))
        frames = (slice(None), slice(None), slice(first, first + span, pace))
        hidden = _hole_in_crop(source, settings, first, (rows, columns), random)
        learnable = hidden & ~source.unknown[crop]
        if settings.loss == "known" or learnable[frames[2]].mean() > MIN_HIDDEN_SHARE:
            break
    plate, known = clip.plate[crop], clip.known[crop]
    visible = known * torch.from_numpy(~hidden).to(known.device)
    masked_plate = plate * visible
    mean, share = background(masked_plate, visible)
    known_now, visible_now = known[frames], visible[frames]
    weight = known_now if settings.loss == "known" else known_now - visible_now
    clean = plate[frames] + (1.0 - known_now) * source.fill[crop][frames]
    return [clean, masked_plate[frames], 1.0 - visible_now, weight, mean, share]


def draw_examples(
    source: Source, settings: TrainingSettings, multiple: int, random: Generator, double_speed: float = 0.0
) -> Examples:
    """Draw a batch of training crops, all from one source; arguments as ``draw_from_each``."""
    return draw_from_each([source] * settings.batch, settings, multiple, random, double_speed)


def draw_from_each(
    sources: Sequence[Source],
    settings: TrainingSettings,
    multiple: int,
    random: Generator,
    double_speed: float = 0.0,
) -> Examples:
    """Draw one training crop from each source.

    Args:
        sources: From ``training_source``; all at least as large as a crop, or all of one size.
        settings: Crop, window, holes and loss.
        multiple: Rows and columns are padded up to a multiple of this.
        random: Source of every random choice.
        double_speed: Share of the crops that take every other frame.
    """
    parts = [_draw_one(source, settings, double_speed, random) for source in sources]
    return Examples(*(pad_to_multiple(torch.cat(items), multiple) for items in zip(*parts, strict=True)))
