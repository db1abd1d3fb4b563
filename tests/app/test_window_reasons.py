"""Why a run did not end well, in the real window: the sentence, and its advice as a button that mends the run."""

from __future__ import annotations

from desk import CONTROL, Desk, Key

from gradviz.core.runs.state import RunState


def test_the_button_beside_a_divergence_mends_it_and_one_undo_takes_it_back(desk: Desk) -> None:
    desk.open_card("line-too-fast")
    before = desk.controller.session.experiment
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.DIVERGED)
    desk.settle()
    assert "curvature 5883" in desk.message
    assert len(desk.message) <= 300
    desk.click(desk.message_button("Set the rate to 0.0002"))
    desk.wait_state(RunState.READY)
    assert desk.message == ""
    assert desk.controller.session.experiment.optimizers[0].lr == 2e-4
    assert desk.line("optimizers.0.lr").text() == "0.0002"
    desk.run_steps(200)
    assert desk.control.state is RunState.FINISHED
    assert desk.control.history.losses[-1, 0] < 40
    desk.press(Key.Key_Z, CONTROL)  # the steps
    desk.press(Key.Key_Z, CONTROL)
    desk.wait(lambda: desk.controller.session.experiment == before, "the experiment of before")


def test_a_run_that_stood_still_says_why_when_it_is_over_and_is_silent_when_it_is_well(desk: Desk) -> None:
    desk.run_steps(300)
    assert desk.message == ""
    desk.controller.edit("objective.function.kind", "saddle")
    desk.wait_state(RunState.READY)
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.FINISHED)
    desk.settle()
    assert desk.message.startswith("The run starts at a saddle: the gradient is exactly 0")
    assert "curvature -2 along y" in desk.message
    desk.click(desk.message_button("Start beside it"))
    desk.wait_state(RunState.READY)
    assert desk.message == ""
    assert desk.controller.session.experiment.objective.y == 0.1
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.FINISHED)
    desk.settle()
    assert "has no minimum this way" in desk.message


def test_what_was_closed_stays_closed(desk: Desk) -> None:
    desk.controller.edit("objective.function.kind", "saddle")
    desk.run_steps(50)
    assert "saddle" in desk.message
    desk.click(desk.message_button("Close"))
    desk.control.state_changed.emit()
    assert desk.message == ""


def test_a_run_that_stands_still_is_asked_about_before_its_end(desk: Desk) -> None:
    desk.controller.edit("objective.function.kind", "saddle")
    desk.enter("steps", "1000000000")
    desk.press(Key.Key_Space)
    desk.wait(lambda: "saddle" in desk.message, "the reason")
    assert desk.control.state is RunState.RUNNING
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.PAUSED)
