"""Tensors into columns of numbers: small ones copied together, the spread of large ones taken by torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradviz.core.numbers import Floats
from gradviz.core.tape.heat_map import MOST_BLOCKS, arrangement
from gradviz.core.tape.tensor_numbers import (
    BINS,
    MOST_ENTRIES,
    MOST_OF_ALL,
    MOST_OF_ONE,
    Ints,
    NumberColumn,
    Spread,
    TensorNumbers,
)

BATCHED = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
NAMES = {dtype: str(dtype).removeprefix("torch.") for dtype in BATCHED}
"""Small tensors of these are copied together: float64 holds each of their numbers exactly."""
Row = Tensor | TensorNumbers | None
Key = tuple[torch.Size, torch.dtype, torch.layout, Any]
"""Shape, dtype, layout, and the device, or True of the processor itself."""
Batch = tuple[list[int], list[Tensor]]
"""Rows, and the tensors, of one shape and dtype."""


def column(rows: Sequence[Row]) -> NumberColumn:
    """A copy of the numbers of each row, taken at once; None stays absent."""
    return columns(rows)[0]


def columns(*several: Sequence[Row]) -> list[NumberColumn]:
    """Several columns over one array: a tensor that stands in more than one row is copied once."""
    rows = [row for one in several for row in one]
    distinct = dict(zip(map(id, rows), rows, strict=True))
    place_of = dict(zip(distinct, range(len(distinct)), strict=True))
    places = list(map(place_of.__getitem__, map(id, rows)))
    whole = _copied(list(distinct.values()))
    again = NumberColumn(
        whole.flat,
        whole.starts[places],
        tuple(map(whole.shapes.__getitem__, places)),
        tuple(map(whole.dtypes.__getitem__, places)),
        {row: whole.others[place] for row, place in enumerate(places) if place in whole.others} if whole.others else {},
    )
    return _divided(again, list(map(len, several)))


def _copied(rows: Sequence[Row]) -> NumberColumn:
    """The numbers of rows of which no two are the same tensor."""
    starts = np.full(len(rows), -1, np.int64)
    shapes: list[tuple[int, ...]] = [()] * len(rows)
    dtypes = [""] * len(rows)
    batches, others = _batches(rows)
    for (shape, dtype, *_), (places, _) in batches.items():
        told = (tuple(shape), NAMES[dtype])
        for place in places:
            shapes[place], dtypes[place] = told
    starts[list(others)] = -2
    flat = _flat(batches, starts)
    return NumberColumn(flat, starts, tuple(shapes), tuple(dtypes), others)


def _batches(rows: Sequence[Row]) -> tuple[dict[Key, Batch], dict[int, TensorNumbers]]:
    """Tensors to be copied together, by shape, dtype and place; and by row the numbers of all others."""
    batches: dict[Key, Batch] = {}
    others: dict[int, TensorNumbers] = {}
    for row, tensor in enumerate(rows):
        if isinstance(tensor, TensorNumbers):
            others[row] = tensor
        elif tensor is not None:
            try:
                _add(batches, row, tensor)
            except RuntimeError:  # of a nested tensor the shape depends on the row
                others[row] = numbers_of(tensor)
    larger: list[tuple[int, Tensor]] = []
    for key in list(batches):
        shape, dtype, layout, _ = key
        if dtype not in NAMES or layout is not torch.strided:
            others |= {row: numbers_of(tensor) for row, tensor in zip(*batches.pop(key), strict=True)}
        elif shape.numel() > MOST_ENTRIES:
            larger += zip(*batches.pop(key), strict=True)
    for row, tensor in _affordable(larger, others):
        _add(batches, row, tensor)
    return batches, others


def _add(batches: dict[Key, Batch], row: int, tensor: Tensor) -> None:
    key = (tensor.shape, tensor.dtype, tensor.layout, tensor.is_cpu or tensor.device)
    batch = batches.get(key)
    if batch is None:
        batch = batches[key] = ([], [])
    batch[0].append(row)
    batch[1].append(tensor)


def _affordable(larger: list[tuple[int, Tensor]], others: dict[int, TensorNumbers]) -> list[tuple[int, Tensor]]:
    """Those whose entries are kept, the smallest first; of all others what `numbers_of` tells goes to `others`.

    A copy is cheaper than a spread, which is then asked of few of them.
    """
    kept, total = [], 0
    for row, tensor in sorted(larger, key=lambda pair: (pair[1].numel(), pair[0])):
        total += tensor.numel()
        if tensor.numel() <= MOST_OF_ONE and total <= MOST_OF_ALL:
            kept.append((row, tensor))
        else:
            others[row] = numbers_of(tensor)
    return kept


def _divided(whole: NumberColumn, lengths: Sequence[int]) -> list[NumberColumn]:
    found, begin = [], 0
    for length in lengths:
        part = slice(begin, begin + length)
        inside = range(begin, begin + length)
        others = {row - begin: numbers for row, numbers in whole.others.items() if row in inside}
        found.append(NumberColumn(whole.flat, whole.starts[part], whole.shapes[part], whole.dtypes[part], others))
        begin += length
    return found


def _flat(batches: dict[Key, Batch], starts: Ints) -> Floats:
    """All tensors of batches in one array, those of one shape joined by torch in one call; `starts` learns where each
    begins."""
    parts, begin = [], 0
    with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - as torch's own subclasses do it
        for (shape, *_), (places, batch) in batches.items():
            size = shape.numel()
            starts[places] = begin + size * np.arange(len(places))
            begin += size * len(places)
            joined = torch.cat(batch) if shape else torch.stack(batch)
            parts.append(joined.detach().reshape(-1).double().cpu().numpy())
    flat: Floats = np.concatenate(parts) if parts else np.zeros(0)
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
            picture = _blocks(plain) if not layout else None  # of a sparse one the elements have no places here
            return TensorNumbers(shape, dtype, None, _spread(plain), layout, picture)
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


def _blocks(tensor: Tensor) -> Floats:
    """The means of blocks of a large tensor, for its heat map: 0.1 ms of 100,000 elements. In single precision, which
    has more shades than a screen, except of doubles."""
    plan = arrangement(tuple(tensor.shape), MOST_BLOCKS)
    real = tensor.abs() if tensor.is_complex() else tensor
    real = real if real.dtype in (torch.float32, torch.float64) else real.float()
    matrix = real.permute((*plan.down, *plan.across)).reshape(1, 1, *plan.size)
    cells: Floats = torch.nn.functional.avg_pool2d(matrix, plan.block, ceil_mode=True)[0, 0].cpu().numpy().copy()
    cells.setflags(write=False)
    return cells


def _histogram(finite: Tensor, low: float, high: float) -> tuple[int, ...]:
    if not 0 < high - low < math.inf:
        return (finite.numel(), *(0,) * (BINS - 1))
    return tuple(int(count) for count in torch.histc(finite, BINS, low, high).tolist())
