import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from infusion_core.basis import shot_basis
from infusion_core.clip import filled
from infusion_core.engine import phases
from infusion_core.engine.checkpoint import State
from infusion_core.engine.model import make_network
from infusion_core.engine.run import run
from infusion_core.errors import Cancelled
from infusion_core.intervals import resolve_intervals
from infusion_core.schedule import make_schedule
from infusion_core.settings import DiffusionSettings, override

FEW = {"training_steps": 4, "sampling_steps": 3}
ENDING_AT_A_HALF = [
    {"scale": 0.25, "t_low": 500, "intervals": 1, **FEW},
    {"scale": 0.5, "t_high": 600, "intervals": 2, **FEW},
]
VARIANTS = {
    "muon": {"training": {"optimiser": "muon", "learning_rate": 0.02}},
    "adam without average": {"training": {"optimiser": "adam", "ema": 0.0}, "network": {"basis": "rgb"}},
    "tiles": {"run": {"memory": 1e-5}, "sampling": {"eta": 0.5}},
    "bfloat16": {"run": {"precision": "bfloat16"}, "sampling": {"precision": "training"}},
    "views": {"training": {"views": 5}, "sampling": {"noise_gain": 1.1}},
    "held noise": {"diffusion": {"held_noise": 0.6}},
    "restart": {"training": {"prior": True, "restart": True}},
    "layouts": {"sampling": {"layouts": 3}},
    "detail from the plate": {"stages": ENDING_AT_A_HALF},
    "held to the coarser fill": {"sampling": {"layouts": 2, "hold_coarser": "on"}},
}


@pytest.fixture
def every_step(monkeypatch):
    """Give out a state after every step instead of every minute."""
    monkeypatch.setattr(phases, "CHECKPOINT_SECONDS", -1.0)


@pytest.fixture
def shipped_weights(monkeypatch):
    """Weights to start from for any network, as those of draft and standard have."""

    def load_prior(network):
        torch.manual_seed(7)
        weights = make_network(network, make_schedule(DiffusionSettings())).state_dict()
        return {name: weight.numpy() for name, weight in weights.items()}

    monkeypatch.setattr("infusion_core.engine.work.load_prior", load_prior)


def finish(shot, settings, state=None):
    """Run to the end; the result and each interval's weights."""
    weights = {}
    result = run(shot, settings, state=state, on_interval=lambda r: weights.update({r.index: r.weights}))
    return result, weights


def assert_same_ends(whole, resumed):
    np.testing.assert_array_equal(resumed[0], whole[0])
    for index, weights in resumed[1].items():
        for name, weight in weights.items():
            np.testing.assert_array_equal(weight, whole[1][index][name])


@pytest.mark.parametrize("kind", ["factored", "paper"])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.usefixtures("every_step", "shipped_weights")
def test_a_run_resumed_from_any_step_gives_the_same_bits(waves, tiny_settings, tmp_path, kind, variant):
    settings = tiny_settings(kind, **VARIANTS[variant])
    states, weights = [], {}
    result = run(
        waves,
        settings,
        on_checkpoint=lambda state: states.append(copy.deepcopy(state)),
        on_interval=lambda r: weights.update({r.index: r.weights}),
    )
    assert {(state.interval, state.phase) for state in states} == {
        *((k, phase) for k in range(3) for phase in ("train", "denoise")),
        (1, "start"),
        (2, "start"),
        (2, "done"),
    }
    whole = variant == "muon" and kind == "factored"
    for state in states if whole else states[2::5]:
        path = tmp_path / "checkpoint"
        state.save(path)
        assert_same_ends((result, weights), finish(waves, settings, State.load(path)))


@pytest.mark.parametrize("when", [0, 3, 5, 10, 17])
def test_a_cancelled_run_leaves_a_state_that_goes_on_to_the_same_bits(waves, tiny_settings, when):
    settings, reports, states = tiny_settings(), [], []
    with pytest.raises(Cancelled):
        run(
            waves,
            settings,
            on_progress=reports.append,
            should_stop=lambda: len(reports) >= when,
            on_checkpoint=states.append,
        )
    assert len(reports) == when
    assert_same_ends(finish(waves, settings), finish(waves, settings, states[-1]))


def test_a_run_stopped_while_it_takes_detail_from_the_plate_goes_on_with_it(waves, tiny_settings):
    settings, reports, states = tiny_settings(stages=ENDING_AT_A_HALF), [], []
    with pytest.raises(Cancelled):
        run(
            waves,
            settings,
            on_progress=reports.append,
            should_stop=lambda: any("detail" in report.message for report in reports),
            on_checkpoint=states.append,
        )
    assert states[-1].phase == "done"
    assert reports[-1].fraction < 1.0
    result, weights = finish(waves, settings, states[-1])
    assert weights == {}, "nothing is trained again"
    np.testing.assert_array_equal(result, finish(waves, settings)[0])


