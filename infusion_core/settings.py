"""The one schema of settings: names, defaults, ranges and help for every surface of the tool.

Command line, TOML files, job files, host knobs and dialogs are all derived from the frozen
dataclasses below, so that they say the same things. Standard library only.

A preset is a TOML file in ``infusion_core/presets``; a user's TOML and ``--set`` override it.
Every section of ``Settings`` is a table of such a file; ``stages`` is an array of tables.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, get_type_hints

from infusion_core.errors import SettingsError

SETTINGS_SCHEMA_VERSION = 3
PRESETS = ("draft", "standard", "best", "paper")
LOWEST_SCALE = 1 / 128


def setting(
    default: Any,
    label: str,
    help: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    unit: str = "",
) -> Any:
    """Declare one setting with all that a command line or a knob needs to show it."""
    metadata = {
        "label": label,
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "choices": choices,
        "unit": unit,
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class ShotSettings:
    """What is filled: frames, matte treatment, colour."""

    frames: str = setting(
        "", "Frame range", "Frames to fill, e.g. 1001-1048, 1-20x2 or 1-5,9. Empty: every frame of the plate."
    )
    handles: int = setting(
        0,
        "Handles",
        "Extra frames before and after the range that the model learns from but that are not written.",
        minimum=0,
        maximum=1000,
        unit="frames",
    )
    layer: str = setting(
        "",
        "Layer",
        "Layer or part whose R, G and B are filled, e.g. rgba_left. Empty: the main picture.",
    )
    matte_channel: str = setting(
        "",
        "Matte channel",
        "Channel that holds the matte, e.g. A. Empty: A if the matte has one that varies, else R or Y. "
        "Give the plate itself as matte to use one of its channels.",
    )
    invert: bool = setting(False, "Invert matte", "Fill where the matte is black instead of white.")
    threshold: float = setting(
        0.02,
        "Threshold",
        "Matte values above this belong to the hole; values at or below it are known pixels.",
        minimum=0.0,
        maximum=0.999,
    )
    grow: int = setting(
        0,
        "Grow",
        "Grow the hole by this many pixels (negative: shrink it).",
        minimum=-500,
        maximum=500,
        unit="px",
    )
    feather: float = setting(
        0.0,
        "Feather",
        "Blend the fill into the plate over this many pixels outside the grown hole.",
        minimum=0.0,
        maximum=500.0,
        unit="px",
    )
    colour: str = setting(
        "auto",
        "Colour",
        "How pixel values are brought to the model's range: scene-linear (log-like, HDR kept), "
        "display (sRGB-like, 0 to 1), or auto: scene-linear for float files, display for the others.",
        choices=("auto", "scene-linear", "display"),
    )
    alpha: str = setting(
        "keep",
        "Alpha",
        "keep: the plate's alpha is untouched. matte: alpha becomes the filled matte.",
        choices=("keep", "matte"),
    )
    context: int = setting(
        -1,
        "Context",
        "Known pixels kept around the hole on every side for the model to learn from and join on to. "
        "-1: chosen from the size of the hole.",
        minimum=-1,
        maximum=8192,
        unit="px",
    )
    follow_camera: bool = setting(
        True,
        "Follow camera",
        "Where the camera moves, if only by a few pixels over the shot, lay the frames over each other, "
        "so that to the model the background stands still. The region grows by the camera's way, and memory "
        "with it. Off in the preset paper.",
    )


@dataclass(frozen=True)
class RunSettings:
    """Where and how the work runs."""

    seed: int = setting(0, "Seed", "Another seed gives another take.", minimum=0, maximum=2**31 - 1)
    device: str = setting("auto", "Device", "auto, cpu, cuda, cuda:1, mps. auto takes a GPU where one works.")
    precision: str = setting(
        "auto",
        "Precision",
        "Arithmetic of the network. auto: bfloat16 where the device is fast at it and a self-test passes.",
        choices=("auto", "float32", "bfloat16"),
    )
    threads: int = setting(
        0, "Threads", "CPU threads; 0: all cores this process may use.", minimum=0, maximum=1024
    )
    memory: float = setting(
        0.0,
        "Memory",
        "Memory the run may use; 0: what is free. Larger holes are denoised in parts to fit.",
        minimum=0.0,
        maximum=4096.0,
        unit="GiB",
    )


@dataclass(frozen=True)
class NetworkSettings:
    """The 3D U-Net that predicts x0."""

    kind: str = setting(
        "factored",
        "Network",
        "paper: the authors' 3D U-Net (492,963 parameters). factored: space and time convolved in turn.",
        choices=("paper", "factored"),
    )
    basis: str = setting(
        "shot",
        "Basis",
        "Colours that the network works in. rgb: as the paper. shot: the shot's own principal colours, "
        "which keeps coloured grain out of the fill.",
        choices=("rgb", "shot"),
    )
    channels: int = setting(32, "Channels", "Feature channels at the finest level.", minimum=4, maximum=512)
    levels: int = setting(3, "Levels", "Resolutions of the U-Net.", minimum=1, maximum=6)
    growth: float = setting(
        2.0,
        "Growth",
        "How much wider each coarser level is than the one above it (factored only).",
        minimum=1.0,
        maximum=4.0,
    )


@dataclass(frozen=True)
class DiffusionSettings:
    """The forward process: linear beta, paper section 3."""

    num_steps: int = setting(1000, "Diffusion steps", "Number T of noise levels.", minimum=10, maximum=10000)
    beta_start: float = setting(1e-4, "First beta", "Variance added at t = 0.", minimum=1e-8, maximum=0.5)
    beta_end: float = setting(0.02, "Last beta", "Variance added at t = T-1.", minimum=1e-8, maximum=0.999)
    coarsest: int = setting(
        14,
        "Coarsest side",
        "For regions larger than the first of several stages is made for, coarser stages are put before it "
        "until the region's shorter side is below twice this, or the hole is four pixels thick there; 0: "
        "none is.",
        minimum=0,
        maximum=4096,
        unit="px",
    )
    laid_out: int = setting(
        0,
        "Laid out",
        "A hole so many pixels thick at the scale of the last stage but one is laid out there: a last stage "
        "below full resolution is left out, and what it would bring is taken from the plate as well; 0: no "
        "stage is left out.",
        minimum=0,
        maximum=4096,
        unit="px",
    )
    held_noise: float = setting(
        0.0,
        "Held noise",
        "Share of the noise that is the same in all frames. 0 as in the paper; 0.8 keeps in its place what "
        "sways in place and is never revealed, e.g. a tree. -1: up to 0.8 where a lively shot sways in place "
        "(the second stage then starts from more noise), 0 where the shot is calm or moves on.",
        minimum=-1.0,
        maximum=0.95,
    )


@dataclass(frozen=True)
class StageSettings:
    """Consecutive intervals worked at one resolution; stages run from coarse to fine."""

    scale: float = setting(
        1.0,
        "Scale",
        "Resolution of this stage relative to the plate. Detail finer than the last stage is taken from the "
        "plate around the hole.",
        minimum=LOWEST_SCALE,
        maximum=1.0,
    )
    t_high: int = setting(
        -1,
        "Highest t",
        "Noise level at which the stage starts, inclusive. -1: the last, T-1.",
        minimum=-1,
        maximum=9999,
    )
    t_low: int = setting(
        0, "Lowest t", "Noise level at which the stage ends, inclusive.", minimum=0, maximum=9999
    )
    intervals: int = setting(4, "Intervals", "Intervals in this stage.", minimum=1, maximum=1000)
    partition: str = setting(
        "log-snr",
        "Partition",
        "How the stage is cut into intervals: equal in t (steps) or in log signal-to-noise ratio (log-snr).",
        choices=("steps", "log-snr"),
    )
    training_steps: int = setting(
        200, "Training steps", "Optimiser steps for each interval.", minimum=1, maximum=10_000_000
    )
    sampling_steps: int = setting(
        0,
        "Sampling steps",
        "Network calls for each interval; 0: one for every noise level in it.",
        minimum=0,
        maximum=10000,
    )

    def highest_level(self, num_steps: int) -> int:
        """``t_high`` as a noise level of a schedule of ``num_steps``."""
        return num_steps - 1 if self.t_high < 0 else self.t_high


@dataclass(frozen=True)
class TrainingSettings:
    """How one interval's model is trained on the shot."""

    mode: str = setting(
        "sequential",
        "Mode",
        "sequential: each interval starts from the weights and the fill of the one before, as the paper. "
        "parallel: all have a short trunk in common and may train at the same time, on a machine each.",
        choices=("sequential", "parallel"),
    )
    prior: bool = setting(
        False,
        "Warm start",
        "Start from weights that have learned procedural textures instead of from random ones, where the "
        "network is that of draft, standard and best.",
    )
    restart: bool = setting(
        False,
        "Warm start of every interval",
        "Start every interval from the warm start; off: only the first, and each other from the weights of "
        "the one before, or in parallel mode from those of the trunk.",
    )
    trunk_steps: int = setting(
        0,
        "Trunk steps",
        "Optimiser steps of the shared trunk, over the noise levels of all intervals (parallel only). "
        "0: twice as many as an interval takes on average.",
        minimum=0,
        maximum=10_000_000,
    )
    optimiser: str = setting(
        "muon",
        "Optimiser",
        "adam: as the paper. muon: orthogonal updates of the hidden convolutions, far fewer steps.",
        choices=("adam", "muon"),
    )
    learning_rate: float = setting(0.02, "Learning rate", "Highest learning rate.", minimum=1e-8, maximum=1.0)
    decay: str = setting(
        "cosine",
        "Decay",
        "Learning rate over an interval: constant, or warm-up and cosine to a hundredth.",
        choices=("constant", "cosine"),
    )
    warmup: float = setting(
        0.05,
        "Warm-up",
        "Share of an interval's steps spent warming up (cosine only).",
        minimum=0.0,
        maximum=1.0,
    )
    ema: float = setting(
        0.98, "EMA", "Decay of the moving average of the weights; 0: off.", minimum=0.0, maximum=0.99999
    )
    batch: int = setting(1, "Batch", "Crops in one optimiser step.", minimum=1, maximum=256)
    window: int = setting(
        12, "Window", "Frames in one training crop.", minimum=1, maximum=1000, unit="frames"
    )
    crop: int = setting(
        64,
        "Crop",
        "Side of a training crop at the stage's resolution; 0: the whole frame of the region of interest.",
        minimum=0,
        maximum=4096,
        unit="px",
    )
    holes: str = setting(
        "shot",
        "Training holes",
        "blobs: random Bezier blobs over half the frame or more, as the paper. shot: the shot's own hole, "
        "moved, flipped and scaled, mixed with blobs.",
        choices=("blobs", "shot"),
    )
    views: int = setting(
        0,
        "Views",
        "At half the resolution and below, learn from up to this many views of the shot besides: mirrored, "
        "shifted, stretched. Keeps a network from learning by heart what is where. 0: the shot alone, "
        "as the paper.",
        minimum=0,
        maximum=1000,
    )
    double_speed: float = setting(
        0.0,
        "Double speed",
        "Share of the crops that take every other frame, in stages after the first. What moves twice as fast "
        "there keeps finer stages from slowing down what the coarser one laid out. None where other frames "
        "show most of the hole. 0: none, as the paper.",
        minimum=0.0,
        maximum=1.0,
    )
    loss: str = setting(
        "hidden",
        "Loss",
        "known: over every known pixel, as the paper. hidden: over the known pixels the training hole hides.",
        choices=("known", "hidden"),
    )
    fill: str = setting(
        "current",
        "Fill",
        "What training sees in the real hole before noise is added. zero: nothing, as the paper. "
        "current: what the reverse diffusion has put there so far.",
        choices=("zero", "current"),
    )


