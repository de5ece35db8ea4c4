"""Frames of a camera that turns and zooms, laid on each other."""

import numpy as np
import pytest

from infusion_core import track
from infusion_core.alignment import laid_path, lie_closer
from infusion_core.box import Box
from infusion_core.camera import moves
from infusion_core.placement import STILL, Placement
from infusion_core.resample import moved
from infusion_core.track import camera_placements
from tests.infusion_core.camera_views import with_a_walker, world

SIZE, CORNER, FRAMES = (72, 128), (60, 90), 14
MIDDLE = ((SIZE[1] - 1) / 2, (SIZE[0] - 1) / 2)
CORNERS = [(x, y) for x in (0, SIZE[1] - 1) for y in (0, SIZE[0] - 1)]


def seen(lies):
    """What frames show that lie so on the first one, of a picture that is larger than they are."""
    picture, (top, left) = world()[..., None], CORNER
    result = []
    for lie in lies:
        from_world = Placement(-left, -top).then(lie.inverse()).then(Placement(left, top))
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


def placed(pictures, known):
    """What is found of such frames."""
    return camera_placements(list(zip(pictures, known, strict=True)), Box(0, 0, SIZE[1], SIZE[0]))


def roughly(lies):
    """Where the middles of frames lie, off by half a pixel."""
    return [Placement(*np.subtract(lie.of(*MIDDLE), MIDDLE).round()) for lie in lies]


def test_turns_and_zooms_are_found_behind_a_walker(turning):
    lies, (pictures, known) = turning
    found = laid_path(pictures, known, roughly(lies), ways="turns")
    assert max(apart(found, lies)) < 0.15
    moving = laid_path(pictures, known, roughly(lies), ways="moves")
    assert max(apart(moving, lies)) > 1.0
    assert all(one.only_moves for one in moving)
    assert lie_closer(pictures, known, found, moving, 0.5)
    assert not lie_closer(pictures, known, moving, found, 0.0)


def test_a_camera_that_only_moves_is_not_said_to_turn():
    lies = way(0.0, 1.0)
    pictures, known = with_a_walker(seen(lies))
    moving, turned = (laid_path(pictures, known, roughly(lies), ways=one) for one in ("moves", "turns"))
    assert max(apart(moving, lies)) < 0.1
    assert max(apart(turned, lies)) < 0.15
    assert not lie_closer(pictures, known, turned, moving, 0.03)


def test_a_camera_that_rolls_and_does_not_move_is_followed():
    lies = [Placement.about(MIDDLE, 0.0, 0.0, 0.06 * np.sin(0.5 * i), 1.0) for i in range(FRAMES)]
    pictures, known = with_a_walker(seen(lies))
    assert not moves(pictures, known, np.zeros((FRAMES, 2)))
    followed = placed(pictures, known)
    assert max(apart(followed, lies)) < 0.3


def panned(angle, tilt=0.0, focal=150.0):
    """How a frame of a camera that was turned to the right and down lies in one that was not."""
    turned = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    tilted = np.array([[1, 0, 0], [0, np.cos(tilt), np.sin(tilt)], [0, -np.sin(tilt), np.cos(tilt)]])
    lens = np.array([[focal, 0, MIDDLE[0]], [0, focal, MIDDLE[1]], [0, 0, 1]])
    return Placement.of_rows(tuple(map(tuple, lens @ turned @ tilted @ np.linalg.inv(lens))))


def test_a_camera_that_pans_bends_the_picture_and_is_followed():
    lies = [panned(0.16 - 0.025 * i, 0.02 * np.sin(i)) for i in range(FRAMES)]
    pictures, known = with_a_walker(seen(lies))
    followed = placed(pictures, known)
    still = followed.index(STILL)
    assert 3 < still < 10
    expected = [one.then(lies[still].inverse()) for one in lies]
    assert max(apart(followed, expected)) < 0.5
    turned = laid_path(pictures, known, roughly(expected), ways="turns")
    turned = [one.then(turned[still].inverse()) for one in turned]
    assert max(apart(turned, expected)) > 2.0


def test_a_picture_that_is_bent_too_much_is_not(monkeypatch):
    lies = [panned(0.16 - 0.025 * i) for i in range(FRAMES)]
    pictures, known = with_a_walker(seen(lies))
    monkeypatch.setattr(track, "MOST_BENT", 0.01)
    followed = placed(pictures, known)
    assert followed
    assert all(one.wx == one.wy == 0.0 for one in followed)


def before_somebody(pictures):
    """Pictures with somebody who goes with the camera, brightly dressed, and all of them known."""
    pictures = [one.copy() for one in pictures]
    for i, picture in enumerate(pictures):
        picture[22:66, 48 + i % 2 : 74 + i % 2] = 8.0 * world(44, 26, seed=7)
    return pictures, [np.ones(one.shape, bool) for one in pictures]


def test_the_camera_is_followed_past_somebody_close_to_it(monkeypatch):
    lies = [Placement(2.0 * i, -0.5 * i) for i in range(FRAMES)]
    frames = before_somebody(seen(lies))
    assert max(apart(placed(*frames), lies)) < 0.3
    monkeypatch.setattr(track, "_evened", lambda grey, known: grey)
    assert max(apart(placed(*frames) or [STILL] * FRAMES, lies)) > 5.0


def test_the_few_pixels_that_are_known_within_a_hole_do_not_outweigh_the_rest():
    picture = world(90, 160)
    whole = track._evened(picture, np.ones(picture.shape, bool))
    known = np.ones(picture.shape, bool)
    known[20:70, 40:120] = False
    known[25:65:10, 45:120:10] = True
    evened = track._evened(picture, known)
    assert np.abs(evened[known]).max() < 1.2 * np.abs(whole).max()
    assert np.corrcoef(evened[known], whole[known])[0, 1] > 0.95


def test_a_frame_that_is_all_hidden_does_not_end_the_search():
    lies = [Placement(2.0 * i, 0.0) for i in range(FRAMES)]
    pictures, known = with_a_walker(seen(lies))
    known[6] = np.zeros_like(known[6])
    followed = placed(pictures, known)
    others = [*range(6), *range(7, FRAMES)]
    assert max(apart([followed[i] for i in others], [lies[i] for i in others])) < 0.5


def test_light_that_changes_is_not_the_camera():
    lies = [Placement(1.5 * i, 0.0) for i in range(FRAMES)]
    pictures, known = with_a_walker(seen(lies))
    lit = [np.exp(one + 0.8 * np.sin(i)) for i, one in enumerate(pictures)]
    followed = placed(lit, known)
    assert max(apart(followed, lies)) < 0.5


def test_frames_of_which_little_is_known_lie_where_they_were_said_to(turning):
    lies, (pictures, known) = turning
    hidden = [one & (i != 5) for i, one in enumerate(known)]
    start = roughly(lies)
    found = laid_path(pictures, hidden, start, ways="turns")
    otherwise = start[4].inverse().then(found[4])
    assert found[5].of(*MIDDLE) == pytest.approx(start[5].then(otherwise).of(*MIDDLE))
    assert np.hypot(*np.subtract(found[5].of(*MIDDLE), lies[5].of(*MIDDLE))) < 1.5
    assert max(apart(found[6:], lies[6:])) < 0.2
