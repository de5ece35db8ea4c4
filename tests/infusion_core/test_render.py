import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from infusion_core.basis import shot_basis
from infusion_core.bundle import export_bundle, open_bundle
from infusion_core.clip import all_unknown_filled, clip_from_shot, filled, scaled_clip
from infusion_core.denoisers import make_denoiser
from infusion_core.engine.model import make_network
from infusion_core.engine.run import run
from infusion_core.errors import Cancelled
from infusion_core.focus import focus_on
from infusion_core.intervals import resolve_intervals
from infusion_core.liveliness import shot_gain
from infusion_core.network_size import reach
from infusion_core.noise import clip_noise, stage_draw
from infusion_core.render import available_providers, render
from infusion_core.sample import denoise_interval, stage_start
from infusion_core.schedule import make_schedule
from infusion_core.settings import override
from infusion_core.tiles import cut

TOLERANCE = 1e-3  # of the model's range


@pytest.fixture(scope="module", params=[("factored", "off"), ("factored", "on"), ("paper", "off")], ids=str)
def made(request, waves, tiny_settings, tmp_path_factory):
    """The opened bundle of a run, the run's result and each interval's weights."""
    kind, held = request.param
    sampling = {"noise_gain": 1.4, "hold_coarser": held}
    settings = tiny_settings(kind, run={"seed": 5}, training={"optimiser": "adam"}, sampling=sampling)
    weights = []
    result = run(waves, settings, on_interval=lambda one: weights.append(one.weights))
    folder = tmp_path_factory.mktemp("render") / "bundle"
    export_bundle(folder, settings, weights, waves)
    return open_bundle(folder), result, weights


@pytest.fixture(scope="module", params=["factored", "paper"])
def lively(request, waves, tiny_settings, tmp_path_factory):
    """The opened bundle of networks that depend strongly on all they see, and their weights."""
    settings = tiny_settings(request.param, network={"channels": 12}, sampling={"noise_gain": 1.5})
    torch.manual_seed(0)
    weights = []
    for _ in resolve_intervals(settings):
        network = make_network(settings.network, make_schedule(settings.diffusion))
        for name, parameter in network.named_parameters():
            if parameter.ndim > 1:  # a weak tail keeps most of x0_hat clear of the clip at +-1
                torch.nn.init.kaiming_normal_(parameter, a=1.0 if name.startswith("tail") else 0.0)
        weights.append({name: weight.detach().numpy() for name, weight in network.named_parameters()})
    folder = tmp_path_factory.mktemp("lively") / "bundle"
    export_bundle(folder, settings, weights, waves)
    return open_bundle(folder), weights


def torch_take(settings, basis, weights, shot, seed):
    """The sampler over torch networks, interval by interval."""
    schedule = make_schedule(settings.diffusion)
    network = make_network(settings.network, schedule).eval()
    full, x0_hat, last_stage = clip_from_shot(shot, basis), None, None
    intervals = resolve_intervals(settings)
    gain = shot_gain(full, basis, settings)
    for interval, parameters in zip(intervals, weights, strict=True):
        network.load_state_dict({name: torch.from_numpy(value) for name, value in parameters.items()})
        scaled = scaled_clip(full, interval.scale)
        whole = all_unknown_filled(torch.from_numpy(scaled.plate), torch.from_numpy(scaled.known))
        focus = focus_on(scaled.known[0, 0] == 0, reach(settings.network)[1], network.multiple)
        clip = focus.clip(whole)
        frames, *size = clip.size

        def noise(draw, stage=interval.stage, frames=frames, size=size):
            held = settings.diffusion.held_noise
            return torch.from_numpy(
                clip_noise(seed, [stage_draw(stage, draw)], range(frames), (3, *size), held)
            )

        if interval.stage != last_stage:
            coarser = None if x0_hat is None else x0_hat.numpy()
            start = float(schedule.alpha_bar[interval.t_high])
            noisy, x0_hat = stage_start(
                coarser, whole, focus, noise(schedule.num_steps), start, torch.from_numpy
            )
            last_stage = interval.stage
        denoiser = make_denoiser(
            lambda *inputs: network(*inputs[:-1], torch.tensor([inputs[-1]])),
            clip,
            network.multiple,
            cut(clip.known[0, 0].numpy() == 0, reach(settings.network), network.multiple, 10**9),
            moving_grid=settings.sampling.moving_grid,
            zeros=torch.zeros,
        )
        with torch.no_grad():
            noisy, x0_hat = denoise_interval(
                interval,
                schedule,
                denoiser,
                noisy,
                clip.plate,
                clip.known,
                noise,
                eta=settings.sampling.eta,
                noise_gain=gain,
            )
        x0_hat = focus.put(x0_hat, whole.plate)
    return filled(shot, x0_hat.numpy(), basis)


