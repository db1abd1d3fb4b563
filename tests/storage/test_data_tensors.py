"""Large tables in the experiment file: bit for bit there and back, and refused in a sentence where they do not fit."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.experiment import Experiment, to_data
from gradviz.core.document.table_fits import experiment_on
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import LaneResult, LiveEdit, RunResult
from gradviz.core.runs.state import RunState
from gradviz.core.tables.tables import Table, tables_in
from gradviz.storage.experiments.experiment_file import FileError, load, save

ROWS = 6000


def large() -> Experiment:
    values = np.random.default_rng(5).normal(size=(ROWS, 2))
    values[0] = -0.0, 5e-324
    return experiment_on(TableDataset(table=Table(("温度", "y"), values)), Experiment())


def parts_of(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The document and the tensors of a file."""
    with safetensors.safe_open(path, "numpy") as opened:
        return json.loads(opened.metadata()["gradviz"]), {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118


def forge(path: Path, document: Any, tensors: dict[str, Any]) -> None:
    path.write_bytes(safetensors.numpy.save(tensors, {"gradviz": json.dumps(document)}))


def refusal(path: Path) -> str:
    gc.collect()  # a table that is alive elsewhere must not lend its rows
    with pytest.raises(FileError) as caught:
        load(path)
    assert len(str(caught.value)) <= 300
    return str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "large.gradviz"


def test_a_large_table_comes_back_bit_for_bit_after_its_maker_is_gone(path: Path) -> None:
    experiment = large()
    raw, digest = tables_in(experiment)[0].values.tobytes(), tables_in(experiment)[0].digest
    save(path, experiment, None)
    document, tensors = parts_of(path)
    assert set(tensors) == {f"data/{digest}"}
    assert len(json.dumps(document)) < 4000
    del experiment
    gc.collect()
    opened = load(path).experiment
    table = tables_in(opened)[0]
    assert table.values.tobytes() == raw
    assert (table.digest, table.columns) == (digest, ("温度", "y"))
    assert not table.values.flags.writeable
    again = path.with_name("again.gradviz")
    save(again, opened, None)
    assert again.read_bytes() == path.read_bytes()
    gone = weakref.ref(table)
    del opened, table
    gc.collect()
    assert gone() is None, "an opened table stays in memory when its document is closed"


def test_a_run_and_its_data_lie_side_by_side(path: Path) -> None:
    lanes = (LaneResult({"weight": np.ones((1, 1), dtype=np.float32)}),)
    history = RecordBlock(0, np.ones((3, 1)), np.empty((3, 1, 0)))
    edits = (LiveEdit(0, large().optimizers),)
    save(path, large(), RunResult(RunState.PAUSED, 2, "cpu", {}, edits, lanes, history=history))
    result = load(path).result
    assert result is not None
    assert list(result.lanes[0].weights) == ["weight"]
    assert result.history is not None
    assert result.history.losses.tolist() == [[1.0]] * 3
    assert result.finite


def test_a_small_table_stands_in_the_json_of_either_file(tmp_path: Path) -> None:
    experiment = experiment_on(TableDataset(), Experiment())
    for name in ("small.json", "small.gradviz"):
        save(tmp_path / name, experiment, None)
        assert load(tmp_path / name).experiment == experiment
    assert parts_of(tmp_path / "small.gradviz")[1] == {}


def test_plain_json_is_refused_for_a_large_table_and_the_old_file_stays(tmp_path: Path) -> None:
    target = tmp_path / "large.json"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(FileError, match=r"6,000 rows does not fit into a \.json file\. Save it as \.gradviz"):
        save(target, large(), None)
    assert target.read_text(encoding="utf-8") == "mine"


def test_a_json_file_that_names_a_large_table_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "large.json"
    target.write_text(json.dumps({"format": 2, "experiment": to_data(large())}), encoding="utf-8")
    assert "lacks the rows of its table" in refusal(target)


def test_forged_data_is_refused_in_a_sentence(path: Path) -> None:
    save(path, large(), None)
    document, tensors = parts_of(path)
    (name, values), columns = next(iter(tensors.items())), ["温度", "y"]
    other = values.copy()
    other[5, 1] += 1
    infinite = values.copy()
    infinite[7, 0] = np.inf
    for forged, said in (
        ({}, "lacks the rows"),
        ({name: other}, "holds other numbers"),
        ({name: infinite}, "row 8 of column '温度' is not a finite number"),
        ({name: values.astype(np.float32)}, "not a float64 table"),
        ({name: values.reshape(-1)}, "not a float64 table"),
        ({name: values.reshape(-1, 4)}, "2 numbers each"),
        ({name: values, "data/" + "0" * 64: values}, "does not use"),
    ):
        forge(path, document, forged)
        assert said in refusal(path)
    for wrong, said in (
        ({"columns": ["a", "b"]}, "holds other numbers"),
        ({"columns": 3}, "at least one column"),
        ({"rows": 3}, "other columns or rows"),
        ({"digest": 7}, "lacks the rows"),
        ({"digest": {"columns": columns, "digest": []}}, "lacks the rows"),
    ):
        changed = json.loads(json.dumps(document))
        changed["experiment"]["objective"]["data"]["table"] |= wrong
        forge(path, changed, {name: values})
        assert said in refusal(path)


def test_data_of_a_newer_format_that_is_not_known_here_is_left_out(path: Path) -> None:
    save(path, large(), None)
    document, tensors = parts_of(path)
    document["format"] = 99
    document["experiment"]["objective"]["data"]["colour"] = "red"
    document["experiment"]["objective"]["data"]["target"]["hue"] = 3
    forge(path, document, tensors | {"data/" + "0" * 64: np.ones((1, 1))})
    assert tables_in(load(path, newer_read_only=True).experiment)[0].rows == ROWS
