"""The code pane: what it shows of the scripts that it is given, and its colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from desk import has_colour, pixels
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QPushButton

from gradviz.views.kit.theme import DARK, LIGHT, Theme
from gradviz.views.panes.code_view import CodeView, Script

TEXT = '"""A title\n\nof lines"""\n\nimport json\n\nfor k in range(10):  # ten times\n    print("k", 2.5e-3)\n'
SCRIPTS = (
    Script("numpy", "NumPy", "", "NumPy: the layer LSTM is not known by hand."),
    Script("autograd", "PyTorch autograd", "x = 1\n"),
    Script("torch", "PyTorch nn + optim", TEXT),
)


@pytest.fixture
def view(shown: Callable[..., Any]) -> CodeView:
    made = shown(CodeView())
    made.show_scripts(SCRIPTS)
    return made


def button(view: CodeView, name: str) -> QPushButton:
    return next(one for one in view.findChildren(QPushButton) if one.text() == name)


def test_a_refused_dialect_cannot_be_chosen_and_says_why(view: CodeView) -> None:
    box = view.findChild(QComboBox)
    model: Any = box.model()
    assert [model.item(k).isEnabled() for k in range(3)] == [False, True, True]
    assert "LSTM" in box.itemData(0, Qt.ItemDataRole.ToolTipRole)
    assert view.drawn()["dialect"] == "autograd"
    assert view.drawn()["note"] == ""


def test_the_dialect_wished_for_comes_back_when_it_can(view: CodeView) -> None:
    view.choose("torch")
    view.show_scripts((*SCRIPTS[:2], Script("torch", "PyTorch nn + optim", "", "PyTorch: it stops.")))
    assert view.drawn()["dialect"] == "autograd"
    assert view.drawn()["note"] == "PyTorch: it stops."
    view.show_scripts(SCRIPTS)
    assert view.drawn() | {"refused": 0} == {"dialect": "torch", "text": TEXT, "note": "", "refused": 0}


def test_without_any_dialect_the_reason_is_read(view: CodeView) -> None:
    view.show_scripts((SCRIPTS[0],))
    assert view.drawn()["text"] == SCRIPTS[0].refusal
    assert not button(view, "Copy").isEnabled()
    assert not button(view, "Save…").isEnabled()


def test_copy_and_save(view: CodeView, qtbot: Any) -> None:
    view.choose("torch")
    with qtbot.waitSignal(view.copied):
        QTest.mouseClick(button(view, "Copy"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == TEXT
    with qtbot.waitSignal(view.save_wanted):
        QTest.mouseClick(button(view, "Save…"), Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_are_in_the_colours_of_the_theme(view: CodeView, theme: Theme) -> None:
    view.choose("torch")
    view.set_theme(theme)
    formats = view._colours.document()
    found = {}
    block = formats.begin()
    while block.isValid():
        for part in block.layout().formats():
            word = block.text()[part.start : part.start + part.length]
            found[word] = part.format.foreground().color().name()
        block = block.next()
    assert found["of lines" + '"""'] == theme.value, "a docstring reaches over lines"
    assert found["import"] == found["for"] == theme.keyword
    assert found["# ten times"] == theme.muted
    assert found["2.5e-3"] == theme.gradient
    assert found['"k"'] == theme.value
    assert has_colour(pixels(view), theme.value, 40), "the colours reach the screen"


def test_an_edit_does_not_scroll_away(view: CodeView) -> None:
    long = "\n".join(f"x{k} = {k}" for k in range(300))
    view.show_scripts((Script("torch", "PyTorch", long),))
    bar = view._text.verticalScrollBar()
    bar.setValue(120)
    view.show_scripts((Script("torch", "PyTorch", long.replace("x200 = 200", "x200 = 0")),))
    assert bar.value() == 120
    assert "x200 = 0" in str(view.drawn()["text"])
