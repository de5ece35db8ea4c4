"""What the node's buttons do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from infusion_nuke import result, run, watch
from infusion_nuke.export import StoppedError
from infusion_nuke.footage import gather
from infusion_nuke.report import report
from infusion_nuke.request import Request, next_version, read_request, script_name
from infusion_plugin import farm, job, lock, schema
from infusion_plugin.errors import InputError, JobError, JobLockedError, PluginError

if TYPE_CHECKING:
    import nuke

PREVIEW_HANDLES = 6


def press(action: str) -> None:
    """Do what the button ``action`` of the node in hand says; tell what goes wrong."""
    import nuke

    node = nuke.thisNode()
    try:
        ACTIONS[action](node)
    except StoppedError:
        return
    except PluginError as error:
        report(str(error))


def inpaint(node: nuke.Node) -> None:
    """Write the inputs into the next free version's folder and start the worker."""
    request = prepare(node)
    node["job_folder"].setValue(request.paths.job.as_posix())
    _start(node, job.Run())


def prepare(node: nuke.Node) -> Request:
    """Write the inputs and the job of the next free version, start nothing."""
    _refuse_while_running(node)
    version = next_version(node)
    request = read_request(node, version)
    spec = gather(node, request)
    job.write_job(request.paths.job, spec, _host(node))
    node["version"].setValue(version)
    return request


def preview_frame(node: nuke.Node) -> None:
    """Fill the current frame alone with the draft preset, in a folder of its own."""
    import nuke

    _refuse_while_running(node)
    request = read_request(node, int(node["version"].value()))
    frame = int(nuke.frame())
    if frame not in request.frames:
        raise InputError(f"Frame {frame} is not in the range to fill.", remedy="Go to one that is.")
    folder = request.paths.folder.parent / run.PREVIEW
    shot = {"frames": str(frame), "handles": PREVIEW_HANDLES}
    settings = schema.merged(request.settings, {"preset": "draft", "shot": shot})
    request = replace(
        request,
        frames=(frame,),
        handles=PREVIEW_HANDLES,
        paths=replace(
            request.paths,
            plate=(folder / "inputs" / "plate.%04d.exr").as_posix(),
            matte=(folder / "inputs" / "matte.%04d.exr").as_posix(),
        ),
        output=(folder / "frames" / "preview.%04d.exr").as_posix(),
        settings=settings,
    )
    if lock.holder(folder) is not None:
        raise JobLockedError("A preview is being made.", remedy="Wait for it, or press Cancel.")
    job.write_job(folder, replace(gather(node, request), overwrite=True), _host(node))
    node["job_folder"].setValue(folder.as_posix())
    _start(node, job.Run())


def resume(node: nuke.Node) -> None:
    """Go on with the node's last run."""
    _start(node, job.Run(resume=True))


def cancel(node: nuke.Node) -> None:
    """Ask the node's run to stop."""
    run.client_of(node).cancel()


def render_take(node: nuke.Node) -> None:
    """Fill again from the job's bundle with the seed that the knob now has, beside the first result."""
    client = run.client_of(node)
    seed = int(node["run_seed"].value())
    output = re.sub(r"(%\d*d|#+)", rf"seed{seed}.\1", job.read_job(client.folder).output)
    if not (client.folder / "bundle" / "manifest.json").exists():
        raise JobError("This job has no trained models yet.", remedy="Let Inpaint run to its end first.")
    _start(node, job.Run(task="render", seed=seed, output=output))


def send_to_farm(node: nuke.Node) -> None:
    """Write the inputs and hand the job to the farm."""
    request = prepare(node)
    node["job_folder"].setValue(request.paths.job.as_posix())
    node["shown_run"].setValue("")
    report_text = farm.submit(request.paths.job, python=str(node["python"].value()))
    node["status"].setValue(report_text)


def make_read(node: nuke.Node) -> None:
    """Put a Read with the result beside the node."""
    if result.make_read(node) is None:
        raise JobError("There is no result yet.", remedy="Press Inpaint.")


def refresh(node: nuke.Node) -> None:
    """Look at the job folder again, and watch on if a run is at work there."""
    client = run.client_of(node)
    look = run.Follower(client).look()
    run.draw(node, look)
    run.show_when_done(node, look.state)
    if look.state.is_active:
        watch.watch(node, client)


def _start(node: nuke.Node, task: job.Run) -> None:
    client = run.client_of(node)
    client.start(task)
    run.draw(node, run.Follower(client).look())
    watch.watch(node, client)


def _refuse_while_running(node: nuke.Node) -> None:
    folder = str(node["job_folder"].value())
    if folder and lock.holder(Path(folder)) is not None:
        raise JobLockedError("This node has a run at work.", remedy="Wait for it, or press Cancel.")


def _host(node: nuke.Node) -> dict[str, object]:
    import nuke

    version = str(nuke.NUKE_VERSION_STRING)
    return {"host": "Nuke", "version": version, "script": script_name(), "node": node.fullName()}


ACTIONS: dict[str, Callable[[nuke.Node], None]] = {
    "inpaint": inpaint,
    "preview_frame": preview_frame,
    "resume": resume,
    "cancel": cancel,
    "render_take": render_take,
    "send_to_farm": send_to_farm,
    "make_read": make_read,
    "refresh": refresh,
}
