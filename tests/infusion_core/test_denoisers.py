import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infusion_core.basis import RGB
from infusion_core.clip import background, clip_from_shot
from infusion_core.denoisers import make_denoiser, padded


@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 2, 4, 8]))
def test_padding_adds_zeros_at_the_end_up_to_the_next_multiple(height, width, multiple):
    array = np.ones((1, 3, 2, height, width), np.float32)
    result = padded(array, multiple, np.asarray)
    assert result.shape[-2] % multiple == 0
    assert result.shape[-1] % multiple == 0
    assert result.shape[-2] - height < multiple
    assert result.shape[-1] - width < multiple
    np.testing.assert_array_equal(result[..., :height, :width], array)
    assert result.sum() == array.sum()


@pytest.mark.parametrize(("window", "tile"), [(0, 0), (3, 0), (0, 10), (3, 7)])
def test_the_network_gets_matching_parts_of_all_its_inputs(waves, window, tile):
    clip = clip_from_shot(waves, RGB)
    noisy = np.random.default_rng(0).normal(size=clip.plate.shape).astype(np.float32)
    mean, share = background(clip.plate, clip.known)
    shapes = set()

    def network(noisy, plate, hole, mean, share, t):
        shapes.add(noisy.shape[-2:])
        return noisy + 2 * plate + 3 * hole + 5 * mean + 7 * share + t

    denoise = make_denoiser(network, clip, 8, window=window, tile=tile, as_array=np.asarray)
    expected = noisy + 2 * clip.plate + 3 * (1 - clip.known) + 5 * mean + 7 * share + 11
    np.testing.assert_allclose(denoise(noisy, 11), expected, atol=1e-4)
    assert all(rows % 8 == 0 and columns % 8 == 0 for rows, columns in shapes)
