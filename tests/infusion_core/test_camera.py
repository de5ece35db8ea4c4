"""The way of a camera over a picture that is larger than it."""

import numpy as np
import pytest

from infusion_core.camera import exact_path, moves, rough_path, shift_between
from tests.infusion_core.camera_views import with_a_walker, world


def seen(picture, way, size=(72, 128), corner=(40, 60)):
    """What a camera sees that goes ``way``, (F, 2) whole rows and columns."""
    return [picture[corner[0] + y :, corner[1] + x :][: size[0], : size[1]] for y, x in way]


PAN = np.array([(i // 3, 4 * i) for i in range(20)])
SHAKE = np.array([(round(6 * np.sin(i)), round(5 * np.cos(1.7 * i)) - 5) for i in range(20)])


@pytest.mark.parametrize("shift", [(0, 0), (3, -7), (-11, 20)])
def test_a_shift_is_found_whatever_hides_some_of_the_picture(shift):
    first, second = seen(world(), [(0, 0), shift])
    (hidden, second), (_, known) = with_a_walker([first, second])
    found, best, without = shift_between(first, np.ones_like(known), second, known)
    assert hidden.shape == first.shape
    np.testing.assert_allclose(found, shift, atol=0.1)
    assert best == pytest.approx(1.0, abs=1e-3)
    assert (without < 0.5) == (shift != (0, 0))


@pytest.mark.parametrize("way", [PAN, SHAKE], ids=["pan", "shake"])
def test_the_way_of_a_camera_is_found_to_a_pixel_behind_a_walker(way):
    pictures, known = with_a_walker(seen(world(), way))
    small = [one[::2, ::2] for one in pictures], [one[::2, ::2] for one in known]
    path = exact_path(pictures, known, 2 * rough_path(*small))
    np.testing.assert_allclose(path, way - way[0], atol=0.4)
    assert moves(pictures, known, path)


def test_a_camera_that_creeps_is_followed_though_neighbours_differ_by_other_things():
    parts = 4
    way = np.array([(i // 3, -i) for i in range(30)])
    fine = seen(world(400, 640, softness=8.0), way, size=(72 * parts, 128 * parts))
    seething = [one[::parts, ::parts] + 0.5 * world(72, 128, seed=1 + i) for i, one in enumerate(fine)]
    pictures, known = with_a_walker(seething)
    rough = rough_path(pictures, known)
    assert not rough.any()
    path = exact_path(pictures, known, rough)
    np.testing.assert_allclose(path, way / parts, atol=0.5)
    assert moves(pictures, known, path)


def test_of_bars_that_are_all_alike_the_nearest_is_meant():
    bars = np.tile(world(48, 12, softness=1.5), (1, 12))
    known = [np.ones((48, 96), bool) for _ in range(2)]
    known[0][10:20, 8:20] = False
    before, now = bars[:, 24:120], bars[:, 27:123].copy()
    now[:, 69:] += 0.1 * world(48, 27, seed=3)  # so that 24 columns farther on it fits better still
    shift, _, _ = shift_between(before, known[0], now, known[1])
    assert shift == pytest.approx((0.0, 3.0), abs=0.3)


def test_a_camera_that_stands_still_is_not_followed_whatever_moves_before_it():
    still = [world()[:72, :128]] * 8
    pictures, known = with_a_walker(still)
    seething = [world(72, 128, seed=i) + one for i, one in enumerate(still)]
    nothing = [np.zeros((20, 30), np.float32)] * 3, [np.ones((20, 30), bool)] * 3
    for shot in ((pictures, known), (seething, known), nothing):
        rough = rough_path(*shot)
        assert not rough.any()
        assert not moves(*shot, exact_path(*shot, rough))


def test_frames_of_which_too_little_is_known_say_nothing():
    known = [np.zeros((72, 128), bool) for _ in range(3)]
    for i, mask in enumerate(known):
        mask[:, 40 * i : 40 * i + 40] = True
    assert not moves(
        [world(72, 128, seed=i) for i in range(3)], known, np.array([(0, -40 * i) for i in range(3)])
    )


def test_frames_of_which_nothing_is_known_are_taken_to_go_on():
    pictures, known = with_a_walker(seen(world(), PAN))
    known[7][:] = False
    assert np.isfinite(rough_path(pictures, known)).all()
    np.testing.assert_allclose(exact_path(pictures, known, PAN.astype(float)), PAN, atol=0.4)
