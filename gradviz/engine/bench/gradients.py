"""The ways to a gradient that the bench compares: autograd backward and forward, a formula by hand, symbols."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradviz.core.document.experiment import Experiment
from gradviz.core.formulas.formula import (
    Assignment,
    Call,
    Expression,
    Formula,
    parse_expression,
    parse_gradients,
)
from gradviz.core.formulas.symbols import SymbolicGradient, SymbolsError, symbolic_gradients
from gradviz.core.formulas.walk import children_of, functions_in, with_children
from gradviz.core.numbers import Floats
from gradviz.core.objectives.catalogue import FormulaObjective, TestFunctionObjective
from gradviz.engine.objectives.formula_program import Program
from gradviz.engine.objectives.objective import Objective

CUTS = frozenset({"detach", "no_grad", "requires_grad"})
"""Functions behind which autograd sees a constant."""
Gradients = dict[str, Floats]


class NoGradientError(Exception):
    """Why a method has no gradient here: its own words."""


def array_of(tensor: Tensor) -> Floats:
    """A tensor as doubles."""
    array: Floats = tensor.detach().double().cpu().numpy().copy()
    return array


def reseed(seed: int, objective: Objective) -> None:
    """The same random numbers again. torch.manual_seed would note down the call stack: twenty times the cost."""
    torch.default_generator.manual_seed(seed)
    kind = next(iter(objective.parameters.values())).device.type
    if kind == "cuda":
        torch.cuda.manual_seed(seed)
    elif kind == "mps":
        torch.mps.manual_seed(seed)


def formula_name(parameter: str) -> str:
    """The name of a parameter in a formula: ``0.weight`` is layer0_weight."""
    name = parameter.replace(".", "_")
    return f"layer{name}" if name[:1].isdigit() else name


def backward_gradients(objective: Objective, seed: int) -> Gradients:
    """By `loss()` and `backward()` as in a run; NoGradientError has PyTorch's own words."""
    for parameter in objective.parameters.values():
        parameter.grad = None
    reseed(seed, objective)
    try:
        objective.backward(objective.loss())
    except RuntimeError as error:
        raise NoGradientError(first_line(error)) from None
    return {
        name: array_of(torch.zeros_like(parameter) if parameter.grad is None else parameter.grad)
        for name, parameter in objective.learned.items()
    }


def forward_gradient(objective: Objective, name: str, indices: NDArray[np.intp], seed: int) -> Floats:
    """Some elements by forward mode: derivatives along one direction each (`torch.func.jvp`), all at once if they can.

    NoGradientError has PyTorch's own words where an operation has no forward mode.
    """
    point = {other: parameter.detach() for other, parameter in objective.parameters.items()}
    directions = torch.zeros((len(indices), *point[name].shape), dtype=point[name].dtype, device=point[name].device)
    directions.view(len(indices), -1)[torch.arange(len(indices)), torch.as_tensor(indices)] = 1.0

    def along(direction: Tensor) -> Tensor:
        reseed(seed, objective)
        slope: Tensor = torch.func.jvp(
            lambda parameter: objective.loss_at({**point, name: parameter}), (point[name],), (direction,)
        )[1]
        return slope

    try:
        return array_of(torch.func.vmap(along, randomness="same")(directions))
    except (RuntimeError, NotImplementedError):
        pass  # an operation that cannot be batched may still have a forward mode
    try:
        return array_of(torch.stack([along(direction) for direction in directions]))
    except (RuntimeError, NotImplementedError) as error:
        raise NoGradientError(first_line(error)) from None


def first_line(error: Exception) -> str:
    """What PyTorch says, without its advice on how to report a bug."""
    return str(error).strip().split("\n", 1)[0][:240]


def known_values(objective: Objective) -> dict[str, Tensor]:
    """What a gradient by hand may name, as it is after the last `loss`."""
    parameters = {formula_name(name): parameter for name, parameter in objective.parameters.items()}
    return {name: value.detach() for name, value in (objective.hand_values() | parameters).items()}


def hand_lines(experiment: Experiment, values: Mapping[str, Tensor], parameters: Mapping[str, Any]) -> Formula | None:
    """The lines by hand with those that they use: a formula's own, else the experiment's; None if there are none.

    FormulaError where a line is wrong.
    """
    declared = experiment.objective
    if isinstance(declared, FormulaObjective) and declared.parsed.gradients:
        formula = declared.parsed
        return Formula(tuple(sorted((*formula.lines, *formula.gradients), key=lambda line: line.line)), ())
    if not experiment.hand_gradient.strip():
        return None
    names = [formula_name(name) for name in parameters]
    return Formula(parse_gradients(experiment.hand_gradient, tuple(values), names), ())


