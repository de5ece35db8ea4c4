"""The 3D U-Nets that predict the clean clip x0 from a noisy one."""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.grad import conv2d_input

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


def conv(channels_in: int, channels_out: int) -> nn.Conv3d:
    """A convolution over 3x3x3 voxels that keeps the size with zero padding."""
    return nn.Conv3d(channels_in, channels_out, 3, padding=1)


def as_pictures(features: Tensor) -> Tensor:
    """Clips (N, C, F, H, W) as pictures (N F, C, H, W); a view where channels are stored last."""
    n, channels, frames, height, width = features.shape
    return features.transpose(1, 2).reshape(n * frames, channels, height, width)


class SpaceConv(nn.Conv3d):
    """A convolution over rows and columns alone, (1, k, k), of pictures (N F, C, H, W).

    Computed in two dimensions: a network all in three is slower on a CPU (docs/experiments.md,
    "Pictures, not clips").
    """

    def __init__(self, channels_in: int, channels_out: int, side: int, stride: int = 1) -> None:
        super().__init__(channels_in, channels_out, (1, side, side), stride=(1, stride, stride))

    def forward(self, pictures: Tensor) -> Tensor:
        kernel = self.weight.squeeze(2)
        around = (kernel.shape[-1] - 1) // 2
        return F.conv2d(pictures, kernel, self.bias, self.stride[1:], padding=around)


class RowsConv(torch.autograd.Function):
    """A convolution of rows (N, C, F, P), channels stored last, over three frames F each.

    What ``F.conv2d`` computes, with a kernel gradient that is a matrix product for each of the three frames:
    on a CPU that of PyTorch takes two to three times as long (docs/experiments.md, "Convolutions over
    time").
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(rows, kernel)
        return F.conv2d(rows, kernel, bias, padding=(1, 0))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rows, kernel = ctx.saved_tensors
        (grad,) = grads
        to_rows = conv2d_input(rows.shape, kernel.to(grad.dtype), grad, padding=(1, 0))
        return to_rows, kernel_gradient(rows.to(grad.dtype), grad).to(kernel.dtype), grad.sum((0, 2, 3))


def kernel_gradient(rows: Tensor, grad: Tensor) -> Tensor:
    """Gradient (out, in, 3, 1) of a kernel over frames, given (N, in, F, P) and its result's gradient."""
    _, _, frames, pixels = rows.shape
    before, after = (one.permute(0, 2, 3, 1).flatten(1, 2) for one in (rows, grad))  # (N, F P, C)
    size, products = frames * pixels, []
    for shift in (-pixels, 0, pixels):
        first, last = max(0, -shift), size - max(0, shift)
        product = after[:, first:last].mT @ before[:, first + shift : last + shift]
        products.append(product.sum(0))
    return torch.stack(products, dim=-1)[..., None]


class TimeConv(nn.Conv3d):
    """A convolution over three frames, (3, 1, 1), of pictures (N F, C, H, W) that belong to N ``clips``.

    Computed in two dimensions: frames, and all pixels in a row.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, (3, 1, 1))

    def forward(self, pictures: Tensor, clips: int) -> Tensor:  # type: ignore[override]
        _, channels, height, width = pictures.shape
        rows = pictures.reshape(clips, -1, channels, height * width).transpose(1, 2)
        kernel = self.weight.squeeze(-1)
        if rows.is_cpu and torch.is_grad_enabled():
            result = RowsConv.apply(rows, kernel, self.bias)
        else:
            result = F.conv2d(rows, kernel, self.bias, padding=(1, 0))
        return result.transpose(1, 2).reshape(pictures.shape)


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
        self.space = SpaceConv(channels, channels, 3)
        self.time = TimeConv(channels)
        self.out = SpaceConv(channels, channels, 3)
        nn.init.zeros_(self.out.weight)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)

    def forward(self, pictures: Tensor, clips: int) -> Tensor:  # (N F, C, H, W), of N clips
        hidden = F.relu(self.space(pictures), inplace=True)
        hidden = F.relu(self.time(hidden, clips), inplace=True)
        return pictures + self.out(hidden)


def edm_scales(alpha_bar: Tensor) -> Tensor:
    """EDM's c_in, c_skip, c_out and c_noise for variance-preserving noisy clips, (4, levels)."""
    sigma2 = (1.0 - alpha_bar) / alpha_bar
    total = sigma2 + DATA_STD**2
    c_in = (alpha_bar * total).rsqrt()
    c_skip = DATA_STD**2 / total / alpha_bar.sqrt()
    c_out = (sigma2 / total).sqrt() * DATA_STD
    return torch.stack([c_in, c_skip, c_out, sigma2.log() / 8.0])


