"""The bench's tables, as Markdown and JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.curve import quality_curve
from infusion_core.atomic import replacing

COLUMNS = (
    # key, heading, digits
    ("score", "score", 1),
    ("psnr_db", "PSNR", 2),
    ("ssim", "SSIM", 3),
    ("cvvdp_jod", "JOD", 2),
    ("flip", "FLIP", 3),
    ("tof_px", "tOF", 2),
    ("sharpness_ratio", "sharp", 2),
    ("laplacian_ratio", "detail", 2),
    ("speck_ratio", "specks", 2),
    ("dynamics_ratio", "dyn", 2),
    ("drift_ratio", "drift", 2),
    ("spectrum_db", "spectrum", 1),
    ("sliced_wasserstein", "patches", 3),
    ("seam_ratio", "seam", 2),
    ("copy_ratio", "copy", 2),
)
LEGEND = """\
score 0 to 100, higher is better. PSNR (dB) and SSIM in the hole, JOD (ColorVideoVDP, 10 is perfect):
higher is nearer to the truth. FLIP, tOF (px), spectrum (dB), patches (sliced Wasserstein): 0 is right.
sharp, detail, specks, dyn, drift, seam, copy: ratios to the truth, 1 is right. TFLOP are counted operations
of training and sampling; memory is the peak of the row's own process, interpreter and libraries included.
"""


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None


def _cell(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def averages(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean of every number over clips, holes and seeds, for each method and budget."""
    labels = list(dict.fromkeys(row["label"] for row in rows))
    out = []
    for label in labels:
        group = [row for row in rows if row["label"] == label]
        names = dict.fromkeys(name for row in group for name in row["metrics"])
        out.append(
            {
                "label": label,
                "method": group[0]["method"],
                "rows": len(group),
                "seconds": _mean(row["seconds"] for row in group),
                "cpu_seconds": _mean(row["cpu_seconds"] for row in group),
                "flops": _mean(row["flops"] for row in group),
                "memory_bytes": _mean(row["memory_bytes"] for row in group),
                "metrics": {name: _mean(row["metrics"].get(name) for row in group) for name in names},
            }
        )
    return out


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _table(rows: Sequence[dict[str, Any]], leading: Sequence[tuple[str, str]]) -> str:
    headings = [heading for _, heading in leading] + ["time s", "CPU s", "TFLOP", "memory MB"]
    headings += [heading for _, heading, _ in COLUMNS]
    lines = [_line(headings), _line(["---"] * len(leading) + ["--:"] * (len(headings) - len(leading)))]
    for row in rows:
        cells = [str(row[key]) for key, _ in leading]
        flops, memory = row["flops"], row["memory_bytes"]
        cells += [
            _cell(row["seconds"], 1),
            _cell(row["cpu_seconds"], 1),
            _cell(flops and flops / 1e12, 2),
            _cell(memory and memory / 2**20, 0),
        ]
        cells += [_cell(row["metrics"].get(key), digits) for key, _, digits in COLUMNS]
        lines.append(_line(cells))
    return "\n".join(lines)


def _machines(rows: Sequence[dict[str, Any]]) -> str:
    """The distinct machines and versions of the rows, one line each, with the commits that ran there."""
    commits: dict[str, dict[str, None]] = {}
    for row in rows:
        machine = row["machine"]
        versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
        line = f"- {machine['device']}; {machine['system']}; Python {machine['python']}; {versions}"
        commits.setdefault(line, {})[str(machine["commit"])] = None
    return "\n".join(f"{line}; commit {', '.join(names)}" for line, names in commits.items())


def markdown(rows: Sequence[dict[str, Any]], command: str) -> str:
    """The whole report: means for each method, then every row."""
    sizes = ", ".join(dict.fromkeys("{2}x{1}, {0} frames".format(*row["size"]) for row in rows))
    seeds = ", ".join(str(seed) for seed in dict.fromkeys(row["seed"] for row in rows))
    every = sorted(rows, key=lambda row: (row["clip"], row["hole"], row["seed"]))
    leading = (("clip", "clip"), ("hole", "hole"), ("seed", "seed"), ("label", "method"))
    return "\n\n".join(
        [
            "# Bench",
            f"`{command}`",
            f"Sizes: {sizes}. Seeds: {seeds}.",
            _machines(rows),
            LEGEND.strip(),
            "## Means over clips and holes",
            _table(averages(rows), (("label", "method"), ("rows", "rows"))),
            "## Every row",
            _table(every, leading),
            "",
        ]
    )


def write_report(rows: Sequence[dict[str, Any]], out: Path, command: str) -> None:
    """Write ``report.md``, ``report.json`` and, where operations were counted, ``curve.svg``."""
    with replacing(out / "report.md") as beside:
        beside.write_text(markdown(rows, command), "utf-8")
    curve = quality_curve(averages(rows))
    if curve is not None:
        with replacing(out / "curve.svg") as beside:
            beside.write_text(curve, "utf-8")
    with replacing(out / "report.json") as beside:
        data = {"command": command, "averages": averages(rows), "rows": list(rows)}
        beside.write_text(json.dumps(data, indent=1), "utf-8")