@dataclass(frozen=True)
class SamplingSettings:
    """How the reverse diffusion is run through an interval."""

    eta: float = setting(
        1.0,
        "Eta",
        "Fresh noise in each reverse step: 1 is the paper's ancestral sampling, 0 deterministic (DDIM).",
        minimum=0.0,
        maximum=1.0,
    )
    noise_gain: float = setting(
        1.0,
        "Noise gain",
        "Strength of the fresh noise in lively shots; calm ones get 1, large ones of many stages less. A "
        "little above 1 gives back the detail and motion that a model of few training steps smooths away; "
        "too much is grain.",
        minimum=0.5,
        maximum=1.5,
    )
    layouts: int = setting(
        1,
        "Layouts",
        "Coarse fills that are tried; the one whose texture is most like that around the hole is kept. Costs "
        "little, for only the two coarsest stages are denoised so often. 1 as in the paper.",
        minimum=1,
        maximum=32,
    )
    moving_grid: bool = setting(
        False,
        "Moving grid",
        "Lay the network's grid of halved pixels elsewhere in each call, so that no trace of it stays in the "
        "fill. Off as in the paper.",
    )
    hold_coarser: str = setting(
        "auto",
        "Hold to the coarser fill",
        "Whether finer stages keep what the coarser one laid out, and detail stays from frame to frame, "
        "where no frame shows what is behind the hole. auto: in calm shots, so that walls and steps run "
        "through; fire and cloth are better without.",
        choices=("auto", "on", "off"),
    )
    steady: bool = setting(
        False,
        "Steady",
        "Where enough other frames show a place, let the fill stray from it no farther than they do, nor "
        "much less: behind a hole that moves a still background stands still, and what stirs there stirs. "
        "Off as in the paper.",
    )
    precision: str = setting(
        "float32",
        "Precision",
        "Arithmetic of the network calls. float32: 'infusion render' makes the same pixels again. "
        "training: as in training, faster where that is bfloat16.",
        choices=("float32", "training"),
    )

    @property
    def holds(self) -> bool:
        """Whether finer stages are held; ``liveliness.with_motion`` settles it for ``auto``."""
        return self.hold_coarser == "on"


