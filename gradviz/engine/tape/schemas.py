"""What torch calls the inputs of an operation, by the schema of the operator that its node belongs to."""

from __future__ import annotations

import functools
from typing import Any

import torch

from gradviz.core.glossary.operators import operator_name

TENSORS = ("Tensor", "Optional[Tensor]")
UNFOLLOWED = frozenset(
    {
        "attn_mask", "batch_sizes", "condition", "dropout_state", "end", "index", "indices", "lengths", "mask", "max",
        "min", "offsets", "pos_weight", "running_mean", "running_var", "target", "targets", "train",
    }
)  # fmt: skip
"""Arguments of which most operators have no derivative, so that autograd keeps no place for them among the inputs."""


@functools.cache
def argument_names(op: str, inputs: int) -> tuple[str, ...]:
    """The names of a node's inputs in their order; empty where no schema has as many.

    An argument that torch does not differentiate by has no input.
    """
    for arguments in _overloads(operator_name(op)):
        lists = [name for name, kind in arguments if kind == "List[Tensor]"]
        tensors = [name for name, kind in arguments if kind in TENSORS]
        if len(lists) == 1 and not tensors:
            return tuple(f"{lists[0]}[{place}]" for place in range(inputs))
        for found in (tensors, [name for name in tensors if name not in UNFOLLOWED]):
            if len(found) == inputs:
                return tuple(found)
    return ()


@functools.cache
def is_optional(op: str, argument: str) -> bool:
    """Whether an operator does without this input, a bias say."""
    kinds = {kind for arguments in _overloads(operator_name(op)) for name, kind in arguments if name == argument}
    return "Optional[Tensor]" in kinds


@functools.cache
def _overloads(name: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The arguments, name and type, of every functional overload of an operator, under the names that it may have."""
    found: list[Any] = []
    for candidate in (name, f"_{name}", f"{name}_forward"):
        found += torch._C._jit_get_schemas_for_operator(f"aten::{candidate}")  # noqa: SLF001 - nor is it public
    return tuple(
        tuple((argument.name, str(argument.type)) for argument in schema.arguments)
        for schema in found
        if not any(argument.name == "out" for argument in schema.arguments)
    )
