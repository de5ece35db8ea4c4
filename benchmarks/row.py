"""One row of the bench, run in a process of its own so that memory and time are its own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.baselines import BASELINES
from benchmarks.clips import BenchClip, load_clip
from benchmarks.machine import describe, peak_memory_bytes
from benchmarks.matrix import Row
from benchmarks.unfinished import Unfinished
from benchmarks.video import write_video
from infusion_core.atomic import replacing
from infusion_core.metrics import measure, perceptual
from infusion_core.parallel import is_parallel
from infusion_core.pictures import contact_sheet, pick_frames, write_picture
from infusion_core.progress import OnProgress, ignore_progress
from infusion_core.settings import Settings

ROW_SCHEMA_VERSION = 1


def _diffusion(
    row: Row, clip: BenchClip, out: Path, on_progress: OnProgress
) -> tuple[np.ndarray, dict[str, Any]]:
    """Run the engine, from where it stood if it was stopped before."""
    import torch

    from benchmarks.operations import count_operations

    settings = row.settings()
    on_gpu = torch.cuda.is_available() and row.device != "cpu"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    kept = Unfinished(out, row.key)
    result = _filled(clip, settings, kept, on_progress)
    cost = vars(kept.spent())
    kept.discard()
    return result, {
        **cost,
        "flops": count_operations(clip, settings),
        "gpu_memory_bytes": torch.cuda.max_memory_allocated() if on_gpu else None,
        "settings": settings.to_dict(),
        "machine": describe("cuda" if on_gpu else "cpu"),
    }


def _filled(clip: BenchClip, settings: Settings, kept: Unfinished, on_progress: OnProgress) -> np.ndarray:
    """The plate with its hole filled; a run in parallel mode begins anew."""
    from infusion_core.arrays import inpaint, shot_from_arrays, with_fill
    from infusion_core.engine.run import run

    if is_parallel(settings.training):
        return inpaint(clip.plate, clip.hole, settings, colour="display", on_progress=on_progress)
    shot = shot_from_arrays(clip.plate, clip.hole, settings, "display")
    x0 = run(shot, settings, state=kept.state, on_progress=on_progress, on_checkpoint=kept.keep)
    return with_fill(clip.plate, shot, x0)


def _baseline(row: Row, clip: BenchClip) -> tuple[np.ndarray, dict[str, Any]]:
    start, start_cpu = time.perf_counter(), time.process_time()
    result = BASELINES[row.baseline](clip.plate, clip.hole)
    cost = {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - start_cpu,
        "flops": None,
        "gpu_memory_bytes": None,
    }
    return result, cost | {"machine": describe("cpu")}


def _pictures(row: Row, clip: BenchClip, result: np.ndarray, out: Path) -> None:
    chosen = pick_frames(len(result), 6)
    sheet = contact_sheet(
        clip.plate[chosen],
        clip.hole[chosen],
        result[chosen],
        clip.truth[chosen],
        labels=[f"{frame}" for frame in chosen],
    )
    write_picture(out / "sheets" / f"{row.key}.png", sheet)
    write_video(out / "videos" / f"{row.key}.webp", clip, result)


def run_row(row: Row, clips: Path, out: Path, on_progress: OnProgress = ignore_progress) -> dict[str, Any]:
    """Run one row and write ``rows/KEY.json``, ``results/KEY.npz``, a contact sheet and a video.

    Args:
        row: What to run on what.
        clips: Folder of the clips.
        out: Folder of the bench's output.
        on_progress: Told where a diffusion run stands.

    Returns:
        What the JSON file says: the row, ``seconds``, ``flops`` (None for baselines), ``memory_bytes``,
        ``machine`` and ``metrics``.
    """
    clip = load_clip(clips, row.shot.clip, row.shot.hole, row.shot.width, row.shot.frames)
    before = peak_memory_bytes()
    run: Callable[[], tuple[np.ndarray, dict[str, Any]]] = (
        (lambda: _baseline(row, clip)) if row.baseline else (lambda: _diffusion(row, clip, out, on_progress))
    )
    result, cost = run()
    memory = peak_memory_bytes()
    metrics = _metrics(clip, result)
    _pictures(row, clip, result, out)
    with replacing(out / "results" / f"{row.key}.npz") as beside:
        np.savez_compressed(beside, result=result.astype(np.float16))
    facts = {
        "schema_version": ROW_SCHEMA_VERSION,
        "key": row.key,
        "label": row.label,
        "method": row.method,
        "budget": row.budget,
        "seed": row.seed,
        "clip": row.shot.clip,
        "hole": row.shot.hole,
        "size": list(clip.hole.shape),
        "memory_bytes": memory,
        "memory_before_bytes": before,
        **cost,
        "metrics": metrics,
    }
    _write_facts(row, out, facts)
    return facts


def measure_again(row: Row, clips: Path, out: Path) -> None:
    """Measure the kept result of a finished row anew, after a change to the metrics; costs stay."""
    clip = load_clip(clips, row.shot.clip, row.shot.hole, row.shot.width, row.shot.frames)
    with np.load(out / "results" / f"{row.key}.npz") as kept:
        fill = kept["result"].astype(np.float32)
    result = np.where(clip.hole[..., None], fill, clip.truth)
    facts = json.loads((out / "rows" / f"{row.key}.json").read_text("utf-8"))
    _write_facts(row, out, facts | {"metrics": _metrics(clip, result)})


def _metrics(clip: BenchClip, result: np.ndarray) -> dict[str, float | None]:
    metrics = measure(result, clip.truth, clip.hole, np.random.default_rng(0))
    return metrics | perceptual(result, clip.truth, clip.hole, clip.frames_per_second, with_jod=True)


def _write_facts(row: Row, out: Path, facts: dict[str, Any]) -> None:
    with replacing(out / "rows" / f"{row.key}.json") as beside:
        beside.write_text(json.dumps(facts, indent=1), "utf-8")
