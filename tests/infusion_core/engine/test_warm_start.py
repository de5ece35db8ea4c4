"""Weights learned from procedural textures, and runs that start from them."""

import dataclasses

import numpy as np
import pytest
import torch

from infusion_core.arrays import shot_from_arrays
from infusion_core.engine import prior_training
from infusion_core.engine.examples import draw_from_each
from infusion_core.engine.model import make_network
from infusion_core.engine.parallel import Trunk, train_expert
from infusion_core.engine.prior_training import procedural_source, save_prior, train_prior
from infusion_core.engine.run import run
from infusion_core.engine.train import training_loss
from infusion_core.engine.work import begin, new_network
from infusion_core.prior.weights import load_prior, prior_file
from infusion_core.schedule import make_schedule
from infusion_core.settings import PRESETS, NetworkSettings, apply_assignments, load_preset


def shot_for(settings):
    pixels = np.random.default_rng(0).random((4, 24, 24, 3)).astype(np.float32)
    hole = np.zeros((4, 24, 24), bool)
    hole[:, 8:14, 8:14] = True
    return shot_from_arrays(pixels, hole, settings, "display")


def starting_weights(*assignments):
    settings = apply_assignments(load_preset("draft"), ["run.threads=1", *assignments])
    return dict(new_network(begin(shot_for(settings), settings)).named_parameters())


@pytest.mark.parametrize("name", PRESETS)
def test_all_start_warm_but_the_paper_which_needs_no_weights_of_ours(name):
    settings = load_preset(name)
    warm = name != "paper"
    assert settings.training.prior == warm
    assert prior_file(settings.network).is_file() == warm
    assert settings.training.restart == (name in ("standard", "best")), "a draft's few steps must add up"


def test_a_run_starts_from_the_shipped_weights_whatever_its_seed():
    shipped = load_prior(load_preset("standard").network)
    for seed in (0, 1):
        for name, weight in starting_weights(f"run.seed={seed}").items():
            np.testing.assert_array_equal(weight.detach().numpy(), shipped[name])


@pytest.mark.parametrize("change", ["training.prior=false", "network.channels=24", "network.basis=rgb"])
def test_switched_off_or_for_another_network_a_run_starts_from_random_weights(change):
    weights = starting_weights(change)
    assert not weights["down.0.out.weight"].any(), "fresh blocks begin as the identity"
    assert not torch.equal(weights["head.weight"], starting_weights(change, "run.seed=1")["head.weight"])


def weights_at_each_start(monkeypatch, *assignments):
    """The first weights of the network as each interval's training finds them; training spoils them."""
    found = []

    def spoil(_bench, _part, learner, *_):
        weight = next(learner.network.parameters())
        found.append(weight.detach().clone())
        with torch.no_grad():
            weight.fill_(float(len(found)))

    monkeypatch.setattr("infusion_core.engine.run.train", spoil)
    few = ["stages.intervals=2", "stages.sampling_steps=1", "run.threads=1"]
    settings = apply_assignments(load_preset("standard"), [*few, *assignments])
    run(shot_for(settings), settings)
    return found


def test_every_interval_starts_from_the_shipped_weights_where_it_is_to_restart(monkeypatch):
    first, *others = weights_at_each_start(monkeypatch)
    assert len(others) >= 3
    assert all(torch.equal(weights, first) for weights in others)


@pytest.mark.parametrize("change", ["training.restart=false", "training.prior=false", "network.channels=24"])
def test_else_it_goes_on_from_the_interval_before(monkeypatch, change):
    _, *others = weights_at_each_start(monkeypatch, change)
    assert [float(weights.flatten()[0]) for weights in others] == list(range(1, len(others) + 1))


@pytest.mark.parametrize("change", ["training.restart=true", "training.restart=false"])
def test_an_expert_starts_from_the_shipped_weights_where_it_is_to_restart_else_from_the_trunk(
    monkeypatch, change
):
    few = ["stages.intervals=1", "stages.sampling_steps=1", "run.threads=1"]
    settings = apply_assignments(load_preset("standard"), [*few, change])
    shipped = load_prior(settings.network)
    trunk = Trunk({name: weight + 1.0 for name, weight in shipped.items()}, fill=None)
    monkeypatch.setattr("infusion_core.engine.parallel.train", lambda *_: None)
    expected = shipped if change.endswith("true") else trunk.weights
    for name, weight in train_expert(shot_for(settings), settings, 1, trunk).items():
        np.testing.assert_array_equal(weight, expected[name])


def unexplained(network, weights):
    """Loss on procedural clips that nothing was trained on, over all noise levels."""
    settings = apply_assignments(load_preset("standard"), ["training.batch=6"])
    schedule = make_schedule(settings.diffusion)
    torch.manual_seed(0)
    model = make_network(network, schedule)
    model.load_state_dict({name: torch.as_tensor(weight) for name, weight in weights.items()}, strict=False)
    chooser = np.random.default_rng(12345)
    sources = [procedural_source(chooser) for _ in range(6)]
    examples = draw_from_each(sources, settings.training, model.multiple, chooser)
    noise = torch.randn(examples.clean.shape, generator=torch.Generator().manual_seed(0))
    t = torch.tensor([50, 100, 200, 400, 600, 800])
    with torch.no_grad():
        return float(training_loss(model, examples, t, noise, schedule, "hidden"))


def test_the_shipped_weights_explain_procedural_clips_that_they_were_not_trained_on():
    network = load_preset("standard").network
    assert unexplained(network, load_prior(network)) < 0.7 * unexplained(network, {})


def test_training_learns_from_procedural_clips_and_what_it_saves_can_be_loaded(tmp_path, monkeypatch, capsys):
    network = NetworkSettings(channels=8, levels=2, growth=1.0)
    settings = dataclasses.replace(load_preset("standard"), network=network)
    monkeypatch.setattr(prior_training, "CLIPS", 6)
    monkeypatch.setattr(prior_training, "REPORT", 20)
    learner = train_prior(settings, 60, torch.float32)
    assert "step 60 of 60: loss" in capsys.readouterr().out
    assert unexplained(network, learner.sampling_weights()) < 0.9 * unexplained(network, {})
    monkeypatch.setattr("infusion_core.prior.weights.resources.files", lambda _: tmp_path)
    assert load_prior(network) is None
    prior_file(network).parent.mkdir()
    save_prior(learner, prior_file(network))
    loaded = load_prior(network)
    for name, weight in learner.sampling_weights().items():
        np.testing.assert_allclose(loaded[name], weight.detach().numpy(), atol=1e-3)
