"""Tensors into columns of numbers: small ones copied together, the spread of large ones taken by torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradviz.core.tape.tensor_numbers import BINS, MOST_ENTRIES, NumberColumn, Spread, TensorNumbers

BATCHED = frozenset({torch.float64, torch.float32, torch.float16, torch.bfloat16})
"""Small tensors of these are copied together: float64 holds each of their numbers exactly."""
NAMES = {dtype: str(dtype).removeprefix("torch.") for dtype in BATCHED}
Row = Tensor | TensorNumbers | None


def column(rows: Sequence[Row]) -> NumberColumn:
    """A copy of the numbers of each row, taken at once; None stays absent."""
    starts = np.full(len(rows), -1, np.int64)
    shapes: list[tuple[int, ...]] = [()] * len(rows)
    dtypes = [""] * len(rows)
    others: dict[int, TensorNumbers] = {}
    batches: dict[Any, tuple[list[int], list[Tensor]]] = {}
    for row, tensor in enumerate(rows):
        if tensor is None:
            continue
        if isinstance(tensor, TensorNumbers):
            others[row] = tensor
        elif tensor.dtype in BATCHED and tensor.layout is torch.strided and tensor.numel() <= MOST_ENTRIES:
            shapes[row], dtypes[row] = tuple(tensor.shape), NAMES[tensor.dtype]
            places, batch = batches.setdefault((tensor.dtype, tensor.device), ([], []))
            places.append(row)
            batch.append(tensor.reshape(-1))
        else:
            others[row] = numbers_of(tensor)
    starts[list(others)] = -2
    return NumberColumn(_flat(batches, starts), starts, tuple(shapes), tuple(dtypes), others)


def _flat(batches: dict[Any, tuple[list[int], list[Tensor]]], starts: np.ndarray[Any, np.dtype[np.int64]]) -> Any:
    """All small tensors in one array; `starts` learns where each begins."""
    parts, begin = [], 0
    with torch.no_grad():
        for places, batch in batches.values():
            sizes = np.array([len(piece) for piece in batch])
            starts[places] = begin + np.cumsum(sizes) - sizes
            begin += int(sizes.sum())
            parts.append(torch.cat(batch).double().cpu().numpy())
    flat = np.concatenate(parts) if parts else np.zeros(0)
    flat.setflags(write=False)
    return flat


def numbers_of(tensor: Tensor) -> TensorNumbers:
    """A copy of one tensor, whatever it is; without numbers where torch cannot read them (quantised, nested, meta)."""
    shape, dtype = _shape(tensor), str(tensor.dtype).removeprefix("torch.")
    layout = "" if tensor.layout is torch.strided else str(tensor.layout).removeprefix("torch.")
    try:
        with torch.no_grad():
            plain = _plain(tensor.detach())
            if plain.numel() <= MOST_ENTRIES:
                entries = plain.to(torch.complex128 if plain.is_complex() else torch.float64).cpu().numpy().copy()
                entries.setflags(write=False)
                return TensorNumbers(shape, dtype, entries, None, layout)
            return TensorNumbers(shape, dtype, None, _spread(plain), layout)
    except (RuntimeError, NotImplementedError, TypeError):
        return TensorNumbers(shape, dtype, None, None, layout)


def _shape(tensor: Tensor) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in tensor.shape)
    except RuntimeError:  # of a nested tensor it depends on the row
        return ()


def _plain(tensor: Tensor) -> Tensor:
    """Dense: a sparse tensor of a few elements in full, else the elements that it stores."""
    if tensor.layout is torch.strided:
        return tensor
    if math.prod(tensor.shape) <= MOST_ENTRIES:
        return tensor.to_dense()
    return tensor.coalesce().values() if tensor.layout is torch.sparse_coo else tensor.values()


def _spread(tensor: Tensor) -> Spread:
    """By torch, in the tensor's own precision (single at least)."""
    real = tensor.abs() if tensor.is_complex() else tensor
    real = real.reshape(-1) if real.dtype in (torch.float32, torch.float64) else real.reshape(-1).float()
    low, high = (end.item() for end in torch.aminmax(real))
    mean, norm = real.mean().item(), torch.linalg.vector_norm(real).item()
    if math.isfinite(low) and math.isfinite(high):
        return Spread(low, high, mean, norm, 0, low, high, _histogram(real, low, high))
    finite = real[torch.isfinite(real)]
    odd = real.numel() - finite.numel()
    if not finite.numel():
        return Spread(low, high, mean, norm, odd, math.nan, math.nan, ())
    least, largest = (end.item() for end in torch.aminmax(finite))
    return Spread(low, high, mean, norm, odd, least, largest, _histogram(finite, least, largest))


def _histogram(finite: Tensor, low: float, high: float) -> tuple[int, ...]:
    if not 0 < high - low < math.inf:
        return (finite.numel(), *(0,) * (BINS - 1))
    return tuple(int(count) for count in torch.histc(finite, BINS, low, high).tolist())
