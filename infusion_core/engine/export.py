"""One ONNX graph for a network, to be filled with the weights of each interval."""

from __future__ import annotations

import io
import warnings

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from infusion_core.denoisers import INPUT_NAMES
from infusion_core.engine.model import make_network
from infusion_core.schedule import make_schedule
from infusion_core.settings import Settings

OPSET = 18


def network_graph(settings: Settings) -> onnx.ModelProto:
    """The network as an ONNX model with any number of frames, rows and columns, weights not yet set."""
    network = make_network(settings.network, make_schedule(settings.diffusion)).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)  # the exporter merges parameters of equal value
    side = 2 * network.multiple
    clip = torch.zeros(1, 3, 4, side, side)
    still = torch.zeros(1, 3, 1, side, side)
    inputs = (clip, clip, clip[:, :1], still, still[:, :1], torch.zeros(1, dtype=torch.int64))
    axes = {2: "frames", 3: "rows", 4: "columns"}
    dynamic = dict.fromkeys(("noisy", "masked_plate", "hole", "x0_hat"), axes)
    dynamic |= {name: {3: "rows", 4: "columns"} for name in ("mean", "share")}
    file = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter that keeps parameter names as initializer names is the older one, and says so.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            inputs,
            file,  # type: ignore[arg-type]
            input_names=list(INPUT_NAMES),
            output_names=["x0_hat"],
            dynamic_axes=dynamic,
            opset_version=OPSET,
            do_constant_folding=False,
            dynamo=False,
        )
    return onnx.load_from_string(file.getvalue())


def with_weights(graph: onnx.ModelProto, weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """A copy of the graph that holds ``weights``, given by parameter name.

    Raises:
        KeyError: a parameter of the network has no weights.
    """
    model = onnx.ModelProto()
    model.CopyFrom(graph)
    missing = set(weights)
    for initializer in model.graph.initializer:
        if initializer.name in weights:
            tensor = numpy_helper.from_array(weights[initializer.name], initializer.name)
            initializer.CopyFrom(tensor)
            missing.discard(initializer.name)
    if missing:
        raise KeyError(f"The exported network lacks {sorted(missing)}.")
    return model
