"""A formula's syntax tree as torch closures: no eval, no exec, no compile."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node

from gradviz.core.formulas.constants import constant_value
from gradviz.core.formulas.formula_function import FormulaFunction
from gradviz.core.formulas.functions import FUNCTIONS
from gradviz.core.formulas.syntax import Assignment, Binary, Call, Expression, Formula, Index, Name, Negative
from gradviz.core.formulas.text import FormulaError
from gradviz.core.formulas.walk import children_of, names_in, with_children
from gradviz.engine.objectives.formula_work import check_work

Values = dict[str, Tensor]
Closure = Callable[[Values], Any]

_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "%": operator.mod,
    "@": operator.matmul,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class Program:
    """A formula ready to be evaluated over tensors of one dtype on one device."""

    def __init__(self, formula: Formula, dtype: torch.dtype, device: torch.device) -> None:
        self._like: dict[str, Any] = {"dtype": dtype, "device": device}
        self._formula = formula
        self.cut: frozenset[str] = frozenset()
        """Lines whose value is detached on purpose."""
        self.makes_leaves = True
        """Whether requires_grad makes a leaf; a pure evaluation, which torch.func may transform, makes none."""
        self._lines = [(line.name, self._line_closure(line)) for line in formula.lines]
        needed = needed_lines(formula)
        self._needed = [(name, closure) for name, closure in self._lines if name in needed]
        self._gradients = [(line.name, self._line_closure(line)) for line in formula.gradients]
        self.line_numbers = 0
        """How many numbers its lines are, once it was checked."""

    def evaluate(self, tensors: Mapping[str, Tensor], every_line: bool = True) -> Values:
        """Every line by name, besides `tensors`, or only those that the last one, the objective, needs."""
        values = dict(tensors)
        for name, closure in self._lines if every_line else self._needed:
            value = closure(values)
            values[name] = value.detach() if name in self.cut else value
        return values

    def evaluator(self, expression: Expression) -> Callable[[Mapping[str, Tensor]], Tensor]:
        """What gives the value of an expression over tensors and lines, from `tensors` in their place."""
        needed = needed_lines(self._formula, names_in(expression))
        lines = [(name, closure) for name, closure in self._lines if name in needed]
        last = self.tensor_closure(expression)

        def evaluated(tensors: Mapping[str, Tensor]) -> Tensor:
            values = dict(tensors)
            for name, closure in lines:
                values[name] = closure(values)
            return last(values)

        return evaluated

    def gradients(self, values: Values) -> Values:
        """The ``d_`` lines by the name of their parameter, from what `evaluate` gave.

        In the precision of the run: of a comparison, such as ``2**(x > 1)``, torch makes its default.
        """
        known = dict(values)
        for name, closure in self._gradients:
            known[name] = closure(known)
        return {name[2:]: self.in_dtype(known[name]) for name, _ in self._gradients}

    def check(self, tensors: Mapping[str, Tensor], tracked: bool = True) -> FormulaError | None:
        """FormulaError at the first place that torch refuses; returns one where a value is not finite.

        `tracked` is whether the lines will be evaluated with a graph: torch refuses some operations only then. What
        would take too long is refused by its shapes, before anything is evaluated.
        """
        check_work(self._formula, tensors, self._like)
        values = dict(tensors)
        self._odd: FormulaError | None = None
        self._dead_ends: dict[Node, FormulaError] = {}
        with torch.set_grad_enabled(tracked):
            for line in self._formula.lines:
                values[line.name] = self._checked(line.expression, values, line.line)
        self._refuse_dead_ends(values[self._formula.objective.name])
        with torch.no_grad():
            for line in self._formula.gradients:
                values[line.name] = self._checked_gradient(line, values)
        self.line_numbers = sum(values[line.name].numel() for line in self._formula.lines)
        return self._odd

    def _refuse_dead_ends(self, objective: Tensor) -> None:
        """FormulaError where backward would reach an operation of which torch has no derivative."""
        waiting = [objective.grad_fn] if self._dead_ends else []
        seen = set(waiting)
        while waiting:
            node = waiting.pop()
            if node in self._dead_ends:
                raise self._dead_ends[node]
            following = {after for after, _ in node.next_functions if after is not None} if node is not None else set()
            waiting += following - seen
            seen |= following

    def _checked_gradient(self, line: Assignment, values: Values) -> Tensor:
        value = self._checked(line.expression, values, line.line)
        if not value.is_floating_point():
            reason = "a comparison is true or false, and a gradient a number: write where(condition, 1, 0)"
            raise FormulaError(reason, line.line, line.expression.column)
        return value

    def _checked(self, expression: Expression, values: Values, line: int) -> Tensor:
        """The value of `expression`, from those of its operands; the innermost place that fails is named."""
        given: Values = {}
        is_untracked = isinstance(expression, Call) and FUNCTIONS[expression.function].untracked
        with torch.set_grad_enabled(torch.is_grad_enabled() and not is_untracked):
            for number, child in enumerate(children_of(expression)):
                given[str(number)] = self._checked(child, values, line)
        self._check_arguments(expression, given, line)
        try:
            value = self.tensor_closure(over_names(expression))(values | given)
        except FormulaError as error:
            raise FormulaError(error.reason, line, error.column) from None
        except (RuntimeError, IndexError, TypeError, ValueError) as error:
            reason = str(error).split("\n", 1)[0][:160]
            raise FormulaError(f"PyTorch refuses this: {reason}", line, expression.column) from None
        if value.grad_fn is not None and value.grad_fn.name().endswith("NotImplemented"):
            self._dead_ends[value.grad_fn] = FormulaError(_no_derivative(expression), line, expression.column)
        if self._odd is None and not bool(torch.isfinite(value.detach()).all()):
            self._odd = FormulaError(f"not finite here ({_first_odd(value)})", line, expression.column)
        return value

    @staticmethod
    def _check_arguments(expression: Expression, given: Values, line: int) -> None:
        refuses = FUNCTIONS[expression.function].refuses if isinstance(expression, Call) else None
        reason = refuses(*given.values()) if refuses is not None else ""
        if reason:
            raise FormulaError(f"PyTorch refuses this: {reason}", line, expression.column)

    def _line_closure(self, line: Assignment) -> Callable[[Values], Tensor]:
        try:
            return self.tensor_closure(line.expression)
        except FormulaError as error:
            raise FormulaError(error.reason, line.line, error.column) from None

    def tensor_closure(self, expression: Expression) -> Callable[[Values], Tensor]:
        """A closure that gives a tensor, where the expression alone may be a plain number."""
        constant = constant_value(expression)
        if constant is not None:
            tensor = torch.tensor(constant, **self._like)
            return lambda _values: tensor
        return self._closure(expression)

    def _closure(self, expression: Expression) -> Closure:
        constant = constant_value(expression)
        if constant is not None:
            return lambda _values: constant
        if isinstance(expression, Name):
            return operator.itemgetter(expression.name)
        if isinstance(expression, Negative):
            operand = self._closure(expression.operand)
            return lambda values: -operand(values)
        if isinstance(expression, Binary):
            return self._binary(expression)
        if isinstance(expression, Index):
            indexed, places = self.tensor_closure(expression.operand), expression.python
            return lambda values: indexed(values)[places]
        assert isinstance(expression, Call)
        return self._call(expression)

    def _binary(self, expression: Binary) -> Closure:
        operation = _OPERATIONS[expression.operator]
        # Two numbers are compared as tensors, for where() takes no Python bool.
        is_of_numbers = constant_value(expression.left) is not None and constant_value(expression.right) is not None
        left = (self.tensor_closure if is_of_numbers else self._closure)(expression.left)
        right = self._closure(expression.right)
        return lambda values: operation(left(values), right(values))

    def _call(self, expression: Call) -> Closure:
        declared = FUNCTIONS[expression.function]
        if not isinstance(declared.torch, str):
            return declared.torch(self, expression)
        function = _torch_function(declared.torch)
        count = len(expression.arguments) - len(declared.options)
        arguments = [self.tensor_closure(argument) for argument in expression.arguments[:count]]
        keywords = _keywords(declared, expression)
        if len(arguments) == 1:
            only = arguments[0]
            if not keywords:
                return lambda values: function(only(values))
            return lambda values: function(only(values), **keywords)
        return lambda values: function(*[argument(values) for argument in arguments], **keywords)

    @property
    def formula(self) -> Formula:
        """What it evaluates."""
        return self._formula

    def constant(self, expression: Expression) -> float | None:
        """The value of an expression of nothing but numbers; None of any other."""
        return constant_value(expression)

    def in_dtype(self, value: Tensor) -> Tensor:
        """A tensor in the precision of the program."""
        return value.to(self._like["dtype"])


def _keywords(declared: FormulaFunction, call: Call) -> dict[str, Any]:
    """What torch's function takes besides tensors."""
    count = len(call.arguments) - len(declared.options)
    options = zip(declared.options, map(constant_value, call.arguments[count:]), strict=True)
    found: dict[str, Any] = {option.name: value for option, value in options}
    dimension = declared.default_dimension if call.dimension is None else call.dimension
    found |= {} if dimension is None else {"dim": dimension}
    return found | ({"keepdim": True} if call.keeps else {})