@dataclass(frozen=True)
class Settings:
    """All settings of one run, resolved."""

    preset: str = "standard"
    shot: ShotSettings = ShotSettings()
    run: RunSettings = RunSettings()
    network: NetworkSettings = NetworkSettings()
    diffusion: DiffusionSettings = DiffusionSettings()
    training: TrainingSettings = TrainingSettings()
    sampling: SamplingSettings = SamplingSettings()
    stages: tuple[StageSettings, ...] = (StageSettings(),)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with its schema version."""
        data = dataclasses.asdict(self)
        data["stages"] = list(data["stages"])
        return {"schema_version": SETTINGS_SCHEMA_VERSION, **data}


SECTIONS: dict[str, type] = {
    "shot": ShotSettings,
    "run": RunSettings,
    "network": NetworkSettings,
    "diffusion": DiffusionSettings,
    "training": TrainingSettings,
    "sampling": SamplingSettings,
}


@cache
def _types(section: type) -> dict[str, type]:
    return get_type_hints(section)


def _checked(section: type, where: str, name: str, value: Any) -> Any:
    """Return ``value`` as the type that the schema asks for, or raise SettingsError."""
    by_name = {item.name: item for item in fields(section)}
    if name not in by_name:
        known = ", ".join(by_name)
        raise SettingsError(f"Unknown setting {where}.{name}.", remedy=f"Known here: {known}.")
    wanted = _types(section)[name]
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not wanted:
        raise SettingsError(
            f"Setting {where}.{name} is {value!r}.", remedy=f"Give it a value of type {wanted.__name__}."
        )
    limits = by_name[name].metadata
    choices, low, high = limits["choices"], limits["minimum"], limits["maximum"]
    if choices and value not in choices:
        raise SettingsError(
            f"Setting {where}.{name} is {value!r}.", remedy=f"Choose one of: {', '.join(choices)}."
        )
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        raise SettingsError(f"Setting {where}.{name} is {value}.", remedy=f"Choose from {low:g} to {high:g}.")
    return value


def _section(section: type, where: str, values: Any) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise SettingsError(f"[{where}] is not a table of settings.")
    return {name: _checked(section, where, name, value) for name, value in values.items()}


def override(settings: Settings, data: Mapping[str, Any]) -> Settings:
    """Return ``settings`` with the nested tables of ``data`` laid over it.

    ``data`` has the shape of a preset file: ``{"training": {"window": 8}, "stages": [{...}]}``.
    ``stages``, when given, replaces all stages.

    Raises:
        SettingsError: a name is unknown, or a value has the wrong type or range.
    """
    changes: dict[str, Any] = {}
    for name, values in data.items():
        if name == "schema_version":
            if values != SETTINGS_SCHEMA_VERSION:
                raise SettingsError(
                    f"These settings have schema version {values}; "
                    f"this release reads {SETTINGS_SCHEMA_VERSION}."
                )
        elif name == "preset":
            if values not in PRESETS:
                raise SettingsError(
                    f"There is no preset {values!r}.", remedy=f"Choose one of: {', '.join(PRESETS)}."
                )
            changes["preset"] = values
        elif name == "stages":
            if not isinstance(values, Iterable) or not values:
                raise SettingsError("'stages' needs at least one [[stages]] table.")
            changes["stages"] = tuple(
                StageSettings(**_section(StageSettings, f"stages[{i}]", stage))
                for i, stage in enumerate(values)
            )
        elif name in SECTIONS:
            given = _section(SECTIONS[name], name, values)
            changes[name] = dataclasses.replace(getattr(settings, name), **given)
        else:
            raise SettingsError(
                f"Unknown table [{name}] in the settings.",
                remedy=f"Known: preset, {', '.join(SECTIONS)}, stages.",
            )
    return dataclasses.replace(settings, **changes)


def load_preset(name: str) -> Settings:
    """The settings of a shipped preset: draft, standard, best or paper."""
    if name not in PRESETS:
        raise SettingsError(f"There is no preset {name!r}.", remedy=f"Choose one of: {', '.join(PRESETS)}.")
    text = resources.files("infusion_core").joinpath("presets", f"{name}.toml").read_text("utf-8")
    return override(Settings(preset=name), tomllib.loads(text))


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a settings file.

    Raises:
        SettingsError: the file cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"Cannot read the settings file: {error.strerror}.", path=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file is not valid TOML: {error}.", path=path) from error


def parse_assignment(text: str) -> dict[str, Any]:
    """Turn one ``--set`` argument, e.g. ``training.learning_rate=1e-3``, into nested tables.

    The value is read as TOML; a word without quotes is a string. ``stages.NAME=value`` is not
    accepted here because stages are an array: see ``override_stages``.
    """
    name, equals, value = text.partition("=")
    section, dot, key = name.strip().partition(".")
    if not equals or not dot or not key:
        raise SettingsError(
            f"Cannot read {text!r}.", remedy="Write section.name=value, e.g. training.window=8."
        )
    try:
        parsed = tomllib.loads(f"value = {value.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    return {section: {key: parsed}}


def override_stages(settings: Settings, key: str, value: Any) -> Settings:
    """Return ``settings`` with ``key`` set on one stage (``"0.training_steps"``) or on all of them."""
    index, dot, name = key.partition(".")
    if not dot:
        index, name = "", key
    if index and not (index.isdigit() and int(index) < len(settings.stages)):
        raise SettingsError(
            f"There is no stage {index}.", remedy=f"Stages are 0 to {len(settings.stages) - 1}."
        )
    stages = tuple(
        dataclasses.replace(stage, **_section(StageSettings, f"stages[{i}]", {name: value}))
        if not index or int(index) == i
        else stage
        for i, stage in enumerate(settings.stages)
    )
    return dataclasses.replace(settings, stages=stages)


def apply_assignments(settings: Settings, assignments: Iterable[str]) -> Settings:
    """Return ``settings`` with every ``--set`` argument applied in order."""
    for text in assignments:
        for section, values in parse_assignment(text).items():
            if section == "stages":
                for key, value in values.items():
                    settings = override_stages(settings, key, value)
            else:
                settings = override(settings, {section: values})
    return settings


def resolve(
    preset: str | None = None,
    *,
    files: Iterable[str | Path] = (),
    tables: Mapping[str, Any] | None = None,
    assignments: Iterable[str] = (),
) -> Settings:
    """Build the settings of a run: preset, then settings files, then tables, then ``--set``.

    Args:
        preset: Name of a shipped preset; None takes the files' ``preset`` or ``standard``.
        files: TOML files, later ones win.
        tables: Nested tables, e.g. from command line options.
        assignments: ``section.name=value`` texts.
    """
    loaded = []
    for path in files:
        data = read_toml(path)
        preset = preset or data.get("preset")
        loaded.append((path, {name: value for name, value in data.items() if name != "preset"}))
    settings = load_preset(preset or "standard")
    for path, data in loaded:
        try:
            settings = override(settings, data)
        except SettingsError as error:
            raise SettingsError(error.message, path=path, remedy=error.remedy) from error
    return apply_assignments(override(settings, tables or {}), assignments)


def from_dict(data: Mapping[str, Any]) -> Settings:
    """Rebuild settings written by ``Settings.to_dict``; unknown names are errors."""
    return override(Settings(), data)


def schema() -> dict[str, Any]:
    """The whole schema as plain data, for hosts that have no copy of this package."""

    def describe(section: type) -> list[dict[str, Any]]:
        return [
            {"name": f.name, "type": _types(section)[f.name].__name__, "default": f.default, **f.metadata}
            for f in fields(section)
        ]

    return {
        "schema_version": SETTINGS_SCHEMA_VERSION,
        "presets": list(PRESETS),
        "sections": {name: describe(section) for name, section in SECTIONS.items()},
        "stages": describe(StageSettings),
    }
