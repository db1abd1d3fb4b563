"""What a script computes, before any dialect: tensors, lines in the notation of formulas, their gradient."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gradviz.core.formulas.formula import (
    Call,
    Expression,
    Formula,
    Name,
    Number,
    parse_expression,
    parse_gradients,
)
from gradviz.core.formulas.functions import FUNCTIONS
from gradviz.core.formulas.generated_tensors import Source
from gradviz.core.formulas.text import FormulaError
from gradviz.core.formulas.walk import functions_in, names_in
from gradviz.core.objectives.catalogue import FormulaObjective, TestFunctionObjective
from gradviz.scripts.language.dialects import TORCH
from gradviz.scripts.language.expressions import Printer, is_comparison
from gradviz.scripts.problems import ScriptError


@dataclass(frozen=True)
class ScriptTensor:
    """A tensor by its name in the formula; `key` is what gradviz calls it. One of `value` and `source` is given."""

    name: str
    key: str
    shape: tuple[int, ...]
    trained: bool
    value: Any = None
    source: Source | None = None
    drawn_by: str = ""


@dataclass(frozen=True)
class Line:
    """``name = expression``."""

    name: str
    expression: Expression


@dataclass(frozen=True)
class Sketch:
    """`data` are numpy lines that make `inputs`; `backward` has a line ``d_name`` for every parameter.

    `unknown` says why there is no gradient by hand; `by_hand` whether the experiment itself takes it.
    `batch` is the size of a mini-batch, 0 for all rows. `holds` says whether the gradient by hand is that of autograd.
    """

    tensors: tuple[ScriptTensor, ...]
    lines: tuple[Line, ...]
    backward: tuple[Line, ...] = ()
    unknown: str = ""
    by_hand: bool = False
    holds: bool = True
    data: tuple[str, ...] = ()
    inputs: tuple[ScriptTensor, ...] = ()
    batch: int = 0
    shuffle: bool = False

    @property
    def objective(self) -> str:
        """The name of the loss."""
        return self.lines[-1].name

    @property
    def parameters(self) -> tuple[ScriptTensor, ...]:
        """The tensors that are trained."""
        return tuple(tensor for tensor in self.tensors if tensor.trained)


def parsed_lines(texts: Collection[tuple[str, str]], known: Collection[str]) -> tuple[Line, ...]:
    """Lines from their names and texts, each of which may use the names before it."""
    names = set(known)
    lines = []
    for name, text in texts:
        lines.append(Line(name, parse_expression(text, names)))
        names.add(name)
    return tuple(lines)


def test_function_sketch(objective: TestFunctionObjective) -> Sketch:
    """f at x and y, with the gradient that the test function declares."""
    function = objective.function
    settings = {name: getattr(function, name) for name in type(function).model_fields if name != "kind"}
    known = {"x", "y", *settings}
    texts = [("f", function.formula), ("d_x", function.gradient[0]), ("d_y", function.gradient[1])]
    lines = [Line(line.name, _with_numbers(line.expression, settings)) for line in parsed_lines(texts, known)]
    tensors = (
        ScriptTensor("x", "x", (), True, objective.x),
        ScriptTensor("y", "y", (), True, objective.y),
    )
    return Sketch(tensors, tuple(lines[:1]), tuple(lines[1:]))


def _with_numbers(expression: Expression, settings: Mapping[str, float]) -> Expression:
    """`expression` with its settings exchanged for their values."""
    if isinstance(expression, Name) and expression.name in settings:
        return Number(float(settings[expression.name]), expression.column)
    changed: dict[str, Any] = {}
    for name in ("operand", "left", "right"):
        if hasattr(expression, name):
            changed[name] = _with_numbers(getattr(expression, name), settings)
    if isinstance(expression, Call):
        changed["arguments"] = tuple(_with_numbers(argument, settings) for argument in expression.arguments)
    return replace(expression, **changed) if changed else expression


def formula_sketch(objective: FormulaObjective, hand_gradient: str, holds: bool) -> Sketch:
    """A typed formula; its gradient by hand are its own ``d_`` lines, or those that the bench compares."""
    formula = objective.parsed
    names = [tensor.name for tensor in objective.tensors]
    tensors = tuple(
        ScriptTensor(
            tensor.name,
            tensor.name,
            tensor.shape,
            tensor.role == "parameter",
            None if tensor.source else tensor.value,
            tensor.source,
            objective.generator if tensor.source is not None and tensor.source.is_random else "",
        )
        for tensor in objective.tensors
    )
    lines = tuple(Line(line.name, line.expression) for line in formula.lines)
    backward = _given_gradient(formula, names, hand_gradient)
    given = {line.name for line in backward}
    missing = [tensor.name for tensor in objective.parameters if f"d_{tensor.name}" not in given]
    unknown = f"the gradient by hand has no line  d_{missing[0]} = ..." if missing else ""
    if objective.upstream != "":
        tensors, lines = _with_upstream(tensors, lines, objective.upstream)
    return Sketch(tensors, lines, backward, unknown, objective.gradient == "by_hand", holds)


def _with_upstream(
    tensors: tuple[ScriptTensor, ...], lines: tuple[Line, ...], upstream: Any
) -> tuple[tuple[ScriptTensor, ...], tuple[Line, ...]]:
    """v·y in the place of a vector y: its gradient is the vector-Jacobian product of y.backward(v)."""
    taken = {tensor.name for tensor in tensors} | {line.name for line in lines}
    v, loss = (next(name for name in (base, f"{base}_", f"{base}__") if name not in taken) for base in ("v", "loss"))
    last = lines[-1].name
    return (*tensors, ScriptTensor(v, v, (), False, upstream)), (
        *lines,
        *parsed_lines([(loss, f"sum({v}*{last})")], {v, last}),
    )


def refuse_errors(sketch: Sketch) -> None:
    """ScriptError where backward() would stop at one of PyTorch's errors."""
    ranks = Printer(TORCH, "", {}, {tensor.name: len(tensor.shape) for tensor in sketch.tensors})
    for line in sketch.lines:
        ranks.ranks[line.name] = ranks.rank(line.expression)
    is_large = any(element_count(tensor) > 1 for tensor in sketch.tensors)
    if ranks.ranks[sketch.objective] > 0 and is_large:
        raise ScriptError(f"backward() fails, for {sketch.objective} is not one number.", "Give an upstream gradient.")
    begins = any(FUNCTIONS[name].begins for line in sketch.lines for name in functions_in(line.expression))
    if not reached(sketch) and not begins and not sketch.by_hand:
        raise ScriptError("backward() fails, for the loss depends on no parameter.", "Take detach or no_grad out.")


