import pytest

from infusion_core.errors import SettingsError
from infusion_core.estimate import estimate
from infusion_core.intervals import resolve_intervals
from infusion_core.settings import PRESETS, Settings, from_dict, load_preset


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_loads_and_makes_a_run(name):
    settings = load_preset(name)
    assert settings.preset == name
    assert from_dict(settings.to_dict()) == settings
    assert resolve_intervals(settings)[-1].scale == (0.5 if name in ("draft", "standard") else 1.0)


def test_presets_cost_more_from_draft_to_best(all_hole):
    extent = all_hole((36, 128, 128))
    work = [
        (cost := estimate(extent, load_preset(name))).training_flops + cost.sampling_flops for name in PRESETS
    ]
    assert PRESETS == ("draft", "standard", "best", "paper")
    assert work == sorted(work)
    assert len(set(work)) == len(PRESETS)


def test_the_paper_preset_has_the_authors_constants():
    paper = load_preset("paper")
    diffusion = paper.diffusion
    assert (diffusion.num_steps, diffusion.beta_start, diffusion.beta_end) == (1000, 1e-4, 0.02)
    network = paper.network
    assert (network.kind, network.channels, network.levels) == ("paper", 32, 3)
    assert network.basis == "rgb"
    training = paper.training
    assert training.optimiser == "adam"
    assert (training.learning_rate, training.decay, training.ema) == (1e-4, "constant", 0.0)
    assert (training.batch, training.window, training.crop) == (1, 12, 0)
    assert (training.holes, training.loss, training.fill) == ("blobs", "known", "zero")
    assert (paper.sampling.eta, paper.sampling.noise_gain, paper.sampling.layouts) == (1.0, 1.0, 1)
    (stage,) = paper.stages
    assert (stage.intervals, stage.partition, stage.training_steps) == (20, "steps", 2000)
    assert (stage.sampling_steps, stage.t_high, stage.t_low) == (0, -1, 0)
    assert paper.shot.context == 8192


def test_no_preset_chooses_a_device_a_seed_or_frames():
    for name in PRESETS:
        settings = load_preset(name)
        assert settings.run == Settings().run
        assert settings.shot.frames == ""


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match="draft, standard, best, paper"):
        load_preset("fast")
