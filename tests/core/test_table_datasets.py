"""Datasets from tables: columns, scaling, labels, what is refused, and the lines of numpy that give the same."""

from __future__ import annotations

import gc
import time
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from gradviz.core.data.class_datasets import Blobs
from gradviz.core.data.curve_datasets import Parabola, Regression, Temperatures
from gradviz.core.data.shaped_datasets import BarImages
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.declaration import SettingError, setting_error
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment, from_data, to_data, with_value
from gradviz.core.document.lesson import Lesson, Texts, TextsByLanguage, titled
from gradviz.core.document.table_fits import as_table, document_on, experiment_on, fitted_to
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.objectives.catalogue import TestFunctionObjective
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.objectives.losses import L1, MSE, CrossEntropy
from gradviz.core.tables.scalings import SCALINGS, DivideBy, MinMax, NoScaling, Standardise
from gradviz.core.tables.tables import Table, tables_in
from gradviz.core.tables.targets import LabelsTarget

VALUES = np.array([[1.0, 5.0, 0.0, 10.0], [2.0, 5.0, 2.0, 30.0], [4.0, 5.0, 1.0, 20.0]])
NAMES = ("a", "constant", "class", "y")


def dataset(**settings: Any) -> TableDataset:
    return TableDataset.model_validate({"table": Table(NAMES, VALUES), **settings})


def refusal(**settings: Any) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        dataset(**settings)
    error = setting_error(caught.value)
    assert len(str(error)) <= 300
    return error.path, error.reason


def made_by(lines: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """What the lines of a script give."""
    names: dict[str, Any] = {"np": np}
    exec("\n".join(lines), names)
    return names["x"], names["y"]


def test_the_last_column_is_the_target_and_the_others_are_inputs() -> None:
    data = dataset()
    inputs, targets = data.arrays(0)
    assert inputs.tolist() == VALUES[:, :3].tolist()
    assert targets.tolist() == VALUES[:, 3:].tolist()
    assert (data.rows, data.input_shape, data.outputs, data.is_labelled) == (3, (3,), 1, False)


def test_columns_are_chosen_by_name_and_in_their_order() -> None:
    data = dataset(inputs=("y", "a"), target={"kind": "values", "columns": ("class", "constant")})
    inputs, targets = data.arrays(0)
    assert inputs.tolist() == VALUES[:, [3, 0]].tolist()
    assert targets.tolist() == VALUES[:, [2, 1]].tolist()
    assert data.outputs == 2


@example([(0.0, 0.0, 0.0), (0.0, 0.0, 8e-272)], Standardise(), Standardise())  # its deviation underflows to 0
@given(
    st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 3), min_size=2, max_size=9),
    st.sampled_from([NoScaling(), Standardise(), MinMax(), DivideBy(divisor=255.0)]),
    st.sampled_from([NoScaling(), Standardise(), MinMax()]),
)
def test_the_lines_of_numpy_give_the_same_arrays_bit_for_bit(rows: Any, scaling: Any, of_target: Any) -> None:
    data = TableDataset.model_validate(
        {
            "table": Table(("a", "b", "c"), np.array(rows)),
            "inputs": ("b", "a"),
            "scaling": scaling,
            "target": {"kind": "values", "scaling": of_target.model_dump()},
        }
    )
    x, y = made_by(data.code(0))
    inputs, targets = data.arrays(0)
    assert x.tobytes() == inputs.tobytes()
    assert y.tobytes() == targets.tobytes()


def test_the_lines_for_labels_and_the_file_of_a_large_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labelled = dataset(inputs=("a", "y"), target={"kind": "labels", "columns": ("class",)})
    x, y = made_by(labelled.code(0))
    assert (x.tolist(), y.tolist(), y.dtype) == (VALUES[:, [0, 3]].tolist(), [0, 2, 1], np.int64)
    values = np.random.default_rng(2).normal(size=(6000, 2))
    lines = ["ä;y", *(f"{a!r};{b!r}".replace(".", ",") for a, b in values.tolist())]
    (tmp_path / "data.csv").write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    source = {"file": "data.csv", "separator": ";", "decimal": ","}
    large = TableDataset.model_validate({"table": Table(("ä", "y"), values), "source": source})
    monkeypatch.chdir(tmp_path)
    x, y = made_by(large.code(0))
    assert len(large.code(0)) == 3
    assert np.array_equal(np.hstack([x, y]), values)
    changed = TableDataset.model_validate({"table": Table(("ä", "y"), values), "source": source | {"exact": False}})
    with pytest.raises(ValueError, match="too many to be written into a script"):
        changed.code(0)


