"""The formula language: a few lines ``name = expression`` to a syntax tree of our own.

Python's `ast` splits the text; a whitelist turns its nodes into ours, and anything else is refused by the
name of its construct with line and column. Nothing is ever evaluated, executed or compiled by Python.
Every text is measured before it reaches the parser, so that no input is slow or deep.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from gradviz.core.formulas.functions import CONSTANTS, FUNCTIONS
from gradviz.core.formulas.text import FormulaError, measure, normalise


@dataclass(frozen=True, slots=True)
class Number:
    """A literal; every number is a float."""

    value: float
    column: int


@dataclass(frozen=True, slots=True)
class Name:
    """A tensor, a constant of mathematics, or an earlier line."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Negative:
    """Minus an operand."""

    operand: Expression
    column: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and one of ``+ - * / ** % @ < <= > >= == !=``; `column` is where the left one begins."""

    operator: str
    left: Expression
    right: Expression
    column: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function of `FUNCTIONS`; `dimension` is None where it reduces over all."""

    function: str
    arguments: tuple[Expression, ...]
    dimension: int | None
    column: int


Expression = Number | Name | Negative | Binary | Call


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line of a formula. `text` is its right side as the user wrote it."""

    name: str
    expression: Expression
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Formula:
    """The lines in order; the last is the objective. `gradients` maps a parameter to its ``d_`` line."""

    lines: tuple[Assignment, ...]
    gradients: tuple[Assignment, ...]

    @property
    def objective(self) -> Assignment:
        """The line whose value is minimised."""
        return self.lines[-1]


_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.Mod: "%",
    ast.MatMult: "@",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}

_CONSTRUCTS: dict[type[ast.AST], str] = {
    ast.Attribute: "an attribute (a dot after a name)",
    ast.Subscript: "an index in square brackets",
    ast.Lambda: "a lambda",
    ast.NamedExpr: "an assignment inside an expression (:=)",
    ast.JoinedStr: "an f-string",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.IfExp: "an if-else (use where)",
    ast.BoolOp: "and/or (use where)",
    ast.Starred: "a star argument",
    ast.Await: "an await",
    ast.Tuple: "a tuple",
    ast.List: "a list",
    ast.Dict: "a dictionary",
    ast.Set: "a set",
    ast.Slice: "a slice",
}


def parse_formula(text: str, tensors: Collection[str]) -> Formula:
    """Parse `text` over the named `tensors`; FormulaError with the place where it is wrong."""
    measure(text)
    lines: list[Assignment] = []
    gradients: list[Assignment] = []
    known = set(tensors)
    for number, raw in enumerate(normalise(text).split("\n"), start=1):
        source = raw.split("#", 1)[0].rstrip()
        if not source.strip():
            continue
        line = _assignment(source, number, known)
        by_hand = line.name.startswith("d_") and line.name[2:] in tensors
        (gradients if by_hand else lines).append(line)
        known.add(line.name)
    if not lines:
        raise FormulaError("write at least one line such as  loss = x**2")
    return Formula(tuple(lines), tuple(gradients))


def parse_gradients(text: str, known: Collection[str], parameters: Collection[str]) -> tuple[Assignment, ...]:
    """Lines that give gradients by hand, ``d_name = expression``, and lines between them, in their order.

    `known` names may be used, among them the `parameters`; FormulaError where no line is a parameter's gradient.
    """
    measure(text)
    lines: list[Assignment] = []
    names = set(known)
    for number, raw in enumerate(normalise(text).split("\n"), start=1):
        source = raw.split("#", 1)[0].rstrip()
        if source.strip():
            lines.append(_assignment(source, number, names))
            names.add(lines[-1].name)
    if not any(line.name.startswith("d_") and line.name[2:] in parameters for line in lines):
        some = ", ".join(sorted(parameters)[:6])
        raise FormulaError(f"write a line  d_name = expression  for a parameter: {some}")
    return tuple(lines)


def parse_expression(text: str, known: Collection[str]) -> Expression:
    """Parse one expression over `known` names."""
    measure(text)
    return _expression(normalise(text), 1, 0, known)


_ASSIGN = re.compile(r"(?<![=<>!])=(?!=)")


def _assignment(source: str, number: int, known: Collection[str]) -> Assignment:
    match = _ASSIGN.search(source)
    if match is None:
        raise FormulaError("a line reads  name = expression", number, _first_column(source))
    name = source[: match.start()].strip()
    column = _first_column(source)
    if not name.isidentifier() or name.startswith("_") or len(name) > 40:
        raise FormulaError(f"{name[:20]!r} is not a name", number, column)
    if name in FUNCTIONS or name in CONSTANTS:
        raise FormulaError(f"{name} is taken by a function or a constant", number, column)
    if name in known:
        raise FormulaError(f"{name} is given twice", number, column)
    right = source[match.end() :]
    expression = _expression(right, number, match.end(), known)
    return Assignment(name, expression, number, right.strip())


def _first_column(source: str) -> int:
    return len(source) - len(source.lstrip()) + 1


def _expression(source: str, line: int, offset: int, known: Collection[str]) -> Expression:
    """Parse the right side of a line; `offset` is the number of characters before it."""
    stripped = source.lstrip()
    offset += len(source) - len(stripped)
    if not stripped:
        raise FormulaError("an expression is missing", line, offset + 1)
    try:
        tree = ast.parse(stripped, mode="eval")
    except SyntaxError as error:
        column = offset + max(error.offset or 1, 1)
        raise FormulaError(_syntax_reason(stripped, error), line, column) from None
    except (ValueError, RecursionError, MemoryError):
        raise FormulaError("this cannot be read", line, offset + 1) from None
    return _Reader(stripped, line, offset, known).read(tree.body)


def _syntax_reason(source: str, error: SyntaxError) -> str:
    if re.search(r"\d\s*[^\W\d_]", source) and "decimal literal" in (error.msg or ""):
        return "write the product with *, such as 2*x"
    return f"this is not an expression ({(error.msg or 'invalid syntax')[:80]})"


class _Reader:
    """Turns nodes of `ast` into ours, and refuses every other."""

    def __init__(self, source: str, line: int, offset: int, known: Collection[str]) -> None:
        self._bytes = source.encode()
        self._line = line
        self._offset = offset
        self._known = known

    def read(self, node: ast.AST) -> Expression:
        """`node` as an expression; FormulaError at its column if it is not on the whitelist."""
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.UnaryOp):
            return self._sign(node)
        if isinstance(node, ast.BinOp):
            operator = _OPERATORS.get(type(node.op))
            return self._binary(node, operator, node.left, node.right)
        if isinstance(node, ast.Compare):
            if len(node.ops) != 1:
                raise self._error(node, "a chain of comparisons cannot be used here")
            return self._binary(node, _OPERATORS.get(type(node.ops[0])), node.left, node.comparators[0])
        if isinstance(node, ast.Call):
            return self._call(node)
        construct = _CONSTRUCTS.get(type(node), type(node).__name__)
        raise self._error(node, f"{construct} cannot be used in a formula")

    def _column(self, node: ast.AST) -> int:
        before = self._bytes[: getattr(node, "col_offset", 0)]
        return self._offset + len(before.decode(errors="replace")) + 1

    def _error(self, node: ast.AST, reason: str) -> FormulaError:
        return FormulaError(reason, self._line, self._column(node))

    def _number(self, node: ast.Constant) -> Number:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self._error(node, f"a {type(node.value).__name__} cannot be used in a formula")
        try:
            value = float(node.value)
        except OverflowError:
            value = float("inf")
        if value in (float("inf"), float("-inf")):
            raise self._error(node, "not finite here")
        return Number(value, self._column(node))

    def _name(self, node: ast.Name) -> Name:
        name = unicodedata.normalize("NFKC", node.id)
        if name in FUNCTIONS and name not in self._known:
            raise self._error(node, f"{name} is a function: write {name}(...)")
        if name not in self._known and name not in CONSTANTS:
            raise self._error(node, f"{name[:40]} is not known here")
        return Name(name, self._column(node))

    def _sign(self, node: ast.UnaryOp) -> Expression:
        if isinstance(node.op, ast.UAdd):
            return self.read(node.operand)
        if not isinstance(node.op, ast.USub):
            raise self._error(node, "not and ~ cannot be used in a formula")
        return Negative(self.read(node.operand), self._column(node))

    def _binary(self, node: ast.AST, operator: str | None, left: ast.AST, right: ast.AST) -> Binary:
        if operator is None:
            is_power = isinstance(getattr(node, "op", None), ast.BitXor)
            hint = "^ is no power here: write x**2" if is_power else "this operator cannot be used in a formula"
            raise self._error(node, hint)
        return Binary(operator, self.read(left), self.read(right), self._column(node))

    def _call(self, node: ast.Call) -> Call:
        if not isinstance(node.func, ast.Name):
            raise self._error(node.func, f"{_CONSTRUCTS.get(type(node.func), 'this')} cannot be called")
        name = node.func.id
        function = FUNCTIONS.get(name)
        if function is None:
            raise self._error(node, f"{name[:40]} is not a function that a formula knows")
        if node.keywords:
            raise self._error(node.keywords[0], f"{name} takes no named arguments: write {name}(x)")
        arguments = list(node.args)
        dimension = self._dimension(arguments) if function.dimension else None
        if not function.least <= len(arguments) <= function.most:
            wanted = str(function.most) if function.least == function.most else f"{function.least} or {function.most}"
            more = " and a dimension" if function.dimension else ""
            raise self._error(node, f"{name} takes {wanted} argument(s){more}, not {len(node.args)}")
        return Call(name, tuple(self.read(argument) for argument in arguments), dimension, self._column(node))

    def _dimension(self, arguments: list[ast.expr]) -> int | None:
        """Take a whole number off the end of `arguments`, as in ``sum(x, 0)``."""
        if len(arguments) < 2:
            return None
        last = arguments.pop()
        sign = 1
        if isinstance(last, ast.UnaryOp) and isinstance(last.op, ast.USub):
            sign, last = -1, last.operand
        if not isinstance(last, ast.Constant) or type(last.value) is not int or abs(last.value) > 8:
            raise self._error(last, "a dimension is a whole number such as 0 or -1")
        return sign * last.value
