import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from infusion_core.basis import RGB
from infusion_core.clip import all_unknown_filled, clip_from_shot
from infusion_core.engine.examples import Examples, draw_examples, training_source
from infusion_core.engine.model import make_network
from infusion_core.engine.train import (
    draw_noise,
    draw_noise_levels,
    learning_rate,
    make_learner,
    step_randomness,
    train_interval,
    train_step,
    training_loss,
    update_average,
)
from infusion_core.errors import Cancelled
from infusion_core.intervals import resolve_intervals
from infusion_core.sample import add_noise
from infusion_core.schedule import make_schedule
from infusion_core.settings import DiffusionSettings, NetworkSettings, Settings, load_preset, override

SCHEDULE = make_schedule(DiffusionSettings())
PAPER = load_preset("paper")


@pytest.fixture
def clip(waves):
    arrays = clip_from_shot(waves, RGB)
    return all_unknown_filled(torch.from_numpy(arrays.plate), torch.from_numpy(arrays.known))


def small_network(kind="paper"):
    torch.manual_seed(0)
    return make_network(NetworkSettings(kind=kind, channels=6, levels=2), SCHEDULE)


def interval_of(**stage):
    return resolve_intervals(override(Settings(), {"stages": [stage]}))[0]


def test_a_constant_learning_rate_is_the_papers():
    rates = {learning_rate(step, 2000, PAPER.training) for step in range(0, 2000, 100)}
    assert rates == {1e-4}


@pytest.mark.parametrize(("steps", "warmup"), [(1, 0.05), (10, 0.0), (10, 1.0), (200, 0.05), (1000, 0.2)])
def test_a_cosine_learning_rate_rises_to_its_height_and_falls_to_a_hundredth(steps, warmup):
    settings = replace(Settings().training, learning_rate=0.5, decay="cosine", warmup=warmup)
    rates = [learning_rate(step, steps, settings) for step in range(steps)]
    assert all(0 < rate <= 0.5 for rate in rates)
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    if steps >= 200:
        assert max(rates) == pytest.approx(0.5, rel=0.01)
        assert rates[-1] < 0.011 * 0.5


def test_a_steps_randomness_depends_on_nothing_that_came_before():
    def numbers(*key):
        random = step_randomness(*key, torch.device("cpu"))
        return tuple(random.choices.random(4)), tuple(torch.randn(4, generator=random.noise).tolist())

    assert numbers(1, 2, 3) == numbers(1, 2, 3)
    keys = (1, 2, 3), (2, 2, 3), (1, 3, 3), (1, 2, 4), (3, 2, 1)
    for drawn in zip(*(numbers(*key) for key in keys), strict=True):
        assert len(set(drawn)) == len(keys)


def test_the_paper_trains_every_level_of_an_interval_alike():
    for interval in (resolve_intervals(PAPER)[3], resolve_intervals(PAPER)[-1]):
        levels = draw_noise_levels(interval, 50_000, np.random.default_rng(0))
        assert (int(levels.min()), int(levels.max())) == (interval.t_low, interval.t_high)
        counts = torch.bincount(levels - interval.t_low)
        assert len(counts) == 50
        assert ((counts - 1000).abs() < 6 * 1000**0.5).all()


def test_few_step_sampling_trains_the_levels_that_it_calls():
    interval = interval_of(intervals=3, sampling_steps=5)
    levels = draw_noise_levels(interval, 1000, np.random.default_rng(0))
    assert set(levels.tolist()) == set(interval.times)


def _example(weight):
    generator = torch.Generator().manual_seed(0)
    clean = torch.rand(1, 3, 2, 8, 8, generator=generator) * 2 - 1
    hole = (torch.rand(1, 1, 2, 8, 8, generator=generator) < 0.4).float()
    still = clean.mean(2, keepdim=True)
    return Examples(clean, clean * (1 - hole), hole, weight, still, still[:, :1])


