import math

import pytest
import torch
import torch.nn.functional as F

from infusion_core.engine.model import (
    DATA_STD,
    FactoredUNet,
    TimeConv,
    as_pictures,
    make_network,
    row_multiple,
    time_embedding,
)
from infusion_core.schedule import make_schedule
from infusion_core.settings import DiffusionSettings, NetworkSettings, load_preset

SCHEDULE = make_schedule(DiffusionSettings())


def network_of(kind, channels=8, levels=3):
    torch.manual_seed(0)
    return make_network(NetworkSettings(kind=kind, channels=channels, levels=levels), SCHEDULE)


def inputs(frames=3, height=16, width=24, batch=1):
    torch.manual_seed(1)
    video, still = (batch, 3, frames, height, width), (batch, 3, 1, height, width)
    hole = (torch.rand(batch, 1, frames, height, width) < 0.3).float()
    return [
        torch.randn(video),
        torch.randn(video),
        hole,
        torch.randn(still),
        torch.rand(batch, 1, *still[2:]),
    ]


@pytest.mark.parametrize("frames", [1, 2, 5])
@pytest.mark.parametrize(("precision", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_the_gradient_of_a_convolution_over_time_is_that_of_pytorch(frames, precision, tolerance):
    torch.manual_seed(0)
    layer = TimeConv(8)
    pictures = torch.randn(2 * frames, 8, 4, 6, requires_grad=True)
    clips = pictures.reshape(2, frames, 8, 4, 6).transpose(1, 2)
    expected = F.conv3d(clips, layer.weight, layer.bias, padding=(1, 0, 0)).transpose(1, 2).flatten(0, 1)
    with torch.autocast("cpu", precision, enabled=precision != torch.float32):
        computed = layer(pictures.contiguous(memory_format=torch.channels_last), 2)
    weight = torch.randn_like(expected)
    for one, other in zip(
        torch.autograd.grad((computed.float() * weight).sum(), (pictures, layer.weight, layer.bias)),
        torch.autograd.grad((expected * weight).sum(), (pictures, layer.weight, layer.bias)),
        strict=True,
    ):
        assert one.dtype == torch.float32
        assert (one - other).abs().max() <= tolerance * other.abs().max()


def test_the_paper_network_has_the_authors_number_of_parameters():
    network = make_network(load_preset("paper").network, SCHEDULE)
    assert sum(parameter.numel() for parameter in network.parameters()) == 492_963


def _by_hand(weights, levels, video):
    """The U-Net of the paper, computed from the method's description."""

    def conv(name, x, relu=True):
        x = F.conv3d(x, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=1)
        return x.clamp(min=0) if relu else x

    def level(x, depth, name):
        skip = conv(f"{name}before.2", conv(f"{name}before.0", x))
        n, c, f, h, w = skip.shape
        x = skip.reshape(n, c, f, h // 2, 2, w // 2, 2).amax((4, 6))
        if depth > 1:
            x = level(x, depth - 1, f"{name}inner.")
        else:
            x = conv(f"{name}inner.2", conv(f"{name}inner.0", x))
        x = x.repeat_interleave(2, 3).repeat_interleave(2, 4)
        return conv(f"{name}after.2", conv(f"{name}after.0", torch.cat([x, skip], 1)))

    return conv("tail", level(conv("head.0", video), levels, "body."), relu=False)


@pytest.mark.parametrize("t", [0, 37, 999])
def test_the_paper_network_computes_what_the_paper_describes(t):
    network = network_of("paper")
    noisy, plate, hole, mean, share = inputs()
    angles = [t * math.exp(-k * math.log(10000) / 7) for k in range(8)]
    embedding = torch.tensor([math.sin(a) for a in angles] + [math.cos(a) for a in angles])
    volume = embedding.reshape(1, 16, 1, 1, 1).expand(1, 16, *noisy.shape[2:])
    with torch.no_grad():
        expected = _by_hand(dict(network.named_parameters()), 3, torch.cat([plate, noisy, hole, volume], 1))
        result = network(noisy, plate, hole, mean, share, torch.tensor([t]))
    torch.testing.assert_close(result, expected, atol=1e-5, rtol=1e-4)


def _factored_by_hand(network, noisy, plate, hole, mean, share, t):
    """The factored U-Net, every convolution in three dimensions, through its own scales and level."""

    def conv(layer, x):
        frames, rows, _ = layer.kernel_size
        around = (frames // 2, (rows - 1) // 2, (rows - 1) // 2)
        return F.conv3d(x, layer.weight, layer.bias, layer.stride, around)

    def block(layers, x):
        hidden = conv(layers.time, F.relu(conv(layers.space, x)))
        return x + conv(layers.out, F.relu(hidden))

    c_in, c_skip, c_out, c_noise = network.scales(t)
    still = torch.cat([mean, share], 1).repeat_interleave(noisy.shape[2], 2)
    waves = torch.arange(1, 9) * c_noise.reshape(-1, 1)
    level = network.level(torch.cat([waves.sin(), waves.cos()], 1))[..., None, None, None]
    x = conv(network.head, torch.cat([noisy * c_in, plate, hole, still], 1)) + level
    skips = [block(network.down[0], x)]
    for widen, layers in zip(network.widen, network.down[1:], strict=True):
        skips.append(block(layers, conv(widen, skips[-1])))
    x = block(network.up[-1], skips.pop())
    for narrow, layers in zip(reversed(network.narrow), reversed(network.up[:-1]), strict=True):
        x = conv(narrow, x).repeat_interleave(2, 3).repeat_interleave(2, 4)
        x = block(layers, x + skips.pop())
    return c_skip * noisy + c_out * conv(network.tail, F.relu(x))


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last_3d])
def test_the_factored_network_computes_what_its_layers_say(memory):
    network = network_of("factored").to(memory_format=memory)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    clips, t = inputs(batch=2, frames=5), torch.tensor([37, 700])
    with torch.no_grad():
        torch.testing.assert_close(network(*clips, t), _factored_by_hand(network, *clips, t))


def test_clips_with_channels_last_are_pictures_without_a_copy():
    clips = torch.randn(2, 8, 5, 6, 10).to(memory_format=torch.channels_last_3d)
    pictures = as_pictures(clips)
    assert pictures.data_ptr() == clips.data_ptr()
    assert pictures.is_contiguous(memory_format=torch.channels_last)


def test_the_embedding_tells_all_noise_levels_apart():
    embedding = time_embedding(torch.arange(1000))
    distances = torch.cdist(embedding, embedding) + torch.eye(1000)
    assert distances.min() > 0.05


@pytest.mark.parametrize("kind", ["paper", "factored"])
@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("frames", [1, 5])
def test_any_number_of_frames_and_any_multiple_of_rows_fit(kind, levels, frames):
    network = network_of(kind, levels=levels)
    height, width = network.multiple, 3 * network.multiple
    assert network.multiple == row_multiple(NetworkSettings(kind=kind, levels=levels))
    with torch.no_grad():
        result = network(*inputs(frames, height, width), torch.tensor([5]))
    assert result.shape == (1, 3, frames, height, width)


@pytest.mark.parametrize("kind", ["paper", "factored"])
def test_clips_of_a_batch_do_not_see_each_other(kind):
    network, t = network_of(kind), torch.tensor([3, 700])
    batch = inputs(batch=2)
    with torch.no_grad():
        both = network(*batch, t)
        alone = network(*(value[1:] for value in batch), t[1:])
    torch.testing.assert_close(both[1:], alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["paper", "factored"])
def test_every_parameter_learns_and_every_input_matters(kind):
    network = network_of(kind)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    values = [value.requires_grad_() for value in inputs()]
    network(*values, torch.tensor([400])).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())
    used = [value.grad is not None and bool(value.grad.abs().sum() > 0) for value in values]
    assert used == [True] * 3 + [kind == "factored"] * 2


@pytest.mark.parametrize("t", [0, 100, 500, 999])
def test_preconditioning_gives_input_and_target_unit_variance(t):
    network = network_of("factored")
    assert isinstance(network, FactoredUNet)
    c_in, c_skip, c_out, _ = (float(value) for value in network.scales(torch.tensor([t])))
    generator = torch.Generator().manual_seed(0)
    clean = DATA_STD * torch.randn(400_000, generator=generator)
    alpha_bar = SCHEDULE.alpha_bar[t]
    noisy = alpha_bar**0.5 * clean + (1 - alpha_bar) ** 0.5 * torch.randn(400_000, generator=generator)
    assert float((c_in * noisy).var()) == pytest.approx(1, rel=0.02)
    assert float(((clean - c_skip * noisy) / c_out).var()) == pytest.approx(1, rel=0.02)


def test_with_almost_no_noise_even_a_fresh_network_returns_what_it_sees():
    network = network_of("factored")
    noisy, *rest = inputs()
    with torch.no_grad():
        result = network(noisy.clamp(-1, 1), *rest, torch.tensor([0]))
    assert (result - noisy.clamp(-1, 1)).abs().max() < 0.05
