"""What can be done with a composition's last run: watch, cancel, resume, another take, show the result.

And how a new one is begun, here or on the render farm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infusion_plugin import farm, frame_range, job, lock
from infusion_plugin.errors import PluginError
from infusion_resolve import memory, status
from infusion_resolve.flow import Comp
from infusion_resolve.status import Say

FILL = "Fill (a new version)"
SEND = "Send to farm (a new version)"
NEW = (FILL, SEND)
WATCH = "Watch the run"
CANCEL = "Cancel the run"
RESUME = "Resume"
LOAD = "Load the last result"
TAKE = "Another take with this seed"


@dataclass(frozen=True)
class Session:
    """One call of a script.

    Attributes:
        comp: The composition that shows dialogs and progress, and remembers.
        say: Shows a line in the console.
        show: Takes job folder, file pattern and frames of a result and puts it where the artist wants it.
    """

    comp: Comp
    say: Say
    show: Callable[[Path, str, list[int]], None]


def last_job(comp: Comp) -> Path | None:
    """The job folder that the composition remembers, if it is still there."""
    folder = memory.recall(comp).get("job")
    return Path(folder) if folder and (Path(folder) / "job.json").exists() else None


def possible(comp: Comp) -> list[str]:
    """What can be done now, the likeliest first."""
    folder = last_job(comp)
    if folder is None:
        return [*NEW]
    is_held = lock.holder(folder) is not None  # before the poll, which knows when a worker lets go
    state = status.client_of(comp, folder).poll()
    if is_held and state.is_active:
        return [WATCH, CANCEL]
    if farm.is_underway(folder, state):
        return [WATCH, *NEW]
    if state.status == "done":
        is_loaded = _run_of(folder).run_id == memory.recall(comp).get("loaded")
        return [*NEW, TAKE, LOAD] if is_loaded else [LOAD, *NEW, TAKE]
    return [*NEW] if state.status == "idle" else [RESUME, *NEW]


def _run_of(folder: Path) -> job.Run:
    """The last run in a job folder; where no host has run a worker, the farm's."""
    return job.read_run(folder) or job.Run(run_id="farm")


def begin(
    session: Session, folder: Path, spec: job.Job, answers: dict[str, Any], host: dict[str, Any]
) -> bool:
    """Write the job, remember it, and run it to its end and show what it made, or send it to the farm."""
    job.write_job(folder, spec, host)
    memory.remember(session.comp, answers=answers, job=folder.as_posix())
    return send(session, folder) if answers["action"] == SEND else start(session, folder, job.Run())


def send(session: Session, folder: Path) -> bool:
    """Hand the job to the farm; nobody waits for it here."""
    said = farm.submit(folder, host_root=status.program_folder(session.comp))
    session.say(f"Infusion Inpaint: {said}")
    session.say(f"Infusion Inpaint: run the script again and choose {WATCH} to see how it fares.")
    return True


def start(session: Session, folder: Path, task: job.Run) -> bool:
    """Start a run and see it to its end; whether it has a result."""
    status.client_of(session.comp, folder).start(task)
    session.say(f"Infusion Inpaint: at work in {folder}; a file named cancel in there stops it as well.")
    return watch(session, folder, {})


def watch(session: Session, folder: Path, answers: dict[str, Any]) -> bool:
    """See a run to its end and show what it made.

    Raises:
        PluginError: the run failed.
    """
    state = status.watch(session.comp, status.client_of(session.comp, folder), session.say)
    if state.status == "done":
        return load(session, folder, answers)
    if state.status == "failed":
        again = (
            "To go on, let the farm run it again."
            if farm.holds(folder)
            else (f"To go on, run the script again and choose {RESUME}.")
        )
        raise PluginError(state.error, remedy=again)
    session.say(f"Infusion Inpaint: {state.describe()}")
    return False


def cancel(session: Session, folder: Path, answers: dict[str, Any]) -> bool:
    """Stop the run and wait for its end."""
    client = status.client_of(session.comp, folder)
    client.cancel()
    session.say(f"Infusion Inpaint: {client.wait(2 * client.grace_s).describe()}")
    return True


def resume(session: Session, folder: Path, answers: dict[str, Any]) -> bool:
    """Go on from the last checkpoint."""
    return start(session, folder, job.Run(resume=True))


def take(session: Session, folder: Path, answers: dict[str, Any]) -> bool:
    """Fill again from the trained models with the seed of the dialog, beside the first result."""
    seed = int(answers["run_seed"])
    output = job.take_pattern(job.read_job(folder).output, seed)
    return start(session, folder, job.Run(task="render", seed=seed, output=output))


def load(session: Session, folder: Path, answers: dict[str, Any]) -> bool:
    """Show what the last run in ``folder`` made."""
    spec = job.read_job(folder)
    last_run = _run_of(folder)
    pattern = last_run.output or spec.output
    session.show(folder, pattern, frame_range.parse(str(spec.settings["shot"]["frames"])))
    memory.remember(session.comp, loaded=last_run.run_id)
    session.say(f"Infusion Inpaint: done: {pattern}")
    return True


ACTIONS: dict[str, Callable[[Session, Path, dict[str, Any]], bool]] = {
    WATCH: watch,
    CANCEL: cancel,
    RESUME: resume,
    TAKE: take,
    LOAD: load,
}
