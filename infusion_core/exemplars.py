"""Fine detail for a coarse fill, from the places of the plate that look most like it. NumPy only.

What a fill lacks at twice its resolution is texture that the plate shows elsewhere. For each pixel of the
hole the place is looked up that looks the same without its own detail, if need be at another contrast, and
that detail is added, as much stronger or weaker (Freeman et al. 2002, "Example-based super-resolution"). A
network at that resolution costs nearly as much as all coarser ones, and one of few steps makes worse what it
was given (docs/experiments.md, "Detail from the plate").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from infusion_core.clip import Clip, scaled_clip, upsampled
from infusion_core.detail_work import SOURCES, octaves_left
from infusion_core.looks import MARGIN, Looks, in_parts, looks_of, some_places
from infusion_core.metrics.regions import dilated
from infusion_core.progress import ShouldStop, never_stop, raise_if_stopped
from infusion_core.resample import box_matrix, resampled

WINDOW = 6  # places are compared that lie on the same frame or up to so many from it
STANDS_OUT = 0.5  # deviations of the plate's detail by which a pixel may leave the range around it unasked


def _difference(looks: np.ndarray, others: np.ndarray) -> np.ndarray:
    squared: np.ndarray = ((looks - others) ** 2).sum(axis=1)
    return squared


def _nearest(looks: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Index of the most alike source of each look."""
    half_squares = 0.5 * (sources**2).sum(axis=1, keepdims=True)
    against = np.concatenate([-sources, half_squares], axis=1).T
    looks = np.concatenate([looks, np.ones_like(looks[:, :1])], axis=1)
    return np.concatenate([(part @ against).argmin(axis=1) for part in in_parts(looks)])


def _usable(known: np.ndarray) -> np.ndarray:
    """Places (F, H, W) whose whole look is known."""
    shown = ~dilated(~known, MARGIN)
    usable: np.ndarray = shown.copy()
    usable[1:] &= shown[:-1]
    usable[:-1] &= shown[1:]
    return usable


@dataclass
class _Search:
    """Finds for the pixels of a hole the places that look most like them, one frame after the other.

    Every frame is compared with the same rows and columns, each as many frames away; so what stands still is
    given the same detail on all frames. Besides, a pixel is offered what it was given on the frame before, a
    frame later, and its own place on the nearest frames that show it.

    Attributes:
        looks: Of the clip.
        usable: Places whose look is known, (F, H, W) bool.
        sites: Places (N, 3), with frames relative to the one in work.
        given: What was given on the frame before, (H, W, 3); frame -1 where nothing was.
    """

    looks: Looks
    usable: np.ndarray
    sites: np.ndarray
    given: np.ndarray

    def places_of(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places for pixels, both (N, 3), all of one frame's hole; none where there are none.

        And how much more contrast (N,) the pixels have than these; 1 where a place is their own elsewhen.
        """
        sources = self._sources(pixels[0, 0])
        if not len(sources):
            return pixels[:0], np.ones(0, np.float32)
        (wanted, contrast), (seen, contrasts) = self.looks.at(pixels), self.looks.at(sources)
        nearest = _nearest(wanted, seen)
        places, there, least = sources[nearest], contrasts[nearest], _difference(wanted, seen[nearest])
        _, rows, columns = pixels.T
        for offered in (self._given_before(rows, columns), *self._elsewhen(pixels)):
            fits = (offered[:, 0] >= 0).nonzero()[0]
            seen, contrasts = self.looks.at(offered[fits])
            difference = _difference(wanted[fits], seen)
            is_better = difference <= least[fits]
            better = fits[is_better]
            places[better], there[better] = offered[better], contrasts[is_better]
            least[better] = difference[is_better]
        self.given[..., 0] = -1
        self.given[rows, columns] = places
        is_own = (pixels[:, 1:] == places[:, 1:]).all(axis=1)
        return places, np.where(is_own, 1.0, contrast / there)

    def _sources(self, number: int) -> np.ndarray:
        last = len(self.usable) - 1
        places = self.sites.copy()
        frames = np.abs(number + places[:, 0])
        places[:, 0] = np.where(frames > last, 2 * last - frames, frames).clip(0, last)
        found: np.ndarray = places[self.usable[tuple(places.T)]]
        return found

    def _given_before(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        later = self.given[rows, columns]
        fits = (later[:, 0] >= 0) & (later[:, 0] < len(self.usable) - 1)
        later[:, 0] += 1
        fits[fits] = self.usable[tuple(later[fits].T)]
        later[~fits, 0] = -1
        return later

    def _elsewhen(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The pixels' own places on the nearest frame before and after that shows them."""
        number = pixels[0, 0]
        shown = self.usable[:, pixels[:, 1], pixels[:, 2]]
        before, after = shown[:number][::-1], shown[number:]
        earlier, later = pixels.copy(), pixels.copy()
        earlier[:, 0] = np.where(before.any(axis=0), number - 1 - before.argmax(axis=0), -1) if number else -1
        later[:, 0] = np.where(after.any(axis=0), number + after.argmax(axis=0), -1)
        return earlier, later


def _search(low: np.ndarray, usable: np.ndarray, hole: np.ndarray, generator: np.random.Generator) -> _Search:
    sites = some_places(usable, generator)
    sites[:, 0] = generator.integers(-WINDOW, WINDOW + 1, size=SOURCES)
    nothing = np.full((*usable.shape[1:], 3), -1)
    return _Search(looks_of(low, usable, hole, generator), usable, sites, nothing)


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
        low: The same without its finest detail.
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
    known = clip.known[0, 0] > 0
    usable = _usable(known)
    if usable.any() and clip.hole.any():
        sides = zip(content.shape[-2:], coarser.shape[-2:], strict=True)
        low = upsampled(resampled(content, *(box_matrix(*side) for side in sides)), *clip.size[1:])
        margin = STANDS_OUT * (content - low)[:, known].std(axis=1, keepdims=True)
        search = _search(low, usable, clip.hole, generator)
        for number, hole in enumerate(clip.hole):
            raise_if_stopped(should_stop)
            pixels = np.insert(np.argwhere(hole), 0, number, axis=1)
            if len(pixels):
                places, gain = search.places_of(pixels)
                pixels = pixels[: len(places)]
                content[(slice(None), *pixels.T)] = _with_detail(content, low, margin, pixels, places, gain)
            on_frame()
    filled: np.ndarray = content[None].clip(-1.0, 1.0)
    return filled


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
