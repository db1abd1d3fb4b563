"""Rows held out and early stopping in the whole window: chosen in the form, run, gone back in, and saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gradviz.core.document.experiment import value_at
from gradviz.core.runs.state import RunState
from gradviz.storage.experiments.experiment_file import load

if TYPE_CHECKING:
    from desk import Desk


def choose(desk: Desk, path: str, value: object) -> None:
    """What the form says when its user has chosen a value."""
    desk.show_form()
    desk.form.edited.emit(path, value)
    desk.wait(lambda: desk.control.state is not RunState.LOADING, path)


def test_the_card_stops_early_tells_it_and_seeks_over_it_hold(desk: Desk, tmp_path: Path) -> None:
    desk.open_card("overfitting")
    desk.click(desk.run_button("Run"))
    desk.wait(lambda: desk.control.state is RunState.FINISHED, "finished")
    desk.settle()
    end = desk.control.step
    assert f"Stopped early at step {end - 1}" in str(desk.window.status())
    assert not desk.message, "it ended as it was asked to: nothing needs mending"
    shown = desk.drawn("curves")
    assert (shown["dashed"], len(shown["key"])) == (1, 3)
    assert shown["key"][1].startswith("held out 0.")
    desk.click_tab("Fit")
    desk.wait(lambda: "48 points trained on" in str(desk.drawn("fit")["note"]), "the points that are shown")
    figures = desk.control.history.figures.copy()
    best = int(figures[:, 0, 0].argmin())
    assert f"since step {best}" in str(desk.window.status())
    for step in (best, end - 1, 3, end):
        desk.control.seek(step)
        desk.wait(lambda step=step: desk.control.step == step, f"step {step}")  # type: ignore[misc]
    desk.settle()
    assert np.array_equal(desk.control.history.figures, figures)
    assert desk.control.state is RunState.FINISHED
    path = tmp_path / "early.gradviz"
    desk.controller.documents.saving.save_to(path)
    desk.wait(path.exists, "the file")
    saved = load(path).result
    assert saved is not None
    assert saved.history is not None
    assert np.array_equal(saved.history.figures, figures)
    desk.controller.documents.exports.export_history(tmp_path / "early.csv")
    head = (tmp_path / "early.csv").read_text().splitlines()[0]
    assert head == "step,loss,validation_loss,training_accuracy,validation_accuracy"


def test_rows_are_held_out_in_the_form_and_early_stopping_asks_for_them(desk: Desk) -> None:
    desk.open_card("moons")
    choose(desk, "objective.stopping.kind", "early")
    assert "no rows are held out" in " ".join(desk.form.fault_texts().values())
    choose(desk, "objective.data.validation.kind", "stratified")
    choose(desk, "objective.stopping.kind", "early")
    assert not desk.form.fault_texts()
    experiment = desk.controller.session.experiment
    assert value_at(experiment, "objective.stopping.patience") == 10
    choose(desk, "objective.data.kind", "circles")
    assert value_at(desk.controller.session.experiment, "objective.data.validation.kind") == "stratified"
    choose(desk, "objective.data.kind", "regression")
    experiment = desk.controller.session.experiment
    assert value_at(experiment, "objective.stopping.kind") == "none", "values have no classes to hold out by"
    assert not desk.form.fault_texts()


def test_another_rate_after_an_early_stop_is_a_new_run(desk: Desk) -> None:
    desk.open_card("overfitting")
    desk.click(desk.run_button("Run"))
    desk.wait(lambda: desk.control.state is RunState.FINISHED, "finished")
    choose(desk, "optimizers.0.lr", 0.03)
    assert (desk.control.step, desk.control.state) == (0, RunState.READY)