def test_the_runs_own_seed_renders_the_runs_own_result(made, waves):
    bundle, result, _ = made
    rendered = render(bundle, waves, bundle.settings.run.seed)
    assert rendered.dtype == np.float32
    assert np.abs(rendered - result).max() < TOLERANCE
    np.testing.assert_array_equal(rendered[waves.known], waves.plate[waves.known])


def test_the_gain_is_that_of_the_shot(lively, waves):
    bundle, _ = lively
    plain = replace(bundle, settings=override(bundle.settings, {"sampling": {"noise_gain": 1.0}}))
    still = replace(waves, plate=np.broadcast_to(waves.plate[:1], waves.plate.shape))
    np.testing.assert_array_equal(render(bundle, still, 3), render(plain, still, 3))
    assert np.abs(render(bundle, waves, 3) - render(plain, waves, 3)).max() > 2 * TOLERANCE


def test_held_noise_is_rendered_as_it_was_run(make_waves, tiny_settings, tmp_path):
    shot = make_waves(frames=12)
    shot = replace(
        shot, plate=np.where(np.arange(12)[:, None, None, None] % 2, shot.plate[:1], shot.plate[1:2])
    )
    shot = replace(shot, plate=np.where(shot.hole[..., None], np.float32(0), shot.plate))
    settings = tiny_settings(diffusion={"held_noise": -1.0}, training={"optimiser": "adam"})
    weights = []
    result = run(shot, settings, on_interval=lambda one: weights.append(one.weights))
    export_bundle(tmp_path / "bundle", settings, weights, shot)
    bundle = open_bundle(tmp_path / "bundle")
    assert bundle.settings.diffusion.held_noise > 0.1, "the shot has set it"
    assert np.abs(render(bundle, shot, settings.run.seed) - result).max() < TOLERANCE
    other = replace(bundle, settings=override(bundle.settings, {"diffusion": {"held_noise": 0.0}}))
    assert np.abs(render(other, shot, settings.run.seed) - result).max() > 5 * TOLERANCE


def test_the_layout_that_the_run_kept_is_rendered_and_other_takes_choose_their_own(
    waves, tiny_settings, tmp_path, monkeypatch
):
    monkeypatch.setattr("infusion_core.engine.work.likeliest_layout", lambda *_: 2)
    settings = tiny_settings(sampling={"layouts": 3}, training={"optimiser": "adam"})
    results = []
    result = run(waves, settings, on_interval=results.append)
    export_bundle(tmp_path / "bundle", settings, [one.weights for one in results], waves, layout=2)
    bundle = open_bundle(tmp_path / "bundle")
    assert np.abs(render(bundle, waves, settings.run.seed) - result).max() < TOLERANCE
    first = render(replace(bundle, layout=0), waves, settings.run.seed)
    assert np.abs(first - result).max() > 5 * TOLERANCE
    takes, asked = [], []
    for layout in (0, 1):

        def likeliest_layout(x0_hat, known, basis, threads, layout=layout):
            asked.append(len(x0_hat))
            return layout

        monkeypatch.setattr("infusion_core.render.likeliest_layout", likeliest_layout)
        takes.append(render(bundle, waves, 9))
    assert asked == [3, 3]
    assert np.abs(takes[0] - takes[1]).max() > 5 * TOLERANCE


def test_other_seeds_give_other_takes(lively, waves):
    bundle, _ = lively
    one, again, other = (render(bundle, waves, seed) for seed in (6, 6, 7))
    np.testing.assert_array_equal(one, again)
    np.testing.assert_array_equal(other[waves.known], waves.plate[waves.known])
    assert np.abs(one - other)[waves.hole].max() > 5 * TOLERANCE


@pytest.mark.parametrize("size", [(6, 16, 24), (9, 24, 16), (1, 13, 27)])
def test_it_matches_torch_at_any_size_and_length(lively, make_waves, size):
    bundle, weights = lively
    shot = make_waves(*size)
    expected = torch_take(bundle.settings, bundle.basis, weights, shot, 3)
    rendered = render(bundle, shot, 3)
    assert rendered.shape == (*size, 3)
    assert np.abs(rendered - expected).max() < TOLERANCE


def test_tiles_are_rendered_as_they_were_run(waves, tiny_settings, tmp_path):
    settings = tiny_settings(run={"memory": 1e-5}, training={"optimiser": "adam"})
    weights = []
    result = run(waves, settings, on_interval=lambda one: weights.append(one.weights))
    export_bundle(tmp_path / "bundle", settings, weights, waves)
    rendered = render(open_bundle(tmp_path / "bundle"), waves, settings.run.seed)
    assert np.abs(rendered - result).max() < TOLERANCE


