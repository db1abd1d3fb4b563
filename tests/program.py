"""gradviz as a process of its own, from source or built, watched through the log of its session."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCE = (sys.executable, "-m", "gradviz")
PATIENCE_S = 120.0
READY = "the first run is ready"
WITHOUT_CONSOLE = "0<&- 1>&- 2>&-"
HOMELESS = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "GRADVIZ_CONFIG", "GRADVIZ_DATA")


def environment(**changes: str | None) -> dict[str, str]:
    """That of the tests, with the program from source to be found; None takes a variable out."""
    made = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    for name, value in changes.items():
        made.pop(name, None)
        if value is not None:
            made[name] = value
    return made


class Program:
    """A started program; its session log is in `data`. To be used in a with statement: what still runs is killed."""

    def __init__(
        self,
        data: Path,
        arguments: Sequence[str] = (),
        command: Sequence[str] = SOURCE,
        *,
        streams: str = "",
        before: str = "",
        cwd: Path | None = None,
        **changes: str | None,
    ) -> None:
        """Start it through a shell, which does `before`, closes `streams` and goes: the process is the program's."""
        line = f"{before}exec {shlex.join([*command, *arguments])} {streams}"
        self.logs = data / "crash-logs"
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", line],
            env=environment(**changes),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: Any) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    @property
    def log(self) -> str:
        """What its log says; empty if it has none."""
        found = list(self.logs.glob(f"gradviz-*-{self.process.pid}.log"))
        return found[0].read_text(encoding="utf-8", errors="replace") if found else ""

    def wait_ready(self) -> str:
        """Wait until the window is filled and the first run is ready; returns the log."""
        end = time.monotonic() + PATIENCE_S
        while READY not in (log := self.log):
            assert self.process.poll() is None, f"ended with {self.process.returncode}: {log} {self.said()}"
            assert time.monotonic() < end, f"not ready in time: {log}"
            time.sleep(0.05)  # another process: there is no event to wait for
        return log

    def said(self) -> str:
        """All that it has printed, once it has ended."""
        return self.process.communicate(timeout=PATIENCE_S)[0].decode("utf-8", "replace")

    def end(self, number: int) -> int:
        """Send a signal; returns the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)
