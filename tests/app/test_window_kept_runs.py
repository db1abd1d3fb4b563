"""No run is lost by a key: what takes its place can be undone, gone back from, or is asked about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from desk import CONTROL, Desk, Key
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit

from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment
from gradviz.core.document.lesson import titled
from gradviz.core.runs.state import RunState
from gradviz.storage.experiments.experiment_file import load, save

ALT = Qt.KeyboardModifier.AltModifier


def run_to(desk: Desk, steps: int) -> np.ndarray:
    """Run a while, and pause; the losses."""
    desk.press(Key.Key_Space)
    desk.wait_step(steps)
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.PAUSED)
    desk.settle()
    return desk.control.history.losses[:, 0].copy()


def assert_back(desk: Desk, losses: np.ndarray) -> None:
    """The run with these losses is the current one, and its curve is drawn."""
    desk.wait(lambda: desk.control.known == len(losses) - 1, "the run before")
    desk.wait_state(RunState.PAUSED)
    desk.settle()
    assert np.array_equal(desk.control.history.losses[:, 0], losses)
    assert desk.drawn("curves")["step"] == desk.control.step


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A file with an experiment that was never run."""
    path = tmp_path / "mine.gradviz"
    save(path, Document(lesson=titled("Mine"), experiment=Experiment(steps=1_000_000)), None)
    return path


def test_undo_brings_back_the_run_before_a_reset_and_before_another_setting(desk: Desk) -> None:
    losses = run_to(desk, 60)
    desk.press(Key.Key_R, CONTROL)
    desk.wait_state(RunState.READY)
    assert f"Ctrl+Z brings back the run of {len(losses) - 1:,} steps." in desk.window.status()[0]
    desk.press(Key.Key_Z, CONTROL)
    assert_back(desk, losses)
    desk.enter("seed", "5")
    desk.wait(lambda: desk.control.experiment.seed == 5, "the seed")
    desk.wait_state(RunState.READY)
    assert desk.control.known == 0
    again = run_to(desk, 30)
    desk.press(Key.Key_Z, CONTROL)
    assert_back(desk, losses)
    assert desk.control.experiment.seed != 5
    desk.press(Key.Key_Y, CONTROL)
    assert_back(desk, again)
    assert desk.control.experiment.seed == 5


def test_a_step_in_the_past_does_again_what_was_done_and_loses_nothing(desk: Desk) -> None:
    losses = run_to(desk, 100)
    desk.drag_timeline(20 / desk.control.experiment.steps)
    desk.wait(lambda: desk.control.step < 60, "the past")
    desk.settle()
    stood = desk.control.step
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: desk.control.step == stood + 1, "a step")
    desk.settle()
    assert np.array_equal(desk.control.history.losses[:, 0], losses)
    assert desk.drawn("curves")["step"] == stood + 1
    run_to(desk, len(losses) + 20)
    assert np.array_equal(desk.control.history.losses[: len(losses), 0], losses)


def test_an_edit_in_the_past_begins_anew_says_so_and_is_undone(desk: Desk) -> None:
    losses = run_to(desk, 100)
    desk.drag_timeline(20 / desk.control.experiment.steps)
    desk.wait(lambda: desk.control.step < 60, "the past")
    desk.settle()
    stood = desk.control.step
    desk.enter("optimizers.0.lr", "0.002")
    desk.wait(lambda: desk.control.known == stood, "the branch")
    desk.settle()
    assert desk.message == (
        f"From step {stood} on this is another run. Undo brings back the one of {len(losses) - 1:,} steps."
    )
    assert np.array_equal(desk.control.history.losses[:, 0], losses[: stood + 1])
    branch = run_to(desk, stood + 30)
    assert not np.array_equal(branch[stood + 1 : stood + 20], losses[stood + 1 : stood + 20])
    desk.press(Key.Key_Z, CONTROL)
    assert_back(desk, losses)
    assert desk.control.step == stood


