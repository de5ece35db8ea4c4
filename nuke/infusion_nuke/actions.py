"""What the node's buttons do."""

from __future__ import annotations

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
    prepare(node)
    _start(node, run.RESULT, job.Run())


def prepare(node: nuke.Node) -> None:
    """Write the inputs and the job of the next free version, start nothing."""
    _refuse_while_running(node)
    version = next_version(node)
    request = read_request(node, version)
    job.discard(request.paths.job)
    spec = gather(node, request)
    job.write_job(request.paths.job, spec, _host(node, request))
    node["version"].setValue(version)
    run.set_folder(node, request.paths.job)


def preview_frame(node: nuke.Node) -> None:
    """Fill the current frame alone with the draft preset, in a folder of its own."""
    _refuse_while_running(node)
    request = _preview_request(node)
    folder = Path(request.output).parents[1]
    job.write_job(folder, replace(gather(node, request), overwrite=True), _host(node, request))
    run.set_folder(node, folder, run.PREVIEW)
    _start(node, run.PREVIEW, job.Run())


def _preview_request(node: nuke.Node) -> Request:
    """What fills the current frame, with a few frames around it to learn from."""
    import nuke

    request = read_request(node, int(node["version"].value()))
    frame = int(nuke.frame())
    if frame not in request.frames:
        raise InputError(f"Frame {frame} is not in the range to fill.", remedy="Go to one that is.")
    folder = request.paths.folder.parent / run.PREVIEW
    preview = (folder / "frames" / "preview.%04d.exr").as_posix()
    shot = {"frames": str(frame), "handles": PREVIEW_HANDLES}
    return replace(
        request,
        frames=(frame,),
        handles=PREVIEW_HANDLES,
        paths=replace(
            request.paths,
            plate=(folder / "inputs" / "plate.%04d.exr").as_posix(),
            matte=(folder / "inputs" / "matte.%04d.exr").as_posix(),
        ),
        output=preview,
        shown=preview.replace(f"_{request.view}/", "_%V/") if "%V" in request.shown else preview,
        settings=schema.merged(request.settings, {"preset": "draft", "shot": shot}),
    )


def resume(node: nuke.Node) -> None:
    """Go on with the node's last run."""
    _start(node, run.RESULT, job.Run(resume=True))


def cancel(node: nuke.Node) -> None:
    """Ask the node's run to stop.

    Raises:
        JobError: it is not ours to stop.
    """
    client = run.client_of(node, run.running(node) or run.RESULT)
    if farm.holds(client.folder):
        raise JobError(farm.KEPT_THERE, remedy="Stop it there; Inpaint begins a new version.")
    client.cancel()


def render_take(node: nuke.Node) -> None:
    """Fill again from the job's bundle with the seed that the knob now has, beside the first result."""
    client = run.client_of(node)
    seed = int(node["run_seed"].value())
    output = job.take_pattern(job.read_job(client.folder).output, seed)
    if not (client.folder / "bundle" / "manifest.json").exists():
        raise JobError("This job has no trained models yet.", remedy="Let Inpaint run to its end first.")
    _start(node, run.RESULT, job.Run(task="render", seed=seed, output=output))


def send_to_farm(node: nuke.Node) -> None:
    """Write the inputs, hand the job to the farm and watch how it fares there."""
    prepare(node)
    client = run.client_of(node)
    python = str(node["python"].value())
    said = farm.submit(client.folder, python=python, host_root=run.nuke_folder())
    node["status"].setValue(said)
    watch.watch(node, client)


def make_read(node: nuke.Node) -> None:
    """Put a Read with the result beside the node."""
    if result.make_read(node) is None:
        raise JobError("There is no result yet.", remedy="Press Inpaint.")


def refresh(node: nuke.Node) -> None:
    """Look at the job folder again, and watch on if a run is at work there."""
    client = run.client_of(node, run.running(node) or run.RESULT)
    is_held = lock.holder(client.folder) is not None  # before the look, which knows when a worker lets go
    look = run.Follower(client).look()
    run.draw(node, look)
    run.show_when_done(node, client.folder, look.state)
    is_at_work = is_held and look.state.is_active
    if is_at_work or farm.is_underway(client.folder, look.state):
        watch.watch(node, client)


def _start(node: nuke.Node, what: str, task: job.Run) -> None:
    client = run.client_of(node, what)
    client.start(task)
    run.draw(node, run.Follower(client).look())
    watch.watch(node, client)


def _refuse_while_running(node: nuke.Node) -> None:
    if run.running(node):
        raise JobLockedError("This node has a run at work.", remedy="Wait for it, or press Cancel.")


def _host(node: nuke.Node, request: Request) -> dict[str, object]:
    """What the job folder remembers of us."""
    import nuke

    return {
        "host": "Nuke",
        "version": str(nuke.NUKE_VERSION_STRING),
        "script": script_name(),
        "node": node.fullName(),
        "view": request.view,
        "shown": request.shown,
    }


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