@pytest.mark.parametrize("layouts", [1, 2])
@pytest.mark.usefixtures("every_step")
def test_a_hole_in_a_wide_shot_is_denoised_alone_and_resumed(make_waves, tiny_settings, monkeypatch, layouts):
    """Most of the shot is farther from the hole than the network sees."""
    shot, settings = make_waves(5, 16, 120), tiny_settings(sampling={"layouts": layouts})
    states, sizes, weights = [], [], {}
    noise = phases.Work.noise

    def seen(work, interval, draw, size):
        sizes.append(size)
        return noise(work, interval, draw, size)

    monkeypatch.setattr(phases.Work, "noise", seen)
    result = run(
        shot,
        settings,
        on_checkpoint=lambda state: states.append(copy.deepcopy(state)),
        on_interval=lambda r: weights.update({r.index: r.weights}),
    )
    assert set(sizes) == {(5, 8, 32), (5, 16, 40)}
    np.testing.assert_array_equal(result[shot.known], shot.plate[shot.known])
    assert result[shot.hole].std() > 0
    for state in states[1::4]:
        assert_same_ends((result, weights), finish(shot, settings, state))


def test_known_pixels_are_the_plates_bit_for_bit_and_the_hole_is_filled(waves, tiny_settings):
    result, _ = finish(waves, tiny_settings())
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result[waves.known], waves.plate[waves.known])
    assert np.isfinite(result).all()
    assert result[waves.hole].std() > 0


def test_a_seed_gives_one_take_whatever_the_global_generator_holds(waves, tiny_settings):
    torch.manual_seed(1)
    one, _ = finish(waves, tiny_settings())
    torch.manual_seed(2)
    again, _ = finish(waves, tiny_settings())
    other, _ = finish(waves, tiny_settings(run={"seed": 1}))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other)[waves.hole].mean() > 0.01


def test_what_the_hole_held_does_not_matter(waves, tiny_settings):
    rubbish = np.where(waves.hole[..., None], np.float32(np.nan), waves.plate)
    one, _ = finish(waves, tiny_settings())
    other, _ = finish(replace(waves, plate=rubbish), tiny_settings())
    np.testing.assert_array_equal(one, other)


def test_progress_rises_to_one_and_losses_come_in_order(waves, tiny_settings):
    settings, reports, losses, results = tiny_settings(), [], [], []
    run(
        waves,
        settings,
        on_progress=reports.append,
        on_loss=lambda *loss: losses.append(loss),
        on_interval=results.append,
    )
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < fractions[-1]
    assert fractions[-1] == pytest.approx(1)
    assert [(interval, step) for interval, step, _ in losses] == [(k, s) for k in range(3) for s in range(4)]
    assert all(np.isfinite(loss) for *_, loss in losses)
    assert [result.index for result in results] == [0, 1, 2]
    assert [result.x0_hat.shape for result in results] == [(6, 8, 12, 3)] + [(6, 16, 24, 3)] * 2
    assert [report.stage for report in reports[:8]] == ["train"] * 4 + ["denoise"] * 3 + ["train"]


def test_of_several_layouts_the_likeliest_goes_on(waves, tiny_settings, monkeypatch):
    compared = []

    def likeliest_layout(x0_hat, known, basis, threads):
        compared.extend(x0_hat)
        return 2

    monkeypatch.setattr("infusion_core.engine.work.likeliest_layout", likeliest_layout)
    settings, results = tiny_settings(sampling={"layouts": 3}), []
    result = run(waves, settings, on_interval=results.append)
    assert [one.layout for one in results] == [None, None, 2]
    assert len(compared) == 3
    assert np.abs(compared[0] - compared[2]).max() > 0.01
    basis = shot_basis(waves, settings)
    np.testing.assert_array_equal(result, filled(waves, compared[2][None], basis))
    single = run(waves, tiny_settings())
    np.testing.assert_allclose(filled(waves, compared[0][None], basis), single, atol=1e-5)


def test_intervals_have_models_of_their_own(waves, tiny_settings):
    _, weights = finish(waves, tiny_settings())
    assert len(weights) == len(resolve_intervals(tiny_settings()))
    assert any((weights[0][name] != weights[2][name]).any() for name in weights[0])


def test_sizes_that_fit_no_multiple_are_filled_too(make_waves, tiny_settings):
    shot = make_waves(frames=3, height=13, width=19)
    result, _ = finish(shot, tiny_settings(network={"levels": 3}))
    assert result.shape == (3, 13, 19, 3)
    np.testing.assert_array_equal(result[shot.known], shot.plate[shot.known])


def test_a_trained_fill_is_far_nearer_to_the_truth_than_an_untrained_one(make_waves, tiny_settings):
    shot = make_waves(frames=8)
    f, y, x = np.mgrid[:8, :16, :24]
    wave = np.sin(x / 3 + f) * 0.5 + 0.3 * np.cos(y / 2 - f / 2)
    truth = np.stack([wave, -wave, 0.5 * wave], axis=-1)
    np.testing.assert_allclose(truth[shot.known], shot.plate[shot.known], atol=1e-5)

    def error(steps):
        stages = [{"intervals": 3, "training_steps": steps, "sampling_steps": 5}]
        settings = override(
            tiny_settings(
                network={"channels": 12},
                training={"optimiser": "muon", "learning_rate": 0.02, "batch": 2, "crop": 16},
            ),
            {"stages": stages},
        )
        result, _ = finish(shot, settings)
        return float(((result - truth)[shot.hole] ** 2).mean())

    # the variance of the truth is what a flat fill would cost
    trained = error(120)
    assert trained < 0.2 * error(1)
    assert trained < 0.3 * truth[shot.hole].var()
