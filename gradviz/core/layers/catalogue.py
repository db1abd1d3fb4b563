"""The catalogue of layers. Adding one: a frozen class in one of the modules below and its name in `AnyLayer`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gradviz.core.declaration import alternatives
from gradviz.core.layers.activations import (
    ELU,
    GELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from gradviz.core.layers.dense import Flatten, LinearLayer, LineLayer, Reshape
from gradviz.core.layers.image import AvgPool2d, Conv1d, Conv2d, MaxPool1d, MaxPool2d
from gradviz.core.layers.layer import Layer
from gradviz.core.layers.regular import BatchNorm1d, Dropout, LayerNorm
from gradviz.core.layers.sequence import GRU, LSTM, RNN, Embedding

AnyLayer = Annotated[
    LineLayer
    | LinearLayer
    | Sigmoid
    | Tanh
    | ReLU
    | LeakyReLU
    | ELU
    | GELU
    | SiLU
    | Softplus
    | Softmax
    | LogSoftmax
    | Dropout
    | BatchNorm1d
    | LayerNorm
    | Conv1d
    | Conv2d
    | MaxPool1d
    | MaxPool2d
    | AvgPool2d
    | Flatten
    | Reshape
    | Embedding
    | LSTM
    | GRU
    | RNN,
    Field(discriminator="kind"),
]
LAYERS: tuple[type[Layer], ...] = alternatives(AnyLayer)
