"""Inpaint real clips with the command line as a user would: ``python -m benchmarks.real_shots``.

Each row is a clip and a hole. Plate, matte and truth are written as sequences; ``infusion inpaint`` and
``infusion evaluate`` run on them as processes of their own. A finished row is not run again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.clips import DEFAULT_FOLDER, BenchClip, load_clip, read_matte
from benchmarks.machine import describe
from infusion_core.atomic import write_json, write_text
from infusion_core.errors import InfusionError
from infusion_core.pictures import write_picture
from infusion_core.settings import PRESETS

REMOVAL = "mask"
"""The kind of hole that is a clip's real removal matte: the truth behind it is unknown."""
SHOTS = ("fire_pot:static", "boiling_water:moving", "waving_trees:static", "flag:moving", "chatelet:mask")
COLUMNS = (
    # key, heading, digits
    ("psnr_db", "PSNR dB", 2),
    ("ssim", "SSIM", 3),
    ("sharpness_ratio", "sharp", 2),
    ("laplacian_ratio", "detail", 2),
    ("speck_ratio", "specks", 2),
    ("dynamics_ratio", "dyn", 2),
    ("drift_ratio", "drift", 2),
    ("seam_ratio", "seam", 2),
    ("copy_ratio", "copy", 2),
    ("score", "score", 1),
)
ERROR_TAIL = 2000
"""Characters shown of what a failed process said."""


@dataclass(frozen=True)
class Shot:
    """One row: which clip, which hole, at which size, with which preset."""

    clip: str
    hole: str
    width: int
    frames: int
    preset: str
    threads: int

    @property
    def key(self) -> str:
        return f"{self.clip}-{self.hole}-{self.width}x{self.frames}-{self.preset}"


def read_clip(folder: Path, shot: Shot) -> BenchClip:
    """The clip at the row's size; for a removal its own matte, and a plate that still shows what is to go."""
    if shot.hole != REMOVAL:
        return load_clip(folder, shot.clip, shot.hole, shot.width, shot.frames)
    clip = load_clip(folder, shot.clip, "static", shot.width, shot.frames)
    return replace(clip, hole=read_matte(folder / shot.clip / "mask", clip.hole.shape))


def write_sequences(clip: BenchClip, place: Path, *, has_truth: bool) -> None:
    """Write 8-bit ``plate``, ``matte`` and, where it is known, ``truth`` from frame 1 on."""
    pictures = {"plate": clip.plate if has_truth else clip.truth, "matte": clip.hole[..., None] * np.ones(3)}
    if has_truth:
        pictures["truth"] = clip.truth
    for name, frames in pictures.items():
        for number, frame in enumerate(frames, start=1):
            write_picture(place / f"{name}.{number:04d}.png", frame)


def infusion(log: Path, *arguments: str) -> tuple[str, float, int]:
    """Run the command line; returns its standard output, seconds, and peak resident memory in bytes.

    Raises:
        ChildProcessError: it failed; the error says how it ended.
    """
    command = [sys.executable, "-m", "infusion_core.cli", *arguments]
    start = time.perf_counter()
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        reason = log.read_text("utf-8")[-ERROR_TAIL:]
        raise ChildProcessError(f"infusion {arguments[0]} ended with {process.returncode}\n{reason}")
    peak = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * 1024
    return said, time.perf_counter() - start, peak


def run_shot(shot: Shot, clips: Path, out: Path) -> dict[str, Any]:
    """Fill and measure one row; writes ``rows/KEY.json`` and ``sheets/KEY.png``, returns the row."""
    clip = read_clip(clips, shot)
    place = out / "work" / shot.key
    has_truth = shot.hole != REMOVAL
    write_sequences(clip, place, has_truth=has_truth)
    plate, matte, clean, truth = (
        str(place / f"{name}.%04d.png") for name in ("plate", "matte", "clean", "truth")
    )
    machine = describe("cpu")
    options = (
        *("--preset", shot.preset, "--threads", str(shot.threads)),
        *("--device", "cpu", "--overwrite"),
    )
    _, seconds, memory = infusion(place / "inpaint.log", "inpaint", plate, matte, clean, *options)
    sheet = out / "sheets" / f"{shot.key}.png"
    measuring = ("--quick", "--json", "--plate", plate, "--sheet", str(sheet))
    known = truth if has_truth else "-"
    said, _, _ = infusion(place / "evaluate.log", "evaluate", clean, known, matte, *measuring)
    row = {
        "clip": shot.clip,
        "hole": shot.hole,
        "preset": shot.preset,
        "threads": shot.threads,
        "size": list(clip.hole.shape),
        "seconds": seconds,
        "memory_bytes": memory,
        "machine": machine,
        **{name: json.loads(said)[name] for name in ("hole_share", "metrics")},
    }
    write_json(out / "rows" / f"{shot.key}.json", row)
    return row


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _cells(row: dict[str, Any]) -> list[str]:
    frames, height, width = row["size"]
    memory = row["memory_bytes"]
    return [
        *(row["clip"], row["hole"], f"{width}×{height}×{frames}", f"{100 * row['hole_share']:.1f} %"),
        row["preset"],
        *(_number(row["metrics"].get(key), digits) for key, _, digits in COLUMNS),
        *(_number(row["seconds"] / 60, 1), _number(memory and memory / 2**20, 0)),
    ]


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    headings = ["clip", "hole", "size", "filled", "preset", *(heading for _, heading, _ in COLUMNS)]
    headings += ["minutes", "memory MiB"]
    rule = ["---"] * 5 + ["--:"] * (len(headings) - 5)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *map(_cells, rows))) + "\n"


@click.command()
@click.option("--clips", type=click.Path(file_okay=False, path_type=Path), default=DEFAULT_FOLDER)
@click.option("--width", default=112, help="Pixels across; heights follow.  [default: 112]")
@click.option("--frames", default=40, help="Frames, from the first.  [default: 40]")
@click.option("--preset", type=click.Choice(PRESETS), default="standard", help="[default: standard]")
@click.option("--threads", default=0, help="CPU threads of a run; 0: all cores.  [default: 0]")
@click.option("--only", multiple=True, metavar="NAME:HOLE", help=f"Rows.  [default: {' '.join(SHOTS)}]")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(__file__).parent / "out" / "real_shots",
    help="Folder for sequences, rows and sheets.  [default: benchmarks/out/real_shots]",
)
def main(
    clips: Path, width: int, frames: int, preset: str, threads: int, only: tuple[str, ...], out: Path
) -> None:
    """Fill real clips, measure them, and print a table of all rows that are there."""
    failed = 0
    for name, _, hole in (text.partition(":") for text in only or SHOTS):
        shot = Shot(name, hole, width, frames, preset, threads)
        if (out / "rows" / f"{shot.key}.json").exists():
            continue
        click.echo(f"{shot.key} ...", err=True)
        try:
            click.echo(table([run_shot(shot, clips, out)]), err=True)
        except (InfusionError, ChildProcessError) as error:
            failed += 1
            click.echo(f"{shot.key} failed: {error}", err=True)
    rows = [json.loads(path.read_text("utf-8")) for path in sorted((out / "rows").glob("*.json"))]
    write_text(out / "table.md", table(rows))
    click.echo(table(rows))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
