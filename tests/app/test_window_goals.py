"""What a person wants, and how many steps it takes: a click, a value with its Enter, a key, a notch of the wheel.

The bars are half of what the same took in gradviz 0.3.0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from desk import CONTROL, SHIFT, Desk, Key
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QTabBar,
    QWidget,
)

from gradviz.core.data.batches import MiniBatch
from gradviz.core.objectives.catalogue import FormulaObjective
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.runs.state import RunState
from gradviz.views.form.entry import Entry
from gradviz.views.tables.import_dialog import ImportDialog

NOTCH = 120
HOURS = "hours\tpass\n" + "\n".join(f"{k / 2}\t{int(k > 9 or k == 7)}" for k in range(1, 21))
TREES = "width,height,kind\n" + "\n".join(
    f"{k % 7 + 0.1 * (k % 5)},{3 * (k % 4) + 0.2 * (k % 3)},{('oak', 'ash', 'elm')[k % 3]}" for k in range(96)
)


class Person:
    """Hands that are counted."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.steps = 0

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        self.see(widget)
        self.desk.click(widget, at)
        self.steps += 1

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.desk.press(key, held)
        self.steps += 1

    def see(self, widget: QWidget) -> None:
        """Turn the wheel over the form until all of a widget, or its top, can be seen."""
        area = widget.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is None or not area.widget().isAncestorOf(widget):
            return
        room = area.viewport().height()
        for _ in range(100):
            top = widget.mapTo(area.viewport(), QPoint(0, 0)).y()
            if top >= 0 and top + min(widget.height(), room) <= room:
                return
            turn(area, up=top < 0)
            self.steps += 1
        raise AssertionError(f"{widget} is never seen")

    def pick(self, box: QWidget, text: str) -> None:
        """Open a box and click an entry."""
        assert isinstance(box, QComboBox)
        self.click(box)
        view = box.view()
        self.desk.wait(view.isVisible, "the list of the box")
        index = box.model().index(box.findText(text), 0)
        assert index.isValid(), f"no {text}"
        view.setCurrentIndex(index)  # where the mouse would be; a click so soon after another is not for the list
        QTest.keyClick(view, Key.Key_Return)
        self.desk.wait(lambda: not view.isVisible(), "the list to go")
        self.steps += 1

    def field(self, path: str) -> QWidget:
        return self.desk.form.editor(path).focus_widget()  # type: ignore[no-any-return]

    def value(self, path: str, text: str) -> None:
        """Click into a line, and write over what stands there, or paste."""
        line = self.field(path)
        self.see(line)
        assert isinstance(line, QLineEdit)
        self.desk.click(line, QPoint(6, line.height() // 2))
        self.desk.press(Key.Key_A, CONTROL)
        if "\n" in text:
            QApplication.clipboard().setText(text)
            self.desk.press(Key.Key_V, CONTROL)
        else:
            self.desk.write(text)
        self.desk.press(Key.Key_Return)
        self.steps += 1

    def lines(self, path: str, text: str) -> None:
        area = self.field(path)
        self.see(area)
        assert isinstance(area, QPlainTextEdit)
        self.desk.click(area.viewport())
        self.desk.press(Key.Key_A, CONTROL)
        self.desk.write(text)
        self.desk.press(Key.Key_Tab)
        self.steps += 1

    def run(self, key: Qt.Key = Key.Key_Space) -> None:
        """Space, or F5 from a field of text, and wait until something has been run."""
        self.desk.wait_state(RunState.READY)
        self.key(key)
        self.desk.wait(lambda: self.desk.control.step > 20, "some steps")
        self.desk.control.pause()
        self.desk.wait_state(RunState.PAUSED, RunState.FINISHED)


def turn(area: QScrollArea, up: bool) -> None:
    """One notch of the wheel, over the middle of what is scrolled."""
    at = QPointF(area.viewport().rect().center())
    away = QPoint(0, NOTCH if up else -NOTCH)
    everywhere = QPointF(area.viewport().mapToGlobal(at.toPoint()))
    buttons, keys, phase = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(at, everywhere, QPoint(), away, buttons, keys, phase, False)
    before = area.verticalScrollBar().value()
    QApplication.sendEvent(area.viewport(), event)
    assert area.verticalScrollBar().value() != before, "the wheel is at its end"


@pytest.fixture
def person(desk: Desk) -> Person:
    desk.settle()
    return Person(desk)


def dialog_of(desk: Desk) -> ImportDialog:
    desk.wait(lambda: isinstance(QApplication.activeModalWidget(), ImportDialog), "the import dialog")
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ImportDialog)
    assert QTest.qWaitForWindowActive(dialog, 5000)
    desk.wait(lambda: not dialog.drawn()["reading"], "the rows to be read")
    return dialog


def box_of(dialog: ImportDialog, name: str) -> QComboBox:
    return next(one for one in dialog.findChildren(QComboBox) if one.accessibleName() == name)


def end(person: Person, dialog: ImportDialog) -> None:
    person.click(next(one for one in dialog.findChildren(QPushButton) if one.text() == "Import"))
    person.desk.wait(lambda: QApplication.activeModalWidget() is None, "the dialog to go")


def fit_of(desk: Desk) -> FitObjective:
    objective = desk.controller.session.experiment.objective
    assert isinstance(objective, FitObjective)
    return objective


def test_logistic_regression_on_a_table_of_ones_own(person: Person) -> None:
    """Ctrl+T, paste and 13 clicks."""
    desk = person.desk
    QApplication.clipboard().setText(HOURS)
    person.key(Key.Key_V, CONTROL | SHIFT)
    dialog = dialog_of(desk)
    person.pick(box_of(dialog, "Take target as"), "Class labels")
    person.pick(box_of(dialog, "Fit it by"), "A line")
    end(person, dialog)
    desk.wait_state(RunState.READY)
    fit = fit_of(desk)
    assert ([layer.kind for layer in fit.model], fit.loss.kind, fit.parameter_count) == (
        ["linear"],
        "bce_with_logits",
        2,
    )
    person.run()
    losses = desk.control.history.losses[:, 0]
    assert losses[-1] < losses[0]
    desk.settle()
    assert desk.drawn("fit")["axes"] == ("hours, standardised", "P(pass = 1)")
    assert person.steps <= 15 / 2, person.steps


def test_a_formula_of_ones_own_with_data(person: Person) -> None:
    """About 11 clicks and 10 values."""
    desk = person.desk
    open_form(person)
    person.pick(person.field("objective.kind"), "Formula")
    desk.wait(lambda: isinstance(desk.controller.session.experiment.objective, FormulaObjective), "the formula")
    person.lines("objective.text", "l = mean((w*x + b - y)**2)")
    desk.wait(lambda: bool(desk.form.fault_texts()), "the names to be missed")
    button = next(one for one in desk.form.findChildren(QPushButton) if one.text() == "Add the tensors w, b")
    person.click(button)
    desk.wait(lambda: not desk.form.fault_texts(), "the tensors")
    person.value("objective.tensors.0.value", "0\n1\n2\n3\n")
    person.value("objective.tensors.1.value", "1.1\n2.9\n5.2\n7.1\n")
    objective: Any = desk.controller.session.experiment.objective
    assert [tensor.role for tensor in objective.tensors] == ["constant", "constant", "parameter", "parameter"]
    person.run(Key.Key_F5)
    desk.settle()
    fit = desk.drawn("fit")
    assert (fit["kind"], fit["points"], fit["axes"]) == ("CurveFit", 4, ("x", "y"))
    assert desk.control.history.names == ("w", "b")
    assert person.steps <= 21 / 2, person.steps


def test_two_more_optimisers(person: Person) -> None:
    """Twice 14 notches, Add and 14 notches, and once a kind."""
    desk = person.desk
    open_form(person)
    add = next(one for one in desk.form.findChildren(QPushButton) if one.toolTip() == "Add one more to: Optimisers")
    person.click(add)
    desk.wait(lambda: len(desk.controller.session.experiment.optimizers) == 2, "the second")
    add = next(one for one in desk.form.findChildren(QPushButton) if one.toolTip() == "Add one more to: Optimisers")
    person.click(add)
    desk.wait(lambda: len(desk.controller.session.experiment.optimizers) == 3, "the third")
    kinds = [optimizer.kind for optimizer in desk.controller.session.experiment.optimizers]
    assert len(set(kinds)) == 3, f"another of the same kind is no race: {kinds}"
    person.run()
    assert desk.control.history.losses.shape[1] == 3
    assert person.steps <= 59 / 2, person.steps


def test_a_table_to_a_network_in_batches_of_32_with_a_schedule(person: Person, tmp_path: Path) -> None:
    """Ctrl+I, path, Enter, Import, 12 clicks, 3 values, about 24 notches, Space; and the kind of a schedule."""
    desk = person.desk
    path = tmp_path / "trees.csv"
    path.write_text(TREES, encoding="utf-8")
    desk.controller.data_entry.import_file(path)  # the file dialog is the desktop's
    person.steps += 3  # Ctrl+I, path, Enter
    end(person, dialog_of(desk))
    desk.wait_state(RunState.READY)
    assert [layer.kind for layer in fit_of(desk).model] == ["linear", "tanh", "linear"]
    person.pick(person.field("objective.batch.kind"), "Mini-batch")
    desk.wait(lambda: fit_of(desk).batch == MiniBatch(size=32), "batches of 32")
    entries = [one for one in desk.form.findChildren(Entry) if one.isAncestorOf(person.field("optimizers.0.kind"))]
    assert all(entry.is_open for entry in entries)
    person.pick(person.field("optimizers.0.schedule.kind"), "CosineAnnealingLR")
    person.run()
    assert desk.controller.session.experiment.optimizers[0].schedule.kind != "constant"
    assert person.steps <= 45 / 2, person.steps


def open_form(person: Person) -> None:
    """A click on the tab of the form."""
    for bar in person.desk.window.findChildren(QTabBar):
        names = [bar.tabText(index) for index in range(bar.count())]
        if "Experiment" in names and bar.isVisible():
            person.click(bar, bar.tabRect(names.index("Experiment")).center())
            return
    raise AssertionError("no tab of the form")
