"""The objective of a fit: a model of layers, its data and its loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call

from gradviz.core.dataset import DataError
from gradviz.core.fit_objective import FitObjective
from gradviz.engine.objective import Objective
from gradviz.engine.problems import EngineError


class FitDescent(Objective):
    """A model of layers, its data and its loss. `targets` are in the form that the loss wants."""

    def __init__(self, declared: FitObjective, seed: int, dtype: torch.dtype, device: torch.device) -> None:
        try:
            inputs, targets = declared.data.build(seed, dtype)
        except DataError as error:
            raise EngineError(f"The data cannot be used: {error}.") from None
        self.inputs = inputs.to(device)
        self.targets = _targets_for(declared, targets, dtype).to(device)
        torch.manual_seed(seed)
        self.model = _build_model(declared, dtype).to(device)
        self._criterion = declared.loss.build()
        self.parameters = dict(self.model.named_parameters())
        self._prediction: Tensor | None = None
        self._loss: Tensor | None = None

    def loss(self) -> Tensor:
        self._prediction = self.model(self.inputs)
        loss: Tensor = self._criterion(self._prediction, self.targets)
        self._loss = loss
        return loss

    def loss_at(self, parameters: Mapping[str, Tensor]) -> Tensor:
        prediction = functional_call(self.model, dict(parameters), (self.inputs,))
        loss: Tensor = self._criterion(prediction, self.targets)
        return loss

    def predict(self, inputs: Tensor) -> Tensor:
        """Predictions (rows, outputs) for inputs (rows, *input_shape), without a graph."""
        with torch.no_grad():
            prediction: Tensor = self.model(inputs)
        return prediction

    def named_values(self) -> Iterator[tuple[Tensor, str]]:
        if self._prediction is not None and self._loss is not None:
            yield self._prediction, "prediction"
            yield self._loss, "loss"

    @property
    def modules(self) -> dict[str, nn.Module]:
        if not isinstance(self.model, nn.Sequential):
            return {"": self.model}
        return dict(self.model.named_children())


def _targets_for(declared: FitObjective, targets: Tensor, dtype: torch.dtype) -> Tensor:
    """Labels as the loss wants them: as they are, one-hot, or as a column of 0 and 1."""
    if not declared.data.is_labelled or declared.loss.wants == "labels":
        return targets
    if declared.loss.wants == "binary":
        return targets.to(dtype).unsqueeze(1)
    return nn.functional.one_hot(targets, declared.data.outputs).to(dtype)


def _build_model(declared: FitObjective, dtype: torch.dtype) -> nn.Module:
    """A Sequential of the layers; a single layer stands alone, so that its parameters keep their short names."""
    layers = [layer.build(shape, dtype) for layer, shape in zip(declared.model, declared.shapes, strict=False)]
    return layers[0] if len(layers) == 1 else nn.Sequential(*layers)
