"""What a row must go through before a model, with the weights and in sight: by names, and undone exactly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
import torch

from gradviz.core.data.features import Power
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.experiment import Experiment
from gradviz.core.document.line_fits import line_in_units
from gradviz.core.document.scaling_data import SCALING, about_weights
from gradviz.core.document.table_fits import experiment_on
from gradviz.core.tables.scalings import DivideBy, MinMax, Scaling, Standardise
from gradviz.core.tables.tables import Table
from gradviz.storage.experiments.weights import load_weights, save_weights

VALUES = np.array([[1.0, 50.0, 0.0], [2.0, 70.0, 1.0], [4.0, 20.0, 1.0], [8.0, 60.0, 0.0]])


def dataset(scaling: Scaling, /, **target: object) -> TableDataset:
    target = {"kind": "values"} | target
    return TableDataset.model_validate(
        {"table": Table(("hours", "age", "pass"), VALUES), "scaling": scaling, "features": (Power(),), "target": target}
    )


def test_the_scaling_travels_with_the_weights_and_gives_the_same_inputs(tmp_path: Path) -> None:
    for scaling in (Standardise(), MinMax(), DivideBy(divisor=4.0)):
        data = dataset(scaling)
        path = tmp_path / "line.safetensors"
        weights = {"0.weight": np.ones((1, 3), dtype=np.float32)}
        save_weights(path, weights, about_weights(experiment_on(data, Experiment())))
        with safetensors.safe_open(str(path), "numpy") as opened:
            told = json.loads(opened.metadata()[SCALING])
        assert [one["name"] for one in told["inputs"]] == ["hours", "age", "hours^2"]
        raw = np.column_stack((VALUES[:, :2], VALUES[:, 0] ** 2))
        scaled = (raw - [one["minus"] for one in told["inputs"]]) / [one["divided_by"] for one in told["inputs"]]
        assert scaled.tobytes() == data.arrays(0)[0].tobytes()
        assert list(load_weights(path)) == ["0.weight"]
    assert about_weights(Experiment()) == {}


def test_the_scaling_stands_in_a_pt_file_that_torch_and_gradviz_read_as_before(tmp_path: Path) -> None:
    about = about_weights(experiment_on(dataset(Standardise()), Experiment()))
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    path = tmp_path / "line.pt"
    save_weights(path, weights, about)
    read = torch.load(path, weights_only=True)
    assert json.loads(read._metadata[SCALING])["inputs"][0]["name"] == "hours"
    assert torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).load_state_dict(read)
    assert {name: value.tolist() for name, value in load_weights(path, allow_pickle=True).items()} == {
        name: value.tolist() for name, value in weights.items()
    }


def test_names_of_columns_and_classes_go_where_their_numbers_go() -> None:
    data = dataset(Standardise(), kind="labels", names=("no", "yes"))
    told = json.loads(about_weights(experiment_on(data, Experiment()))[SCALING])
    assert told["classes"] == ["no", "yes"]
    inputs, targets, classes = data.axis_names
    assert inputs == ("hours, standardised", "age, standardised", "hours^2, standardised")
    assert (targets, classes) == (("pass",), ("no", "yes"))
    assert dataset(DivideBy(divisor=4.0)).axis_names[0][0] == "hours / 4"


def test_a_line_in_the_units_of_its_columns_predicts_what_the_scaled_one_does() -> None:
    for scaling in (Standardise(), MinMax(), DivideBy(divisor=4.0)):
        data = dataset(scaling, scaling=Standardise().model_dump())
        weight, bias = [[0.5, -2.0, 0.25]], [0.75]
        line = line_in_units(data, {"0.weight": weight, "0.bias": bias})
        assert line is not None
        shift, spread = data.target_terms
        scaled = data.arrays(0)[0] @ np.array(weight[0]) + bias[0]
        raw = np.column_stack((VALUES[:, :2], VALUES[:, 0] ** 2)) @ list(line["slopes"].values()) + line["intercept"]
        assert np.allclose(scaled * spread[0] + shift[0], raw, rtol=1e-12)
    assert line_in_units(dataset(Standardise(), kind="labels"), {"0.weight": weight, "0.bias": bias}) is None
