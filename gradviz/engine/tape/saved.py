"""What a node keeps for its backward pass: tensors with their bytes, and attributes such as an exponent."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from gradviz.core.tape.structure import SavedState, SavedTensor
from gradviz.core.words import one_line

SavedVariable: Any = torch._C._autograd.SavedTensor  # noqa: SLF001 - as packed tensors are called in C++
RAW, SAVED = "_raw_saved_", "_saved_"
DULL = ("sizes", "sizes_opt", "options", "numel", "scalar_type", "layout", "strides", "cudnn_enabled")
"""Attributes that repeat a shape or a dtype end so."""
FACTORS = ("alpha", "beta")
"""Attributes that say nothing where they are 1."""
WRAPPED = 2**63
"""torch writes a negative dimension as an unsigned number from here on."""
LONGEST = 60


@dataclass(slots=True)
class Kept:
    """What one node keeps; `tensors` has by name those that are alive."""

    saved: tuple[SavedTensor, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    tensors: dict[str, Tensor] = field(default_factory=dict)


def kept_of(node: Any) -> Kept:
    """What a node keeps now. Nothing is computed: tensors behind the hooks of a checkpoint stay there."""
    kind = type(node)
    tensors, attributes = _names_of(kind)  # type: ignore[arg-type]  # a class is hashable
    if not tensors and not attributes:
        return NOTHING if not issubclass(kind, torch.autograd.function.BackwardCFunction) else _of_custom(node)
    found: list[SavedTensor] = []
    alive: dict[str, Tensor] = {}
    for name, raw_name, saved_name in tensors:
        _read(found, name, node, raw_name, saved_name, alive)
    return Kept(tuple(found), tuple(_attributes(node, attributes)) if attributes else (), alive)


NOTHING = Kept()


def told_by_saved(kept: Sequence[Kept]) -> list[Tensor]:
    """The saved tensors that were changed in place, that have hooks, or whose gradient is retained."""
    saved = (tensor for one in kept for tensor in one.tensors.values())
    return [
        tensor
        for tensor in saved
        if tensor._version or tensor.retains_grad or tensor._backward_hooks  # noqa: SLF001 - torch tells it nowhere else
    ]


@functools.cache
def dtype_name(dtype: torch.dtype) -> str:
    """float32 of torch.float32."""
    return str(dtype).removeprefix("torch.")


@functools.lru_cache(maxsize=1024)
def _names_of(kind: type) -> tuple[tuple[tuple[str, str, str], ...], tuple[str, ...]]:
    """The names of the tensors, with those of their two forms, and of the attributes that nodes of a class keep."""
    raw = [name.removeprefix(RAW) for name in dir(kind) if name.startswith(RAW)]
    if issubclass(kind, torch.autograd.function.BackwardCFunction):
        return (), ()
    saved = [name.removeprefix(SAVED) for name in dir(kind) if name.startswith(SAVED)]
    tensors = tuple((name, RAW + name, SAVED + name) for name in raw)
    return tensors, tuple(name for name in saved if name not in raw and not name.endswith(DULL))


def _read(
    into: list[SavedTensor], name: str, node: Any, raw_name: str, saved_name: str, tensors: dict[str, Tensor]
) -> None:
    """What is kept under a name: a tensor, several, or the state in which it is no more."""
    try:
        raw = getattr(node, raw_name)
        if (raw.unpack_hook is not None) if type(raw) is SavedVariable else _is_hooked(raw):
            into.append(SavedTensor(name, SavedState.HOOKED))
            return
        found = getattr(node, saved_name)  # a result is unpacked by its own node alone
    except RuntimeError as error:
        into.append(SavedTensor(name, SavedState.CHANGED if "inplace" in str(error) else SavedState.FREED))
        return
    if isinstance(found, Tensor):
        tensors[name] = found
        into.append(_alive(name, found))
    elif isinstance(found, list | tuple):
        for place, tensor in enumerate(found):
            if isinstance(tensor, Tensor):
                whole = f"{name}[{place}]"
                tensors[whole] = tensor
                into.append(_alive(whole, tensor))


def _is_hooked(raw: Any) -> bool:
    """Whether a user's hook packed it, which would have to unpack it."""
    if type(raw) is SavedVariable:
        hooked: bool = raw.unpack_hook is not None
        return hooked
    return isinstance(raw, list | tuple) and any(map(_is_hooked, raw))


def _alive(name: str, tensor: Tensor) -> SavedTensor:
    try:
        return _described(name, tensor.shape, tensor.dtype, tensor.nbytes)
    except RuntimeError:  # sparse or nested: it has no bytes of its own
        return SavedTensor(name, SavedState.ALIVE, (), dtype_name(tensor.dtype))


@functools.lru_cache(4096)
def _described(name: str, shape: torch.Size, dtype: torch.dtype, size: int) -> SavedTensor:
    """One value for all of 500 equal steps."""
    return SavedTensor(name, SavedState.ALIVE, tuple(shape), dtype_name(dtype), size)


def _attributes(node: Any, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            value = getattr(node, SAVED + name)
        except (RuntimeError, TypeError):
            continue
        if value is None or isinstance(value, Tensor) or (name in FACTORS and value == 1):
            continue
        yield name, _number_text(value) if type(value) is int else one_line(str(_signed(value)), LONGEST)


@functools.lru_cache(4096)
def _number_text(value: int) -> str:
    """One text for all of 500 equal steps."""
    return one_line(str(_signed(value)), LONGEST)


def _signed(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and value >= WRAPPED:
        return value - 2 * WRAPPED
    return tuple(map(_signed, value)) if isinstance(value, list | tuple) else value


def _of_custom(node: Any) -> Kept:
    """A user's own autograd.Function: what it saved, and the plain values that it put on its context."""
    kept = Kept()
    found: list[SavedTensor] = []
    try:
        _read(found, "saved", node, "_raw_saved_tensors", "saved_tensors", kept.tensors)
        own = {name: value for name, value in vars(node).items() if isinstance(value, bool | int | float | str)}
    except (TypeError, AttributeError):
        own = {}
    kept.saved = tuple(found)
    kept.attributes = tuple((name, one_line(repr(value), LONGEST)) for name, value in own.items() if name[0] != "_")
    return kept
