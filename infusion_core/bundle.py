"""The bundle: one ONNX model per interval and a manifest, enough to render other takes without PyTorch.

Layout of the folder::

    manifest.json       schema_version, settings, intervals, alpha_bar's settings, colour, region, checksums
    interval_00.onnx    model of the first interval (highest noise), and so on
"""

from __future__ import annotations

import hashlib
import json
import operator
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from infusion_core.basis import ColourBasis, shot_basis
from infusion_core.box import Box
from infusion_core.clip import clip_from_shot
from infusion_core.colour import ColourTransform
from infusion_core.errors import InfusionError, InputError, OutputError
from infusion_core.intervals import Interval, resolve_intervals
from infusion_core.liveliness import with_motion
from infusion_core.network_size import row_multiple
from infusion_core.placement import Placement, Placements
from infusion_core.settings import Settings, from_dict

if TYPE_CHECKING:
    from infusion_core.shot import Shot

BUNDLE_SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
PACKAGES = ("infusion-inpaint", "torch", "onnx", "numpy")


@dataclass(frozen=True)
class Bundle:
    """A bundle that was opened and checked.

    Attributes:
        folder: Where it lies.
        settings: Those of the run that made it.
        intervals: The run's intervals.
        models: ONNX file of each interval.
        colour: The transform fitted to the shot.
        basis: The colours that the models work in.
        box: Region of interest of the shot.
        frames: Frame numbers of the shot, handles included.
        placements: How each of them lies in the region; empty where no camera was followed.
        multiple: Rows and columns that the models take are multiples of this.
        seed, layout: The run's own take, and which of its layouts was kept.
    """

    folder: Path
    settings: Settings
    intervals: tuple[Interval, ...]
    models: tuple[Path, ...]
    colour: ColourTransform
    basis: ColourBasis
    box: Box
    frames: tuple[int, ...]
    placements: Placements
    multiple: int
    seed: int
    layout: int


def model_name(interval: int) -> str:
    """File name of an interval's model."""
    return f"interval_{interval:02d}.onnx"


def checksum(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _versions() -> dict[str, str]:
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def export_bundle(
    folder: Path,
    settings: Settings,
    weights: Sequence[dict[str, np.ndarray]],
    shot: Shot,
    *,
    layout: int = 0,
) -> None:
    """Write a bundle; the folder appears only once it is complete. Needs PyTorch and onnx.

    Args:
        folder: Where to; an older bundle there is replaced.
        settings: Those of the run.
        weights: Parameters of each interval's model by name.
        shot: The shot that the models were trained on.
        layout: Number of the layout that the run kept.

    Raises:
        OutputError: the folder cannot be written.
    """
    from infusion_core.engine.export import network_graph, with_weights

    basis = shot_basis(shot, settings)
    settings = with_motion(settings, clip_from_shot(shot, basis), basis)
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        graph = network_graph(settings)
        files = []
        for index, parameters in enumerate(weights):
            path = beside / model_name(index)
            path.write_bytes(with_weights(graph, parameters).SerializeToString())
            files.append({"file": path.name, "sha256": checksum(path)})
        manifest = {
            "schema_version": BUNDLE_SCHEMA_VERSION,
            "settings": settings.to_dict(),
            "intervals": [asdict(interval) for interval in resolve_intervals(settings)],
            "models": files,
            "multiple": row_multiple(settings.network),
            "layout": layout,
            "colour": shot.colour.to_dict(),
            "basis": basis.to_dict(),
            "box": asdict(shot.box),
            "frames": list(shot.frames),
            "offsets": [one.numbers for one in shot.placements],
            "versions": _versions(),
        }
        (beside / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    except OSError as error:
        raise OutputError(f"Cannot write the bundle: {error.strerror}.", path=folder) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(
            f"Cannot read the bundle's manifest: {error.strerror}.",
            path=path,
            remedy="Name a job folder whose run has finished, or a bundle.",
        ) from error
    except ValueError as error:
        raise InputError(f"The bundle's manifest is damaged: {error}.", path=path) from error
    if not isinstance(manifest, dict) or manifest.get("schema_version") != BUNDLE_SCHEMA_VERSION:
        raise InputError("The bundle was written by another release.", path=path, remedy="Export it anew.")
    return manifest


def _checked_model(folder: Path, entry: dict[str, str]) -> Path:
    path = folder / Path(entry["file"]).name
    if not path.is_file():
        raise InputError(
            "The bundle lacks a model.", path=path, remedy="Copy the whole folder, or export anew."
        )
    if checksum(path) != entry["sha256"]:
        raise InputError(
            "A model of the bundle is damaged.", path=path, remedy="Copy it again, or export anew."
        )
    return path


def open_bundle(folder: str | Path) -> Bundle:
    """Open a bundle and check that it is whole.

    Raises:
        InputError: there is no bundle, it is damaged, or it belongs to another release.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    manifest = _manifest(path)
    try:
        intervals = tuple(
            Interval(**{**entry, "times": tuple(entry["times"])}) for entry in manifest["intervals"]
        )
        if not manifest["settings"]:
            raise ValueError("no settings")
        if not intervals or len(intervals) != len(manifest["models"]):
            raise ValueError("models and intervals differ in number")
        layout = operator.index(manifest.get("layout", 0))
        if layout not in range(intervals[0].layouts):
            raise ValueError(f"there is no layout {layout}")
        settings = from_dict(manifest["settings"])
        return Bundle(
            folder=folder,
            settings=settings,
            intervals=intervals,
            models=tuple(_checked_model(folder, entry) for entry in manifest["models"]),
            colour=ColourTransform.from_dict(manifest["colour"]),
            basis=ColourBasis.from_dict(manifest["basis"]),
            box=Box(**manifest["box"]),
            frames=tuple(int(frame) for frame in manifest["frames"]),
            placements=tuple(map(Placement.of_numbers, manifest.get("offsets", ()))),
            multiple=operator.index(manifest["multiple"]),
            seed=settings.run.seed,
            layout=layout,
        )
    except InfusionError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"The bundle's manifest is incomplete: {error}.", path=path) from error
