"""The matrix file: what is run on what. Every combination is one row of the table."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.baselines import BASELINES
from infusion_core.errors import SettingsError
from infusion_core.settings import Settings, resolve


@dataclass(frozen=True)
class Shot:
    """What a row is run on: a clip, a hole, a size."""

    clip: str
    hole: str
    width: int
    frames: int


@dataclass(frozen=True)
class Row:
    """One run.

    Attributes:
        shot: On what.
        method: Name in the table: a preset, a baseline, or a name of the matrix's own.
        baseline: Key of ``BASELINES``; empty for a diffusion run.
        preset: Preset of a diffusion run.
        assignments: ``section.name=value`` texts laid over the preset.
        budget: Scale of every stage's training steps.
        seed: Of the run.
        device: Of the run.
    """

    shot: Shot
    method: str
    baseline: str = ""
    preset: str = ""
    assignments: tuple[str, ...] = ()
    budget: float = 1.0
    seed: int = 0
    device: str = "auto"

    @property
    def label(self) -> str:
        """The method with its budget, as the table shows it."""
        return self.method if self.budget == 1.0 else f"{self.method} x{self.budget:g}"

    def settings(self) -> Settings:
        """Resolved settings of a diffusion run."""
        run = {"run": {"seed": self.seed, "device": self.device}}
        settings = resolve(self.preset, tables=run, assignments=self.assignments)
        stages = tuple(
            dataclasses.replace(stage, training_steps=max(1, round(stage.training_steps * self.budget)))
            for stage in settings.stages
        )
        return dataclasses.replace(settings, stages=stages)

    @property
    def key(self) -> str:
        """File name of the row: readable, and different whenever anything that matters differs."""
        facts: dict[str, Any] = dataclasses.asdict(self)
        if not self.baseline:
            facts["settings"] = _changed(self.settings().to_dict(), Settings().to_dict())
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]
        name = f"{self.shot.clip}-{self.shot.hole}-{self.shot.width}-{self.label}-{self.seed}"
        return re.sub(r"[^A-Za-z0-9_.-]+", "_", f"{name}-{digest}")


def _changed(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not the default: a setting new to the schema leaves old rows' keys alone."""
    return {
        name: _changed(value, defaults[name]) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if value != defaults.get(name)
    }


_BENCH_KEYS = {"clips", "holes", "width", "frames", "seeds", "device"}
_METHOD_KEYS = {"name", "preset", "baseline", "budgets", "set"}


def _only(table: Mapping[str, Any], known: set[str], where: str, path: Path) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise SettingsError(
            f"Unknown name {unknown[0]!r} in {where}.",
            path=path,
            remedy=f"Known: {', '.join(sorted(known))}.",
        )


def _methods(tables: list[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """One set of Row fields for each method and budget."""
    methods = []
    for table in tables:
        _only(table, _METHOD_KEYS, "[[method]]", path)
        if ("preset" in table) == ("baseline" in table):
            raise SettingsError("A [[method]] needs either a preset or a baseline.", path=path)
        if "baseline" in table and table["baseline"] not in BASELINES:
            raise SettingsError(
                f"There is no baseline {table['baseline']!r}.",
                path=path,
                remedy=f"Choose one of: {', '.join(BASELINES)}.",
            )
        common = {
            "method": table.get("name", table.get("preset", table.get("baseline"))),
            "preset": table.get("preset", ""),
            "baseline": table.get("baseline", ""),
            "assignments": tuple(table.get("set", ())),
        }
        budgets = (1.0,) if "baseline" in table else table.get("budgets", (1.0,))
        methods += [common | {"budget": float(budget)} for budget in budgets]
    return methods


def read_matrix(path: Path) -> list[Row]:
    """Read a matrix file into rows, interleaved: all methods take a shot in turn, then the next shot's.

    Raises:
        SettingsError: the file cannot be read, or names something that does not exist.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"Cannot read the matrix: {error}.", path=path) from error
    _only(data, {"bench", "method"}, "the matrix", path)
    bench = data.get("bench", {})
    _only(bench, _BENCH_KEYS, "[bench]", path)
    methods = _methods(data.get("method", []), path)
    rows = [
        Row(
            Shot(clip, hole, int(bench.get("width", 112)), int(bench.get("frames", 40))),
            seed=int(seed),
            device=bench.get("device", "auto"),
            **method,
        )
        for seed in bench.get("seeds", [0])
        for hole in bench.get("holes", ["static", "moving"])
        for clip in bench.get("clips", [])
        for method in methods
    ]
    if not rows:
        raise SettingsError(
            "The matrix has no rows.", path=path, remedy="Give [bench] clips and [[method]]s."
        )
    for row in rows:
        if not row.baseline:
            row.settings()
    return rows
