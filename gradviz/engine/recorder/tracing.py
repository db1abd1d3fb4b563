"""The trace function: every line of the script's own frames, and what each changed.

An event tells what one line did, once it has ended: when the next line of its frame begins, or its frame returns. So
the lines of a function come before the line that called it. Lines of passes that are not recorded are counted alone,
and what they changed is told by the next event.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from .calls import Calls
from .graph import Graph
from .loops import MOST_STRIDE, Loop, Pass, Segments, foreseen
from .output import Output
from .variables import GroupSlot, Slot, TensorSlot, Variables
from .wire import Wire

PASSED_OVER = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
"""Frames that newer Pythons do not have either."""
NOTHING_BELOW, NOTHING_ABOVE = -1, 1 << 60


class Frame:
    """A frame of the script that is at work."""

    __slots__ = (
        "around",
        "begin",
        "code",
        "end",
        "is_told",
        "line",
        "loops",
        "number",
        "on",
        "raised",
        "segment",
        "slots",
    )

    def __init__(self, number: int, around: Frame | None, code: Any) -> None:
        self.code = code
        self.is_told = False
        self.number = number
        self.around = around
        self.line = 0
        self.raised = -1
        self.slots: dict[str, Slot] = {}
        self.loops: list[Pass] = []
        self.begin = NOTHING_BELOW
        self.end = NOTHING_ABOVE
        self.on: bool = True if around is None else around.on
        self.segment: int = 0 if around is None else around.segment


class Tracer:
    """What sys.settrace is given, and what it found."""

    def __init__(self, script: str, loops: dict[int, Loop], output: Output, wire: Wire, most_events: int,
                 most_bytes: int) -> None:  # fmt: skip
        self.script = script
        self.loops = loops
        self.output = output
        self.wire = wire
        self.most_events = most_events
        self.most_bytes = most_bytes
        self.lines_run = 0
        self.line = 0
        self.fault = ""
        self.graph = Graph()
        self.variables = Variables(self.graph)
        self.calls = Calls(self.graph, self._named, self._modules)
        self.segments = Segments()
        self.events = 0
        self.full = False
        self.watching = False
        self.frame: Frame | None = None
        self.module: Frame | None = None
        self.globals: dict[str, Any] = {}
        self._numbers = 0
        self._figures: list[int] = []
        self._left: list[int] = []
        self._imported: Any = None

    def begin(self, names: dict[str, Any], filename: str) -> None:
        """Trace from here; `names` are the script's globals, `filename` is that of its code."""
        self.globals = names
        sys.settrace(self._call_tracer(filename, self._line_tracer()))

    def on_import(self, look: Any) -> None:
        """`look` is called after each recorded line until it returns True."""
        self._imported = look

    def _call_tracer(self, filename: str, on_line: Any) -> Any:
        """The global trace function: of each frame that begins, whoever's it is. It must be quick."""
        looks = self.calls.looks

        def on_call(frame: Any, _event: str, _argument: Any) -> Any:
            code = frame.f_code
            if code.co_filename is filename:
                if code.co_name in PASSED_OVER:
                    return None
                try:
                    self._enter(frame)
                except BaseException as error:
                    return self._failed(error)
                return on_line
            if self.watching and id(code) in looks:
                with contextlib.suppress(Exception):  # a call that is not told is no reason to disturb it
                    looks[id(code)](frame)
            return None

        return on_call

    def _line_tracer(self) -> Any:
        """The local trace function of the script's own frames."""
        loops = self.loops

        def on_line(frame: Any, event: str, _argument: Any) -> Any:
            own: Any = self.frame
            if event == "line":
                line = frame.f_lineno
                self.lines_run += 1
                self.line = line
                try:
                    if own.on and own.line:
                        self._close(own, frame)
                    if (line in loops or line > own.end or line < own.begin) and not self.full:
                        self._turn(own, frame, line)
                        self.watching = own.on
                    own.line = line
                except RecursionError:
                    return on_line
                except BaseException as error:
                    return self._failed(error)
            elif event == "return":
                try:
                    self._leave(own, frame)
                except RecursionError:
                    self.frame = own.around
                except BaseException as error:
                    return self._failed(error)
            elif event == "exception":
                own.raised = self.lines_run
            return on_line

        return on_line

    def _enter(self, frame: Any) -> None:
        code = frame.f_code
        own = Frame(self._numbers, self.frame, code)
        self._numbers += 1
        if self.module is None:
            self.module = own
            own.on = not self.full
        self.frame = own
        self.watching = own.on

    def _name(self, own: Frame) -> None:
        """Tell of a frame before its first event, and of those around it."""
        at: Frame | None = own
        while at is not None and not at.is_told:
            at.is_told = True
            around = -1 if at.around is None else at.around.number
            self.wire.begin_segment([-1, at.number, at.code.co_name, around, at.code.co_firstlineno])
            at = at.around

    def _leave(self, own: Any, frame: Any) -> None:
        is_passed_on = own.raised == self.lines_run and not self.full
        if own.line and (own.on or is_passed_on):  # the state at an error is told in every pass
            self._close(own, frame)
            own.line = 0
        self.frame = own.around
        self.watching = own.around is not None and own.around.on
        if own.number and own.slots:
            gone: list[Any] = []
            for slot in own.slots.values():
                slot.leave(gone)
            self._left.append(own.number)

    def _turn(self, own: Any, frame: Any, line: int) -> None:
        """A pass of a loop begins, or a loop is left."""
        loops = own.loops
        while loops and not loops[-1].begin <= line <= loops[-1].end:
            loops.pop()
        loop = self.loops.get(line)
        if loop is not None:
            if not loops or loops[-1].loop is not loop:
                names = frame.f_locals
                total = foreseen(loop.iterable, names if own is self.module else {**self.globals, **names})
                loops.append(Pass(loop, total))
            self._next_pass(own, loops, loop)
        if loops:
            own.begin, own.end = loops[-1].begin, loops[-1].end
            own.on, own.segment = loops[-1].on, loops[-1].segment
        else:
            own.begin, own.end = NOTHING_BELOW, NOTHING_ABOVE
            around = own.around
            own.on = not self.full and (around is None or around.on)
            own.segment = 0 if around is None else around.segment

    def _next_pass(self, own: Any, loops: list[Pass], loop: Loop) -> None:
        at = loops[-1]
        at.count += 1
        count = loop.passes
        loop.passes += 1
        if len(loops) > 1:
            below_on, below = loops[-2].on, loops[-2].segment
        else:
            around = own.around
            below_on = not self.full and (around is None or around.on)
            below = 0 if around is None else around.segment
        last = at.total >= 0 and at.count >= at.total - 1
        at.on = below_on and (count < 2 or last or count % loop.stride == 0)
        if at.on:
            row = (loop.header, count, below, last)
            at.segment = self.segments.begin(row)
            self.wire.begin_segment([at.segment, loop.header, at.count, below, last, at.total, count])

    def _close(self, own: Any, frame: Any) -> None:
        """The line of a frame has ended: tell what changed."""
        variables, graph, calls = self.variables, self.graph, self.calls
        if variables.torch is None:
            variables.torch = calls.find_torch()
        if self._imported is not None and self._imported():
            self._imported = None
        if not own.is_told:
            self._name(own)
        line = variables.line = own.line
        changed: list[Any] = []
        removed: list[Any] = []
        variables.removed = removed
        facts = calls.take()
        if calls.roots:
            graph.spend(calls.roots)
            calls.roots = []
        module = self.module
        if own is not module:
            variables.compare(frame.f_locals, own.slots, own.number, changed, removed)
        variables.compare(self.globals, module.slots, 0, changed, removed)  # type: ignore[union-attr]
        if not facts:
            facts = calls.take()
        event: list[Any] = [self.lines_run, line, own.number, own.segment, changed]
        if removed or facts or graph.dirty or self.output.waiting or self._left or self._figures:
            more: dict[str, Any] = {}
            if removed:
                more["r"] = removed
            if graph.dirty:
                more["a"], more["s"], more["g"] = graph.take()
            if facts:
                more["f"] = facts
            if self.output.waiting:
                more["o"] = self.output.take()
            if self._left:
                more["l"], self._left = self._left, []
            if self._figures:
                more["p"], self._figures = self._figures, []
            event.append(more)
        self.wire.add(event)
        self.segments.events[own.segment] += 1
        self.events += 1
        if self.events > self.most_events or self.wire.sent > self.most_bytes:
            self._thin()

    def _thin(self) -> None:
        """The budget is used up: keep every second pass of the outermost loop that has passes to spare."""
        strides = {header: loop.stride for header, loop in self.loops.items()}
        header = self.segments.next_to_thin(strides)
        if not header or self.loops[header].stride >= MOST_STRIDE:
            self.full, self.watching = True, False
            self.wire.send("full", self.lines_run)
            at = self.frame
            while at is not None:
                at.on = False
                for one in at.loops:
                    one.on = False
                at = at.around
            return
        before = self.events
        while self.loops[header].stride < MOST_STRIDE and self.events > self.most_events // 2:
            self.loops[header].stride = strides[header] = 2 * self.loops[header].stride
            self.events = self.segments.count(strides)
            header = self.segments.next_to_thin(strides) or header
            if not self.segments.next_to_thin(strides):
                break
        self.wire.sent = int(self.wire.sent * self.events / max(before, 1))
        self.wire.send("thin", [[line, stride] for line, stride in strides.items() if stride > 1])

    def finish(self) -> None:
        """Stop tracing, and tell what lines changed that were not recorded."""
        sys.settrace(None)
        own = self.module
        if own is None or self.fault:
            return
        self.frame = own
        own.on, own.segment = True, 0
        self.events, self.most_events = 0, 1 << 60

        class Ended:
            f_locals: dict[str, Any] = {}

        if own.line:
            self._close(own, Ended)

    def note_figure(self, number: int) -> None:
        """A figure was drawn while the line at work ran."""
        self._figures.append(number)

    def _failed(self, error: BaseException) -> None:
        """The tracing itself failed: the script goes on without it."""
        sys.settrace(None)
        self.fault = type(error).__name__ + ": " + str(error)[:200]

    def _slots(self) -> list[tuple[str, Slot]]:
        """The slots of the module and of the frame at work, what is in groups too."""
        found: list[tuple[str, Slot]] = []
        frames = [self.module] if self.frame is self.module else [self.module, self.frame]
        stack = [slot for frame in frames if frame is not None for slot in frame.slots.values()]
        while stack:
            slot = stack.pop()
            found.append((slot.key[1], slot))
            if isinstance(slot, GroupSlot):
                stack.extend(slot._inside.values())
        return found

    def _named(self) -> dict[int, str]:
        """The names of tensors by their identity."""
        return {id(slot.value): name for name, slot in self._slots() if isinstance(slot, TensorSlot)}

    def _modules(self) -> list[tuple[str, Any]]:
        """The modules among the variables."""
        module = self.variables.torch.nn.Module
        return [(name, slot.value) for name, slot in self._slots() if isinstance(slot.value, module)]
