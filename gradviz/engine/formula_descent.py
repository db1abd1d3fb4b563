"""Objectives over parameters with names of their own: a test function of x and y, and a typed formula."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from gradviz.core.formula_text import FormulaError
from gradviz.core.objectives import FormulaObjective, TestFunctionObjective
from gradviz.engine.objective import Objective
from gradviz.engine.problems import EngineError
from gradviz.engine.program import Program, Values


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
