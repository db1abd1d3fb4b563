"""What the user is told of a session that ended unexpectedly, once; and the logs, whenever they are asked for."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices

from gradviz.app.process import crash
from gradviz.app.window.main_window import MainWindow
from gradviz.core.words import say
from gradviz.storage.user.crash_logs import FATAL, crash_folder
from gradviz.storage.user.left_logs import Ending, LeftLog, all_logs, left_logs, mark_offered, read_log, remove_old_logs
from gradviz.views.kit.speech import spoken
from gradviz.views.shell.log_window import LogWindow

SHOW = "Show the &log"
LONGEST_PLACE = 110


class CrashReports(QObject):
    """Belongs to the GUI thread. `show_crash_log` is an action of the Help menu."""

    thread_failed = Signal(str)
    """Another thread failed; emitted there, heard here a moment later."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.thread_failed.connect(self.report, Qt.ConnectionType.QueuedConnection)
        self._left: tuple[LeftLog, ...] = ()

    def offer(self) -> None:
        """Say once that the last session ended unexpectedly, as soon as no other message stands there."""
        self._left = tuple(left_logs())
        remove_old_logs()
        if not any(_concerns_user(left) for left in self._left):
            self._mark()
        elif self._window.messages.text:
            self._window.messages.freed.connect(self._offer_now)
        else:
            self._offer_now()

    def _offer_now(self) -> None:
        if self._window.messages.text or not self._left:
            return
        told = [left for left in self._left if _concerns_user(left)]
        path = told[0].path
        self._window.messages.show_message(sentence_of(told[0], len(told)), SHOW, lambda: self._show(path))
        self._mark()

    def _mark(self) -> None:
        for left in self._left:
            mark_offered(left.path)
        self._left = ()

    @Slot(str)
    def report(self, sentence: str) -> None:
        """A fault of this session, with the log that tells of it."""
        log = crash.session_log()
        if log is None:
            self._window.messages.show_message(sentence)
        else:
            self._window.messages.show_message(sentence, SHOW, lambda: self._show(log))

    def show_crash_log(self) -> None:
        """The newest log that a session left, or a sentence that there is none."""
        logs = [path for path in all_logs() if path != crash.session_log()]
        if logs:
            self._show(logs[0])
            return
        fault = crash.log_fault()
        if fault:
            sentence = f"No crash log can be kept: {place_of(crash_folder())} cannot be written ({fault})."
        else:
            sentence = (
                f"There is no crash log: no session ended unexpectedly. One would lie in {place_of(crash_folder())}."
            )
        self._window.messages.show_message(sentence)

    def _show(self, path: Path) -> None:
        shown = LogWindow(path.name, str(path), read_log(path), self._window)
        shown.folder_wanted.connect(self._open_folder)
        shown.show()
        shown.show_from(FATAL)

    def _open_folder(self) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(crash_folder()))):
            self._window.messages.show_message(
                f"The folder could not be opened here. It is {place_of(crash_folder())}."
            )


def _concerns_user(left: LeftLog) -> bool:
    """A command that was killed in some script is not what the user of the window asks about; one that crashed is."""
    return left.is_window or left.ending is Ending.CRASHED


def sentence_of(left: LeftLog, count: int = 1) -> str:
    """What is known of how the last session ended, in at most 300 characters."""
    when = time.strftime("%d %b at %H:%M", time.localtime(left.ended_at))
    which = "The last session" if count == 1 else f"The last of {count} sessions"
    place = place_of(left.path)
    if left.ending is Ending.CRASHED:
        reason = left.reason if len(left.reason) <= 60 else left.reason[:59] + "…"
        return f"{which} ended unexpectedly, {when}: it crashed ({reason}). Its log is {place}"
    if left.ending is Ending.HUNG:
        told = "{which} ended unexpectedly, {when}: its window had stopped answering, and was ended. Its log is {place}"
        return spoken(say(told, which=which, when=when, place=place))
    return (
        f"{which} ended unexpectedly, {when}, without a goodbye: it was killed from outside, or the machine "
        f"went off. No fault of gradviz is known. Its log is {place}"
    )


def place_of(path: Path) -> str:
    """A path short enough for a sentence: the home as ~, and the beginning left out where it is long."""
    try:
        text = str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        text = str(path)
    return text if len(text) <= LONGEST_PLACE else "…" + text[-LONGEST_PLACE + 1 :]