def test_what_a_scaling_does_is_worked_out_once_and_of_the_columns_that_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns = [f"c{number}" for number in range(1000)]
    table = Table(columns, np.random.default_rng(0).normal(size=(50, 1000)))
    asked: list[int] = []
    terms = Standardise.terms

    def counted(self: Standardise, given: Any) -> Any:
        asked.append(given.shape[1])
        return terms(self, given)

    monkeypatch.setattr(Standardise, "terms", counted)
    data = TableDataset(table=table, scaling=Standardise())
    note = data.notes()["scaling"]
    assert note.count("\n") == 4
    assert note.endswith("and 995 more")
    assert data.notes()["scaling"] == note
    assert TableDataset.model_validate(data.model_dump() | {"table": table}).notes()["scaling"] == note
    assert asked == [4]
    other = data.model_copy(update={"inputs": ("c7", "c9")})
    assert other.notes()["scaling"].startswith("(c7 ")
    assert asked == [4, 2]


def test_scalings_against_their_definition() -> None:
    inputs, _ = dataset(scaling=Standardise()).arrays(0)
    assert np.allclose(inputs[:, [0, 2]].mean(axis=0), 0)
    assert np.allclose(inputs[:, [0, 2]].std(axis=0), 1)
    assert inputs[:, 1].tolist() == [0, 0, 0], "a constant column must not become noise divided by rounding"
    tenths = Standardise().apply(np.full((7, 1), 0.1), np.full((7, 1), 0.1))
    assert np.abs(tenths).max() < 1e-15
    inputs, _ = dataset(scaling=MinMax()).arrays(0)
    assert inputs[:, 0].tolist() == [0, 1 / 3, 1]
    assert dataset(scaling=DivideBy(divisor=4.0)).arrays(0)[0][2].tolist() == [1.0, 1.25, 0.25]
    assert {scaling.label for scaling in SCALINGS} == {"As they are", "Standardise", "From 0 to 1", "Divide by"}


def test_numbers_too_large_to_be_scaled_are_refused_when_built() -> None:
    data = TableDataset.model_validate(
        {"table": Table(("a", "y"), np.array([[1e308, 1.0], [-1e308, 2.0]])), "scaling": Standardise()}
    )
    with pytest.raises(ValueError, match="not finite"):
        data.build(0, torch.float64)


def test_fault_30_labels_are_refused_with_the_row() -> None:
    labels = {"kind": "labels", "columns": ("class",), "names": ("red", "blue")}
    said = "row 2 of column 'class' holds 2, but the 2 classes have the labels 0 to 1"
    assert refusal(target=labels) == ("target", said)
    assert "row 1 of column 'y' holds 10" in refusal(target={"kind": "labels", "names": ("p", "q")})[1]
    assert refusal(target={"kind": "labels", "columns": ("constant",)})[1].endswith("nothing to tell apart")
    for wrong, said in (
        (1.5, "holds 1.5, but a class label is a whole"),
        (-1.0, "holds -1"),
        (1e9, "holds 1000000000"),
    ):
        table = Table(("a", "k"), np.array([[0.0, 0.0], [0.0, 1.0], [0.0, wrong]]))
        path, reason = refusal(table=table, target={"kind": "labels"})
        assert path == "target"
        assert reason.startswith("row 3 of column 'k'")
        assert said in reason
    assert "one column" in refusal(target={"kind": "labels", "columns": ("a", "y")})[1]


def test_columns_that_do_not_fit_are_refused_by_name() -> None:
    assert refusal(inputs=("z",)) == ("inputs", "there is no column 'z'; there are a, constant, class, y")
    assert "named twice" in refusal(inputs=("a", "a"))[1]
    assert "is the target already" in refusal(inputs=("a", "y"))[1]
    assert "no column is left" in refusal(target={"kind": "values", "columns": NAMES})[1]
    assert refusal(target={"kind": "values", "columns": ("q",)})[0] == "target.columns"


