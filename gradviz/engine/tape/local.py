"""Local derivatives: what an operation's node gives back for a gradient of 1, asked of the node itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gradviz.core.glossary.lookup import entry_of
from gradviz.core.tape.ledger import Local
from gradviz.core.tape.structure import SavedState
from gradviz.engine.tape.saved import Kept

MOST_OPERATIONS = 1000
"""Of a larger graph no local derivative is taken."""
MOST_ROWS, MOST_NUMBERS = 16, 100
"""Outputs and numbers of a Jacobian that is written out."""

Derivative = tuple[Local, Tensor | None]
NONE: Derivative = (Local.UNKNOWN, None)
Shapes = Sequence[tuple[int, ...] | None]


def local_derivatives(node: Any, kept: Kept, inputs: Shapes, with_jacobians: bool = True) -> list[Derivative]:
    """One entry an input, of the shapes in `inputs` (None: not followed); unknown where it cannot be told in short."""
    nothing = [NONE] * len(inputs)
    outputs = node._input_metadata  # noqa: SLF001 - nor has it a public name for shape and dtype
    if isinstance(node, torch.autograd.function.BackwardCFunction):
        return nothing  # a user's own code, which may do more than compute: that of a checkpoint fills .grad
    if len(outputs) != 1 or any(saved.state is not SavedState.ALIVE for saved in kept.saved):
        return nothing
    shape, dtype = tuple(outputs[0].shape), outputs[0].dtype
    if not dtype.is_floating_point:
        return nothing
    like: dict[str, Any] = {"dtype": dtype, "device": outputs[0].device}
    try:
        return _asked(node, shape, inputs, like, MOST_ROWS if with_jacobians else 0)
    except RuntimeError:  # torch's own refusal: there is no derivative to show
        return nothing


def _asked(
    node: Any, shape: tuple[int, ...], inputs: Shapes, like: dict[str, Any], rows_at_most: int
) -> list[Derivative]:
    count = math.prod(shape)
    known = entry_of(node.name())
    if count == 1 or (known is not None and known.is_elementwise):
        given = _given(node, torch.ones(shape, **like))
        return [_of_ones(gradient, shape, wanted) for gradient, wanted in zip(given, inputs, strict=True)]
    if count > rows_at_most:
        return [NONE] * len(inputs)
    rows = [_given(node, row.reshape(shape)) for row in torch.eye(count, **like)]
    return [_jacobian([row[slot] for row in rows], shape, wanted) for slot, wanted in enumerate(inputs)]


def _given(node: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    """What the node gives back to its inputs."""
    back: Any = node(gradient)
    return back if isinstance(back, tuple) else (back,)


def _of_ones(gradient: Tensor | None, shape: tuple[int, ...], wanted: tuple[int, ...] | None) -> Derivative:
    """What came back for ones: the derivative of one number, or of each element."""
    if gradient is None or wanted is None:
        return NONE
    if math.prod(shape) != 1:
        return (Local.ELEMENTWISE, gradient) if tuple(gradient.shape) == shape else NONE
    reduced = _reduced(gradient, wanted)
    if reduced.numel() == 1:
        return Local.NUMBER, reduced.reshape(())
    return (Local.JACOBIAN, reduced.reshape((*shape, *wanted))) if reduced.numel() <= MOST_NUMBERS else NONE


def _jacobian(rows: list[Tensor | None], shape: tuple[int, ...], wanted: tuple[int, ...] | None) -> Derivative:
    if wanted is None or len(rows) * math.prod(wanted) > MOST_NUMBERS:
        return NONE
    found = [_reduced(row, wanted) for row in rows if row is not None]
    if len(found) != len(rows):
        return NONE
    return Local.JACOBIAN, torch.stack(found).reshape((*shape, *wanted))


def _reduced(gradient: Tensor, wanted: tuple[int, ...]) -> Tensor:
    """Summed over what was broadcast, as autograd does before it passes a gradient on."""
    return gradient if tuple(gradient.shape) == wanted else gradient.sum_to_size(wanted)
