"""Rows held out: which they are, how many, what is scaled by the others alone, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.data.catalogue import DATASETS
from gradviz.core.data.class_datasets import Blobs, TwoMoons
from gradviz.core.data.curve_datasets import NoisyLine
from gradviz.core.data.dataset import Dataset
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.data.validation import ShareValidation, StratifiedValidation, apportioned
from gradviz.core.declaration import SettingError, field_specs, notes_of
from gradviz.core.document.experiment import Experiment, from_data, to_data, with_value
from gradviz.core.document.memory import memory_of
from gradviz.core.document.table_fits import as_table, fitted_to
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.objectives.fit_starters import starter
from gradviz.core.objectives.stopping import EarlyStopping
from gradviz.core.tables.tables import Table

SHARES = st.floats(0.01, 0.9)
SEEDS = st.integers(0, 2**63 - 1)


def fit(data: Dataset, **settings: Any) -> FitObjective:
    return starter(data).model_copy(update=settings)


def held(data: Dataset, seed: int = 0) -> np.ndarray:
    labels = data.arrays(seed)[1] if data.is_labelled else None
    return data.held_out(labels)


def refusal(path: str, value: Any, experiment: Experiment) -> SettingError:
    with pytest.raises(SettingError) as caught:
        with_value(experiment, path, value)
    assert len(str(caught.value)) <= 300
    return caught.value


def table_fit(rows: list[list[float]], columns: tuple[str, ...], **settings: Any) -> Experiment:
    data = {"table": Table(columns, np.array(rows, dtype=np.float64)), **settings}
    return Experiment(objective=starter(TableDataset.model_validate(data)))


@given(points=st.integers(20, 400), share=SHARES, seed=SEEDS)
def test_a_share_is_disjoint_from_the_rest_covers_the_rows_with_it_and_is_always_the_same(
    points: int, share: float, seed: int
) -> None:
    data = TwoMoons(points=points, validation=ShareValidation(share=share, seed=seed))
    mask = held(data)
    assert mask.shape == (points,)
    assert mask.sum() == round(share * points) == data.rows - data.training_rows
    assert np.array_equal(mask, held(data, seed=5)), "the seed of the run does not decide it"
    assert np.array_equal(mask, held(TwoMoons(points=points, noise=3.0, validation=data.validation)))


@given(points=st.integers(40, 400), classes=st.integers(2, 10), share=st.floats(0.1, 0.7), seed=SEEDS)
def test_of_every_class_the_same_share_is_held_out_to_within_one(
    points: int, classes: int, share: float, seed: int
) -> None:
    data = Blobs(points=points, classes=classes, validation=StratifiedValidation(share=share, seed=seed))
    labels, mask = data.arrays(0)[1], held(data)
    total = round(share * points)
    assert mask.sum() == total
    for number in range(classes):
        of_class = labels == number
        assert abs(mask[of_class].sum() - total * of_class.sum() / points) < 1
        assert mask[of_class].sum() < of_class.sum(), "one row at least is trained on"


@given(sizes=st.lists(st.integers(2, 60), min_size=1, max_size=12), share=st.floats(0, 1))
def test_rows_are_apportioned_whole_and_one_of_each_class_stays(sizes: list[int], share: float) -> None:
    held_rows = min(round(share * sum(sizes)), sum(sizes) - len(sizes))
    counts = apportioned(sizes, held_rows)
    assert sum(counts) == held_rows
    assert all(0 <= count < size for count, size in zip(counts, sizes, strict=True))


@pytest.mark.parametrize("entry", DATASETS, ids=lambda entry: entry.__name__)
def test_every_dataset_can_hold_rows_out_and_its_lines_of_numpy_hold_out_the_same(entry: type[Dataset]) -> None:
    plain = entry()
    data = entry(validation=ShareValidation(share=0.4, seed=3))
    spec = field_specs(entry)[-1]
    assert (spec.name, spec.shape) == ("validation", "variant"), "it stands below what each has of its own"
    for made in (data, *([entry(validation=StratifiedValidation())] if plain.is_labelled else [])):
        names: dict[str, Any] = {"np": np}
        exec("\n".join(made.whole_code(7)), names)
        assert np.array_equal(names["held"], held(made, 7))
        assert 0 < names["held"].sum() < made.rows
    assert "held" not in "\n".join(plain.whole_code(7))
    assert to_data(from_data(to_data(Experiment(objective=fit(data))))) == to_data(Experiment(objective=fit(data)))


ROWS = [[1.0, 0.0, 10.0], [2.0, 1.0, 30.0], [4.0, 0.0, 20.0], [100.0, 1.0, 5.0], [6.0, 0.0, 8.0]]


@pytest.mark.parametrize("kind", ["standardise", "min_max"])
@pytest.mark.parametrize("validation", [{"kind": "column", "column": "split"}, {"kind": "share", "share": 0.4}])
def test_columns_are_scaled_by_the_rows_that_are_trained_on_alone(kind: str, validation: dict[str, Any]) -> None:
    data = TableDataset.model_validate(
        {
            "table": Table(("a", "split", "y"), np.array(ROWS)),
            "inputs": ("a",),
            "scaling": {"kind": kind},
            "target": {"kind": "values", "scaling": {"kind": kind}},
            "validation": validation,
        }
    )
    inputs, targets = data.arrays(0)
    seen = ~held(data)
    for made, column in ((inputs, 0), (targets, 2)):
        given = np.array(ROWS)[:, [column]]
        shift, spread = (given[seen].mean(), given[seen].std()) if kind == "standardise" else (
            given[seen].min(), np.ptp(given[seen])
        )  # fmt: skip
        np.testing.assert_allclose(made, (given - shift) / spread, rtol=1e-15)
    names: dict[str, Any] = {"np": np}
    exec("\n".join(data.whole_code(0)), names)
    assert np.array_equal(names["x"], inputs)
    assert np.array_equal(names["y"], targets)
    shift, spread = data.input_terms
    np.testing.assert_array_equal(inputs[:, 0], (np.array(ROWS)[:, 0] - shift) / spread)


def test_a_column_that_marks_rows_is_no_input_and_the_form_tells_what_it_marks() -> None:
    experiment = table_fit(ROWS, ("a", "is_test", "y"), validation={"kind": "column"})
    data = experiment.objective.data  # type: ignore[union-attr]
    assert data.input_names == ("a",)
    assert held(data).tolist() == [False, True, False, True, False]
    assert notes_of(data)["validation"] == "2 rows held out, where is_test is 1; 3 rows to train on."
    other = with_value(experiment, "objective.data.validation.held", "smaller")
    assert held(other.objective.data).tolist() == [True, False, True, False, True]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "marks_held"),
    [("split", True), ("is_test", True), ("set = train", False), ("set = test", True), ("Training", False),
     ("train_test", True), ("trained = valid", True), ("训练", False), ("held", True)],
)  # fmt: skip
def test_the_name_of_a_column_tells_which_of_its_numbers_marks_rows_held_out(name: str, marks_held: bool) -> None:
    rows = [[row[0], 5 + 2 * row[1], row[2]] for row in ROWS]
    experiment = table_fit(rows, ("a", name, "y"), validation={"kind": "column", "column": name})
    larger = np.array([False, True, False, True, False])
    found = held(experiment.objective.data)  # type: ignore[union-attr]
    assert np.array_equal(found, larger if marks_held else ~larger)


def test_a_lag_loses_the_same_rows_of_the_marks() -> None:
    data = TableDataset.model_validate(
        {
            "table": Table(("a", "split", "y"), np.array(ROWS)),
            "features": ({"kind": "lag", "column": "y", "rows_before": 2},),
            "validation": {"kind": "column", "column": "split"},
        }
    )
    assert held(data).tolist() == [False, True, False]
    names: dict[str, Any] = {"np": np}
    exec("\n".join(data.whole_code(0)), names)
    assert np.array_equal(names["held"], held(data))


def test_what_cannot_be_held_out_is_refused_in_a_sentence() -> None:
    eleven, moons = Experiment(objective=FitObjective()), Experiment(objective=fit(TwoMoons(points=20)))
    path = "objective.data.validation"
    few = refusal(path, {"kind": "share", "share": 0.04}, eleven)
    assert (few.path, "would hold out no row" in few.reason) == (f"{path}.share", True)
    values = refusal(f"{path}.kind", "stratified", eleven)
    assert "values and no classes" in values.reason
    assert "no table" in refusal(f"{path}.kind", "column", moons).reason
    alone = table_fit([[1, 0], [2, 0], [3, 1]], ("x", "class"), target={"kind": "labels"})
    assert "class 1 has one row" in refusal(path, {"kind": "stratified", "share": 0.4}, alone).reason
    three = table_fit([[1, 0, 1], [2, 1, 2], [3, 2, 3]], ("x", "split", "y"))
    told = refusal(path, {"kind": "column", "column": "split"}, three)
    assert (told.path, "3 different values (0, 1, 2)" in told.reason) == (f"{path}.column", True)
    assert "no column 'z'" in refusal(path, {"kind": "column", "column": "z"}, three).reason
    assert "the target already" in refusal(path, {"kind": "column", "column": "y"}, three).reason
    assert "has two values" in refusal(path, {"kind": "column"}, three).reason
    assert "this objective has none" in refusal(f"{path}.kind", "share", Experiment()).reason


def test_early_stopping_wants_rows_held_out_and_goes_with_them() -> None:
    plain = Experiment(objective=fit(TwoMoons()))
    told = refusal("objective.stopping.kind", "early", plain)
    assert told.mending is not None
    mended = with_value(plain, told.mending.path, told.mending.value)
    early = with_value(mended, "objective.stopping.kind", "early")
    assert isinstance(early.objective.stopping, EarlyStopping)  # type: ignore[union-attr]
    without = with_value(early, "objective.data.validation.kind", "none")
    assert without.objective.stopping.kind == "none"  # type: ignore[union-attr]
    other = with_value(early, "objective.data.kind", "circles")
    assert other.objective.stopping.kind == "early"  # type: ignore[union-attr]
    assert other.objective.data.validation == ShareValidation()  # type: ignore[union-attr]


def test_batches_and_epochs_count_the_rows_that_are_trained_on() -> None:
    data = NoisyLine(points=100, validation=ShareValidation(share=0.25))
    made = with_value(Experiment(objective=fit(data)), "objective.batch", {"kind": "mini", "size": 25})
    assert made.objective.steps_per_epoch == 3
    assert "75, the rows that are trained on" in refusal("objective.batch.size", 76, made).reason


def test_how_often_rows_are_evaluated_is_told_and_chosen_by_size() -> None:
    small, large = (fit(TwoMoons(points=count, validation=ShareValidation())) for count in (100, 100_000))
    assert (fit(TwoMoons()).evaluation_every, small.evaluation_every, large.evaluation_every) == (0, 1, 10)
    batches = FitObjective.model_validate({**dict(large), "batch": {"kind": "mini", "size": 100}})
    assert batches.evaluation_every == batches.steps_per_epoch == 800
    assert batches.notes()["data.validation"].startswith("Evaluated once in 800 steps")
    chosen = large.model_copy(update={"evaluate_every": 7})
    assert chosen.evaluation_every == 7


def test_points_that_become_a_table_keep_the_split() -> None:
    data = TwoMoons(points=30, validation=StratifiedValidation(seed=4))
    table = as_table(data, 0)
    assert table is not None
    assert np.array_equal(held(table), held(data))
    before = FitObjective.model_validate({**dict(fit(data)), "stopping": EarlyStopping(patience=3)})
    assert fitted_to(table, before).stopping == EarlyStopping(patience=3)
    assert fitted_to(table.model_copy(update={"validation": type(before).model_fields["data"].default.validation}),
                     before).stopping.kind == "none"  # fmt: skip


def test_the_best_weights_are_in_the_estimate_of_the_memory() -> None:
    data = TwoMoons(validation=ShareValidation())
    plain = Experiment(objective=fit(data))
    early = with_value(plain, "objective.stopping.kind", "early")
    before, after = memory_of(plain), memory_of(early)
    assert before is not None
    assert after is not None
    assert after.best == after.parameters > before.best == 0
    assert after.checkpoints - before.checkpoints == 1001 * after.best
    assert after.total > before.total
