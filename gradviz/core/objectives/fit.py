"""The fit: a model of layers, fitted to data under a loss, batch by batch."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import field_validator, model_validator

from gradviz.core.data.batches import AnyBatch, FullBatch
from gradviz.core.data.catalogue import AnyDataset
from gradviz.core.data.curve_datasets import Temperatures
from gradviz.core.declaration import FieldError, Mending, setting
from gradviz.core.layers.catalogue import AnyLayer
from gradviz.core.layers.dense import LineLayer
from gradviz.core.layers.layer import Shape, ShapeError, count_of, written
from gradviz.core.layers.learning import Learning
from gradviz.core.layers.sequence import Embedding
from gradviz.core.numbers import plural
from gradviz.core.objectives.autocast import AnyAutocast, NoAutocast
from gradviz.core.objectives.declared import DeclaredObjective
from gradviz.core.objectives.losses import MSE, AnyLoss
from gradviz.core.objectives.stopping import AnyStopping, NoStopping
from gradviz.core.words import say

MAX_PARAMETERS = 100_000_000
MAX_LAYERS = 1000
SMALL_EVALUATION = 50_000
"""Numbers of an evaluation of all rows up to which every step has one; of more, every epoch or every so many steps."""
FEWEST_BETWEEN = 10
"""Steps between two evaluations of a larger fit, at least."""


class FitObjective(DeclaredObjective):
    """A model, a list of layers, fitted to data under a loss."""

    label: ClassVar[str] = "Fit"
    about: ClassVar[str] = "A model fitted to data under a loss."
    kind: Literal["fit"] = "fit"
    data: AnyDataset = setting(Temperatures(), title="Data", description="What the model is fitted to.")
    model: tuple[AnyLayer, ...] = setting(
        (LineLayer(),),
        title="Model",
        description="The layers, from input to output.",
        min_length=1,
    )
    loss: AnyLoss = setting(MSE(), title="Loss", description="How prediction and target are compared.")
    batch: AnyBatch = setting(FullBatch(), title="Batch", description="Which rows a step looks at.")
    mode: Literal["train", "eval"] = setting(
        "train",
        title="Mode",
        description="Of Dropout and BatchNorm while training; predictions are always made in eval mode.",
    )
    evaluate_every: int = setting(
        0,
        title="Evaluate every",
        description="Steps from one evaluation of the rows held out to the next, in eval mode; 0 chooses them by size.",
        ge=0,
        le=10**9,
        is_last=True,
    )
    stopping: AnyStopping = setting(
        NoStopping(),
        title="Early stopping",
        description="Whether the run ends once the loss of the rows held out no longer improves.",
        editor="compact",
    )

    autocast: AnyAutocast = setting(
        NoAutocast(),
        title="Autocast",
        description="Mixed precision, torch.autocast: matrix products and convolutions are computed in this precision, "
        "the parameters stay float32.",
        editor="compact",
    )

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shape of one row: of the input, and after every layer. FieldError names the layer that does not fit."""
        shapes = [self.data.input_shape]
        for index, layer in enumerate(self.model):
            try:
                shapes.append(layer.shape_out(shapes[-1]))
            except ShapeError as error:
                raise FieldError(f"model.{index}", str(error)) from None
        return tuple(shapes)

    @property
    def idle(self) -> frozenset[str]:
        return frozenset() if self.data.validation.holds_out else frozenset({"evaluate_every", "stopping"})

    @property
    def has_fit(self) -> bool:
        return True

    @property
    def steps_per_epoch(self) -> int:
        rows = self.data.training_rows
        return -(-rows // self.batch.rows_of_step(rows))

    @property
    def evaluation_every(self) -> int:
        """Steps from one evaluation of the rows held out to the next; 0 where none are."""
        if not self.data.validation.holds_out:
            return 0
        if self.evaluate_every:
            return self.evaluate_every
        is_small = self.activations * self.data.rows <= SMALL_EVALUATION
        return 1 if is_small else max(FEWEST_BETWEEN, self.steps_per_epoch)

    @property
    def parameter_count(self) -> int:
        return sum(layer.parameter_count(shape) for layer, shape in zip(self.model, self.shapes, strict=False))

    @property
    def most_tensors(self) -> int:
        """The tensors that the model keeps, at most."""
        return sum(layer.most_tensors(shape) for layer, shape in zip(self.model, self.shapes, strict=False))

    @property
    def activations(self) -> int:
        """Numbers that the evaluation of one row makes, its inputs included."""
        made = sum(layer.activations(shape) for layer, shape in zip(self.model, self.shapes, strict=False))
        return count_of(self.data.input_shape) + made

    def notes(self) -> dict[str, str]:
        notes = {}
        for index, (layer, shape) in enumerate(zip(self.model, self.shapes, strict=False)):
            count = layer.parameter_count(shape)
            counted = f"   {count:,} parameter{'s' * (count != 1)}" if count else ""
            learning = f", {layer.learns.told}" if count and layer.learns.told else ""
            notes[f"model.{index}"] = f"{written(shape)} → {written(self.shapes[index + 1])}{counted}{learning}"
        if self.data.validation.holds_out:
            every = self.evaluation_every
            how_often = "at every step" if every == 1 else f"once in {plural(every, 'step')}"
            score = "the share of right answers" if self.data.is_labelled else "R²"
            notes["data.validation"] = f"Evaluated {how_often}: the loss of the rows held out, and {score} of both."
        hint = self.loss.hint(self.model[-1].kind)
        return notes | ({"loss": hint} if hint else {})

    @field_validator("model", mode="before")
    @classmethod
    def _has_few_layers(cls, model: Any) -> Any:
        """Counted before the first layer is read, so that a million of them cost nothing."""
        if not isinstance(model, list | tuple):
            return model
        if len(model) > MAX_LAYERS:
            raise ValueError(f"the model has {len(model):,} layers; at most {MAX_LAYERS:,} can be drawn")
        return tuple(model)  # JSON hands this validator a list

    @model_validator(mode="after")
    def _can_be_built(self) -> FitObjective:
        self._check_tokens()
        count = self.parameter_count
        if count > MAX_PARAMETERS:
            gib = count * 4 / 2**30
            raise ValueError(
                f"the model would have {count:,} parameters, about {gib:,.0f} GiB in float32; "
                f"at most {MAX_PARAMETERS:,} can be built"
            )
        if count == 0:
            raise ValueError("the model has no parameter: add a Linear layer")
        self._check_learning()
        self._check_autocast()
        self._check_loss()
        self._check_outputs()
        self._check_validation()
        self._check_batch()
        return self

    @property
    def learning_layers(self) -> tuple[int, ...]:
        """The places of the layers that have parameters and are not frozen."""
        layers = enumerate(zip(self.model, self.shapes, strict=False))
        return tuple(k for k, (one, shape) in layers if one.parameter_count(shape) and not one.learns.is_frozen)

    @property
    def groups(self) -> tuple[Learning, ...]:
        """How its layers learn, each way once: that of the optimiser first, whose own group it is."""
        found = dict.fromkeys(self.model[k].learns for k in self.learning_layers)
        return tuple(sorted(found, key=lambda one: not one.is_usual))

    def _check_learning(self) -> None:
        if not self.learning_layers:
            frozen = [k for k, layer in enumerate(self.model) if layer.learns.is_frozen]
            reason = "every layer with parameters is frozen, so there is nothing to learn: let one of them learn"
            raise FieldError(f"model.{frozen[-1]}.learning.kind", reason)

    def _check_validation(self) -> None:
        """Rows that cannot be held out of the data, and early stopping without any."""
        validation = self.data.validation
        try:
            validation.check(self.data)
        except FieldError as error:
            raise FieldError(f"data.validation.{error.field}", str(error)) from None
        if self.stopping.is_early and not validation.holds_out:
            share = Mending(say("Hold out a fifth of the rows"), "data.validation.kind", "share")
            reason = "no rows are held out, so nothing tells when to stop: hold out a share of the rows first"
            raise FieldError("stopping.kind", reason, mending=share)

    def _check_tokens(self) -> None:
        """Tokens go through an Embedding, and nothing else does."""
        for index, layer in enumerate(self.model):
            if layer.takes_tokens and (index > 0 or not self.data.vocabulary):
                raise FieldError(f"model.{index}", f"{type(layer).label} takes tokens, but values arrive here")
        first = self.model[0]
        if self.data.vocabulary and not isinstance(first, Embedding):
            raise FieldError("model.0", f"the data has tokens, which {type(first).label} cannot take: use Embedding")
        if isinstance(first, Embedding) and first.tokens < self.data.vocabulary:
            raise FieldError("model.0.tokens", f"must be at least {self.data.vocabulary:,}, the tokens of the data")

    def _check_loss(self) -> None:
        """Labels or values: what the loss wants and what the data has."""
        if self.data.is_labelled and self.data.outputs < 2:
            raise FieldError("data", "the labels name only one class: there is nothing to tell apart")
        name, classes = type(self.loss).label, self.data.outputs
        if self.loss.wants != "values" and not self.data.is_labelled:
            cure = "set Target to Class labels" if self.data.kind == "table" else "try Squared error"
            raise FieldError("loss", f"{name} wants class labels, but the data has values: {cure}")
        if self.loss.wants == "binary" and classes != 2:
            raise FieldError("loss", f"{name} wants two classes, but the data has {classes}: try Cross entropy")
        last = next((layer for layer in reversed(self.model) if not layer.only_shapes), self.model[-1])
        if self.loss.needs_shares and not last.gives_shares:
            what = f"{type(last).label} gives others: end the model with Sigmoid, or try Binary cross entropy"
            raise FieldError("loss", f"{name} wants outputs between 0 and 1, but {what}")

    def _check_autocast(self) -> None:
        if self.autocast.dtype and self.loss.needs_shares:
            what = f"{type(self.loss).label} is unsafe there, and PyTorch refuses it on graphics cards"
            raise FieldError("autocast.kind", f"{what}: set it to Off, or try Binary cross entropy")

    @property
    def needed_outputs(self) -> int:
        """How many outputs the last layer must have for the data and the loss."""
        return 1 if self.loss.wants == "binary" else self.data.outputs

    def _check_outputs(self) -> None:
        shape, needed = self.shapes[-1], self.needed_outputs
        if shape == (needed,):
            return
        last = f"model.{len(self.model) - 1}"
        if len(shape) != 1:
            raise FieldError(last, f"a row leaves the last layer as {written(shape)}: add Flatten and Linear")
        what = "classes" if self.data.is_labelled else f"target{'s' * (needed != 1)}"
        if self.loss.wants == "binary":
            raise FieldError(last, f"the last layer gives {shape[0]:,} outputs, but {type(self.loss).label} wants 1")
        raise FieldError(last, f"the last layer gives {shape[0]:,} outputs, but the data has {needed} {what}")

    def _check_batch(self) -> None:
        """A batch larger than the data, and one too small for BatchNorm."""
        rows = self.data.training_rows
        size = self.batch.size_of(rows)
        if size > rows:
            what = "the rows that are trained on" if self.data.validation.holds_out else "the rows of the data"
            raise FieldError("batch.size", f"must be at most {rows:,}, {what}, not {size:,}")
        least = self.batch.least(rows)
        for index, (layer, shape) in enumerate(zip(self.model, self.shapes, strict=False)):
            if self.mode == "train" and least < layer.least_rows(shape):
                where = "batch.size" if size < rows else f"model.{index}"
                needed = plural(layer.least_rows(shape), "row")
                raise FieldError(
                    where,
                    f"{type(layer).label} needs {needed} in a batch, but the smallest batch of "
                    f"an epoch has {least}: choose another size, or the mode eval",
                )