def test_a_bundle_works_in_the_colours_of_its_own_shot(made, waves):
    bundle, *_ = made
    expected = shot_basis(waves, bundle.settings)
    np.testing.assert_array_equal(bundle.basis.matrix, expected.matrix)
    brighter = replace(waves, plate=waves.plate * 0.5)
    assert np.isfinite(render(bundle, brighter, 0)).all()


def test_progress_is_told_for_every_interval_and_it_can_be_stopped(made, waves):
    bundle, *_ = made
    reports = []
    render(bundle, waves, 0, on_progress=reports.append)
    assert [report.interval for report in reports] == [0, 1, 2]
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    calls = iter(range(100))
    with pytest.raises(Cancelled):
        render(bundle, waves, 0, should_stop=lambda: next(calls) > 4)


def test_the_cpu_is_always_there():
    assert list(available_providers("cpu")) == ["CPUExecutionProvider"]
    assert list(available_providers("auto"))[-1] == "CPUExecutionProvider"


def test_a_gpu_comes_first_and_computes_as_the_run_did(monkeypatch):
    installed = ["CPUExecutionProvider", "CUDAExecutionProvider", "AnotherExecutionProvider"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: installed)
    first, *_ = available_providers("auto").items()
    assert first == ("CUDAExecutionProvider", {"use_tf32": "0"})
    assert list(available_providers("cpu")) == ["CPUExecutionProvider"]


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
import numpy as np
from infusion_core.bundle import open_bundle
from infusion_core.render import render
from infusion_core.shot import Shot
bundle, shot, result = sys.argv[1:]
np.save(result, render(open_bundle(bundle), Shot.load(shot), 5))
assert not [name for name in sys.modules if name.startswith(("torch.", "onnx."))]
"""


def test_a_process_without_torch_renders_the_same(made, waves, tmp_path):
    bundle, result, _ = made
    waves.save(tmp_path / "shot.safetensors")
    paths = (bundle.folder, tmp_path / "shot.safetensors", tmp_path / "result.npy")
    done = subprocess.run(
        [sys.executable, "-P", "-c", WITHOUT_TORCH, *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert np.abs(np.load(paths[-1]) - result).max() < TOLERANCE


def test_a_steady_fill_is_rendered_as_it_was_run(make_waves, tiny_settings, tmp_path, monkeypatch):
    monkeypatch.setattr("infusion_core.steady.EVENT", 1e6)  # all that so little training makes strays far
    shot = make_waves(frames=12)
    still = 0.5 + 0.01 * np.random.default_rng(0).standard_normal(shot.plate.shape)
    shot = replace(shot, plate=np.where(shot.hole[..., None], 0.0, still).astype(np.float32))
    settings = tiny_settings(training={"optimiser": "adam"}, sampling={"steady": True})
    weights = []
    result = run(shot, settings, on_interval=lambda one: weights.append(one.weights))
    export_bundle(tmp_path / "bundle", settings, weights, shot)
    bundle = open_bundle(tmp_path / "bundle")
    assert np.abs(render(bundle, shot, settings.run.seed) - result).max() < TOLERANCE
    free = replace(bundle, settings=override(bundle.settings, {"sampling": {"steady": False}}))
    assert np.abs(render(free, shot, settings.run.seed) - result)[shot.hole].max() > 3 * TOLERANCE


def test_detail_from_the_plate_is_rendered_as_it_was_run(waves, tiny_settings, tmp_path):
    few = {"training_steps": 4, "sampling_steps": 3}
    settings = tiny_settings(
        training={"optimiser": "adam"},
        stages=[{"scale": 0.25, "intervals": 1, **few}, {"scale": 0.5, "t_high": 600, "intervals": 1, **few}],
    )
    weights, reports = [], []
    result = run(waves, settings, on_interval=lambda one: weights.append(one.weights))
    export_bundle(tmp_path / "bundle", settings, weights, waves)
    bundle = open_bundle(tmp_path / "bundle")
    rendered = render(bundle, waves, settings.run.seed, on_progress=reports.append)
    away = np.abs(rendered - result)
    assert np.quantile(away[waves.hole], 0.99) < TOLERANCE, "two places may be all but alike"
    np.testing.assert_array_equal(rendered[waves.known], waves.plate[waves.known])
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert len(reports) == 2 + len(waves.plate)
    assert np.abs(render(bundle, waves, 9) - result)[waves.hole].mean() > TOLERANCE
