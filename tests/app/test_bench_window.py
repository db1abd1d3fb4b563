"""The bench in the window, by keyboard and mouse."""

from __future__ import annotations

from typing import Any

import pytest
from desk import CONTROL, Desk, Key
from PySide6.QtWidgets import QPlainTextEdit, QPushButton

from gradviz.core.runs.state import RunState


def drawn(desk: Desk) -> dict[str, Any]:
    return desk.drawn("bench")


def check(desk: Desk) -> None:
    """Press Ctrl+B and wait for the table."""
    desk.press(Key.Key_B, CONTROL)
    desk.wait(lambda: bool(drawn(desk)["rows"]) and "Checking" not in drawn(desk)["summary"], "the report")


def hand(desk: Desk) -> QPlainTextEdit:
    found = desk.window.views["bench"].findChildren(QPlainTextEdit)
    return next(one for one in found if one.accessibleName() == "Gradient by hand")


def test_b6_the_wrong_sign_is_named(desk: Desk) -> None:
    desk.open_card("line-wrong-sign")
    check(desk)
    assert desk.window.views["bench"].isVisible()
    assert "The sign is wrong" in drawn(desk)["summary"]
    assert [row[2] for row in drawn(desk)["rows"] if row[1] == "by hand"] == ["✗ wrong sign", "✗ wrong sign"]


def test_a_gradient_typed_by_hand_is_compared_and_undone(desk: Desk) -> None:
    desk.click_tab("Bench")
    area = hand(desk)
    desk.click(area.viewport())
    desk.write("u = x**2 + y - 11")
    desk.press(Key.Key_Return)
    desk.write("d_x = 4*x*u + 2*(x + y**2 - 7)")
    desk.press(Key.Key_Tab)
    desk.wait(lambda: "d_x" in desk.controller.session.experiment.hand_gradient, "the edit")
    assert desk.control.state is RunState.READY
    check(desk)
    rows = {row[1]: row[2] for row in drawn(desk)["rows"][:7]}
    assert rows["by hand"] == "✓ agrees"
    assert rows["finite difference"] == "✓ agrees"
    assert "All gradients agree" in drawn(desk)["summary"]
    assert "no gradient by hand of y" in drawn(desk)["symbols"]
    desk.click_tab("Experiment")
    desk.press(Key.Key_Z, CONTROL)
    desk.wait(lambda: not desk.controller.session.experiment.hand_gradient, "the undo")
    assert drawn(desk)["hand"] == ""


def test_an_edit_by_hand_of_a_finished_run_keeps_the_run(desk: Desk) -> None:
    desk.run_steps(20)
    desk.click_tab("Bench")
    desk.click(hand(desk).viewport())
    desk.write("d_x = 0*x")
    desk.press(Key.Key_Tab)
    desk.wait(lambda: bool(desk.controller.session.experiment.hand_gradient), "the edit")
    desk.settle()
    assert desk.control.step == 20
    check(desk)
    assert "step 20" in drawn(desk)["stale"].lower()
    assert "x, by hand: Zero" in drawn(desk)["summary"]


def test_the_report_is_stale_when_the_step_moves(desk: Desk) -> None:
    check(desk)
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: desk.control.step == 1, "the step")
    desk.settle()
    desk.wait(lambda: "This was step 0" in drawn(desk)["stale"], "the mark")
    button = next(b for b in desk.window.views["bench"].findChildren(QPushButton) if b.text() == "Check")
    desk.click(button)
    desk.wait(lambda: drawn(desk)["stale"].startswith("Step 1"), "the new report")


@pytest.mark.parametrize("text", ["d_x = 2*q", "d_x ="])
def test_a_fault_by_hand_is_marked_and_the_rest_still_compared(desk: Desk, text: str) -> None:
    desk.click_tab("Bench")
    desk.click(hand(desk).viewport())
    desk.write(text)
    desk.press(Key.Key_Tab)
    desk.wait(lambda: bool(drawn(desk)["hand_fault"]), "the mark")
    check(desk)
    assert "line 1" in drawn(desk)["summary"]
    assert {row[1] for row in drawn(desk)["rows"]} >= {"finite difference", "symbols"}
