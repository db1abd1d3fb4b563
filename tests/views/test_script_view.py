"""The Script pane by itself: writing, finding, what is drawn of a recording."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QByteArray, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from gradviz.core.stepping.building import Builder
from gradviz.core.stepping.events import Frame
from gradviz.core.stepping.recording import Recording, ScriptError, Warned
from gradviz.core.stepping.timeline import Series, Timeline, timeline_of
from gradviz.core.stepping.variable_state import Summary
from gradviz.core.words import say
from gradviz.views.kit.theme import DARK, LIGHT, mix
from gradviz.views.script.code_editor import CodeEditor
from gradviz.views.script.find_bar import FindBar
from gradviz.views.script.output_panel import OutputPanel
from gradviz.views.script.scalar_curves import BLOCKS, points_of
from gradviz.views.script.script_state import ScriptState, ending_of, resolve
from gradviz.views.script.script_view import ScriptView
from gradviz.views.script.variable_rows import COLUMNS, numbers_text

Key = Qt.Key
SOURCE = "import torch\nw = torch.ones(2)\nv = w.detach()\nw.backward()\n"


def tensor(numbers: list[float], grad: list[float] | None = None, storage: int = 8) -> list[Any]:
    told = None if grad is None else [grad]
    return ["t", [len(numbers)], "float32", 3, None, -1, numbers, told, 1, storage, "cpu", "Tensor"]


def made(error: ScriptError | None = None, warnings: tuple[Warned, ...] = ()) -> Timeline:
    """Four lines: a module, a tensor, its memory under another name, a gradient."""
    builder = Builder()
    builder.frames[0] = Frame(0, "<module>", -1, 1)
    builder.add([1, 1, 0, 0, [[0, "torch", ["o", "module", "torch"]]]])
    builder.add([2, 2, 0, 0, [[0, "w", tensor([1.0, 2.5])]], {"o": "two\n"}])
    builder.add([3, 3, 0, 0, [[0, "v", tensor([1.0, 2.5])]]])
    builder.add([4, 4, 0, 0, [[0, "w", tensor([1.0, 2.5], [3.0, 4.0])]]])
    recording = Recording(SOURCE, builder.chunks(), builder.frames, lines_run=4, error=error, warnings=warnings)
    work = timeline_of(recording)
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: Timeline = end.value
            return found


def test_what_is_drawn_is_the_state_at_the_event_and_what_its_line_changed() -> None:
    drawing = resolve(made(), ScriptState(position=2))
    rows = {row.name: row for row in drawing.rows}
    assert list(rows) == ["torch", "w", "v"]
    cell = dict(zip(COLUMNS, rows["v"].cells, strict=True))
    assert (cell["Value"], cell["Shape"], cell["dtype"]) == ("[1, 2.5]", "(2,)", "float32")
    assert (cell["requires_grad"], cell["Leaf"], cell[".grad"], cell["Shares with"]) == ("yes", "yes", "None", "w")
    assert rows["v"].changed
    assert not rows["w"].changed
    assert (drawing.marks.ran, drawing.marks.next, drawing.printed) == (3, 4, "two\n")
    last = {row.name: row for row in resolve(made(), ScriptState(position=3)).rows}
    assert last["w"].changed == {COLUMNS.index(".grad")}
    assert last["w"].cells[COLUMNS.index(".grad")] == "[3, 4]"


def test_an_error_and_a_mistake_are_told_with_their_lines() -> None:
    error = ScriptError("RuntimeError", "grad can be <b>created</b>", 4, say("Reduce it."))
    timeline = made(error, (Warned("detached", 3, 2, say("It is cut off.")),))
    marks = resolve(timeline, ScriptState(position=3)).marks
    assert (marks.faults, marks.remarks, marks.has_failed) == ({4}, {3}, True)
    assert not resolve(timeline, ScriptState(position=2)).marks.has_failed
    assert str(ending_of(timeline.recording)) == "RuntimeError in line 4. 4 lines ran, 4 events recorded."


@pytest.mark.parametrize(
    ("numbers", "shape", "text"),
    [
        ((), (0,), "[]"),
        ((1.0,), (), "1"),
        ((1, 2, 3, 4), (2, 2), "[[1, 2], [3, 4]]"),
        ((True, False), (2,), "[True, False]"),
        ((float("nan"), 1.0), (2,), "[nan, 1]"),
        (tuple(float(k) for k in range(9)), (9,), "0 … 8, mean 4"),
        ((float("inf"),) * 8, (8,), "8 NaN or infinite"),
        (Summary("ab", 2, -1.0, 3.0, 1.0, 2.0), (1000,), "-1 … 3, mean 1, 2 NaN or infinite"),
        (None, (2,), "not read"),
    ],
)
def test_few_numbers_are_written_and_many_are_summed_up(numbers: Any, shape: tuple[int, ...], text: str) -> None:
    assert numbers_text(numbers, shape) == text


def test_the_bar_moves_and_a_click_on_a_finding_goes_there(shown: Callable[..., Any]) -> None:
    view = shown(ScriptView(), 900, 500)
    view.show_script(SOURCE, "a.py", True)
    view.show_timeline(made(None, (Warned("detached", 3, 2, say("It is cut off.")),)))
    QTest.keyClick(view.editor, Key.Key_L)
    assert view.drawn()["position"] == 1
    QTest.keyClick(view.editor, Key.Key_End)
    assert view.drawn()["line"] == 4
    QTest.keyClick(view.editor, Key.Key_J)
    QTest.keyClick(view.editor, Key.Key_Home)
    assert view.drawn()["position"] == 0
    QTest.keyClick(view.editor, Key.Key_X)
    assert view.text == SOURCE, "it is written into while it is stepped through"
    QTest.keyClick(view.editor, Key.Key_C)
    assert "no breakpoint" in view.drawn()["status"]
    view.editor.go_to_line(4)
    QTest.keyClick(view.editor, Key.Key_B)
    QTest.keyClick(view.editor, Key.Key_C)
    assert view.drawn()["line"] == 4
    QTest.keyClick(view.editor, Key.Key_A)
    assert view.drawn()["playing"]
    QTest.keyClick(view.editor, Key.Key_E)
    assert (view.drawn()["mode"], view.drawn()["playing"]) == ("writing", False)
    QTest.keyClick(view.editor, Key.Key_X)
    assert view.is_modified


def test_indents_are_kept_given_and_taken_back(shown: Callable[..., Any]) -> None:
    editor = shown(CodeEditor())
    QTest.keyClicks(editor, "for k in y:")
    QTest.keyClick(editor, Key.Key_Return)
    QTest.keyClicks(editor, "f(k)")
    QTest.keyClick(editor, Key.Key_Return)
    QTest.keyClick(editor, Key.Key_Backtab)
    QTest.keyClicks(editor, "g")
    assert editor.toPlainText() == "for k in y:\n    f(k)\ng"
    editor.selectAll()
    QTest.keyClick(editor, Key.Key_Tab)
    assert editor.toPlainText() == "    for k in y:\n        f(k)\n    g"
    editor.undo()
    assert editor.toPlainText() == "for k in y:\n    f(k)\ng"


def test_find_goes_round(shown: Callable[..., Any]) -> None:
    view = shown(ScriptView(), 900, 500)
    view.show_script("ab\ncab\n", "", True)
    QTest.keyClick(view.editor, Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    bar = view.findChild(FindBar)
    assert bar is not None
    field = bar.focusWidget()
    QTest.keyClicks(field, "ab")
    lines = [view.editor.line]
    for _ in range(2):
        QTest.keyClick(field, Key.Key_Return)
        lines.append(view.editor.line)
    assert lines == [1, 2, 1]
    assert bar.count == "2 places"


def test_texts_over_several_lines_are_coloured_to_their_end(shown: Callable[..., Any]) -> None:
    editor = shown(CodeEditor())
    editor.setPlainText("\"\"\"a\nfor b\"\"\"; for\n'# no' # yes\n'''c''' in")
    colours = []
    block = editor.document().firstBlock()
    while block.isValid():
        text = block.text()
        colours.append(
            [(text[one.start : one.start + one.length], one.format.foreground().color().name())
             for one in block.layout().formats()]
        )  # fmt: skip
        block = block.next()
    value, keyword, muted = LIGHT.value, LIGHT.keyword, LIGHT.muted
    assert colours == [
        [('"""a', value)],
        [('for b"""', value), ("for", keyword)],
        [("'# no'", value), ("# yes", muted)],
        [("'''c'''", value), ("in", keyword)],
    ]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_line_at_work_and_a_breakpoint_are_painted(shown: Callable[..., Any], theme: Any) -> None:
    view = shown(ScriptView(), 900, 500, theme)
    view.show_script(SOURCE, "a.py", True)
    view.show_timeline(made())
    view.toggle_breakpoint(3)
    image = view.editor.grab().toImage().convertToFormat(view.editor.grab().toImage().Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1) & 0xFFFFFF
    for colour in (mix(theme.accent, theme.base, 0.78), theme.fault):
        assert np.count_nonzero(pixels == QColor(colour).rgb() & 0xFFFFFF) > 20, colour


