"""The code pane in the whole window: it follows the document, and its scripts leave it whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from desk import CONTROL, Key
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

if TYPE_CHECKING:
    from desk import Desk

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def shown(desk: Desk) -> str:
    return str(desk.drawn("code")["text"])


def open_code(desk: Desk, name: str) -> None:
    desk.open_card(name)
    desk.click_tab("Code")
    desk.wait(lambda: "import json" in shown(desk), "the script")


def test_the_script_follows_every_edit_and_undo(desk: Desk) -> None:
    open_code(desk, "himmelblau")
    assert "lr = 0.001" in shown(desk)
    desk.enter("optimizers.0.lr", "0.002")
    desk.wait(lambda: "lr = 0.002" in shown(desk), "a live edit in the script")
    desk.enter("objective.x", "-1.5")
    desk.wait(lambda: "np.array(-1.5" in shown(desk), "a new run's start in the script")
    desk.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: "np.array(-1.5" not in shown(desk), "the undo in the script")


def test_numbers_that_only_torch_draws_come_from_the_engine(desk: Desk) -> None:
    open_code(desk, "neurons")
    desk.wait(lambda: "torch.manual_seed(0) draws" in shown(desk), "the start")
    assert "-0.007486820220947266" in shown(desk)


def test_the_script_is_copied_by_its_key_and_exported_by_the_menu(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_code(desk, "himmelblau")
    desk.press(Qt.Key.Key_C, CONTROL_SHIFT)
    assert QGuiApplication.clipboard().text() == shown(desk)
    target = tmp_path / "mine.py"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *given: (str(target), ""))
    desk.choose_menu("ask_export_script")
    assert target.read_text(encoding="utf-8") == shown(desk)
    assert "mine.py" in desk.window.status()[0]


def test_a_race_has_its_reason_in_the_place_of_numpy(desk: Desk) -> None:
    open_code(desk, "race-surface")
    drawn: Any = desk.drawn("code")
    assert drawn["dialect"] == "torch"
    assert "race" in drawn["refused"]["numpy"]


def test_a_hidden_pane_makes_no_script(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradviz.app.window import scripting

    made: list[str] = []
    original: Callable[..., str] = scripting.script
    monkeypatch.setattr(scripting, "script", lambda *given: made.append(given[1]) or original(*given))
    desk.open_card("line")
    desk.settle()
    assert not made
    desk.click_tab("Code")
    desk.wait(lambda: bool(made), "the scripts of a pane that is seen")


def test_an_edit_while_it_runs_is_in_the_script_and_forgotten_with_its_run(desk: Desk) -> None:
    open_code(desk, "himmelblau")
    desk.control.step_forward(2)
    desk.wait_step(2)
    desk.enter("optimizers.0.lr", "0.002")
    desk.wait(lambda: "changed at step 2" in refusal(desk), "why NumPy has no script of this run")
    desk.press(Key.Key_R, CONTROL)
    desk.wait(lambda: not refusal(desk) and "lr = 0.002" in shown(desk), "the script of a run from step 0")


def refusal(desk: Desk) -> str:
    drawn: Any = desk.drawn("code")
    return str(drawn["refused"].get("numpy", ""))
