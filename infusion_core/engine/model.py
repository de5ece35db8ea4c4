"""The 3D U-Nets that predict the clean clip x0 from a noisy one."""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from infusion_core.network_size import level_widths, row_multiple
from infusion_core.schedule import Schedule
from infusion_core.settings import NetworkSettings

TIME_CHANNELS = 16
DATA_STD = 0.5


def time_embedding(t: Tensor) -> Tensor:
    """Sinusoidal embedding of the noise levels ``t`` (N,) as (N, 16); reference code ``TimeEmbedding``."""
    half = TIME_CHANNELS // 2
    frequencies = torch.exp(torch.arange(half, device=t.device) * (-math.log(10000.0) / (half - 1)))
    angles = t[:, None].float() * frequencies[None]
    return torch.cat((angles.sin(), angles.cos()), dim=-1)


def conv(channels_in: int, channels_out: int, kernel: tuple[int, int, int] = (3, 3, 3)) -> nn.Conv3d:
    """A 3D convolution that keeps the size with zero padding."""
    frames, rows, columns = kernel
    return nn.Conv3d(channels_in, channels_out, kernel, padding=(frames // 2, rows // 2, columns // 2))


def halving(channels_in: int, channels_out: int) -> nn.Conv3d:
    """A convolution of 2x2 pixels to one; much faster on a CPU than pooling before a 1x1 convolution."""
    return nn.Conv3d(channels_in, channels_out, (1, 2, 2), stride=(1, 2, 2))


def in_time(convolution: nn.Conv3d, features: Tensor) -> Tensor:
    """A convolution over frames alone, (k, 1, 1), done in two dimensions: frames, and all pixels in a row.

    In three dimensions PyTorch takes a slow kernel for it with one thread and float32, which sampling is in.
    """
    n, channels, frames, height, width = features.shape
    flat = features.reshape(n, channels, frames, height * width)
    kernel = convolution.weight.squeeze(-1)
    result = F.conv2d(flat, kernel, convolution.bias, padding=(kernel.shape[2] // 2, 0))
    return result.reshape(n, -1, frames, height, width)


class PaperLevel(nn.Module):
    """One level of the authors' recursive U-Net: two convolutions, the inner level, two convolutions."""

    def __init__(self, levels: int, channels: int) -> None:
        super().__init__()
        self.before = nn.Sequential(conv(channels, channels), nn.ReLU(), conv(channels, channels), nn.ReLU())
        self.inner: nn.Module = (
            PaperLevel(levels - 1, channels)
            if levels > 1
            else nn.Sequential(conv(channels, channels), nn.ReLU(), conv(channels, channels), nn.ReLU())
        )
        self.after = nn.Sequential(
            conv(2 * channels, channels), nn.ReLU(), conv(channels, channels), nn.ReLU()
        )

    def forward(self, features: Tensor) -> Tensor:  # (N, C, F, H, W)
        skip = self.before(features)
        inner = self.inner(F.max_pool3d(skip, (1, 2, 2)))
        return self.after(torch.cat([F.interpolate(inner, scale_factor=(1.0, 2.0, 2.0)), skip], dim=1))


class PaperUNet(nn.Module):
    """The authors' network, 492,963 parameters at 3 levels of 32 channels (reference ``model.py``).

    ``forward(noisy (N,3,F,H,W), masked_plate (N,3,F,H,W), hole (N,1,F,H,W), mean (N,3,1,H,W),
    share (N,1,1,H,W), t (N,))`` gives x0_hat (N,3,F,H,W). H and W are multiples of ``multiple``.
    ``mean`` and ``share`` (see ``clip.background``) are not used.
    """

    def __init__(self, settings: NetworkSettings, schedule: Schedule) -> None:
        super().__init__()
        self.multiple = row_multiple(settings)
        self.head = nn.Sequential(conv(3 + 3 + 1 + TIME_CHANNELS, settings.channels), nn.ReLU())
        self.body = PaperLevel(settings.levels, settings.channels)
        self.tail = conv(settings.channels, 3)

    def forward(
        self, noisy: Tensor, masked_plate: Tensor, hole: Tensor, mean: Tensor, share: Tensor, t: Tensor
    ) -> Tensor:
        embedding = time_embedding(t)[:, :, None, None, None].expand(-1, -1, *noisy.shape[2:])
        inputs = torch.cat([masked_plate, noisy, hole, embedding], dim=1)
        return self.tail(self.body(self.head(inputs)))


class FactoredBlock(nn.Module):
    """A residual block: convolution in space, in time, in space ((2+1)D of Tran et al. 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.space = conv(channels, channels, (1, 3, 3))
        self.time = conv(channels, channels, (3, 1, 1))
        self.out = conv(channels, channels, (1, 3, 3))
        nn.init.zeros_(self.out.weight)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)

    def forward(self, features: Tensor) -> Tensor:
        hidden = F.relu(self.space(features))
        hidden = F.relu(in_time(self.time, hidden))
        return features + self.out(hidden)


class FactoredUNet(nn.Module):
    """A U-Net of (2+1)D residual blocks, wider where it is coarser, preconditioned as in EDM.

    Preconditioning after Karras et al. 2022, table 1. Arguments as ``PaperUNet``; ``mean`` and ``share``
    let it find a background that is seen only in frames far away.
    """

    alpha_bar: Tensor

    def __init__(self, settings: NetworkSettings, schedule: Schedule) -> None:
        super().__init__()
        widths = level_widths(settings)
        self.multiple = row_multiple(settings)
        self.register_buffer(
            "alpha_bar", torch.tensor(schedule.alpha_bar, dtype=torch.float32), persistent=False
        )
        self.head = conv(3 + 3 + 1 + 4, widths[0], (1, 3, 3))
        self.level = nn.Linear(TIME_CHANNELS, widths[0])
        self.down = nn.ModuleList(FactoredBlock(width) for width in widths)
        self.up = nn.ModuleList(FactoredBlock(width) for width in widths)
        pairs = list(itertools.pairwise(widths))
        self.widen = nn.ModuleList(halving(fine, coarse) for fine, coarse in pairs)
        self.narrow = nn.ModuleList(conv(coarse, fine, (1, 1, 1)) for fine, coarse in pairs)
        self.tail = conv(widths[0], 3, (1, 3, 3))

    def scales(self, t: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """EDM's c_in, c_skip, c_out and c_noise for a variance-preserving noisy clip, each (N,1,1,1,1)."""
        alpha_bar = self.alpha_bar[t][:, None, None, None, None]
        sigma2 = (1.0 - alpha_bar) / alpha_bar
        total = sigma2 + DATA_STD**2
        c_in = (alpha_bar * total).rsqrt()
        c_skip = DATA_STD**2 / total / alpha_bar.sqrt()
        c_out = (sigma2 / total).sqrt() * DATA_STD
        return c_in, c_skip, c_out, sigma2.log() / 8.0

    def residual(
        self, noisy: Tensor, masked_plate: Tensor, hole: Tensor, mean: Tensor, share: Tensor, t: Tensor
    ) -> Tensor:
        """The network proper: predicts (x0 - c_skip noisy) / c_out."""
        c_in, _, _, c_noise = self.scales(t)
        background = torch.cat([mean, share], dim=1).expand(-1, -1, noisy.shape[2], -1, -1)
        inputs = torch.cat([noisy * c_in, masked_plate, hole, background], dim=1)
        waves = torch.arange(1, TIME_CHANNELS // 2 + 1, device=noisy.device) * c_noise.reshape(-1, 1)
        level = self.level(torch.cat((waves.sin(), waves.cos()), dim=-1))[:, :, None, None, None]
        features = self.down[0](self.head(inputs) + level)
        skips = [features]
        for widen, block in zip(self.widen, self.down[1:], strict=True):
            features = block(widen(features))
            skips.append(features)
        features = self.up[-1](features)
        for i in range(len(skips) - 2, -1, -1):
            features = F.interpolate(self.narrow[i](features), scale_factor=(1.0, 2.0, 2.0))
            features = self.up[i](features + skips[i])
        return self.tail(F.relu(features))

    def forward(
        self, noisy: Tensor, masked_plate: Tensor, hole: Tensor, mean: Tensor, share: Tensor, t: Tensor
    ) -> Tensor:
        _, c_skip, c_out, _ = self.scales(t)
        return c_skip * noisy + c_out * self.residual(noisy, masked_plate, hole, mean, share, t).float()


Network = PaperUNet | FactoredUNet


def make_network(settings: NetworkSettings, schedule: Schedule) -> Network:
    """A fresh network of the kind that the settings name."""
    return (PaperUNet if settings.kind == "paper" else FactoredUNet)(settings, schedule)
