"""Every part of a formula with its numbers: where the first one that is no finite number comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gradviz.core.formulas.formula import Binary, Call, Expression, Formula, Index, Name, parse_formula
from gradviz.core.formulas.walk import children_of
from gradviz.core.formulas.written import written
from gradviz.core.numbers import short_number
from gradviz.engine.objectives.formula_descent import FormulaDescent, TestFunctionDescent
from gradviz.engine.objectives.formula_program import Program, needed_lines, over_names
from gradviz.engine.objectives.objective import Objective

LONGEST_PART = 40


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A call or an operation of a formula, with the values of its operands and its own."""

    expression: Expression
    line: int
    operands: tuple[Tensor, ...]
    value: Tensor

    @property
    def operation(self) -> str:
        """The name of the function, or the sign."""
        if isinstance(self.expression, Call):
            return self.expression.function
        if isinstance(self.expression, Index):
            return "[]"
        return self.expression.operator if isinstance(self.expression, Binary) else "-"

    @property
    def children(self) -> tuple[Expression, ...]:
        """What its operands are."""
        return children_of(self.expression)

    @property
    def text(self) -> str:
        """Itself, as it is written."""
        return shortened(written(self.expression))

    def operand_at(self, index: int, flat: int) -> float:
        """The element of an operand that goes into the element `flat` of the value; of a reduction its oddest."""
        operand = self.operands[index].detach()
        try:
            return float(operand.broadcast_to(self.value.shape).reshape(-1)[flat])
        except RuntimeError:
            return float(operand.abs().max())

    def named(self, index: int, flat: int) -> str:
        """That element with its name and its number: x[1] = 100."""
        operand = self.operands[index].detach()
        name = shortened(written(self.children[index]))
        value = self.operand_at(index, flat)
        matching = operand if operand.shape == self.value.shape else None
        place = element_of(name, flat, tuple(operand.shape)) if matching is not None else name
        if matching is None and operand.numel() > 1:
            at = int((operand.reshape(-1) == value).nonzero()[0]) if bool((operand == value).any()) else -1
            place = element_of(name, at, tuple(operand.shape)) if at >= 0 else name
        return f"{place} = {short_number(value, 4)}"


def shortened(text: str) -> str:
    """At most so many letters that a sentence can hold it."""
    return text if len(text) <= LONGEST_PART else text[: LONGEST_PART - 2] + " …"


def element_of(name: str, flat: int, shape: tuple[int, ...]) -> str:
    """The element `flat` of a tensor: x[1], W[0, 2]; brackets around what is no name."""
    if not shape or (len(shape) == 1 and shape[0] == 1 and not flat):
        return name
    place = []
    for size in reversed(shape):
        flat, at = divmod(flat, size)
        place.append(str(at))
    plain = name if name.isidentifier() or name.endswith(")") or "." in name else f"({name})"
    return f"{plain}[{', '.join(reversed(place))}]"


def named_place(parameters: Mapping[str, Tensor], flat: int) -> str:
    """The element at a place of all parameters in a row."""
    for name, value in parameters.items():
        if flat < value.numel():
            return element_of(name, flat, tuple(value.shape))
        flat -= value.numel()
    return ""


def formula_of(objective: Objective) -> tuple[Formula, Program, dict[str, Tensor]] | None:
    """The formula of an objective with its tensors; None where it has none."""
    if isinstance(objective, FormulaDescent):
        return objective.program.formula, objective.program, dict(objective.tensors)
    if isinstance(objective, TestFunctionDescent):
        tensors: dict[str, Tensor] = {**objective.parameters, **objective.hand_values()}
        formula = parse_formula(f"f = {objective.function.formula}", tuple(tensors))
        some = next(iter(objective.parameters.values()))
        return formula, Program(formula, some.dtype, some.device), tensors
    return None


def parts_of(objective: Objective) -> list[Part]:
    """The parts that the loss is computed from, in the order in which they are, with their graph; empty of a fit."""
    found = formula_of(objective)
    if found is None:
        return []
    formula, program, tensors = found
    program.makes_leaves = False
    parts: list[Part] = []
    values = dict(tensors)
    needed = needed_lines(formula)
    for line in formula.lines:
        if line.name in needed:
            values[line.name] = _walked(line.expression, line.line, program, values, parts)
    return parts


def _walked(
    expression: Expression, line: int, program: Program, values: Mapping[str, Tensor], parts: list[Part]
) -> Tensor:
    if program.constant(expression) is not None:
        return program.tensor_closure(expression)({})
    if isinstance(expression, Name):
        return values[expression.name]
    operands = [_walked(child, line, program, values, parts) for child in children_of(expression)]
    given = {**values, **{str(index): operand for index, operand in enumerate(operands)}}
    value = program.tensor_closure(over_names(expression))(given)
    parts.append(Part(expression, line, tuple(operands), value))
    return value


@dataclass(frozen=True, slots=True, eq=False)
class Birth:
    """Where numbers that are not finite begin: a part whose operands are all finite there."""

    part: Part
    flat: int
    value: float

    @property
    def is_overflow(self) -> bool:
        """Whether the number is too large for the precision, and not one that no precision has."""
        return abs(self.value) == float("inf") and not self.divides_by_zero and self.part.operation not in _LOGS

    @property
    def divides_by_zero(self) -> bool:
        """Whether it is a division by 0, or a negative power of it."""
        operation, part = self.part.operation, self.part
        if operation == "/":
            return part.operand_at(1, self.flat) == 0
        if operation in ("reciprocal", "rsqrt"):
            return part.operand_at(0, self.flat) == 0
        return operation in ("**", "pow") and part.operand_at(0, self.flat) == 0

    @property
    def culprit(self) -> int:
        """The operand that is to blame: the divisor of a division, else the first."""
        return 1 if self.part.operation == "/" and self.divides_by_zero else 0

    @property
    def element(self) -> str:
        """The element to blame, with its number."""
        return self.part.named(self.culprit, self.flat)


_LOGS = ("log", "log2", "log10", "log1p")


def births(parts: list[Part]) -> Iterator[Birth]:
    """Every part at which numbers that are not finite begin."""
    for part in parts:
        value = part.value.detach()
        bad = ~torch.isfinite(value)
        if not bool(bad.any()):
            continue
        for operand in part.operands:
            odd = ~torch.isfinite(operand.detach())
            try:
                bad = bad & ~odd.broadcast_to(value.shape)
            except RuntimeError:
                bad = bad & ~odd.any()
        places = bad.reshape(-1).nonzero()
        if len(places):
            flat = int(places[0])
            yield Birth(part, flat, float(value.reshape(-1)[flat]))
