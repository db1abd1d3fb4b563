"""A traced graph as text and arrays and back, with nothing lost but the patterns of its words: how it crosses to
another process."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats
from gradviz.core.tape.ledger import Held, Ledger, Local, TracedGraph
from gradviz.core.tape.remarks import Remark, RemarkKind
from gradviz.core.tape.structure import ModuleCall, NodeKind, SavedState, SavedTensor, TapeStructure
from gradviz.core.tape.tensor_numbers import NumberColumn, Spread, TensorNumbers
from gradviz.core.words import SILENCE, verbatim

TEXTS = ("ops", "names", "modules", "lines", "dtypes", "arguments")
ARRAYS = ("ports", "order", "leaf_of", "producers", "consumers", "slots", "outputs")
COLUMNS = ("values", "gradients", "passed", "local", "before")


Arrays = dict[str, NDArray[Any]]


def plain_graph(graph: TracedGraph) -> tuple[dict[str, Any], Arrays]:
    """What JSON holds, NaN and infinities among it, and arrays of int64 and float64 by their names."""
    structure, ledger = graph.structure, graph.ledger
    arrays: Arrays = {name: getattr(structure, name) for name in ARRAYS}
    columns = {}
    for name in COLUMNS:
        columns[name], arrays[name] = _plain_column(getattr(ledger, name))
    seeds, arrays["seeds"] = _plain_column(ledger.seeds.values())
    arrays["ran"] = ledger.ran
    told = {
        "texts": {name: list(getattr(structure, name)) for name in TEXTS},
        "kinds": list(map(str, structure.kinds)),
        "attributes": [list(map(list, pairs)) for pairs in structure.attributes],
        "saved": [
            [[one.name, str(one.state), list(one.shape), one.dtype, one.size] for one in kept]
            for kept in structure.saved
        ],
        "shapes": [list(shape) for shape in structure.shapes],
        "roots": list(structure.roots),
        "calls": [[call.path, call.kind, call.begin, call.end] for call in structure.calls],
        "flows": [list(pair) for pair in structure.flows],
        "columns": columns,
        "local_kinds": list(map(str, ledger.local_kinds)),
        "held": list(map(str, ledger.held)),
        "note": str(ledger.note),
        "seeds": [list(ledger.seeds), seeds],
        "remarks": [
            [row, [[str(one.kind), str(one.words)] for one in remarks]] for row, remarks in graph.remarks.items()
        ],
    }
    return told, arrays


def graph_of(plain: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> TracedGraph:
    """The graph of what `plain_graph` gave; KeyError, TypeError or ValueError of what it did not."""
    columns: dict[str, Any] = {name: tuple(map(str, plain["texts"][name])) for name in TEXTS}
    columns |= {name: np.array(arrays[name], dtype=np.int64) for name in ARRAYS}
    structure = TapeStructure(
        **columns,
        kinds=tuple(map(NodeKind, plain["kinds"])),
        attributes=tuple(tuple((name, value) for name, value in pairs) for pairs in plain["attributes"]),
        saved=tuple(tuple(_saved(*one) for one in kept) for kept in plain["saved"]),
        shapes=tuple(map(tuple, plain["shapes"])),
        roots=tuple(plain["roots"]),
        calls=tuple(ModuleCall(*call) for call in plain["calls"]),
        flows=tuple((part, whole) for part, whole in plain["flows"]),
    )
    numbers: dict[str, Any] = {name: _column(plain["columns"][name], arrays[name]) for name in COLUMNS}
    ports, seeds = plain["seeds"]
    seeded = zip(ports, _column(seeds, arrays["seeds"]), strict=True)
    ledger = Ledger(
        **numbers,
        local_kinds=tuple(map(Local, plain["local_kinds"])),
        held=tuple(map(Held, plain["held"])),
        note=verbatim(plain["note"]) if plain["note"] else SILENCE,
        ran=np.array(arrays["ran"], dtype=np.int64),
        seeds={int(port): seed for port, seed in seeded if seed is not None},
    )
    remarks = {
        int(row): tuple(Remark(RemarkKind(kind), verbatim(text)) for kind, text in told)
        for row, told in plain["remarks"]
    }
    return TracedGraph(structure, ledger, remarks)


def _saved(name: str, state: str, shape: Sequence[int], dtype: str, size: int) -> SavedTensor:
    return SavedTensor(name, SavedState(state), tuple(shape), dtype, size)


def _plain_column(column: Iterable[TensorNumbers | None]) -> tuple[list[Any], Floats]:
    """By row shape, dtype, layout and spread of a tensor, whether its entries are real or complex, and the shape of its
    blocks; and all entries and blocks."""
    rows: list[Any] = []
    parts: list[Floats] = [np.zeros(0)]
    for numbers in column:
        if numbers is None:
            rows.append(None)
            continue
        entries, known = numbers.entries, numbers.known
        spread = None if known is None else [getattr(known, name) for name in Spread.__slots__]
        kind = "" if entries is None else "complex" if np.iscomplexobj(entries) else "real"
        blocks = numbers.blocks
        cells = None if blocks is None else list(blocks.shape)
        rows.append([list(numbers.shape), numbers.dtype, kind, spread, numbers.layout, cells])
        if blocks is not None:
            parts.append(blocks.reshape(-1).astype(np.float64))
        if entries is not None:
            parts.append(np.ascontiguousarray(entries).reshape(-1).view(np.float64))
    return rows, np.concatenate(parts)


def _spread(*parts: Any) -> Spread:
    *numbers, histogram = parts
    minimum, maximum, mean, norm, not_finite, low, high = numbers
    return Spread(minimum, maximum, mean, norm, not_finite, low, high, tuple(histogram))


def _column(rows: Sequence[Any], flat: Floats) -> NumberColumn:
    others: dict[int, TensorNumbers] = {}
    begin = 0
    for row, one in enumerate(rows):
        if one is None:
            continue
        shape, dtype, kind, spread, layout, cells = one
        blocks = None
        if cells is not None:
            blocks = flat[begin : begin + math.prod(cells)].reshape(cells)
            begin += blocks.size
        count = math.prod(shape) * {"": 0, "real": 1, "complex": 2}[kind]
        entries = _entries(flat[begin : begin + count], shape, kind)
        known = None if spread is None else _spread(*spread)
        others[row] = TensorNumbers(tuple(shape), dtype, entries, known, layout, blocks)
        begin += count
    starts = np.array([-1 if one is None else -2 for one in rows], dtype=np.int64)
    return NumberColumn(np.zeros(0), starts, ((),) * len(rows), ("",) * len(rows), others)


def _entries(part: Floats, shape: Sequence[int], kind: str) -> NDArray[Any] | None:
    if not kind:
        return None
    return (part.view(np.complex128) if kind == "complex" else part).reshape(shape)
