"""The events of a recording as columns, and where one goes from one of them: a pass on, over a call, to a line."""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass

from gradviz.core.stepping.events import LoopPass
from gradviz.core.stepping.recording import Recording

LARGEST = 1e300
"""What is larger is no point of a curve."""


@dataclass(frozen=True, slots=True)
class Series:
    """A number that passes of loops assigned: the events that did, and its values."""

    events: array[int]
    values: array[float]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A recording, and of every event its line, frame and pass. Places are numbers of events, from 0.

    `printed` counts the letters of `output` that were printed up to the end of each event. `figures` are events with
    the numbers of the pictures that they drew. `starts` are the first events of the passes of a loop, by the line of
    its head and the number of the pass around it.
    """

    recording: Recording
    lines: array[int]
    frames: array[int]
    passes: array[int]
    output: str
    printed: array[int]
    figures: tuple[tuple[int, int], ...]
    starts: Mapping[tuple[int, int], array[int]]
    series: Mapping[str, Series]

    def __len__(self) -> int:
        return len(self.lines)

    def passes_around(self, at: int) -> tuple[LoopPass, ...]:
        """The passes of loops that an event is in, the innermost first."""
        found: list[LoopPass] = []
        number = self.passes[at]
        while number in self.recording.passes and len(found) < len(self.recording.passes):
            found.append(self.recording.passes[number])
            number = found[-1].around
        return tuple(found)

    def next_pass(self, at: int) -> int:
        """Where the next pass of the innermost loop begins; behind its last one where the loop is left.

        Outside of loops it is where the next one begins, or the last event.
        """
        later = [place for place in self._siblings(at) if place > at]
        if later:
            return min(later)
        around = self.passes_around(at)
        outer = around[0].around if around else -1
        return next((place for place in range(at + 1, len(self)) if self.passes[place] == outer), len(self) - 1)

    def previous_pass(self, at: int) -> int:
        """Where this pass began, or from there the one before; before the loop it is the first event."""
        around = self.passes_around(at)
        earlier = [place for place in self._siblings(at) if place < at]
        if earlier:
            return max(earlier)
        outer = around[0].around if around else -1
        return next((place for place in range(at - 1, -1, -1) if self.passes[place] == outer), 0)

    def _siblings(self, at: int) -> list[int]:
        """The nearest beginnings of passes of this loop, before and after; outside of loops those of all loops."""
        around = self.passes_around(at)
        keys = [(around[0].line, around[0].around)] if around else [key for key in self.starts if key[1] == 0]
        found = []
        for places in (self.starts.get(key, array("q")) for key in keys):
            after, before = bisect.bisect_right(places, at), bisect.bisect_left(places, at) - 1
            found += [places[place] for place in (before, after) if 0 <= place < len(places)]
        return found

    def over(self, at: int) -> int:
        """The next event of the same function or of one that called it: what the next line calls is passed over."""
        frames = self.recording.frames
        chain = {number := self.frames[at]}
        while number in frames and frames[number].around not in chain:
            chain.add(number := frames[number].around)
        return next((place for place in range(at + 1, len(self)) if self.frames[place] in chain), len(self) - 1)

    def next_at(self, at: int, lines: Collection[int]) -> int | None:
        """The next event of one of these lines; None where there is none."""
        return next((place for place in range(at + 1, len(self)) if self.lines[place] in lines), None)

    def previous_at(self, at: int, lines: Collection[int]) -> int | None:
        """The last event of one of these lines before; None where there is none."""
        return next((place for place in range(at - 1, -1, -1) if self.lines[place] in lines), None)

    def printed_up_to(self, at: int) -> str:
        """What was printed up to the end of an event; with the last one whatever came after it too."""
        if at >= len(self) - 1:
            return self.output + self.recording.rest_of_output
        return self.output[: self.printed[at]]


def timeline_of(recording: Recording) -> Generator[float, None, Timeline]:
    """Look through all events once; yields the share that was looked through."""
    lines, frames, passes, printed = array("q"), array("q"), array("q"), array("q")
    starts: dict[tuple[int, int], array[int]] = {}
    series: dict[str, Series] = {}
    output: list[str] = []
    figures: list[tuple[int, int]] = []
    begun: set[int] = set()
    letters = 0
    for chunk in recording.chunks:
        for at, event in enumerate(chunk.unpacked(), chunk.first):
            _, line, frame, number, changed = event[:5]
            lines.append(line)
            frames.append(frame)
            passes.append(number)
            more = event[5] if len(event) > 5 else {}
            if "o" in more:
                output.append(more["o"])
                letters += len(more["o"])
            printed.append(letters)
            figures += [(at, one) for one in more.get("p", ())]
            while number and number not in begun and number in recording.passes:
                begun.add(number)
                one = recording.passes[number]
                starts.setdefault((one.line, one.around), array("q")).append(at)
                number = one.around
            if event[3]:
                _note_scalars(series, at, changed)
        yield (chunk.first + chunk.count) / len(recording)
    return Timeline(recording, lines, frames, passes, "".join(output), printed, tuple(figures), starts, series)


def _note_scalars(series: dict[str, Series], at: int, changed: list[list[object]]) -> None:
    """The real numbers among what the script's own lines assigned, tensors of one element with them."""
    for scope, name, told in changed:
        value = _scalar(told)
        if scope == 0 and value is not None:
            found = series.setdefault(str(name), Series(array("q"), array("d")))
            found.events.append(at)
            found.values.append(value)


def _scalar(told: object) -> float | None:
    assert isinstance(told, list)
    value = told[2] if told[0] == "p" else None
    if told[0] == "t" and isinstance(told[6], list) and len(told[6]) == 1:
        value = told[6][0]
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_real and value is not None and abs(value) < LARGEST else None
