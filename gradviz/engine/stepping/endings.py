"""How a script ended, in one sentence: by itself, by a signal, by a limit, or before it began."""

from __future__ import annotations

import contextlib
import re
import signal
from typing import Any

from gradviz.core.words import SILENCE, Words, one_line, say

CRASHES = {"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT"}


def ended_by(end: dict[str, Any]) -> Words:
    """Of a child that told its end: silence where the script simply finished or raised."""
    if end.get("fault"):
        return say("The recording stopped early ({why}). The script ran on.", why=one_line(str(end["fault"]), 160))
    if end.get("untraced"):
        return say("The script took over the tracing itself (sys.settrace): its lines from there on are not recorded.")
    if end["how"] == "exit":
        return say(
            "The script left by exit() in line {line}, with status {status}.", line=end.get("line", 0),
            status=end["status"],
        )  # fmt: skip
    return SILENCE


def words_of_signal(status: int | None, errors: str, script: str, line: int, has_begun: bool) -> Words:
    """Of a child that went without a word, by its exit status and by what Python said while it went."""
    if not has_begun:
        last = errors.strip().rsplit("\n", 1)[-1]
        return say("That Python could not begin the script. {last}", last=one_line(last or str(status), 200))
    found = re.search(r'File "' + re.escape(script) + r'", line (\d+)', errors)
    at = int(found[1]) if found else line
    name = _signal(status)
    if name in CRASHES:
        return say("Python itself crashed in line {line} ({signal}).", line=at, signal=name)
    if name == "SIGKILL":
        return say(
            "The script was killed at or after line {line}: most likely the memory was used up. Take less at once.",
            line=at,
        )
    if name:
        return say("A signal ended the script at or after line {line} ({signal}).", line=at, signal=name)
    return say("The script went without a word at or after line {line}, with status {status}.", line=at, status=status)


def _signal(status: int | None) -> str:
    if status is not None and status < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-status).name
    return ""
