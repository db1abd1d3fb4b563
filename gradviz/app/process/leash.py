"""The window's end of its watchdog: it is started once there is something to guard, and told what."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import gradviz
from gradviz.app.process import crash, watchdog
from gradviz.storage.user.crash_logs import HANGS

PATIENCE_S = 10.0
"""A window that says nothing for so long does not answer. Loading torch may hold Python's lock for a second or two."""
_CODE = """import sys
sys.path.insert(0, sys.argv[1])
from gradviz.app.process import watchdog
watchdog.main(sys.argv[2:])"""
_GOODBYE_S = 2.0


class Leash:
    """Belongs to the GUI thread. Where no watchdog can be started, `is_held` is False."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_held(self) -> bool:
        """Whether a watchdog listens."""
        return self._process is not None

    def guard(self, journal: Path) -> None:
        """Look after this journal from now on."""
        if self._process is None:
            self._start()
        self._say(watchdog.GUARD + os.fsencode(journal))

    def sync(self) -> None:
        """Make the journal last."""
        self._say(watchdog.SYNC)

    def beat(self) -> None:
        """The window answers."""
        self._say(watchdog.BEAT)

    def let_go(self) -> None:
        """The watchdog ends."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            assert process.stdin is not None
            process.stdin.close()
        try:
            process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start(self) -> None:
        log = crash.session_log()
        note = f"{HANGS} for {PATIENCE_S:g} s."
        told = ["" if log is None else str(log), note, str(os.getpid()), str(crash.trace_signal()), str(PATIENCE_S)]
        with contextlib.suppress(OSError, ValueError):
            self._process = subprocess.Popen(
                [*_command(), *told],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            with contextlib.suppress(OSError, AttributeError):  # Windows before Python 3.12
                assert self._process.stdin is not None
                os.set_blocking(self._process.stdin.fileno(), False)

    def _say(self, line: bytes) -> None:
        """A watchdog that is gone or does not listen is none: the window goes on without."""
        if self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(line + b"\n")
        except (OSError, ValueError):
            self.let_go()


def _command() -> list[str]:
    """Python without its packages, which starts soonest; the packaged program is its own Python."""
    if getattr(sys, "frozen", False):
        return [sys.executable, watchdog.ARGUMENT]
    return [sys.executable, "-I", "-S", "-c", _CODE, str(Path(gradviz.__file__).parents[1])]
