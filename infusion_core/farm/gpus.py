"""The GPUs that a farm has reserved for a task on the machine it runs on. Standard library only."""

from __future__ import annotations

from collections.abc import MutableMapping


def take_reserved_gpus(environ: MutableMapping[str, str]) -> None:
    """Let CUDA see only the GPUs that OpenCue's RQD has reserved for this frame.

    RQD tells their numbers, as nvidia-smi counts, in CUE_GPU_CORES and leaves the rest to the command.
    Must be called before CUDA starts.
    """
    reserved = environ.get("CUE_GPU_CORES", "")
    if reserved:
        environ["CUDA_VISIBLE_DEVICES"] = reserved
        environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
