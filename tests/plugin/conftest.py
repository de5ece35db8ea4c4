"""A stand-in for the core's Python: the real worker with the core's inpaint step replaced."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from infusion_plugin import job
from infusion_plugin.worker_client import WorkerClient

MakePython = Callable[[str], str]

INPAINT_HEAD = """
import os, signal, sys, time

def inpaint(spec, job, *, resume=False, on_progress, on_event, should_stop):
    from infusion_core.progress import Progress, raise_if_stopped
"""


def python_with_core(folder: Path, body: str) -> str:
    """Make a launcher of this Python whose ``infusion_core.job.inpaint.inpaint`` has ``body``."""
    folder.mkdir(parents=True)
    (folder / "stand_in.py").write_text(INPAINT_HEAD + textwrap.indent(textwrap.dedent(body), "    "))
    (folder / "sitecustomize.py").write_text(
        "import sys, stand_in\nsys.modules['infusion_core.job.inpaint'] = stand_in\n"
    )
    launcher = folder / "python"
    launcher.write_text(
        f'#!/bin/sh\nexport PYTHONPATH="{folder}:$PYTHONPATH"\nexec "{sys.executable}" "$@"\n'
    )
    launcher.chmod(0o755)
    return str(launcher)


@pytest.fixture
def make_python(tmp_path: Path) -> MakePython:
    return lambda body: python_with_core(tmp_path / "core", body)


@pytest.fixture
def job_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "job"
    job.write_job(folder, job.Job(plate="/a/p.%04d.exr", matte="/a/m.%04d.exr", output="/a/o.%04d.exr"))
    return folder


@pytest.fixture
def client(make_python: MakePython, job_folder: Path) -> Callable[..., WorkerClient]:
    """Make a client whose worker runs the given body."""
    return lambda body, **options: WorkerClient(job_folder, python=make_python(body), **options)
