"""The menu of mistakes in the real window: one more optimiser that makes it, and what the window says of it."""

from __future__ import annotations

import pytest
from desk import CONTROL, Desk, Key
from PySide6.QtGui import QAction

from gradviz.core.document.experiment import optimizer_names
from gradviz.core.optimizers.mistakes import BackwardTwice, Detach, NoMistake, NoZeroGrad, RateTimesTen
from gradviz.core.runs.state import RunState


def comparison(desk: Desk, part: str) -> QAction:
    """The action of the submenu whose text has `part`."""
    return next(action for action in desk.startup.menus.menus["comparisons"].actions() if part in action.text())


@pytest.mark.parametrize(
    ("part", "mistake"),
    [("zero_grad", NoZeroGrad()), ("etach", Detach(name="x")), ("10", RateTimesTen()), ("twice", BackwardTwice())],
)
def test_a_mistake_is_one_more_in_the_race_and_one_undo_takes_it_back(desk: Desk, part: str, mistake: object) -> None:
    before = desk.controller.session.experiment
    comparison(desk, part).trigger()
    desk.settle()
    experiment = desk.controller.session.experiment
    assert [type(optimizer.mistake) for optimizer in experiment.optimizers] == [NoMistake, type(mistake)]
    assert experiment.optimizers[1].mistake == mistake
    assert experiment.optimizers[1].keywords.keys() == experiment.optimizers[0].keywords.keys()
    assert optimizer_names(experiment)[1] in desk.drawn("curves")["names"]
    desk.press(Key.Key_Z, CONTROL)
    assert desk.controller.session.experiment == before


def test_a_graph_used_twice_is_said_once_and_the_other_runs_on(desk: Desk) -> None:
    desk.enter("steps", "60")
    comparison(desk, "twice").trigger()
    desk.wait(lambda: "graph used twice stopped at step 0" in desk.window.messages.text, "the message")
    assert "PyTorch: “Trying to backward through the graph a second time" in desk.window.messages.text
    assert desk.control.state is RunState.READY
    desk.window.messages.hide()
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.FINISHED)
    desk.settle()
    losses = desk.control.history.losses
    assert losses.shape == (61, 2)
    assert losses[-1, 0] < losses[0, 0]
    assert set(losses[:, 1]) == {170.0}
    assert not desk.window.messages.isVisible()


def test_alone_with_a_fault_the_run_fails_with_its_sentence_and_can_be_mended(desk: Desk) -> None:
    desk.controller.edit("optimizers.0.mistake.kind", "backward_twice")
    desk.wait_state(RunState.FAILED)
    desk.wait(lambda: "a second time" in desk.window.messages.text, "the message")
    desk.settle()
    assert desk.drawn("graph")["nodes"]
    desk.press(Key.Key_Z, CONTROL)
    desk.wait_state(RunState.READY)
    assert not desk.window.messages.isVisible()


def test_no_more_than_sixteen_can_race(desk: Desk) -> None:
    for _ in range(15):
        comparison(desk, "zero_grad").trigger()
    assert len(desk.controller.session.experiment.optimizers) == 16
    comparison(desk, "zero_grad").trigger()
    assert len(desk.controller.session.experiment.optimizers) == 16
    assert "at most 16" in str(desk.form.fault_texts())


def test_the_rates_of_a_schedule_are_told_at_their_step(desk: Desk) -> None:
    desk.controller.edit("optimizers.0.schedule.kind", "exponential")
    desk.controller.edit("optimizers.0.schedule.gamma", 0.5)
    desk.settle()
    desk.wait(lambda: desk.drawn("parameters")["rates"] == "Learning rate  0.001", "the rate of step 0")
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: desk.drawn("parameters")["rates"] == "Learning rate  0.0005", "the rate of step 1")
    desk.press(Key.Key_Left, CONTROL)
    desk.wait(lambda: desk.drawn("parameters")["rates"] == "Learning rate  0.001", "the rate of step 0 again")
