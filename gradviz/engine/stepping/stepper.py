"""A script run line by line in a child, and what became of it: read, checked, and ended within its limits."""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gradviz.core.stepping.building import Builder
from gradviz.core.stepping.catalogue import explanation_of
from gradviz.core.stepping.events import Frame, LoopPass
from gradviz.core.stepping.mistakes import Watcher
from gradviz.core.stepping.recording import Recording, ScriptError
from gradviz.core.words import SILENCE, Words, say
from gradviz.engine.stepping.child import Child, now, physical_memory
from gradviz.engine.stepping.endings import ended_by, words_of_signal
from gradviz.engine.stepping.validation import LONGEST_NAME, WireError, check_event, check_plain, listed, text, whole

WAIT_S = 0.1
MEMORY_SHARE = 0.75
"""Of the machine's memory: a script that wants more gets a MemoryError, and the machine goes on."""
MOST_PICTURE = 4_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """What to run. `source` is the script's text, `folder` where it runs, `seconds` its longest time (0: no end)."""

    script: str
    source: str
    folder: str
    argv: tuple[str, ...] = ()
    python: str = ""
    most_events: int = 200_000
    most_bytes: int = 500_000_000
    seconds: float = 0.0
    is_recorded: bool = True
    memory: int = field(default_factory=lambda: int(physical_memory() * MEMORY_SHARE))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a script is; `size` is what its events take, in bytes."""

    lines_run: int
    recorded: int
    line: int
    size: int = 0


class Stepper:
    """One run of one script. The thread that runs it reads it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._builder = Builder()
        self._watcher = Watcher(request.source, self._builder.frames)
        self._figures: dict[int, bytes] = {}
        self._lines_run = 0
        self._line = 0
        self._end: dict[str, Any] | None = None
        self._begun = False
        self._full_at: int | None = None
        self._gone: tuple[int, int] | None = None
        self._stop: Words = SILENCE
        self._status: int | None = None
        self._errors = ""

    def stop(self, why: Words) -> None:
        """End the script at the next progress; what was recorded stays."""
        self._stop = why

    def run(self) -> Iterator[Progress]:
        """Run it to its end, telling how far it is; closing the generator ends the script. WireError, EngineError."""
        request = self.request
        options = {
            "script": request.script, "argv": list(request.argv), "events": request.most_events,
            "bytes": request.most_bytes, "memory": request.memory, "record": request.is_recorded,
        }  # fmt: skip
        child = Child(request.python or sys.executable, options, request.folder)
        begin = now()
        try:
            for message in child.messages(WAIT_S):
                if message is not None:
                    self._take(message)
                if request.seconds and now() - begin > request.seconds and not self._stop:
                    self._stop = say("The script was ended after {seconds:g} s.", seconds=request.seconds)
                if self._stop or self._end is not None:
                    break
                yield Progress(self._lines_run, self._builder.count, self._line, self._builder.size)
            self._status = child.end(0.0 if self._stop else 5.0)
            self._errors = child.errors()
        except WireError as error:
            self._stop = say("{sentence}", sentence=str(error))
        finally:
            child.close()

    def recording(self) -> Recording:
        """What was recorded: whole when `run` has ended."""
        end = self._end or {}
        error = self._error(end)
        self._watcher.finish()
        return Recording(
            self.request.source, self._builder.chunks(), self._builder.frames, self._builder.passes,
            self._figures, self._lines_run, error, self._ending(end), self._end is not None and not self._stop,
            self._exit_status(end), tuple(self._watcher.found), self._builder.strides, self._full_at,
            str(end.get("rest", "")), int(end.get("left_out", 0)), float(end.get("seconds", 0.0)),
        )  # fmt: skip

    def _exit_status(self, end: dict[str, Any]) -> int:
        if end:
            return int(end["status"])
        return 1 if self._gone is None else self._gone[0]

    def _error(self, end: dict[str, Any]) -> ScriptError | None:
        if end.get("how") != "raised":
            return None
        line = int(end["line"])
        error = ScriptError(str(end["type"]), str(end["message"]), line)
        explanation = explanation_of(error, self._watcher.last_state(), self.request.source)
        return ScriptError(error.type, error.message, line, explanation)

    def _ending(self, end: dict[str, Any]) -> Words:
        """One sentence on how it ended, where that is not simply its end or an error."""
        if self._stop:
            return self._stop
        if not end:
            return self._words_of_death()
        return ended_by(end)

    def _words_of_death(self) -> Words:
        if self._gone is not None:
            status, line = self._gone
            return say("The script left at once in line {line} (os._exit, status {status}).", line=line, status=status)
        return words_of_signal(self._status, self._errors, self.request.script, self._line, self._begun)

    def _take(self, message: list[Any]) -> None:
        kind, values = message[0], message[1:]
        known: dict[str, Callable[..., None]] = {
            "events": self._take_events, "segments": self._take_segments, "alive": self._take_alive,
            "thin": self._take_thin, "full": self._take_full, "figure": self._take_figure, "gone": self._take_gone,
            "begin": self._take_begin, "end": self._take_end,
        }  # fmt: skip
        take = known.get(kind)
        if take is None:
            raise WireError("The process that ran the script sent a message that is not known. Run it again.")
        try:
            take(*values)
        except TypeError as error:
            raise WireError("The process that ran the script sent a message of another form. Run it again.") from error

    def _take_events(self, events: Any) -> None:
        for event in listed(events):
            check_event(event)
            self._watcher.see(event, self._builder.count)
            self._builder.add(event)
            self._lines_run = max(self._lines_run, event[0])
            self._line = event[1]

    def _take_segments(self, segments: Any) -> None:
        for told in listed(segments):
            first = whole(listed(told)[0])
            if first == -1:
                _, number, function, around, line = listed(told, 5)
                name = text(function, LONGEST_NAME)
                self._builder.frames[whole(number)] = Frame(number, name, whole(around), whole(line))
            else:
                _, line, index, around, last, total, run = listed(told, 7)
                made = LoopPass(first, whole(line), whole(index), whole(around), bool(last), whole(total), whole(run))
                self._builder.passes[first] = made

    def _take_alive(self, lines_run: Any, line: Any) -> None:
        self._lines_run, self._line = max(self._lines_run, whole(lines_run)), whole(line)

    def _take_thin(self, strides: Any) -> None:
        self._builder.thin({whole(listed(one, 2)[0]): max(whole(one[1]), 1) for one in listed(strides)})

    def _take_full(self, lines_run: Any) -> None:
        self._full_at = whole(lines_run)

    def _take_gone(self, status: Any, line: Any) -> None:
        self._gone = whole(status) & 255, whole(line)

    def _take_begin(self, version: Any, _executable: Any) -> None:
        text(version, 40)
        self._begun = True

    def _take_figure(self, number: Any, data: Any) -> None:
        try:
            picture = base64.b64decode(text(data, 2 * MOST_PICTURE), validate=True)
        except binascii.Error as error:
            raise WireError("The process that ran the script sent a picture that cannot be read.") from error
        if not picture.startswith(b"\x89PNG\r\n\x1a\n"):
            raise WireError("The process that ran the script sent a picture that is no PNG.")
        self._figures[whole(number)] = picture

    def _take_end(self, end: Any) -> None:
        if type(end) is not dict or end.get("how") not in ("finished", "raised", "exit"):
            raise WireError("The process that ran the script sent an end that cannot be read. Run it again.")
        for value in end.values():
            if type(value) is str:
                text(value, 1_000_000)
            else:
                check_plain(value, 1)
        whole(end.get("status"))
        if end["how"] == "raised":
            text(end.get("type")), text(end.get("message")), whole(end.get("line"))
        self._lines_run = max(self._lines_run, whole(end.get("lines_run")))
        self._end = end
