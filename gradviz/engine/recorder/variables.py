"""The variables of a script: looked at when a line has ended, and told where they changed.

A slot remembers what its variable was. It holds the value itself, so that no address is taken for an older one's, and
lets go of it at the next look after the script did.
"""

from __future__ import annotations

import types
from typing import Any

from .graph import Graph
from .tensors import (
    LEAF,
    PARAMETER,
    REQUIRES,
    RETAINS,
    array_bytes,
    array_numbers,
    array_storage,
    fingerprint,
    is_readable,
    name_of,
    numbers_of,
    storage_of,
    version_of,
)

NO_NODE = 0
"""Nodes count from 1, leaves downwards from -1."""
LONGEST_TEXT = 200
MOST_LISTED = 16
"""Entries of a list and attributes of an object that are looked at."""
MOST_PARAMETERS = 200
"""Parameters and buffers of a module that are looked at."""
SKIPPED: tuple[Any, ...] = (
    types.ModuleType, type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.GeneratorType,
    types.CodeType, types.FrameType, types.TracebackType,
)  # fmt: skip


class Slot:
    """A variable that is not shown: a module, a function, a class; and what the other slots have in common."""

    __slots__ = ("key", "value")
    shown = False

    def __init__(self, value: Any, key: tuple[int, str]) -> None:
        self.value = value
        self.key = key

    def look(self, changed: list[Any]) -> None:
        """Append [scope, name, value] to `changed` if the variable is not what it was."""

    def leave(self, removed: list[Any]) -> None:
        """The variable is gone or names another object."""


class PlainSlot(Slot):
    """A number, a text, True, False or None: such a value never changes."""

    __slots__ = ()
    shown = True

    def told(self) -> list[Any]:
        """What is said of it."""
        value = self.value
        if type(value) is str and len(value) > LONGEST_TEXT:
            return ["p", "str", value[:LONGEST_TEXT] + "…"]
        if type(value) is int and value.bit_length() > 256:
            return ["o", "int", str(value.bit_length()) + " bits"]
        if type(value) is complex:
            return ["o", "complex", repr(value)]
        return ["p", type(value).__name__, value]


class TensorSlot(Slot):
    """A tensor with what autograd says of it."""

    __slots__ = ("_graph", "fingerprint", "flags", "gradient", "is_readable", "node", "operation", "refused", "version")
    shown = True

    def __init__(self, value: Any, key: tuple[int, str], graph: Graph) -> None:
        super().__init__(value, key)
        self._graph = graph
        self.node = NO_NODE
        self.operation: str | None = None
        self.version = self.refused = -2
        self.flags = -1
        self.is_readable = False
        self.fingerprint: Any = None
        self.gradient: Any = None

    def look(self, changed: list[Any], line: int = 0) -> None:
        """As of every slot, within a microsecond where nothing changed."""
        tensor = self.value
        flags = max(self.flags, 0)
        try:
            version = tensor._version
            if version != self.refused:
                flags = (REQUIRES if tensor.requires_grad else 0) | (LEAF if tensor.is_leaf else 0)
                if not flags & LEAF and tensor.retains_grad:
                    flags |= RETAINS
        except RuntimeError:  # made in inference mode, or a view that autograd refuses since its base was changed
            version = self.refused = version_of(tensor)
        gradient = tensor.grad if flags & (LEAF | RETAINS) else None
        was = None if gradient is None else fingerprint(gradient)
        if version == self.version and flags == self.flags:
            now = fingerprint(tensor) if self.is_readable else None
            if (now == self.fingerprint or repr(now) == repr(self.fingerprint)) and (
                was == self.gradient or _is_same(was, self.gradient)
            ):
                return
        self._tell(changed, version, flags, gradient, line)

    def _tell(self, changed: list[Any], version: int, flags: int, gradient: Any, line: int) -> None:
        tensor = self.value
        self.version, self.flags = version, flags
        self.is_readable = is_readable(tensor)
        self.fingerprint = fingerprint(tensor) if self.is_readable else None
        self.gradient = None if gradient is None else fingerprint(gradient)
        self._hold(line)
        kind = type(tensor).__name__
        told = [
            "t", list(tensor.shape), name_of(tensor.dtype), self.flags | (PARAMETER if kind == "Parameter" else 0),
            self.operation, self.node, numbers_of(tensor), None if gradient is None else [numbers_of(gradient)],
            version, storage_of(tensor), str(tensor.device), kind,
        ]  # fmt: skip
        changed.append([self.key[0], self.key[1], told])

    def _hold(self, line: int) -> None:
        """The node that the tensor has now; that of before where autograd refuses to say."""
        tensor, before = self.value, self.node
        if self.version == self.refused:
            return
        try:
            grad_fn = tensor.grad_fn
        except RuntimeError:
            return
        if grad_fn is not None:
            self.node, self.operation = self._graph.hold(grad_fn, line)
        else:
            self.node, self.operation = self._graph.leaf(tensor) if self.flags & REQUIRES else 0, None
        if before > NO_NODE:
            self._graph.drop(before)

    def leave(self, removed: list[Any]) -> None:
        """Its node may be gone with it."""
        if self.node > NO_NODE:
            self._graph.drop(self.node)


