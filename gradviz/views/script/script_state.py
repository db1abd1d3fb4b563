"""What the Script pane shows, as a value; and what of a recording is drawn for it, by a pure function."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.core.stepping.events import LoopPass
from gradviz.core.stepping.recording import Recording
from gradviz.core.stepping.timeline import Timeline
from gradviz.core.words import SILENCE, Words, one_line, say, verbatim
from gradviz.views.script.code_editor import Marks
from gradviz.views.script.variable_rows import Row, rows_of

LONGEST_HEAD = 60


@dataclass(frozen=True, slots=True)
class ScriptState:
    """Where a person stands: the event, the lines with breakpoints. Without a timeline the script is being written."""

    position: int = 0
    breakpoints: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """An error, or a mistake that raises nothing, at a line (0: at none); `event` is where it happened."""

    line: int
    event: int
    is_fault: bool
    title: Words
    explanation: Words = SILENCE


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that is drawn of a recording at an event."""

    marks: Marks
    rows: tuple[Row, ...]
    place: Words
    count: str
    printed: str
    figures: tuple[int, ...]


def resolve(timeline: Timeline | None, state: ScriptState) -> Drawing:
    """What is drawn: of a script that is being written its breakpoints alone."""
    if timeline is None or not len(timeline):
        faults = frozenset() if timeline is None else _lines(timeline.recording, True)
        return Drawing(Marks(breakpoints=state.breakpoints, faults=faults), (), SILENCE, "", _all_printed(timeline), ())
    at, recording = state.position, timeline.recording
    now = recording.state(at)
    before = recording.state(at - 1) if at else None
    following = timeline.lines[at + 1] if at + 1 < len(timeline) else 0
    faults, remarks = _lines(recording, True), _lines(recording, False)
    marks = Marks(now.event.line, following, _has_failed(timeline, at), state.breakpoints, faults, remarks)
    figures = tuple(number for event, number in timeline.figures if event <= at and number in recording.figures)
    count = f"{at + 1:,} / {len(timeline):,}"
    return Drawing(
        marks, rows_of(now, before), place_of(timeline, at), count, timeline.printed_up_to(at), figures
    )  # fmt: skip


def _all_printed(timeline: Timeline | None) -> str:
    return "" if timeline is None else timeline.output + timeline.recording.rest_of_output


def _lines(recording: Recording, is_fault: bool) -> frozenset[int]:
    return frozenset(one.line for one in findings_of(recording) if one.is_fault == is_fault and one.line)


def findings_of(recording: Recording) -> tuple[Finding, ...]:
    """The error that ended the script first, then the mistakes that raise nothing, in their order."""
    found = []
    if recording.error is not None:
        error = recording.error
        title = verbatim(f"{error.type}: {error.message}")
        found.append(Finding(error.line, max(len(recording) - 1, 0), True, title, error.explanation))
    found += [Finding(one.line, one.event, False, one.sentence) for one in recording.warnings]
    return tuple(found)


def place_of(timeline: Timeline, at: int) -> Words:
    """The line that ran, the function that it is in, and where its loops stand."""
    recording = timeline.recording
    line = timeline.lines[at]
    words = say("Line {line} failed", line=line) if _has_failed(timeline, at) else say("Line {line} ran", line=line)
    frame = recording.frames.get(timeline.frames[at])
    if frame is not None and frame.around >= 0:
        words = say("{words} in {function}()", words=words, function=frame.function)
    source = recording.source.splitlines()
    for one in timeline.passes_around(at):
        words = say("{words}  ·  {place}", words=words, place=_pass_words(one, source))
    return words


def _has_failed(timeline: Timeline, at: int) -> bool:
    """Whether an event is of the line that raised the error which ended the script."""
    error = timeline.recording.error
    return error is not None and at == len(timeline) - 1 and error.line == timeline.lines[at]


def _pass_words(one: LoopPass, source: list[str]) -> Words:
    head = source[one.line - 1].strip().rstrip(":") if 0 < one.line <= len(source) else ""
    shown = one_line(head, LONGEST_HEAD)
    if one.total < 0:
        return say("pass {index:,} of “{head}”", index=one.index + 1, head=shown)
    return say("pass {index:,} of {total:,} of “{head}”", index=one.index + 1, total=one.total, head=shown)


def ending_of(recording: Recording) -> Words:
    """One sentence on how the run ended, and what of it is kept."""
    kept = say(
        "{run:line|lines} ran, {events:event|events} recorded.", run=recording.lines_run, events=len(recording)
    )  # fmt: skip
    if recording.error is not None:
        end = say("{type} in line {line}.", type=recording.error.type, line=recording.error.line)
    elif recording.ending:
        end = recording.ending
    else:
        end = say("The script ran to its end.")
    words = say("{end} {kept}", end=end, kept=kept)
    for line, stride in sorted(recording.strides.items()):
        thinned = say("Of the loop in line {line} every {stride}th pass is kept.", line=line, stride=stride)
        words = say("{words} {thinned}", words=words, thinned=thinned)
    if recording.full_at is not None:
        full = say("From line event {at:,} on nothing more was recorded: the budget is used up.", at=recording.full_at)
        words = say("{words} {full}", words=words, full=full)
    return words
