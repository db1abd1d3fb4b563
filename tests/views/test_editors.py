"""The editors of plain values: what is shown reads back equal, what is typed is told, what is refused stays."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from desk import CONTROL
from hypothesis import example, given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gradviz.views.form.editors import (
    ChoiceEditor,
    LinesEditor,
    NumberEditor,
    SwitchEditor,
    TextEditor,
    number_text,
    stepped,
)
from gradviz.views.kit.word_list import WordList

Show = Callable[..., Any]
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(NUMBERS)
@example(1e-8)
@example(0.1 + 0.2)
@example(5e-324)
def test_a_number_reads_back_equal(value: float) -> None:
    assert float(number_text(value)) == value


@given(st.integers(0, 10**9))
def test_a_whole_number_reads_back_as_it_was(value: int) -> None:
    assert number_text(value) == str(value)
    assert int(number_text(value)) == value


@given(st.floats(1e-12, 1e12), st.sampled_from([1, -1]))
def test_a_step_is_one_in_the_leading_digit(value: float, direction: int) -> None:
    after = stepped(value, direction)
    assert (after > value) == (direction > 0)
    assert after > 0
    power = 10.0 ** math.floor(math.log10(value) + 1e-12)
    assert abs(after - value) == pytest.approx(power, rel=1e-6) or abs(after - value) == pytest.approx(power / 10, 1e-6)


@given(st.floats(1e-9, 1e9), st.sampled_from([1, -1]))
def test_steps_are_the_same_below_zero(value: float, direction: int) -> None:
    assert stepped(-value, direction) == -stepped(value, -direction)


@given(st.integers(1, 9), st.integers(-12, 12))
def test_a_step_up_and_down_comes_back(digit: int, power: int) -> None:
    value = float(f"{digit}e{power}")
    assert stepped(stepped(value, 1), -1) == value
    assert stepped(stepped(value, -1), 1) == value


@pytest.mark.parametrize(
    ("value", "direction", "after"),
    [(0.001, 1, 0.002), (0.01, -1, 0.009), (0.009, 1, 0.01), (0.0, 1, 1.0), (0.0, -1, -1.0), (5, 1, 6), (10, -1, 9)],
)
def test_steps_as_they_are_read(value: float, direction: int, after: float) -> None:
    assert stepped(value, direction) == after


def test_whole_numbers_step_by_at_least_one() -> None:
    assert [stepped(value, -1) for value in (1, 2, 30000, 100)] == [0, 1, 20000, 90]


class Number:
    """A number editor on the screen, with everything that it told."""

    def __init__(self, shown: Show, integer: bool, value: Any) -> None:
        self.editor = shown(NumberEditor(integer), 200, 40)
        self.editor.show_value(value)
        self.told: list[Any] = []
        self.editor.edited.connect(self.told.append)
        self.line = self.editor.focus_widget()
        self.line.setFocus()

    def enter(self, text: str) -> None:
        self.line.selectAll()
        QTest.keyClick(self.line, Qt.Key.Key_Delete)
        if text.isascii():
            QTest.keyClicks(self.line, text)
        else:
            self.line.insert(text)  # as from the clipboard: QTest aborts at a key that no keyboard has
        QTest.keyClick(self.line, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5),
        ("1e-3", 1e-3),
        ("−2", -2.0),
        ("0,5", 0.5),
        ("1_000", 1000.0),
        (" 7 ", 7.0),
        ("fast", "fast"),
        ("", ""),
        ("1e999", math.inf),
        ("-inf", -math.inf),
    ],
)
def test_what_is_typed_is_told(shown: Show, text: str, value: Any) -> None:
    number = Number(shown, False, 0.25)
    number.enter(text)
    assert number.told == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("1e3", 1000), ("2.5", 2.5), ("+4", 4), ("9" * 40, int("9" * 40)), ("x", "x"), ("3.0", 3)],
)
def test_whole_numbers_are_told_as_such(shown: Show, text: str, value: Any) -> None:
    number = Number(shown, True, 1)
    number.enter(text)
    assert number.told == [value]
    assert type(number.told[0]) is type(value)


def test_the_same_value_written_otherwise_tells_nothing(shown: Show) -> None:
    number = Number(shown, False, 0.25)
    number.enter("0.250")
    number.enter("0.25")
    assert number.told == []


def test_a_refused_line_tells_even_the_old_value(shown: Show) -> None:
    number = Number(shown, False, 0.25)
    number.enter("-1")
    number.line.setProperty("fault", True)
    number.enter("0.25")
    assert number.told == [-1.0, 0.25]


def test_up_and_down_tell_the_next_number(shown: Show) -> None:
    number = Number(shown, False, 0.01)
    QTest.keyClick(number.line, Qt.Key.Key_Up)
    QTest.keyClick(number.line, Qt.Key.Key_Down)
    assert number.told == [0.02, 0.009]
    number.line.setText("abc")
    QTest.keyClick(number.line, Qt.Key.Key_Up)
    assert len(number.told) == 2


def test_up_and_down_of_a_whole_number(shown: Show) -> None:
    number = Number(shown, True, 1000)
    QTest.keyClick(number.line, Qt.Key.Key_Down)
    assert number.told == [900]
    assert type(number.told[0]) is int


def test_leaving_a_line_tells_what_stands_in_it(shown: Show) -> None:
    number = Number(shown, False, 0.25)
    number.line.selectAll()
    QTest.keyClicks(number.line, "3")
    assert number.told == []
    number.line.clearFocus()
    assert number.told == [3.0]


def test_a_switch(shown: Show, qtbot: Any) -> None:
    editor = shown(SwitchEditor(), 100, 40)
    editor.show_value(True)
    told: list[Any] = []
    editor.edited.connect(told.append)
    box = editor.focus_widget()
    assert box.isChecked()
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert told == [False, True]


def test_a_choice_tells_its_value_and_shows_one_that_is_not_here(shown: Show) -> None:
    editor = shown(ChoiceEditor((("cpu", "Processor"), ("cuda:0", "Card"))), 200, 40)
    editor.show_value("cuda:0")
    told: list[Any] = []
    editor.edited.connect(told.append)
    box = editor.focus_widget()
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert told == ["cpu"]
    for _ in range(2):
        editor.show_value("mps")
    assert box.currentText() == "mps (not here)"
    assert box.count() == 3


def test_the_wheel_does_not_change_a_choice(shown: Show) -> None:
    editor = shown(ChoiceEditor((("a", "A"), ("b", "B"))), 200, 40)
    editor.show_value("a")
    box = editor.focus_widget()
    middle = QPointF(box.rect().center())
    none = Qt.MouseButton.NoButton
    event = QWheelEvent(
        middle,
        middle,
        QPoint(),
        QPoint(0, -120),
        none,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, event)
    assert box.currentIndex() == 0
    assert not event.isAccepted()


@pytest.mark.parametrize("value", [1.5, [1.0, 2.0], [[1.0], [2.0]], [0.9, 0.999]])
def test_a_value_is_written_and_read_as_json(shown: Show, value: Any) -> None:
    editor = shown(TextEditor(is_json=True), 300, 40)
    editor.show_value(value)
    told: list[Any] = []
    editor.edited.connect(told.append)
    line = editor.focus_widget()
    assert json.loads(line.text()) == value
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "[3, 4]")
    QTest.keyClick(line, Qt.Key.Key_Return)
    line.selectAll()
    QTest.keyClicks(line, "[3, 4")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert told == [[3, 4], "[3, 4"]


class Lines:
    def __init__(self, shown: Show) -> None:
        self.editor = shown(LinesEditor(), 300, 160)
        self.editor.show_value("a = 1\nb = a + x")
        self.told: list[Any] = []
        self.editor.edited.connect(self.told.append)
        self.area = self.editor.focus_widget()
        self.area.setFocus()


def test_lines_are_told_a_moment_after_the_last_key(shown: Show, qtbot: Any) -> None:
    lines = Lines(shown)
    QTest.keyClick(lines.area, Qt.Key.Key_End, CONTROL)
    QTest.keyClicks(lines.area, "+1")
    assert lines.told == []
    qtbot.waitUntil(lambda: bool(lines.told), timeout=3000)
    assert lines.told == ["a = 1\nb = a + x+1"]


def test_lines_are_told_at_once_when_the_focus_leaves(shown: Show) -> None:
    lines = Lines(shown)
    QTest.keyClicks(lines.area, "z")
    lines.area.clearFocus()
    assert lines.told == ["za = 1\nb = a + x"]
    lines.area.setFocus()
    lines.area.clearFocus()
    assert len(lines.told) == 1


def test_a_place_in_the_lines_is_marked(shown: Show) -> None:
    lines = Lines(shown)
    for place, marked in (((2, 5), "a"), ((1, 1), "a"), ((2, 9), "x"), ((2, 900), "x")):
        lines.editor.mark_place(place)
        assert lines.editor.marked_text() == marked
    lines.editor.mark_place(None)
    assert lines.editor.marked_text() == ""


def test_the_list_of_a_choice_is_made_when_letters_at_its_closed_box_ask_for_it(
    shown: Show,
) -> None:
    editor = shown(ChoiceEditor((("a", "Plain descent"), ("b", "Descent with momentum"), ("c", "Adam"))))
    box = editor.focus_widget()
    assert not box.findChildren(WordList), "it costs as much as all the rest of the box"
    box.setFocus()
    QTest.keyClicks(box, "mom")
    assert box.currentText() == "Descent with momentum"
    assert isinstance(box.view(), WordList)
    assert box.view() is box.view()
