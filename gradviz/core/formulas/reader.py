"""One expression of a formula: Python's `ast` splits the text, and a whitelist turns its nodes into our own.

Anything else is refused by the name of its construct, with line and column and what to write instead. Nothing is ever
evaluated, executed or compiled by Python.
"""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Collection

from gradviz.core.formulas.arguments import dimension_of, option_value, sorted_arguments
from gradviz.core.formulas.corrections import call_correction, correction, name_correction, syntax_correction
from gradviz.core.formulas.functions import AS_OPERATORS, CONSTANTS, FUNCTIONS, known_function
from gradviz.core.formulas.syntax import (
    Binary,
    Call,
    Constant,
    Expression,
    Index,
    Name,
    Negative,
    Number,
    Place,
    Slice,
)
from gradviz.core.formulas.text import FormulaError

OPERATORS: dict[type[ast.AST], str] = {
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
MOST_INDEX = 10**9


def read_expression(source: str, line: int, offset: int, known: Collection[str]) -> Expression:
    """Parse the right side of a line over `known` names; `offset` is the number of characters before it."""
    stripped = source.lstrip()
    offset += len(source) - len(stripped)
    if not stripped:
        raise FormulaError("an expression is missing", line, offset + 1)
    try:
        tree = ast.parse(stripped, mode="eval")
    except SyntaxError as error:
        column = offset + max(error.offset or 1, 1)
        raise FormulaError(syntax_correction(stripped, error), line, column) from None
    except (ValueError, RecursionError, MemoryError):
        raise FormulaError("this cannot be read", line, offset + 1) from None
    return _Reader(stripped, line, offset, known).read(tree.body)


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
            return self._binary(node, OPERATORS.get(type(node.op)), node.left, node.right)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._binary(node, OPERATORS.get(type(node.ops[0])), node.left, node.comparators[0])
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Subscript):
            return self._index(node)
        raise self._error(node, correction(node, self._text))

    def _column(self, node: ast.AST) -> int:
        before = self._bytes[: getattr(node, "col_offset", 0)]
        return self._offset + len(before.decode(errors="replace")) + 1

    def _text(self, node: ast.AST) -> str:
        """What a node is written as."""
        found = self._bytes[getattr(node, "col_offset", 0) : getattr(node, "end_col_offset", 0)]
        return found.decode(errors="replace")

    def _error(self, node: ast.AST, reason: str, unknown: str = "") -> FormulaError:
        return FormulaError(reason, self._line, self._column(node), unknown)

    def _number(self, node: ast.Constant) -> Number:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self._error(node, correction(node, self._text))
        try:
            value = float(node.value)
        except OverflowError:
            value = float("inf")
        if value in (float("inf"), float("-inf")):
            raise self._error(node, "not finite here")
        return Number(value, self._column(node))

    def _name(self, node: ast.Name) -> Name | Constant:
        name = unicodedata.normalize("NFKC", node.id)
        if name in self._known:
            return Name(name, self._column(node))
        if name in CONSTANTS:
            return Constant(name, self._column(node))
        if name in FUNCTIONS:
            raise self._error(node, f"{name} is a function: write {name}(...)")
        unknown = name if name.isidentifier() and not name.startswith("_") and len(name) <= 40 else ""
        raise self._error(node, name_correction(name, self._known), unknown)

    def _sign(self, node: ast.UnaryOp) -> Expression:
        if isinstance(node.op, ast.UAdd):
            return self.read(node.operand)
        if not isinstance(node.op, ast.USub):
            raise self._error(node, correction(node, self._text))
        return Negative(self.read(node.operand), self._column(node))

    def _binary(self, node: ast.AST, operator: str | None, left: ast.AST, right: ast.AST) -> Binary:
        if operator is None:
            raise self._error(node, correction(node, self._text))
        return Binary(operator, self.read(left), self.read(right), self._column(node))

    # Calls

    def _call(self, node: ast.Call) -> Expression:
        if not isinstance(node.func, ast.Name):
            raise self._error(node.func, call_correction(node, self._text))
        name = unicodedata.normalize("NFKC", node.func.id)
        if name in AS_OPERATORS and len(node.args) == 2 and not node.keywords:
            return self._binary(node, AS_OPERATORS[name], *node.args)
        if name in ("neg", "negative") and len(node.args) == 1 and not node.keywords:
            return Negative(self.read(node.args[0]), self._column(node))
        function = known_function(name)
        if function is None:
            unknown = name_correction(name, self._known) if name in self._known else ""
            raise self._error(node, unknown or call_correction(node, self._text, self._known))
        given = sorted_arguments(function, node, self._error, self._text)
        dimension, keeps = dimension_of(function, given, self._error)
        options = tuple(
            Number(option_value(option, given.get(option.name), self.read, self._error), self._column(node))
            for option in function.options
        )
        tensors = tuple(self.read(given[one]) for one in given if one.isdecimal())
        if name == "clip" or (function.name == "clamp" and len(tensors) == 2):
            return self._clamped(node, given)
        return Call(function.name, tensors + options, dimension, self._column(node), keeps)

    def _clamped(self, node: ast.Call, given: dict[str, ast.expr]) -> Call:
        """clamp with one bound is another function; torch's clip is clamp."""
        x, low, high = (self.read(given[one]) if one in given else None for one in ("0", "1", "2"))
        assert x is not None
        column = self._column(node)
        if low is not None and high is not None:
            return Call("clamp", (x, low, high), None, column)
        bound = low or high
        assert bound is not None
        return Call("clamp_min" if low is not None else "clamp_max", (x, bound), None, column)

    # Indices

    def _index(self, node: ast.Subscript) -> Index:
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if not parts or len(parts) > 8:
            raise self._error(node.slice, "an index has from 1 to 8 places, such as x[:, 1]")
        operand = self.read(node.value)
        places = tuple(self._place(part) for part in parts)
        if sum(place is Ellipsis for place in places) > 1:
            raise self._error(node.slice, "an index has one ... at most")
        return Index(operand, places, self._column(node))

    def _place(self, node: ast.expr) -> Place:
        if isinstance(node, ast.Slice):
            step = self._whole(node.step) if node.step is not None else None
            if step is not None and step < 1:
                raise self._error(
                    node, "PyTorch has no slice with a step below 1: write one of at least 1, as in x[::2]"
                )
            return Slice(
                None if node.lower is None else self._whole(node.lower),
                None if node.upper is None else self._whole(node.upper),
                step,
            )
        if isinstance(node, ast.Constant) and (node.value is None or node.value is Ellipsis):
            place: Place = node.value
            return place
        return self._whole(node)

    def _whole(self, node: ast.expr) -> int:
        sign, inner = (
            (-1, node.operand) if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else (1, node)
        )
        if isinstance(inner, ast.Constant) and type(inner.value) is int and inner.value < MOST_INDEX:
            return sign * inner.value
        text = self._text(node)[:30]
        if isinstance(node, ast.Compare):
            raise self._error(node, f"an index is no condition: write where({text}, ..., 0) around what it chooses")
        reason = f"an index is a whole number or a slice, as in w[0], x[-1], x[:, 1] or x[::2], and not {text}"
        raise self._error(node, reason)
