"""What can be folded into one box: calls of modules, repetitions, and what a person grouped by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from gradviz.core.problems import GradvizError
from gradviz.core.tape.repetition import Repeat, repeats
from gradviz.core.tape.structure import ModuleCall, NodeKind, TapeStructure
from gradviz.core.tape.tensor_numbers import Ints

LEAST_SEARCHED = 8
"""Items among which a repetition is looked for."""


class GroupingError(GradvizError):
    """Nodes that cannot be one box."""


class GroupKind(StrEnum):
    """What makes a group one."""

    MODULE = "module"
    REPETITION = "repetition"
    TURN = "turn"
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class Group:
    """A box that can be opened. `key` is the same at every step; `parent` the group around it, -1 for none.

    `count` is how often a repetition repeats, 0 of other groups.
    """

    key: str
    label: str
    kind: GroupKind
    parent: int
    count: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Groups, those around before those within, and for each node the innermost group that it is in, -1 for none."""

    groups: tuple[Group, ...]
    owner: Ints

    def sizes(self) -> Ints:
        """The nodes of each group, those of the groups within it included."""
        sizes = np.bincount(self.owner[self.owner >= 0], minlength=len(self.groups))
        for index in range(len(self.groups) - 1, -1, -1):
            if self.groups[index].parent >= 0:
                sizes[self.groups[index].parent] += sizes[index]
        return sizes


def grouping(structure: TapeStructure) -> Grouping:
    """Calls of modules by their sequence numbers, and repetitions among the calls and operations within each."""
    return _Builder(structure).build()


def with_hand_group(structure: TapeStructure, known: Grouping, rows: Iterable[int], label: str) -> Grouping:
    """`rows` as a group of their own; GroupingError where they lie in different groups or a way leaves and returns."""
    members = np.unique(np.fromiter(rows, np.int64))
    owners = set(known.owner[members].tolist())
    if len(members) < 2 or len(owners) != 1:
        raise GroupingError("A group needs two nodes or more that lie in the same group: open or choose others.")
    _refuse_ways_around(structure, members)
    owner = known.owner.copy()
    owner[members] = len(known.groups)
    group = Group(f"hand:{label}:{members[0]}", label, GroupKind.HAND, owners.pop())
    return Grouping((*known.groups, group), owner)


def _refuse_ways_around(structure: TapeStructure, members: Ints) -> None:
    inside = set(members.tolist())
    reached = {int(structure.consumers[edge]) for row in inside for edge in structure.edges_from[row]} - inside
    waiting = list(reached)
    while waiting:
        for edge in structure.edges_from[waiting.pop()]:
            consumer = int(structure.consumers[edge])
            if consumer in inside:
                raise GroupingError("These nodes cannot be one box: a way leads out of them and back in.")
            if consumer not in reached:
                reached.add(consumer)
                waiting.append(consumer)


@dataclass(slots=True)
class _Call:
    """A call of a module over the operations from `begin` to `end`, by their places in the order."""

    call: ModuleCall | None
    begin: int
    end: int
    within: list[_Call] = field(default_factory=list)


