"""Which nodes of autograd's graph the script's variables reach: added, spent by a backward pass, and gone.

Nodes are known by their sequence numbers, never held: holding one would keep the tensors alive that it saved.
"""

from __future__ import annotations

import weakref
from typing import Any

NO_SEQUENCE = (1 << 64) - 1
"""What a node says that accumulates a leaf's gradient."""


class Node:
    """What is remembered of a node."""

    __slots__ = ("inputs", "references", "saves", "spent")

    def __init__(self, saves: bool) -> None:
        self.inputs: list[int] = []
        self.references = 0
        self.saves = saves
        self.spent = False


class Graph:
    """The nodes that variables reach, counted by references: a graph has no cycles."""

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {}
        self.added: dict[int, Any] = {}
        self.spent: list[int] = []
        self.gone: dict[int, None] = {}
        self.dirty = False
        self._leaves: dict[int, tuple[Any, int]] = {}
        self._numbers = 0
        self._types: dict[Any, tuple[str, bool]] = {}

    def leaf(self, tensor: Any) -> int:
        """The number of a leaf that requires a gradient, below 0: its node's, when a graph uses it."""
        known = self._leaves.get(id(tensor))
        if known is not None and known[0]() is tensor:
            return known[1]
        self._numbers -= 1
        self._leaves[id(tensor)] = (weakref.ref(tensor), self._numbers)
        return self._numbers

    def key(self, node: Any) -> int:
        """The number of a node."""
        try:
            number: int = node._sequence_nr()
        except AttributeError:
            return id(node)
        if number != NO_SEQUENCE:
            return number + 1  # they begin at 0, which stands for no node
        variable = getattr(node, "variable", None)
        return id(node) if variable is None else self.leaf(variable)

    def hold(self, grad_fn: Any, line: int) -> tuple[int, str]:
        """A variable has this node: what it reaches and was not known is added. Its number and its operation."""
        key = self.key(grad_fn)
        if key not in self.nodes:
            self._add(grad_fn, key, line)
        self.nodes[key].references += 1
        return key, self._type(grad_fn)[0]

    def _add(self, grad_fn: Any, key: int, line: int) -> None:
        nodes = self.nodes
        self.dirty = True
        name, saves = self._type(grad_fn)
        nodes[key] = Node(saves)
        stack = [(grad_fn, key, name)]
        while stack:
            node, key, name = stack.pop()
            inputs = nodes[key].inputs
            for child, _ in node.next_functions:
                if child is None:
                    continue
                below = self.key(child)
                known = nodes.get(below)
                if known is None:
                    child_name, saves = self._type(child)
                    known = nodes[below] = Node(saves)
                    stack.append((child, below, child_name))
                known.references += 1
                inputs.append(below)
            row = [key, name, line, inputs]
            if name == "SubBackward0":  # (n,) - (n, 1) is a mistake that only shapes tell
                row.append(_shape(node))
            if key in self.gone:  # reached again, by another variable
                del self.gone[key]
            else:
                self.added[key] = row

    def _type(self, node: Any) -> tuple[str, bool]:
        kind = type(node)
        known = self._types.get(kind)
        if known is None:
            saves = any(name.startswith("_raw_saved") or name == "saved_tensors" for name in dir(kind))
            known = node.name().rsplit("::", 1)[-1], saves
            if not kind.__name__.startswith("Cpp"):  # one type for all operations that are written elsewhere
                self._types[kind] = known
        return known

    def drop(self, key: int) -> None:
        """A variable has it no more: what nothing reaches any longer is gone."""
        stack = [key]
        while stack:
            key = stack.pop()
            node = self.nodes.get(key)
            if node is None:
                continue
            node.references -= 1
            if node.references <= 0:
                del self.nodes[key]
                if self.added.pop(key, None) is None:
                    self.gone[key] = None
                stack.extend(node.inputs)
                self.dirty = True

    def spend(self, roots: list[int]) -> None:
        """A backward pass from these nodes freed what the nodes below had saved."""
        stack, seen = [key for key in roots if key in self.nodes], set(roots)
        while stack:
            key = stack.pop()
            node = self.nodes[key]
            if node.saves and not node.spent:
                node.spent = True
                self.spent.append(key)
                self.dirty = True
            for below in node.inputs:
                if below not in seen and below in self.nodes:
                    seen.add(below)
                    stack.append(below)

    def take(self) -> tuple[list[Any], list[int], list[int]]:
        """What was added, spent and gone since the last time; what came and went between is left out."""
        added, gone = list(self.added.values()), list(self.gone)
        spent = [key for key in self.spent if key in self.nodes or key in self.gone]
        self.added, self.spent, self.gone, self.dirty = {}, [], {}, False
        return added, spent, gone


def _shape(node: Any) -> list[int]:
    metadata = getattr(node, "_input_metadata", None)
    return [int(size) for size in metadata[0].shape] if metadata else []