def test_columns_and_target_are_changed_in_the_form() -> None:
    three = Table(("a", "b", "k"), np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 1.0]]))
    experiment = experiment_on(TableDataset(table=three), Experiment())
    with pytest.raises(SettingError, match="there is no column 'q'"):
        with_value(experiment, "objective.data.inputs", ["q"])
    changed = with_value(experiment, "objective.data.target.scaling.kind", "standardise")
    assert changed.objective.data.arrays(0)[1].tolist() == [[-1.0], [1.0]]  # type: ignore[union-attr]
    changed = with_value(experiment, "objective.data.scaling.kind", "divide")
    assert changed.objective.data.scaling == DivideBy()  # type: ignore[union-attr]


def test_a_fit_keeps_the_model_and_the_loss_that_go_on_fitting() -> None:
    data = dataset()
    first = fitted_to(data, TestFunctionObjective())
    assert (first.model, first.loss) == ((LinearLayer(features=1),), MSE())
    kept = fitted_to(data, FitObjective(data=data, model=(LinearLayer(features=7), LinearLayer(features=1)), loss=L1()))
    assert (len(kept.model), kept.loss) == (2, L1())
    labelled = dataset(target=LabelsTarget(columns=("class",)))
    wider = fitted_to(labelled, kept)
    assert wider.model == (LinearLayer(features=7), LinearLayer(features=3))
    assert wider.loss == L1(), "a loss on values takes labels as one-hot"
    assert fitted_to(labelled, TestFunctionObjective()).loss == CrossEntropy()
    back = fitted_to(data, fitted_to(labelled, TestFunctionObjective()))
    assert back.loss == MSE()


def test_other_data_is_another_experiment_and_its_old_texts_go() -> None:
    texts = TextsByLanguage(en=Texts(title="Case", hint="h", lesson="l"), zh=Texts(title="t"))
    before = Document(lesson=Lesson(case="E1", texts=texts), experiment=Experiment(hand_gradient="d_x = 1", steps=7))
    after = document_on(dataset(), before, "data")
    assert after.lesson == titled("data")
    assert (after.experiment.hand_gradient, after.experiment.steps) == ("", 7)
    assert document_on(dataset(), before, "d" * 200).title == "d" * 120
    kept = document_on(dataset(), before)
    assert kept.lesson == before.lesson
    assert kept.experiment == experiment_on(dataset(), before.experiment)


def test_tables_are_found_wherever_they_are() -> None:
    data = dataset()
    assert tables_in(experiment_on(data, Experiment())) == (data.table,)
    assert tables_in(Experiment()) == ()


def test_an_experiment_with_a_million_rows_is_quick_to_edit_and_leaves_nothing_behind() -> None:
    values = np.zeros((1_000_000, 4))
    values[::3, 3] = 1.0
    values[:, :3] = np.random.default_rng(0).normal(size=(1_000_000, 3))
    data = TableDataset.model_validate({"table": Table(("a", "b", "c", "k"), values), "target": {"kind": "labels"}})
    experiment = experiment_on(data, Experiment())
    times = []
    for lr in (0.1, 0.2, 0.3, 0.4, 0.5):
        start = time.perf_counter()
        experiment = with_value(experiment, "optimizers.0.lr", lr)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.05
    assert from_data(to_data(experiment)) == experiment
    gone = weakref.ref(data.table)
    del data, experiment
    gc.collect()
    assert gone() is None


def test_a_fault_is_told_at_its_field_although_kind_and_field_have_one_name() -> None:
    experiment = experiment_on(dataset(), Experiment())
    for path, value in (
        ("objective.data.inputs", ["y"]),
        ("objective.data.table", {"columns": ["a"], "rows": [["x"]]}),
        ("objective.data.target.columns", ["nobody"]),
    ):
        with pytest.raises(SettingError) as caught:
            with_value(experiment, path, value)
        assert caught.value.path == path


def test_other_data_becomes_a_table_with_the_same_arrays() -> None:
    for data in (Temperatures(scale=0.1), Regression(points=5), Blobs(), Parabola()):
        table = as_table(data, 3)
        assert table is not None
        for mine, other in zip(table.arrays(0), data.arrays(3), strict=True):
            assert np.array_equal(mine, other)
        assert table.is_labelled == data.is_labelled
    assert as_table(BarImages(), 0) is None
