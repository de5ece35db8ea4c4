"""What places of a clip look like without their finest detail, to be compared with each other. NumPy only."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from infusion_core.detail_work import BESIDE, DIMENSIONS, SOURCES, SPACING

MARGIN = BESIDE * SPACING  # pixels of a look to every side of its place
ROWS_AT_ONCE = 512
COLOUR = 3.0  # the mean colour of a look counts as much as this many times what varies in it
NO_CONTRAST = 1e-6  # stands for a contrast where there is none at all


@dataclass(frozen=True)
class Looks:
    """What a clip looks like without its finest detail, to be compared place by place.

    A look is what lies around a place on its frame and on the one before and after: its mean colour, and what
    varies in units of its contrast, which is the standard deviation of all its values from that colour.

    Attributes:
        low: (3, F + 2, H + 2 MARGIN, W + 2 MARGIN) float32, edges repeated.
        usual: Median contrast in the hole. Looks are divided by their contrast and this, so that what has
            much less is not compared by its noise, nor strengthened without measure.
        mean, components: (K,) and (K, DIMENSIONS), of the principal components.
    """

    low: np.ndarray
    usual: float
    mean: np.ndarray
    components: np.ndarray

    def at(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Looks (N, DIMENSIONS) of places (N, 3: frame, row, column), and their contrast (N,)."""
        looks, contrasts = [], []
        for part in in_parts(places):
            values, contrast = _in_contrast(_around(self.low, part), self.usual)
            looks.append((values - self.mean) @ self.components)
            contrasts.append(contrast)
        return np.concatenate(looks), np.concatenate(contrasts)

    def times_stronger(self, contrast: np.ndarray, there: np.ndarray) -> np.ndarray:
        """How much stronger what has a contrast is to be than what has another, each (N,).

        As the contrasts differ where it is weaker; where it is stronger the usual contrast is added to both.
        """
        plain = contrast / there.clip(NO_CONTRAST)
        stronger: np.ndarray = np.minimum(plain, (contrast + self.usual) / (there + self.usual))
        return stronger


def in_parts(rows: np.ndarray, most: int | None = None) -> list[np.ndarray]:
    """Rows (N, …), so many at once that what is made of them stays in the processor's caches.

    With ``most``, in no more parts than that, of as many times so many rows.
    """
    each = ROWS_AT_ONCE if most is None else ROWS_AT_ONCE * max(1, -(-len(rows) // (ROWS_AT_ONCE * most)))
    return np.split(rows, range(each, len(rows), each))


def _around(low: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Values (N, K) of ``Looks.low`` around places."""
    size = low.shape[1:]
    beside = np.arange(0, 2 * MARGIN + 1, SPACING)
    offsets = np.ravel_multi_index(np.meshgrid(np.arange(3), beside, beside, indexing="ij"), size)
    index = np.ravel_multi_index(tuple(places.T), size)[:, None] + offsets.ravel()
    return np.concatenate([colour.ravel().take(index) for colour in low], axis=1)


def _colour_and_rest(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean colour (N, 3, 1) of looks (N, K), what is left of them (N, 3, K / 3) and its contrast (N,)."""
    looks = values.reshape(len(values), 3, values.shape[1] // 3)
    colour = looks.mean(axis=2, keepdims=True)
    rest = looks - colour
    variance = np.einsum("nck,nck->n", rest, rest) / values.shape[1]
    return colour, rest, np.sqrt(variance)


def _in_contrast(values: np.ndarray, usual: float) -> tuple[np.ndarray, np.ndarray]:
    """Looks (N, K) in units of their contrast and then their colour as often as it counts, (N, K + 3).

    And that contrast (N,), to which ``usual`` is added for the unit alone.
    """
    colour, rest, contrast = _colour_and_rest(values)
    varying = (rest / (contrast + usual)[:, None, None]).reshape(values.shape)
    weight = COLOUR * math.sqrt(values.shape[1] / 3)
    return np.concatenate([varying, weight * colour[..., 0]], axis=1), contrast


def padded(frames: Iterable[np.ndarray], size: tuple[int, int, int]) -> np.ndarray:
    """A clip of ``size`` given frame by frame, each (3, H, W), as ``Looks.low`` is."""
    number, rows, columns = size
    low = np.empty((3, number + 2, rows + 2 * MARGIN, columns + 2 * MARGIN), np.float32)
    for target, frame in zip(low.swapaxes(0, 1)[1:-1], frames, strict=True):
        target[:] = np.pad(frame, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)), mode="edge")
    low[:, 0], low[:, -1] = low[:, 1], low[:, -2]
    return low


def without_padding(low: np.ndarray) -> np.ndarray:
    """The clip (3, F, H, W) in a padded one, without a copy."""
    return low[:, 1:-1, MARGIN:-MARGIN, MARGIN:-MARGIN]


def looks_of(low: np.ndarray, usable: np.ndarray, hole: np.ndarray, generator: np.random.Generator) -> Looks:
    """Looks of a clip.

    Args:
        low: The clip without its finest detail, the fill in its hole, ``padded``.
        usable: Places whose look is known, (F, H, W) bool; some at least.
        hole: (F, H, W) bool; not empty.
        generator: Chooses the places by which colours and contrasts are judged.
    """
    usual = float(np.median(_colour_and_rest(_around(low, some_places(hole, generator)))[2])) + NO_CONTRAST
    values = _in_contrast(_around(low, some_places(usable, generator)), usual)[0].astype(np.float64)
    _, vectors = np.linalg.eigh(np.cov(values, rowvar=False))
    components = vectors[:, ::-1][:, :DIMENSIONS].astype(np.float32)
    return Looks(low, usual, values.mean(axis=0).astype(np.float32), components)


def some_places(mask: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """``SOURCES`` random places (N, 3) of a mask."""
    before = np.cumsum([0, *np.count_nonzero(mask, axis=(1, 2))])
    chosen = generator.integers(before[-1], size=SOURCES)
    numbers = np.searchsorted(before, chosen, side="right") - 1
    places = np.empty((SOURCES, 3), int)
    for number in np.unique(numbers):  # the indices of all frames would take as much memory as the clip
        of_frame = numbers == number
        found = np.argwhere(mask[number])[chosen[of_frame] - before[number]]
        places[of_frame] = np.insert(found, 0, number, axis=1)
    return places
