"""A render farm of one machine: OpenCue's own RQD, and a stand-in for the Cuebot that it reports to.

The stand-in takes jobs, and says a word to RQD's reports. Frames are launched by the test, with Cuebot's
words put into their commands as its DispatchSupportService does.
"""

from __future__ import annotations

import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from farm_shots import environment
from FileSequence import FrameSet
from opencue_proto import (
    cue_pb2,
    cue_pb2_grpc,
    job_pb2,
    job_pb2_grpc,
    report_pb2,
    report_pb2_grpc,
    rqd_pb2,
    rqd_pb2_grpc,
)

RQD = os.environ.get("INFUSION_RQD") or str(Path(sys.executable).parent / "rqd")


@dataclass(frozen=True)
class Frame:
    """One frame of a job as RQD gets it."""

    layer: str
    name: str
    command: str
    gpus: int


def frames_of(xml: str) -> list[Frame]:
    """The frames of a job's XML, in the order of its layers, which wait for earlier ones only."""
    spec = ElementTree.fromstring(xml)
    seen: list[str] = []
    waits = [(one.findtext("deplayer"), one.findtext("onlayer")) for one in spec.findall("depends/depend")]
    frames = []
    for layer in spec.iter("layer"):
        name = layer.attrib["name"]
        assert all(earlier in seen for later, earlier in waits if later == name)
        seen.append(name)
        numbers, chunk = FrameSet(layer.findtext("range")).getAll(), int(layer.findtext("chunk") or 1)
        for first in range(0, len(numbers), chunk):
            part = numbers[first : first + chunk]
            command = (layer.findtext("cmd") or "").replace("#FRAMESPEC#", ",".join(map(str, part)))
            gpus = int(layer.findtext("gpus") or 0)
            frames.append(Frame(name, f"{part[0]:04d}-{name}", command, gpus))
    return frames


@dataclass
class StandInCuebot:
    """Listens where a Cuebot would. ``refuses``: a job is refused for this reason."""

    refuses: str = ""
    jobs: list[str] = field(default_factory=list)
    finished: queue.Queue[Any] = field(default_factory=queue.Queue)
    hosts: queue.Queue[Any] = field(default_factory=queue.Queue)

    def __enter__(self) -> StandInCuebot:
        self._server = grpc.server(ThreadPoolExecutor(4))
        cue_pb2_grpc.add_CueInterfaceServicer_to_server(_Cue(), self._server)
        job_pb2_grpc.add_JobInterfaceServicer_to_server(_Jobs(self), self._server)
        report_pb2_grpc.add_RqdReportInterfaceServicer_to_server(_Reports(self), self._server)
        self.port = self._server.add_insecure_port("localhost:0")
        self._server.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.stop(None)


class _Cue(cue_pb2_grpc.CueInterfaceServicer):
    def GetSystemStats(self, request: Any, context: Any) -> Any:  # noqa: N802
        return cue_pb2.CueGetSystemStatsResponse()


class _Jobs(job_pb2_grpc.JobInterfaceServicer):
    def __init__(self, cuebot: StandInCuebot) -> None:
        self._cuebot = cuebot

    def LaunchSpecAndWait(self, request: Any, context: Any) -> Any:  # noqa: N802
        if self._cuebot.refuses:
            context.abort(grpc.StatusCode.INTERNAL, self._cuebot.refuses)
        self._cuebot.jobs.append(request.spec)
        name = ElementTree.fromstring(request.spec)[-2].attrib["name"]
        jobs = job_pb2.JobSeq(jobs=[job_pb2.Job(id="1", name=f"show-shot-me_{name}")])
        return job_pb2.JobLaunchSpecAndWaitResponse(jobs=jobs)


