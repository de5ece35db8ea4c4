"""Which device and which arithmetic a run uses."""

from __future__ import annotations

import torch
from torch import nn

from infusion_core.cores import limit_numpy, threads_for
from infusion_core.errors import SettingsError
from infusion_core.settings import RunSettings

BFLOAT16_TOLERANCE = 0.05
MIN_BFLOAT16_FRAMES = 4


def choose_device(name: str) -> torch.device:
    """The device of that name; ``auto`` takes CUDA, then MPS, then the CPU.

    Raises:
        SettingsError: the device does not exist here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise SettingsError(
            f"Device {name!r} does not work here: {str(error).splitlines()[0]}",
            remedy="Run 'infusion doctor' to see what does, or use --device cpu.",
        ) from error
    return device


def set_threads(count: int) -> None:
    """Use ``count`` CPU threads, in PyTorch and NumPy; 0: as many as this process has cores."""
    threads = threads_for(count)
    torch.set_num_threads(threads)
    limit_numpy(threads)


def keep_numbers() -> None:
    """Have NVIDIA GPUs compute in float32 what is asked for in float32, and the same each time.

    By default cuDNN rounds the factors of float32 convolutions to 10 bits (TF32), so that a render elsewhere
    would not make a run's pixels again, and may choose sums whose order changes, so that a resumed run would
    not. It holds for the whole process.
    """
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device computes convolutions in bfloat16 faster than in float32."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        flags: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
        return bool(flags.get("avx512_bf16") or flags.get("amx_bf16") or flags.get("bf16"))
    return False


def bfloat16_is_right(device: torch.device) -> bool:
    """Compare a small 3D convolution in bfloat16 with float32; some builds compute it wrongly."""
    generator = torch.Generator().manual_seed(0)
    layer = nn.Conv3d(16, 16, 3, padding=1, bias=False).to(device)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) / 20)
        clip = torch.randn(1, 16, 4, 16, 16, generator=generator).to(device)
        exact = layer(clip)
        with torch.autocast(device.type, torch.bfloat16):
            rounded = layer(clip).float()
    return bool((exact - rounded).abs().max() < BFLOAT16_TOLERANCE * exact.abs().max())


def choose_precision(settings: RunSettings, device: torch.device, num_frames: int) -> torch.dtype:
    """The arithmetic to train in on windows of ``num_frames``.

    Raises:
        SettingsError: bfloat16 was asked for and gives wrong results here.
    """
    if settings.precision == "float32":
        return torch.float32
    if settings.precision == "bfloat16":
        if not bfloat16_is_right(device):
            raise SettingsError(
                "bfloat16 gives wrong results on this device.", remedy="Use --precision float32."
            )
        return torch.bfloat16
    # PyTorch 2.13 on a CPU gave NaN gradients of 3D convolutions in bfloat16 on windows of two frames.
    is_safe = num_frames >= MIN_BFLOAT16_FRAMES
    fast = is_safe and has_fast_bfloat16(device) and bfloat16_is_right(device)
    return torch.bfloat16 if fast else torch.float32
