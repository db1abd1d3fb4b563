"""Fits in the whole window: other data brings a model that takes it, and the picture follows the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gradviz.core.document.experiment import value_at
from gradviz.core.runs.state import RunState

if TYPE_CHECKING:
    from desk import Desk


PICTURES = [("moons", "PlaneFit"), ("bars", "TableFit"), ("regression", "ScatterFit")]


def choose(desk: Desk, path: str, value: object) -> None:
    """What the form says when its user has chosen a value."""
    desk.show_form()
    desk.form.edited.emit(path, value)
    desk.wait(lambda: desk.control.state is not RunState.LOADING, path)


def run_to_the_end(desk: Desk) -> None:
    desk.click(desk.run_button("Run"))
    desk.wait(lambda: desk.control.state is RunState.FINISHED, "finished")


@pytest.mark.parametrize(
    ("kind", "picture"), [("moons", "PlaneFit"), ("bars", "TableFit"), ("regression", "ScatterFit")]
)
def test_other_data_can_be_chosen_and_trained_at_once(desk: Desk, kind: str, picture: str) -> None:
    desk.open_card("line")
    choose(desk, "objective.data.kind", kind)
    assert not desk.form.fault_texts()
    choose(desk, "optimizers.0.kind", "adam")
    choose(desk, "steps", 60)
    run_to_the_end(desk)
    desk.click_tab("Fit")
    desk.wait(lambda: "step 60" in str(desk.drawn("fit")["note"]), "the fit of the last step")
    assert desk.drawn("fit")["kind"] == picture
    assert desk.control.history.losses[-1, 0] < desk.control.history.losses[0, 0]


def test_a_batch_larger_than_the_data_is_marked_and_the_run_goes_on_as_it_was(desk: Desk) -> None:
    desk.open_card("line")
    choose(desk, "objective.batch.kind", "mini")
    choose(desk, "objective.batch.size", 12)
    assert "at most 11" in desk.form.fault_texts()["objective.batch.size"]
    assert value_at(desk.controller.session.experiment, "objective.batch.size") == 2, "a quarter of 11 rows"
    choose(desk, "objective.batch.size", 4)
    assert not desk.form.fault_texts()
