"""From a network on padded tiles to a denoiser of the clip, on any array type. NumPy only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from infusion_core.clip import Clip, background
from infusion_core.estimate import voxels_in_memory
from infusion_core.focus import part_to_denoise
from infusion_core.network_size import reach
from infusion_core.sample import Denoiser
from infusion_core.settings import Settings
from infusion_core.tiles import Tile, cut

# (noisy, masked_plate, hole, mean background, share known, t) -> x0_hat; rows and columns are multiples
# of what the network needs
NetworkCall = Callable[[Any, Any, Any, Any, Any, int], Any]
# shape -> float32 zeros, in the network's array type
Zeros = Callable[[tuple[int, ...]], Any]
INPUT_NAMES = ("noisy", "masked_plate", "hole", "mean", "share", "t")


def grid_offset(t: int, multiple: int) -> tuple[int, int]:
    """Rows and columns by which the call at noise level ``t`` shifts the clip against the network's grid.

    The network halves rows and columns in blocks that start at the top left. Where the blocks lie is
    arbitrary, and each call's prediction carries a trace of it; calls that lay them elsewhere each time wash
    it out ("cycle spinning", Coifman and Donoho 1995, one shift a call). It depends on ``t`` alone, so that
    a resumed run and a render do the same.
    """
    scattered = t * 2654435761 % 2**32 >> 16  # multiplicative hashing, Knuth 1998, section 6.4
    return scattered % multiple, scattered // multiple % multiple


def padded(array: Any, multiple: int, zeros: Zeros, offset: tuple[int, int] = (0, 0), margin: int = 0) -> Any:
    """``array`` (N, C, F, H, W) within ``zeros``, its first row and column at ``offset``.

    Rows and columns are the least multiple that has room for ``margin`` more than the array's own.
    """
    *outer, height, width = array.shape
    rows, columns = (side + margin + -(side + margin) % multiple for side in (height, width))
    if (rows, columns) == (height, width):
        return array
    result = zeros((*outer, rows, columns))
    top, left = offset
    result[..., top : top + height, left : left + width] = array
    return result


def make_denoiser(
    network: NetworkCall,
    clip: Clip,
    multiple: int,
    tiles: Sequence[Tile],
    *,
    moving_grid: bool,
    zeros: Zeros,
) -> Denoiser:
    """A denoiser of what the tiles keep; elsewhere its x0_hat is 0.

    Args:
        network: Predicts x0 on one padded tile.
        clip: The plate and what is known of it, in the network's array type.
        multiple: Rows and columns that the network takes are multiples of this.
        tiles: They begin at multiples of ``multiple``.
        moving_grid: Shift the clip by ``grid_offset``; else it stays at the top left.
        zeros: Makes float32 arrays of the network's type, on its device.
    """
    mean, share = background(clip.plate, clip.known)
    margin = multiple - 1 if moving_grid else 0

    def predict(noisy: Any, t: int, tile: Tile) -> Any:
        _, rows, columns = tile.shown
        shown, within = (..., *tile.shown), tile.within
        height, width = rows.stop - rows.start, columns.stop - columns.start
        top, left = grid_offset(t, multiple) if moving_grid else (0, 0)

        def placed(array: Any) -> Any:
            return padded(array, multiple, zeros, (top, left), margin)

        x0_hat = network(
            placed(noisy[shown]),
            placed(clip.plate[shown]),
            placed(1.0 - clip.known[shown]),
            placed(mean[:, :, :, rows, columns]),
            placed(share[:, :, :, rows, columns]),
            t,
        )
        return x0_hat[..., top : top + height, left : left + width][(..., *within)]

    def denoise(noisy: Any, t: int) -> Any:
        x0_hat = noisy * 0.0
        for tile in tiles:
            x0_hat[(..., *tile.kept)] = predict(noisy, t, tile)
        return x0_hat

    return denoise


def shot_denoiser(
    network: NetworkCall,
    clip: Clip,
    known: np.ndarray,
    multiple: int,
    settings: Settings,
    zeros: Zeros,
) -> Denoiser:
    """``make_denoiser`` for the hole, as a run's settings ask for it; the same in a render.

    Args:
        known: ``clip.known`` in NumPy.
        zeros: See ``make_denoiser``.
    """
    tiles = cut(
        part_to_denoise(known[0, 0], clip.hole), reach(settings.network), multiple, voxels_in_memory(settings)
    )
    moving_grid = settings.sampling.moving_grid
    return make_denoiser(network, clip, multiple, tiles, moving_grid=moving_grid, zeros=zeros)
