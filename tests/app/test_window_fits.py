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


def go_to(desk: Desk, step: int) -> None:
    desk.control.seek(step)
    desk.wait(lambda: desk.control.step == step, f"step {step}")
    desk.settle()


def test_a_layer_of_two_numbers_is_a_bowl_over_them_and_a_seek_leaves_no_mark(desk: Desk) -> None:
    """It was a slice along two directions, and each place that was visited became a corner of a path."""
    desk.open_card("line-50")
    desk.settle()
    assert desk.drawn("surface")["labels"] == ("weight", "bias")
    assert desk.drawn("surface")["note"] == ""
    desk.run_steps(400)
    for step in (300, 20, 400):
        go_to(desk, step)
        (end,) = desk.drawn("surface")["ends"]
        assert end == tuple(desk.control.history.positions[step, 0])
        (mark,) = desk.drawn("surface")["marks"]
        assert mark.loss == desk.control.history.losses[step, 0]


def test_the_way_over_a_slice_is_the_recorded_one_after_slice_here_and_seeks(desk: Desk) -> None:
    desk.open_card("neurons")
    desk.run_steps(300)
    surface = desk.window.views["surface"]
    desk.click(surface._recentre)
    desk.wait(lambda: "through step 300" in str(desk.drawn("surface")["note"]), "another slice")
    desk.settle()
    lengths = {}
    for step in (300, 100, 7, 250, 300):
        go_to(desk, step)
        (lengths[step],) = desk.drawn("surface")["paths"]
    assert lengths == {300: 204, 100: 101, 7: 8, 250: 190}
    (mark,) = desk.drawn("surface")["marks"]
    assert not mark.is_off, "the slice was laid here"


def test_what_a_model_learns_with_is_chosen_in_the_form_and_told_in_the_table(desk: Desk) -> None:
    """A penalty, a clipped gradient, several batches a step, a frozen layer, and one with a rate of its own."""
    desk.open_card("line")
    choose(desk, "objective.data.kind", "moons")
    desk.window.resize(1280, 720)
    choose(desk, "objective.model.0.learning.kind", "frozen")
    choose(desk, "objective.model.2.learning.kind", "frozen")
    assert "every layer with parameters is frozen" in desk.form.fault_texts()["objective.model.2.learning.kind"]
    choose(desk, "objective.model.2.learning.kind", "usual")
    choose(desk, "objective.loss.penalty.kind", "weights")
    choose(desk, "objective.batch.kind", "mini")
    choose(desk, "objective.batch.accumulate", 2)
    choose(desk, "optimizers.0.clipping.kind", "norm")
    choose(desk, "optimizers.0.clipping.max_norm", 0.5)
    choose(desk, "steps", 40)
    assert "objective.loss.penalty.l2" in desk.form.paths()
    assert "frozen" in desk.form.note_texts()["objective.model.0"]
    run_to_the_end(desk)
    desk.click_tab("Parameters")
    desk.settle()
    rows = {row[0].split("\n")[0]: row for row in desk.drawn("parameters")["rows"]}
    assert rows["0.weight"][0] == "0.weight\nfrozen"
    assert rows["0.weight"][3] == "none"
    assert rows["2.weight"][0] == "2.weight"
    assert "= data " in desk.drawn("parameters")["rates"]
    assert " + L2 " in desk.drawn("parameters")["rates"]
    choose(desk, "objective.model.0.learning.kind", "scaled")
    desk.settle()
    rows = {row[0].split("\n")[0]: row for row in desk.drawn("parameters")["rows"]}
    assert rows["0.weight"][0] == "0.weight\nlr 0.001"
    assert rows["2.weight"][0] == "2.weight\nlr 0.01"
