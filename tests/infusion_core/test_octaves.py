"""Coarser stages for larger regions with thicker holes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.extent import Extent
from infusion_core.intervals import resolve_intervals
from infusion_core.octaves import THINNEST, with_octaves
from infusion_core.settings import LOWEST_SCALE, load_preset

SIZES = st.tuples(st.integers(1, 300), st.integers(1, 5000), st.integers(1, 5000))
PRESETS = st.sampled_from(["draft", "standard", "best"])


def extent(size, thickness=None):
    """A region of frames, rows and columns with a hole of a thickness, by default as thick as can be."""
    return Extent(size, min(size[1:]) if thickness is None else thickness, np.ones((1, 1, 1), bool))


@given(PRESETS, SIZES, st.integers(1, 5000))
def test_the_first_stage_is_coarse_enough_and_each_stage_doubles_the_one_before(preset, size, thickness):
    settings = load_preset(preset)
    scales = [stage.scale for stage in with_octaves(settings, extent(size, thickness)).stages]
    first, side, coarsest = scales[0], min(size[1:]), settings.diffusion.coarsest
    assert first * side < 2 * coarsest or first * thickness < 2 * THINNEST or first == LOWEST_SCALE
    is_of_the_preset = first == settings.stages[0].scale
    assert is_of_the_preset or (first * side >= coarsest and first * thickness >= THINNEST)
    assert scales == [scales[0] * 2**i for i in range(len(scales))]
    if scales[-1] != settings.stages[-1].scale:
        assert scales[-1] == settings.stages[-2].scale == 0.25
        assert thickness * 0.25 >= settings.diffusion.laid_out > 0


@given(PRESETS, SIZES, st.integers(1, 5000))
def test_once_is_as_good_as_twice(preset, size, thickness):
    once = with_octaves(load_preset(preset), extent(size, thickness))
    assert with_octaves(once, extent(size, thickness)) == once
    assert resolve_intervals(once)[0].t_high == once.diffusion.num_steps - 1


def test_a_small_region_keeps_the_stages_of_the_preset():
    settings = load_preset("standard")
    assert with_octaves(settings, extent((40, 63, 112), 39)) == settings


@pytest.mark.parametrize(("thickness", "more"), [(12, 0), (31, 0), (32, 1), (40, 1), (64, 2), (2000, 4)])
def test_a_thin_hole_has_the_finer_stages_of_a_thick_one(thickness, more):
    settings = load_preset("best")
    thick, thin = (with_octaves(settings, extent((40, 1080, 1920), one)) for one in (1080, thickness))
    assert len(thin.stages) == len(settings.stages) + more
    assert thin.stages[1:] == thick.stages[-len(thin.stages) + 1 :]
    assert thin.stages[0] == replace(settings.stages[0], scale=thin.stages[0].scale)
    assert (thick.sampling.layouts, thin.sampling.layouts) == (8, 8 if more == 4 else 1)


def test_stages_between_are_like_the_second_and_each_begins_at_a_lower_noise_level():
    settings = load_preset("best")
    stages = with_octaves(settings, extent((100, 1000, 1400))).stages
    assert [stage.scale for stage in stages] == [1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1]
    assert stages[0] == replace(settings.stages[0], scale=1 / 64)
    second, third = settings.stages[1:]
    for stage in stages[1:-1]:
        assert stage == replace(second, scale=stage.scale, t_high=stage.t_high)
    assert stages[-1] == replace(third, t_high=stages[-1].t_high)
    levels = [stage.t_high for stage in stages[1:]]
    assert levels == sorted(levels, reverse=True)
    assert levels[:2] == [second.t_high, third.t_high]
    assert levels[-1] == pytest.approx(second.t_high * (third.t_high / second.t_high) ** 5, abs=1)


def test_where_no_stage_is_at_full_resolution_levels_fall_by_a_third():
    settings = load_preset("standard")
    first, *finer = with_octaves(settings, extent((100, 300, 400), 39)).stages
    assert [stage.scale for stage in (first, *finer)] == [1 / 8, 1 / 4, 1 / 2]
    second = settings.stages[1]
    levels = [201, 134]
    assert finer == [replace(second, scale=1 / 2 ** (2 - k), t_high=level) for k, level in enumerate(levels)]


@pytest.mark.parametrize(
    ("preset", "thickness", "last"),
    [
        ("draft", 11, 0.5),
        ("draft", 12, 0.25),
        ("standard", 39, 0.5),
        ("standard", 40, 0.25),
        ("best", 54, 1.0),
    ],
)
@pytest.mark.parametrize("size", [(36, 54, 96), (36, 135, 240)])
def test_a_hole_laid_out_an_octave_earlier_is_left_to_the_detail_of_the_plate(size, preset, thickness, last):
    settings = load_preset(preset)
    stages = with_octaves(settings, extent(size, thickness)).stages
    never = replace(settings, diffusion=replace(settings.diffusion, laid_out=0))
    longer = with_octaves(never, extent(size, thickness)).stages
    assert stages[-1].scale == last
    assert stages == longer[: len(stages)]


def test_a_second_stage_from_pure_noise_is_followed_by_lower_ones():
    settings = load_preset("best")
    first, second, third = settings.stages
    settings = replace(settings, stages=(first, replace(second, t_high=-1), third))
    levels = [stage.t_high for stage in with_octaves(settings, extent((100, 300, 400))).stages]
    assert levels == [-1, 999, 200, 40, 8]


@pytest.mark.parametrize("preset", ["paper", "standard"])
def test_the_paper_and_whoever_switches_it_off_keep_their_stages(preset):
    settings = load_preset(preset)
    if preset == "standard":
        settings = replace(settings, diffusion=replace(settings.diffusion, coarsest=0, laid_out=0))
    assert with_octaves(settings, extent((100, 2000, 2000))) == settings
