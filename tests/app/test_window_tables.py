"""Tables of everyday in the window: guesses that one click changes, rows that were copied, targets and losses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from desk import CONTROL, LEFT, SHIFT, Desk, Key
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QMenu, QPushButton, QSpinBox

from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.layers.dense import LineLayer
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.runs.state import RunState
from gradviz.views.tables.column_header import ColumnHeader
from gradviz.views.tables.import_dialog import ImportDialog

VISITS = "\n".join(
    ["when,place,pay,y"] + [f"0{k}/02/2024,{['sea', 'hill'][k % 2]},$1{k}.50,{3 * k}" for k in range(1, 9)]
)


def dialog_now(desk: Desk) -> ImportDialog:
    desk.wait(lambda: isinstance(QApplication.activeModalWidget(), ImportDialog), "the import dialog")
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ImportDialog)
    assert QTest.qWaitForWindowActive(dialog, 5000)
    desk.wait(lambda: not dialog.drawn()["reading"], "the rows to be read")
    return dialog


def pasted(desk: Desk, text: str) -> ImportDialog:
    QApplication.clipboard().setText(text)
    desk.press(Key.Key_V, CONTROL | SHIFT)
    return dialog_now(desk)


def from_head(desk: Desk, dialog: ImportDialog, column: int, word: str) -> None:
    """Click a column's head, and an entry of the menu below it."""
    head: Any = dialog.findChild(ColumnHeader)
    QTest.mouseClick(head.viewport(), LEFT, pos=QPoint(head.sectionViewportPosition(column) + 20, 10))
    desk.wait(lambda: isinstance(QApplication.activePopupWidget(), QMenu), "the menu of a head")
    menu: Any = QApplication.activePopupWidget()
    action = next(one for one in menu.actions() if one.text() == word)
    QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    desk.wait(lambda: QApplication.activePopupWidget() is None, "the menu to go")


def box(dialog: ImportDialog, name: str) -> Any:
    kinds = (QComboBox, QLineEdit)
    return next(one for kind in kinds for one in dialog.findChildren(kind) if one.accessibleName() == name)


def fit_of(desk: Desk) -> FitObjective:
    objective = desk.controller.session.experiment.objective
    assert isinstance(objective, FitObjective)
    return objective


def finish(desk: Desk, dialog: ImportDialog) -> TableDataset:
    desk.click(next(one for one in dialog.findChildren(QPushButton) if one.text() == "Import"))
    desk.wait(lambda: QApplication.activeModalWidget() is None, "the dialog to go")
    desk.wait_state(RunState.READY)
    data = fit_of(desk).data
    assert isinstance(data, TableDataset)
    return data


def test_copied_rows_are_imported_and_each_guess_is_told_and_changed_by_a_click(desk: Desk) -> None:
    dialog = pasted(desk, VISITS)
    shown = dialog.drawn()
    assert shown["roles"] == ("input", "input", "input", "target")
    assert shown["told"] == ("days since 2024-02-01, day first", "1 for sea, 0 for hill", "in $", "")
    assert shown["counts"] == "8 rows. No bad cells."
    from_head(desk, dialog, 0, "As dates, month first")
    assert dialog.drawn()["told"][0] == "days since 2024-01-02, month first"
    from_head(desk, dialog, 1, "0, 1, 2, … in order")
    assert dialog.drawn()["told"][1] == "hill, sea: 0, 1, 2, …"
    from_head(desk, dialog, 2, "Left out")
    assert dialog.drawn()["sentence"] == "8 rows, 2 inputs, 1 target."
    from_head(desk, dialog, 1, "Target")
    assert dialog.drawn()["roles"] == ("input", "target", "out", "input"), "texts are taken as classes at once"
    assert dialog.drawn()["sentence"] == "8 rows, 2 inputs, 2 classes."
    desk.pick_entry(box(dialog, "Take target as"), "Values")
    from_head(desk, dialog, 3, "Target")
    from_head(desk, dialog, 1, "Input")
    data = finish(desk, dialog)
    assert data.table.columns == ("when", "place", "y")
    assert data.table.values[:3].tolist() == [[0, 0, 3], [31, 1, 6], [60, 0, 9]]


