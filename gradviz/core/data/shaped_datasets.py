"""Small datasets whose rows have a shape: sequences, tokens, images."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from gradviz.core.data.dataset import Arrays, Dataset
from gradviz.core.declaration import setting
from gradviz.core.layers.layer import Shape
from gradviz.core.seeds import random_state, random_state_code


def _points() -> Any:
    return setting(200, title="Rows", description="Number of rows.", ge=20, le=1_000_000)


def _noise(default: float) -> Any:
    return setting(default, title="Noise", description="Standard deviation of every number.", ge=0, le=100)


class SineSequence(Dataset):
    """A stretch of a sine at a random phase; the target is the value that follows."""

    label: ClassVar[str] = "Sine, next value"
    about: ClassVar[str] = "Stretches of a sine at random phases, and the value that follows: for LSTM, GRU and RNN."
    kind: Literal["sine_sequence"] = "sine_sequence"
    points: int = _points()
    length: int = setting(16, title="Length", description="Values of one stretch.", ge=2, le=10_000)
    stride: float = setting(0.4, title="Stride", description="Radians from one value to the next.", gt=0, le=3)
    noise: float = _noise(0.0)

    @property
    def rows(self) -> int:
        return self.points

    @property
    def input_shape(self) -> Shape:
        return (self.length, 1)

    def arrays(self, seed: int) -> Arrays:
        random = random_state(seed)
        phase = 2 * np.pi * random.rand(self.points, 1)
        wave = np.sin(phase + self.stride * np.arange(self.length + 1))
        wave = wave + self.noise * random.randn(self.points, self.length + 1)
        return wave[:, :-1, None], wave[:, -1:]

    def code(self, seed: int) -> tuple[str, ...]:
        return (
            f"random = {random_state_code(seed)}",
            f"phase = 2 * np.pi * random.rand({self.points}, 1)",
            f"wave = np.sin(phase + {self.stride!r} * np.arange({self.length + 1}))",
            f"wave = wave + {self.noise!r} * random.randn({self.points}, {self.length + 1})",
            "x, y = wave[:, :-1, None], wave[:, -1:]",
        )


class TokenSequences(Dataset):
    """Sequences of tokens; class 1 where their mean lies in the upper half."""

    label: ClassVar[str] = "Tokens"
    about: ClassVar[str] = "Random tokens; class 1 where most are large. The first layer has to be an Embedding."
    kind: Literal["tokens"] = "tokens"
    points: int = _points()
    length: int = setting(9, title="Length", description="Tokens of one row.", ge=1, le=10_000)
    tokens: int = setting(10, title="Tokens", description="Number of different tokens.", ge=2, le=1_000_000)

    @property
    def rows(self) -> int:
        return self.points

    @property
    def input_shape(self) -> Shape:
        return (self.length,)

    @property
    def outputs(self) -> int:
        return 2

    @property
    def is_labelled(self) -> bool:
        return True

    @property
    def vocabulary(self) -> int:
        return self.tokens

    def arrays(self, seed: int) -> Arrays:
        x = random_state(seed).randint(0, self.tokens, (self.points, self.length), dtype=np.int64)
        return x, (x.mean(axis=1) > (self.tokens - 1) / 2).astype(np.int64)

    def code(self, seed: int) -> tuple[str, ...]:
        return (
            f"random = {random_state_code(seed)}",
            f"x = random.randint(0, {self.tokens}, ({self.points}, {self.length}), dtype=np.int64)",
            f"y = (x.mean(axis=1) > {(self.tokens - 1) / 2!r}).astype(np.int64)",
        )


class BarImages(Dataset):
    """Images with one bright bar: class 0 lying, class 1 standing."""

    label: ClassVar[str] = "Bars"
    about: ClassVar[str] = "Small images of one bar in noise, lying (0) or standing (1): for Conv2d."
    kind: Literal["bars"] = "bars"
    points: int = _points()
    size: int = setting(8, title="Size", description="Height and width of an image.", ge=4, le=256)
    noise: float = _noise(0.3)

    @property
    def rows(self) -> int:
        return self.points

    @property
    def input_shape(self) -> Shape:
        return (1, self.size, self.size)

    @property
    def outputs(self) -> int:
        return 2

    @property
    def is_labelled(self) -> bool:
        return True

    def arrays(self, seed: int) -> Arrays:
        random = random_state(seed)
        row = np.arange(self.points)
        y = row % 2
        place = random.randint(0, self.size, self.points, dtype=np.int64)
        x = self.noise * random.randn(self.points, 1, self.size, self.size)
        x[row[y == 0], 0, place[y == 0], :] += 1
        x[row[y == 1], 0, :, place[y == 1]] += 1
        return x, y

    def code(self, seed: int) -> tuple[str, ...]:
        return (
            f"random = {random_state_code(seed)}",
            f"row = np.arange({self.points})",
            "y = row % 2",
            f"place = random.randint(0, {self.size}, {self.points}, dtype=np.int64)",
            f"x = {self.noise!r} * random.randn({self.points}, 1, {self.size}, {self.size})",
            "x[row[y == 0], 0, place[y == 0], :] += 1",
            "x[row[y == 1], 0, :, place[y == 1]] += 1",
        )
