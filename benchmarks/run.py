"""Run the bench: ``python -m benchmarks.run MATRIX.toml``.

Rows that are there are not run again, so an interrupted bench goes on where it stopped.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import click

from benchmarks.clips import DEFAULT_FOLDER
from benchmarks.matrix import Row, read_matrix
from benchmarks.report import write_report
from benchmarks.row import measure_again, run_row
from infusion_core.errors import InfusionError
from infusion_core.progress import Progress

_FOLDER = click.Path(file_okay=False, path_type=Path)


class _Ticker:
    """Prints where a run stands, at most twice a minute."""

    def __init__(self, label: str) -> None:
        self._label, self._next = label, time.monotonic() + 30

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() > self._next:
            self._next = time.monotonic() + 30
            left = "" if progress.time_left_s is None else f", {progress.time_left_s:.0f} s left"
            click.echo(f"    {self._label}: {100 * progress.fraction:.0f} %{left}", err=True)


def stop_with_parent() -> None:
    """Have this process stop when the one that started it is gone, however that was stopped."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _child(row: Row, clips: Path, out: Path) -> None:
    stop_with_parent()
    try:
        run_row(row, clips, out, _Ticker(row.key))
    except InfusionError as error:
        click.echo(f"    {error}", err=True)
        sys.exit(error.exit_status)
    except Exception:
        traceback.print_exc()
        sys.exit(1)


def _finished(rows: list[Row], out: Path) -> list[dict[str, Any]]:
    paths = [out / "rows" / f"{row.key}.json" for row in rows]
    return [json.loads(path.read_text("utf-8")) for path in paths if path.exists()]


def run_bench(rows: list[Row], clips: Path, out: Path, command: str) -> int:
    """Run the rows that are missing, each in its own process, and rewrite the report after each.

    Returns:
        How many rows failed; their reasons are on standard error.
    """
    context = multiprocessing.get_context("spawn")
    failed = 0
    for number, row in enumerate(rows, start=1):
        if (out / "rows" / f"{row.key}.json").exists():
            continue
        click.echo(f"[{number}/{len(rows)}] {row.key}", err=True)
        process = context.Process(target=_child, args=(row, clips, out))
        process.start()
        process.join()
        failed += process.exitcode != 0
        finished = _finished(rows, out)
        if finished:
            write_report(finished, out, command)
    return failed


@click.command()
@click.argument("matrix", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--clips", type=_FOLDER, default=DEFAULT_FOLDER, help="Folder of the clips.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Default: benchmarks/out/MATRIX."
)
@click.option("--measure-again", "again", is_flag=True, help="First measure the finished rows' results anew.")
@click.option("--dry-run", is_flag=True, help="List the rows that would run, and stop.")
def main(matrix: Path, clips: Path, out: Path | None, again: bool, dry_run: bool) -> None:
    """Run every row of MATRIX that is not there yet, then write report.md and report.json."""
    out = out or Path(__file__).parent / "out" / matrix.stem
    try:
        rows = read_matrix(matrix)
    except InfusionError as error:
        click.echo(f"{error}", err=True)
        sys.exit(error.exit_status)
    if dry_run:
        for row in rows:
            state = "done" if (out / "rows" / f"{row.key}.json").exists() else "to run"
            click.echo(f"{state:7} {row.key}")
        return
    if again:
        for row in rows:
            if (out / "rows" / f"{row.key}.json").exists():
                measure_again(row, clips, out)
    failed = run_bench(rows, clips, out, f"python -m benchmarks.run {matrix.name}")
    finished = _finished(rows, out)
    if finished:
        write_report(finished, out, f"python -m benchmarks.run {matrix.name}")
        click.echo(f"{len(finished)} of {len(rows)} rows in {out / 'report.md'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
