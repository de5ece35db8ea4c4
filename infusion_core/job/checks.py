"""Everything that can be found wrong before long work begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infusion_core.estimate import Estimate, estimate
from infusion_core.extent import Extent
from infusion_core.intervals import resolve_intervals
from infusion_core.io.mattes import Matte, open_matte
from infusion_core.io.plates import Plate, open_plate
from infusion_core.io.results import check_output
from infusion_core.io.sequences import Sequence, output_sequence
from infusion_core.job.resources import check_disk, check_memory
from infusion_core.job.spec import JobSpec
from infusion_core.octaves import with_octaves
from infusion_core.parallel import is_parallel
from infusion_core.settings import Settings

# Model, its average and the optimiser's two moments for each checkpoint; a model in experts and bundle.
_COPIES_OF_WEIGHTS = 4
_COPIES_OF_CLIP = 4  # plate, noisy clip, x0_hat, result: float32 RGB each


@dataclass(frozen=True)
class Inputs:
    """A job's files, opened and checked."""

    plate: Plate
    matte: Matte
    target: Sequence


def open_inputs(spec: JobSpec, is_finished: Callable[[Path], bool] = lambda _: False) -> Inputs:
    """Open plate and matte, and make sure that the output can be written.

    Args:
        spec: The job.
        is_finished: Whether an earlier run of this job wrote the file; such files are no obstacle.

    Raises:
        InputError, SettingsError, OutputError: naming file, frame and remedy.
    """
    resolve_intervals(spec.settings)
    shot = spec.settings.shot
    plate = open_plate(spec.plate, shot.frames, layer=shot.layer)
    matte = open_matte(spec.matte, plate, shot)
    target = output_sequence(spec.output)
    frames = tuple(frame for frame in plate.frames if not is_finished(target.path(frame)))
    if frames:
        check_output(target, plate, frames, overwrite=spec.overwrite, matte=matte, alpha=shot.alpha)
    return Inputs(plate, matte, target)


def check_room(extent: Extent, settings: Settings, folder: Path) -> Estimate:
    """Make sure that memory and disk suffice for a hole.

    Raises:
        ResourceError: they do not.
    """
    settings = with_octaves(settings, extent)
    expected = estimate(extent, settings)
    check_memory(expected.memory_bytes, settings.run.memory)
    check_disk(disk_bytes(extent.size, settings, expected), folder)
    return expected


def disk_bytes(size: tuple[int, int, int], settings: Settings, expected: Estimate) -> int:
    """Size of the job folder when the run is done, roughly; the output's frames are not counted."""
    weights, count = 4 * expected.parameters, len(resolve_intervals(settings))
    clip = 12 * size[0] * size[1] * size[2]
    # In parallel mode each expert has a checkpoint; the trunk is one more model and one more fill.
    checkpoints, trunk = (count, weights + clip) if is_parallel(settings.training) else (1, 0)
    return (2 * count + _COPIES_OF_WEIGHTS * checkpoints) * weights + _COPIES_OF_CLIP * clip + trunk
