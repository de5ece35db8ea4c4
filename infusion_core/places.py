"""The places of a plate that look most like the pixels of a hole, without the finest detail. NumPy only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from infusion_core.detail_work import OWN, SOURCES
from infusion_core.looks import MARGIN, Looks, in_parts, looks_of, some_places
from infusion_core.metrics.regions import dilated

_Found = TypeVar("_Found")

WINDOW = 6  # places are compared that lie on the same frame or up to so many from it


def _difference(looks: np.ndarray, others: np.ndarray) -> np.ndarray:
    squared: np.ndarray = ((looks - others) ** 2).sum(axis=1)
    return squared


def usable_places(known: np.ndarray) -> np.ndarray:
    """Places (F, H, W) whose whole look is known."""
    shown = ~dilated(~known, MARGIN)
    usable: np.ndarray = shown.copy()
    usable[1:] &= shown[:-1]
    usable[:-1] &= shown[1:]
    return usable


@dataclass(frozen=True)
class Team:
    """Threads that share the places of a frame."""

    pool: ThreadPoolExecutor
    threads: int

    def map(self, work: Callable[[np.ndarray], _Found], places: np.ndarray) -> Iterator[_Found]:
        """What ``work`` finds for places (N, 3), in order; the same however many threads there are."""
        return self.pool.map(work, in_parts(places, self.threads))


@dataclass(frozen=True)
class Sources:
    """Places that all pixels of a frame are compared with.

    Attributes:
        places: (N, 3).
        looks: (N, DIMENSIONS).
        contrasts: (N,).
        against: (DIMENSIONS + 1, N): a look and a 1 times this is half the squared difference, but for what
            is the same for all places.
    """

    places: np.ndarray
    looks: np.ndarray
    contrasts: np.ndarray
    against: np.ndarray

    def nearest(self, looks: np.ndarray) -> np.ndarray:
        """Index of the most alike source of each look."""
        looks = np.concatenate([looks, np.ones_like(looks[:, :1])], axis=1)
        return np.concatenate([(part @ self.against).argmin(axis=1) for part in in_parts(looks)])


@dataclass
class Search:
    """Finds for the pixels of a hole the places that look most like them, one frame after the other.

    Pixels of one frame may be looked for in several threads; then the frame's are given theirs.

    Every frame is compared with the same rows and columns, each as many frames away; so what stands still is
    given the same detail on all frames. Besides, a pixel is offered what it was given on the frame before, a
    frame later, and its own place on some other frames that show it.

    Attributes:
        looks: Of the clip.
        usable: Places whose look is known, (F, H, W) bool.
        sites: Places (N, 3), with frames relative to the one in work.
        others: Other frames than each, (F, F - 1), those first on which own places are looked for first.
        patience: So many times as unlike as another place what was given before may be and is kept, (H, W).
        given: What was given on the frame before, (H, W, 3); frame -1 where nothing was.
    """

    looks: Looks
    usable: np.ndarray
    sites: np.ndarray
    others: np.ndarray
    patience: np.ndarray
    given: np.ndarray

    def sources(self, number: int, team: Team) -> Sources | None:
        """What the pixels of a frame are compared with; None where nothing is known."""
        last = len(self.usable) - 1
        places = self.sites.copy()
        frames = np.abs(number + places[:, 0])
        places[:, 0] = np.where(frames > last, 2 * last - frames, frames).clip(0, last)
        places = places[self.usable[tuple(places.T)]]
        if not len(places):
            return None
        looks, contrasts = map(np.concatenate, zip(*team.map(self.looks.at, places), strict=True))
        half_squares = 0.5 * (looks**2).sum(axis=1, keepdims=True)
        return Sources(places, looks, contrasts, np.concatenate([-looks, half_squares], axis=1).T)

    def places_of(self, pixels: np.ndarray, sources: Sources) -> tuple[np.ndarray, np.ndarray]:
        """Places for pixels of one frame's hole, both (N, 3).

        And how much stronger (N,) the pixels are than these, see ``Looks.times_stronger``; 1 where a place is
        their own elsewhen.
        """
        wanted, contrast = self.looks.at(pixels)
        nearest = sources.nearest(wanted)
        places, there = sources.places[nearest], sources.contrasts[nearest]
        least = _difference(wanted, sources.looks[nearest])
        _, rows, columns = pixels.T
        before, none = self._given_before(rows, columns), np.ones(len(pixels))
        offers = ((before, self.patience[rows, columns]), *((own, none) for own in self._elsewhen(pixels)))
        for offered, patience in offers:
            fits = (offered[:, 0] >= 0).nonzero()[0]
            seen, contrasts = self.looks.at(offered[fits])
            difference = _difference(wanted[fits], seen)
            is_better = difference <= patience[fits] * least[fits]
            better = fits[is_better]
            places[better], there[better] = offered[better], contrasts[is_better]
            least[better] = difference[is_better]
        is_own = (pixels[:, 1:] == places[:, 1:]).all(axis=1)
        return places, np.where(is_own, 1.0, self.looks.times_stronger(contrast, there))

    def give(self, pixels: np.ndarray, places: np.ndarray) -> None:
        """Keep what a frame's pixels (N, 3) were given, for the next frame."""
        self.given[..., 0] = -1
        self.given[pixels[:, 1], pixels[:, 2]] = places

    def _given_before(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        later = self.given[rows, columns]
        fits = (later[:, 0] >= 0) & (later[:, 0] < len(self.usable) - 1)
        later[:, 0] += 1
        fits[fits] = self.usable[tuple(later[fits].T)]
        later[~fits, 0] = -1
        return later

    def _elsewhen(self, pixels: np.ndarray) -> Iterator[np.ndarray]:
        """The pixels' own places on the first others that show them, frame -1 where none is left."""
        frames, pixel = self.others[pixels[0, 0]], np.arange(len(pixels))
        shown = self.usable[frames[:, None], pixels[:, 1], pixels[:, 2]]
        for _ in range(min(OWN, len(frames))):
            first = shown.argmax(axis=0)
            own = pixels.copy()
            own[:, 0] = np.where(shown[first, pixel], frames[first], -1)
            shown[first, pixel] = False
            yield own


def search_for(
    low: np.ndarray,
    usable: np.ndarray,
    hole: np.ndarray,
    others: np.ndarray,
    patience: np.ndarray,
    generator: np.random.Generator,
) -> Search:
    """A search that has given nothing yet; see ``Search`` and ``looks_of``."""
    sites = some_places(usable, generator)
    sites[:, 0] = generator.integers(-WINDOW, WINDOW + 1, size=SOURCES)
    nothing = np.full((*usable.shape[1:], 3), -1)
    return Search(looks_of(low, usable, hole, generator), usable, sites, others, patience, nothing)
