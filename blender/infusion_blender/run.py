# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a node's job: prepared, started, and its result shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bpy

from infusion_blender import result
from infusion_blender.export import Wanted, write_exrs
from infusion_blender.footage import scene_linear
from infusion_blender.request import Request, read_request, stored
from infusion_plugin import frame_range, job, lock
from infusion_plugin.errors import JobError, JobLockedError
from infusion_plugin.files import read_json
from infusion_plugin.run_state import RunState
from infusion_plugin.worker_client import WorkerClient


def folder_of(tree: bpy.types.NodeTree) -> Path | None:
    """The node's job folder; None where there is none yet."""
    text = tree.infusion.job_folder
    return Path(bpy.path.abspath(text)) if text else None


def client_of(tree: bpy.types.NodeTree) -> WorkerClient:
    """The client of the node's job.

    Raises:
        JobError: the node has no job yet.
    """
    folder = folder_of(tree)
    if folder is None:
        raise JobError("This node has no job yet.", remedy="Press Inpaint.")
    return WorkerClient(folder, host_root=blender_folder())


def blender_folder() -> Path:
    """Where Blender is installed."""
    return Path(bpy.app.binary_path or bpy.__file__).parent


def prepare(scene: bpy.types.Scene, node: bpy.types.CompositorNodeGroup) -> Iterator[float]:
    """Write the inputs and the job of the node's next free version; yields the share that is done.

    Raises:
        InputError: something linked or set cannot be used.
        JobLockedError: the node has a run at work.
    """
    tree = node.node_tree
    folder = folder_of(tree)
    if folder is not None and lock.holder(folder) is not None:
        raise JobLockedError("This node has a run at work.", remedy="Wait for it, or press Cancel.")
    request = read_request(scene, node)
    job.discard(request.paths.job)
    direct = request.footage.pattern if tree.infusion.read_directly else ""
    wanted = Wanted(
        plate="" if direct else request.paths.plate,
        matte=request.paths.matte if request.has_matte else "",
        depth=tree.infusion.depth,
    )
    yield from write_exrs(scene, node, wanted, list(request.frames))
    plate = direct or request.paths.plate
    matte = request.paths.matte if request.has_matte else plate
    spec = job.Job(plate, matte, request.output, request.settings)
    job.write_job(request.paths.job, spec, _host(scene, node, request, is_direct=bool(direct)))
    tree.infusion.version = request.version
    tree.infusion.job_folder = stored(request.paths.job)


def _host(
    scene: bpy.types.Scene, node: bpy.types.CompositorNodeGroup, request: Request, is_direct: bool
) -> dict[str, object]:
    """What the job folder remembers of us."""
    return {
        "host": "Blender",
        "version": bpy.app.version_string,
        "script": bpy.data.filepath,
        "node": f"{scene.name}/{node.name}",
        "colourspace": request.footage.colourspace if is_direct else scene_linear(),
        "alpha_mode": request.footage.alpha_mode if is_direct else "PREMUL",
    }


def take(tree: bpy.types.NodeTree) -> job.Run:
    """A run that fills again from the models of the last one, with the seed that the node now has.

    Raises:
        JobError: no run has come to its end yet.
    """
    folder = client_of(tree).folder
    if not (folder / "bundle" / "manifest.json").exists():
        raise JobError("This job has no trained models yet.", remedy="Let Inpaint run to its end first.")
    seed = tree.infusion.run_seed
    output = job.take_pattern(job.read_job(folder).output, seed)
    return job.Run(task="render", seed=seed, output=output)


def show_when_done(tree: bpy.types.NodeTree, folder: Path, state: RunState) -> bool:
    """Put what the run in ``folder`` has made into the node, once; whether that was done now.

    Raises:
        JobError: the job cannot be read.
    """
    run = job.read_run(folder) or job.Run(run_id="farm")
    if state.status != "done" or run.run_id == tree.infusion.shown_run:
        return False
    spec, host = job.read_job(folder), read_json(folder / "host.json") or {}
    pattern = run.output or spec.output
    frames = frame_range.parse(str(spec.settings["shot"]["frames"]))
    colourspace = str(host.get("colourspace") or scene_linear())
    result.show(tree, pattern, frames, colourspace, str(host.get("alpha_mode") or "PREMUL"))
    tree.infusion.job_folder = stored(folder)
    tree.infusion.shown_run = run.run_id
    return True
