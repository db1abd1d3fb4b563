"""A first model for any data, and fits brought back into shape when their data, loss or a layer's kind changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from gradviz.core.data.catalogue import AnyDataset
from gradviz.core.declaration import FieldError
from gradviz.core.layers.activations import ReLU, Sigmoid, Tanh
from gradviz.core.layers.catalogue import AnyLayer
from gradviz.core.layers.dense import Flatten, LinearLayer, LineLayer
from gradviz.core.layers.image import Conv2d
from gradviz.core.layers.sequence import GRU, Embedding
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.objectives.losses import MSE, AnyLoss, BCEWithLogits, CrossEntropy

_HIDDEN = 8
_PARTS: dict[str, Any] = {
    "data": TypeAdapter(AnyDataset),
    "model": TypeAdapter(tuple[AnyLayer, ...]),
    "loss": TypeAdapter(AnyLoss),
}


def starter(data: AnyDataset) -> FitObjective:
    """A small model that takes the rows of `data`, with a loss that takes its targets."""
    return FitObjective(data=data, model=starter_model(data), loss=_usual_loss(data))


def starter_model(data: AnyDataset) -> tuple[AnyLayer, ...]:
    """Layers from a row of `data` to its outputs: one kind for each number of dimensions."""
    last = LinearLayer(features=data.outputs)
    if data.vocabulary:
        return (Embedding(tokens=data.vocabulary), GRU(), last)
    if len(data.input_shape) == 3:
        return (Conv2d(), ReLU(), Flatten(), last)
    if len(data.input_shape) == 2:
        return (GRU(), last)
    if data.is_labelled:
        return (LinearLayer(features=_HIDDEN), Tanh(), last)
    return (last,)


Model = Literal["line", "network"]


def starting(data: AnyDataset, model: Model) -> FitObjective:
    """A fit of rows of numbers by a model that a person has asked for.

    A line is one Linear layer: linear regression, logistic regression of two classes, softmax regression of more.
    """
    is_logistic = model == "line" and data.is_labelled and data.outputs == 2
    loss = BCEWithLogits() if is_logistic else _usual_loss(data)
    last = LinearLayer(features=1 if is_logistic else data.outputs)
    hidden = () if model == "line" else (LinearLayer(features=_HIDDEN), Tanh())
    return FitObjective(data=data, model=(*hidden, last), loss=loss)


def _usual_loss(data: AnyDataset) -> AnyLoss:
    return CrossEntropy() if data.is_labelled else MSE()


def mended(plain: dict[str, Any], edited: str, is_kind: bool) -> FitObjective | None:
    """A fit for the plain data of one that an edit has made impossible, or None where the edit is to blame.

    New data or another loss take the last layer and, if need be, loss and model with them; another kind of layer
    gets a last layer behind it; mini-batches get a size that the rows allow. What was edited, the setting at `edited`
    or its kind, stays as it is. The same data with another kind of target keep the model, if they can.
    """
    try:
        parts = {name: adapter.validate_python(plain[name], strict=True) for name, adapter in _PARTS.items()}
        rows = parts["data"].training_rows
    except (KeyError, ValidationError, FieldError):
        return None
    kept = ("batch", "mode", "evaluate_every", "stopping")[: 4 if parts["data"].validation.holds_out else 3]
    rest = {name: plain[name] for name in kept if name in plain}  # without rows held out nothing tells when to stop
    if edited == "batch":
        # of a few rows the usual batch would be more than all: a quarter of them is still a mini-batch
        rest["batch"] = {"size": max(1, rows // 4), **rest["batch"]}
    for model, loss in _candidates(edited, is_kind, **parts):
        batch = rest.get("batch", {})
        if isinstance(batch, dict) and batch.get("kind") == "mini" and type(batch.get("size")) is int:
            rest["batch"] = {**batch, "size": min(batch["size"], rows)}
        try:
            return FitObjective(data=parts["data"], model=model, loss=loss, **rest)
        except ValueError:
            continue
    return None


def _candidates(
    edited: str, is_kind: bool, data: AnyDataset, model: tuple[AnyLayer, ...], loss: AnyLoss
) -> Iterator[tuple[tuple[AnyLayer, ...], AnyLoss]]:
    """What to try, the smallest change first."""
    usual = _usual_loss(data).model_copy(update={"penalty": loss.penalty})
    keeps_model = is_kind and edited == "data.target"
    edited = edited.partition(".")[0]
    if edited == "batch":
        yield model, loss
        return
    losses = (loss,) if edited == "loss" else (loss, usual)
    if is_kind and edited == "data" and data.is_labelled and loss.wants == "values":
        losses = (usual,)  # one-hot squared errors are possible, but nobody asked for them
        if keeps_model and data.outputs == 2:
            # what gives one number is kept as it is: its sign tells two classes apart
            losses = (BCEWithLogits(penalty=loss.penalty), usual)
    outputs = {True: 1, False: data.outputs}
    if edited == "model":
        last = LinearLayer(features=outputs[loss.wants == "binary"])
        yield (*model, last), loss
        yield (*model, Flatten(), last), loss
        return
    for tried in losses:
        needed = outputs[tried.wants == "binary"]
        yield model, tried
        if edited == "loss":
            yield from _ended_anew(model, tried, needed)
        if tried.wants == "binary" and tried is not loss:
            continue  # for a loss that nobody asked for no model is changed
        if (keeps_model or edited == "loss") and isinstance(model[-1], LineLayer):
            yield (*model[:-1], LinearLayer(features=needed)), tried
        if isinstance(model[-1], LinearLayer):
            yield (*model[:-1], model[-1].model_copy(update={"features": needed})), tried
        if edited == "data":
            start = starter_model(data)
            yield (*start[:-1], LinearLayer(features=needed)), tried


def _ended_anew(
    model: tuple[AnyLayer, ...], loss: AnyLoss, needed: int
) -> Iterator[tuple[tuple[AnyLayer, ...], AnyLoss]]:
    """With a Sigmoid at its end for a loss of probabilities, and without the one that another loss does not want."""
    if loss.needs_shares:
        yield (*model, Sigmoid()), loss
        if isinstance(model[-1], LinearLayer):
            yield (*model[:-1], model[-1].model_copy(update={"features": needed}), Sigmoid()), loss
    elif isinstance(model[-1], Sigmoid) and len(model) > 1 and isinstance(model[-2], LinearLayer):
        yield (*model[:-2], model[-2].model_copy(update={"features": needed})), loss
