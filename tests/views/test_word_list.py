"""Letters typed at a box find a word of an entry, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtTest import QTest

from gradviz.views.kit.word_list import meant
from gradviz.views.panes.code_view import CodeView, Script

DIALECTS = ("NumPy, gradient by hand", "PyTorch with autograd", "PyTorch nn + optim", "TensorFlow")


@pytest.mark.parametrize(
    ("typed", "current", "found"),
    [
        ("nn", 0, 2),
        ("n", 1, 0),
        ("n", 0, 2),
        ("nu", 2, 0),
        ("p", 0, 1),
        ("p", 1, 2),
        ("pp", 1, 2),
        ("opt", 0, 2),
        ("auto", 3, 1),
        ("flow", 0, 3),
        ("pytorch n", 1, 2),
        ("zz", 1, None),
        ("t", 0, 3),
    ],
)
def test_what_is_meant(typed: str, current: int, found: int | None) -> None:
    assert meant(DIALECTS, typed, current) == found


def test_nothing_is_meant_in_an_empty_list() -> None:
    assert meant((), "a", -1) is None


def test_nn_finds_the_dialect_of_nn_and_optim(shown: Callable[..., Any]) -> None:
    view = shown(CodeView())
    view.show_scripts(tuple(Script(str(k), title, f"# {title}") for k, title in enumerate(DIALECTS)))
    view._box.setFocus()
    QTest.keyClicks(view._box, "nn")
    assert view._box.currentText() == "PyTorch nn + optim"
    assert view._text.toPlainText() == "# PyTorch nn + optim"