def test_a_long_curve_keeps_its_extremes_and_its_order() -> None:
    values = np.random.default_rng(0).normal(size=50_000)
    values[[7, 30_001]] = 9.0, -9.0
    values[12_345] = np.nan
    points = points_of(Series(array("q", range(50_000)), array("d", values)))
    assert len(points) <= 2 * BLOCKS
    assert np.all(np.diff(points[:, 0]) > 0)
    assert (points[:, 1].max(), points[:, 1].min()) == (9.0, -9.0)
    assert np.array_equal(points[:, 1], values[points[:, 0].astype(int)])


def test_figures_are_shown_with_what_is_printed(shown: Callable[..., Any]) -> None:
    image = QImage(30, 20, QImage.Format.Format_RGB32)
    image.fill(QColor("#ff0000"))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    panel = shown(OutputPanel(), 300, 300)
    panel.show_output("a\n")
    panel.show_output("a\nb\n", 3)
    panel.show_figures((1,), {1: bytes(data.data())})
    assert panel.drawn() == {"text": "a\nb\n\n… 3 more letters were not kept.", "figures": [1]}
    (label,) = [one for one in panel.findChildren(QLabel) if one.accessibleName() == "Figure 1"]
    assert (label.pixmap().width(), label.pixmap().height()) == (30, 20)
    panel.show_figures((), {})
    panel.show_output("")
    assert panel.drawn() == {"text": "", "figures": []}
