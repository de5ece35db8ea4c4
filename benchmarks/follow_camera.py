"""What following the camera brings: ``python -m benchmarks.follow_camera``.

A clip from which something is to be removed does not show what is behind it. So its matte is laid over it a
second time, moved to the side; both holes are filled, as it is and with the camera followed, and what comes
out is measured in the moved one, where the clip shows the truth.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np

from benchmarks.clips import DEFAULT_FOLDER
from benchmarks.real_shots import COLUMNS, REMOVAL, Shot, read_clip
from infusion_core import inpaint, resolve
from infusion_core.metrics.measure import measure


def moved(hole: np.ndarray, pixels: int) -> np.ndarray:
    """The hole (F, H, W) moved to the right, below 0 to the left, without what it covers as it is."""
    result = np.zeros_like(hole)
    if pixels >= 0:
        result[:, :, pixels:] = hole[:, :, : hole.shape[2] - pixels]
    else:
        result[:, :, :pixels] = hole[:, :, -pixels:]
    return result & ~hole


def rows(
    truth: np.ndarray, hole: np.ndarray, shift: int, preset: str, options: tuple[str, ...] = ()
) -> Iterator[tuple[str, float, dict[str, float | None]]]:
    """Fill the clip as it is, then with the camera followed: which, processor seconds, metrics."""
    known_truth = moved(hole, shift)
    for name, follow in (("as it is", "false"), ("followed", "true")):
        settings = resolve(preset, assignments=[f"shot.follow_camera={follow}", "run.device=cpu", *options])
        start = time.process_time()
        filled = inpaint(truth, hole | known_truth, settings, colour="display")
        seconds = time.process_time() - start
        result = np.where(known_truth[..., None], filled.clip(0, 1), truth)
        yield name, seconds, measure(result, truth, known_truth, np.random.default_rng(0), copying=False)


@click.command()
@click.option("--clips", default=DEFAULT_FOLDER, type=click.Path(file_okay=False, path_type=Path))
@click.option("--clip", default="tennis", show_default=True)
@click.option("--preset", default="draft", show_default=True)
@click.option("--width", default=160, show_default=True)
@click.option("--frames", default=40, show_default=True)
@click.option("--shift", default=45, show_default=True, help="Pixels that the second hole lies to the right.")
@click.option("--threads", default=1, show_default=True)
def main(clips: Path, clip: str, preset: str, width: int, frames: int, shift: int, threads: int) -> None:
    """Fill a clip with and without its camera followed."""
    shown = read_clip(clips, Shot(clip, REMOVAL, width, frames, preset, threads))
    columns = [column for column in COLUMNS if column[0] != "copy_ratio"]
    click.echo(f"| {clip} | CPU s | " + " | ".join(heading for _, heading, _ in columns) + " |")
    click.echo("|---|--:|" + "--:|" * len(columns))
    options = (f"run.threads={threads}",)
    for name, seconds, found in rows(shown.truth, shown.hole, shift, preset, options):
        cells = " | ".join(f"{found[key]:.{digits}f}" for key, _, digits in columns)
        click.echo(f"| {name} | {seconds:.0f} | {cells} |")


if __name__ == "__main__":
    main()
