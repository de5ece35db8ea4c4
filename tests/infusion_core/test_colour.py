import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from infusion_core.colour import ColourTransform, fit_colour
from infusion_core.errors import InputError

RNG = np.random.default_rng(11)
FIRE = np.concatenate(
    [RNG.lognormal(-6, 1, (4000, 3)), RNG.lognormal(2, 1.5, (1000, 3)), RNG.normal(0, 1e-3, (1000, 3))]
).astype(np.float32)
SHOTS = {
    "fire on black": FIRE,
    "daylight": RNG.lognormal(-1.5, 0.8, (5000, 3)).astype(np.float32),
    "out of gamut": RNG.normal(0.1, 1, (5000, 3)).astype(np.float32),
    "display-like": RNG.random((5000, 3)).astype(np.float32),
    "one value": np.full((100, 3), 0.18, np.float32),
    "black": np.zeros((100, 3), np.float32),
    "all negative": -RNG.lognormal(0, 1, (1000, 3)).astype(np.float32),
    "huge": RNG.lognormal(60, 3, (1000, 3)).astype(np.float32),
    "tiny": RNG.lognormal(-60, 1, (1000, 3)).astype(np.float32),
    "one hot pixel": np.append(np.full((20000, 3), 0.2), [[65504.0, 65504, 65504]], axis=0).astype(
        np.float32
    ),
}


@pytest.fixture(params=list(SHOTS), ids=lambda name: name.replace(" ", "-"))
def shot(request):
    return SHOTS[request.param]


def test_the_shot_fills_the_models_range_with_head_room(shot):
    model = fit_colour(shot, "scene-linear").encode(shot)
    low, high = np.percentile(model, [0.02, 99.98])
    assert -0.95 < low <= high < 0.95
    if np.ptp(np.percentile(model, [10, 90])) > 0:  # not a single colour
        assert high - low > 1.5


@pytest.mark.parametrize("kind", ["scene-linear", "display"])
def test_encode_and_decode_are_inverse_far_outside_of_what_was_fitted(shot, kind):
    colour = fit_colour(shot, kind)
    reach = min(1e3 * max(1.0, float(np.abs(shot).max())), 1e37)
    ramp = np.geomspace(1e-9, reach, 2000)
    values = np.concatenate([-ramp, [0.0], ramp]).astype(np.float32)
    if kind == "display":
        values = values[np.abs(values) < 16]
    back = colour.decode(colour.encode(values))
    tolerance = 4e-6 * np.abs(values) + 4e-6 * colour.toe
    assert (np.abs(back - values) <= tolerance).all()


@given(
    hnp.arrays(np.float32, 60, elements=st.floats(-(2.0**100), 2.0**100, width=32)),
    st.integers(0, 2**31),
)
def test_any_fit_is_monotone_and_invertible(values, seed):
    colour = fit_colour(values.reshape(-1, 3), "scene-linear")
    probe = np.sort(np.random.default_rng(seed).choice(values, 30))
    model = colour.encode(probe)
    assert np.isfinite(model).all()
    assert (np.diff(model) >= 0).all()
    back = colour.decode(model)
    assert (np.abs(back - probe) <= 1e-5 * np.abs(probe) + 1e-5 * colour.toe).all()


def test_the_documented_precision_in_half(shot):
    """0.3 % of the value plus 0.3 % of the toe, for everything the network can put out."""
    colour = fit_colour(shot, "scene-linear")
    model = np.linspace(-1, 1, 20001)
    values = colour.decode(model)
    back = colour.decode(model.astype(np.float16))
    assert (np.abs(back - values) <= 0.003 * np.abs(values) + 0.003 * colour.toe).all()


def test_near_black_detail_survives_half_precision_beside_highlights():
    colour = fit_colour(FIRE, "scene-linear")
    dark = np.linspace(0, 0.01, 11, dtype=np.float32)  # a hundredth, in a shot that reaches hundreds
    back = colour.decode(colour.encode(dark).astype(np.float16))
    assert np.abs(FIRE).max() > 100
    assert (np.diff(back) > 0).all()
    assert np.abs(back - dark).max() < 3e-4


@given(st.sampled_from(sorted(SHOTS)), st.floats(-1.2, 1.2))
def test_decoding_never_gives_nan_or_infinity(name, value):
    colour = fit_colour(SHOTS[name], "scene-linear")
    assert np.isfinite(colour.decode(np.array([value], np.float32))).all()


def test_nan_and_infinity_do_not_enter_the_fit(shot):
    poison = np.array([[np.nan, np.inf, -np.inf]] * 50, np.float32)
    assert fit_colour(np.concatenate([poison, shot]), "scene-linear") == fit_colour(shot, "scene-linear")


def test_nothing_known_is_an_error():
    for samples in (np.zeros((0, 3), np.float32), np.full((4, 3), np.nan, np.float32)):
        with pytest.raises(InputError, match="No known pixel"):
            fit_colour(samples, "scene-linear")


def test_display_is_the_papers_affine_map():
    colour = fit_colour(np.zeros((0, 3), np.float32), "display")
    assert colour.encode(np.array([0, 0.5, 1], np.float32)).tolist() == [-1, 0, 1]
    codes = np.arange(65536) / np.float32(65535)
    assert np.array_equal(np.rint(colour.decode(colour.encode(codes)) * 65535), np.arange(65536))


def test_neutral_pixels_stay_neutral():
    model = fit_colour(FIRE, "scene-linear").encode(np.full((5, 3), 0.18, np.float32))
    assert (model == model[0, 0]).all()


def test_arrays_of_any_shape_come_back_as_float32():
    colour = fit_colour(FIRE, "scene-linear")
    clip = np.zeros((2, 3, 4, 3), np.float32)
    assert colour.encode(clip).shape == clip.shape
    assert colour.encode(clip).dtype == colour.decode(clip).dtype == np.float32


def test_a_transform_survives_json(shot):
    colour = fit_colour(shot, "scene-linear")
    assert ColourTransform.from_dict(json.loads(json.dumps(colour.to_dict()))) == colour


@pytest.mark.parametrize(
    "change",
    [
        {"name": "log"},
        {"toe": 0},
        {"gain": -1},
        {"offset": "x"},
        {"extra": 1},
        {"toe": float("nan")},
        {"gain": None},
    ],
)
def test_a_damaged_transform_is_refused(change):
    with pytest.raises(InputError, match="colour transform"):
        ColourTransform.from_dict(fit_colour(FIRE, "scene-linear").to_dict() | change)
    with pytest.raises(InputError, match="colour transform"):
        ColourTransform.from_dict({"name": "display"})