def test_a_table_named_at_the_start_is_imported(new_desk: Callable[..., Desk], tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text(VISITS, encoding="utf-8")
    desk = new_desk(str(path))
    dialog = dialog_now(desk)
    assert dialog.drawn()["names"] == ("when", "place", "pay", "y")
    desk.press(Key.Key_Escape)
    desk.wait(lambda: QApplication.activeModalWidget() is None, "the dialog to go")
    assert not desk.controller.session.modified


def test_marks_of_missing_cells_and_lags_are_named_by_the_person(desk: Desk) -> None:
    dialog = pasted(desk, "x,y\n" + "\n".join(f"{k},{-999 if k == 3 else 2 * k}" for k in range(1, 9)))
    desk.click(box(dialog, "Missing cells"))
    desk.write("-999")
    desk.press(Key.Key_Tab)
    desk.wait(lambda: dialog.drawn()["notes"] == ("", "1 bad"), "the mark to be known")
    assert dialog.drawn()["sentence"] == "7 rows, 1 input, 1 target; 1 row dropped."
    lags: Any = dialog._lags
    lags.setFocus()
    desk.press(Key.Key_Up)
    assert dialog.drawn()["sentence"] == "6 rows, 2 inputs, 1 target; 2 rows dropped."
    data = finish(desk, dialog)
    assert data.input_names == ("x", "y, 1 before")
    desk.run_steps(5)


def test_bugs_15_and_16_the_line_stays_and_a_refusal_offers_what_would_help(desk: Desk) -> None:
    finish(desk, pasted(desk, "hours\tpass\n" + "\n".join(f"{k}\t{int(k > 4)}" for k in range(1, 9))))
    desk.show_form()
    desk.form.edited.emit("objective.model", [{"kind": "line", "w": 1.0, "b": 0.0}])
    desk.wait(lambda: fit_of(desk).model == (LineLayer(),), "the line")
    desk.form.edited.emit("objective.loss.kind", "bce_with_logits")
    assert "set Target to Class labels" in desk.form.fault_texts()["objective.loss"]
    desk.click(desk.message_button("Set Target to Class labels"))
    desk.wait(lambda: fit_of(desk).data.is_labelled, "the labels")
    assert (fit_of(desk).model, fit_of(desk).loss.kind) == ((LineLayer(),), "bce_with_logits")
    desk.wait_state(RunState.READY)
    desk.press(Key.Key_Z, CONTROL)
    desk.form.edited.emit("objective.data.target.kind", "labels")
    assert desk.message == "With this the loss became Binary cross entropy; the model stays."
    desk.click(desk.message_button("Undo"))
    desk.wait(lambda: not fit_of(desk).data.is_labelled, "the values again")
    assert fit_of(desk).model == (LineLayer(),)


def test_features_are_added_in_the_form_and_the_plot_bears_the_names(desk: Desk) -> None:
    finish(desk, pasted(desk, "hours,points\n" + "\n".join(f"{k},{k * k}" for k in range(1, 9))))
    desk.settle()
    assert desk.drawn("fit")["axes"] == ("hours, standardised", "points")
    desk.click(desk.form_button("Add one more to: Features", "Add"))
    desk.wait(lambda: fit_of(desk).data.input_names == ("hours", "hours^2"), "the squares")
    desk.wait_state(RunState.READY)
    assert fit_of(desk).shapes[0] == (2,)
    assert not desk.form.fault_texts()


@pytest.mark.parametrize("colours", ["use_dark_theme", "use_light_theme"])
def test_no_box_of_the_import_dialog_is_cut_at_1280_by_720(desk: Desk, colours: str, tmp_path: Path) -> None:
    desk.startup.menus.actions[colours].trigger()
    desk.window.resize(1280, 720)
    dialog = pasted(desk, VISITS)
    dialog.resize(min(dialog.width(), 1240), min(dialog.height(), 690))
    assert (dialog.minimumSizeHint().width(), dialog.minimumSizeHint().height()) < (1240, 690)
    for spin in dialog.findChildren(QSpinBox):
        inner = spin.findChild(QLineEdit)
        assert inner is not None
        assert inner.height() >= spin.fontMetrics().height(), "the number of the box is cut"
    for widget in [one for kind in (QComboBox, QLineEdit, QPushButton) for one in dialog.findChildren(kind)]:
        if not widget.isVisible():
            continue
        at = widget.mapTo(dialog, QPoint(0, 0))
        assert at.x() >= 0
        assert at.x() + widget.width() <= dialog.width()
        assert at.y() + widget.height() <= dialog.height()
        if isinstance(widget, QComboBox):
            needed = widget.fontMetrics().horizontalAdvance(widget.currentText())
            assert widget.width() >= needed + 16, widget.currentText()
    desk.press(Key.Key_Escape)
    desk.wait(lambda: QApplication.activeModalWidget() is None, "the dialog to go")
