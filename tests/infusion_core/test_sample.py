import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.clip import all_unknown_filled
from infusion_core.errors import Cancelled
from infusion_core.focus import Focus
from infusion_core.intervals import resolve_intervals
from infusion_core.noise import clip_noise
from infusion_core.sample import add_noise, denoise_interval, paste_known, reverse_step, stage_start
from infusion_core.schedule import make_schedule
from infusion_core.settings import DiffusionSettings, Settings, override

SCHEDULE = make_schedule(DiffusionSettings())
ALPHA_BAR = SCHEDULE.alpha_bar
SIZE = (3, 2, 4, 6)  # C, F, H, W


def intervals(**stage):
    return resolve_intervals(override(Settings(), {"stages": [stage]}))


def noise_of(level):
    return clip_noise(0, [level], range(SIZE[1]), (SIZE[0], *SIZE[2:]))


@pytest.fixture
def plate():
    rng = np.random.default_rng(1)
    clean = rng.uniform(-1, 1, (1, *SIZE)).astype(np.float32)
    known = (rng.random((1, 1, *SIZE[1:])) < 0.6).astype(np.float32)
    return SimpleNamespace(clean=clean, known=known, masked=clean * known)


def denoised(plate, interval, denoiser, noisy, **options):
    return denoise_interval(
        interval, SCHEDULE, denoiser, noisy, plate.masked, plate.known, noise_of, **{"eta": 1.0, **options}
    )


@pytest.mark.parametrize("t", [0, 50, 500, 999])
def test_added_noise_has_the_moments_of_the_forward_process(t):
    noise = np.random.default_rng(t).standard_normal(400_000)
    noisy = add_noise(0.7, noise, ALPHA_BAR[t])
    sigma = math.sqrt(1 - ALPHA_BAR[t])
    assert noisy.mean() == pytest.approx(0.7 * math.sqrt(ALPHA_BAR[t]), abs=5 * sigma / math.sqrt(noise.size))
    assert noisy.var() == pytest.approx(1 - ALPHA_BAR[t], rel=5 * math.sqrt(2 / noise.size))


@given(st.integers(1, 999), st.floats(-1, 1), st.floats(-4, 4), st.floats(-4, 4))
def test_the_ancestral_step_draws_from_the_posterior_in_closed_form(t, x0, x_t, noise):
    beta = 1e-4 + (0.02 - 1e-4) * t / 999
    alpha, now, before = 1 - beta, ALPHA_BAR[t], ALPHA_BAR[t - 1]
    mean = beta * math.sqrt(before) / (1 - now) * x0 + (1 - before) * math.sqrt(alpha) / (1 - now) * x_t
    variance = beta * (1 - before) / (1 - now)
    step = reverse_step(x_t, x0, noise, now, before, eta=1.0)
    assert step == pytest.approx(mean + math.sqrt(variance) * noise, abs=1e-9)


@given(st.integers(1, 999), st.integers(1, 999), st.floats(0, 1))
def test_every_step_keeps_the_marginal_of_the_lower_level(t, down, eta):
    # for a clip noised to t with a true x0, x_s has mean sqrt(ab_s) x0 and variance 1 - ab_s, whatever eta
    s = max(0, t - down)
    at, lower = ALPHA_BAR[t], ALPHA_BAR[s]
    from_x0 = reverse_step(math.sqrt(at), 1.0, 0.0, at, lower, eta)
    from_noise = reverse_step(math.sqrt(1 - at), 0.0, 0.0, at, lower, eta)
    fresh = reverse_step(0.0, 0.0, 1.0, at, lower, eta)
    assert from_x0 == pytest.approx(math.sqrt(lower), abs=1e-9)
    assert from_noise**2 + fresh**2 == pytest.approx(1 - lower, abs=1e-9)


@given(st.integers(2, 999), st.integers(1, 500))
def test_without_eta_a_step_needs_no_noise(t, down):
    s = max(0, t - down)
    first = reverse_step(0.3, 0.5, None, ALPHA_BAR[t], ALPHA_BAR[s], eta=0.0)
    noise = (0.3 - math.sqrt(ALPHA_BAR[t]) * 0.5) / math.sqrt(1 - ALPHA_BAR[t])
    assert first == pytest.approx(add_noise(0.5, noise, ALPHA_BAR[s]), abs=1e-9)