def test_another_card_keeps_the_run_and_alt_left_goes_back_to_it(desk: Desk) -> None:
    title = desk.controller.session.document.title
    losses = run_to(desk, 60)
    desk.open_card("neurons")
    desk.wait_state(RunState.READY)
    desk.settle()
    assert f"Alt+Left goes back to “{title}” and its run" in desk.window.status()[0]
    desk.press(Key.Key_Left, ALT)
    assert_back(desk, losses)
    assert desk.controller.session.document.title == title
    desk.press(Key.Key_Left, ALT)
    desk.wait(lambda: desk.controller.session.gallery_name == "neurons", "the other way")


def test_saving_a_file_without_the_run_that_it_holds_is_asked(new_desk: Callable[..., Desk], saved: Path) -> None:
    desk = new_desk(str(saved))
    run_to(desk, 60)
    desk.press(Key.Key_S, CONTROL)
    desk.wait(lambda: load(saved).result is not None, "the file")
    desk.wait(lambda: not desk.window.isWindowModified(), "the mark to go")
    held = saved.read_bytes()
    desk.press(Key.Key_R, CONTROL)
    desk.wait_state(RunState.READY)
    desk.answer("Cancel")
    desk.press(Key.Key_S, CONTROL)
    desk.wait(lambda: bool(desk.dialogs), "a question")
    assert desk.dialogs[0].startswith("mine.gradviz holds a run of ")
    assert desk.dialogs[0].endswith(" steps, and this one has 0.")
    assert saved.read_bytes() == held
    desk.answer("Save")
    desk.press(Key.Key_S, CONTROL)
    desk.wait(lambda: saved.read_bytes() != held, "the file")


def test_a_run_saved_while_it_stands_in_its_past_is_saved_whole(new_desk: Callable[..., Desk], saved: Path) -> None:
    desk = new_desk(str(saved))
    losses = run_to(desk, 60)
    desk.press(Key.Key_Left, CONTROL)
    desk.wait(lambda: desk.control.step == len(losses) - 2, "a step back")
    desk.press(Key.Key_S, CONTROL)
    desk.wait(lambda: load(saved).result is not None, "the file")
    result = load(saved).result
    assert result is not None
    assert result.history is not None
    assert result.step == len(losses) - 1
    assert np.array_equal(result.history.losses[:, 0], losses)
    assert desk.control.step == len(losses) - 2


def test_closing_asks_about_a_run_that_is_not_in_its_file(new_desk: Callable[..., Desk], saved: Path) -> None:
    desk = new_desk(str(saved))
    assert not desk.window.isWindowModified()
    losses = run_to(desk, 40)
    assert desk.window.isWindowModified()
    desk.answer("Cancel")
    desk.press(Key.Key_Q, CONTROL)
    assert desk.dialogs == [f"“Mine” has a run of {len(losses) - 1:,} steps that is in no file."]
    assert desk.window.isVisible()
    assert_back(desk, losses)


def test_space_is_remembered_while_torch_is_loading(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(None, settled=False)
    desk.wait_filled()
    loading = desk.control.state is RunState.LOADING
    desk.press(Key.Key_Space)
    if loading:
        assert "It runs as soon as it is ready." in desk.window.status()[0]
    desk.wait_step(3)
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.PAUSED)


def test_the_keyboard_stays_in_a_form_that_is_made_anew_and_space_runs(desk: Desk) -> None:
    desk.choose("optimizers.0.schedule.kind", "ExponentialLR")
    desk.wait(lambda: "optimizers.0.schedule.gamma" in desk.form.paths(), "the new form")
    focused = QApplication.focusWidget()
    assert isinstance(focused, QComboBox)
    assert focused is desk.form.editor("optimizers.0.schedule.kind").focus_widget()
    desk.press(Key.Key_Space)
    desk.wait_step(3)
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.PAUSED)


def test_the_keyboard_never_goes_behind_a_tab(desk: Desk) -> None:
    desk.click_tab("Gallery")
    desk.window.gallery.findChild(QLineEdit).setFocus()
    desk.click_tab("Experiment")
    focused = QApplication.focusWidget()
    assert focused is None or not desk.window.gallery.isAncestorOf(focused)
    desk.press(Key.Key_Space)
    desk.wait_step(3)