def test_training_holds_the_share_of_noise_that_sampling_holds():
    noise = draw_noise((4, 3, 12, 24, 24), 0.8, torch.Generator().manual_seed(0))
    assert float(noise.var()) == pytest.approx(1.0, abs=0.05)
    assert float((noise[:, :, 0] * noise[:, :, 11]).mean()) == pytest.approx(0.8, abs=0.05)
    assert abs(float((noise[0] * noise[1]).mean())) < 0.05, "each example has its own"


def test_the_papers_loss_is_the_mean_square_over_all_voxels_with_the_real_hole_at_zero():
    weight = torch.ones(1, 1, 2, 8, 8)
    weight[..., 2:5, 3:7] = 0
    examples, network, t = _example(weight), small_network(), torch.tensor([321])
    noise = torch.randn(examples.clean.shape, generator=torch.Generator().manual_seed(1))
    noisy = add_noise(examples.clean, noise, SCHEDULE.alpha_bar[321])
    x0_hat = network(noisy, examples.masked_plate, examples.hole, examples.mean, examples.share, t)
    expected = torch.nn.functional.mse_loss(x0_hat * weight, examples.clean * weight)
    torch.testing.assert_close(
        training_loss(network, examples, t, noise, SCHEDULE, "known"), expected, rtol=1e-5, atol=1e-8
    )


@pytest.mark.parametrize("kind", ["paper", "factored"])
def test_the_hidden_loss_sees_only_what_it_weighs(kind):
    weight = torch.zeros(1, 1, 2, 8, 8)
    weight[..., 1, 2:5, 3:7] = 1
    examples, t = _example(weight), torch.tensor([200])
    noise = torch.zeros_like(examples.clean)

    class Guess(type(small_network(kind))):
        def __init__(self, guess):
            super().__init__(NetworkSettings(kind=kind, channels=4, levels=1), SCHEDULE)
            self.guess = guess

        def forward(self, *_):
            return self.guess

    def loss(guess):
        return float(training_loss(Guess(guess), examples, t, noise, SCHEDULE, "hidden"))

    wrong_elsewhere = examples.clean + 5 * (1 - weight)
    assert loss(wrong_elsewhere) == 0
    scale = 1.0 if kind == "paper" else float(small_network(kind).scales(t)[2]) ** 2
    assert loss(examples.clean + 0.5 * weight) == pytest.approx(0.25 / scale, rel=1e-4)


def test_nothing_to_learn_is_a_loss_of_zero_not_nan():
    examples = _example(torch.zeros(1, 1, 2, 8, 8))
    noise = torch.zeros_like(examples.clean)
    loss = training_loss(small_network(), examples, torch.tensor([5]), noise, SCHEDULE, "hidden")
    assert float(loss.detach()) == 0


def test_the_average_follows_the_weights_quickly_at_first_then_slowly():
    learner = make_learner(small_network(), replace(Settings().training, ema=0.9))
    name, weight = next(iter(learner.network.named_parameters()))
    with torch.no_grad():
        weight.fill_(1.0)
    learner.average[name].zero_()
    update_average(learner, 0.9, step=0)
    torch.testing.assert_close(learner.average[name], torch.full_like(weight, 0.9))
    learner.average[name].zero_()
    update_average(learner, 0.9, step=10_000)
    torch.testing.assert_close(learner.average[name], torch.full_like(weight, 0.1))
    assert learner.sampling_weights() is learner.average


def test_without_average_the_weights_themselves_are_used():
    learner = make_learner(small_network(), replace(Settings().training, ema=0.0))
    assert learner.average == {}
    weights = learner.sampling_weights()
    assert all(weights[name] is weight for name, weight in learner.network.named_parameters())


