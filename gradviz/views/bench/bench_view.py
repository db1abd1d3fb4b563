"""The gradient bench: one gradient in several ways, compared, and an editor for the one by hand."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QSplitter, QVBoxLayout, QWidget

from gradviz.core.document.experiment import Experiment
from gradviz.core.formulas.formula import parse_gradients
from gradviz.core.formulas.text import FormulaError
from gradviz.core.objectives.catalogue import FormulaObjective, TestFunctionObjective
from gradviz.core.questions.bench import BenchReport, CheckGradient
from gradviz.core.questions.bench_text import FAULT_MARK, mark_of, report_text
from gradviz.core.questions.question import Answer, Progress, Question, Refusal
from gradviz.core.runs.history import History
from gradviz.core.words import Words, say
from gradviz.views.bench.bench_table import BenchTable
from gradviz.views.form.editors import LinesEditor
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import Theme, monospace
from gradviz.views.kit.view import View

INVITATION = "Check compares this step's gradient by hand, by finite difference, by autograd and in symbols."
HAND_TIP = (
    "Lines  d_name = expression, one for each parameter, and lines between them. A formula's own names may be used."
)
OWN_LINES = "The formula has its own lines d_… : these are compared. Edit them in the formula."


class BenchView(View):
    """The table of a report, what it found in words, and the gradient by hand."""

    key: ClassVar[str] = "bench"
    title: ClassVar[str] = "Bench"
    content: ClassVar[str] = "summary"
    is_picture: ClassVar[bool] = False
    needs_history: ClassVar[bool] = True
    """For the step alone: a report of another one is marked."""
    hand_edited = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report: BenchReport | None = None
        self._waiting = False
        self._question: CheckGradient | None = None
        self._requests = 0
        self._refusal = ""
        self._is_edited = False
        self._has_own = False
        self._step = 0
        self._names: tuple[str, ...] = ()
        self._check = QPushButton("Check")
        self._check.setToolTip(f"{INVITATION} (Ctrl+B)")
        self._check.clicked.connect(self._on_check_clicked)
        self._copy = QPushButton("Copy")
        self._copy.setToolTip("Copy the table as text")
        self._copy.clicked.connect(self._on_copy_clicked)
        self._summary = _words()
        self._stale = _words(muted=True)
        self._table = BenchTable(self)
        self._symbols = QPlainTextEdit()
        self._symbols.setReadOnly(True)
        self._symbols.setTabChangesFocus(True)
        self._symbols.setMinimumHeight(48)
        self._symbols.setFont(monospace(9))
        self._symbols.setAccessibleName("Derivatives in symbols")
        self._hand = LinesEditor()
        self._hand.setToolTip(HAND_TIP)
        self._hand.focus_widget().setMinimumHeight(48)
        self._hand.focus_widget().setProperty("placeholderText", "d_name = expression")
        self._hand.focus_widget().setAccessibleName("Gradient by hand")
        self._hand.edited.connect(self._on_hand_edited)
        self._hand_note = _words(muted=True)
        self._hand_fault = _words()
        self._hand_fault.setProperty("fault", True)
        self._lay_out()
        self._show()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(8, 6, 8, 2)
        head.addWidget(self._check, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._summary)
        words.addWidget(self._stale)
        head.addLayout(words, 1)
        head.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignTop)
        below = QSplitter(Qt.Orientation.Horizontal)
        below.addWidget(_titled("Gradient by hand", self._hand, self._hand_fault, self._hand_note))
        self._symbols_box = _titled("In symbols, and notes", self._symbols)
        below.addWidget(self._symbols_box)
        below.setSizes([300, 300])
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self._table)
        parts.addWidget(below)
        parts.setChildrenCollapsible(False)
        parts.setSizes([340, 150])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(parts, 1)

    # What is given

    def begin_run(self, experiment: Experiment) -> None:
        self._report, self._waiting, self._is_edited, self._step = None, False, False, 0
        self._question, self._refusal = None, ""
        self._names = known_names(experiment)
        self.show_experiment(experiment)
        self._show()

    def show_experiment(self, experiment: Experiment) -> None:
        """Show the gradient by hand: that of the experiment, or the formula's own lines."""
        own = own_lines(experiment)
        self._hand.show_value(own or experiment.hand_gradient)
        self._hand.focus_widget().setProperty("readOnly", bool(own))
        self._has_own = bool(own)
        self._show_note()
        self._mark_hand("" if own else experiment.hand_gradient)

    def _show_note(self) -> None:
        names = f"Known here: {', '.join(self._names)}."
        self._hand_note.setText(OWN_LINES if self._has_own else names if self._names else HAND_TIP)

    def show_history(self, history: History, step: int) -> None:
        if step != self._step:
            self._step = step
            self._show_stale()

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        return () if self._question is None else (self._question,)

    def begin_check(self) -> None:
        """Ask for the bench at the step where the run stands."""
        self._requests += 1
        self._question = CheckGradient(request=self._requests)
        self._waiting, self._refusal = True, ""
        self._show()

    def cancel_check(self) -> None:
        """Withdraw the question."""
        self._question, self._waiting = None, False
        self._refuse(say("The check was cancelled."))

    def show_answer(self, answer: Answer) -> None:
        told = answer.value
        if answer.question != self._question:
            return
        if isinstance(told, Progress):
            text = say("Checking: {what}, {done:.0%}", what=told.what, done=told.done)
            self._say(spoken(text), self.theme.muted)
        elif isinstance(told, Refusal):
            self._refuse(told.why)
        else:
            self._show_report(told)

    def _refuse(self, why: Words) -> None:
        """Words in the place of a report."""
        self._report, self._waiting, self._refusal = None, False, spoken(why)
        self._table.rows.show(())
        self._show()

    def _show_report(self, told: BenchReport) -> None:
        self._report, self._waiting, self._is_edited = told, False, False
        self._names = told.names or self._names
        self._table.rows.show(told.rows)
        self._show()
        self._show_note()
        if told.place is not None:
            self._show_hand_fault(told.fault, told.place)

    def set_theme(self, theme: Theme) -> None:
        self._table.rows.theme = theme
        super().set_theme(theme)
        self._show()

    # What the user does

    def _on_check_clicked(self) -> None:
        self.cancel_check() if self._waiting else self.begin_check()

    def _on_copy_clicked(self) -> None:
        if self._report is not None:
            QGuiApplication.clipboard().setText(report_text(self._report))

    def _on_hand_edited(self, text: object) -> None:
        self._is_edited = self._report is not None
        self._show_stale()
        self._mark_hand(str(text))
        self.hand_edited.emit(str(text))

    # Showing

    def _show(self) -> None:
        report = self._report
        self._check.setText("Cancel" if self._waiting else "Check")
        self._copy.setEnabled(report is not None and bool(report.rows))
        if self._waiting:
            self._say("Checking…", self.theme.muted)
        elif self._refusal:
            self._say(f"{FAULT_MARK} {self._refusal}", self.theme.fault)
        elif report is None:
            self._table.rows.show(())
            self._say(INVITATION, self.theme.muted)
        else:
            mark, colour = self._told_of(report)
            self._say(f"{mark} {report.summary}", colour)
        self._show_symbols(report)
        self._show_stale()

    def _told_of(self, report: BenchReport) -> tuple[str, str]:
        """Mark and colour of the headline: a tick only where all agree."""
        if not report.agrees:
            return FAULT_MARK, self.theme.fault
        if report.named:
            return mark_of(report.named[0].verdict), self.theme.gradient
        return "✓", self.theme.value

    def _say(self, sentence: str, colour: str) -> None:
        self._summary.setText(sentence)
        self._summary.setStyleSheet(f"color: {colour};")

    def _show_symbols(self, report: BenchReport | None) -> None:
        rows = () if report is None else report.rows
        texts = [row.expression for row in rows if row.expression]
        notes = [] if report is None else list(report.notes)
        self._symbols.setPlainText("\n".join([*texts, *notes]))
        self._symbols_box.setVisible(bool(texts or notes))

    def _show_stale(self) -> None:
        """Where the report is not of what the window shows."""
        report = self._report
        if report is None:
            self._stale.setText("")
        elif report.step != self._step:
            self._stale.setText(f"⟳ This was step {report.step:,}; the window stands at step {self._step:,}.")
        elif self._is_edited:
            self._stale.setText("⟳ The gradient by hand was edited since: check again.")
        else:
            self._stale.setText(f"Step {report.step:,}, in {report.seconds:.2g} s.")

    def _mark_hand(self, text: str) -> None:
        """Point at what is wrong in the lines, as far as that can be told without the engine."""
        try:
            if text.strip() and self._names:
                parse_gradients(text, self._names, self._names)
        except FormulaError as error:
            self._show_hand_fault(f"Gradient by hand: {error}.", (error.line, error.column))
        else:
            self._show_hand_fault("", None)

    def _show_hand_fault(self, sentence: str, place: tuple[int, int] | None) -> None:
        self._hand_fault.setText(sentence.removeprefix("Gradient by hand: "))
        self._hand_fault.setVisible(bool(sentence))
        self._hand.mark_place(place)
        area = self._hand.focus_widget()
        area.setProperty("fault", bool(sentence))
        area.style().unpolish(area)
        area.style().polish(area)

    def drawn(self) -> dict[str, object]:
        model = self._table.rows
        rows, columns = range(model.rowCount()), range(model.columnCount())
        return {
            "rows": [[model.data(model.index(r, c)) for c in columns] for r in rows],
            "summary": self._summary.text(),
            "stale": self._stale.text(),
            "symbols": self._symbols.toPlainText(),
            "hand": self._hand.focus_widget().property("plainText"),
            "hand_fault": self._hand_fault.text(),
            "hand_note": self._hand_note.text(),
            "marked": self._hand.marked_text(),
        }


def own_lines(experiment: Experiment) -> str:
    """The ``d_`` lines of a formula, or nothing."""
    declared = experiment.objective
    if not isinstance(declared, FormulaObjective):
        return ""
    return "\n".join(f"{line.name} = {line.text}" for line in declared.parsed.gradients)


def known_names(experiment: Experiment) -> tuple[str, ...]:
    """What a gradient by hand may name, where that can be told without building a model."""
    declared = experiment.objective
    if isinstance(declared, FormulaObjective):
        lines = declared.parsed.lines
        return (*(tensor.name for tensor in declared.tensors), *(line.name for line in lines))
    if isinstance(declared, TestFunctionObjective):
        return ("x", "y", *(name for name, value in declared.function if isinstance(value, float)))
    return ()


def _words(muted: bool = False) -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setProperty("muted", muted)
    return label


def _titled(title: str, *widgets: QWidget) -> QWidget:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(8, 0, 8, 6)
    layout.setSpacing(3)
    heading = QLabel(title)
    heading.setStyleSheet("font-weight: 600;")
    for widget in (heading, *widgets):
        layout.addWidget(widget)
    layout.setStretch(1, 1)
    return box
