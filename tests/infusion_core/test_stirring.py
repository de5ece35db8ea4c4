"""How much more a picture changes in some frames than in others."""

import numpy as np
import pytest

from infusion_core.stirring import CELL, stirring, usual_steps

FRAMES, HEIGHT, WIDTH = 40, 64, 160
WHOLE = slice(None)


@pytest.fixture
def plate():
    """Noise whose left half is twice as strong in the second half of the frames."""
    noise = np.random.default_rng(0).standard_normal((3, FRAMES, HEIGHT, WIDTH)).astype(np.float32)
    noise[:, FRAMES // 2 :, :, : WIDTH // 2] *= 2.0
    return noise


def all_known():
    return np.ones((FRAMES, HEIGHT, WIDTH), np.float32)


def test_usual_steps_are_those_of_frames_that_show_a_place(plate):
    known = all_known()
    known[FRAMES // 2 :, :, : WIDTH // 2] = 0.0
    plate[:, FRAMES // 2 :, :, : WIDTH // 2] = 1e3
    steps = usual_steps(plate, known)
    assert steps[..., : WIDTH // 2].mean() == pytest.approx(2.0, rel=0.02)
    assert steps[..., WIDTH // 2 :].mean() == pytest.approx(2.0, rel=0.02)


def test_each_place_and_frame_has_its_own(plate):
    steps = usual_steps(plate, all_known())
    around = stirring(plate, all_known(), steps).at(WHOLE, WHOLE, WHOLE)
    assert around.shape == (FRAMES - 1, HEIGHT, WIDTH)
    left, right = around[..., : 4 * CELL], around[..., -4 * CELL :]
    early, late = slice(0, FRAMES // 2 - 4), slice(FRAMES // 2 + 4, None)
    assert left[early].mean() == pytest.approx(1.0 / 2.5, rel=0.1)
    assert left[late].mean() == pytest.approx(4.0 / 2.5, rel=0.1)
    assert right.mean() == pytest.approx(1.0, rel=0.1)


def test_some_steps_and_places_are_those_of_all(plate):
    around = stirring(plate, all_known(), usual_steps(plate, all_known()))
    some = slice(3, 9), slice(10, 50), slice(20, 31)
    np.testing.assert_allclose(around.at(*some), around.at(WHOLE, WHOLE, WHOLE)[some], rtol=1e-5)


def test_where_nothing_around_is_known_it_is_as_in_the_rest_of_the_picture(plate):
    known = all_known()
    plate[:, FRAMES // 2 :, :, WIDTH // 2 :] *= 2.0
    steps = usual_steps(plate, known)
    known[..., CELL:-CELL] = 0.0
    middle = stirring(plate * known, known, steps).at(
        WHOLE, WHOLE, slice(WIDTH // 2 - CELL, WIDTH // 2 + CELL)
    )
    assert middle[: FRAMES // 2 - 4].mean() == pytest.approx(1.0 / 2.5, rel=0.2)
    assert middle[FRAMES // 2 + 4 :].mean() == pytest.approx(4.0 / 2.5, rel=0.2)


def test_a_still_picture_stirs_as_ever():
    still = np.ones((3, FRAMES, HEIGHT, WIDTH), np.float32)
    around = stirring(still, all_known(), usual_steps(still, all_known()))
    np.testing.assert_allclose(around.at(WHOLE, WHOLE, WHOLE), 1.0)
