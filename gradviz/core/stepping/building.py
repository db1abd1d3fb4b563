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
        self._chunks: list[Chunk] = []
        self._open: list[Told] = []
        self._state = RunningState()
        self._keyframe = self._state.frozen()

    def add(self, event: Told) -> None:
        """One more event."""
        self._open.append(event)
        self._state.apply(event)
        self.count += 1
        if len(self._open) >= CHUNK:
            self._pack()

    def thin(self, strides: dict[int, int]) -> None:
        """Keep the passes that these strides keep; what left-out events changed is told by the next one."""
        self.strides = dict(strides)
        dropped = self._dropped()
        chunks = [*self.chunks()]
        self._chunks, self._open, self._state, self.count = [], [], RunningState(), 0
        self._keyframe = self._state.frozen()
        waiting: Told | None = None
        for event in _unpacked(chunks):
            whole = event if waiting is None else merged(waiting, event)
            waiting = None
            if event[3] in dropped:
                waiting = whole
            else:
                self.add(whole)
        if waiting is not None:
            self.add(waiting)
        self.passes = {number: one for number, one in self.passes.items() if number not in dropped}

    def _dropped(self) -> set[int]:
        """The numbers of passes that these strides leave out; a pass comes after the one around it."""
        dropped: set[int] = set()
        for number, one in self.passes.items():
            own = one.is_last or one.run < FIRST or one.run % self.strides.get(one.line, 1) == 0
            if not own or one.around in dropped:
                dropped.add(number)
        return dropped

    def chunks(self) -> tuple[Chunk, ...]:
        """All events so far, packed."""
        if self._open:
            return (*self._chunks, self._packed())
        return tuple(self._chunks)

    def _packed(self) -> Chunk:
        text = json.dumps(self._open, separators=(",", ":"))
        first = self.count - len(self._open)
        events = zlib.compress(text.encode(), LEVEL)
        return Chunk(first, len(self._open), events, zlib.compress(self._keyframe.encode(), LEVEL))

    def _pack(self) -> None:
        self._chunks.append(self._packed())
        self._open = []
        self._keyframe = self._state.frozen()


def _unpacked(chunks: Iterable[Chunk]) -> Iterable[list[Any]]:
    for chunk in chunks:
        yield from chunk.unpacked()
