"""Tensors into values that may leave the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradviz.core.graph.tensor_summary import TensorSummary

MOST_WHOLE = 64
"""Elements up to which a summary holds all of them."""


def array_of(tensor: Tensor) -> NDArray[Any]:
    """A copy of a tensor, on the CPU, of the same dtype."""
    array: NDArray[Any] = tensor.detach().cpu().numpy().copy()
    return array


def summarise(tensor: Tensor) -> TensorSummary:
    """`tensor` copied at once: every number of a small one; range and mean, by torch, of any."""
    detached = tensor.detach()
    dtype = str(detached.dtype).removeprefix("torch.")
    shape = tuple(detached.shape)
    if detached.numel() > MOST_WHOLE:
        low, high = torch.aminmax(detached)
        return TensorSummary(shape, dtype, None, low.item(), high.item(), detached.mean(dtype=detached.dtype).item())
    values = np.array(detached.tolist(), dtype=np.float64).reshape(shape)
    values.flags.writeable = False
    if not values.size:
        return TensorSummary(shape, dtype, values, np.nan, np.nan, np.nan)
    if values.size == 1:
        only = values.item()
        return TensorSummary(shape, dtype, values, only, only, only)
    return TensorSummary(shape, dtype, values, values.min().item(), values.max().item(), values.mean().item())
