"""Speed-up of parallel mode through the farm's commands: ``python -m benchmarks.parallel``.

One shot is done with one worker and with two, each command a process with one thread, and in sequential mode
with the same operations. From the seconds of each command the wall-clock for more workers is modelled: what
cannot be shared out, and the experts by list scheduling. How good the fills are is measured by
``python -m benchmarks.run benchmarks/matrices/parallel.toml``.
"""

from __future__ import annotations

import heapq
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.clips import DEFAULT_FOLDER, load_clip
from benchmarks.machine import describe
from benchmarks.real_shots import write_sequences
from infusion_core import resolve
from infusion_core.atomic import write_json, write_text
from infusion_core.intervals import resolve_intervals
from infusion_core.job.prepared import trained_arrays
from infusion_core.parallel import num_trunk_steps

BEFORE, AFTER = ("prepare", "trunk"), ("sample", "export", "assemble")
MODELLED = (1, 2, 4, 8, 32)
LONGER = 5  # to about the steps of the preset
LIST = """[[shots]]
name = "{name}"
plate = "plate.%04d.png"
matte = "matte.%04d.png"
output = "{name}/clean.%04d.png"
job = "{name}/job"
device = "cpu"
threads = 1
preset = "standard"
set = {assignments}
"""


@dataclass(frozen=True)
class Took:
    """What one command took.

    Attributes:
        command: Its words after ``infusion``, without the job.
        seconds: Wall-clock, the start of Python included.
        cpu_s: Seconds of the processor.
    """

    command: str
    seconds: float
    cpu_s: float


def infusion(log: Path, *words: str) -> Took:
    """Run a command with one thread.

    Raises:
        ChildProcessError: it failed.
    """
    command = [sys.executable, "-P", "-m", "infusion_core.cli", *words]
    begun = time.perf_counter()
    with log.open("a", encoding="utf-8") as said:
        # In a session of its own: Linux shares a busy machine's cores out among sessions.
        process = subprocess.Popen(
            command,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ChildProcessError(f"infusion {' '.join(words)} ended with {process.returncode}; see {log}")
    name, seconds = " ".join((words[0], *words[2:])), time.perf_counter() - begun
    took = Took(name, seconds, usage.ru_utime + usage.ru_stime)
    click.echo(f"  {seconds:7.1f} s, {took.cpu_s:7.1f} s of CPU  {name}", err=True)
    return took


def make_job(place: Path, name: str, assignments: Sequence[str]) -> Path:
    """A job folder for the sequences in ``place``, new."""
    shutil.rmtree(place / name, ignore_errors=True)
    (place / name).mkdir()
    shots = place / f"{name}.toml"
    shots.write_text(LIST.format(name=name, assignments=json.dumps(list(assignments))), "utf-8")
    infusion(place / f"{name}.log", "submit", str(shots))
    return place / name / "job"


def run_in_turn(job: Path, log: Path) -> dict[str, Any]:
    """Sequential mode: every step after the other."""
    steps = ("prepare", "train", "export", "assemble")
    begun = time.perf_counter()
    took = [infusion(log, step, str(job)) for step in steps]
    return _run(1, time.perf_counter() - begun, took, [])


def run_fan_out(job: Path, log: Path, workers: int, intervals: int) -> dict[str, Any]:
    """Parallel mode: experts shared out among workers, all else in turn."""
    begun = time.perf_counter()
    before = [infusion(log, step, str(job)) for step in BEFORE]
    with ThreadPoolExecutor(workers) as pool:
        tasks = [("train", str(job), "--interval", str(k)) for k in reversed(range(intervals))]
        experts = list(pool.map(lambda words: infusion(log, *words), tasks))
    after = [infusion(log, step, str(job)) for step in AFTER]
    return _run(workers, time.perf_counter() - begun, [*before, *after], experts)


def start_s(place: Path, intervals: int) -> float:
    """CPU seconds that a command takes before it trains: an expert of a single step."""
    one_step = ["training.mode=parallel", "training.trunk_steps=1", "stages.training_steps=1"]
    job, log = make_job(place, "start", one_step), place / "start.log"
    for step in BEFORE:
        infusion(log, step, str(job))
    return infusion(log, "train", str(job), "--interval", str(intervals - 1)).cpu_s


def _run(workers: int, seconds: float, serial: list[Took], experts: list[Took]) -> dict[str, Any]:
    return {
        "workers": workers,
        "seconds": seconds,
        "serial": [asdict(took) for took in serial],
        "experts": [asdict(took) for took in experts],
    }


def makespan(durations: Iterable[float], workers: int) -> float:
    """When the last of several tasks ends if each goes to the worker that is free first."""
    free = [0.0] * workers
    for duration in durations:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)


