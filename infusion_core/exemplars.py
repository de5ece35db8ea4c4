"""Fine detail for a coarse fill, from the places of the plate that look most like it. NumPy only.

What a fill lacks at twice its resolution is texture that the plate shows elsewhere. For each pixel of the
hole the place is looked up that looks the same without its own detail, and that detail is added (Freeman et
al. 2002, "Example-based super-resolution"). A network at that resolution costs as much as all coarser ones
and makes worse of it what it was given (docs/experiments.md, "Detail from the plate").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from infusion_core.clip import Clip, scaled_clip, upsampled
from infusion_core.detail_work import BESIDE, DIMENSIONS, SOURCES, SPACING, octaves_left
from infusion_core.metrics.regions import dilated
from infusion_core.progress import ShouldStop, never_stop, raise_if_stopped
from infusion_core.resample import box_matrix, cubic_matrix, resampled

MARGIN = BESIDE * SPACING  # pixels of a look to every side of its place
WINDOW = 6  # places are compared that lie on the same frame or up to so many from it
ROWS_AT_ONCE = 2048


@dataclass(frozen=True)
class _Looks:
    """What a clip looks like without its finest detail, to be compared place by place.

    A look is what lies around a place on its frame and on the one before and after.

    Attributes:
        low: (3, F + 2, H + 2 MARGIN, W + 2 MARGIN) float32, edges repeated.
        mean, components: (K,) and (K, DIMENSIONS), of the principal components.
    """

    low: np.ndarray
    mean: np.ndarray
    components: np.ndarray

    def at(self, places: np.ndarray) -> np.ndarray:
        """Looks (N, DIMENSIONS) of places (N, 3): frame, row, column."""
        parts = np.split(places, range(ROWS_AT_ONCE, len(places), ROWS_AT_ONCE))
        return np.concatenate([(_around(self.low, part) - self.mean) @ self.components for part in parts])


def _around(low: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Values (N, K) of ``_Looks.low`` around places."""
    size = low.shape[1:]
    beside = np.arange(0, 2 * MARGIN + 1, SPACING)
    offsets = np.ravel_multi_index(np.meshgrid(np.arange(3), beside, beside, indexing="ij"), size)
    index = np.ravel_multi_index(tuple(places.T), size)[:, None] + offsets.ravel()
    return np.concatenate([colour.ravel().take(index) for colour in low], axis=1)


def _looks(low: np.ndarray, usable: np.ndarray, generator: np.random.Generator) -> _Looks:
    padded = np.pad(low, ((0, 0), (1, 1), (MARGIN, MARGIN), (MARGIN, MARGIN)), mode="edge")
    values = _around(padded, _some(usable, slice(None), generator)).astype(np.float64)
    _, vectors = np.linalg.eigh(np.cov(values, rowvar=False))
    components = vectors[:, ::-1][:, :DIMENSIONS].astype(np.float32)
    return _Looks(padded, values.mean(axis=0).astype(np.float32), components)


def _some(usable: np.ndarray, frames: slice, generator: np.random.Generator) -> np.ndarray:
    """``SOURCES`` random usable places (N, 3) of some frames; none where there is none."""
    found = np.flatnonzero(usable[frames])
    if not len(found):
        return np.empty((0, 3), int)
    chosen = found[generator.integers(len(found), size=SOURCES)]
    places = np.stack(np.unravel_index(chosen, usable[frames].shape), axis=1)
    return places + np.array([frames.start or 0, 0, 0])


def _difference(looks: np.ndarray, others: np.ndarray) -> np.ndarray:
    squared: np.ndarray = ((looks - others) ** 2).sum(axis=1)
    return squared


