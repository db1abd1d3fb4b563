"""A small fit for every dataset, layer, loss, initialisation and batch of the catalogues."""

from __future__ import annotations

from typing import Any

from gradviz.core.data.batches import Batch, MiniBatch
from gradviz.core.data.class_datasets import TwoMoons
from gradviz.core.data.curve_datasets import NoisyLine, Regression
from gradviz.core.data.dataset import Dataset
from gradviz.core.data.shaped_datasets import BarImages, SineSequence, TokenSequences
from gradviz.core.declaration import kind_of
from gradviz.core.layers.activations import Sigmoid
from gradviz.core.layers.dense import Flatten, LinearLayer, LineLayer, Reshape
from gradviz.core.layers.initialisations import Initialisation
from gradviz.core.layers.layer import Layer
from gradviz.core.layers.sequence import Embedding, Recurrent
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.objectives.fit_starters import starter
from gradviz.core.objectives.losses import Loss

SMALL = Regression(points=12, inputs=3, targets=1)


def fit_with(entry: type[Any]) -> FitObjective:
    """A fit that holds the default of a catalogue's entry."""
    default = entry()
    if isinstance(default, Dataset):
        return starter(default)
    if isinstance(default, Loss):
        return fit_with_loss(default)
    if isinstance(default, Batch):
        return FitObjective(data=NoisyLine(), batch=default)  # the eleven temperatures are fewer than a usual batch
    if isinstance(default, Initialisation):
        return FitObjective(data=SMALL, model=(LinearLayer(features=4, init=default), LinearLayer()))
    return fit_with_layer(default)


def fit_with_loss(loss: Loss) -> FitObjective:
    if loss.wants == "values":
        return FitObjective(loss=loss)
    last = LinearLayer(features=1 + (loss.wants == "labels"))
    return FitObjective(data=TwoMoons(points=20), model=(last, Sigmoid()) if loss.needs_shares else (last,), loss=loss)


def fit_with_layer(layer: Layer) -> FitObjective:
    """`layer` amid what it needs around it."""
    last = LinearLayer()
    if isinstance(layer, LineLayer):
        return FitObjective(model=(layer,))
    if isinstance(layer, Embedding):
        return starter(TokenSequences(points=20)).model_copy(
            update={"model": (layer, Flatten(), LinearLayer(features=2))}
        )
    if isinstance(layer, Recurrent):
        return FitObjective(data=SineSequence(points=20), model=(layer, Flatten(), last))
    if isinstance(layer, Reshape):
        return FitObjective(data=SMALL, model=(LinearLayer(features=64), layer, Flatten(), last))
    dimensions = getattr(type(layer), "dimensions", 0)
    if dimensions == 2:
        pictures = starter(BarImages(points=20))
        return pictures.model_copy(update={"model": (layer, Flatten(), LinearLayer(features=2))})
    if dimensions == 1:
        return FitObjective(data=SMALL, model=(LinearLayer(features=8), Reshape(shape=(2, 4)), layer, Flatten(), last))
    return FitObjective(data=SMALL, model=(LinearLayer(features=4), layer, LinearLayer()))


def name_of(entry: type[Any]) -> str:
    return f"{entry.__name__} {kind_of(entry)}"


MINI = MiniBatch(size=4)
