"""A forward pass watched: the value of every operation, its constants, its source line and its module."""

from __future__ import annotations

import linecache
import os
import sys
import weakref
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as module_hooks
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from gradviz.core.tape.remarks import RemarkKind
from gradviz.core.tape.structure import ModuleCall
from gradviz.core.tape.tensor_numbers import TensorNumbers
from gradviz.core.words import one_line
from gradviz.engine.compiler import spare
from gradviz.engine.tape.columns import Row, numbers_of

PACKAGES = tuple(
    os.path.dirname(path) + os.sep for path in (torch.__file__, os.path.dirname(os.path.dirname(__file__)))
)
"""Frames of torch and of gradviz are not the user's."""
LONGEST_LINE = 120
CHANGING = "batch_norm"
"""An operator of this name changes what it is given, the running mean, though its schema does not say so."""
DETACHING = ("detach", "detach_", "data")


def next_number() -> int:
    """The sequence number that the next node of this thread will get."""
    number: int = torch._C._autograd._get_sequence_nr()  # noqa: SLF001 - torch says it nowhere else
    return number


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a tensor that required a gradient became one that does not: by what, from which tensor, in which line."""

    kind: RemarkKind
    source: weakref.ref[Tensor]
    operation: str
    line: str


class Constant:
    """An input that autograd did not follow: its numbers, and the tensor as long as somebody else keeps it.

    Copied at once, or where `is_kept` not before it is asked for: until then the tensor must stay as it is.
    """

    __slots__ = ("_row", "_tensor", "cut")

    def __init__(self, value: Tensor | complex, cut: Cut | None = None, is_kept: bool = False) -> None:
        self.cut = cut
        tensor = value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)
        self._row: Tensor | TensorNumbers = tensor if is_kept else numbers_of(tensor)
        self._tensor = weakref.ref(value) if isinstance(value, Tensor) else None

    @property
    def numbers(self) -> TensorNumbers:
        """Its numbers, copied now at the latest."""
        if isinstance(self._row, Tensor):
            self._row = numbers_of(self._row)
        return self._row

    @property
    def tensor(self) -> Tensor | None:
        """The tensor itself, for its name; None of a plain number and of what is gone."""
        found = None if self._tensor is None else self._tensor()
        return found if isinstance(found, Tensor) else None


class Watch:
    """What a forward pass did, copied at once. Belongs to the thread that it was made in.

    `values` has by the sequence number of a node the numbers of its outputs, `constants` the inputs that autograd did
    not follow, by what torch calls them. Where `keeps_tensors` the tensors themselves are kept and copied no sooner
    than something is about to change one in place: for whoever reads them before anything else is computed, and needs
    few of them.
    """

    def __init__(self, named: object = None, keeps_tensors: bool = False) -> None:
        self.values: dict[int, list[Row]] = {}
        self.keeps_tensors = keeps_tensors
        self.constants: dict[int, dict[str, Constant]] = {}
        self.calls: list[ModuleCall] = []
        self.begin = next_number()
        self.changes: dict[int, tuple[str, int]] = {}
        """By the sequence number of a node that changed its tensor in place: by which function, to which version."""
        self.end: int | None = None
        self.is_paused = False
        self._paths = _paths(named)
        self._open: list[tuple[int, int]] = []
        self._lines: list[tuple[int, int, str]] = []
        self._cuts: dict[int, tuple[weakref.ref[Tensor], Cut]] = {}

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
        is_kept = self.keeps_tensors and not function._schema.name.endswith(CHANGING)  # noqa: SLF001
        if is_kept and isinstance(result, Tensor):
            self.values[number] = [result]
        else:
            outputs = result if isinstance(result, tuple | list) else (result,)
            self.values[number] = [numbers_of(one) if isinstance(one, Tensor) else None for one in outputs]
        constants = dict(_constants(function, arguments, self.cut_of, is_kept))
        if constants:
            self.constants[number] = constants

    def settle(self) -> None:
        """Copy what was kept: it is about to be changed."""
        for number, values in self.values.items():
            self.values[number] = [numbers_of(one) if isinstance(one, Tensor) else one for one in values]
        for constants in self.constants.values():
            for constant in constants.values():
                _ = constant.numbers

    def keep_line(self, begin: int) -> None:
        """Note the user's line that made the nodes from `begin` on."""
        end = next_number()
        if end > begin and not self.is_paused:
            self._lines.append((begin, end, _user_line(sys._getframe(2))))  # noqa: SLF001 - inspect is slow

    def keep_change(self, name: str, changed: Tensor) -> None:
        """Note that a function changed a tensor in place."""
        whole = changed if changed._base is None else changed._base  # noqa: SLF001 - a view's own node is made when asked
        if whole.grad_fn is not None and not self.is_paused:
            self.changes[whole.grad_fn._sequence_nr()] = (name, whole._version)  # noqa: SLF001

    def keep_cut(self, name: str, followed: Sequence[Tensor], given: Sequence[Tensor], result: Tensor) -> None:
        """Note that `result` needs no gradient though something that it is made of did, now or before it was cut."""
        known = next((cut for cut in map(self.cut_of, given) if cut is not None), None)
        if followed and (name in DETACHING or not torch.is_grad_enabled()):
            kind = RemarkKind.DETACHED if name in DETACHING else RemarkKind.NO_GRAD
            known = Cut(kind, weakref.ref(followed[0]), name, _user_line(sys._getframe(2)))  # noqa: SLF001
        if known is not None and not self.is_paused:
            self._cuts[id(result)] = (weakref.ref(result), known)

    def cut_of(self, tensor: Tensor) -> Cut | None:
        """Where a tensor, or what it is made of, was cut from the graph; None where nobody saw it."""
        reference, cut = self._cuts.get(id(tensor), (None, None))
        return cut if reference is not None and reference() is tensor else None

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
def watching(named: object = None, with_lines: bool = True, keeps_tensors: bool = False) -> Iterator[Watch]:
    """Watch whatever runs inside in this thread; modules of the model `named` are called by their dotted names.

    Source lines are those of a user's own code: of an experiment there are none. `keeps_tensors` as in a Watch.
    """
    watch = Watch(named, keeps_tensors)
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
        if self._watch.keeps_tensors and func._schema.is_mutable:  # noqa: SLF001
            self._watch.settle()
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
        given = [one for one in (*args, *(kwargs or {}).values()) if isinstance(one, Tensor)]
        followed = [one for one in given if one.requires_grad]
        before = _version(given)
        result = func(*args, **(kwargs or {}))
        self._watch.keep_line(begin)
        if given:
            name = _function_name(func)
            if _version(given) > before and name not in DETACHING:
                self._watch.keep_change(name, given[0])
            if isinstance(result, Tensor) and not result.requires_grad and _can_follow(result):
                self._watch.keep_cut(name, followed, given, result)
        return result


