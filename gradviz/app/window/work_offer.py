"""The question at the start about work that sessions left which are over: take it up, discard it, or ask later."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox

from gradviz.app.window.errands import Errands
from gradviz.app.window.main_window import MainWindow
from gradviz.core.words import Words, say
from gradviz.storage.problems import FileError
from gradviz.storage.recovery.left_work import LeftWork, TakenUp, left_work
from gradviz.views.kit.speech import spoken


class WorkOffer(QObject):
    """Belongs to the GUI thread. What nobody has answered is held, so that no other window asks about it."""

    taken = Signal(object)
    """It shall be taken up; carries it as a `TakenUp`."""

    def __init__(self, window: MainWindow, errands: Errands) -> None:
        super().__init__(window)
        self._window = window
        self._errands = errands
        self._left: list[LeftWork] = []

    def begin(self) -> None:
        """Look what there is, and ask about one after the other; OSError where nobody can look."""
        self._left = left_work()
        self._ask_next()

    def let_go(self) -> None:
        """What was not asked about stays for a later start."""
        for work in self._left:
            work.let_go()
        self._left = []

    def _ask_next(self) -> None:
        if self._left:
            work = self._left.pop(0)
            asked = _question(work, self._window)
            asked.finished.connect(lambda _: self._on_answer(work, asked))
            asked.open()

    def _on_answer(self, work: LeftWork, asked: QMessageBox) -> None:
        clicked = asked.clickedButton()
        asked.deleteLater()
        if clicked is not None and clicked.objectName() in (TAKE_UP, WITHOUT_LAST):
            self.let_go()
            work_done = work.taking_up(clicked.objectName() == WITHOUT_LAST)
            self._errands.run(spoken(say("Taking up what was left")), work_done, partial(self._on_taken_up, work))
            return
        if clicked is asked.button(QMessageBox.StandardButton.Discard):
            work.discard()
        else:
            work.let_go()
        self._ask_next()

    def _on_taken_up(self, work: LeftWork, result: Callable[[], TakenUp]) -> None:
        try:
            taken = result()
        except FileError as error:
            work.let_go()
            self._window.messages.show_message(str(error))
        else:
            self.taken.emit(taken)


TAKE_UP, WITHOUT_LAST = "take_up", "without_last"


def _question(work: LeftWork, window: MainWindow) -> QMessageBox:
    """What was left, and when; whoever only closes the question is asked again at the next start."""
    asked = QMessageBox(window)
    asked.setIcon(QMessageBox.Icon.Question)
    asked.setText(spoken(left_words(work)))
    asked.setInformativeText(spoken(say("Take it up as it was, or discard it? Later asks again at the next start.")))
    buttons, role = QMessageBox.StandardButton, QMessageBox.ButtonRole
    asked.setStandardButtons(buttons.Discard)
    taking = asked.addButton(spoken(say("Take it up")), role.AcceptRole)
    taking.setObjectName(TAKE_UP)
    if work.is_hung and work.edits:
        asked.addButton(spoken(say("Without the last edit")), role.AcceptRole).setObjectName(WITHOUT_LAST)
    later = asked.addButton(spoken(say("Later")), role.RejectRole)
    asked.setDefaultButton(taking)
    asked.setEscapeButton(later)
    return asked


def left_words(work: LeftWork) -> Words:
    """What a session left, and when, in at most 300 characters."""
    name = say("“{title}”", title=work.title[:60])
    if work.file_name:
        name = say("{file} (“{title}”)", file=work.file_name[:60], title=work.title[:40])
    edits = say("{count:,} unsaved edits, the last {when}", count=work.edits, when=_when(work.edited_at))
    if work.edits == 1:
        edits = say("an unsaved edit of {when}", when=_when(work.edited_at))
    run = say("a run of {steps:step|steps}, kept {when}", steps=max(work.run_step, 0), when=_when(work.run_at))
    what = edits if work.run_step < 0 else run if not work.edits else say("{one}, and {two}", one=edits, two=run)
    if work.is_hung:
        return say("{name} was left with {what}. Its window stopped answering after that.", name=name, what=what)
    return say("{name} was left by a session that ended unexpectedly, with {what}.", name=name, what=what)


def _when(moment: float) -> str:
    return time.strftime("%d %b at %H:%M:%S", time.localtime(moment))
