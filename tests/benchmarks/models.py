"""Models whose graphs are measured: of the shape of well-known ones, and as narrow as they can be."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

Made = tuple[torch.Tensor, nn.Module]
"""A loss and the model."""


class Bottleneck(nn.Module):
    """Three convolutions and a way around them."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * width
        self.body = nn.Sequential(
            nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, outputs, 1, bias=False), nn.BatchNorm2d(outputs),
        )  # fmt: skip
        beside = [nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)]
        self.beside = nn.Sequential(*(beside if stride != 1 or inputs != outputs else []))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(x) + self.beside(x))


def resnet(blocks: tuple[int, ...] = (3, 8, 36, 3), width: int = 4) -> Made:
    """ResNet-152 by the numbers of its blocks; (1, 1, 1, 1) is a small one."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    layers.append(nn.MaxPool2d(3, 2, 1))
    inputs = width
    for stage, count in enumerate(blocks):
        for block in range(count):
            layers.append(Bottleneck(inputs, width, 2 if stage and not block else 1))
            inputs = 4 * width
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 10))
    return functional.cross_entropy(model(torch.rand(2, 3, 64, 64)), torch.tensor([1, 2])), model


class Block(nn.Module):
    """Attention and a small network, each beside the stream."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.inwards, self.outwards = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.network = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        many, long, width = x.shape
        size = width // self.heads
        q, k, v = (
            part.view(many, long, self.heads, size).transpose(1, 2)
            for part in self.inwards(self.before(x)).split(width, 2)
        )
        hidden = torch.ones(long, long, dtype=torch.bool).triu(1)
        weights = (q @ k.transpose(-2, -1) / size**0.5).masked_fill(hidden, float("-inf")).softmax(-1)
        x = x + self.outwards((weights @ v).transpose(1, 2).reshape(many, long, width))
        return x + self.network(self.between(x))


class Gpt(nn.Module):
    """A decoder like GPT-2."""

    def __init__(self, layers: int, width: int = 16, tokens: int = 20, longest: int = 8) -> None:
        super().__init__()
        self.token, self.place = nn.Embedding(tokens, width), nn.Embedding(longest, width)
        self.blocks = nn.ModuleList(Block(width, 2) for _ in range(layers))
        self.end, self.head = nn.LayerNorm(width), nn.Linear(width, tokens, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.token(tokens) + self.place(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.end(x))


def gpt(layers: int = 12) -> Made:
    """GPT-2 by the number of its layers."""
    model, tokens = Gpt(layers), torch.randint(0, 20, (2, 8))
    return functional.cross_entropy(model(tokens).reshape(-1, 20), tokens.reshape(-1)), model


class Dense(nn.Module):
    """Layers each of which gets what all before it gave."""

    def __init__(self, layers: int, growth: int = 2) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.BatchNorm1d(4 + k * growth), nn.ReLU(), nn.Linear(4 + k * growth, growth))
            for k in range(layers)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = [x]
        for layer in self.layers:
            found.append(layer(torch.cat(found, 1)))
        return torch.cat(found, 1)


def densenet(layers: int = 6) -> Made:
    """One block of DenseNet; 6 layers are as many as its first has."""
    model = nn.Sequential(nn.Linear(3, 4), Dense(layers))
    return model(torch.rand(5, 3)).sum(), model


def lstm(steps: int = 500) -> Made:
    """An LSTM of one layer, each step in nodes of its own."""
    layer = nn.LSTM(4, 8)
    with torch.backends.mkldnn.flags(enabled=False):  # one node for all steps else
        return layer(torch.rand(steps, 1, 4))[0].sum(), layer


def cells(steps: int = 500) -> Made:
    """The cell of an LSTM in a loop: 10,000 nodes of 500 steps."""
    cell = nn.LSTMCell(4, 8)
    state: Any = torch.zeros(1, 8), torch.zeros(1, 8)
    for x in torch.rand(steps, 1, 4):
        state = cell(x, state)
    return state[0].sum(), cell
