"""Another take from a bundle: the same sampler over ONNX Runtime. Never imports PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import onnxruntime

from infusion_core.bundle import Bundle
from infusion_core.clip import Clip, clip_from_shot, filled, scaled_clip
from infusion_core.cores import limit_numpy, threads_for
from infusion_core.denoisers import INPUT_NAMES, shot_denoiser
from infusion_core.estimate import call_flops, detail_flops, detail_frames
from infusion_core.exemplars import finished
from infusion_core.focus import hole_focus
from infusion_core.guide import guided_where_asked
from infusion_core.intervals import Interval
from infusion_core.layouts import is_last_of_layouts, likeliest_layout
from infusion_core.liveliness import shot_gain
from infusion_core.meter import DETAIL_MESSAGE
from infusion_core.noise import stage_noise
from infusion_core.progress import OnProgress, Progress, ShouldStop, ignore_progress, never_stop
from infusion_core.sample import Denoiser, denoise_interval, stage_start
from infusion_core.schedule import Schedule, make_schedule
from infusion_core.shot import Shot

# Best first, with options; TF32 would round factors to 10 bits, and the pixels would not be the run's.
PROVIDERS: dict[str, dict[str, str]] = {
    "CUDAExecutionProvider": {"use_tf32": "0"},
    "CPUExecutionProvider": {},
}


def available_providers(device: str = "auto") -> dict[str, dict[str, str]]:
    """ONNX Runtime's execution providers to use with their options; ``device`` cpu leaves CUDA out."""
    installed = onnxruntime.get_available_providers()
    return {
        name: options
        for name, options in PROVIDERS.items()
        if name in installed and (device != "cpu" or name == "CPUExecutionProvider")
    }


def _denoiser(bundle: Bundle, interval: Interval, clip: Clip) -> Denoiser:
    run = bundle.settings.run
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads_for(run.threads)
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        bundle.models[interval.index], options, providers=list(available_providers(run.device).items())
    )
    wanted = {item.name for item in session.get_inputs()}

    def predicted(*inputs: Any) -> np.ndarray:
        *clips, t = inputs
        values = (*(np.ascontiguousarray(array, np.float32) for array in clips), np.array([t], np.int64))
        feed = {name: value for name, value in zip(INPUT_NAMES, values, strict=True) if name in wanted}
        return session.run(None, feed)[0]

    def call(noisy: np.ndarray, *others: Any) -> np.ndarray:
        return np.concatenate([predicted(one[None], *others) for one in noisy])

    zeros = partial(np.zeros, dtype=np.float32)
    return shot_denoiser(call, clip, clip.known, bundle.multiple, bundle.settings, zeros)


@dataclass(frozen=True)
class _Take:
    """What the noise of a take is like: its seed, its strength, and the layouts of each interval."""

    seed: int
    noise_gain: float
    layouts: tuple[Sequence[int], ...]


@dataclass(frozen=True)
class _Fill:
    """Noisy clip and x0_hat as far as they go, and x0_hat that the stage before ended with."""

    noisy: np.ndarray | None = None
    x0_hat: np.ndarray | None = None
    coarser: np.ndarray | None = None


def _layouts(bundle: Bundle, seed: int) -> tuple[Sequence[int], ...]:
    """The layouts that each interval denoises; of the bundle's own take, the one that its run kept."""
    several = [range(interval.layouts) for interval in bundle.intervals]
    if seed == bundle.seed:
        several = [one if len(one) == 1 else one[bundle.layout : bundle.layout + 1] for one in several]
    return tuple(several)


