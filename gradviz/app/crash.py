"""An exception nobody caught pauses the run and is reported once; the program goes on."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from types import TracebackType


def install_crash_guard(report: Callable[[str], None]) -> None:
    """Send uncaught exceptions of slots and overrides to `report` as a sentence, and their trace to stderr."""
    previous = sys.excepthook

    def guard(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            previous(kind, error, trace)
            return
        traceback.print_exception(kind, error, trace, file=sys.stderr)
        report(
            f"Something went wrong in gradviz ({kind.__name__}: {str(error)[:160]}). The run is paused; save your work."
        )

    sys.excepthook = guard
