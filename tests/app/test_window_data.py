"""Data of one's own, as a person brings it in: a file chosen or dropped, a table typed or pasted."""

from __future__ import annotations

import gc
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desk import CONTROL, LEFT, SHIFT, Desk, Key, has_colour, pixels, reveal
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QMenu,
    QProgressBar,
    QPushButton,
    QTableView,
)

from gradviz.core.data import table_datasets
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment
from gradviz.core.document.lesson import titled
from gradviz.core.document.table_fits import experiment_on
from gradviz.core.runs.state import RunState
from gradviz.core.tables.tables import Table, tables_in
from gradviz.storage.experiments.experiment_file import load, save
from gradviz.views.tables.column_header import ColumnHeader
from gradviz.views.tables.import_dialog import ImportDialog
from gradviz.views.tables.table_editor import TableEditor


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the file dialogs answer, in turn."""
    answers: list[str] = []

    def answer(*_: Any) -> tuple[str, str]:
        return answers.pop(0), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    yield answers
    assert not answers, "a dialog was expected that never came"


@pytest.fixture
def line_file(tmp_path: Path) -> Path:
    """y = 2x + 1 in a Chinese file in GBK, with a decimal comma and three bad cells."""
    chance = random.Random(0)
    rows = ["备注;温度;产量"]
    for number in range(60):
        x = chance.uniform(0, 4)
        cells = ["好", f"{x:.3f}", f"{2 * x + 1:.3f}"]
        if number in (5, 9):
            cells[1] = ""
        if number == 20:
            cells[2] = "nan"
        rows.append(";".join(cells).replace(".", ","))
    path = tmp_path / "实验 数据.csv"
    path.write_bytes("\r\n".join(rows).encode("gbk"))
    return path


def dialog_of(desk: Desk, kind: type[Any]) -> Any:
    desk.wait(lambda: isinstance(QApplication.activeModalWidget(), kind), kind.__name__)
    dialog = QApplication.activeModalWidget()
    assert QTest.qWaitForWindowActive(dialog, 5000)
    return dialog


def import_dialog(desk: Desk) -> ImportDialog:
    """The import dialog, once it has read its file."""
    dialog: ImportDialog = dialog_of(desk, ImportDialog)
    desk.wait(lambda: not dialog.drawn()["reading"], "the file to be read")
    return dialog


def import_by_key(desk: Desk, chosen: list[str], path: Path) -> ImportDialog:
    chosen.append(str(path))
    desk.press(Key.Key_I, CONTROL)
    return import_dialog(desk)


def box(dialog: Any, name: str) -> QComboBox:
    found = [one for one in dialog.findChildren(QComboBox) if one.accessibleName() == name]
    found += [one.findChild(QComboBox) for one in dialog.children() if getattr(one, "accessibleName", str)() == name]
    return next(one for one in found if one is not None)


def button(dialog: Any, text: str) -> QPushButton:
    return next(one for one in dialog.findChildren(QPushButton) if one.text().replace("&", "") == text)


def choose_role(desk: Desk, dialog: Any, column: int, word: str) -> None:
    """Click a column's head, and the role in the menu below it."""
    head = dialog.findChild(ColumnHeader)
    place = QPoint(head.sectionViewportPosition(column) + 20, 10)
    QTest.mouseClick(head.viewport(), LEFT, pos=place)
    desk.wait(lambda: isinstance(QApplication.activePopupWidget(), QMenu), "the menu of roles")
    menu: Any = QApplication.activePopupWidget()
    action = next(one for one in menu.actions() if one.text() == word)
    QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    desk.wait(lambda: QApplication.activePopupWidget() is None, "the menu to go")


def type_cell(desk: Desk, text: str) -> None:
    """Letter by letter: the first one opens the cell, and the next goes to what was opened."""
    for letter in text:
        desk.write(letter)


def gone(desk: Desk) -> None:
    desk.wait(lambda: QApplication.activeModalWidget() is None, "the dialog to go")


