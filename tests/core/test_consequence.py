"""What an edit means for a run: one pure function, over every kind of edit and every state."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.declaration import live_fields
from gradviz.core.document.consequence import Consequence, consequence, live_names
from gradviz.core.document.experiment import Experiment, value_at, with_value
from gradviz.core.optimizers.catalogue import OPTIMIZERS, SGD, Adam, Rprop
from gradviz.core.runs.state import RunState

BASE = Experiment(optimizers=(SGD(momentum=0.5), Adam()), steps=100)
TEXTS: dict[str, tuple[Any, ...]] = {"hand_gradient": ("", "d_x = 1", "d_x = 2")}
LIVE: dict[str, tuple[Any, ...]] = {
    "optimizers.0.lr": (1e-3, 0.5),
    "optimizers.0.momentum": (0.5, 0.1),
    "optimizers.1.betas": ([0.9, 0.999], [0.1, 0.2]),
}
STEPS: dict[str, tuple[Any, ...]] = {"steps": (100, 7, 1000)}
FROZEN: dict[str, tuple[Any, ...]] = {
    "seed": (0, 1),
    "dtype": ("float32", "float64"),
    "device": ("cpu", "cuda:0"),
    "objective.x": (0.0, 2.0),
    "objective.kind": ("test_function", "fit"),
    "optimizers.1.amsgrad": (False, True),
    "optimizers.1.kind": ("adam", "adamw"),
}
EDITS = st.lists(
    st.sampled_from(list((TEXTS | LIVE | STEPS | FROZEN).items())).flatmap(
        lambda entry: st.tuples(st.just(entry[0]), st.sampled_from(entry[1]))
    ),
    max_size=4,
)
STATES = st.sampled_from(RunState)


def edited(experiment: Experiment, edits: list[tuple[str, Any]]) -> Experiment:
    for path, value in edits:
        if path != "objective.x" or value_at(experiment, "objective.kind") == "test_function":
            experiment = with_value(experiment, path, value)
    return experiment


def differing(old: Experiment, new: Experiment, paths: dict[str, tuple[Any, ...]]) -> bool:
    """Whether a setting among `paths` differs, or is there in one of the two alone."""
    shared = [path for path in paths if path != "objective.x" or {old.objective.kind, new.objective.kind} != {"fit"}]
    if old.objective.kind != new.objective.kind or type(old.optimizers[1]) is not type(new.optimizers[1]):
        return paths is FROZEN or any(value_at(old, path) != value_at(new, path) for path in paths)
    return any(value_at(old, path) != value_at(new, path) for path in shared)


@given(first=EDITS, second=EDITS, state=STATES, step=st.integers(0, 1200))
def test_what_differs_and_where_the_run_stands_decide(first: Any, second: Any, state: RunState, step: int) -> None:
    old, new = edited(BASE, first), edited(BASE, second)
    found = consequence(old, new, state, step)
    assert (found is Consequence.NOTHING) == (old == new)
    if differing(old, new, FROZEN):
        assert found is Consequence.NEW_RUN
    elif old != new:
        settings = differing(old, new, LIVE)
        has_stopped = state is RunState.DIVERGED or (
            state is RunState.FINISHED and step < old.steps
        )  # the second early
        changes = settings or differing(old, new, STEPS)
        is_over = settings if has_stopped else state is RunState.FINISHED and changes and new.steps <= step
        assert found is (Consequence.NEW_RUN if is_over else Consequence.LIVE)


@given(first=EDITS, second=EDITS)
def test_while_a_run_goes_on_an_edit_means_what_taking_it_back_means(first: Any, second: Any) -> None:
    old, new = edited(BASE, first), edited(BASE, second)
    there, back = (consequence(*pair, RunState.RUNNING, 5) for pair in ((old, new), (new, old)))
    assert there is back


@given(edits=EDITS, state=STATES, step=st.integers(0, 1200))
def test_texts_never_cost_a_run(edits: Any, state: RunState, step: int) -> None:
    old = edited(BASE, edits)
    new = edited(old, [("hand_gradient", "d_y = 2")])
    assert consequence(old, new, state, step) is Consequence.LIVE


def test_another_number_of_optimisers_is_a_new_run() -> None:
    for fewer in (BASE.with_optimizers((SGD(momentum=0.5),)), BASE.with_optimizers((*BASE.optimizers, Adam()))):
        assert consequence(BASE, fewer, RunState.PAUSED, 3) is Consequence.NEW_RUN


@pytest.mark.parametrize("entry", OPTIMIZERS, ids=lambda entry: entry.__name__)
def test_every_live_number_of_every_optimiser_is_live(entry: Any) -> None:
    old = Experiment(optimizers=(entry(),))
    for name in live_fields(entry):
        value = getattr(entry(), name)
        if isinstance(value, float):
            new = with_value(old, f"optimizers.0.{name}", value + 1e-7)
            assert consequence(old, new, RunState.PAUSED, 3) is Consequence.LIVE, name


@pytest.mark.parametrize("entry", OPTIMIZERS, ids=lambda entry: entry.__name__)
def test_what_torch_reads_once_is_live_nowhere(entry: Any) -> None:
    assert ("lr" in live_names(entry())) == (entry is not Rprop)
    once = {"amsgrad", "centered", "history_size", "initial_accumulator_value", "implementation"}
    assert not once & set(live_names(entry()))
