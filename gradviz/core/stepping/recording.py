"""A recorded run: events in packed chunks with the state before each, so that any line's state is near.

A million events take some hundred bytes each; the state at one is its chunk's keyframe and at most a chunk of events.
"""

from __future__ import annotations

import bisect
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradviz.core.stepping.events import Event, Frame, LoopPass, State, event_of, graph_node
from gradviz.core.stepping.running_state import RunningState
from gradviz.core.stepping.variable_state import variable_state
from gradviz.core.words import SILENCE, Words


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some events, packed, and the state before the first of them."""

    first: int
    count: int
    events: bytes
    keyframe: bytes

    def unpacked(self) -> list[list[Any]]:
        """The events in the recorder's short form."""
        events: list[list[Any]] = json.loads(zlib.decompress(self.events))
        return events


@dataclass(frozen=True, slots=True)
class ScriptError:
    """What ended the script: PyTorch's or Python's own words, the line (0: none of the script), an explanation."""

    type: str
    message: str
    line: int
    explanation: Words = SILENCE


@dataclass(frozen=True, slots=True)
class Warned:
    """A mistake that raises nothing, at the line where it happens."""

    kind: str
    line: int
    event: int
    sentence: Words


@dataclass(frozen=True, slots=True)
class Recording:
    """A run of a script, whole. `strides` are of the loops that were thinned, by their lines: every so many passes.

    `full_at` counts the lines that had run when the budget was used up and nothing could be thinned; None: never.
    """

    source: str = ""
    chunks: tuple[Chunk, ...] = ()
    frames: Mapping[int, Frame] = field(default_factory=dict)
    passes: Mapping[int, LoopPass] = field(default_factory=dict)
    figures: Mapping[int, bytes] = field(default_factory=dict)
    lines_run: int = 0
    error: ScriptError | None = None
    ending: Words = SILENCE
    is_finished: bool = True
    status: int = 0
    warnings: tuple[Warned, ...] = ()
    strides: Mapping[int, int] = field(default_factory=dict)
    full_at: int | None = None
    rest_of_output: str = ""
    output_left_out: int = 0
    cpu_s: float = 0.0

    def __len__(self) -> int:
        return self.chunks[-1].first + self.chunks[-1].count if self.chunks else 0

    @property
    def size(self) -> int:
        """Bytes that the events and keyframes take."""
        return sum(len(chunk.events) + len(chunk.keyframe) for chunk in self.chunks)

    def events(self, first: int = 0, last: int | None = None) -> Iterator[Event]:
        """The events of a range, in the order in which their lines ended."""
        end = len(self) if last is None else min(last, len(self))
        for chunk in self.chunks:
            if chunk.first + chunk.count > first and chunk.first < end:
                told = chunk.unpacked()[max(first - chunk.first, 0) : end - chunk.first]
                yield from map(event_of, told)

    def event(self, index: int) -> Event:
        """One event; IndexError beyond the last."""
        chunk, offset = self._place(index)
        return event_of(chunk.unpacked()[offset])

    def state(self, index: int) -> State:
        """All variables and the whole graph after an event; IndexError beyond the last."""
        chunk, offset = self._place(index)
        running = RunningState.thawed(zlib.decompress(chunk.keyframe).decode())
        told = chunk.unpacked()
        for event in told[: offset + 1]:
            running.apply(event)
        return self.frozen(running, event_of(told[offset]))

    def frozen(self, running: RunningState, event: Event) -> State:
        """A running state as a value, with the frames in which the line is."""
        return frozen_state(running, event, self.frames)

    def _place(self, index: int) -> tuple[Chunk, int]:
        if not 0 <= index < len(self):
            raise IndexError(f"event {index} of {len(self)}")
        at = bisect.bisect_right(self.chunks, index, key=lambda chunk: chunk.first) - 1
        return self.chunks[at], index - self.chunks[at].first


def frozen_state(running: RunningState, event: Event, frames: Mapping[int, Frame]) -> State:
    """A running state as a value."""
    chain: list[Frame] = []
    number = event.frame
    while number >= 0 and number in frames and len(chain) < len(frames):
        chain.append(frames[number])
        number = frames[number].around
    variables = {
        (scope, name): variable_state(value) for scope, names in running.scopes.items() for name, value in names.items()
    }
    nodes = {number: graph_node(row, number in running.spent) for number, row in running.nodes.items()}
    return State(event, tuple(chain), variables, nodes)
