"""From a network on padded tiles to a denoiser of the whole clip, on any array type. NumPy only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from infusion_core.clip import Clip, background
from infusion_core.sample import Denoiser
from infusion_core.tiles import Tile, blended, cut

# (noisy, masked_plate, hole, mean background, share known, t) -> x0_hat; rows and columns are multiples
# of what the network needs
NetworkCall = Callable[[Any, Any, Any, Any, Any, int], Any]
INPUT_NAMES = ("noisy", "masked_plate", "hole", "mean", "share", "t")


def padded(array: Any, multiple: int, as_array: Callable[[np.ndarray], Any]) -> Any:
    """``array`` (N, C, F, H, W) with zeros added at the bottom and right up to a multiple."""
    *outer, height, width = array.shape
    if height % multiple == 0 and width % multiple == 0:
        return array
    size = (*outer, height + -height % multiple, width + -width % multiple)
    result = as_array(np.zeros(size, np.float32))
    result[..., :height, :width] = array
    return result


def make_denoiser(
    network: NetworkCall,
    clip: Clip,
    multiple: int,
    *,
    window: int,
    tile: int,
    as_array: Callable[[np.ndarray], Any],
) -> Denoiser:
    """A denoiser of the whole clip.

    Args:
        network: Predicts x0 on one padded tile.
        clip: The plate and what is known of it, in the network's array type.
        multiple: Rows and columns that the network takes are multiples of this.
        window: Frames denoised together; 0 for all.
        tile: Side of the squares denoised together; 0 for the whole region.
        as_array: Brings a NumPy array to the network's array type and device.
    """
    mean, share = background(clip.plate, clip.known)
    tiles = cut(clip.size, window, tile)

    def predict(noisy: Any, t: int, part: Tile) -> Any:
        _, _, _, rows, columns = part.index
        height, width = noisy[part.index].shape[-2:]
        x0_hat = network(
            padded(noisy[part.index], multiple, as_array),
            padded(clip.plate[part.index], multiple, as_array),
            padded(1.0 - clip.known[part.index], multiple, as_array),
            padded(mean[:, :, :, rows, columns], multiple, as_array),
            padded(share[:, :, :, rows, columns], multiple, as_array),
            t,
        )
        return x0_hat[..., :height, :width]

    def denoise(noisy: Any, t: int) -> Any:
        return blended(lambda part: predict(noisy, t, part), tiles, noisy, as_array)

    return denoise
