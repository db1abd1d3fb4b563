"""Experiments into something differentiable: parameters, and a loss over them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from gradviz.core.experiment import Experiment
from gradviz.core.formula_text import FormulaError
from gradviz.core.objectives import FitObjective, FormulaObjective, TestFunctionObjective
from gradviz.engine.problems import EngineError
from gradviz.engine.program import Program, Values


class Objective(ABC):
    """Named parameters and a differentiable loss; lives on one device and belongs to one thread."""

    parameters: dict[str, nn.Parameter]

    @abstractmethod
    def loss(self) -> Tensor:
        """The loss, a scalar, at the current parameters, with its graph."""

    @abstractmethod
    def loss_at(self, parameters: Mapping[str, Tensor]) -> Tensor:
        """The loss at other parameters: a pure function, which `torch.func.vmap` may map."""

    def evaluate(self) -> Tensor:
        """One evaluation: the loss, and the gradient of every parameter in its ``.grad``."""
        for parameter in self.parameters.values():
            parameter.grad = None
        loss = self.loss()
        if not loss.requires_grad:
            raise EngineError("The loss does not depend on any parameter: there is nothing to train.")
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    def named_values(self) -> Iterator[tuple[Tensor, str]]:
        """Values of the last `loss` that have a name of their own."""
        return iter(())

    def fault(self) -> str:
        """Where the loss is not finite at the initial parameters, if the objective can tell; else empty."""
        return ""

    @property
    def modules(self) -> dict[str, nn.Module]:
        """The layers by name; empty where there are none."""
        return {}

    @property
    def coordinates(self) -> tuple[nn.Parameter, nn.Parameter] | None:
        """The two scalar parameters, where the objective has exactly these: its surface is the objective."""
        found = tuple(self.parameters.values())
        if len(found) == 2 and all(parameter.dim() == 0 for parameter in found):
            return found[0], found[1]
        return None


class TestFunctionDescent(Objective):
    """A test function at scalar parameters x and y."""

    __test__ = False

    def __init__(self, declared: TestFunctionObjective, dtype: torch.dtype, device: torch.device) -> None:
        self._function = declared.function
        self._x = nn.Parameter(torch.tensor(declared.x, dtype=dtype, device=device))
        self._y = nn.Parameter(torch.tensor(declared.y, dtype=dtype, device=device))
        self.parameters = {"x": self._x, "y": self._y}
        self._last: Tensor | None = None

    def loss(self) -> Tensor:
        self._last = self._function.evaluate(self._x, self._y)
        return self._last

    def loss_at(self, parameters: Mapping[str, Tensor]) -> Tensor:
        return self._function.evaluate(parameters["x"], parameters["y"])

    def named_values(self) -> Iterator[tuple[Tensor, str]]:
        if self._last is not None:
            yield self._last, "f"


class FormulaDescent(Objective):
    """A typed formula over its tensors; the gradient may be that of its ``d_`` lines."""

    def __init__(self, declared: FormulaObjective, dtype: torch.dtype, device: torch.device) -> None:
        made = {tensor.name: torch.tensor(tensor.value, dtype=dtype, device=device) for tensor in declared.tensors}
        trained = {tensor.name for tensor in declared.parameters}
        self.parameters = {name: nn.Parameter(value) for name, value in made.items() if name in trained}
        self._tensors: Values = {name: self.parameters.get(name, value) for name, value in made.items()}
        formula = declared.parsed
        self._objective = formula.objective.name
        self._by_hand = declared.gradient == "by_hand"
        self._line_names = [line.name for line in formula.lines]
        self._last: Values = {}
        try:
            self._program = Program(formula, dtype, device)
            self._odd = self._program.check(self._tensors)
        except FormulaError as error:
            raise EngineError(f"The formula cannot be run: {error}.") from None

    def loss(self) -> Tensor:
        self._last = self._program.evaluate(self._tensors)
        return _scalar(self._last[self._objective])

    def loss_at(self, parameters: Mapping[str, Tensor]) -> Tensor:
        return _scalar(self._program.evaluate({**self._tensors, **parameters})[self._objective])

    def evaluate(self) -> Tensor:
        if not self._by_hand:
            return super().evaluate()
        with torch.no_grad():
            loss = self.loss()
            gradients = self._program.gradients(self._last)
            for name, parameter in self.parameters.items():
                parameter.grad = _shaped(name, gradients[name], parameter)
        return loss

    def named_values(self) -> Iterator[tuple[Tensor, str]]:
        for name in self._line_names:
            if name in self._last:
                yield self._last[name], name

    def fault(self) -> str:
        return "" if self._odd is None else f"The run cannot start: {self._odd}."


def _scalar(loss: Tensor) -> Tensor:
    """A loss of one element as a scalar, with a node of its own; one that has both is left alone."""
    return loss if loss.dim() == 0 and loss.grad_fn is not None else loss.reshape(())


def _shaped(name: str, gradient: Tensor, parameter: Tensor) -> Tensor:
    if gradient.shape != parameter.shape:
        shapes = f"{tuple(gradient.shape)}, but {name} has {tuple(parameter.shape)}"
        raise EngineError(f"The gradient by hand d_{name} has the shape {shapes}: sum over what {name} is shared by.")
    return gradient.clone()


class FitDescent(Objective):
    """A model of layers, its data and its loss."""

    def __init__(self, declared: FitObjective, seed: int, dtype: torch.dtype, device: torch.device) -> None:
        torch.manual_seed(seed)
        inputs, targets = declared.data.build(seed, dtype)
        self.inputs, self.targets = inputs.to(device), targets.to(device)
        self.model = _build_model(declared, inputs.shape[1], dtype).to(device)
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
        """Predictions of shape (rows, 1) for inputs of shape (rows, 1), without a graph."""
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


def _build_model(declared: FitObjective, features: int, dtype: torch.dtype) -> nn.Module:
    """A Sequential of the layers; a single layer stands alone, so that its parameters keep their short names."""
    layers: list[nn.Module] = []
    for layer in declared.model:
        layers.append(layer.build(features, dtype))
        features = layer.features_out(features)
    return layers[0] if len(layers) == 1 else nn.Sequential(*layers)


def build_objective(experiment: Experiment, device: torch.device) -> Objective:
    """The objective of `experiment` at its start; equal seeds give equal parameters on every call."""
    dtype: torch.dtype = getattr(torch, experiment.dtype)
    declared: Any = experiment.objective
    if isinstance(declared, TestFunctionObjective):
        return TestFunctionDescent(declared, dtype, device)
    if isinstance(declared, FormulaObjective):
        return FormulaDescent(declared, dtype, device)
    return FitDescent(declared, experiment.seed, dtype, device)