def hand_gradients(formula: Formula, values: Mapping[str, Tensor], objective: Objective) -> dict[str, Floats]:
    """The gradients that ``d_`` lines give, by the parameter's own name; FormulaError where PyTorch refuses one."""
    some = next(iter(objective.parameters.values()))
    program = Program(formula, some.dtype, some.device)
    tensors = {name: value for name, value in values.items() if name not in {line.name for line in formula.lines}}
    program.check(tensors)
    found = program.evaluate(tensors)
    lines = {name: f"d_{formula_name(name)}" for name in objective.parameters}
    return {name: array_of(found[line]) for name, line in lines.items() if line in found}


def in_shape(values: Floats, shape: tuple[int, ...]) -> Floats:
    """A gradient with dimensions of size 1 too many or too few in the parameter's shape: a formula cannot reshape."""
    bare, wanted = (tuple(size for size in sizes if size != 1) for sizes in (values.shape, shape))
    return values.reshape(shape) if values.ndim != len(shape) and bare == wanted else values


def objective_formula(experiment: Experiment) -> Formula | None:
    """The objective as a formula, where it is one."""
    declared = experiment.objective
    if isinstance(declared, FormulaObjective):
        return declared.parsed
    if isinstance(declared, TestFunctionObjective):
        function = declared.function
        text = function.formula
        known = ("x", "y", *(name for name, _ in function))
        return Formula((Assignment("f", parse_expression(text, known), 1, text),), ())
    return None


@dataclass(frozen=True, slots=True)
class FormulaAt:
    """A formula, as autograd follows it, with the values of all names at the point, and the upstream gradient."""

    formula: Formula
    values: dict[str, Floats]
    upstream: Floats | None


def formula_at(experiment: Experiment, objective: Objective) -> FormulaAt | None:
    """The objective as a formula at its point; lines that are cut are detached. None of a model of layers."""
    formula = objective_formula(experiment)
    if formula is None:
        return None
    cut = Formula(tuple(_cut_line(line) if line.name in objective.cut else line for line in formula.lines), ())
    lines = {line.name for line in formula.lines}
    values = {name: array_of(value) for name, value in known_values(objective).items() if name not in lines}
    upstream = getattr(experiment.objective, "upstream", "")
    return FormulaAt(cut, values, None if upstream == "" else np.asarray(upstream, dtype=np.float64))


def symbols_of(
    experiment: Experiment, objective: Objective, places: Mapping[str, NDArray[np.intp]]
) -> Generator[None, None, dict[str, SymbolicGradient]]:
    """The derivatives in symbols, none of a model of layers; NoGradientError says why a formula has none."""
    asked = formula_at(experiment, objective)
    if asked is None:
        return {}
    try:
        return (yield from symbolic_gradients(asked.formula, asked.values, places, asked.upstream))
    except SymbolsError as error:
        raise NoGradientError(str(error)) from None


def _cut_line(line: Assignment) -> Assignment:
    return replace(line, expression=Call("detach", (line.expression,), None, line.expression.column))


def is_cut(experiment: Experiment, objective: Objective) -> bool:
    """Whether something hides a part of the objective from autograd."""
    formula = objective_formula(experiment)
    return bool(objective.cut) or (
        formula is not None and any(functions_in(line.expression) & set(CUTS) for line in formula.lines)
    )


def _has_cut(formula: Formula) -> bool:
    return any(functions_in(line.expression) & CUTS for line in formula.lines)


def uncut_gradients(experiment: Experiment, objective: Objective, seed: int) -> Gradients:
    """The gradient by autograd with nothing hidden from it."""
    formula = objective_formula(experiment)
    if formula is None or not _has_cut(formula):
        cut, objective.cut = objective.cut, frozenset()
        try:
            return backward_gradients(objective, seed)
        finally:
            objective.cut = cut
    leaves = {name: parameter.detach().clone().requires_grad_() for name, parameter in objective.parameters.items()}
    some = next(iter(leaves.values()))
    lines = tuple(replace(line, expression=_uncut(line.expression)) for line in formula.lines)
    program = Program(Formula(lines, ()), some.dtype, some.device)
    loss = program.evaluate({**known_values(objective), **leaves})[formula.objective.name]
    found = torch.autograd.grad(objective.number(loss).sum(), list(leaves.values()), allow_unused=True)
    return {
        name: np.zeros(leaf.shape) if slope is None else array_of(slope)
        for (name, leaf), slope in zip(leaves.items(), found, strict=True)
    }


def _uncut(expression: Expression) -> Expression:
    """The same without the functions that cut."""
    if isinstance(expression, Call) and expression.function in CUTS:
        return _uncut(expression.arguments[0])
    return with_children(expression, [_uncut(child) for child in children_of(expression)])
