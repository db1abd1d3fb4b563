"""Where one goes from an event of a recording, against going there one event at a time."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import pytest

from gradviz.core.stepping.building import Builder
from gradviz.core.stepping.events import Frame, LoopPass
from gradviz.core.stepping.recording import Recording
from gradviz.core.stepping.timeline import Timeline, timeline_of

T = TypeVar("T")
OUTER, INNER = 3, 2
"""Passes."""


def ended(work: Generator[float, None, T]) -> tuple[T, list[float]]:
    """What a generator returned, and what it told on the way."""
    told: list[float] = []
    while True:
        try:
            told.append(next(work))
        except StopIteration as end:
            return end.value, told


def nested() -> Timeline:
    """Line 1; a loop in line 2 with a loop in line 3, whose line 4 calls a function with lines 8 and 9; line 5; line 6.

    Of the outer loop line 5 prints and assigns a number.
    """
    builder = Builder()
    builder.frames[0] = Frame(0, "<module>", -1, 1)
    events: list[list[Any]] = []
    ordinal = number = frame = 0

    def event(line: int, at: int, inside: int = 0, *rest: Any) -> None:
        nonlocal ordinal
        ordinal += 1
        events.append([ordinal, line, inside, at, *(rest or ([],))])

    event(1, 0)
    for i in range(OUTER):
        number += 1
        outer = number
        builder.passes[outer] = LoopPass(outer, 2, i, 0, i == OUTER - 1, OUTER, i)
        event(2, outer)
        for k in range(INNER):
            number += 1
            builder.passes[number] = LoopPass(number, 3, k, outer, k == INNER - 1, INNER, i * INNER + k)
            event(3, number)
            frame += 1
            builder.frames[frame] = Frame(frame, "f", 0, 4)
            event(8, number, frame)
            event(9, number, frame)
            event(4, number)
        event(5, outer, 0, [[0, "w", ["t", [], "float32", 3, None, -1, [i / 4], None, 0, 8, "cpu", "Tensor"]]],
              {"o": f"{i}\n", "p": [i]})  # fmt: skip
    event(6, 0)
    for one in events:
        builder.add(one)
    recording = Recording("", builder.chunks(), builder.frames, builder.passes, rest_of_output="end\n")
    return ended(timeline_of(recording))[0]


@pytest.fixture(scope="module")
def timeline() -> Timeline:
    return nested()


def test_it_tells_how_far_it_is_and_has_every_event(timeline: Timeline) -> None:
    assert ended(timeline_of(timeline.recording))[1] == [1.0]
    events = list(timeline.recording.events())
    assert len(timeline) == len(events) == 2 + OUTER * (2 + 4 * INNER)
    assert list(timeline.lines) == [event.line for event in events]
    assert list(timeline.frames) == [event.frame for event in events]


def test_from_pass_to_pass_of_the_innermost_loop(timeline: Timeline) -> None:
    first_inner = 2
    assert timeline.lines[first_inner] == 3
    assert [one.line for one in timeline.passes_around(first_inner)] == [3, 2]
    second = timeline.next_pass(first_inner)
    assert (timeline.lines[second], timeline.passes_around(second)[0].index) == (3, 1)
    after = timeline.next_pass(second)
    assert timeline.lines[after] == 5, "behind its last pass the inner loop is left"
    assert timeline.previous_pass(second + 1) == second
    assert timeline.previous_pass(second) == first_inner
    assert timeline.previous_pass(first_inner) == 1, "before the first pass stands the head of the outer loop"


def test_passes_of_the_outer_loop_and_outside_of_loops(timeline: Timeline) -> None:
    heads = [at for at in range(len(timeline)) if timeline.lines[at] == 2]
    assert [timeline.next_pass(at) for at in heads] == [*heads[1:], len(timeline) - 1]
    assert timeline.next_pass(0) == heads[0]
    assert timeline.previous_pass(heads[0]) == 0
    assert timeline.previous_pass(len(timeline) - 1) == heads[-1]
    assert timeline.next_pass(len(timeline) - 1) == len(timeline) - 1
    assert timeline.previous_pass(0) == 0


def test_over_a_call_and_out_of_one(timeline: Timeline) -> None:
    assert timeline.lines[timeline.over(2)] == 4
    inside = 3
    assert timeline.lines[inside] == 8
    assert timeline.over(inside) == inside + 1
    assert timeline.lines[timeline.over(inside + 1)] == 4
    assert timeline.over(len(timeline) - 1) == len(timeline) - 1


def test_to_lines(timeline: Timeline) -> None:
    for at in range(len(timeline)):
        for lines in ({5}, {3, 9}, {77}):
            later = [k for k in range(at + 1, len(timeline)) if timeline.lines[k] in lines]
            before = [k for k in range(at) if timeline.lines[k] in lines]
            assert timeline.next_at(at, lines) == (later[0] if later else None)
            assert timeline.previous_at(at, lines) == (before[-1] if before else None)


def test_what_is_printed_and_drawn_and_assigned_up_to_an_event(timeline: Timeline) -> None:
    fives = [at for at in range(len(timeline)) if timeline.lines[at] == 5]
    for k, at in enumerate(fives):
        said = "".join(f"{i}\n" for i in range(k + 1))
        assert timeline.printed_up_to(at) == said
        assert timeline.printed_up_to(at - 1) == said[:-2]
    assert timeline.printed_up_to(len(timeline) - 1) == "0\n1\n2\nend\n"
    assert timeline.figures == tuple((at, k) for k, at in enumerate(fives))
    assert list(timeline.series) == ["w"]
    assert list(timeline.series["w"].events) == fives
    assert list(timeline.series["w"].values) == [0.0, 0.25, 0.5]
