import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.basis import RGB, ColourBasis, fit_basis
from infusion_core.errors import InputError


def colours(seed, spread=(0.5, 0.1, 0.05)):
    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return (rng.normal(size=(2, 20, 30, 3)) * spread @ axes.T + 0.1).astype(np.float32)


@given(st.integers(0, 1000))
def test_colours_survive_the_way_there_and_back(seed):
    plate = colours(seed)
    basis = fit_basis(plate, np.ones(plate.shape[:3], bool))
    encoded = basis.encode(plate)
    assert encoded.dtype == np.float32
    np.testing.assert_allclose(basis.decode(encoded), plate, atol=1e-5)


@given(st.integers(0, 1000))
def test_axes_are_uncorrelated_and_fill_the_models_range(seed):
    plate = colours(seed)
    encoded = fit_basis(plate, np.ones(plate.shape[:3], bool)).encode(plate).reshape(-1, 3)
    np.testing.assert_allclose(encoded.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(np.corrcoef(encoded.T), np.eye(3), atol=1e-3)
    assert (np.percentile(np.abs(encoded), 99.9, axis=0) <= 1).all()
    assert (np.abs(encoded).max(0) > 0.7).all()


def test_only_known_pixels_are_fitted():
    plate = colours(0)
    known = np.ones(plate.shape[:3], bool)
    known[:, 5:9] = False
    wild = np.where(known[..., None], plate, np.nan).astype(np.float32)
    np.testing.assert_array_equal(fit_basis(wild, known).matrix, fit_basis(plate, known).matrix)


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_a_shot_of_one_colour_or_of_greys_has_a_finite_basis(value):
    grey = np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype(np.float32)
    for plate in (np.full((2, 8, 8, 3), value, np.float32), grey.repeat(3, -1)):
        basis = fit_basis(plate, np.ones((2, 8, 8), bool))
        np.testing.assert_allclose(basis.decode(basis.encode(plate)), plate, atol=1e-4)


def test_a_basis_survives_json_and_damage_is_refused():
    basis = fit_basis(colours(3), np.ones((2, 20, 30), bool))
    again = ColourBasis.from_dict(json.loads(json.dumps(basis.to_dict())))
    np.testing.assert_array_equal(again.matrix, basis.matrix)
    np.testing.assert_array_equal(again.centre, basis.centre)
    np.testing.assert_array_equal(RGB.encode(np.float32([0.1, 0.2, 0.3])), np.float32([0.1, 0.2, 0.3]))
    for damaged in (
        {},
        {"centre": [0, 0, 0]},
        {"centre": [0, 0], "matrix": np.eye(3).tolist()},
        {"centre": [0, 0, 0], "matrix": np.zeros((3, 3)).tolist()},
        {"centre": [0, 0, float("nan")], "matrix": np.eye(3).tolist()},
    ):
        with pytest.raises(InputError, match="colour basis"):
            ColourBasis.from_dict(damaged)
