"""No OpenGL, closing at bad moments, exceptions nobody caught: the program goes on, or ends cleanly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from desk import CONTROL, LEFT, Desk, Key, colours, pixels
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox

from gradviz.core.runs.state import RunState


def training_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "gradviz-training"]


@pytest.fixture
def flat_desk(new_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("GRADVIZ_NO_OPENGL", "1")
    return new_desk()


def test_without_opengl_there_is_a_contour_that_says_why(flat_desk: Desk) -> None:
    desk = flat_desk
    surface, drawn = desk.window.views["surface"], desk.drawn("surface")
    assert not drawn["three_dimensional"]
    assert "OpenGL is switched off" in drawn["note"]
    assert drawn["contours"] > 0
    assert [surface.findChild(QComboBox).itemText(k) for k in range(surface.findChild(QComboBox).count())] == [
        "Contour"
    ]
    desk.press(Key.Key_D, CONTROL)
    assert not desk.drawn("surface")["three_dimensional"]
    desk.wait(lambda: colours(surface) > 100, "a coloured contour")


def test_without_opengl_everything_else_works(flat_desk: Desk) -> None:
    desk = flat_desk
    before = pixels(desk.window.views["surface"])
    desk.run_steps(200)
    assert set(desk.steps_shown().values()) == {200}
    assert desk.drawn("surface")["paths"][0] > 10
    surface = desk.window.views["surface"]
    desk.wait(lambda: not np.array_equal(pixels(surface), before), "the path")
    QTest.mouseDClick(desk.window.views["surface"].contour.viewport(), LEFT)
    desk.wait_state(RunState.READY)
    assert desk.controller.session.experiment.objective.x != 0.0
    desk.answer("Discard")
    desk.open_card("neurons")
    desk.run_steps(20)
    assert desk.drawn("fit")["points"] == 10


@pytest.mark.parametrize("card", ["himmelblau", "neurons"])
def test_closing_while_it_trains_ends_the_thread(desk: Desk, card: str) -> None:
    desk.open_card(card)
    desk.click(desk.run_button("Run"))
    desk.wait_step(50)
    assert len(training_threads()) == 1
    desk.press(Key.Key_Q, CONTROL)
    assert not desk.window.isVisible()
    assert desk.startup.end(0) == 0
    assert training_threads() == []


def test_closing_before_anything_was_painted(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(settled=False)
    desk.window.close()
    assert desk.startup.end(0) == 0
    assert training_threads() == []


@pytest.mark.parametrize("after_ms", [0, 5, 60, 200])
def test_closing_within_the_first_second(new_desk: Callable[..., Desk], after_ms: int) -> None:
    desk = new_desk(settled=False)
    QTimer.singleShot(after_ms, desk.window.close)
    desk.wait(lambda: not desk.window.isVisible(), "the window to go")
    desk.qtbot.waitUntil(lambda: True)
    assert desk.startup.end(0) == 0
    assert training_threads() == []


def test_opening_another_document_while_it_trains(desk: Desk) -> None:
    desk.click(desk.run_button("Run"))
    desk.wait_step(50)
    for name in ("neurons", "chain", "line", "himmelblau"):
        desk.choose_card(name)
    desk.wait(lambda: desk.control.state is RunState.READY, "the last of them")
    desk.settle()
    assert desk.controller.session.document.lesson.case == "E1"
    assert desk.control.history.losses.tolist() == [[170.0]]
    assert set(desk.steps_shown().values()) == {0}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_exception_in_a_slot_is_reported_once_and_pauses_the_run(
    desk: Desk, crashes: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_on: bool) -> None:
        raise RuntimeError("the slot is broken")

    desk.click(desk.run_button("Run"))
    desk.wait_step(20)
    desk.startup.menus.actions["toggle_log_scale"].triggered.connect(fail)
    desk.press(Key.Key_L, CONTROL)
    desk.wait_state(RunState.PAUSED)
    assert len(crashes) == 1
    assert "the slot is broken" in desk.message
    assert "paused" in desk.message
    assert len(desk.message) <= 300
    assert "Traceback" in capsys.readouterr().err
    crashes.clear()
    desk.startup.menus.actions["toggle_log_scale"].triggered.disconnect(fail)
    desk.click(desk.message_button("Close"))
    step = desk.control.step
    desk.click(desk.run_button("Run"))
    desk.wait_step(step + 20)
    assert desk.message == ""


def test_an_exception_in_drawing_is_reported_once_and_the_rest_goes_on(
    desk: Desk, crashes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    curves = desk.window.views["curves"]

    def fail(*_: object) -> None:
        raise ValueError("cannot be drawn")

    monkeypatch.setattr(curves, "show_history", fail)
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: bool(desk.message), "the report")
    assert "cannot be drawn" in desk.message
    monkeypatch.undo()
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: desk.control.step == 2, "another step")
    desk.wait(lambda: desk.drawn("curves")["step"] == 2, "the curve again")
    crashes.clear()


def test_an_exception_in_the_training_thread_is_a_sentence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradviz.engine.training.trainer import Trainer

    def fail(self: Trainer) -> None:
        raise RuntimeError("CUDA out of memory\nand many more lines")

    monkeypatch.setattr(Trainer, "advance", fail)
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.FAILED)
    assert "CUDA out of memory" in desk.message
    assert "\n" not in desk.message
    assert not desk.run_button("Run").isEnabled()
    monkeypatch.undo()
    desk.press(Key.Key_R, CONTROL)
    desk.wait_state(RunState.READY)
    assert desk.message == ""
    desk.press(Key.Key_Space)
    desk.wait_step(10)


@pytest.mark.parametrize("where", ["training", "elsewhere"])
def test_a_fault_of_gradviz_in_another_thread_is_told_as_its_own_with_the_log(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    from gradviz.app.process import crash
    from gradviz.engine.training.trainer import Trainer

    def fail(*_: object) -> None:
        raise KeyError("lost")

    monkeypatch.setenv("GRADVIZ_DATA", str(tmp_path))
    monkeypatch.setattr(threading, "excepthook", crash._on_thread_exception)
    with crash.session():
        log = crash.session_log()
        assert log is not None
        if where == "training":
            monkeypatch.setattr(Trainer, "advance", fail)
            desk.press(Key.Key_Space)
            desk.wait_state(RunState.FAILED)
        else:
            threading.Thread(target=fail).start()
        desk.wait(lambda: "KeyError" in desk.message and "gradviz" in desk.message, "the report")
        assert "PyTorch stopped" not in desk.message
        assert desk.message_button("Show the &log").isVisible()
        desk.wait(lambda: "in fail" in log.read_text(encoding="utf-8"), "the trace in the log")


def test_a_formula_that_is_not_finite_at_the_start_cannot_run(desk: Desk) -> None:
    desk.open_card("chain")
    desk.settle()
    desk.enter_lines("objective.text", "u = b*c\nv = a + u\nj = where(a > 3, sqrt(a - 3), 0*v)")
    desk.wait_state(RunState.FAILED)
    assert "gradient" in desk.message
    assert "a = 3" in desk.message
    assert not desk.run_button("Run").isEnabled()
