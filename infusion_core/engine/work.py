"""What every task on a shot works with: its clip on the device, its intervals, its noise."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from infusion_core.basis import ColourBasis, shot_basis
from infusion_core.clip import Clip, clip_from_shot, scaled_clip
from infusion_core.cores import threads_for
from infusion_core.engine.device import choose_device, choose_precision, keep_numbers, set_threads
from infusion_core.engine.examples import Source, training_source
from infusion_core.engine.model import Network, make_network
from infusion_core.engine.train import Learner, make_learner, step_randomness
from infusion_core.focus import Focus, hole_focus
from infusion_core.intervals import Interval, resolve_intervals
from infusion_core.layouts import is_last_of_layouts, likeliest_layout
from infusion_core.liveliness import shot_gain, with_motion
from infusion_core.noise import stage_noise
from infusion_core.octaves import with_octaves
from infusion_core.prior.weights import load_prior
from infusion_core.sample import stage_start
from infusion_core.schedule import Schedule, make_schedule
from infusion_core.settings import Settings
from infusion_core.views import shot_views

if TYPE_CHECKING:
    from infusion_core.shot import Shot


@dataclass(frozen=True)
class Work:
    """All that does not change while a shot is worked on.

    Attributes:
        shot, settings: What is asked, with the stages and the held noise that the shot asks for.
        device: Where tensors live.
        precision: Arithmetic of training.
        schedule, intervals: The noise levels and their partition.
        full_clip: The shot at its own resolution, NumPy.
        basis: Colours that the networks work in.
    """

    shot: Shot
    settings: Settings
    device: torch.device
    precision: torch.dtype
    schedule: Schedule
    intervals: tuple[Interval, ...]
    full_clip: Clip
    basis: ColourBasis
    _clips: dict[int, Clip] = field(default_factory=dict, repr=False, compare=False)
    _views: dict[int, tuple[Source, ...]] = field(default_factory=dict, repr=False, compare=False)

    def tensor(self, array: np.ndarray) -> Tensor:
        """A NumPy array as a tensor on the device."""
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def _on_device(self, clip: Clip) -> Clip:
        return Clip(self.tensor(clip.plate), self.tensor(clip.known), clip.hole)

    def noise(self, interval: Interval, draw: int, size: tuple[int, int, int]) -> Tensor:
        """The take's noise for one draw at an interval's size, (layouts, 3, F, H, W)."""
        seed, held = self.settings.run.seed, self.schedule.held_noise
        return self.tensor(stage_noise(seed, interval.stage, draw, size, held, range(interval.layouts)))

    def clip(self, interval: Interval) -> Clip:
        """The shot at an interval's scale; kept for one stage at a time."""
        if interval.stage not in self._clips:
            self._clips.clear()
            self._clips[interval.stage] = self._on_device(scaled_clip(self.full_clip, interval.scale))
        return self._clips[interval.stage]

    def focus(self, clip: Clip) -> Focus:
        """What the reverse diffusion works on, of the shot at a scale."""
        return hole_focus(clip.known[0, 0].cpu().numpy(), clip.hole, self.settings.network)

    def views(self, interval: Interval) -> tuple[Source, ...]:
        """What training learns from besides the shot itself; kept for one stage at a time."""
        if interval.stage not in self._views:
            self._views.clear()
            made = shot_views(
                self.full_clip, interval.scale, self.settings.training.views, self.settings.run.seed
            )
            clips = [self._on_device(view) for view in made]
            nothing = torch.zeros((), device=self.device)
            self._views[interval.stage] = tuple(
                training_source(clip, nothing.expand(clip.plate.shape)) for clip in clips
            )
        return self._views[interval.stage]

    @cached_property
    def prior(self) -> dict[str, np.ndarray] | None:
        """The shipped weights to start from; None where the settings want none or none are shipped."""
        return load_prior(self.settings.network) if self.settings.training.prior else None

    @cached_property
    def noise_gain(self) -> float:
        """Standard deviation of the fresh noise of the reverse steps."""
        return shot_gain(self.full_clip, self.basis, self.settings)

    @property
    def restarts(self) -> bool:
        """Whether each interval starts from the shipped weights, not from what was learned before it."""
        return self.settings.training.restart and self.prior is not None

    def starts_stage(self, interval: Interval) -> bool:
        """Whether the reverse diffusion begins anew with this interval."""
        return interval.index == 0 or self.intervals[interval.index - 1].ends_stage

    def stage_start(self, interval: Interval, clip: Clip, x0_hat: Tensor) -> tuple[Tensor, Tensor]:
        """Noisy clip, in its focus, and x0_hat that a stage starts from, given x0_hat of the stage before."""
        coarser = None if interval.index == 0 else x0_hat.cpu().numpy()
        focus = self.focus(clip)
        noise = self.noise(interval, self.schedule.num_steps, focus.clip(clip).size)
        highest = self.schedule.alpha_bar[interval.t_high]
        noisy, x0_hat = stage_start(coarser, clip, focus, noise, highest, self.tensor)
        return noisy, x0_hat


