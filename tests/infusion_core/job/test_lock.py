import json
import multiprocessing
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from infusion_core.errors import JobError
from infusion_core.job.lock import FolderLock


def _hold(path: str, ready, release) -> None:
    with FolderLock(Path(path)):
        ready.set()
        release.wait(30)


def _hold_and_die(path: str) -> None:
    FolderLock(Path(path)).__enter__()
    os._exit(9)


@pytest.fixture
def spawn():
    return multiprocessing.get_context("spawn")


def test_a_live_holder_is_named_and_keeps_the_folder(tmp_path: Path, spawn) -> None:
    path, ready, release = tmp_path / "job" / "lock", spawn.Event(), spawn.Event()
    child = spawn.Process(target=_hold, args=(str(path), ready, release))
    child.start()
    assert ready.wait(30)
    try:
        with (
            pytest.raises(JobError, match=f"process {child.pid} on {socket.gethostname()}"),
            FolderLock(path),
        ):
            pass
        assert path.exists()
    finally:
        release.set()
        child.join()
    assert not path.exists()
    with FolderLock(path):
        pass


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path, spawn) -> None:
    path = tmp_path / "lock"
    child = spawn.Process(target=_hold_and_die, args=(str(path),))
    child.start()
    child.join()
    assert path.exists()
    with FolderLock(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def _write_foreign_lock(path: Path, silent_for_s: float) -> None:
    holder = {"pid": 1, "host": "elsewhere", "machine": "elsewhere", "started": "then", "token": "x"}
    path.write_text(json.dumps(holder))
    os.utime(path, (time.time() - silent_for_s,) * 2)


def test_a_holder_on_another_host_is_judged_by_its_heartbeat(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    _write_foreign_lock(path, silent_for_s=60)
    with pytest.raises(JobError, match="elsewhere"), FolderLock(path, stale_after_s=180):
        pass
    _write_foreign_lock(path, silent_for_s=600)
    with FolderLock(path, stale_after_s=180):
        pass


def test_the_holder_shows_signs_of_life(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with FolderLock(path, heartbeat_s=0.02):
        os.utime(path, (0, 0))
        deadline = time.monotonic() + 10
        while path.stat().st_mtime < 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert path.stat().st_mtime > 1


def test_a_holder_that_was_pushed_out_notices_and_leaves_the_new_lock_alone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with FolderLock(path, heartbeat_s=0.02) as lock:
        lock.check()
        path.unlink()
        _write_foreign_lock(path, silent_for_s=0)
        time.sleep(0.5)
        with pytest.raises(JobError, match="taken this job over"):
            lock.check()
    assert json.loads(path.read_text())["token"] == "x"


def test_of_many_that_find_a_stale_lock_one_at_a_time_wins(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    _write_foreign_lock(path, silent_for_s=600)
    holders, most, outcomes = [], [], []
    guard, barrier = threading.Lock(), threading.Barrier(8)

    def contend() -> None:
        barrier.wait()
        try:
            with FolderLock(path):
                with guard:
                    holders.append(1)
                    most.append(len(holders))
                time.sleep(0.05)
                with guard:
                    holders.pop()
            outcomes.append("held")
        except JobError:
            outcomes.append("refused")

    threads = [threading.Thread(target=contend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert "held" in outcomes
    assert len(outcomes) == 8
