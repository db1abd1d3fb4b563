"""A traced graph as text and arrays and back, with nothing lost but the patterns of its words: how it crosses to
another process."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
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
Told = dict[str, Any]


class _Packing:
    """What is packed so far: `told` as JSON holds it, and arrays of int64 and float64 by their names."""

    def __init__(self) -> None:
        self.told: Told = {}
        self.arrays: Arrays = {}
        self._flat_of: dict[int, str] = {}

    def add_values(self, name: str, values: Iterable[Hashable]) -> list[Any]:
        """Each value once in a list, which is returned, and by row its place there: ten thousands are a few."""
        values = list(values)
        distinct = list(dict.fromkeys(values))
        place_of = {value: place for place, value in enumerate(distinct)}
        self.arrays[name] = np.fromiter(map(place_of.__getitem__, values), np.int64, len(values))
        return distinct

    def add_column(self, name: str, column: NumberColumn) -> None:
        """The numbers as they lie; an array that several columns share is there once."""
        flat = self._flat_of.setdefault(id(column.flat), f"{name}.flat")
        self.arrays[flat] = column.flat
        self.arrays[f"{name}.starts"] = column.starts
        kinds = self.add_values(f"{name}.kinds", zip(column.shapes, column.dtypes, strict=True))
        others, self.arrays[f"{name}.others"] = _plain_rows(column.others.values())
        self.told[name] = {"flat": flat, "kinds": kinds, "rows": list(column.others), "others": others}


def plain_graph(graph: TracedGraph) -> tuple[Told, Arrays]:
    """What JSON holds, NaN and infinities among it, and arrays of int64 and float64 by their names."""
    structure, ledger = graph.structure, graph.ledger
    packing = _Packing()
    told = packing.told
    packing.arrays |= {name: getattr(structure, name) for name in ARRAYS}
    for name in (*TEXTS, "kinds", "attributes", "saved", "shapes"):
        told[name] = packing.add_values(name, getattr(structure, name))
    for name in ("local_kinds", "held"):
        told[name] = packing.add_values(name, getattr(ledger, name))
    for name in COLUMNS:
        packing.add_column(name, getattr(ledger, name))
    seeds, packing.arrays["seeds"] = _plain_rows(ledger.seeds.values())
    packing.arrays["ran"] = ledger.ran
    remarks = [
        [[str(one.kind), str(one.words)] for one in several]
        for several in packing.add_values("remarks", graph.remarks.values())
    ]
    told |= {
        "roots": list(structure.roots),
        "calls": [[call.path, call.kind, call.begin, call.end] for call in structure.calls],
        "flows": [list(pair) for pair in structure.flows],
        "note": str(ledger.note),
        "seeds": [list(ledger.seeds), seeds],
        "remarks": [list(graph.remarks), remarks],
    }
    return told, packing.arrays


def graph_of(plain: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> TracedGraph:
    """The graph of what `plain_graph` gave; KeyError, TypeError, ValueError or IndexError of what it did not."""

    def values(name: str, made: Callable[[Any], Any] = str) -> tuple[Any, ...]:
        distinct = list(map(made, plain[name]))
        return tuple(map(distinct.__getitem__, arrays[name].tolist()))

    columns: dict[str, Any] = {name: values(name) for name in TEXTS}
    columns |= {name: np.array(arrays[name], dtype=np.int64) for name in ARRAYS}
    structure = TapeStructure(
        **columns,
        kinds=values("kinds", NodeKind),
        attributes=values("attributes", lambda pairs: tuple((name, value) for name, value in pairs)),
        saved=values("saved", lambda kept: tuple(_saved(*one) for one in kept)),
        shapes=values("shapes", tuple),
        roots=tuple(plain["roots"]),
        calls=tuple(ModuleCall(*call) for call in plain["calls"]),
        flows=tuple((part, whole) for part, whole in plain["flows"]),
    )
    ports, seeds = plain["seeds"]
    ledger = Ledger(
        **{name: _column(name, plain[name], arrays) for name in COLUMNS},
        local_kinds=values("local_kinds", Local),
        held=values("held", Held),
        note=verbatim(plain["note"]) if plain["note"] else SILENCE,
        ran=np.array(arrays["ran"], dtype=np.int64),
        seeds=dict(zip(map(int, ports), _numbers(seeds, arrays["seeds"]), strict=True)),
    )
    rows, remarks = plain["remarks"]
    known = [tuple(Remark(RemarkKind(kind), verbatim(text)) for kind, text in told) for told in remarks]
    places = arrays["remarks"].tolist()
    return TracedGraph(structure, ledger, {row: known[place] for row, place in zip(rows, places, strict=True)})


def _saved(name: str, state: str, shape: Sequence[int], dtype: str, size: int) -> SavedTensor:
    return SavedTensor(name, SavedState(state), tuple(shape), dtype, size)


def _plain_rows(several: Iterable[TensorNumbers]) -> tuple[list[Any], Floats]:
    """By row shape, dtype, layout and spread of a tensor, whether its entries are real or complex, and the shape of its
    blocks; and all entries and blocks."""
    rows: list[Any] = []
    parts: list[Floats] = [np.zeros(0)]
    for numbers in several:
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


def _column(name: str, told: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> NumberColumn:
    kinds = [(tuple(shape), str(dtype)) for shape, dtype in told["kinds"]]
    rows = list(map(kinds.__getitem__, arrays[f"{name}.kinds"].tolist()))
    others = dict(zip(told["rows"], _numbers(told["others"], arrays[f"{name}.others"]), strict=True))
    flat: Floats = np.asarray(arrays[told["flat"]], dtype=np.float64)
    flat.setflags(write=False)
    starts = np.array(arrays[f"{name}.starts"], dtype=np.int64)
    return NumberColumn(flat, starts, tuple(shape for shape, _ in rows), tuple(dtype for _, dtype in rows), others)


def _numbers(rows: Iterable[Any], flat: Floats) -> Iterator[TensorNumbers]:
    begin = 0
    for shape, dtype, kind, spread, layout, cells in rows:
        blocks = None
        if cells is not None:
            blocks = flat[begin : begin + math.prod(cells)].reshape(cells)
            begin += blocks.size
        count = math.prod(shape) * {"": 0, "real": 1, "complex": 2}[kind]
        entries = _entries(flat[begin : begin + count], shape, kind)
        known = None if spread is None else _spread(*spread)
        yield TensorNumbers(tuple(shape), dtype, entries, known, layout, blocks)
        begin += count


def _entries(part: Floats, shape: Sequence[int], kind: str) -> NDArray[Any] | None:
    if not kind:
        return None
    return (part.view(np.complex128) if kind == "complex" else part).reshape(shape)
