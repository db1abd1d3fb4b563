"""A forward pass watched: the value of every operation, its constants, its source line and its module."""

from __future__ import annotations

import linecache
import os
import sys
import weakref
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as module_hooks
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from gradviz.core.tape.structure import ModuleCall
from gradviz.core.tape.tensor_numbers import TensorNumbers
from gradviz.core.words import one_line
from gradviz.engine.compiler import spare
from gradviz.engine.tape.columns import numbers_of

PACKAGES = tuple(
    os.path.dirname(path) + os.sep for path in (torch.__file__, os.path.dirname(os.path.dirname(__file__)))
)
"""Frames of torch and of gradviz are not the user's."""
LONGEST_LINE = 120


def next_number() -> int:
    """The sequence number that the next node of this thread will get."""
    number: int = torch._C._autograd._get_sequence_nr()  # noqa: SLF001 - torch says it nowhere else
    return number


class Constant:
    """An input that autograd did not follow: its numbers, and the tensor as long as somebody else keeps it."""

    __slots__ = ("_tensor", "numbers")

    def __init__(self, value: Tensor | complex) -> None:
        tensor = value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)
        self.numbers: TensorNumbers = numbers_of(tensor)
        self._tensor = weakref.ref(value) if isinstance(value, Tensor) else None

    @property
    def tensor(self) -> Tensor | None:
        """The tensor itself, for its name; None of a plain number and of what is gone."""
        found = None if self._tensor is None else self._tensor()
        return found if isinstance(found, Tensor) else None


class Watch:
    """What a forward pass did, copied at once. Belongs to the thread that it was made in.

    `values` has by the sequence number of a node the numbers of its outputs, `constants` the inputs that autograd did
    not follow, by what torch calls them.
    """

    def __init__(self, named: object = None) -> None:
        self.values: dict[int, list[TensorNumbers | None]] = {}
        self.constants: dict[int, dict[str, Constant]] = {}
        self.calls: list[ModuleCall] = []
        self.begin = next_number()
        self.end: int | None = None
        self.is_paused = False
        self._paths = _paths(named)
        self._open: list[tuple[int, int]] = []
        self._lines: list[tuple[int, int, str]] = []

    def covers(self, number: int) -> bool:
        """Whether the node of this sequence number was made while it watched."""
        return self.begin <= number and (self.end is None or number < self.end)

    def line_of(self, number: int) -> str:
        """The user's line that made a node, as file, line and source; empty where none is known."""
        place = bisect_right(self._lines, number, key=lambda line: line[0]) - 1
        if place < 0 or number >= self._lines[place][1]:
            return ""
        return self._lines[place][2]

    def keep(self, function: Any, arguments: Any, result: Any) -> None:
        """Copy what an operator gave and what it took; the first of a node is the node's own."""
        number = next_number() - 1  # a node is made before its kernel runs
        if self.is_paused or number < self.begin or number in self.values:
            return
        outputs = result if isinstance(result, tuple | list) else (result,)
        self.values[number] = [numbers_of(one) if isinstance(one, Tensor) else None for one in outputs]
        constants = dict(_constants(function, arguments))
        if constants:
            self.constants[number] = constants

    def keep_line(self, begin: int) -> None:
        """Note the user's line that made the nodes from `begin` on."""
        end = next_number()
        if end > begin and not self.is_paused:
            self._lines.append((begin, end, _user_line(sys._getframe(2))))  # noqa: SLF001 - inspect is slow

    def enter(self, module: nn.Module) -> None:
        """A module's forward begins."""
        self._open.append((next_number(), len(self.calls)))
        path = self._paths.get(id(module), "")
        self.calls.append(ModuleCall(path, type(module).__name__, next_number(), next_number()))

    def leave(self) -> None:
        """The innermost forward is over."""
        if self._open:
            begin, place = self._open.pop()
            call = self.calls[place]
            self.calls[place] = ModuleCall(call.path, call.kind, begin, next_number())


@contextmanager
def watching(named: object = None, with_lines: bool = True) -> Iterator[Watch]:
    """Watch whatever runs inside in this thread; modules of the model `named` are called by their dotted names.

    Source lines are those of a user's own code: of an experiment there are none.
    """
    watch = Watch(named)
    _remember(watch)
    with ExitStack() as stack:
        enter: Callable[..., None] = lambda module, _given: watch.enter(module)  # noqa: E731 - it has no name elsewhere
        leave: Callable[..., None] = lambda _module, _given, _result: watch.leave()  # noqa: E731
        stack.callback(module_hooks.register_module_forward_pre_hook(enter).remove)
        stack.callback(module_hooks.register_module_forward_hook(leave, always_call=True).remove)
        stack.enter_context(_Values(watch))
        if with_lines:
            stack.enter_context(_Lines(watch))
        try:
            yield watch
        finally:
            watch.end = next_number()


_latest: ContextVar[tuple[weakref.ref[Watch], ...]] = ContextVar("watches", default=())
MOST_WATCHES = 32


def _remember(watch: Watch) -> None:
    alive = tuple(known for known in _latest.get() if known() is not None)
    _latest.set((weakref.ref(watch), *alive)[:MOST_WATCHES])


def watch_of(number: int) -> Watch | None:
    """The latest watch, still kept by somebody, that saw the node of this sequence number being made."""
    watches = (known() for known in _latest.get())
    return next((watch for watch in watches if watch is not None and watch.covers(number)), None)


class _Values(TorchDispatchMode):
    """Below autograd: sees every operator with its inputs and outputs."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._watch = watch

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self._watch.keep(func, args, result)
        return result


spare(_Values.__torch_dispatch__)


class _Lines(TorchFunctionMode):
    """Above autograd: sees every function that the user calls."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        begin = next_number()
        result = func(*args, **(kwargs or {}))
        self._watch.keep_line(begin)
        return result


def _constants(function: Any, arguments: Any) -> Iterator[tuple[str, Constant]]:
    """The tensors that need no gradient, and the numbers in the place of tensors, by the names of the schema."""
    for declared, value in zip(function._schema.arguments, arguments, strict=False):  # noqa: SLF001
        if isinstance(value, Tensor):
            if not value.requires_grad:
                yield declared.name, Constant(value)
        elif (
            isinstance(value, int | float | complex) and not isinstance(value, bool) and "Tensor" in str(declared.type)
        ):
            yield declared.name, Constant(value)
        elif isinstance(value, list | tuple):
            for place, one in enumerate(value):
                if isinstance(one, Tensor) and not one.requires_grad:
                    yield f"{declared.name}[{place}]", Constant(one)


def _user_line(frame: FrameType | None) -> str:
    """The innermost frame that is neither torch's nor gradviz's."""
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGES):
        frame = frame.f_back
    if frame is None:
        return ""
    name = frame.f_code.co_filename
    source = linecache.getline(name, frame.f_lineno).strip()
    return one_line(f"{os.path.basename(name)}:{frame.f_lineno}  {source}", LONGEST_LINE)


def _paths(named: object) -> dict[int, str]:
    """The dotted names of modules, by their identity."""
    if isinstance(named, nn.Module):
        return {id(module): path for path, module in named.named_modules()}
    if isinstance(named, Mapping):
        modules = ((name, value) for name, value in named.items() if isinstance(value, nn.Module))
        return {id(inner): f"{name}.{path}".rstrip(".") for name, one in modules for path, inner in one.named_modules()}
    return {}