def _given_gradient(formula: Formula, names: list[str], hand_gradient: str) -> tuple[Line, ...]:
    """The formula's own lines, else those of `hand_gradient`, which may have names of their own in between."""
    if formula.gradients or not hand_gradient.strip():
        return tuple(Line(line.name, line.expression) for line in formula.gradients)
    known = [*names, *(line.name for line in formula.lines)]
    try:
        return tuple(Line(line.name, line.expression) for line in parse_gradients(hand_gradient, known, names))
    except FormulaError as error:
        raise ScriptError(f"The gradient by hand cannot be read: {error}.") from None


def reached(sketch: Sketch, cut: str = "") -> frozenset[str]:
    """The parameters on which the loss depends with a gradient: the others stay where they are.

    Nothing passes the line or the parameter called `cut`.
    """
    uses = {line.name: _tracked_names(line.expression) for line in sketch.lines}
    found: set[str] = set()
    pending = [sketch.objective]
    while pending:
        name = pending.pop()
        if name not in found and name != cut:
            found.add(name)
            pending += uses.get(name, ())
    return frozenset(tensor.name for tensor in sketch.parameters if tensor.name in found)


def used_lines(sketch: Sketch, by_hand: bool) -> tuple[Line, ...]:
    """The lines of the formula that the loss needs, and where the gradient is `by_hand` that one as well."""
    needed = {sketch.objective}
    for line in (*sketch.lines, *(sketch.backward if by_hand else ()))[::-1]:
        if line.name in needed or line in sketch.backward:
            needed |= names_in(line.expression)
    return tuple(line for line in sketch.lines if line.name in needed)


def _tracked_names(expression: Expression) -> frozenset[str]:
    """The names through which a gradient can flow into `expression`."""
    if isinstance(expression, Call):
        function = FUNCTIONS[expression.function]
        if function.cuts:
            return frozenset()
        # a condition and labels choose, and autograd follows nothing through them
        followed = expression.arguments[function.name == "where" :]
        return frozenset().union(*(_tracked_names(argument) for argument in followed))
    if is_comparison(expression):
        return frozenset()
    children = [getattr(expression, name) for name in ("operand", "left", "right") if hasattr(expression, name)]
    if children:
        return frozenset().union(*(_tracked_names(child) for child in children))
    return names_in(expression)


def element_count(tensor: ScriptTensor) -> int:
    """Number of numbers."""
    return math.prod(tensor.shape)
