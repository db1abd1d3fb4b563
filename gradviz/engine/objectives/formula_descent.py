"""Objectives over parameters with names of their own: a test function of x and y, and a typed formula."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from gradviz.core.formulas.text import FormulaError
from gradviz.core.formulas.walk import names_in
from gradviz.core.numbers import shape_text
from gradviz.core.objectives.catalogue import FormulaObjective, TestFunctionObjective
from gradviz.core.seeds import random_state
from gradviz.engine.objectives.formula_program import Program, Values
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.problems import EngineError


class TestFunctionDescent(Objective):
    """A test function at scalar parameters x and y."""

    __test__ = False
    is_elementwise = True

    def __init__(self, declared: TestFunctionObjective, dtype: torch.dtype, device: torch.device) -> None:
        self.function = declared.function
        self._x = nn.Parameter(torch.tensor(declared.x, dtype=dtype, device=device))
        self._y = nn.Parameter(torch.tensor(declared.y, dtype=dtype, device=device))
        self.parameters = {"x": self._x, "y": self._y}
        self._last: Tensor | None = None

    def loss(self) -> Tensor:
        x = self._x.detach() if "x" in self.cut else self._x
        y = self._y.detach() if "y" in self.cut else self._y
        self._last = self.function.evaluate(x, y)
        return self._last

    def loss_at(self, parameters: Mapping[str, Tensor]) -> Tensor:
        return self.function.evaluate(parameters["x"], parameters["y"])

    def named_values(self) -> Iterator[tuple[Tensor, str]]:
        if self._last is not None:
            yield self._last, "f"

    def hand_values(self) -> dict[str, Tensor]:
        settings = {name: value for name, value in self.function if isinstance(value, float)}
        return {name: self._x.new_tensor(value) for name, value in settings.items()}


class FormulaDescent(Objective):
    """A typed formula over its tensors; the gradient may be that of its ``d_`` lines.

    The last line may be a vector, or have no graph at all: then `backward` fails with PyTorch's own words, unless an
    upstream gradient is given for the vector.
    """

    def __init__(self, declared: FormulaObjective, seed: int, dtype: torch.dtype, device: torch.device) -> None:
        made = {name: value.to(device) for name, value in tensors_of(declared, seed, dtype).items()}
        trained = {tensor.name for tensor in declared.parameters}
        self.parameters = {name: nn.Parameter(value) for name, value in made.items() if name in trained}
        self.tensors: Values = {name: self.parameters.get(name, value) for name, value in made.items()}
        given = declared.upstream
        self.upstream = None if given == "" else torch.tensor(given, dtype=dtype, device=device)
        formula = declared.parsed
        self.fitted = declared.fitted
        """What it fits to what, if anything."""
        self._objective = formula.objective.name
        self.by_hand = declared.gradient == "by_hand"
        self._line_names = [line.name for line in formula.lines]
        self._last: Values = {}
        try:
            self._program = Program(formula, dtype, device)
            self._odd = self._program.check(self.tensors, tracked=not self.by_hand)
        except FormulaError as error:
            raise EngineError(f"The formula cannot be run: {error}.") from None
        self.landscape_numbers = self.loss_numbers = self._program.line_numbers

    @property
    def program(self) -> Program:
        """The formula as it is evaluated, for whoever looks into it."""
        return self._program

    def loss(self) -> Tensor:
        self._program.cut, self._program.makes_leaves = self.cut, True
        if not self.by_hand:
            return self._evaluated()
        with torch.no_grad():
            return self._evaluated()

    def _evaluated(self) -> Tensor:
        tensors = self.tensors
        if self.cut:
            tensors = {name: value.detach() if name in self.cut else value for name, value in tensors.items()}
        self._last = self._program.evaluate(tensors, every_line=self.by_hand)
        return self._as_scalar(self._last[self._objective])

    def loss_at(self, parameters: Mapping[str, Tensor]) -> Tensor:
        self._program.cut, self._program.makes_leaves = frozenset(), False
        values = self._program.evaluate({**self.tensors, **parameters}, every_line=False)
        return self.number(self._as_scalar(values[self._objective]))

    def number(self, loss: Tensor) -> Tensor:
        if self.upstream is not None:
            return (self.upstream * loss).sum()
        return loss if loss.numel() == 1 else loss.sum() * math.nan

    @property
    def no_number(self) -> str:
        last = self._last.get(self._objective)
        if self.upstream is not None or last is None or last.numel() == 1:
            return ""
        shape = f", shape {shape_text(tuple(last.shape))}" if last.dim() > 1 else ""
        return f"{self._objective} is {last.numel()} numbers{shape}"

    def _as_scalar(self, loss: Tensor) -> Tensor:
        """A loss of one element as a scalar, with a node of its own; one that has both is left alone."""
        if self.upstream is not None or loss.numel() != 1 or (loss.dim() == 0 and loss.grad_fn is not None):
            return loss
        return loss.reshape(())

    def backward(self, loss: Tensor) -> None:
        if not self.by_hand:
            loss.backward(self.upstream)  # type: ignore[no-untyped-call]
            return
        with torch.no_grad():
            gradients = self._program.gradients(self._last)
            for name, parameter in self.parameters.items():
                gradient = _shaped(name, gradients[name], parameter)
                parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient

    def named_values(self) -> Iterator[tuple[Tensor, str]]:
        for name in self._line_names:
            if name in self._last:
                yield self._last[name], name

    def flows(self) -> Iterator[tuple[str, str]]:
        for line in self._program.formula.lines:
            for name in sorted(names_in(line.expression)):
                yield name, line.name

    def hand_values(self) -> dict[str, Tensor]:
        return self._program.evaluate(self.tensors)

    def data_values(self) -> dict[str, Tensor]:
        return {name: value for name, value in self.tensors.items() if name not in self.parameters}

    def adopt(self, other: Objective) -> None:
        super().adopt(other)
        assert isinstance(other, FormulaDescent)
        for name, value in other.tensors.items():
            if name not in self.parameters:
                self.tensors[name] = value.detach().to(self.tensors[name])

    def fault(self) -> str:
        return "" if self._odd is None else f"The run cannot start: {self._odd}."


def tensors_of(declared: FormulaObjective, seed: int, dtype: torch.dtype) -> Values:
    """The tensors of a formula on the CPU; those that are drawn come in their order from one generator."""
    random = random_state(seed)
    torch.default_generator.manual_seed(seed)  # they are drawn on the CPU; torch.manual_seed takes a millisecond
    made: Values = {}
    for tensor in declared.tensors:
        source = tensor.source
        if source is None:
            made[tensor.name] = torch.tensor(tensor.value, dtype=dtype)
        elif declared.generator == "torch":
            made[tensor.name] = source.torch(dtype)
        else:
            made[tensor.name] = torch.from_numpy(source.numpy(random)).to(dtype)
    return made


def _shaped(name: str, gradient: Tensor, parameter: Tensor) -> Tensor:
    if gradient.shape != parameter.shape:
        shapes = f"{tuple(gradient.shape)}, but {name} has {tuple(parameter.shape)}"
        raise EngineError(f"The gradient by hand d_{name} has the shape {shapes}: sum over what {name} is shared by.")
    return gradient.clone()
