"""A recording as it grows: events into chunks, chunks into fewer when a loop is thinned."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from typing import Any

from gradviz.core.stepping.events import Frame, LoopPass
from gradviz.core.stepping.recording import Chunk
from gradviz.core.stepping.running_state import RunningState, Told, merged

CHUNK = 512
"""Events in a chunk: so many are applied at most to reach a line."""
FIRST = 2
"""Passes of a loop that are kept whatever happens, as the recorder does."""
LEVEL = 1
"""Of zlib: the fastest, which already makes a fifth of events."""


class Builder:
    """Takes what the recorder tells. One thread."""

    def __init__(self) -> None:
        self.frames: dict[int, Frame] = {}
        self.passes: dict[int, LoopPass] = {}
        self.strides: dict[int, int] = {}
        self.count = 0
        self.size = 0
        """Bytes of what is packed so far."""
        self._chunks: list[Chunk] = []
        self._open: list[Told] = []
        self._state = RunningState()
        self._keyframe = self._state.frozen()
        self._waiting: Told | None = None
        self._left_out: set[int] = set()

    def add(self, event: Told) -> None:
        """One more event. Of a pass that was left out, what it changed waits for the next event."""
        whole = event if self._waiting is None else merged(self._waiting, event)
        if event[3] in self._left_out:
            self._waiting = whole
            return
        self._waiting = None
        self._open.append(whole)
        self._state.apply(whole)
        self.count += 1
        if len(self._open) >= CHUNK:
            self._pack()

    def thin(self, strides: dict[int, int]) -> None:
        """Keep the passes that these strides keep; what left-out events changed is told by the next one."""
        self.strides = dict(strides)
        self._left_out |= self._dropped()
        chunks, waiting = self._packed_chunks(), self._waiting
        self._chunks, self._open, self._state, self.count, self.size = [], [], RunningState(), 0, 0
        self._keyframe, self._waiting = self._state.frozen(), None
        for event in _unpacked(chunks):
            self.add(event)
        if waiting is not None:
            self._waiting = waiting if self._waiting is None else merged(self._waiting, waiting)
        self.passes = {number: one for number, one in self.passes.items() if number not in self._left_out}

    def _dropped(self) -> set[int]:
        """The numbers of passes that these strides leave out; a pass comes after the one around it."""
        dropped: set[int] = set()
        for number, one in self.passes.items():
            own = one.is_last or one.run < FIRST or one.run % self.strides.get(one.line, 1) == 0
            if not own or one.around in dropped:
                dropped.add(number)
        return dropped

    def chunks(self) -> tuple[Chunk, ...]:
        """All events so far, packed; what still waits for an event is one of its own, outside of all loops."""
        if self._waiting is None:
            return self._packed_chunks()
        last = [*self._waiting[:3], 0, *self._waiting[4:]]
        return (*self._packed_chunks(), _packed(self.count, [last], self._state.frozen()))

    def _packed_chunks(self) -> tuple[Chunk, ...]:
        if self._open:
            first = self.count - len(self._open)
            return (*self._chunks, _packed(first, self._open, self._keyframe))
        return tuple(self._chunks)

    def _pack(self) -> None:
        made = _packed(self.count - len(self._open), self._open, self._keyframe)
        self._chunks.append(made)
        self.size += len(made.events) + len(made.keyframe)
        self._open = []
        self._keyframe = self._state.frozen()


def _packed(first: int, events: list[Told], keyframe: str) -> Chunk:
    text = json.dumps(events, separators=(",", ":"))
    return Chunk(first, len(events), zlib.compress(text.encode(), LEVEL), zlib.compress(keyframe.encode(), LEVEL))


def _unpacked(chunks: Iterable[Chunk]) -> Iterable[list[Any]]:
    for chunk in chunks:
        yield from chunk.unpacked()