def keep_layout(work: Work, interval: Interval, clip: Clip, x0_hat: Tensor) -> tuple[Tensor, int | None]:
    """One of the layouts that were denoised side by side, and its number, where an interval is their last.

    Args:
        clip: The shot at the interval's scale.
        x0_hat: What the interval ended with, (layouts, 3, F, H, W).

    Returns:
        ``x0_hat`` as it is and None in all other intervals.
    """
    if not is_last_of_layouts(interval, work.intervals):
        return x0_hat, None
    threads = threads_for(work.settings.run.threads)
    layout = likeliest_layout(x0_hat.cpu().numpy(), clip.hole, work.basis, threads)
    return x0_hat[layout : layout + 1], layout


def begin(shot: Shot, settings: Settings) -> Work:
    """Choose device and arithmetic and bring the shot to the networks' colours.

    Raises:
        SettingsError: the device or the precision asked for does not work here.
    """
    settings = with_octaves(settings, shot.extent)
    set_threads(settings.run.threads)
    keep_numbers()
    device = choose_device(settings.run.device)
    basis = shot_basis(shot, settings)
    full_clip = clip_from_shot(shot, basis)
    settings = with_motion(settings, full_clip, basis)
    return Work(
        shot=shot,
        settings=settings,
        device=device,
        precision=choose_precision(settings.run, device, min(settings.training.window, len(shot.plate))),
        schedule=make_schedule(settings.diffusion),
        intervals=resolve_intervals(settings),
        full_clip=full_clip,
        basis=basis,
    )


def new_network(work: Work) -> Network:
    """The network with the weights that every run with these settings and this seed begins with."""
    random = step_randomness(work.settings.run.seed, len(work.intervals), 0, torch.device("cpu"))
    torch.manual_seed(random.noise.initial_seed())
    network = make_network(work.settings.network, work.schedule)
    if work.prior is not None:
        network.load_state_dict({name: torch.from_numpy(weight) for name, weight in work.prior.items()})
    network.to(work.device)
    store_channels_last(network)
    return network


def new_learner(work: Work) -> Learner:
    """A learner that has learned nothing of the shot yet."""
    return make_learner(new_network(work), work.settings.training)


def learner_after(work: Work, learner: Learner) -> Learner:
    """The learner that the next interval starts from, given that of the interval before.

    As in the paper it goes on from what it has learned. Where ``training.restart`` is set it starts from the
    shipped weights again: they know nothing of the shot, but nothing by heart either (docs/experiments.md).
    """
    return new_learner(work) if work.restarts else learner


def store_channels_last(network: torch.nn.Module) -> None:
    """Store the weights with channels last, for which the convolution kernels are much faster."""
    network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