def test_known_pixels_are_the_plates_bit_for_bit(plate):
    guess = np.random.default_rng(2).normal(0, 3, plate.clean.shape).astype(np.float32)
    pasted = paste_known(guess, plate.masked, plate.known)
    known = np.broadcast_to(plate.known > 0, pasted.shape)
    np.testing.assert_array_equal(pasted[known], plate.clean[known])
    assert np.abs(pasted[~known]).max() <= 1.0
    np.testing.assert_array_equal(pasted[~known], guess.clip(-1, 1)[~known])


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_a_perfect_denoiser_recovers_the_clip(plate, eta):
    noisy = noise_of(1000)
    for interval in intervals(intervals=3, sampling_steps=5):
        noisy, x0_hat = denoised(plate, interval, lambda *_: plate.clean, noisy, eta=eta)
    np.testing.assert_allclose(x0_hat, plate.clean, atol=1e-6)


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_an_interval_leaves_the_clip_at_the_noise_level_of_the_next(plate, eta):
    first, second = intervals(intervals=2, sampling_steps=20)
    big = SimpleNamespace(**{k: np.tile(v, (1, 1, 1, 16, 16)) for k, v in vars(plate).items()})
    noise = clip_noise(0, [1000], range(2), (3, 64, 96))

    def source(level):
        return clip_noise(0, [level], range(2), (3, 64, 96))

    noisy, _ = denoise_interval(
        first, SCHEDULE, lambda *_: big.clean, noise, big.masked, big.known, source, eta=eta
    )
    left = noisy - math.sqrt(ALPHA_BAR[second.t_high]) * big.clean
    assert abs(left.mean()) < 0.02
    assert left.var() == pytest.approx(1 - ALPHA_BAR[second.t_high], rel=0.04)


def _shrinking(noisy, t):
    return noisy * 0.5 + 0.001 * t


def _sampled(plate, source, **options):
    (interval,) = intervals(intervals=1, sampling_steps=6)
    noisy = noise_of(1000)
    return denoise_interval(
        interval, SCHEDULE, _shrinking, noisy, plate.masked, plate.known, source, **options
    )[1]


def test_without_eta_sampling_is_deterministic(plate):
    results = [
        _sampled(
            plate,
            lambda level, seed=seed: clip_noise(seed, [level], range(SIZE[1]), (3, *SIZE[2:])),
            eta=0.0,
        )
        for seed in (0, 1)
    ]
    np.testing.assert_array_equal(*results)


def test_the_gain_scales_the_fresh_noise_and_nothing_else(plate):
    with_gain = _sampled(plate, noise_of, eta=1.0, noise_gain=1.25)
    np.testing.assert_array_equal(with_gain, _sampled(plate, lambda level: 1.25 * noise_of(level), eta=1.0))
    assert np.abs(with_gain - _sampled(plate, noise_of, eta=1.0)).max() > 0.01


def test_an_interval_goes_on_from_any_step(plate):
    interval = intervals(intervals=2, sampling_steps=6)[0]
    seen = []
    whole = denoised(
        plate, interval, _shrinking, noise_of(1000), on_step=lambda i, noisy, x0: seen.append((i, noisy, x0))
    )
    assert [i for i, *_ in seen] == list(range(6))
    for step, noisy, _ in seen[:-1]:
        rest = denoised(plate, interval, _shrinking, noisy, first_step=step + 1)
        np.testing.assert_array_equal(rest[0], whole[0])
        np.testing.assert_array_equal(rest[1], whole[1])


def test_torch_and_numpy_sample_alike(plate):
    (interval,) = intervals(intervals=1, sampling_steps=8)
    ours = denoised(plate, interval, _shrinking, noise_of(1000))[1]
    theirs = denoise_interval(
        interval,
        SCHEDULE,
        _shrinking,
        torch.from_numpy(noise_of(1000)),
        torch.from_numpy(plate.masked),
        torch.from_numpy(plate.known),
        lambda level: torch.from_numpy(noise_of(level)),
        eta=1.0,
    )[1]
    np.testing.assert_allclose(theirs.numpy(), ours, atol=1e-6)


def test_it_stops_between_two_steps(plate):
    (interval,) = intervals(intervals=1, sampling_steps=8)
    done = []
    with pytest.raises(Cancelled):
        denoised(
            plate,
            interval,
            _shrinking,
            noise_of(1000),
            on_step=lambda i, *_: done.append(i),
            should_stop=lambda: len(done) == 3,
        )
    assert done == [0, 1, 2]


def test_the_first_stage_starts_from_noise_and_a_later_one_from_the_coarser_guess(plate):
    focus, known = Focus(slice(0, 3), slice(1, 5)), np.ones_like(plate.known)
    focus.of(known)[:] = focus.of(plate.known)
    clip = all_unknown_filled(plate.clean * known, known)
    noise = focus.of(noise_of(1000))
    noisy, x0_hat = stage_start(None, clip, focus, noise, ALPHA_BAR[999], np.asarray)
    np.testing.assert_array_equal(noisy, noise)
    assert x0_hat.shape == clip.plate.shape
    assert not x0_hat.any()
    coarser = np.full((1, 3, 2, 2, 3), 0.25, np.float32)
    noisy, x0_hat = stage_start(coarser, clip, focus, noise, ALPHA_BAR[600], np.asarray)
    hidden = np.broadcast_to(known == 0, x0_hat.shape)
    assert hidden.any()
    np.testing.assert_allclose(x0_hat[hidden], 0.25, atol=1e-6)
    np.testing.assert_array_equal(x0_hat[~hidden], plate.clean[~hidden])
    np.testing.assert_allclose(noisy, add_noise(focus.of(x0_hat), noise, ALPHA_BAR[600]), atol=1e-6)