def lengthened(found: dict[str, Any], name: str, factor: float) -> dict[str, Any]:
    """A run, in CPU seconds, whose training takes ``factor`` times the steps; all else stays."""
    start = found["start_s"]
    denoising = next(took["cpu_s"] for took in found["one"]["serial"] if took["command"].startswith("sample"))
    fixed = {"trunk": start, "train": denoising if name == "sequential" else start}

    def longer(took: dict[str, Any]) -> dict[str, Any]:
        kept = fixed.get(took["command"].split()[0], took["cpu_s"])
        return {**took, "cpu_s": kept + factor * (took["cpu_s"] - kept)}

    run = found[name]
    return {**run, **{part: [longer(took) for took in run[part]] for part in ("serial", "experts")}}


def modelled(run: dict[str, Any], workers: int) -> float:
    """Wall-clock of a run with that many workers of its own, the longest experts first."""
    serial = sum(took["cpu_s"] for took in run["serial"])
    experts = sorted((took["cpu_s"] for took in run["experts"]), reverse=True)
    return float(serial + makespan(experts, workers))


def model_table(found: dict[str, Any], factor: float) -> list[str]:
    """Modelled wall-clock for several numbers of workers, Markdown."""
    fan_out, in_turn = (lengthened(found, name, factor) for name in ("one", "sequential"))
    lines = ["| workers | modelled s | against 1 worker | against sequential mode |", "|--:|--:|--:|--:|"]
    alone, turn = modelled(fan_out, 1), modelled(in_turn, 1)
    for workers in MODELLED:
        seconds = modelled(fan_out, workers)
        lines.append(f"| {workers} | {seconds:.0f} | {alone / seconds:.2f} | {turn / seconds:.2f} |")
    return lines


def report(found: dict[str, Any]) -> str:
    """The tables, Markdown."""
    alone, pair = found["one"], found["two"]
    lines = ["| run | wall-clock s | CPU s |", "|---|--:|--:|"]
    for name, key in (("sequential mode", "sequential"), ("parallel mode, 1 worker", "one"),
                      ("parallel mode, 2 workers", "two")):  # fmt: skip
        run = found[key]
        cpu_s = sum(took["cpu_s"] for took in (*run["serial"], *run["experts"]))
        lines.append(f"| {name} | {run['seconds']:.0f} | {cpu_s:.0f} |")
    serial, experts = (sum(took["cpu_s"] for took in alone[part]) for part in ("serial", "experts"))
    longest = max(took["cpu_s"] for took in alone["experts"])
    return "\n".join(
        [
            *lines,
            "",
            f"Measured speed-up with 2 workers: {alone['seconds'] / pair['seconds']:.2f} of the wall-clock. "
            f"Same pixels: {'yes' if found['same_pixels'] else 'NO'}.",
            f"Not shared out: {serial:.0f} s of CPU. All experts: {experts:.0f} s, the longest "
            f"{longest:.0f} s; each command takes {found['start_s']:.1f} s before it trains.",
            "",
            *model_table(found, 1.0),
            "",
            f"With {LONGER} times the training steps:",
            "",
            *model_table(found, LONGER),
            "",
        ]
    )


@click.command()
@click.option("--clips", type=click.Path(file_okay=False, path_type=Path), default=DEFAULT_FOLDER)
@click.option("--clip", default="fire_pot", help="[default: fire_pot]")
@click.option("--width", default=80, help="Pixels across.  [default: 80]")
@click.option("--frames", default=24, help="[default: 24]")
@click.option("--steps", default=100, help="Training steps of an expert.  [default: 100]")
@click.option("--trunk-steps", default=0, help="As training.trunk_steps.  [default: 0]")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(__file__).parent / "out" / "parallel_speed",
    help="Folder for jobs and results.  [default: benchmarks/out/parallel_speed]",
)
def main(clips: Path, clip: str, width: int, frames: int, steps: int, trunk_steps: int, out: Path) -> None:
    """Time one shot in both modes, with one worker and with two; finished runs are not run again."""
    out.mkdir(parents=True, exist_ok=True)
    shot = load_clip(clips, clip, "static", width, frames)
    write_sequences(shot, out, has_truth=False)
    parallel = [f"stages.training_steps={steps}", f"training.trunk_steps={trunk_steps}"]
    parallel.append("training.mode=parallel")
    settings = resolve("standard", assignments=parallel)
    intervals = len(resolve_intervals(settings))
    trunk = num_trunk_steps(resolve_intervals(settings), settings.training)
    in_turn = [f"stages.training_steps={steps + round(trunk / intervals)}"]
    path = out / "found.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for name, assignments, workers in (
        ("sequential", in_turn, 0), ("one", parallel, 1), ("two", parallel, 2)
    ):  # fmt: skip
        if name in found:
            continue
        click.echo(name, err=True)
        job, log = make_job(out, name, assignments), out / f"{name}.log"
        found[name] = run_fan_out(job, log, workers, intervals) if workers else run_in_turn(job, log)
        write_json(path, found)
    one, two = (trained_arrays(out / name / "job" / "result.safetensors")["x0"] for name in ("one", "two"))
    found["start_s"] = start_s(out, intervals)
    found["same_pixels"] = bool(np.array_equal(one, two))
    found["machine"] = describe("cpu")
    write_json(path, found)
    write_text(out / "report.md", report(found))
    click.echo(report(found))


if __name__ == "__main__":
    main()
