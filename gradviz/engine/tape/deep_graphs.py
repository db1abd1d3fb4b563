"""Graphs so deep that torch would run out of stack when it frees them.

A node that was once looked at from Python has an object there, and torch (2.13) then frees what lies below it by
recursion: some ten thousands of nodes in a row end the process, with nothing but `next_functions` walked. So the nodes
of a deep graph are kept here until the tensors that own it are gone, and are let go one by one, from the loss down.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import weakref
from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor

DEEP = 5000
"""Operations from which a graph may be too deep; one of 7,509 nodes takes half a megabyte."""

_kept: dict[int, list[Any]] = {}
_owners: dict[int, set[int]] = {}
_watched: dict[int, weakref.ref[Tensor]] = {}
_freed: list[list[Any]] = []


def keep_from_recursion(nodes: Sequence[Any], owners: Iterable[Tensor]) -> None:
    """Keep the nodes of a deep graph for as long as one of the tensors lives; nothing of any other graph.

    What went last waits for Python's collector, which comes by soon: of graphs that are gone one is left at most.
    """
    free_now(but=1)
    if len(nodes) < DEEP:
        return
    ordered = sorted(nodes, key=lambda node: node._sequence_nr())  # noqa: SLF001 - the loss last, to be popped first
    key = id(ordered)
    _kept[key] = ordered
    for owner in {id(owner): owner for owner in owners}.values():
        _owners.setdefault(key, set()).add(id(owner))
        _watched[id(owner)] = weakref.ref(owner, _Gone(id(owner)))
    if _on_collection not in gc.callbacks:
        gc.callbacks.append(_on_collection)
        atexit.register(_leave_to_the_system)


class _Gone:
    """Hears that an owner goes. Its nodes cannot be let go yet: it is still there, and so is all below it."""

    def __init__(self, owner: int) -> None:
        self._owner = owner

    def __call__(self, _reference: object) -> None:
        _watched.pop(self._owner, None)
        for key in [key for key, owners in _owners.items() if self._owner in owners]:
            _owners[key].discard(self._owner)
            if not _owners[key]:
                del _owners[key]
                _freed.append(_kept.pop(key))


def free_now(but: int = 0) -> None:
    """Let go the nodes whose owners are gone, the loss first, so that each goes alone; `but` the last graphs."""
    while len(_freed) > but:
        nodes = _freed.pop(0)
        while nodes:
            nodes.pop()


def _on_collection(phase: str, _about: object) -> None:
    """Python's collector comes by soon after, and never while a tensor is just being freed."""
    if phase == "stop":
        free_now()


def _leave_to_the_system() -> None:
    """At the end of the process owners and nodes would go in no order: whatever is left is not freed at all."""
    for nodes in [*_kept.values(), *_freed]:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(nodes))