class FactoredUNet(nn.Module):
    """A U-Net of (2+1)D residual blocks, wider where it is coarser, preconditioned as in EDM.

    Preconditioning after Karras et al. 2022, table 1. Arguments as ``PaperUNet``; ``mean`` and ``share``
    let it find a background that is seen only in frames far away.
    """

    scale_table: Tensor

    def __init__(self, settings: NetworkSettings, schedule: Schedule) -> None:
        super().__init__()
        widths = level_widths(settings)
        self.multiple = row_multiple(settings)
        alpha_bar = torch.tensor(schedule.alpha_bar, dtype=torch.float32)
        self.register_buffer("scale_table", edm_scales(alpha_bar), persistent=False)
        self.head = SpaceConv(3 + 3 + 1 + 4, widths[0], 3)
        self.level = nn.Linear(TIME_CHANNELS, widths[0])
        self.down = nn.ModuleList(FactoredBlock(width) for width in widths)
        self.up = nn.ModuleList(FactoredBlock(width) for width in widths)
        pairs = list(itertools.pairwise(widths))
        self.widen = nn.ModuleList(SpaceConv(fine, coarse, 2, stride=2) for fine, coarse in pairs)
        self.narrow = nn.ModuleList(SpaceConv(coarse, fine, 1) for fine, coarse in pairs)
        self.tail = SpaceConv(widths[0], 3, 3)

    def scales(self, t: Tensor) -> Tensor:
        """``edm_scales`` at the noise levels ``t`` (N,), as (4, N, 1, 1, 1, 1)."""
        return self.scale_table[:, t][..., None, None, None, None]

    def residual(
        self, noisy: Tensor, masked_plate: Tensor, hole: Tensor, mean: Tensor, share: Tensor, t: Tensor
    ) -> Tensor:
        """The network proper: predicts (x0 - c_skip noisy) / c_out."""
        c_in, _, _, c_noise = self.scales(t)
        clips, _, frames, _, _ = noisy.shape
        background = torch.cat([mean, share], dim=1).expand(-1, -1, frames, -1, -1)
        inputs = torch.cat([noisy * c_in, masked_plate, hole, background], dim=1)
        waves = torch.arange(1, TIME_CHANNELS // 2 + 1, device=noisy.device) * c_noise.reshape(-1, 1)
        level = self.level(torch.cat((waves.sin(), waves.cos()), dim=-1))[:, :, None, None, None]
        level = as_pictures(level.expand(-1, -1, frames, -1, -1))
        features = self.down[0](self.head(as_pictures(inputs)) + level, clips)
        skips = [features]
        for widen, block in zip(self.widen, self.down[1:], strict=True):
            features = block(widen(features), clips)
            skips.append(features)
        features = self.up[-1](features, clips)
        for i in range(len(skips) - 2, -1, -1):
            features = F.interpolate(self.narrow[i](features), scale_factor=2.0)
            features = self.up[i](features + skips[i], clips)
        pictures = self.tail(F.relu(features))
        return pictures.reshape(clips, frames, *pictures.shape[1:]).transpose(1, 2)

    def forward(
        self, noisy: Tensor, masked_plate: Tensor, hole: Tensor, mean: Tensor, share: Tensor, t: Tensor
    ) -> Tensor:
        _, c_skip, c_out, _ = self.scales(t)
        return c_skip * noisy + c_out * self.residual(noisy, masked_plate, hole, mean, share, t).float()


Network = PaperUNet | FactoredUNet


def make_network(settings: NetworkSettings, schedule: Schedule) -> Network:
    """A fresh network of the kind that the settings name."""
    return (PaperUNet if settings.kind == "paper" else FactoredUNet)(settings, schedule)