def _is_same(now: Any, before: Any) -> bool:
    """Whether two fingerprints differ in that NaN is not equal to itself alone."""
    return type(now) is type(before) and type(now) in (list, float) and repr(now) == repr(before)


class ArraySlot(Slot):
    """An array of NumPy."""

    __slots__ = ("_bytes",)
    shown = True

    def __init__(self, value: Any, key: tuple[int, str]) -> None:
        super().__init__(value, key)
        self._bytes: Any = None

    def look(self, changed: list[Any]) -> None:
        """By its bytes: NumPy counts no versions."""
        array = self.value
        now = array_bytes(array) if array.dtype.kind in "biufc" else b""
        if now == self._bytes:
            return
        self._bytes = now
        told = ["n", list(array.shape), str(array.dtype), array_numbers(array), array_storage(array)]
        changed.append([self.key[0], self.key[1], told])


class TextSlot(Slot):
    """Any other object, as a text; a list or a dictionary with its length and its ends."""

    __slots__ = ("_text",)
    shown = True

    def __init__(self, value: Any, key: tuple[int, str]) -> None:
        super().__init__(value, key)
        self._text: Any = None

    def look(self, changed: list[Any]) -> None:
        """By its text."""
        text = text_of(self.value)
        if text != self._text:
            self._text = text
            changed.append([self.key[0], self.key[1], ["o", type(self.value).__name__[:80], text]])


def text_of(value: Any) -> str:
    """A short text of an object, of which no code of the script runs: its type, its length, plain entries."""
    kind = type(value)
    if kind in (list, tuple, set, frozenset, dict):
        entries = list(value.items() if kind is dict else value) if len(value) <= 8 else None
        if entries is None:
            ends = [*value[:3], *value[-3:]] if kind in (list, tuple) else []
            shown = [_entry(one) for one in ends]
            inside = ", ".join([*shown[:3], "…", *shown[3:]]) if shown else "…"
        else:
            inside = ", ".join(_entry(one) for one in entries)
        return (str(len(value)) + ": " + inside)[:LONGEST_TEXT]
    if kind is range:
        return repr(value)
    return ""


def _entry(value: Any) -> str:
    if type(value) in (int, float, bool, type(None)):
        return repr(value) if type(value) is not int or value.bit_length() < 256 else "int"
    if type(value) is str:
        return repr(value[:40])
    if type(value) is tuple and len(value) == 2:
        return _entry(value[0]) + ": " + _entry(value[1])
    shape = getattr(value, "shape", None) if type(value).__module__ in ("torch", "numpy") else None
    return type(value).__name__ + (str(list(shape)) if shape is not None else "")


class GroupSlot(Slot):
    """A module with its parameters, a list or an object with tensors in it: each is a variable of its own."""

    __slots__ = ("_all", "_inside", "_text")
    shown = True

    def __init__(self, value: Any, key: tuple[int, str], variables: Variables) -> None:
        super().__init__(value, key)
        self._all = variables
        self._inside: dict[str, Slot] = {}
        self._text: Any = None

    def look(self, changed: list[Any]) -> None:
        """The object's own text, then what is in it."""
        text = self._all.describe(self.value)
        if text != self._text:
            self._text = text
            changed.append([self.key[0], self.key[1], ["o", type(self.value).__name__[:80], text]])
        members = dict(self._all.members(self.value, self.key[1]))
        self._all.compare(members, self._inside, self.key[0], changed, self._all.removed)

    def leave(self, removed: list[Any]) -> None:
        """What is in it goes, too."""
        for slot in self._inside.values():
            slot.leave(removed)
            if slot.shown:
                removed.append([slot.key[0], slot.key[1]])
        self._all.forget_owner(self.value, self.key)


