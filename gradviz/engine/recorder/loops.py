"""Where the loops of a script stand, which pass of each is at work, and which passes are recorded.

While the budget lasts every pass is. Then a loop is thinned: of its passes the first two, every `stride`-th and,
where its length can be foreseen, the last are kept.
"""

from __future__ import annotations

import ast
from typing import Any

FIRST = 2
"""Passes of a loop that are kept whatever happens."""
THINNABLE = 16
"""A loop with fewer recorded passes is not thinned: one inside it is."""
MOST_STRIDE = 1 << 40


class Loop:
    """One ``for`` or ``while`` of the source."""

    def __init__(self, header: int, end: int, iterable: Any) -> None:
        self.header = header
        self.end = end
        self.iterable = iterable
        self.passes = 0
        self.stride = 1


class Pass:
    """One pass of a loop that is at work in a frame."""

    __slots__ = ("begin", "count", "end", "loop", "on", "segment", "total")

    def __init__(self, loop: Loop, total: int) -> None:
        self.loop = loop
        self.begin = loop.header
        self.end = loop.end
        self.count = -1
        self.total = total
        self.on = True
        self.segment = 0


def loops_of(tree: ast.AST) -> dict[int, Loop]:
    """The loops by the line at which a pass of each begins."""
    found: dict[int, Loop] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            iterable = None if isinstance(node, ast.While) else node.iter
            begin = node.lineno
            if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value:
                begin = node.body[0].lineno  # Python asks nothing at the head of an endless loop
            found.setdefault(begin, Loop(begin, node.end_lineno or node.lineno, iterable))
    return found


def foreseen(iterable: Any, names: dict[str, Any]) -> int:
    """How many passes a ``for`` will make: of a range or a list with a known length; -1 where nobody can know."""
    if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name) and not iterable.keywords:
        if iterable.func.id == "range" and "range" not in names:
            ends = [_whole(argument, names) for argument in iterable.args]
            whole = [end for end in ends if end is not None]
            return len(range(*whole)) if len(whole) == len(ends) and 1 <= len(ends) <= 3 and whole[2:] != [0] else -1
        if iterable.func.id == "enumerate" and iterable.args:
            return foreseen(iterable.args[0], names)
    if isinstance(iterable, ast.Name):
        value: Any = names.get(iterable.id)
        return len(value) if type(value) in (list, tuple, range, dict, str) else -1
    return len(iterable.elts) if isinstance(iterable, (ast.List, ast.Tuple)) else -1


def _whole(node: Any, names: dict[str, Any]) -> int | None:
    """A whole number of a constant, a name, or a sum, difference, product of them; None else. Nothing is called."""
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) is int else None
    if isinstance(node, ast.Name):
        value = names.get(node.id)
        return value if type(value) is int else None
    if isinstance(node, ast.BinOp):
        left, right = _whole(node.left, names), _whole(node.right, names)
        if left is not None and right is not None and max(abs(left), abs(right)) < 1 << 40:
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Sub):
                return left - right
            if isinstance(node.op, ast.Mult):
                return left * right
    return None


class Segments:
    """The passes that were recorded: rows of (line of the loop, which pass, segment around it, kept anyway)."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int, bool]] = [(0, 0, -1, True)]
        self.events = [0]

    def begin(self, row: tuple[int, int, int, bool]) -> int:
        """One more; returns its number."""
        self.rows.append(row)
        self.events.append(0)
        return len(self.rows) - 1

    def kept(self, strides: dict[int, int]) -> list[bool]:
        """Which segments remain at these strides."""
        found: list[bool] = []
        for header, count, around, anyway in self.rows:
            own = anyway or count < FIRST or count % strides.get(header, 1) == 0
            found.append(own and (around < 0 or found[around]))
        return found

    def next_to_thin(self, strides: dict[int, int]) -> int:
        """The line of the outermost loop that has passes to spare; 0 where none has."""
        depths: list[int] = []
        spare: dict[int, list[int]] = {}
        kept = self.kept(strides)
        for number, (header, count, around, anyway) in enumerate(self.rows):
            depths.append(0 if around < 0 else depths[around] + 1)
            if kept[number] and header and count >= FIRST and not anyway:
                spare.setdefault(header, []).append(depths[number])
        able = [(min(found), header) for header, found in spare.items() if len(found) >= THINNABLE]
        return min(able)[1] if able else 0

    def count(self, strides: dict[int, int]) -> int:
        """How many events remain at these strides."""
        return sum(events for events, kept in zip(self.events, self.kept(strides)) if kept)