def _nearest(looks: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Index of the most alike source of each look."""
    squares = (sources**2).sum(axis=1)
    parts = np.split(looks, range(ROWS_AT_ONCE, len(looks), ROWS_AT_ONCE))
    return np.concatenate([(squares - 2.0 * (part @ sources.T)).argmin(axis=1) for part in parts])


def _usable(known: np.ndarray) -> np.ndarray:
    """Places (F, H, W) whose whole look is known."""
    usable = ~dilated(~known, MARGIN)
    usable[1:], usable[:-1] = usable[1:] & usable[:-1], usable[:-1] & usable[1:]
    return usable


def _alike(
    looks: _Looks, usable: np.ndarray, hole: np.ndarray, generator: np.random.Generator
) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    """A function that gives pixels (N, 3) of a frame's hole, and the places alike; frames in turn.

    A pixel is also offered what it was given on the frame before, a frame later: so detail stays where it
    is as long as the fill does.
    """
    before = np.zeros((*hole.shape[1:], 3), int)
    is_given = np.zeros(hole.shape[1:], bool)

    def of_frame(number: int) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = hole[number].nonzero()
        pixels = np.stack([np.full_like(rows, number), rows, columns], axis=1)
        sources = _some(usable, slice(max(0, number - WINDOW), number + WINDOW + 1), generator)
        if not len(sources) or not len(pixels):
            is_given[:] = False
            return pixels[:0], pixels[:0]
        wanted = looks.at(pixels)
        seen = looks.at(sources)
        nearest = _nearest(wanted, seen)
        places, least = sources[nearest], _difference(wanted, seen[nearest])
        later = before[rows, columns] + np.array([1, 0, 0])
        fits = is_given[rows, columns] & (later[:, 0] < len(usable))
        fits[fits] = usable[tuple(later[fits].T)]
        if fits.any():
            better = fits.copy()
            better[fits] = _difference(wanted[fits], looks.at(later[fits])) <= least[fits]
            places[better] = later[better]
        before[rows, columns], is_given[:] = places, hole[number]
        return pixels, places

    return of_frame


def _doubled(
    coarser: np.ndarray,
    clip: Clip,
    generator: np.random.Generator,
    on_frame: Callable[[], None],
    should_stop: ShouldStop,
) -> np.ndarray:
    """``finished`` by one octave, to the size of ``clip``."""
    enlarged = upsampled(coarser, *clip.size[1:])
    content = (clip.plate * clip.known + enlarged * (1.0 - clip.known))[0]
    usable = _usable(clip.known[0, 0] > 0)
    if usable.any():
        low = _reduced_and_enlarged(content, coarser.shape[-2:])
        detail = content - low
        alike = _alike(_looks(low, usable, generator), usable, clip.hole, generator)
        for number in range(len(usable)):
            raise_if_stopped(should_stop)
            pixels, places = alike(number)
            content[(slice(None), *pixels.T)] += detail[(slice(None), *places.T)]
            on_frame()
    filled: np.ndarray = content[None].clip(-1.0, 1.0)
    return filled


def _reduced_and_enlarged(content: np.ndarray, coarse: tuple[int, ...]) -> np.ndarray:
    sides = tuple(zip(content.shape[-2:], coarse, strict=True))
    down = (box_matrix(many, few) for many, few in sides)
    up = (cubic_matrix(few, many) for many, few in sides)
    return resampled(resampled(content, *down), *up)


def finished(
    coarser: np.ndarray,
    scale: float,
    full_clip: Clip,
    seed: int,
    *,
    on_frame: Callable[[int], None] = lambda _: None,
    should_stop: ShouldStop = never_stop,
) -> np.ndarray:
    """A fill at the shot's own resolution, octave by octave.

    Args:
        coarser: x0_hat (1, 3, F, h, w) that the last stage ended with.
        scale: Of that stage; with 1.0 there is nothing to add.
        full_clip: The shot, NumPy arrays.
        seed: The take's; chooses the places that are compared.
        on_frame: Told after each frame how many are done, of all octaves.
        should_stop: Polled between frames.

    Returns:
        (1, 3, F, H, W), model range.

    Raises:
        Cancelled: ``should_stop`` returned true.
    """
    generator, done = np.random.default_rng(seed), 0

    def count() -> None:
        nonlocal done
        done += 1
        on_frame(done)

    for finer in octaves_left(scale):
        coarser = _doubled(coarser, scaled_clip(full_clip, finer), generator, count, should_stop)
    return coarser
