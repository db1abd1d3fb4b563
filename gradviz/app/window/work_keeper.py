"""Keeps the work of the window where a crash, kill -9 or a hang does not reach it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer

from gradviz.app.process.errand import Errand
from gradviz.app.process.leash import Leash
from gradviz.app.window.run_saver import RunSaver, writing
from gradviz.app.window.session import Opened
from gradviz.app.window.window_controller import WindowController
from gradviz.app.window.work_offer import WorkOffer
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import to_data
from gradviz.core.runs.state import RunState
from gradviz.core.words import say
from gradviz.storage.problems import FileError, cause_of
from gradviz.storage.recovery.journal import Base, Journal, base_lining, open_journal
from gradviz.storage.recovery.left_work import TakenUp
from gradviz.views.kit.speech import spoken

EVERY_MS = 1000


class WorkKeeper(QObject):
    """Belongs to the GUI thread. Every edit is in the journal before the engine hears of it."""

    def __init__(self, controller: WindowController) -> None:
        super().__init__(controller)
        self._controller = controller
        self._documents, self._control = controller.documents, controller.control
        self._journal: Journal | None = None
        self._noted: Document | None = None
        """The document that the journal ends with."""
        self._steps = 0
        """Of the run in the document's file."""
        self._fault = ""
        """Why it could not be written last; said once."""
        self._leash = Leash()
        self._saver = RunSaver(controller.control, self)
        self._aside: Journal | None = None
        """That of the document that was left last, if its run can be gone back to."""
        self._is_taking_up = False
        self._first: Document | None = None
        """What of a taken up work is opened first."""
        self._tables: set[Path] = set()
        self._writing: list[Errand[None]] = []
        self._line: Errand[bytes] | None = None
        """What makes the line that the journal begins with, where that takes its time: edits come after it."""
        documents = controller.documents
        documents.opened.connect(self._on_opened)
        documents.gone_back.connect(self._on_gone_back)
        documents.saving.saved.connect(self._begin_again)
        controller.committed.connect(self._note_edit)
        controller.closed.connect(self._end)
        self._offer = WorkOffer(controller.window, documents.errands)
        self._offer.taken.connect(self._take_up)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()

    # Keeping

    def _on_opened(self, opened: Opened) -> None:
        if not (self._is_taking_up and opened.document is self._first):
            self._is_taking_up = False
            self._set_aside()
            self._begin(0 if opened.result is None else opened.result.step)

    def _set_aside(self) -> None:
        """The run of a document without a file can be gone back to: a crash does not take it either. One more is gone.

        What has a file, or edits, was asked about before it was left.
        """
        left, journal = self._documents.left, self._journal
        if self._aside is not None:
            self._aside.end()
            self._aside = None
        if left is None or journal is None or not journal.has_run or left.opened.path is not None:
            return
        if left.saved == left.opened.document:
            self._aside, self._journal = journal, None

    def _on_gone_back(self) -> None:
        back, self._aside = self._aside, None
        self._set_aside()
        if back is None:
            self._begin_again()
            return
        if self._journal is not None:
            self._journal.end()
        self._go_on_in(back, self._controller.session.saved)
        self._note_edit()

    def _go_on_in(self, journal: Journal, noted: Document) -> None:
        self._leave_line()
        self._journal, self._noted, self._tables = journal, noted, set()
        self._documents.conflicts.journal = journal.path
        self._saver.forget()
        self._leash.guard(journal.path)

    def _begin_again(self) -> None:
        self._begin(self._controller.session.saved_run[1])

    def _begin(self, steps: int) -> None:
        """The document is whole without the journal: begin anew with it, and what of it is unsaved.

        `steps` are those of the run in its file.
        """
        session = self._controller.session
        holds = 0 if session.path is None else steps
        base = Base(session.saved, session.path, session.gallery_name, session.read_only, session.stamp, holds)
        self._noted, self._tables, self._steps = None, set(), steps
        self._saver.forget()
        self._leave_line()
        self._make_line(base)

    def _make_line(self, base: Base) -> None:
        """At once; that of a document with many numbers in another thread, and it is written here then."""
        data = to_data(base.document)
        work = base_lining(base, data)
        try:
            next(work)
        except StopIteration as end:
            line: bytes = end.value
            self._on_line(base, data, lambda: line)
            return
        if self._journal is not None:
            self._attempted(self._journal.empty, tells=False)
        errand = self._line = Errand(work, self)
        errand.ended.connect(lambda: self._on_line(base, data, errand.result))
        errand.start(patience_s=0.0)

    def _leave_line(self) -> None:
        """The one that is being made is of no use any more."""
        if self._line is not None:
            self._line.cancel()
            self._line.deleteLater()
            self._line = None

    def _on_line(self, base: Base, data: Any, line: Callable[[], bytes]) -> None:
        session = self._controller.session
        is_edited = session.document is not session.saved
        is_written = self._attempted(lambda: self._write_base(line(), data), tells=is_edited)
        self._leave_line()
        if is_written:
            self._noted = base.document
            self._note_edit()

    def _write_base(self, line: bytes, data: Any) -> None:
        if self._journal is None:
            self._journal = open_journal()
            self._documents.conflicts.journal = self._journal.path
        self._journal.begin_with(line, data)

    def _note_edit(self) -> None:
        """Write down what is new in the document."""
        document, journal = self._controller.session.document, self._journal
        if document is self._noted or self._is_taking_up or self._line is not None:
            return
        if journal is None or self._noted is None:
            if document is not self._controller.session.saved:
                self._begin(self._steps)  # it could not be begun before
            return
        for needed in (self._controller.session.saved, document):
            self._keep_tables(needed)
        if self._attempted(partial(journal.edit, document)):
            self._noted = document
            self._make_last(journal)

    def _make_last(self, journal: Journal) -> None:
        """The watchdog brings it to the disk; where there is none, this thread does."""
        self._leash.guard(journal.path)
        if not self._leash.is_held:
            self._attempted(journal.sync)

    def _keep_tables(self, document: Document) -> None:
        """What is too large for a line is written once, in another thread; an edit that needs it is none without."""
        path = None if self._journal is None else self._journal.tables_path(document)
        if path is not None and path not in self._tables:
            self._tables.add(path)
            QTimer.singleShot(0, self, partial(self._write_tables, path, document))

    def _write_tables(self, path: Path, document: Document) -> None:
        """Once the edit is seen: the other thread holds Python's lock for some milliseconds at a time."""
        if self._journal is not None and path in self._tables:
            errand = Errand(writing(path, document, None), self)
            errand.ended.connect(partial(self._on_tables_written, errand))
            self._writing.append(errand)
            errand.start(patience_s=0.0)

    def _on_tables_written(self, errand: Errand[None]) -> None:
        self._writing.remove(errand)
        errand.deleteLater()
        self._attempted(errand.result)

    def _attempted(self, write: Callable[[], object], tells: bool = True) -> bool:
        """Whether it could be written; if not, that is said once, and tried again with the next.

        Nobody needs to be told as long as nothing was edited.
        """
        try:
            write()
        except (OSError, ValueError, FileError) as error:
            if tells:
                self._tell_fault(_cause(error))
            return False
        self._fault = ""
        return True

    def _tell_fault(self, cause: str) -> None:
        if cause != self._fault:
            self._fault = cause
            told = say("Edits are not kept for after a crash: {cause} Save your work in time.", cause=cause[:200])
            self._controller.window.messages.show_message(spoken(told))

    def _on_tick(self) -> None:
        """Every second: the window answers; and is there something to be written?"""
        self._leash.beat()
        self._note_edit()
        journal = self._journal
        if journal is not None and self._documents.has_unsaved_run and self._saver.is_due():
            self._leash.guard(journal.path)
            self._saver.save(journal.run_path, self._controller.session.document, partial(self._on_run_saved, journal))

    def _on_run_saved(self, journal: Journal, step: int, fault: str) -> None:
        if fault:
            self._tell_fault(fault)
        elif journal is not self._aside and (journal is not self._journal or not self._documents.has_unsaved_run):
            return  # it was saved meanwhile, or given up
        elif self._attempted(partial(journal.note_run, step)):
            self._make_last(journal)

    def _end(self) -> None:
        """The user has saved or discarded what there was."""
        self._timer.stop()
        self._leave_line()
        self._offer.let_go()
        for journal in (self._journal, self._aside):
            if journal is not None:
                journal.end()
        self._journal = self._aside = None
        self._leash.let_go()

    # Taking up

    def offer(self) -> None:
        """Ask what shall become of the work that sessions left which are over."""
        self._attempted(self._offer.begin)

    def _take_up(self, taken: TakenUp) -> None:
        """Go on where the other session was, in its journal: what hung it may hang this one, too."""
        self._is_taking_up, self._first = True, taken.documents[0]
        if self._journal is not None:
            self._journal.end()
        self._go_on_in(taken.journal, taken.base.document)
        self._documents.take_up(taken)
        self._go_on_with(taken)

    def _go_on_with(self, taken: TakenUp) -> None:
        """Make the later edits anew, once the run stands that they were made to."""
        if not self._is_taking_up:
            return  # another document was opened meanwhile
        rest = taken.documents[1:]
        if rest and self._control.state is RunState.LOADING:
            QTimer.singleShot(20, self, partial(self._go_on_with, taken))
            return
        for document in rest[:-1]:
            self._controller.session.apply(document)
        if rest:
            self._controller.take_over(rest[-1])
        self._is_taking_up = False
        self._note_edit()
        self._controller.show_document()
        if taken.run is not None and taken.run.notice:
            self._controller.window.messages.show_message(taken.run.notice)


def _cause(error: OSError | ValueError | FileError) -> str:
    if isinstance(error, FileError):
        return error.cause
    return cause_of(error) if isinstance(error, OSError) else f"{error}."
