"""The structure of a walked graph, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from gradviz.core.tape.structure import CONSTANT, LEAF, ModuleCall, NodeKind, SavedTensor, TapeStructure
from gradviz.core.tape.tensor_numbers import TensorNumbers
from gradviz.engine.tape.naming import Names
from gradviz.engine.tape.saved import Kept, dtype_name, kept_of
from gradviz.engine.tape.schemas import argument_names, is_optional
from gradviz.engine.tape.walk import Walk
from gradviz.engine.tape.watch import Cut, Watch


@dataclass(slots=True)
class Rows:
    """The columns of a structure while they grow; one call of `add` is one use of a leaf, or one constant."""

    ops: list[str] = field(default_factory=list)
    kinds: list[NodeKind] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    attributes: list[tuple[tuple[str, str], ...]] = field(default_factory=list)
    saved: list[tuple[SavedTensor, ...]] = field(default_factory=list)
    ports: list[int] = field(default_factory=lambda: [0])
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    dtypes: list[str] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    leaf_of: list[int] = field(default_factory=list)
    edges: list[tuple[int, int, int, int]] = field(default_factory=list)

    def add(
        self, op: str, kind: NodeKind, name: str, outputs: Sequence[tuple[tuple[int, ...], str]], order: int
    ) -> int:
        """A node with its outputs, shape and dtype of each; returns its number."""
        self.ops.append(op)
        self.kinds.append(kind)
        self.names.append(name)
        for shape, dtype in outputs:
            self.shapes.append(shape)
            self.dtypes.append(dtype)
        self.ports.append(len(self.shapes))
        self.order.append(order)
        self.lines.append("")
        self.attributes.append(())
        self.saved.append(())
        if kind is not NodeKind.LEAF:
            self.leaf_of.append(-1)
        return len(self.ops) - 1


@dataclass(slots=True)
class Assembly:
    """The nodes of a walk with what each keeps, and where the numbers of the other rows come from.

    `uses` are the rows of leaves, in the order of `walk.uses`; `constants` has by row a tensor or its numbers, None
    where nothing is known.
    """

    walk: Walk
    kept: list[Kept]
    rows: Rows
    uses: range = range(0)
    constants: dict[int, Tensor | TensorNumbers | None] = field(default_factory=dict)
    cuts: dict[int, Cut] = field(default_factory=dict)
    """Where constants were cut from the graph, as far as it was watched."""
    root_leaves: list[int] = field(default_factory=list)
    """Rows of losses that are leaves themselves: their gradient is the 1 that a pass begins with."""

    def structure(self, roots: Sequence[int], watch: Watch | None) -> TapeStructure:
        """The columns, frozen."""
        rows = self.rows
        producers, consumers, slots, outputs = (
            np.array(column, dtype=np.int64) for column in (zip(*rows.edges, strict=True) if rows.edges else [()] * 4)
        )
        calls = tuple(watch.calls) if watch is not None else ()
        order = np.array(rows.order, dtype=np.int64)
        return TapeStructure(
            tuple(rows.ops), tuple(rows.kinds), tuple(rows.names), _modules(order, calls), tuple(rows.lines),
            tuple(rows.attributes), tuple(rows.saved), np.array(rows.ports, dtype=np.int64), tuple(rows.shapes),
            tuple(rows.dtypes), order, np.array(rows.leaf_of, dtype=np.int64), producers, consumers, slots, outputs,
            tuple(self._arguments()), tuple(roots), calls,
        )  # fmt: skip

    def add_root(self, loss: Tensor, name: str) -> int:
        """A row for a loss that no operation made: a leaf that is used by nobody, or no part of any graph."""
        if not loss.requires_grad:
            row = _add_tensor(self.rows, loss, name)
            self.constants[row] = loss
            return row
        row = self.rows.add(LEAF, NodeKind.LEAF, name, [(tuple(loss.shape), dtype_name(loss.dtype))], -1)
        self.rows.leaf_of.append(-1)
        self.constants[row] = loss
        self.root_leaves.append(row)
        return row

    def _arguments(self) -> list[str]:
        names = list(map(argument_names, self.rows.ops[: len(self.walk.inputs)], self.walk.inputs))
        return [names[edge[1]][edge[2]] if names[edge[1]] else "" for edge in self.rows.edges]


def assemble(walk: Walk, names: Names, watch: Watch | None, loose: Sequence[tuple[Tensor, str]] = ()) -> Assembly:
    """Rows for operations, uses of leaves and constants; `loose` are values without a graph,
    which join nothing unless an operation took them."""
    made = Assembly(walk, [kept_of(node) for node in walk.operations], Rows())
    _add_operations(made, names, watch)
    made.rows.edges += walk.inner
    _add_leaves(made, names)
    _add_constants(made, names, watch)
    drawn = {made.rows.names[row] for row in made.constants}
    for tensor, name in loose:
        if name in drawn:
            continue
        made.constants[_add_tensor(made.rows, tensor, name)] = tensor
    return made


def _add_operations(made: Assembly, names: Names, watch: Watch | None) -> None:
    """Rows of operations: column by column, for there may be ten thousands."""
    rows, operations = made.rows, made.walk.operations
    rows.ops += [node.name() for node in operations]
    rows.kinds += [NodeKind.OPERATION] * len(operations)
    rows.names += names.of_first_outputs(made.walk.number_of)
    rows.order += [node._sequence_nr() for node in operations]  # noqa: SLF001
    rows.lines += [""] * len(operations) if watch is None else map(watch.line_of, rows.order)
    rows.attributes += [kept.attributes for kept in made.kept]
    rows.saved += [kept.saved for kept in made.kept]
    rows.leaf_of += [-1] * len(operations)
    for node in operations:
        for output in _metadata(node):
            rows.shapes.append(tuple(output.shape))
            rows.dtypes.append(dtype_name(output.dtype))
        rows.ports.append(len(rows.shapes))


def _add_leaves(made: Assembly, names: Names) -> None:
    rows, begin = made.rows, len(made.rows.ops)
    outputs = [[(tuple(leaf.shape), dtype_name(leaf.dtype))] for leaf in made.walk.leaves]
    called = [names.of_tensor(leaf) for leaf in made.walk.leaves]
    for leaf, consumer, slot in made.walk.uses:
        row = rows.add(LEAF, NodeKind.LEAF, called[leaf], outputs[leaf], rows.order[consumer])
        rows.leaf_of.append(leaf)
        rows.edges.append((row, consumer, slot, 0))
    made.uses = range(begin, len(rows.ops))


def _add_constants(made: Assembly, names: Names, watch: Watch | None) -> None:
    """The inputs that autograd does not follow: by what was saved, else by what was watched."""
    rows = made.rows
    for consumer, slot in made.walk.unfollowed:
        node = made.walk.operations[consumer]
        arguments = argument_names(node.name(), made.walk.inputs[consumer])
        if not arguments:
            continue  # an input of a custom Function need not be a tensor
        found = made.kept[consumer].tensors.get(arguments[slot])
        seen = None if watch is None else watch.constants.get(rows.order[consumer], {}).get(arguments[slot])
        if found is None and seen is None and is_optional(node.name(), arguments[slot]):
            continue
        tensor = found if found is not None or seen is None else seen.tensor
        name = names.of_tensor(tensor)
        if tensor is None and seen is not None:
            outputs = [(seen.numbers.shape, seen.numbers.dtype)]
            row = rows.add(CONSTANT, NodeKind.CONSTANT, name, outputs, rows.order[consumer])
        else:
            row = _add_tensor(rows, tensor, name, rows.order[consumer])
        made.constants[row] = found if seen is None else seen.numbers
        if seen is not None and seen.cut is not None:
            made.cuts[row] = seen.cut
        rows.edges.append((row, consumer, slot, 0))


def _add_tensor(rows: Rows, tensor: Tensor | None, name: str, order: int = -1) -> int:
    outputs = [((), "")] if tensor is None else [(tuple(tensor.shape), dtype_name(tensor.dtype))]
    return rows.add(CONSTANT, NodeKind.CONSTANT, name, outputs, order)


def _metadata(node: Any) -> Any:
    """Shape and dtype of what an operation made; nothing where torch does not say."""
    try:
        return node._input_metadata or ()  # noqa: SLF001
    except (RuntimeError, AttributeError):
        return ()


def _modules(order: np.ndarray[Any, np.dtype[np.int64]], calls: Sequence[ModuleCall]) -> tuple[str, ...]:
    """The dotted path of the innermost module during whose forward each node was made."""
    if not calls:
        return ("",) * len(order)
    sequence = np.argsort(order, kind="stable")
    numbers = order[sequence]
    owner = np.full(len(order), -1)
    for index, call in enumerate(calls):
        begin, end = np.searchsorted(numbers, (call.begin, call.end))
        owner[sequence[begin:end]] = index
    return tuple(calls[index].path or calls[index].kind if index >= 0 else "" for index in owner.tolist())