def drag(desk: Desk, path: Path | str) -> tuple[QMimeData, bool]:
    """A file held over the window; whether it may be dropped."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) if isinstance(path, Path) else QUrl(path)])
    event = QDragEnterEvent(QPoint(40, 40), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    event.ignore()
    QApplication.sendEvent(desk.window, event)
    return data, event.isAccepted()


def drop(desk: Desk, path: Path) -> None:
    data, may = drag(desk, path)
    assert may
    buttons, keys = LEFT, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(desk.window, QDropEvent(QPointF(40, 40), Qt.DropAction.CopyAction, data, buttons, keys))


def table_data(desk: Desk) -> TableDataset:
    data = desk.controller.session.experiment.objective.data
    assert isinstance(data, TableDataset)
    return data


def test_a_file_becomes_a_fit_that_trains_is_saved_and_undone(
    desk: Desk, chosen: list[str], line_file: Path, tmp_path: Path
) -> None:
    before, raw = desk.controller.session.experiment, line_file.read_bytes()
    dialog = import_by_key(desk, chosen, line_file)
    shown = dialog.drawn()
    assert (shown["encoding"], shown["format"]) == ("gb18030", (";", ",", True))
    assert shown["names"] == ("备注", "温度", "产量")
    assert shown["roles"] == ("out", "input", "target")
    assert shown["notes"] == ("", "2 bad", "1 bad")
    assert shown["counts"] == "60 rows. Bad cells: 2 empty, 1 nan."
    assert shown["sentence"] == "57 rows, 1 input, 1 target; 3 rows dropped."
    fault_ground = pixels(dialog.findChild(QTableView).viewport())
    assert has_colour(fault_ground, "#eecfcd", 6) > 300, "bad cells are not to be seen"
    desk.pick_entry(box(dialog, "Scale inputs"), "As they are")
    desk.pick_entry(box(dialog, "Bad cells"), "Fill with the column's median")
    assert dialog.drawn()["sentence"] == "60 rows, 1 input, 1 target; 3 cells filled with the median."
    desk.pick_entry(box(dialog, "Bad cells"), "Drop their rows")
    desk.click(button(dialog, "Import"))
    gone(desk)
    desk.wait_state(RunState.READY)
    assert desk.controller.session.document.title == "实验 数据"
    assert (table_data(desk).rows, table_data(desk).source.file) == (57, "实验 数据.csv")
    assert table_data(desk).notes()[""] == "57 rows of (1), 1 target, from 实验 数据.csv."
    assert desk.form.isVisible(), "what was imported is in sight"
    assert line_file.read_bytes() == raw
    desk.settle()
    desk.enter("optimizers.0.lr", "0.1")
    desk.run_steps(600)
    weights = desk.control.history.losses
    assert weights[-1, 0] < 1e-5 < weights[0, 0]
    assert desk.drawn("fit")["points"] == 57
    saved = tmp_path / "fit.gradviz"
    chosen.append(str(saved))
    desk.press(Key.Key_S, CONTROL | SHIFT)
    desk.wait(saved.exists, "the file")
    opened = load(saved)
    assert opened.experiment.objective == desk.controller.session.experiment.objective
    while desk.controller.session.can_undo:
        desk.press(Key.Key_Z, CONTROL)
    assert desk.controller.session.experiment == before
    desk.press(Key.Key_Y, CONTROL)
    assert table_data(desk).rows == 57
    assert not desk.dialogs


def test_what_was_guessed_is_changed_and_read_anew_at_once(desk: Desk, chosen: list[str], tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes("a;b\n1,5;2\n2,5;3\n".encode("utf-16-le"))
    dialog = import_by_key(desk, chosen, path)
    assert dialog.drawn()["encoding"] == "utf-16-le"
    desk.pick_entry(box(dialog, "Separator"), "Comma")
    desk.wait(lambda: not dialog.drawn()["reading"], "the second reading")
    shown = dialog.drawn()
    assert shown["format"][:2] == (",", "."), "a comma cannot be both"
    assert shown["skip"] == 1, "one cell over rows of two is a title"
    desk.pick_entry(box(dialog, "Separator"), "Semicolon")
    desk.pick_entry(box(dialog, "Decimals"), "Point")
    desk.wait(lambda: dialog.drawn()["roles"] == ("out", "target"), "the columns of text")
    desk.pick_entry(box(dialog, "Decimals"), "Comma")
    desk.wait(lambda: dialog.drawn()["roles"] == ("input", "target"), "the decimal commas")
    assert dialog.drawn()["notes"] == ("", "")
    desk.pick_entry(box(dialog, "Names"), "None")
    desk.wait(lambda: dialog.drawn()["names"] == ("column 1", "column 2"), "no names")
    assert dialog.drawn()["rows"] == 3
    desk.pick_entry(box(dialog, "Encoding"), "Western (Latin-1)")
    desk.wait(lambda: not dialog.drawn()["can_import"], "the wrong encoding")
    desk.press(Key.Key_Escape)
    gone(desk)
    assert not desk.controller.session.modified


def test_many_columns_are_left_out_at_once(desk: Desk, chosen: list[str], tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    lines = [",".join(f"c{k}" for k in range(2000)), *(",".join([str(row)] * 2000) for row in range(3))]
    path.write_text("\n".join(lines), encoding="ascii")
    dialog = import_by_key(desk, chosen, path)
    view = dialog.findChild(QTableView)
    view.setFocus()
    desk.press(Key.Key_A, CONTROL)
    desk.press(Key.Key_O)
    assert set(dialog.drawn()["roles"]) == {"out"}
    desk.press(Key.Key_Down)
    desk.press(Key.Key_T)
    desk.press(Key.Key_Right)
    desk.press(Key.Key_Right, SHIFT)
    desk.press(Key.Key_I)
    assert dialog.drawn()["roles"][:4] == ("target", "input", "input", "out")
    assert dialog.drawn()["sentence"] == "3 rows, 2 inputs, 1 target."
    desk.press(Key.Key_Return)
    gone(desk)
    assert table_data(desk).table.columns == ("c0", "c1", "c2")


def test_roles_by_click_and_by_key_and_labels(desk: Desk, chosen: list[str], tmp_path: Path) -> None:
    path = tmp_path / "flowers.csv"
    rows = [f"{k % 7}.5,{k},{k % 3},{['rose', 'lily'][k % 2]}" for k in range(40)]
    path.write_text("\n".join(["a,b,c,kind", *rows]), encoding="utf-8")
    dialog = import_by_key(desk, chosen, path)
    assert dialog.drawn()["roles"] == ("input", "input", "input", "target")
    assert box(dialog, "Take target as").currentText() == "Class labels"
    choose_role(desk, dialog, 1, "Left out")
    choose_role(desk, dialog, 2, "Target")
    assert dialog.drawn()["roles"] == ("input", "out", "target", "input"), "with labels there is one target"
    assert dialog.drawn()["sentence"] == "40 rows, 2 inputs, 3 classes.", "a text is a column of 0 and 1"
    assert dialog.drawn()["told"] == ("", "", "", "1 for rose, 0 for lily")
    view = dialog.findChild(QTableView)
    desk.click(view.viewport(), QPoint(view.columnViewportPosition(3) + 10, 10))
    desk.press(Key.Key_T)
    assert dialog.drawn()["roles"] == ("input", "out", "input", "target")
    assert dialog.drawn()["sentence"] == "40 rows, 2 inputs, 2 classes."
    desk.press(Key.Key_Return)
    gone(desk)
    data = table_data(desk)
    assert (data.table.columns, data.target.names) == (("a", "c", "kind"), ("lily", "rose"))  # type: ignore[union-attr]
    assert desk.controller.session.experiment.objective.loss.kind == "cross_entropy"
    desk.wait_state(RunState.READY)
    desk.settle()
    desk.run_steps(50)
    losses = desk.control.history.losses
    assert np.isfinite(losses).all()
    assert losses[-1, 0] < losses[0, 0]


def test_a_file_is_dropped_on_the_window(desk: Desk, line_file: Path, tmp_path: Path) -> None:
    assert not drag(desk, "https://example.org/data.csv")[1], "only files of this machine"
    drop(desk, line_file)
    dialog = import_dialog(desk)
    desk.click(button(dialog, "Import"))
    gone(desk)
    assert table_data(desk).rows == 57
    picture = tmp_path / "picture.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    drop(desk, picture)
    desk.wait(lambda: "PNG picture" in desk.message, "the message")
    assert desk.message.startswith("picture.csv: This is a PNG picture, not a table in text.")
    assert QApplication.activeModalWidget() is None


@pytest.mark.parametrize("colours", ["use_dark_theme", "use_light_theme"])
def test_a_dropped_experiment_is_opened(desk: Desk, tmp_path: Path, colours: str) -> None:
    from gradviz.storage.experiments.experiment_file import save

    desk.startup.menus.actions[colours].trigger()
    save(tmp_path / "mine.gradviz", Document(lesson=titled("Mine")), None)
    drop(desk, tmp_path / "mine.gradviz")
    desk.wait(lambda: desk.controller.session.document.title == "Mine", "the experiment")


def test_fault_31_a_million_rows_while_the_window_lives_and_cancelled(
    desk: Desk, chosen: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "million.csv"
    path.write_text("a,b\n" + "1.25,-3.5\n" * 1_000_000, encoding="ascii")
    chosen.append(str(path))
    desk.press(Key.Key_I, CONTROL)
    dialog: ImportDialog = dialog_of(desk, ImportDialog)
    slowest, rounds = 0.0, 0
    while dialog.drawn()["reading"] and rounds < 40:
        start = time.perf_counter()
        QApplication.processEvents()
        slowest, rounds = max(slowest, time.perf_counter() - start), rounds + 1
    shown = dialog.drawn()
    assert shown["reading"], "it was read before anybody could have cancelled"
    assert shown["rows"] == 200, "the first rows are there at once"
    assert shown["sentence"].startswith("Reading… ")
    assert dialog.findChild(QProgressBar).isVisible()
    assert not shown["can_import"]
    assert slowest < 0.4, "20 ms a slice and a painting; a loaded machine is forgiven"
    desk.press(Key.Key_Escape)
    gone(desk)
    assert not desk.controller.session.modified
    desk.press(Key.Key_Right, CONTROL)
    desk.wait_step(1)


def test_undo_keeps_a_large_table_and_closing_its_document_frees_it(
    desk: Desk, chosen: list[str], tmp_path: Path
) -> None:
    import gc
    import weakref

    path = tmp_path / "large.csv"
    path.write_text("a,b\n" + "".join(f"{k / 7!r},{k}\n" for k in range(9000)), encoding="ascii")
    dialog = import_by_key(desk, chosen, path)
    desk.click(button(dialog, "Import"))
    gone(desk)
    desk.wait_state(RunState.READY)
    table = weakref.ref(tables_in(desk.controller.session.experiment)[0])
    desk.press(Key.Key_Z, CONTROL)
    assert tables_in(desk.controller.session.experiment) == ()
    gc.collect()
    assert table() is not None, "what can be redone must be there"
    desk.press(Key.Key_Y, CONTROL)
    desk.wait_state(RunState.READY)
    desk.settle()
    desk.answer("Discard")
    desk.open_card("himmelblau")
    desk.settle()
    gc.collect()
    assert table() is not None, "what can be gone back to must be there"
    desk.open_card("chain")
    desk.settle()
    del dialog

    def is_gone() -> bool:
        gc.collect()
        return table() is None

    desk.wait(is_gone, "the table to be forgotten")


def test_a_table_is_pasted_mended_and_used(desk: Desk) -> None:
    desk.press(Key.Key_T, CONTROL)
    editor: TableEditor = dialog_of(desk, TableEditor)
    assert "Type or paste" in editor.drawn()["sentence"]
    QApplication.clipboard().setText("x\ty\n1\t3\n2\t5\n3\tseven\n4\t9\n")
    desk.press(Key.Key_V, CONTROL)
    shown = editor.drawn()
    assert (shown["names"], len(shown["rows"])) == (("x", "y"), 4)
    assert shown["notes"] == ("", "1 bad")
    assert shown["sentence"] == "1 bad cell; the first is row 3 of “y”. This is text, not a number."
    assert not shown["can_use"]
    view = editor.findChild(QTableView)
    place = QPoint(view.columnViewportPosition(1) + 10, view.rowViewportPosition(3) + 8)
    desk.click(view.viewport(), place)
    type_cell(desk, "7")
    desk.press(Key.Key_Return)
    assert editor.drawn()["sentence"] == "4 rows, 1 input, 1 target."
    desk.press(Key.Key_Z, CONTROL)
    assert not editor.drawn()["can_use"]
    desk.press(Key.Key_Y, CONTROL)
    desk.click(button(editor, "Use this table"))
    gone(desk)
    assert table_data(desk).table.values.tolist() == [[1, 3], [2, 5], [3, 7], [4, 9]]
    desk.wait_state(RunState.READY)
    desk.settle()
    desk.run_steps(20)
    assert desk.drawn("fit")["points"] == 4


def test_a_table_is_typed_from_the_button_of_the_form(desk: Desk) -> None:
    desk.press(Key.Key_T, CONTROL)
    editor: TableEditor = dialog_of(desk, TableEditor)
    for row in ("1", "2", "4"):
        type_cell(desk, row)
        desk.press(Key.Key_Return)
    assert [cells[0] for cells in editor.drawn()["rows"]] == ["1", "2", "4", ""], "Enter begins another row"
    view = editor.findChild(QTableView)
    desk.click(view.viewport(), QPoint(view.columnViewportPosition(1) + 10, view.rowViewportPosition(1) + 8))
    for row in ("10", "20", "40"):
        type_cell(desk, row)
        desk.press(Key.Key_Return)
    desk.click(button(editor, "Add column"))
    assert editor.drawn()["names"] == ("x", "y", "x1")
    choose_role(desk, editor, 2, "Left out")
    assert "“x1” is not kept" in editor.drawn()["sentence"]
    desk.click(button(editor, "Use this table"))
    gone(desk)
    field = desk.line("objective.data.table")
    reveal(field)
    assert field.text() == "3 × 2, edit…"
    assert desk.line("objective.data.inputs").placeholderText() == "all but the target"
    assert desk.line("objective.data.target.columns").placeholderText() == "the last column"
    desk.click(field)
    editor = dialog_of(desk, TableEditor)
    assert editor.drawn()["rows"] == (("1", "10"), ("2", "20"), ("4", "40"))
    desk.press(Key.Key_Escape)
    gone(desk)
    desk.enter("objective.data.inputs", "y")
    assert "is the target already" in desk.form.fault_texts()["objective.data.inputs"]
    desk.enter("objective.data.target.columns", "x")
    desk.wait(lambda: not desk.form.fault_texts(), "the refused names to be offered again")
    assert table_data(desk).arrays(0)[1].tolist() == [[1], [2], [4]]


def test_cancel_changes_nothing(new_desk: Callable[..., Desk], line_file: Path, chosen: list[str]) -> None:
    desk = new_desk()
    before = desk.controller.session.experiment
    dialog = import_by_key(desk, chosen, line_file)
    desk.click(button(dialog, "Cancel"))
    gone(desk)
    desk.press(Key.Key_T, CONTROL)
    editor = dialog_of(desk, TableEditor)
    desk.write("5")
    desk.press(Key.Key_Tab)
    desk.click(button(editor, "Cancel"))
    gone(desk)
    assert desk.controller.session.experiment is before


def test_the_points_of_a_fit_are_edited_as_a_table(desk: Desk) -> None:
    desk.open_card("neurons")
    desk.press(Key.Key_T, CONTROL)
    editor: TableEditor = dialog_of(desk, TableEditor)
    assert len(editor.drawn()["rows"]) == 10
    type_cell(desk, "0.5")
    desk.press(Key.Key_Return)
    layers = desk.controller.session.experiment.objective.model
    desk.click(button(editor, "Use this table"))
    gone(desk)
    assert table_data(desk).table.values[0].tolist() == [0.5, 1.5625]
    assert desk.controller.session.experiment.objective.model == layers


@pytest.mark.parametrize("front", ["Gallery", "Experiment"])
def test_a_file_may_be_dropped_anywhere(desk: Desk, line_file: Path, front: str) -> None:
    """Through the window's own handle, which asks the widget under the pointer and no other."""
    desk.open_card("chain")
    desk.click_tab(front)
    data, handle = QMimeData(), desk.window.windowHandle()
    data.setUrls([QUrl.fromLocalFile(str(line_file))])
    how = Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier
    refusing = set()
    for x in range(12, desk.window.width(), 45):
        for y in range(12, desk.window.height(), 25):
            enter = QDragEnterEvent(QPoint(x, y), *how)
            enter.ignore()
            QApplication.sendEvent(handle, enter)
            if not enter.isAccepted() or enter.dropAction() != how[0]:
                refusing.add(desk.window.childAt(x, y))
    assert not refusing
    dropped: list[Path] = []
    desk.window.dropped.connect(dropped.append)
    before = desk.controller.session.experiment
    areas = [desk.line("objective.text"), desk.line("steps")] if front == "Experiment" else [desk.window.gallery]
    areas += [view for view in desk.window.views.values() if view.isVisible()]
    for number, area in enumerate(areas, 1):
        at = area.mapTo(desk.window, area.rect().center())
        if desk.window.childAt(at) is not area and not area.isAncestorOf(desk.window.childAt(at)):
            reveal(area)
            at = area.mapTo(desk.window, area.rect().center())
        QApplication.sendEvent(handle, QDragEnterEvent(at, *how))
        QApplication.sendEvent(handle, QDropEvent(QPointF(at), *how))
        import_dialog(desk).reject()
        gone(desk)
        assert dropped == [line_file] * number
    assert desk.controller.session.experiment is before


def test_what_the_form_notes_of_a_table_is_worked_out_where_its_file_is_read(
    new_desk: Callable[..., Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    noted = table_datasets.scaling_note

    def note(*given: Any) -> str:
        asked.append(threading.current_thread().name)
        return noted(*given)

    table = Table(("x", "y"), np.random.default_rng(0).normal(size=(30_000, 2)))
    dataset = TableDataset.model_validate({"table": table, "scaling": {"kind": "standardise"}})
    save(tmp_path / "large.gradviz", Document(experiment=experiment_on(dataset, Experiment(steps=10))), None)
    del table, dataset
    gc.collect()  # what is alive would be remembered
    monkeypatch.setattr(table_datasets, "scaling_note", note)
    desk = new_desk(tmp_path / "large.gradviz")
    desk.settle()
    assert any("/" in text for text in desk.form.note_texts().values()), "the scaling is not told"
    assert asked == ["gradviz-errand"]
    desk.controller.edit("steps", 20)
    desk.settle()
    assert asked == ["gradviz-errand"]
