import numpy as np
import onnxruntime
import pytest
import torch

from infusion_core.engine.export import network_graph, with_weights
from infusion_core.engine.model import make_network
from infusion_core.render import INPUT_NAMES
from infusion_core.schedule import make_schedule


@pytest.mark.parametrize("kind", ["factored", "paper"])
def test_the_graph_computes_what_the_network_does_at_any_size_and_with_any_weights(tiny_settings, kind):
    settings = tiny_settings(kind)
    graph = network_graph(settings)
    for seed, (frames, height, width) in enumerate([(1, 4, 8), (7, 20, 12)]):
        torch.manual_seed(seed)
        network = make_network(settings.network, make_schedule(settings.diffusion)).eval()
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
        weights = {name: weight.detach().numpy() for name, weight in network.named_parameters()}
        video, still = torch.randn(2, 1, 3, frames, height, width), torch.randn(1, 3, 1, height, width)
        inputs = (*video, video[0, :, :1], still, still[:, :1], torch.tensor([300]))
        model = with_weights(graph, weights).SerializeToString()
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        wanted = {item.name for item in session.get_inputs()}
        feed = {n: v.numpy() for n, v in zip(INPUT_NAMES, inputs, strict=True) if n in wanted}
        with torch.no_grad():
            expected = network(*inputs).numpy()
        np.testing.assert_allclose(session.run(None, feed)[0], expected, atol=1e-4, rtol=1e-4)


def test_weights_that_the_graph_has_no_place_for_are_refused(tiny_settings):
    graph = network_graph(tiny_settings())
    with pytest.raises(KeyError, match="stranger"):
        with_weights(graph, {"stranger": np.zeros(3, np.float32)})
