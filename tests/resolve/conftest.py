"""A composition of the stand-in with a small shot in it, and the adapter on the path as installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
for folder in (REPOSITORY / "resolve", REPOSITORY / "plugin", Path(__file__).parent / "fakes"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from fake_fusion.composition import Composition  # noqa: E402
from fusion_shot import FRAMES, matte_at, plate_at  # noqa: E402
from infusion_plugin import lock, process  # noqa: E402
from infusion_resolve import status  # noqa: E402


@pytest.fixture(autouse=True)
def _quick_and_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs are looked at often, use this Python, and do not outlive their test."""
    monkeypatch.setattr(status, "EVERY_S", 0.05)
    monkeypatch.setenv("INFUSION_PYTHON", sys.executable)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield
    for path in tmp_path.rglob("run.lock"):
        held = lock.holder(path.parent)
        if held is not None and process.is_worker(held.pid):
            process.end(held.pid)


@pytest.fixture
def comp(tmp_path: Path) -> Composition:
    """Fusion Studio: plate and matte selected in this order, a grade and a Saver downstream of the plate."""
    made = Composition((tmp_path / "shot.comp").as_posix(), FRAMES[0], FRAMES[-1])
    matte = made.make("Loader", "Roto", paint=matte_at)
    plate = made.make("Loader", "Plate", paint=plate_at)
    grade = made.make("BrightnessContrast", "Grade", plate)
    final = made.make("Saver", "Final", grade)
    final.shown["Clip"] = final.rendered["Clip"] = (tmp_path / "final.0000.exr").as_posix()
    made.selected = [plate, matte]
    return made


@pytest.fixture
def resolve_comp(tmp_path: Path) -> Composition:
    """Resolve's Fusion page: MediaIn1, with a polygon as its mask, to MediaOut1; no file of its own."""
    made = Composition("", 0, 3)
    media = made.make("MediaIn", "MediaIn1", paint=lambda frame: plate_at(frame + FRAMES[0]))
    polygon = made.make("PolylineMask", "Polygon1", paint=matte_at)
    made.make("MediaOut", "MediaOut1", media)
    media.inputs["EffectMask"].source = polygon.Output
    return made
