"""What a fit refuses and why, what it mends, and what it says of itself (faults 19, 30 and 34)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from fits import SMALL, fit_with

from gradviz.core.data.batches import MiniBatch
from gradviz.core.data.catalogue import DATASETS
from gradviz.core.data.class_datasets import Blobs, TwoMoons
from gradviz.core.data.curve_datasets import NoisyLine, Regression
from gradviz.core.data.dataset import Arrays, DataError, check_arrays
from gradviz.core.data.shaped_datasets import BarImages, TokenSequences
from gradviz.core.declaration import SettingError, kind_of, notes_of
from gradviz.core.document.experiment import Experiment, from_data, to_data, value_at, with_value
from gradviz.core.document.memory import bytes_text, memory_of
from gradviz.core.layers.activations import LogSoftmax, Sigmoid, Softmax
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.objectives.fit_starters import starter, starting
from gradviz.core.objectives.losses import LOSSES, NLL, BCEWithLogits, CrossEntropy
from gradviz.core.optimizers.catalogue import SGD, Adam

LINEAR = {"kind": "linear"}


def fit(**parts: Any) -> dict[str, Any]:
    return {"objective": {"kind": "fit", **parts}}


def linear(features: int) -> dict[str, Any]:
    return {"kind": "linear", "features": features}


def moons(**parts: Any) -> dict[str, Any]:
    return fit(data={"kind": "moons"}, **parts)


@pytest.mark.parametrize(
    ("data", "path", "part"),
    [
        (fit(model=[LINEAR, {"kind": "conv2d"}, LINEAR]), "objective.model.1", "gets (1): put Reshape before it"),
        (fit(model=[LINEAR, {"kind": "reshape"}]), "objective.model.1", "64 numbers, but its input has 1 feature"),
        (fit(model=[linear(2)]), "objective.model.0", "gives 2 outputs, but the data has 1 target"),
        (
            moons(model=[linear(3)], loss={"kind": "nll"}),
            "objective.model.0",
            "3 outputs, but the data has 2 classes",
        ),
        (moons(model=[linear(2)], loss={"kind": "bce_with_logits"}), "objective.model.0", "wants 1"),
        (fit(model=[LINEAR], loss={"kind": "cross_entropy"}), "objective.loss", "wants class labels"),
        (
            fit(data={"kind": "blobs"}, model=[LINEAR], loss={"kind": "bce_with_logits"}),
            "objective.loss",
            "wants two classes, but the data has 3",
        ),
        (fit(data={"kind": "bars"}, model=[linear(2)]), "objective.model.0", "add Flatten and Linear"),
        (fit(data={"kind": "tokens"}, model=[linear(2)]), "objective.model.0", "use Embedding"),
        (fit(model=[LINEAR, {"kind": "embedding"}, LINEAR]), "objective.model.1", "takes tokens"),
        (fit(model=[{"kind": "embedding"}, LINEAR]), "objective.model.0", "takes tokens"),
        (
            fit(data={"kind": "tokens"}, model=[{"kind": "embedding", "tokens": 9}, {"kind": "flatten"}, linear(2)]),
            "objective.model.0.tokens",
            "at least 10",
        ),
        (fit(batch={"kind": "mini", "size": 12}), "objective.batch.size", "at most 11, the rows of the data, not 12"),
        (fit(batch={"kind": "mini", "size": 0}), "objective.batch.size", "greater than or equal to 1"),
        (
            fit(model=[LINEAR, {"kind": "batch_norm1d"}], batch={"kind": "mini", "size": 1}),
            "objective.batch.size",
            "BatchNorm1d needs 2 rows",
        ),
        (
            fit(model=[LINEAR, {"kind": "batch_norm1d"}], batch={"kind": "mini", "size": 5}),
            "objective.batch.size",
            "the smallest batch of an epoch has 1",
        ),
    ],
)
def test_a_fit_is_refused_at_the_field_that_is_wrong(data: Any, path: str, part: str) -> None:
    with pytest.raises(SettingError) as told:
        from_data(data)
    assert told.value.path == path
    assert part in told.value.reason
    assert len(str(told.value)) <= 300


def test_batch_norm_with_single_rows_is_refused_where_torch_fails_and_only_there() -> None:
    norm = torch.nn.BatchNorm1d(1)
    with pytest.raises(ValueError, match="more than 1 value"):
        norm(torch.zeros(1, 1))
    layers = [LINEAR, {"kind": "batch_norm1d"}]
    assert from_data(fit(model=layers, batch={"kind": "mini", "size": 1}, mode="eval"))
    assert from_data(fit(model=layers, batch={"kind": "mini", "size": 3}))
    norm.eval()(torch.zeros(1, 1))


class Odd(TwoMoons):
    """Moons whose arrays are not what the dataset says."""

    def arrays(self, seed: int) -> Arrays:
        inputs, targets = super().arrays(seed)
        return ODDITIES[self.kind_of_oddity](inputs, targets)

    kind_of_oddity: str = "none"


ODDITIES: dict[str, Any] = {
    "none": lambda x, y: (x, y),
    "reach from 0 to 3": lambda x, y: (x, 3 * y),
    "reach from -1 to 0": lambda x, y: (x, y - 1),
    "are float64 numbers": lambda x, y: (x, y.astype(float)),
    "only one class": lambda x, y: (x, 0 * y),
    "was promised": lambda x, y: (x[:, :1], y),
    "not finite": lambda x, y: (np.where(x > 0.9, np.nan, x), y),
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_labels_that_would_fail_inside_torch_are_refused_before(oddity: str) -> None:
    data = Odd(kind_of_oddity=oddity)
    if oddity == "none":
        data.build(0, torch.float32)
        return
    with pytest.raises(DataError, match=oddity):
        data.build(0, torch.float32)


def test_tokens_and_targets_are_checked_too() -> None:
    tokens = TokenSequences(tokens=5)
    x, y = tokens.arrays(0)
    with pytest.raises(DataError, match="tokens reach from 0 to 5"):
        check_arrays(tokens, np.where(x == 4, 5, x), y)
    x, y = SMALL.arrays(0)
    with pytest.raises(DataError, match="targets"):
        check_arrays(SMALL, x, y[:, 0])


def started_with(kind: str) -> Experiment:
    return with_value(Experiment(objective=FitObjective()), "objective.data.kind", kind)


@pytest.mark.parametrize("entry", DATASETS, ids=kind_of)
@pytest.mark.parametrize("before", DATASETS, ids=kind_of)
def test_any_data_can_be_chosen_from_any_other(before: Any, entry: Any) -> None:
    experiment = with_value(Experiment(objective=starter(before())), "objective.data.kind", kind_of(entry))
    objective = experiment.objective
    assert isinstance(objective, FitObjective)
    assert type(objective.data) is entry
    if not objective.data.is_labelled:
        assert objective.loss.wants == "values"


def test_labels_bring_cross_entropy_where_the_model_has_to_change_anyway() -> None:
    assert value_at(started_with("bars"), "objective.loss.kind") == "cross_entropy"
    back = with_value(started_with("bars"), "objective.data.kind", "parabola")
    assert value_at(back, "objective.loss.kind") == "mse"


def test_a_new_number_of_classes_takes_the_last_layer_with_it_and_nothing_else() -> None:
    before = with_value(started_with("blobs"), "objective.loss.kind", "mse")
    after = with_value(before, "objective.data.classes", 5)
    assert value_at(after, "objective.model.2.features") == 5
    assert to_data(after)["objective"]["model"][:2] == to_data(before)["objective"]["model"][:2]
    assert value_at(after, "objective.loss.kind") == "mse"


@pytest.mark.parametrize("entry", LOSSES, ids=kind_of)
def test_a_loss_takes_the_last_layer_with_it(entry: Any) -> None:
    experiment = with_value(started_with("moons"), "objective.loss.kind", kind_of(entry))
    assert value_at(experiment, "objective.model.2.features") == (1 if entry.wants == "binary" else 2)


def test_a_convolution_can_be_put_between_by_hand() -> None:
    experiment = with_value(started_with("moons"), "objective.model.0.features", 64)
    experiment = with_value(experiment, "objective.model.1.kind", "reshape")
    kinds = [layer["kind"] for layer in to_data(experiment)["objective"]["model"]]
    assert kinds == ["linear", "reshape", "linear", "flatten", "linear"]
    experiment = with_value(experiment, "objective.model.2.kind", "conv2d")
    objective = experiment.objective
    assert isinstance(objective, FitObjective)
    assert objective.shapes[2:4] == ((1, 8, 8), (4, 6, 6))
    assert objective.shapes[-1] == (2,)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("objective.model.2.features", 4),
        ("objective.model", [LINEAR]),
        ("objective.batch", {"kind": "mini", "size": 1000}),
        ("objective.data.classes", 11),
        ("objective.loss.kind", "nothing"),
        ("objective.model.0.kind", "embedding"),
    ],
)
def test_what_is_plainly_wrong_is_refused_and_not_mended(path: str, value: Any) -> None:
    with pytest.raises(SettingError) as told:
        with_value(started_with("blobs"), path, value)
    assert told.value.path.startswith(path.removesuffix(".kind").removesuffix(".size").removesuffix(".features"))


def test_fewer_rows_take_the_batch_with_them() -> None:
    experiment = with_value(started_with("moons"), "objective.batch", {"kind": "mini", "size": 150})
    assert value_at(with_value(experiment, "objective.data.points", 100), "objective.batch.size") == 100


def test_notes_tell_shapes_counts_and_memory() -> None:
    experiment = Experiment(objective=starter(BarImages()))
    notes = notes_of(experiment)
    assert notes["objective.model.0"] == "(1, 8, 8) → (4, 6, 6)   40 parameters"
    assert notes["objective.model.1"] == "(4, 6, 6) → (4, 6, 6)"
    assert notes["objective.data"] == "200 rows of (1, 8, 8), 2 classes."
    assert notes["objective.model"].startswith("330 parameters; ")
    assert not [path for path in notes_of(Experiment()) if path.startswith("objective")]


@pytest.mark.parametrize(
    ("loss", "last", "part"),
    [
        (NLL(), (), "Log softmax"),
        (NLL(), (LogSoftmax(),), ""),
        (CrossEntropy(), (), ""),
        (CrossEntropy(), (Softmax(),), "leave out the last layer"),
        (BCEWithLogits(), (Sigmoid(),), "leave out the last layer"),
    ],
)
def test_a_loss_advises_about_the_last_layer(loss: Any, last: tuple[Any, ...], part: str) -> None:
    outputs = 1 if loss.wants == "binary" else 2
    declared = FitObjective(data=TwoMoons(), model=(LinearLayer(features=outputs), *last), loss=loss)
    assert part in declared.notes().get("loss", "")
    assert ("loss" in declared.notes()) == bool(part)


def test_the_estimate_counts_what_torch_allocates() -> None:
    declared = FitObjective(data=Blobs(points=40), model=(LinearLayer(features=7), LinearLayer(features=3)))
    experiment = Experiment(objective=declared, optimizers=(Adam(amsgrad=True), SGD()), dtype="float64")
    estimate = memory_of(experiment)
    assert estimate is not None
    model = torch.nn.Sequential(torch.nn.Linear(2, 7), torch.nn.Linear(7, 3)).double()
    size = sum(parameter.nbytes for parameter in model.parameters())
    optimizer = torch.optim.Adam(model.parameters(), amsgrad=True)
    model(torch.rand(40, 2, dtype=torch.float64)).sum().backward()
    optimizer.step()
    kept = sum(value.nbytes for state in optimizer.state.values() for value in state.values() if value.dim())
    assert estimate.parameters == estimate.gradients == 2 * size
    assert estimate.optimizer_state >= kept
    assert estimate.activations == 2 * 40 * (2 + 7 + 3) * 8
    mini = experiment.model_copy(update={"objective": declared.model_copy(update={"batch": MiniBatch(size=4)})})
    assert memory_of(mini).activations == estimate.activations // 10  # type: ignore[union-attr]
    inputs, targets = declared.data.build(0, torch.float64)
    assert estimate.data == inputs.nbytes + targets.nbytes
    assert memory_of(Experiment()) is None


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1023, "1,023 bytes"), (1024, "1.0 KiB"), (12_288, "12 KiB"), (2**40, "1.0 TiB")],
)
def test_bytes_for_a_person(count: int, text: str) -> None:
    assert bytes_text(count) == text


def test_every_default_fit_says_something_of_every_layer() -> None:
    for entry in DATASETS:
        declared = fit_with(entry)
        assert {f"model.{index}" for index in range(len(declared.model))} <= set(declared.notes())


@pytest.mark.parametrize(
    ("data", "model", "layers", "loss", "parameters"),
    [
        (NoisyLine(), "line", ["linear"], "mse", 2),
        (NoisyLine(), "network", ["linear", "tanh", "linear"], "mse", 25),
        (Regression(), "line", ["linear"], "mse", 22),
        (TwoMoons(), "line", ["linear"], "bce_with_logits", 3),
        (TwoMoons(), "network", ["linear", "tanh", "linear"], "cross_entropy", 42),
        (Blobs(), "line", ["linear"], "cross_entropy", 9),
    ],
)
def test_a_line_or_a_network_is_what_a_person_asks_for(
    data: Any, model: Any, layers: list[str], loss: str, parameters: int
) -> None:
    made = starting(data, model)
    assert [layer.kind for layer in made.model] == layers
    assert (made.loss.kind, made.parameter_count) == (loss, parameters)
