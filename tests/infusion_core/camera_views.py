"""Pictures for cameras to look at, and somebody who walks before them."""

import numpy as np

from infusion_core.metrics.regions import gaussian_blur


def world(rows=200, columns=320, softness=2.0, seed=0):
    """A picture with detail of a few pixels."""
    noise = np.random.default_rng(seed).normal(size=(1, rows, columns, 3)).astype(np.float32)
    soft = gaussian_blur(noise, softness)[0, ..., 0]
    return soft / soft.std()


def with_a_walker(pictures):
    """The same with something that goes its own way, and what of each frame is not it."""
    pictures, known = [one.copy() for one in pictures], [np.ones(one.shape, bool) for one in pictures]
    for i, (picture, mask) in enumerate(zip(pictures, known, strict=True)):
        part = (slice(20, 60), slice(5 + 3 * i, 35 + 3 * i))
        picture[part], mask[part] = 5.0 + world(40, 30, seed=9), False
    return pictures, known