class _Reports(report_pb2_grpc.RqdReportInterfaceServicer):
    def __init__(self, cuebot: StandInCuebot) -> None:
        self._cuebot = cuebot

    def ReportRqdStartup(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._cuebot.hosts.put(request.boot_report)
        return report_pb2.RqdReportRqdStartupResponse()

    def ReportStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        return report_pb2.RqdReportStatusResponse()

    def ReportRunningFrameCompletion(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._cuebot.finished.put(request.frame_complete_report)
        return report_pb2.RqdReportRunningFrameCompletionResponse()


def as_nobody() -> list[str]:
    """The words that let a command run as the user nobody where the tests run as root; none elsewhere.

    It keeps the right to read root's files, for our Python may be one.
    """
    rights = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    words = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *rights]
    if os.getuid() != 0 or shutil.which("setpriv") is None:
        return []
    tried = subprocess.run([*words, sys.executable, "-V"], capture_output=True, check=False)
    return words if tried.returncode == 0 else []


def _same_arithmetic() -> dict[str, str]:
    """What this process tells its mathematics libraries, which choose their kernels by it."""
    return {name: value for name, value in environment().items() if "BLAS" in name or "OMP" in name}


class Machine:
    """RQD at work on this machine for a stand-in Cuebot; it owns ``folder`` meanwhile."""

    def __init__(self, cuebot: StandInCuebot, folder: Path) -> None:
        self._cuebot, self._folder = cuebot, folder
        with socket.socket() as free:
            free.bind(("localhost", 0))
            self._port = free.getsockname()[1]

    def __enter__(self) -> Machine:
        settings = self._folder / "rqd.conf"
        settings.write_text(
            f"[Override]\nOVERRIDE_CUEBOT = localhost\nCUEBOT_GRPC_PORT = {self._cuebot.port}\n"
            f"RQD_GRPC_PORT = {self._port}\nOVERRIDE_HOSTNAME = localhost\nOVERRIDE_CORES = 1\n"
            "OVERRIDE_MEMORY = 8000000\n"
        )
        starter = as_nobody()
        if starter:
            for path in (self._folder, *self._folder.rglob("*")):
                shutil.chown(path, "nobody")
        with (self._folder / "rqd.log").open("w") as log:
            self._process = subprocess.Popen(
                [*starter, RQD, "--nimbyoff", "-c", str(settings)],
                env={"PATH": os.environ["PATH"], "TMPDIR": str(self._folder)},
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        self._cuebot.hosts.get(timeout=60)
        self._rqd = rqd_pb2_grpc.RqdInterfaceStub(grpc.insecure_channel(f"localhost:{self._port}"))
        return self

    def __exit__(self, *error: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=30)

    def launch(self, frame: Frame) -> str:
        """Start a frame; return its id."""
        run = rqd_pb2.RunFrame(
            job_id="job",
            job_name="job",
            frame_id=f"{frame.name}-{time.monotonic_ns()}",
            frame_name=frame.name,
            command=frame.command,
            user_name="artist",
            uid=os.getuid() or 65534,  # RQD takes no frame of root's, whoever it runs as itself
            log_dir=str(self._folder),
            num_cores=100,
            environment={"CUE_THREADS": "1", **_same_arithmetic()},
        )
        self._rqd.LaunchFrame(rqd_pb2.RqdStaticLaunchFrameRequest(run_frame=run), timeout=30)
        return run.frame_id

    def kill(self, frame_id: str) -> None:
        """As Cuebot has a frame killed."""
        request = rqd_pb2.RqdStaticKillRunningFrameRequest(frame_id=frame_id, message="test")
        self._rqd.KillRunningFrame(request, timeout=30)

    def end(self, frame_id: str) -> tuple[int, int]:
        """Wait for a frame; exit status and signal as RQD reports them."""
        report = self._cuebot.finished.get(timeout=200)
        assert report.frame.frame_id == frame_id
        return report.exit_status, report.exit_signal

    def log(self, frame: Frame) -> str:
        """What the frame said, in its last run."""
        return (self._folder / f"job.{frame.name}.rqlog").read_text()