@pytest.mark.parametrize("make_optimiser", [torch.optim.Adam, torch.optim.AdamW])
def test_the_papers_training_is_plain_adam_at_a_constant_rate(clip, make_optimiser):
    settings = replace(PAPER.training, window=4)
    interval = replace(resolve_intervals(PAPER)[4], training_steps=4)
    learner = make_learner(small_network(), settings)
    network = copy.deepcopy(learner.network)
    fill = torch.zeros_like(clip.plate)
    losses, expected = [], []
    train_interval(
        learner,
        clip,
        fill,
        interval,
        SCHEDULE,
        settings,
        seed=9,
        on_step=lambda _, loss: losses.append(loss),
    )
    options = {"weight_decay": 0.0} if make_optimiser is torch.optim.AdamW else {}
    optimiser = make_optimiser(network.parameters(), lr=1e-4, **options)
    for step in range(4):
        random = step_randomness(9, interval.index, step, torch.device("cpu"))
        examples = draw_examples(training_source(clip, fill), settings, network.multiple, random.choices)
        t = draw_noise_levels(interval, 1, random.choices)
        noise = torch.randn(examples.clean.shape, generator=random.noise)
        noisy = add_noise(examples.clean, noise, SCHEDULE.alpha_bar[int(t)])
        x0_hat = network(noisy, examples.masked_plate, examples.hole, examples.mean, examples.share, t)
        loss = torch.nn.functional.mse_loss(x0_hat * examples.weight, examples.clean * examples.weight)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        expected.append(float(loss.detach()))
    assert losses == pytest.approx(expected, rel=1e-5)
    for trained, by_hand in zip(learner.network.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(trained, by_hand, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("optimiser", ["adam", "muon"])
def test_training_on_one_interval_lowers_its_loss_by_a_large_factor(clip, optimiser):
    rate = {"adam": 5e-3, "muon": 0.02}[optimiser]
    settings = replace(
        Settings().training, window=4, crop=16, batch=2, optimiser=optimiser, learning_rate=rate, ema=0.9
    )
    interval = interval_of(intervals=1, t_high=-1, t_low=600, training_steps=160, sampling_steps=4)
    learner = make_learner(
        make_network(NetworkSettings(kind="factored", channels=12, levels=2), SCHEDULE), settings
    )
    losses = []
    train_interval(
        learner,
        clip,
        clip.plate,
        interval,
        SCHEDULE,
        settings,
        seed=0,
        on_step=lambda _, loss: losses.append(loss),
    )
    assert sum(losses[-10:]) < 0.2 * sum(losses[:10])


@pytest.mark.parametrize(("stage", "fast"), [(0, 0), (1, 20)])
def test_only_finer_stages_learn_at_double_speed(monkeypatch, stage, fast):
    plate = torch.arange(12)[:, None, None] / 12 * torch.ones(1, 3, 12, 16, 16)
    source = training_source(all_unknown_filled(plate, torch.ones(1, 1, 12, 16, 16)), torch.zeros_like(plate))
    settings = replace(Settings().training, window=4, crop=8, batch=1, double_speed=1.0, ema=0.0)
    interval = replace(interval_of(scale=1.0), stage=stage)
    steps_seen = []

    def seen(learner, examples, *_, **__):
        steps_seen.append(round(12 * float(examples.clean[0, 0, 1, 0, 0] - examples.clean[0, 0, 0, 0, 0])))
        return 0.0

    monkeypatch.setattr("infusion_core.engine.train.descend", seen)
    learner = make_learner(small_network(), settings)
    for step in range(20):
        train_step(learner, [source], interval, SCHEDULE, settings, seed=0, stream=0, step=step, num_steps=20)
    assert steps_seen.count(2) == fast
    assert steps_seen.count(1) == 20 - fast


def test_it_stops_between_two_steps(clip):
    settings = replace(PAPER.training, window=4)
    steps = []
    with pytest.raises(Cancelled):
        train_interval(
            make_learner(small_network(), settings),
            clip,
            clip.plate,
            interval_of(training_steps=9),
            SCHEDULE,
            settings,
            seed=0,
            on_step=lambda step, _: steps.append(step),
            should_stop=lambda: len(steps) == 2,
        )
    assert steps == [0, 1]
