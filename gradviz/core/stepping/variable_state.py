"""A variable as it was: shape, dtype, numbers or their summary, and what autograd said of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

REQUIRES, LEAF, RETAINS, PARAMETER = 1, 2, 4, 8
"""Bits in which the recorder tells of a tensor."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What is kept of a large tensor: a digest of its bytes, and the spread of its finite entries (None of none)."""

    digest: str
    not_finite: int
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    norm: float | None = None
    histogram: tuple[int, ...] = ()


Entry = float | int | bool | complex
Numbers = tuple[Entry, ...] | Summary | None
"""All entries, row after row; or a summary; or nothing that could be read."""


@dataclass(frozen=True, slots=True)
class VariableState:
    """One variable at one line.

    `kind` is ``tensor``, ``array``, ``plain`` (a number, a text, True, False, None: `value`) or ``object`` (`text`).
    `node` is the number of the node that it has in the graph, below 0 of a leaf, 0 without one; `storage` is equal
    where variables share memory, and 0 where there is none.
    """

    kind: str
    type: str
    value: float | int | bool | str | None = None
    text: str = ""
    shape: tuple[int, ...] = ()
    dtype: str = ""
    numbers: Numbers = None
    flags: int = 0
    grad_fn: str | None = None
    has_grad: bool = False
    grad: Numbers = None
    version: int = 0
    storage: int = 0
    device: str = ""
    node: int = 0

    @property
    def requires_grad(self) -> bool:
        """Whether autograd follows what is computed from it."""
        return bool(self.flags & REQUIRES)

    @property
    def is_leaf(self) -> bool:
        """Whether the graph begins here."""
        return bool(self.flags & LEAF)

    @property
    def is_parameter(self) -> bool:
        """Whether it is an nn.Parameter."""
        return bool(self.flags & PARAMETER)

    @property
    def is_finite(self) -> bool:
        """Whether no entry is NaN or infinite."""
        if self.kind == "plain":
            return not isinstance(self.value, float) or math.isfinite(self.value)
        return are_finite(self.numbers)


def are_finite(numbers: Numbers) -> bool:
    """Whether no entry is NaN or infinite."""
    if numbers is None:
        return True
    if isinstance(numbers, Summary):
        return numbers.not_finite == 0
    return all(math.isfinite(abs(one)) for one in numbers)


def variable_state(told: list[Any]) -> VariableState:
    """The state that the recorder told, in its own short form, which is valid."""
    if told[0] == "t":
        _, shape, dtype, flags, grad_fn, node, numbers, grad, version, storage, device, kind = told
        return VariableState(
            "tensor", kind, shape=tuple(shape), dtype=dtype, numbers=_numbers(numbers), flags=flags, grad_fn=grad_fn,
            has_grad=grad is not None, grad=_numbers(grad[0]) if grad else None, version=version, storage=storage,
            device=device, node=node,
        )  # fmt: skip
    if told[0] == "n":
        _, shape, dtype, numbers, storage = told
        return VariableState(
            "array", "ndarray", shape=tuple(shape), dtype=dtype, numbers=_numbers(numbers), storage=storage
        )
    if told[0] == "p":
        return VariableState("plain", told[1], value=told[2])
    return VariableState("object", told[1], text=told[2])


def _numbers(told: Any) -> Numbers:
    if told is None:
        return None
    if isinstance(told, dict):
        low, high, mean, norm = (told.get(name) for name in ("min", "max", "mean", "norm"))
        return Summary(told["digest"], told["not_finite"], low, high, mean, norm, tuple(told.get("histogram", ())))
    return tuple(complex(*one) if isinstance(one, list) else one for one in told)