class Variables:
    """The slots of all frames."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.removed: list[Any] = []
        self.line = 0
        self.torch: Any = None
        self._owners: dict[int, tuple[int, str]] = {}
        self._kinds: dict[Any, str] = {}

    def compare(self, now: dict[str, Any], slots: dict[str, Slot], scope: int, changed: list[Any],
                removed: list[Any]) -> None:  # fmt: skip
        """Look at every variable of a namespace; slots are made, replaced and left."""
        get = slots.get
        for name, value in now.items():
            slot = get(name)
            if slot is not None and slot.value is value:
                kind = type(slot)
                if kind is PlainSlot or kind is Slot:
                    continue
                try:
                    if kind is TensorSlot:
                        slot.look(changed, self.line)  # type: ignore[call-arg]
                    else:
                        slot.look(changed)
                except Exception:  # what cannot be looked at, of whatever class, is named and left
                    changed.append([scope, name, ["o", type(value).__name__[:80], "not readable"]])
                    slots[name] = PlainSlot(value, (scope, name))
                continue
            try:
                self._replace(name, value, slot, slots, scope, changed, removed)
            except Exception:
                changed.append([scope, name, ["o", type(value).__name__[:80], "not readable"]])
                slots[name] = PlainSlot(value, (scope, name))
        if len(slots) != len(now):
            for name in [name for name in slots if name not in now]:
                slot = slots.pop(name)
                slot.leave(removed)
                if slot.shown:
                    removed.append([scope, name])

    def _replace(self, name: str, value: Any, slot: Slot | None, slots: dict[str, Slot], scope: int,
                 changed: list[Any], removed: list[Any]) -> None:  # fmt: skip
        made = slots[name] = self._slot(value, (scope, name))
        if type(made) is PlainSlot:
            if type(slot) is not PlainSlot or not _is_equal(slot.value, value):
                changed.append([scope, name, made.told()])
        elif type(made) is TensorSlot:
            made.look(changed, self.line)
        else:
            made.look(changed)
        if slot is not None:
            slot.leave(removed)
            if slot.shown and not made.shown:
                removed.append([scope, name])

    def _slot(self, value: Any, key: tuple[int, str]) -> Slot:
        if key[1].startswith("__"):
            return Slot(value, key)
        kind = type(value)
        what = self._kinds.get(kind)
        if what is None:
            what = self._kind(value)
            if what != "container":
                self._kinds[kind] = what
        if what == "plain":
            return PlainSlot(value, key)
        if what == "tensor":
            return TensorSlot(value, key, self.graph)
        if what == "skipped":
            return Slot(value, key)
        if what == "array":
            return ArraySlot(value, key)
        if what == "module" and self._owners.setdefault(id(value), key) != key:
            return TextSlot(value, key)
        if what == "module" or (what in ("container", "object") and "." not in key[1] and "[" not in key[1]):
            return GroupSlot(value, key, self)
        return TextSlot(value, key)

    def _kind(self, value: Any) -> str:
        kind = type(value)
        if kind in (int, float, str, bool, complex, type(None)):
            return "plain"
        if isinstance(value, SKIPPED):
            return "skipped"
        torch = self.torch
        if torch is not None:
            if isinstance(value, torch.Tensor):
                return "tensor"
            if isinstance(value, torch.nn.Module):
                return "module"
        if kind.__module__ == "numpy" and kind.__name__ == "ndarray":
            return "array"
        if kind in (list, tuple, dict):
            return "container"
        if kind.__module__ == "__main__" and hasattr(value, "__dict__"):
            return "object"
        return "text"

    def forget_owner(self, value: Any, key: tuple[int, str]) -> None:
        """A module is no longer shown under this name."""
        if self._owners.get(id(value)) == key:
            del self._owners[id(value)]

    def describe(self, value: Any) -> str:
        """The text of a group."""
        torch = self.torch
        if torch is not None and isinstance(value, torch.nn.Module):
            return "training" if value.training else "evaluating"
        return text_of(value)

    def members(self, value: Any, name: str) -> list[tuple[str, Any]]:
        """The tensors in a module, a list, a dictionary or an object of the script, by the names that reach them."""
        torch = self.torch
        if torch is not None and isinstance(value, torch.nn.Module):
            return _module_members(value, name)
        kind = type(value)
        if kind in (list, tuple):
            found = [("%s[%d]" % (name, index), one) for index, one in enumerate(value[:MOST_LISTED])]
        elif kind is dict:
            found = [
                ("%s[%r]" % (name, one), value[one]) for one in list(value)[:MOST_LISTED] if type(one) in (str, int)
            ]
        else:
            inside = vars(value)
            found = [(name + "." + one, inside[one]) for one in list(inside)[:MOST_LISTED]]
            return [(one, thing) for one, thing in found if self._is_told(thing, ("tensor", "array", "plain"))]
        return [(one, thing) for one, thing in found if self._is_told(thing, ("tensor", "array"))]

    def _is_told(self, value: Any, kinds: tuple[str, ...]) -> bool:
        known = self._kinds.get(type(value))
        return (known or self._kind(value)) in kinds


def _is_equal(before: Any, now: Any) -> bool:
    """Whether a name got a value that cannot be told from the one that it had: 0.0 and -0.0 can, 1 and True too."""
    return type(before) is type(now) and before == now and (now != 0 or repr(before) == repr(now))


def _module_members(module: Any, name: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    stack = [(name, module)]
    seen = set()
    while stack and len(found) < MOST_PARAMETERS:
        prefix, one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        for inside in (one._parameters, one._buffers):
            found += [(prefix + "." + key, tensor) for key, tensor in inside.items() if tensor is not None]
        below = [(prefix + "." + key, child) for key, child in one._modules.items() if child is not None]
        stack.extend(reversed(below))
    return found
