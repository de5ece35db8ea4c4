"""Where looks are taken, and the room around a clip that they need."""

import numpy as np

from infusion_core.detail_work import SOURCES
from infusion_core.looks import MARGIN, padded, some_places, without_padding


def test_places_are_chosen_from_all_of_a_mask_and_from_nothing_else():
    mask = np.zeros((5, 6, 7), bool)
    mask[0, 2, 3] = mask[2, 5] = mask[4, :, 6] = True
    places = some_places(mask, np.random.default_rng(0))
    assert places.shape == (SOURCES, 3)
    assert mask[tuple(places.T)].all()
    counts = np.unique(places, axis=0, return_counts=True)[1]
    assert len(counts) == mask.sum()  # each of them is chosen at least once,
    assert counts.max() < 1.3 * counts.min()  # and about as often as the others


def test_a_clip_keeps_its_place_in_its_padding_and_its_edges_are_repeated():
    clip = np.random.default_rng(1).normal(size=(3, 4, 6, 8)).astype(np.float32)
    room = padded(clip.swapaxes(0, 1), clip.shape[1:])
    np.testing.assert_array_equal(without_padding(room), clip)
    around = ((0, 0), (1, 1), (MARGIN, MARGIN), (MARGIN, MARGIN))
    np.testing.assert_array_equal(room, np.pad(clip, around, mode="edge"))
