"""The objective of a fit: a model of layers, its data and its loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils.hooks import RemovableHandle

from gradviz.core.data.batches import MiniBatch
from gradviz.core.layers.learning import Learning
from gradviz.core.numbers import plural
from gradviz.core.objectives.fit import FitObjective
from gradviz.engine.objectives.fit_data import StepBatches, fit_data
from gradviz.engine.objectives.model_modes import Modes
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.objectives.penalty_terms import PenaltyTerms, sum_of
from gradviz.engine.objectives.scores import determination, share_right
from gradviz.engine.problems import EngineError

MOST_EVALUATED_NUMBERS = 1 << 24
"""Rows are predicted in pieces whose evaluation makes about so many numbers."""
MOST_LANDSCAPE_NUMBERS = 12_000
"""A surface evaluates the model at 16,384 points; above this many numbers a point it looks at fewer rows."""


class FitDescent(Objective):
    """A model of layers, its data and its loss.

    What a step evaluates does not depend on how it was reached, nor on how often it was looked at: its batch, its
    Dropout and the running mean of BatchNorm that it began with are those of the step.
    """

    def __init__(self, declared: FitObjective, seed: int, dtype: torch.dtype, device: torch.device) -> None:
        self.data = fit_data(declared, seed, dtype, device)
        self._inputs, self._targets = self.data.inputs, self.data.targets
        batch = declared.batch
        self._batches = StepBatches(batch, self.data, seed) if isinstance(batch, MiniBatch) else None
        torch.default_generator.manual_seed(seed)  # it is built on the CPU
        self.model = _build_model(declared, dtype).to(device)
        self._criterion = declared.loss.build()
        self._pure_criterion = SparedShares(self._criterion) if declared.loss.needs_shares else self._criterion
        if device.type != "cpu":
            self._criterion = self._pure_criterion
        self._reads_as = declared.loss.reads_as
        self.classes = declared.data.outputs if declared.data.is_labelled else 0
        """Number of classes; 0 where the targets are values."""
        self.names = declared.data.axis_names
        """What inputs, targets and classes are called where a person sees their numbers."""
        self.activations = declared.activations
        self.parameters = dict(self.model.named_parameters())
        self.learnings = self._learnings(declared)
        penalty = declared.loss.penalty
        self._penalty = PenaltyTerms(penalty, self.learned) if penalty.terms else None
        self._parts: dict[str, Tensor] = {}
        self._cast = _casting(declared.autocast.dtype, device)
        self.autocast = declared.autocast
        self._loss_of = self._plain_loss if self._cast is None else self._cast_loss
        self._modes = Modes(self.model, declared.mode == "train")
        is_random = declared.mode == "train" and any(layer.is_random for layer in declared.model)
        self._mask_seed = seed + 1 if is_random else None
        self._device = device
        self._step = 0
        self._buffers = {name: buffer.clone() for name, buffer in self.model.named_buffers()}
        self._own_buffers = list(self.model.buffers())
        self._is_evaluated = self._is_restored = False
        self._cuts_prediction = False
        self._is_cutting = True
        self._cut: frozenset[str] = frozenset()
        self._cut_hooks: list[RemovableHandle] = []
        self._prediction: Tensor | None = None
        self._loss: Tensor | None = None
        self._every = -(-len(self.data.inputs) * self.activations // MOST_LANDSCAPE_NUMBERS)
        self.loss_numbers = self.activations * len(self.data.inputs)
        self.landscape_numbers = self.loss_numbers // self._every

    def _learnings(self, declared: FitObjective) -> dict[str, Learning]:
        """How the parameters learn that do not as the optimiser says; what is frozen is so from here on."""
        found: dict[str, Learning] = {}
        for name, parameter in self.parameters.items():
            place = int(name.partition(".")[0]) if isinstance(self.model, nn.Sequential) else 0
            learning = declared.model[place].learns
            if not learning.is_usual:
                found[name] = learning
                parameter.requires_grad_(not learning.is_frozen)
        return found

    def at_step(self, step: int) -> None:
        if self._batches is not None:
            self._inputs, self._targets = self._batches.at(step)
        if self._is_evaluated and step != self._step:
            for kept, buffer in zip(self._buffers.values(), self._own_buffers, strict=True):
                kept.copy_(buffer)
            self._is_evaluated = False
        self._step = step

    def loss(self) -> Tensor:
        if self._mask_seed is not None:  # as `_begin`, which a plain step does not have to call
            self._seed_masks(self._mask_seed)
        if self._buffers:
            self._begin_with_buffers()
        loss = self._loss = self._loss_of(self._inputs, self._targets)
        return loss

    def _begin(self) -> None:
        """Draw, and average, as at every evaluation of this step."""
        if self._mask_seed is not None:
            self._seed_masks(self._mask_seed)
        if self._buffers:
            self._begin_with_buffers()

    def _cast_loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """The same in mixed precision; backward goes in that of the forward pass by itself."""
        with self._cast or nullcontext():
            return self._plain_loss(inputs, targets)

    def _plain_loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """The loss of some rows; their prediction is kept."""
        prediction = self.model(inputs)
        self._prediction = prediction.detach() if self._cuts_prediction else prediction
        loss: Tensor = self._criterion(self._prediction, targets)
        return loss if self._penalty is None else self._penalised(loss, self._penalty)

    def _penalised(self, loss: Tensor, penalty: PenaltyTerms) -> Tensor:
        """With the terms of the penalty, which are kept."""
        self._parts = {"data": loss, **penalty.parts(self.parameters)}
        return sum_of(list(self._parts.values()))

    def _with_penalty(self, loss: Tensor, parameters: Mapping[str, Tensor]) -> Tensor:
        """The same at other parameters, of which some may be missing."""
        if self._penalty is None:
            return loss
        return sum_of([loss, *self._penalty.parts({**self.parameters, **parameters}).values()])

    def _seed_masks(self, first: int) -> None:
        """Dropout draws the same at a step, for every lane and however often; ``torch.manual_seed`` takes 170 us."""
        if self._device.type == "cpu":
            torch.default_generator.manual_seed(first + self._step)
        else:
            torch.manual_seed(first + self._step)

    def _begin_with_buffers(self) -> None:
        """The first evaluation of a step finds what the last step left; any other gets it back."""
        if self._is_evaluated or self._is_restored:
            for kept, buffer in zip(self._buffers.values(), self._own_buffers, strict=True):
                buffer.copy_(kept)
        self._is_evaluated, self._is_restored = True, False

    @property
    def step(self) -> int:
        """The step whose batch is laid out."""
        return self._step

    @property
    def buffers(self) -> dict[str, Tensor]:
        return self._buffers

    def restore_buffers(self, saved: Mapping[str, Tensor]) -> None:
        for name, buffer in self._buffers.items():
            buffer.copy_(saved[name])
        self._is_evaluated, self._is_restored = False, True

    def loss_at(self, parameters: Mapping[str, Tensor]) -> Tensor:
        """The loss of the step's own batch, in the mode and with the Dropout of training; nothing is cut."""
        if self._mask_seed is not None:
            self._seed_masks(self._mask_seed)
        return self._with_penalty(self._pure_loss(parameters, self._inputs, self._targets), parameters)

    def landscape_at(self, parameters: Mapping[str, Tensor]) -> Tensor:
        """The loss of all rows (of a large fit one in a few), in eval mode."""
        with self._modes.evaluating():
            every = slice(None, None, self._every)
            loss = self._pure_loss(parameters, self.data.inputs[every], self.data.targets[every])
        return self._with_penalty(loss, parameters)

    def _pure_loss(self, parameters: Mapping[str, Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
        self._is_cutting = False
        try:
            with self._modes.pure(), self._cast or nullcontext():
                prediction = functional_call(self.model, dict(parameters), (inputs,))
                loss: Tensor = self._pure_criterion(prediction, targets)
        finally:
            self._is_cutting = True
        return loss

    @property
    def landscape_note(self) -> str:
        if self._every == 1 and self._batches is None and not self._modes.matter:
            return ""
        rows = len(self.data.inputs)
        shown = f"all {plural(rows, 'row')}" if self._every == 1 else f"one row in {self._every}"
        return f"The loss of {shown}, whatever the batch of the step{', in eval mode' * self._modes.matter}."

    def predict(self, inputs: Tensor) -> Tensor:
        """Predictions (rows, outputs) for inputs (rows, *input_shape), in eval mode and without a graph."""
        with torch.no_grad(), self._modes.evaluating(), self._cast or nullcontext():
            prediction: Tensor = self.model(inputs)
        return prediction if self._cast is None else prediction.float()

    def figures(self) -> tuple[float, float, float]:
        """Of the last evaluation's parameters, in eval mode: the loss of the rows held out, without L1 and L2, and
        the score of the rows trained on and of those held out."""
        data, held = self.data, self.data.held
        assert held is not None
        known = self._prediction if self._batches is None and not self._modes.matter else None
        with torch.no_grad(), self._modes.evaluating(), self._cast or nullcontext():
            seen = self._predicted(data.inputs) if known is None else known.detach()
            unseen = self._predicted(held.inputs)
            loss: Tensor = self._criterion(unseen, held.targets)
        if self._cast is not None:
            seen, unseen = seen.float(), unseen.float()
        return loss.item(), self._score(data.given, seen), self._score(held.given, unseen)

    def _predicted(self, inputs: Tensor) -> Tensor:
        """The prediction in the present mode, a piece of the rows at a time where they are many."""
        piece = max(1, MOST_EVALUATED_NUMBERS // self.activations)
        if len(inputs) <= piece:
            prediction: Tensor = self.model(inputs)
            return prediction
        return torch.cat([self.model(part) for part in torch.split(inputs, piece)])

    def _score(self, given: Tensor, prediction: Tensor) -> float:
        """The share of right answers, or R²."""
        if not self.classes:
            return determination(given, prediction)
        return share_right(given, prediction, 0.0 if self._reads_as == "one score" else 0.5)

    def probabilities(self, prediction: Tensor) -> Tensor:
        """The probability (rows, classes) of every class, as the loss reads a prediction."""
        if self._reads_as in ("one score", "one share"):
            second = prediction[:, 0].sigmoid() if self._reads_as == "one score" else prediction[:, 0].clamp(0, 1)
            return torch.stack((1 - second, second), dim=1)
        if self._reads_as == "scores":
            return prediction.softmax(dim=1)
        return prediction.exp() if self._reads_as == "logarithms" else prediction.clamp(0, 1)

    def named_values(self) -> Iterator[tuple[Tensor, str]]:
        if self._prediction is not None and self._loss is not None:
            yield self._prediction, "prediction"
            yield from ((part, f"{name} loss") for name, part in self._parts.items())
            yield self._loss, "loss"

    def names_to_cut(self) -> tuple[str, ...]:
        return tuple(name for name in super().names_to_cut() if name in self.modules or name == "prediction")

    def parts(self) -> dict[str, float]:
        return {name: part.item() for name, part in self._parts.items()}

    def hand_values(self) -> dict[str, Tensor]:
        values = {"inputs": self._inputs, "targets": self._targets}
        return values if self._prediction is None else {**values, "prediction": self._prediction}

    def data_values(self) -> dict[str, Tensor]:
        return {"inputs": self._inputs, "targets": self._targets}

    def adopt(self, other: Objective) -> None:
        super().adopt(other)
        assert isinstance(other, FitDescent)
        rows = other.hand_values()
        self._inputs, self._targets = rows["inputs"].to(self._inputs), rows["targets"].to(self._targets)
        self._step = other.step
        for name, buffer in self.model.named_buffers():
            buffer.copy_(other.model.get_buffer(name))
            self._buffers[name].copy_(other.buffers[name])

    @property
    def modules(self) -> dict[str, nn.Module]:
        if not isinstance(self.model, nn.Sequential):
            return {"": self.model}
        return dict(self.model.named_children())

    @property
    def cut(self) -> frozenset[str]:
        """Names that `loss` detaches: "prediction", or those of modules."""
        return self._cut

    @cut.setter
    def cut(self, names: frozenset[str]) -> None:
        self._cut = names
        self._cuts_prediction = "prediction" in names
        for hook in self._cut_hooks:
            hook.remove()
        modules = [module for name, module in self.modules.items() if name in names]
        self._cut_hooks = [module.register_forward_hook(self._detached) for module in modules]

    def _detached(self, module: nn.Module, arguments: Any, output: Tensor) -> Tensor:
        return output.detach() if self._is_cutting else output


def _casting(dtype: str, device: torch.device) -> torch.autocast | None:
    """torch's context of mixed precision; None where there is none. EngineError where the device has none."""
    if not dtype:
        return None
    if not torch.amp.is_autocast_available(device.type):
        raise EngineError(f"The device {device} has no autocast: set Autocast to Off, or choose the device cpu.")
    return torch.autocast(device.type, dtype=getattr(torch, dtype))


class SparedShares(nn.Module):
    """A loss of probabilities that is NaN where one of them is, without asking which: torch.func maps it so.

    PyTorch's own stops with an error on the CPU, and ends the process on other devices.
    """

    def __init__(self, criterion: nn.Module) -> None:
        super().__init__()
        self._criterion = criterion

    def forward(self, prediction: Tensor, targets: Tensor) -> Tensor:
        loss: Tensor = self._criterion(prediction.nan_to_num(0.5), targets)
        return loss + 0 * prediction.sum()


def _build_model(declared: FitObjective, dtype: torch.dtype) -> nn.Module:
    """A Sequential of the layers; a single layer stands alone, so that its parameters keep their short names."""
    layers = [layer.build(shape, dtype) for layer, shape in zip(declared.model, declared.shapes, strict=False)]
    return layers[0] if len(layers) == 1 else nn.Sequential(*layers)
