"""A first model for any data, and fits brought back into shape when their data or their loss changes."""

from __future__ import annotations

from gradviz.core.activations import ReLU, Tanh
from gradviz.core.datasets import AnyDataset
from gradviz.core.dense_layers import Flatten, LinearLayer
from gradviz.core.fit_objective import FitObjective
from gradviz.core.image_layers import Conv2d
from gradviz.core.layers import AnyLayer
from gradviz.core.losses import MSE, CrossEntropy
from gradviz.core.sequence_layers import GRU, Embedding

_HIDDEN = 8


def starter(data: AnyDataset) -> FitObjective:
    """A small model that takes the rows of `data`, with a loss that takes its targets."""
    loss = CrossEntropy() if data.is_labelled else MSE()
    return FitObjective(data=data, model=starter_model(data), loss=loss)


def starter_model(data: AnyDataset) -> tuple[AnyLayer, ...]:
    """Layers from a row of `data` to its outputs: one kind for each number of dimensions."""
    last = LinearLayer(features=data.outputs)
    if data.vocabulary:
        return (Embedding(tokens=data.vocabulary), GRU(), last)
    if len(data.input_shape) == 3:
        return (Conv2d(), ReLU(), Flatten(), last)
    if len(data.input_shape) == 2:
        return (GRU(), last)
    if data.is_labelled:
        return (LinearLayer(features=_HIDDEN), Tanh(), last)
    return (last,)
