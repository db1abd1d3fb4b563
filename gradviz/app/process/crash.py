"""What becomes of a fault that nobody caught: the program goes on where it can, and a log of the session tells of it.

A session log is begun before anything that may crash. Exceptions of every thread, fatal messages of Qt and the trace of
a segmentation fault go into it; `gradviz.storage.user.left_logs` tells at the next start what became of the session.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import gradviz
from gradviz.app.process import console
from gradviz.core.words import escaped
from gradviz.storage.user.crash_logs import FATAL, SessionLog, open_session_log

ASKED_TO_CRASH = "GRADVIZ_CRASH"
"""For the tests of a built program: with the value ``segfault`` the program crashes once its window is filled."""
_LONGEST_TITLE = 200


class _State:
    """One process has one session."""

    log: SessionLog | None = None
    stderr_is_log = False
    reported: BaseException | None = None
    fault = ""
    tell_of_thread: Callable[[str], None] | None = None
    """Tells the user of an exception in another thread; it is called there."""


@contextlib.contextmanager
def session(has_stderr: bool = True) -> Iterator[None]:
    """Keep a log of what happens inside; within another session it does nothing.

    Without a stderr, what is meant for it goes into the log, which then stays if the session ends with a status.
    """
    if _State.log is not None or not _begin(has_stderr):
        yield
        return
    try:
        yield
    except SystemExit as error:
        end_session(error.code)
        raise
    except KeyboardInterrupt:
        end_session(130)
        raise
    except BaseException as error:
        _State.reported = error
        _report(f"{FATAL}: ", "An exception ended the program", type(error), error, error.__traceback__)
        raise
    end_session()


def session_log() -> Path | None:
    """The log of this session, where one is kept."""
    return None if _State.log is None else _State.log.path


def log_fault() -> str:
    """Why no log is kept of this session; empty if one is, or if none was asked for."""
    return _State.fault


def note(text: str) -> None:
    """A line in the log on how far the session is."""
    if _State.log is not None:
        _State.log.note(text)


def trace_signal() -> int:
    """A signal that writes where every thread stands into the log, though one holds Python's lock; 0 without one."""
    number = getattr(signal, "SIGUSR1", 0)
    if not number or _State.log is None:
        return 0
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        faulthandler.register(number, _State.log.descriptor, all_threads=True)
        return int(number)
    return 0


def end_session(status: object = 0, how: str = "") -> None:
    """The session ends well: its log goes, unless something in it is worth keeping."""
    log, _State.log = _State.log, None
    if log is None:
        return
    _forget_qt()
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    if hasattr(signal, "SIGUSR1"):
        faulthandler.unregister(signal.SIGUSR1)
    log.keeps |= _State.stderr_is_log and status not in (None, 0)
    if _State.stderr_is_log:
        console.point_stderr(os.devnull)
    trace_to_stderr()
    log.end(how or (f"with status {status}" if status else "normally"))


def _begin(has_stderr: bool) -> bool:
    """Open the log and lead everything to it; False where no log can be written."""
    try:
        log = open_session_log(_head())
    except (OSError, ValueError) as error:
        _State.fault = getattr(error, "strerror", "") or str(error)
        trace_to_stderr()
        return False
    _State.log, _State.stderr_is_log, _State.fault = log, not has_stderr, ""
    faulthandler.enable(log.descriptor, all_threads=True)
    if not has_stderr:
        console.point_stderr(str(log.path))
    sys.excepthook = _on_exception
    threading.excepthook = _on_thread_exception
    sys.unraisablehook = _on_unraisable
    for name in ("SIGTERM", "SIGHUP"):
        _take_signal(name)
    return True


def trace_to_stderr() -> None:
    """Where no session has a log, a segmentation fault leaves its trace on stderr."""
    if _State.log is not None:
        return
    faulthandler.disable()
    with contextlib.suppress(OSError, ValueError, AttributeError, RuntimeError):  # no stderr that C could write to
        faulthandler.enable()