def _denoise(
    bundle: Bundle,
    interval: Interval,
    full_clip: Clip,
    schedule: Schedule,
    take: _Take,
    fill: _Fill,
    should_stop: ShouldStop,
) -> _Fill:
    whole = scaled_clip(full_clip, interval.scale)
    focus = hole_focus(whole.known[0, 0], whole.hole, bundle.settings.network)
    clip, layouts = focus.clip(whole), take.layouts[interval.index]

    def noise(draw: int) -> np.ndarray:
        return stage_noise(take.seed, interval.stage, draw, clip.size, schedule.held_noise, layouts)

    if interval.index == 0 or bundle.intervals[interval.index - 1].ends_stage:
        highest = schedule.alpha_bar[interval.t_high]
        noisy, x0_hat = stage_start(fill.x0_hat, whole, focus, noise(schedule.num_steps), highest, np.asarray)
        fill = _Fill(noisy, x0_hat, fill.x0_hat)
    denoiser = guided_where_asked(
        _denoiser(bundle, interval, clip),
        fill.coarser,
        full_clip,
        interval,
        bundle.settings,
        whole,
        focus,
        np.asarray,
    )
    noisy, x0_hat = denoise_interval(
        interval,
        schedule,
        denoiser,
        fill.noisy,
        clip.plate,
        clip.known,
        noise,
        eta=bundle.settings.sampling.eta,
        noise_gain=take.noise_gain,
        should_stop=should_stop,
    )
    x0_hat = focus.put(x0_hat, whole.plate)
    if len(layouts) > 1 and is_last_of_layouts(interval, bundle.intervals):
        kept = likeliest_layout(x0_hat, whole.hole, bundle.basis, threads_for(bundle.settings.run.threads))
        x0_hat = x0_hat[kept : kept + 1]
    return _Fill(noisy, x0_hat, fill.coarser)


def render(
    bundle: Bundle,
    shot: Shot,
    seed: int,
    *,
    on_progress: OnProgress = ignore_progress,
    should_stop: ShouldStop = never_stop,
) -> np.ndarray:
    """Fill the hole of a shot with the models of a bundle.

    Args:
        bundle: The models; they serve any number of frames and any region size.
        shot: Plate in the bundle's model range with what is known of it.
        seed: The take; the seed of the bundle's own run gives that run's result to about 1e-3, in the
            layout that it kept, but for pixels whose detail comes from another of two places that are all
            but alike. Others choose among as many layouts.

    Returns:
        The filled shot (F, H, W, 3) float32 in model range; known pixels are the plate's.

    Raises:
        Cancelled: ``should_stop`` returned true.
    """
    threads = threads_for(bundle.settings.run.threads)
    limit_numpy(threads)
    schedule = make_schedule(bundle.settings.diffusion)
    full_clip = clip_from_shot(shot, bundle.basis)
    take = _Take(seed, shot_gain(full_clip, bundle.basis, bundle.settings), _layouts(bundle, seed))
    work = [
        len(layouts) * len(interval.times) * call_flops(interval, shot.extent, bundle.settings)
        for interval, layouts in zip(bundle.intervals, take.layouts, strict=True)
    ]
    detail, frames = detail_flops(shot.extent, bundle.settings), detail_frames(shot.extent, bundle.settings)
    total = sum(work) + detail
    fill = _Fill()
    for interval in bundle.intervals:
        fill = _denoise(bundle, interval, full_clip, schedule, take, fill, should_stop)
        on_progress(
            Progress(
                "denoise",
                sum(work[: interval.index + 1]) / total,
                interval=interval.index,
                num_intervals=len(bundle.intervals),
                message=f"Denoising interval {interval.index + 1} of {len(bundle.intervals)}",
            )
        )

    def on_frame(done: int) -> None:
        fraction = (sum(work) + detail * done / frames) / total
        on_progress(Progress("denoise", fraction, step=done, num_steps=frames, message=DETAIL_MESSAGE))

    x0_hat = finished(
        np.asarray(fill.x0_hat),
        bundle.intervals[-1].scale,
        full_clip,
        seed,
        is_calm=bundle.settings.sampling.holds,
        is_steady=bundle.settings.sampling.steady,
        threads=threads,
        on_frame=on_frame,
        should_stop=should_stop,
    )
    return filled(shot, x0_hat, bundle.basis)
