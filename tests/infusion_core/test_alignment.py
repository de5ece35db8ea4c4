"""Frames of a camera that turns and zooms, laid on each other."""

import numpy as np
import pytest

from infusion_core.alignment import laid_path, turns
from infusion_core.placement import Placement
from infusion_core.resample import moved
from tests.infusion_core.camera_views import with_a_walker, world

SIZE, CORNER, FRAMES = (72, 128), (60, 90), 14
MIDDLE = ((SIZE[1] - 1) / 2, (SIZE[0] - 1) / 2)
CORNERS = [(x, y) for x in (0, SIZE[1] - 1) for y in (0, SIZE[0] - 1)]


def seen(lies):
    """What frames show that lie so on the first one, of a picture that is larger than they are."""
    picture, (top, left) = world()[..., None], CORNER
    result = []
    for lie in lies:
        x, y = lie.inverse().of(-left, -top)
        from_world = Placement(x + left, y + top, -lie.turn, 1 / lie.zoom)
        whole, _ = moved(picture, np.ones(picture.shape[:2], bool), from_world)
        result.append(whole[top:, left:][: SIZE[0], : SIZE[1], 0])
    return result


def way(turn, zoom):
    return [
        Placement.about(MIDDLE, 1.3 * i, -0.45 * i, turn * np.sin(0.4 * i), zoom**i) for i in range(FRAMES)
    ]


@pytest.fixture(scope="module")
def turning():
    lies = way(0.02, 1.002)
    return lies, with_a_walker(seen(lies))


def apart(found, lies):
    """How far corners of frames are from where they belong, the farthest of each frame."""
    return [
        max(np.hypot(*np.subtract(one.of(*corner), lie.of(*corner))) for corner in CORNERS)
        for one, lie in zip(found, lies, strict=True)
    ]


def whole_path(lies):
    """Where the middles of frames lie, rows and columns, off by half a pixel."""
    return np.array(
        [(lie.of(*MIDDLE)[1] - MIDDLE[1], lie.of(*MIDDLE)[0] - MIDDLE[0]) for lie in lies]
    ).round()


def test_turns_and_zooms_are_found_behind_a_walker(turning):
    lies, (pictures, known) = turning
    found = laid_path(pictures, known, whole_path(lies), turning=True)
    assert max(apart(found, lies)) < 0.15
    moving = laid_path(pictures, known, whole_path(lies), turning=False)
    assert max(apart(moving, lies)) > 1.0
    assert all(one.only_moves for one in moving)
    assert turns(pictures, known, moving, found)


def test_a_camera_that_only_moves_is_not_said_to_turn():
    lies = way(0.0, 1.0)
    pictures, known = with_a_walker(seen(lies))
    moving, turned = (laid_path(pictures, known, whole_path(lies), turning=one) for one in (False, True))
    assert max(apart(moving, lies)) < 0.1
    assert max(apart(turned, lies)) < 0.15
    assert not turns(pictures, known, moving, turned)


def test_frames_of_which_little_is_known_lie_where_they_were_said_to(turning):
    lies, (pictures, known) = turning
    hidden = [one & (i != 5) for i, one in enumerate(known)]
    found = laid_path(pictures, hidden, whole_path(lies), turning=True)
    assert found[5].of(*MIDDLE) == pytest.approx(np.add(MIDDLE, whole_path(lies)[5][::-1]))
    assert max(apart(found[6:], lies[6:])) < 0.2
