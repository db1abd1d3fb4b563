"""A traced graph as plain data and back, with nothing lost but the pattern of its note: how it crosses to another
process, or into a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradviz.core.tape.ledger import Held, Ledger, Local, TracedGraph
from gradviz.core.tape.structure import ModuleCall, NodeKind, SavedState, SavedTensor, TapeStructure
from gradviz.core.tape.tensor_numbers import NumberColumn, Spread, TensorNumbers
from gradviz.core.words import SILENCE, verbatim

TEXTS = ("ops", "names", "modules", "lines", "dtypes", "arguments")
ARRAYS = ("ports", "order", "leaf_of", "producers", "consumers", "slots", "outputs")
COLUMNS = ("values", "gradients", "passed", "local", "before")


def plain_graph(graph: TracedGraph) -> dict[str, Any]:
    """Dictionaries, lists, text and numbers, NaN and infinities among them."""
    structure, ledger = graph.structure, graph.ledger
    return {
        "texts": {name: list(getattr(structure, name)) for name in TEXTS},
        "arrays": {name: getattr(structure, name).tolist() for name in ARRAYS},
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
        "columns": {name: _plain_column(getattr(ledger, name)) for name in COLUMNS},
        "local_kinds": list(map(str, ledger.local_kinds)),
        "held": list(map(str, ledger.held)),
        "note": str(ledger.note),
    }


def graph_of(plain: Mapping[str, Any]) -> TracedGraph:
    """The graph of what `plain_graph` gave; KeyError, TypeError or ValueError of what it did not."""
    columns: dict[str, Any] = {name: tuple(map(str, plain["texts"][name])) for name in TEXTS}
    columns |= {name: np.array(plain["arrays"][name], dtype=np.int64) for name in ARRAYS}
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
    ledger = Ledger(
        **{name: _column(plain["columns"][name]) for name in COLUMNS},
        local_kinds=tuple(map(Local, plain["local_kinds"])),
        held=tuple(map(Held, plain["held"])),
        note=verbatim(plain["note"]) if plain["note"] else SILENCE,
    )
    return TracedGraph(structure, ledger)


def _saved(name: str, state: str, shape: Sequence[int], dtype: str, size: int) -> SavedTensor:
    return SavedTensor(name, SavedState(state), tuple(shape), dtype, size)


def _plain_column(column: NumberColumn) -> list[Any]:
    return [None if numbers is None else _plain_numbers(numbers) for numbers in column]


def _plain_numbers(numbers: TensorNumbers) -> list[Any]:
    entries, known = numbers.entries, numbers.known
    spread = (
        None if known is None else [*(getattr(known, name) for name in Spread.__slots__[:-1]), list(known.histogram)]
    )
    blocks = None if numbers.blocks is None else numbers.blocks.tolist()
    parts = None if entries is None else _parts(entries)
    return [list(numbers.shape), numbers.dtype, parts, spread, numbers.layout, blocks]


def _parts(entries: NDArray[Any]) -> list[list[float]]:
    """Flattened: the numbers, and of complex ones the imaginary parts."""
    flat = entries.reshape(-1)
    return [flat.real.tolist(), flat.imag.tolist()] if np.iscomplexobj(flat) else [flat.tolist()]


def _spread(*parts: Any) -> Spread:
    *numbers, histogram = parts
    minimum, maximum, mean, norm, not_finite, low, high = numbers
    return Spread(minimum, maximum, mean, norm, not_finite, low, high, tuple(histogram))


def _column(rows: Sequence[Any]) -> NumberColumn:
    others = {row: _numbers(*one) for row, one in enumerate(rows) if one is not None}
    starts = np.array([-1 if one is None else -2 for one in rows], dtype=np.int64)
    return NumberColumn(np.zeros(0), starts, ((),) * len(rows), ("",) * len(rows), others)


def _numbers(shape: Sequence[int], dtype: str, parts: Any, spread: Any, layout: str, blocks: Any) -> TensorNumbers:
    known = None if spread is None else _spread(*spread)
    if parts is None:
        picture = None if blocks is None else np.array(blocks, dtype=np.float64)
        return TensorNumbers(tuple(shape), dtype, None, known, layout, picture)
    entries = np.array(parts[0], dtype=np.float64)
    if len(parts) == 2:
        entries = entries + 1j * np.array(parts[1], dtype=np.float64)
    return TensorNumbers(tuple(shape), dtype, entries.reshape(shape), known, layout)
