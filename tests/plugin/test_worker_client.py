"""The worker's life seen from a host, with a real child process for each way it can go."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from infusion_plugin import farm, job, lock, worker_client
from infusion_plugin.errors import InterpreterError, JobError, JobLockedError
from infusion_plugin.follow import follow
from infusion_plugin.run_state import RunState
from infusion_plugin.worker_client import WorkerClient

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in interpreter is a shell script")

MakeClient = Callable[..., WorkerClient]

DONE = """
    on_progress(Progress("train", 0.5, interval=0, num_intervals=2, step=3, num_steps=10, loss=0.25))
    on_event({"event": "preview", "schema_version": 1, "path": "/a/p.png", "interval": 0})
    on_event({"event": "done", "schema_version": 1, "job": str(job.path), "output": spec.output, "frames": 4})
"""
UNTIL_STOPPED = """
    on_progress(Progress("train", 0.1))
    while True:
        raise_if_stopped(should_stop)
        time.sleep(0.02)
"""
DEAF = """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    on_progress(Progress("train", 0.1))
    time.sleep(120)
"""


def until(client: WorkerClient, wanted: Callable[[RunState], bool], timeout_s: float = 120.0) -> RunState:
    end = time.monotonic() + timeout_s
    while not wanted(state := client.poll()):
        assert time.monotonic() < end, f"waited in vain; the run is {state}"
        time.sleep(0.02)
    return state


def under_way(state: RunState) -> bool:
    return state.fraction > 0


def worker_pid(folder: Path) -> int:
    held = lock.read_lock(folder)
    assert held is not None
    return held.pid


def test_a_run_reports_and_ends(client: MakeClient, job_folder: Path) -> None:
    worker = client(DONE)
    assert worker.poll().status == "idle"
    worker.start()
    state = worker.wait(120)
    assert state.status == "done", state
    assert (state.fraction, state.loss, state.preview, state.output) == (
        1.0,
        0.25,
        "/a/p.png",
        "/a/o.%04d.exr",
    )
    assert lock.read_lock(job_folder) is None


def test_prints_do_not_disturb_events(client: MakeClient, job_folder: Path) -> None:
    rubbish = """
    print('{"event": "done", "schema_version": 1}')
    os.write(1, b"\\xff\\xfe from C code \\n")
    open(job.path / "events.jsonl", "ab").write(b'\\x00garbage\\n[1]\\n{"event": "nonsense"}\\n')
    """
    worker = client(rubbish + DONE)
    worker.start()
    assert worker.wait(120).status == "done"
    log = (job_folder / "worker.log").read_bytes()
    assert b"from C code" in log


def test_cancel_is_heard(client: MakeClient) -> None:
    worker = client(UNTIL_STOPPED)
    worker.start()
    until(worker, under_way)
    worker.cancel()
    state = worker.wait(120)
    assert state.status == "cancelled"
    assert "Resume" in state.describe()


def test_sigterm_cancels(client: MakeClient, job_folder: Path) -> None:
    worker = client(UNTIL_STOPPED)
    worker.start()
    until(worker, under_way)
    os.kill(worker_pid(job_folder), signal.SIGTERM)
    assert worker.wait(120).status == "cancelled"


def test_a_deaf_worker_is_ended_by_force(client: MakeClient, job_folder: Path) -> None:
    worker = client(DEAF, cancel_grace_s=0.3)
    worker.start()
    until(worker, under_way)
    pid = worker_pid(job_folder)
    worker.cancel()
    state = worker.wait(120)
    assert state.status == "cancelled"
    assert "was ended" in state.describe()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert lock.read_lock(job_folder) is None


def test_a_killed_worker_is_explained_and_resumed(client: MakeClient, job_folder: Path) -> None:
    body = """
    if resume:
        on_event({"event": "done", "schema_version": 1, "output": "resumed"})
        return
    """
    worker = client(body + UNTIL_STOPPED)
    worker.start()
    until(worker, under_way)
    os.kill(worker_pid(job_folder), signal.SIGKILL)
    state = worker.wait(120)
    assert state.status == "failed"
    assert "memory" in state.error
    assert "Resume" in state.error
    worker.start(job.Run(resume=True))
    assert worker.wait(120).output == "resumed"


def test_a_crash_in_native_code_is_named(client: MakeClient) -> None:
    worker = client("os.kill(os.getpid(), signal.SIGSEGV)")
    worker.start()
    state = worker.wait(120)
    assert state.status == "failed"
    assert "SIGSEGV" in state.error


@pytest.mark.parametrize("error", ["MemoryError()", "RuntimeError('CUDA out of memory. 2 GiB')"])
def test_running_out_of_memory_is_told_with_a_remedy(client: MakeClient, error: str) -> None:
    worker = client(f"raise {error}")
    worker.start()
    state = worker.wait(120)
    assert state.status == "failed"
    assert "Memory ran out" in state.error
    assert "smaller preset" in state.error


def test_the_cores_errors_keep_place_and_remedy(client: MakeClient) -> None:
    worker = client(
        "from infusion_core.errors import InputError\n"
        "raise InputError('Frame missing.', path='/a/p.0003.exr', frame=3, remedy='Render it.')"
    )
    worker.start()
    assert worker.wait(120).error == "/a/p.0003.exr, frame 3: Frame missing. Render it."


def test_silence_is_told_without_freezing(
    client: MakeClient, job_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_client, "HUNG_AFTER_S", 2.5)
    worker = client(UNTIL_STOPPED, cancel_grace_s=0.2)
    worker.start()
    until(worker, lambda state: under_way(state) and state.answering)
    os.kill(worker_pid(job_folder), signal.SIGSTOP)
    state = until(worker, lambda state: not state.answering)
    assert state.is_active
    assert "not answered" in state.describe()
    worker.cancel()
    assert worker.wait(120).status == "cancelled"


def test_a_run_has_ended_once_its_worker_lets_the_folder_go(job_folder: Path) -> None:
    run = job.Run()
    job.write_run(job_folder, run)
    lock.acquire(job_folder, run.run_id)
    said = {"event": "error", "schema_version": 1, "run_id": run.run_id, "type": "Cancelled"}
    (job_folder / "events.jsonl").write_text(json.dumps(said) + "\n")
    worker = WorkerClient(job_folder)
    state = worker.poll()
    assert state.is_active
    assert state.describe() == "Ending"
    lock.release(job_folder, run.run_id)
    assert worker.poll().status == "cancelled"


def test_two_runs_in_one_folder_are_refused(client: MakeClient, job_folder: Path) -> None:
    worker = client(UNTIL_STOPPED)
    worker.start()
    until(worker, under_way)
    with pytest.raises(JobLockedError, match="Another run"):
        WorkerClient(job_folder, python=sys.executable).start()
    with pytest.raises(JobLockedError, match="Another run"):
        lock.acquire(job_folder, "another")
    worker.cancel()
    assert worker.wait(120).status == "cancelled"


def test_the_lock_of_a_dead_process_is_taken_over(client: MakeClient, job_folder: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    lock.acquire(job_folder, "old")
    lock.hand_over(job_folder, "old", gone.pid)
    worker = client(DONE)
    worker.start()
    assert worker.wait(120).status == "done"


def start_from_a_host_that_quits(folder: Path, python: str) -> None:
    host = (
        "import sys; from pathlib import Path; from infusion_plugin.worker_client import WorkerClient;"
        "WorkerClient(Path(sys.argv[1]), python=sys.argv[2]).start()"
    )
    plugin = Path(__file__).parents[2] / "plugin"
    environment = {**os.environ, "PYTHONPATH": str(plugin)}
    subprocess.run([sys.executable, "-c", host, str(folder), python], env=environment, check=True)


def test_the_worker_outlives_its_host_and_is_found_again(
    make_python: Callable[[str], str], job_folder: Path
) -> None:
    go = job_folder / "go"
    body = f"""
    on_progress(Progress("train", 0.25, message="Training"))
    while not os.path.exists({str(go)!r}):
        time.sleep(0.02)
    """
    start_from_a_host_that_quits(job_folder, make_python(body + DONE))
    back = WorkerClient(job_folder)
    assert until(back, under_way).fraction == 0.25
    go.touch()
    assert back.wait(120).status == "done"
    late = WorkerClient(job_folder)
    assert late.poll().status == "done", "a host that comes back after the end sees the end"


def test_a_worker_that_died_while_the_host_was_away(
    make_python: Callable[[str], str], job_folder: Path
) -> None:
    start_from_a_host_that_quits(job_folder, make_python(UNTIL_STOPPED))
    back = WorkerClient(job_folder)
    until(back, under_way)
    os.kill(worker_pid(job_folder), signal.SIGKILL)
    state = WorkerClient(job_folder).wait(120)
    assert state.status == "failed"
    assert "without a word" in state.error


def test_an_old_job_is_refused_before_anything_starts(client: MakeClient, job_folder: Path) -> None:
    data = json.loads((job_folder / "job.json").read_text())
    (job_folder / "job.json").write_text(json.dumps({**data, "schema_version": 0}))
    with pytest.raises(JobError, match="schema version 0"):
        client(DONE).start()
    assert lock.read_lock(job_folder) is None


def test_a_missing_interpreter_is_named(job_folder: Path) -> None:
    with pytest.raises(InterpreterError, match="/no/such/python"):
        WorkerClient(job_folder, python="/no/such/python").start()
    assert lock.read_lock(job_folder) is None


def test_an_interpreter_without_the_core_says_so(job_folder: Path, tmp_path: Path) -> None:
    launcher = tmp_path / "bare"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    launcher.chmod(0o755)
    worker = WorkerClient(job_folder, python=str(launcher))
    worker.start()
    state = worker.wait(120)
    assert state.status == "failed"
    assert "lacks" in state.error or "No module" in state.error
    assert "infusion doctor" in state.error


def test_something_that_is_no_python_ends_in_a_message(job_folder: Path) -> None:
    worker = WorkerClient(job_folder, python="false")
    worker.start()
    assert "exit status 1" in worker.wait(120).error


def test_a_farms_tasks_are_heard_without_a_worker(job_folder: Path) -> None:
    client = WorkerClient(job_folder)
    assert client.poll().status == "idle"
    tell(job_folder, event="progress", stage="train", fraction=0.5)
    assert client.poll().fraction == 0.5


def tell(folder: Path, **event: Any) -> None:
    """Say something as a farm's task does."""
    with (folder / "events.jsonl").open("a") as file:
        file.write(json.dumps({"schema_version": 1, **event}) + "\n")


def test_a_job_on_a_farm_is_underway_until_it_is_done(job_folder: Path) -> None:
    client = WorkerClient(job_folder)
    assert not farm.is_underway(job_folder, client.poll())
    (job_folder / "submitted").write_text("Launched it.")
    assert client.poll().describe() == "Launched it. The farm has not begun."
    tell(job_folder, event="error", type="Cancelled", message="Stopped.")
    stopped = client.poll()
    assert stopped.describe() == farm.STOPPED
    assert farm.is_underway(job_folder, stopped)
    tell(job_folder, event="progress", stage="train", fraction=0.5)
    assert client.poll().is_active
    lines: list[str] = []
    assert follow(client, lines.append, is_cancelled=lambda state: True).fraction == 0.5
    assert "the farm goes on" in lines[-1]
    tell(job_folder, event="done", output="o.%04d.exr")
    assert client.poll().status == "done"
    assert not farm.is_underway(job_folder, client.poll())