def _head() -> str:
    """The first lines; what is asked here takes no time, and imports nothing."""
    kind = "packaged" if getattr(sys, "frozen", False) else "from source"
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.platform == "win32":
        system = f"Windows {'.'.join(map(str, sys.getwindowsversion()[:3]))}"
    else:
        system = f"{os.uname().sysname} {os.uname().release} {os.uname().machine}"
    return (
        f"gradviz {gradviz.__version__}, started {time.strftime('%Y-%m-%d %H:%M:%S')}\n"
        f"Python {python}, {system}, {kind}, process {os.getpid()}\n"
    )


def _take_signal(name: str) -> None:
    """Who logs out ends the program by a signal, which is no crash."""
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_DFL:
        with contextlib.suppress(ValueError):  # not in the main thread
            signal.signal(number, _on_signal)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    end_session(how=f"by {signal.Signals(number).name}")
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


# Exceptions


def install_crash_guard(report: Callable[[str], None], report_thread: Callable[[str], None]) -> None:
    """Send uncaught exceptions to a report as a sentence, and their trace to stderr and log.

    Those of slots and overrides go to `report`; those of other threads to `report_thread`, which is called there.
    """
    previous = sys.excepthook
    _State.tell_of_thread = report_thread
    threading.excepthook = _on_thread_exception

    def guard(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt) or error is _State.reported:
            previous(kind, error, trace)
            return
        _report("", "An exception that nobody caught", kind, error, trace)
        report(_sentence(kind, error, "The run is paused; save your work."))

    sys.excepthook = guard


def _sentence(kind: type[BaseException], error: BaseException, next_step: str) -> str:
    return f"Something went wrong in gradviz ({kind.__name__}: {escaped(str(error)[:120])[:160]}). {next_step}"


def _on_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    elif error is not _State.reported:
        _report("", "An exception that nobody caught", kind, error, trace)


def _on_thread_exception(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None:
        name = told.thread.name if told.thread is not None else "that is gone"
        _report("", f"An exception in the thread {name}", told.exc_type, told.exc_value, told.exc_traceback)
        if _State.tell_of_thread is not None:
            _State.tell_of_thread(_sentence(told.exc_type, told.exc_value, "Save your work."))


def _on_unraisable(told: Any) -> None:
    where = f"{told.err_msg or 'An exception that cannot be raised'} ({told.object!r})"
    _report("", where, told.exc_type, told.exc_value, told.exc_traceback)


def _report(
    fatal: str, title: str, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    """Once to stderr and once into the log, which may be the same."""
    text = "".join(traceback.format_exception(kind, error, trace))
    if _State.log is not None:
        _State.log.report(_title(f"{fatal}{title}: {kind.__name__}: {error}"), text)
    if _State.log is None or not _State.stderr_is_log:
        _say(text)


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text if text.endswith("\n") else text + "\n")
        sys.stderr.flush()


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1] + "…"


# Qt


def watch_qt() -> None:
    """What Qt says goes to stderr as before; what is critical or fatal goes into the log as well."""
    from PySide6.QtCore import QMessageLogContext, QtMsgType, qFormatLogMessage, qInstallMessageHandler, qVersion

    if _State.log is None:
        return

    def handle(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        told = qFormatLogMessage(kind, context, text)
        if _State.log is not None and kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
            is_fatal = kind == QtMsgType.QtFatalMsg
            title = _title(f"{f'{FATAL}: ' if is_fatal else ''}Qt says: {text}")
            _State.log.report(title, "" if title.endswith(text) else text)
        if told:
            _say(told)

    qInstallMessageHandler(handle)
    note(f"Qt {qVersion()}")


def _forget_qt() -> None:
    """Qt may still speak when Python no longer can."""
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import qInstallMessageHandler

        qInstallMessageHandler(None)


def crash_if_asked() -> None:
    """A segmentation fault on purpose, where the environment asks for one."""
    if os.environ.get(ASKED_TO_CRASH) == "segfault":
        while True:  # Windows needs it twice: faulthandler takes the first, and gives back to what was there before
            signal.raise_signal(signal.SIGSEGV)
