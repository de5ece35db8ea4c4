"""What works on this machine: the parts that a run needs, each tried for real."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from infusion_core.job.resources import GIB, free_memory

LOW_MEMORY = 2 * GIB
LOW_DISK = 1 * GIB


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        name: What was looked at.
        state: ``ok``, ``missing`` (something can be done without it) or ``broken``.
        details: Version, device, or what to do.
        essential: Whether nothing works without it.
    """

    name: str
    state: str
    details: str
    essential: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain data."""
        return asdict(self)


def examine() -> list[Finding]:
    """Try everything that a run needs; takes some seconds where PyTorch is installed."""
    return [finding for check in _CHECKS for finding in _guarded(check)]


def _guarded(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """A check's findings; one that fails in a way nobody thought of is a finding too."""
    try:
        return list(check())
    except Exception as error:
        name = check.__name__.strip("_").replace("_", " ")
        return [Finding(name, "broken", f"{type(error).__name__}: {error}")]


def _python() -> Iterator[Finding]:
    state = "ok" if sys.version_info >= (3, 11) else "broken"
    yield Finding("Python", state, f"{platform.python_version()} ({sys.executable})", essential=True)
    yield Finding("Infusion Inpaint", "ok", _version("infusion-inpaint") or "run from its source")


def _openimageio() -> Iterator[Finding]:
    try:
        import OpenImageIO as oiio
    except ImportError as error:
        yield Finding("OpenImageIO", "broken", f"{error}. Reinstall infusion-inpaint.", essential=True)
        return
    picture = np.array([[[-0.0, 0.5, 4.0]]], np.float16)
    with tempfile.TemporaryDirectory(prefix="infusion-") as folder:
        path = str(Path(folder) / "half.exr")
        spec = oiio.ImageSpec(1, 1, 3, "half")
        output = oiio.ImageOutput.create(path)
        written = output is not None and output.open(path, spec) and output.write_image(picture)
        if output is not None:
            output.close()
        read = oiio.ImageBuf(path).get_pixels(oiio.HALF) if written else None
    good = read is not None and np.array_equal(np.asarray(read, np.float16), picture)
    details = oiio.VERSION_STRING if good else f"{oiio.VERSION_STRING} cannot write and read an EXR"
    yield Finding("OpenImageIO", "ok" if good else "broken", details, essential=True)


def _torch() -> Iterator[Finding]:
    if importlib.util.find_spec("torch") is None:
        details = "not installed: needed for training, not for 'infusion render'"
        yield Finding("PyTorch", "missing", details)
        return
    import torch

    yield Finding("PyTorch", "ok", torch.__version__)
    devices = ["cpu"] + [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    devices += ["mps"] if torch.backends.mps.is_available() else []
    for device in devices:
        yield _torch_device(device)


def _torch_device(device: str) -> Finding:
    import torch

    try:
        out = torch.nn.Conv3d(1, 1, 3).to(device)(torch.ones(1, 1, 3, 3, 3, device=device))
        works = bool(torch.isfinite(out).all())
    except RuntimeError as error:
        return Finding(f"PyTorch on {device}", "broken", str(error).splitlines()[0])
    if device.startswith("cuda"):
        free, total = torch.cuda.mem_get_info(device)
        name = f"{torch.cuda.get_device_name(device)}, {free / GIB:.1f} of {total / GIB:.1f} GiB free"
    else:
        name = f"{torch.get_num_threads()} threads" if device == "cpu" else "Apple GPU"
    return Finding(f"PyTorch on {device}", "ok" if works else "broken", name)


def _onnx() -> Iterator[Finding]:
    for module, purpose in (("onnx", "export of bundles"), ("onnxruntime", "'infusion render'")):
        if importlib.util.find_spec(module) is None:
            yield Finding(module, "missing", f"needed for {purpose}: pip install {module}")
        elif module == "onnxruntime":
            import onnxruntime

            yield Finding(
                module, "ok", f"{onnxruntime.__version__}; {', '.join(onnxruntime.get_available_providers())}"
            )
        else:
            yield Finding(module, "ok", _version(module))


def _native_bridge() -> Iterator[Finding]:
    from infusion_core.io import native

    state, _, details = native.describe().partition(" ")
    yield Finding("native bridge", state, details)


def _folders() -> Iterator[Finding]:
    for name, folder in (("temporary folder", tempfile.gettempdir()), ("current folder", os.getcwd())):
        try:
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".infusion-"):
                free = shutil.disk_usage(folder).free
        except OSError as error:
            essential = name == "temporary folder"
            yield Finding(name, "broken", f"cannot write to {folder}: {error.strerror}", essential)
            continue
        state = "ok" if free >= LOW_DISK else "broken"
        yield Finding(name, state, f"{folder}, {free / GIB:.1f} GiB free")


def _memory() -> Iterator[Finding]:
    free = free_memory()
    if free is None:
        yield Finding("memory", "missing", "this system does not say how much is free; set --memory")
        return
    yield Finding("memory", "ok" if free >= LOW_MEMORY else "broken", f"{free / GIB:.1f} GiB free")


def _adapters() -> Iterator[Finding]:
    """What the plugin layer finds wrong with its own install, asked in a process of its own."""
    folder = plugin_root()
    if folder is None:
        yield Finding("host adapters", "missing", "not part of this installation")
        return
    words = [sys.executable, "-m", "infusion_plugin.install", "--check"]
    done = subprocess.run(
        words, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False
    )
    details = done.stdout.strip() or done.stderr.strip() or f"installed from {folder.parent}"
    installed = "Nothing is installed" not in details
    state = "ok" if done.returncode == 0 else "broken" if installed else "missing"
    yield Finding("host adapters", state, details.replace("\n", "; "))


def plugin_root() -> Path | None:
    """The folder of the plugin layer, in the source tree or as the wheel brings it; None without one."""
    above = Path(__file__).resolve().parents[1]
    for folder in (above / "plugin", above / "infusion_hosts" / "plugin"):
        if (folder / "infusion_plugin").is_dir():
            return folder
    return None


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


_CHECKS = (_python, _openimageio, _torch, _onnx, _native_bridge, _adapters, _folders, _memory)