class _Builder:
    """Makes the tree of calls, and groups from the outermost inwards."""

    def __init__(self, structure: TapeStructure) -> None:
        self._structure = structure
        operations = [row for row, kind in enumerate(structure.kinds) if kind is NodeKind.OPERATION]
        order = structure.order[operations]
        self._rows = np.array(operations, dtype=np.int64)[np.argsort(order, kind="stable")]
        self._numbers = np.sort(order, kind="stable")
        self._tokens: dict[object, int] = {}
        self._of_row = [self._token((structure.ops[row], structure.shapes_of(row))) for row in self._rows.tolist()]
        self._groups: list[Group] = []
        self._owner = np.full(len(structure), -1, np.int64)
        self._seen: Counter[str] = Counter()

    def build(self) -> Grouping:
        """Every node with its innermost group: leaves and constants are where they are used."""
        waiting = [(self._tree(), -1)]
        while waiting:
            call, parent = waiting.pop()
            waiting += self._divide(call, parent)
        structure = self._structure
        single = np.flatnonzero(structure.producers >= len(self._rows))
        self._owner[structure.producers[single]] = self._owner[structure.consumers[single]]
        return Grouping(tuple(self._groups), self._owner)

    def _token(self, what: object) -> int:
        return self._tokens.setdefault(what, len(self._tokens))

    def _tree(self) -> _Call:
        """The calls that made an operation, each within the one around it."""
        root = _Call(None, 0, len(self._rows))
        stack = [root]
        for call in sorted(self._structure.calls, key=lambda call: (call.begin, -call.end)):
            begin, end = (int(place) for place in np.searchsorted(self._numbers, (call.begin, call.end)))
            while stack[-1].end <= begin and len(stack) > 1:
                stack.pop()
            if begin < end <= stack[-1].end:
                made = _Call(call, begin, end)
                stack[-1].within.append(made)
                stack.append(made)
        return root

    def _divide(self, call: _Call, parent: int) -> list[tuple[_Call, int]]:
        """Groups for the repetitions in a call; returns the calls within it and the groups that they are."""
        items = list(_items(call))
        found = repeats([self._token_of(item) for item in items]) if len(items) >= LEAST_SEARCHED else []
        inner: list[tuple[_Call, int]] = []
        place = 0
        for repeat in found:
            inner += self._put(items[place : repeat.start], parent)
            inner += self._put_repeat(items[repeat.start : repeat.end], repeat, parent)
            place = repeat.end
        return inner + self._put(items[place:], parent)

    def _token_of(self, item: int | _Call) -> int:
        if isinstance(item, int):
            return self._of_row[item]
        assert item.call is not None
        kinds = frozenset(self._structure.ops[row] for row in self._rows[item.begin : item.end].tolist())
        return self._token((item.call.kind, kinds))  # the first layer has fewer operations where data need no gradient

    def _put(self, items: Sequence[int | _Call], parent: int) -> list[tuple[_Call, int]]:
        """Operations into a group; calls become groups within it."""
        inner = []
        for item in items:
            if isinstance(item, int):
                self._owner[self._rows[item]] = parent
            else:
                inner.append((item, self._add_call(item, parent)))
        return inner

    def _add_call(self, item: _Call, parent: int) -> int:
        assert item.call is not None
        path, kind = item.call.path, item.call.kind
        name = path or kind
        self._seen[name] += 1
        key = f"{name}#{self._seen[name]}"
        return self._add(Group(key, f"{path}  {kind}" if path else kind, GroupKind.MODULE, parent))

    def _put_repeat(self, items: Sequence[int | _Call], repeat: Repeat, parent: int) -> list[tuple[_Call, int]]:
        """A group for all turns, and within it one for each where a turn is more than one item."""
        what = self._called(items[: repeat.period])
        around = "" if parent < 0 else self._groups[parent].key + "/"
        key = f"{around}x{repeat.start}"
        whole = self._add(Group(key, f"{repeat.count:,} × {what}", GroupKind.REPETITION, parent, repeat.count))
        if repeat.period == 1:
            return self._put(items, whole)
        inner = []
        for turn in range(repeat.count):
            group = self._add(Group(f"{key}.{turn}", f"{what} {turn + 1:,}", GroupKind.TURN, whole))
            inner += self._put(items[turn * repeat.period : (turn + 1) * repeat.period], group)
        return inner

    def _called(self, items: Sequence[int | _Call]) -> str:
        """What one turn of a repetition is called."""
        first = items[0]
        if len(items) > 1:
            return f"{len(items)} operations" if all(isinstance(item, int) for item in items) else "block"
        if isinstance(first, int):
            return self._structure.ops[int(self._rows[first])]
        assert first.call is not None
        return first.call.kind

    def _add(self, group: Group) -> int:
        self._groups.append(group)
        return len(self._groups) - 1


def _items(call: _Call) -> Iterable[int | _Call]:
    """The calls and the single operations within a call, in their order."""
    place = call.begin
    for inner in call.within:
        yield from range(place, inner.begin)
        yield inner
        place = inner.end
    yield from range(place, call.end)