def needed_lines(formula: Formula, names: Iterable[str] = ()) -> set[str]:
    """The lines that `names`, or the objective, are computed from: others may stand there for a gradient by hand."""
    needed = set(names) or {formula.objective.name}
    for line in reversed(formula.lines):
        if line.name in needed:
            needed |= names_in(line.expression)
    return needed


def _torch_function(name: str) -> Callable[..., Tensor]:
    function: Any = torch
    for part in name.split("."):
        function = getattr(function, part)
    found: Callable[..., Tensor] = function
    return found


def over_names(expression: Expression) -> Expression:
    """`expression` with its operands, unless they are numbers, exchanged for the names 0, 1, 2."""
    children = children_of(expression)
    operands = [
        child if constant_value(child) is not None else Name(str(number), child.column)
        for number, child in enumerate(children)
    ]
    return with_children(expression, operands)


def _no_derivative(expression: Expression) -> str:
    is_remainder = isinstance(expression, Binary) and expression.operator == "%"
    advice = ": write a - b*floor(a/b) for a % b" if is_remainder else ": write it in another way"
    return f"PyTorch has no derivative of this{advice}"


def _first_odd(value: Tensor) -> str:
    odd = value.reshape(-1)[~torch.isfinite(value.reshape(-1))]
    return str(odd[0].item())
