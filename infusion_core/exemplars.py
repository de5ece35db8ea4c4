"""Fine detail for a coarse fill, from the places of the plate that look most like it. NumPy only.

What a fill lacks at twice its resolution is texture that the plate shows elsewhere. For each pixel of the
hole the place is looked up that looks the same without its own detail, if need be at another contrast, and
that detail is added, as much stronger or weaker (Freeman et al. 2002, "Example-based super-resolution"). A
network at that resolution costs nearly as much as all coarser ones, and one of few steps makes worse what it
was given (docs/experiments.md, "Detail from the plate").
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from infusion_core.alike import Alike, alike_frames
from infusion_core.clip import Clip, deviation, scaled_clip, upsampled
from infusion_core.cores import limit_numpy
from infusion_core.detail_work import octaves_left
from infusion_core.liveliness import never_shown
from infusion_core.looks import padded, without_padding
from infusion_core.places import Search, Team, search_for, usable_places
from infusion_core.progress import ShouldStop, never_stop, raise_if_stopped
from infusion_core.steady import steadied

PATIENCE = 3.0  # of calm shots, with the place that a pixel's detail is from, where no other frame shows it
STANDS_OUT = 0.5  # deviations of the plate's detail by which a pixel may leave the range around it unasked


def _range_around(clip: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest value of places and their eight neighbours in (3, F, H, W), each (3, N)."""
    (number, rows, columns), (last_row, last_column) = places.T, np.subtract(clip.shape[2:], 1)
    around = [
        clip[:, number, (rows + down).clip(0, last_row), (columns + right).clip(0, last_column)]
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
    ]
    return np.min(around, axis=0), np.max(around, axis=0)


def _with_detail(
    content: np.ndarray,
    low: np.ndarray,
    margin: np.ndarray,
    pixels: np.ndarray,
    places: np.ndarray,
    gain: np.ndarray,
) -> np.ndarray:
    """Values (3, N) of pixels with the detail of their places, which stands out no more than it does there.

    An edge that lies a little aside of the pixel's own would leave dark and bright pixels beside it. So the
    value leaves the range of the enlarged fill around it no farther than the plate leaves that of its own,
    but for a margin.

    Args:
        content: The enlarged fill in the plate, (3, F, H, W).
        low: The enlarged fill alone, which has the plate's colours without their finest detail.
        margin: (3, 1).
        pixels, places: (N, 3).
        gain: (N,), how strong the detail gets of what it is at the places.
    """
    at, there = (slice(None), *pixels.T), (slice(None), *places.T)
    least_there, most_there = _range_around(low, places)
    below = gain * np.maximum(least_there - content[there], 0.0)
    above = gain * np.maximum(content[there] - most_there, 0.0)
    least, most = _range_around(content, pixels)
    value: np.ndarray = content[at] + gain * (content[there] - low[there])
    return value.clip(least - below - margin, most + above + margin)


@dataclass(frozen=True)
class _Octave:
    """A clip that is being given its finest detail.

    Attributes:
        content: The enlarged fill in the plate, (3, F, H, W); frames done have their detail.
        low: The enlarged fill alone, which has the plate's colours without their finest detail.
        margin: See ``_with_detail``.
        search: For places.
    """

    content: np.ndarray
    low: np.ndarray
    margin: np.ndarray
    search: Search

    def detail_frame(self, number: int, hole: np.ndarray, team: Team) -> None:
        """Add detail in a frame's hole (H, W) where anything is known to take it from."""
        pixels = np.insert(np.argwhere(hole), 0, number, axis=1)
        sources = self.search.sources(number, team) if len(pixels) else None
        if sources is None:
            return

        def detailed(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            places, gain = self.search.places_of(part, sources)
            return places, _with_detail(self.content, self.low, self.margin, part, places, gain)

        places, values = zip(*team.map(detailed, pixels), strict=True)
        self.search.give(pixels, np.concatenate(places))
        self.content[(slice(None), *pixels.T)] = np.concatenate(values, axis=1)


def _doubled(
    coarser: np.ndarray,
    clip: Clip,
    alike: Alike,
    is_calm: bool,
    generator: np.random.Generator,
    team: Team,
    on_frame: Callable[[], None],
    should_stop: ShouldStop,
) -> np.ndarray:
    """``finished`` by one octave, to the size of ``clip``."""
    with_room = padded((upsampled(frame, *clip.size[1:]) for frame in coarser[0].swapaxes(0, 1)), clip.size)
    low, known = without_padding(with_room), clip.known[0, 0] > 0
    content = np.where(known, clip.plate[0], low)
    usable = usable_places(known)
    if usable.any() and clip.hole.any():
        details = (content[:, i] - low[:, i] for i in range(len(known)))
        margin = STANDS_OUT * deviation(details, known)[:, None]
        patience = np.where(never_shown(known) & is_calm, PATIENCE, 1.0)
        search = search_for(with_room, usable, clip.hole, alike.for_detail, patience, generator)
        octave = _Octave(content, low, margin, search)
        for number, hole in enumerate(clip.hole):
            raise_if_stopped(should_stop)
            octave.detail_frame(number, hole, team)
            on_frame()
    return content.clip(-1.0, 1.0, out=content)[None]


def finished(
    coarser: np.ndarray,
    scale: float,
    full_clip: Clip,
    seed: int,
    *,
    is_calm: bool = False,
    is_steady: bool = False,
    threads: int = 1,
    on_frame: Callable[[int], None] = lambda _: None,
    should_stop: ShouldStop = never_stop,
) -> np.ndarray:
    """A fill at the shot's own resolution, octave by octave.

    Args:
        coarser: x0_hat (1, 3, F, h, w) that the last stage ended with.
        scale: Of that stage; with 1.0 there is no detail to add.
        full_clip: The shot, NumPy arrays.
        seed: The take's; chooses the places that are compared.
        is_calm: Whether detail of what no other frame shows is to stay as it is, rather than to be
            the most alike on each frame; and, of steady fills, see ``steady.steadied``.
        is_steady: Whether the fill is to stray as far as other frames do, see ``steady``.
        threads: Pixels of a frame are looked up by so many at once; the result is the same.
        on_frame: Told after each frame how many are done, of all octaves.
        should_stop: Polled between frames.

    Returns:
        (1, 3, F, H, W), model range.

    Raises:
        Cancelled: ``should_stop`` returned true.
    """
    octaves = octaves_left(scale)
    if not octaves and not is_steady:
        return coarser
    generator, done = np.random.default_rng(seed), 0

    def count() -> None:
        nonlocal done
        done += 1
        on_frame(done)

    with limit_numpy(1), ThreadPoolExecutor(threads) as pool:
        clip, team = scaled_clip(full_clip, scale), Team(pool, threads)
        alike = alike_frames(clip)
        if is_steady:
            coarser = steadied(coarser, clip, alike, is_calm)
        for finer in octaves:
            clip = scaled_clip(full_clip, finer)
            coarser = _doubled(coarser, clip, alike, is_calm, generator, team, count, should_stop)
            if is_steady:
                coarser = steadied(coarser, clip, alike, is_calm)
    return coarser
