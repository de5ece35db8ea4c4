"""A session of the stand-in host with a small shot in it, and the adapter on the path as Nuke has it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
for folder in (REPOSITORY / "nuke", REPOSITORY / "plugin", Path(__file__).parent / "fakes"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from fake_nuke.host import Host  # noqa: E402
from infusion_plugin import lock, process  # noqa: E402
from nuke_shot import make_node, make_read, matte_picture, noise, write_clip  # noqa: E402


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A Nuke with an interface and the script shot.nk open."""
    yield from _open(tmp_path, monkeypatch)


def _open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[Host]:
    session = Host(tmp_path, **options)
    monkeypatch.setitem(sys.modules, "nuke", session)
    session.root()["name"].setValue((tmp_path / "shot.nk").as_posix())
    yield session
    _end_workers(tmp_path)


@pytest.fixture
def open_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Host]]:
    """Open a host with options, e.g. ``gui=False`` or ``views=("left", "right")``."""
    sessions = []

    def opened(**options: Any) -> Host:
        sessions.append(_open(tmp_path, monkeypatch, **options))
        return next(sessions[-1])

    yield opened
    for session in sessions:
        next(session, None)


def _end_workers(folder: Path) -> None:
    """No worker outlives its test, and nobody waits for a farm after it."""
    for path in folder.rglob("submitted"):
        path.unlink()
    for path in folder.rglob("run.lock"):
        held = lock.holder(path.parent)
        if held is not None and process.is_worker(held.pid):
            process.end(held.pid)


@pytest.fixture
def plate_file(tmp_path: Path) -> str:
    return write_clip(tmp_path / "footage", "plate", noise)


@pytest.fixture
def matte_file(tmp_path: Path) -> str:
    return write_clip(tmp_path / "footage", "matte", matte_picture)


@pytest.fixture
def infusion(host: Host, plate_file: str, matte_file: str) -> Any:
    """An Infusion node whose inputs are graded Reads, so that they have to be written."""
    grades = []
    for file in (plate_file, matte_file):
        grade = host.nodes.Grade()
        grade.setInput(0, make_read(host, file))
        grades.append(grade)
    return make_node(host, *grades)
