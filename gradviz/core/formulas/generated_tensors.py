"""Tensors of a formula that are not typed number by number: drawn from the seed, or of a regular shape."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradviz.core.formulas.scalar_formula import scalar_value
from gradviz.core.formulas.text import FormulaError

if TYPE_CHECKING:
    from torch import Tensor, dtype

MOST_GENERATED = 1_000_000
_TEXT = re.compile(r"\s*([a-z]+)\s*\((.{0,400})\)\s*", re.DOTALL)
_WRITTEN = re.compile(r"\s*[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?\s*")
_LIMITS = {"randn": 0, "rand": 0, "zeros": 0, "ones": 0, "randint": 2, "linspace": 2}
_EXAMPLES = "randn(3, 4), rand(3), randint(0, 20, 3, 4), zeros(3), ones(2, 2) or linspace(0, 1, 11)"


@dataclass(frozen=True, slots=True)
class Source:
    """``randint(0, 20, 3, 4)``: the name of a NumPy function, its limits (0, 20) and the shape (3, 4)."""

    name: str
    limits: tuple[float, ...]
    shape: tuple[int, ...]

    @property
    def is_random(self) -> bool:
        """Whether the numbers depend on the seed."""
        return self.name.startswith("rand")

    def numpy(self, random: np.random.RandomState) -> NDArray[Any]:
        """The numbers in float64; `random` is drawn from."""
        if self.name == "randn":
            return np.asarray(random.randn(*self.shape))
        if self.name == "rand":
            return np.asarray(random.rand(*self.shape))
        if self.name == "randint":
            low, high = (int(limit) for limit in self.limits)
            return np.asarray(random.randint(low, high, self.shape), dtype=np.float64)
        if self.name == "linspace":
            return np.linspace(self.limits[0], self.limits[1], self.shape[0])
        return np.full(self.shape, float(self.name == "ones"))

    def torch(self, like: dtype) -> Tensor:
        """The numbers on the CPU, drawn from torch's current random state."""
        import torch

        if self.name == "randn":
            return torch.randn(self.shape, dtype=like)
        if self.name == "rand":
            return torch.rand(self.shape, dtype=like)
        if self.name == "randint":
            low, high = (int(limit) for limit in self.limits)
            return torch.randint(low, high, self.shape).to(like)
        if self.name == "linspace":
            return torch.linspace(self.limits[0], self.limits[1], self.shape[0], dtype=like)
        return torch.full(self.shape, float(self.name == "ones"), dtype=like)


def parse_source(text: str) -> Source:
    """Read ``randn(3, 4)``; ValueError with a sentence where it cannot be."""
    match = _TEXT.fullmatch(text)
    if match is None or match.group(1) not in _LIMITS:
        raise ValueError(f"write a number, [a vector], [[a], [matrix]], or {_EXAMPLES}")
    name = match.group(1)
    numbers = [_number(part) for part in _split(match.group(2)) if part.strip()]
    count = _LIMITS[name]
    source = Source(name, tuple(numbers[:count]), tuple(int(number) for number in numbers[count:]))
    _check(source, numbers[count:])
    return source


def _split(text: str) -> list[str]:
    """The arguments: what stands between commas that are in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _number(text: str) -> float:
    """A number as it is written, or what a formula of constants such as -2*pi says."""
    try:
        number = float(text) if _WRITTEN.fullmatch(text) else scalar_value(text)
    except FormulaError as error:
        raise ValueError(f"{text.strip()[:20]!r} is not a number: {error.reason}") from None
    except ValueError:
        raise ValueError(f"{text.strip()[:20]!r} is not a number") from None
    if not math.isfinite(number) or abs(number) > 1e9:
        raise ValueError(f"{text.strip()[:20]} is too large")
    return number


def _check(source: Source, sizes: list[float]) -> None:
    if len(source.limits) < _LIMITS[source.name]:
        raise ValueError(f"{source.name} takes two limits before the sizes, as in {_EXAMPLES}")
    most = 1 if source.name == "linspace" else 2
    if len(sizes) > most or (source.name == "linspace" and not sizes):
        raise ValueError(f"{source.name} takes {most} size(s), not {len(sizes)}")
    if any(size != int(size) or size < 1 for size in sizes):
        raise ValueError("a size is a whole number of at least 1")
    if math.prod(source.shape) > MOST_GENERATED:
        raise ValueError(f"{math.prod(source.shape):,} numbers are too many; at most {MOST_GENERATED:,}")
    if source.name == "randint" and int(source.limits[0]) >= int(source.limits[1]):
        raise ValueError("randint's second limit must be larger than the first")