def _version(given: Sequence[Tensor]) -> int:
    """How often the first was changed in place; -1 of one that is not counted."""
    if not given or given[0].is_inference():
        return -1
    return given[0]._version  # noqa: SLF001 - torch tells it nowhere else


def _can_follow(tensor: Tensor) -> bool:
    return tensor.dtype.is_floating_point or tensor.dtype.is_complex


def _function_name(function: Any) -> str:
    """What the user called: detach, add_; that of an attribute (x.data) is the attribute's own."""
    name = str(getattr(function, "__name__", "?"))
    whose = getattr(function, "__self__", None)
    return str(getattr(whose, "__name__", name)) if name == "__get__" else name


def _constants(
    function: Any, arguments: Any, cut_of: Callable[[Tensor], Cut | None], is_kept: bool
) -> Iterator[tuple[str, Constant]]:
    """The tensors that need no gradient, and the numbers in the place of tensors, by the names of the schema."""
    for (name, takes_tensor), value in zip(_declared(function), arguments, strict=False):
        if isinstance(value, Tensor):
            if not value.requires_grad:
                yield name, Constant(value, cut_of(value), is_kept)
        elif isinstance(value, int | float | complex):
            if takes_tensor and not isinstance(value, bool):
                yield name, Constant(value, None, is_kept)
        elif isinstance(value, list | tuple):
            for place, one in enumerate(value):
                if isinstance(one, Tensor) and not one.requires_grad:
                    yield f"{name}[{place}]", Constant(one, cut_of(one), is_kept)


@lru_cache(maxsize=1024)
def _declared(function: Any) -> tuple[tuple[str, bool], ...]:
    """The names of an operator's arguments, and whether each takes a tensor."""
    arguments = function._schema.arguments  # noqa: SLF001 - torch tells them nowhere else
    return tuple((declared.name, "Tensor" in str(declared.type)) for declared in arguments)


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
