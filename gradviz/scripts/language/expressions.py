"""A formula's syntax tree as Python source of one dialect."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from gradviz.core.formulas.constants import is_constant
from gradviz.core.formulas.formula import parse_expression
from gradviz.core.formulas.formula_function import FormulaFunction
from gradviz.core.formulas.functions import FUNCTIONS, function_of
from gradviz.core.formulas.syntax import Binary, Call, Constant, Expression, Index, Name, Negative, Number
from gradviz.scripts.language.dialects import PYTHON, Library
from gradviz.scripts.problems import ScriptError

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_BINDING = {**dict.fromkeys(COMPARISONS, 1), "+": 2, "-": 2, "*": 3, "/": 3, "%": 3, "@": 3, "**": 5}
_NEGATIVE, _ATOM = 4, 6


class Printer:
    """Prints expressions of tensors.

    `names` says what a name of the formula is called in the script; the `ranks` of names choose how a product
    is written.
    """

    def __init__(
        self, library: Library, dtype: str, names: Mapping[str, str], ranks: Mapping[str, int] | None = None
    ) -> None:
        self.library = library
        self.dtype = dtype
        self.names = names
        self.ranks = dict(ranks or {})

    def text(self, expression: Expression) -> str:
        """The right side of a line; one of nothing but numbers becomes a tensor."""
        return self._tensor(expression)

    def own(self, expression: Expression) -> str:
        """As `text`, but with numbers of its own: a parameter as it is now, which the update will not change."""
        inner = expression
        while isinstance(inner, Call) and inner.function in FUNCTIONS and FUNCTIONS[inner.function].shares:
            inner = inner.arguments[0]
        printed = self.text(expression)
        if not isinstance(inner, Name):
            return printed
        copies = {"numpy": "{}.copy()", "torch": "{}.clone()", "tensorflow": "tf.identity({})", "python": "{}"}
        return copies[self.library.name].format(printed)

    def parsed(self, text: str, known: Collection[str]) -> str:
        """Text in the notation of formulas, printed."""
        return self.printed(parse_expression(text, known), 0)

    def _tensor(self, expression: Expression) -> str:
        printed = self.printed(expression, 0)
        return self.library.constant(printed, self.dtype) if is_constant(expression) else printed

    def printed(self, expression: Expression, binding: int = 0) -> str:
        """`expression`, in parentheses where its neighbour binds closer than it does."""
        printed, own = self._parts(expression)
        return f"({printed})" if own < binding else printed

    def _parts(self, expression: Expression) -> tuple[str, int]:
        if isinstance(expression, Number):
            return number_text(expression.value), _ATOM
        if isinstance(expression, Constant):
            return f"math.{expression.name}", _ATOM
        if isinstance(expression, Name):
            return self.names.get(expression.name, expression.name), _ATOM
        if isinstance(expression, Negative):
            return f"-{self.printed(expression.operand, _NEGATIVE)}", _NEGATIVE
        if isinstance(expression, Binary):
            return self._binary(expression)
        if isinstance(expression, Index):
            operand = self._tensor(expression.operand) if is_constant(expression.operand) else ""
            return f"{operand or self.printed(expression.operand, _ATOM)}[{expression.text}]", _ATOM
        return self._call(expression), _ATOM

    def _binary(self, expression: Binary) -> tuple[str, int]:
        operator = expression.operator
        if operator in COMPARISONS:
            return self._comparison(expression)
        if operator == "@" and self.library.name == "tensorflow":
            return self._product(expression), _ATOM
        binding = _BINDING[operator]
        if operator == "**":
            return self._power(expression), binding
        left = self.printed(expression.left, binding)
        return f"{left} {operator} {self.printed(expression.right, binding + 1)}", binding

    def _power(self, expression: Binary) -> str:
        folded = is_constant(expression)
        unsigned = expression.right.operand if isinstance(expression.right, Negative) else expression.right
        may_be_0 = is_constant(unsigned) and not (isinstance(unsigned, Number) and unsigned.value)
        if self.library.name == "tensorflow" and not folded and may_be_0:
            return f"power({self._tensor(expression.left)}, {self._tensor(expression.right)})"
        base, exponent = (
            number_text(side.value, whole=False) if folded and isinstance(side, Number) else self.printed(side, bound)
            for side, bound in ((expression.left, _ATOM), (expression.right, _NEGATIVE))
        )
        is_short = all(isinstance(side, Name | Number) for side in (expression.left, expression.right))
        return f"{base}**{exponent}" if is_short else f"{base} ** {exponent}"

    def _comparison(self, expression: Binary) -> tuple[str, int]:
        """A comparison as a number: PyTorch and NumPy count with it as it is, TensorFlow does not."""
        printed = self.condition(expression)
        if self.library.name == "tensorflow":
            return f"tf.cast({printed}, tf.{self.dtype})", _ATOM
        return printed, _BINDING[expression.operator]

    def condition(self, expression: Expression) -> str:
        """What holds or does not; a number holds where it is not 0."""
        if not (isinstance(expression, Binary) and expression.operator in COMPARISONS):
            return f"{self.printed(expression, 2)} != 0"
        # two numbers are compared as tensors, for where() takes no Python bool
        of_numbers = is_constant(expression.left) and is_constant(expression.right)
        left = self._tensor(expression.left) if of_numbers else self.printed(expression.left, 2)
        return f"{left} {expression.operator} {self.printed(expression.right, 2)}"

    def _product(self, expression: Binary) -> str:
        """tf.matmul knows matrices alone; tensordot knows vectors too."""
        left, right = expression.left, expression.right
        is_of_matrices = self.rank(left) == 2 and self.rank(right) == 2
        product = "tf.matmul({}, {})" if is_of_matrices else "tf.tensordot({}, {}, 1)"
        return product.format(self._tensor(left), self._tensor(right))

    def _call(self, call: Call) -> str:
        if call.function == "ones":
            shape = ", ".join(self.printed(size, 0) for size in call.arguments)
            return f"np.ones([{shape}], dtype=np.{self.dtype})"
        if call.function == "placed":
            return self._placed(*call.arguments)
        function = function_of(call.function, len(call.arguments))
        spelling = self.library.spelled(function)
        if not spelling:
            raise ScriptError(f"{function.name}() is not known in this dialect.", "Choose another dialect.")
        arguments = [Argument(self, argument) for argument in call.arguments]
        if "{" in spelling:
            return spelling.format(*arguments, dtype=self.library.dtype(self.dtype))
        count = len(arguments) - len(function.options)
        texts = [argument.tensor for argument in arguments[:count]]
        dimension = function.default_dimension if call.dimension is None else call.dimension
        texts += [] if dimension is None else [f"{self.library.axis}={dimension}"]
        texts += [f"{self.library.keeps}=True"] if call.keeps else []
        return f"{spelling}({', '.join(texts + self._settings(function, arguments[count:]))})"

    def _settings(self, function: FormulaFunction, values: list[Argument]) -> list[str]:
        """The numbers that a function takes besides its tensors: as keywords where torch or a reduction has them."""
        pairs = [(option, value) for option, value in zip(function.options, values, strict=True)]
        if self.library.name != "torch" and function.effect == "elementwise":
            return [value.plain for _option, value in pairs]
        return [f"{option.name}={value.plain}" for option, value in pairs if not value.is_number(option.default)]

    def _placed(self, flow: Expression, index: Expression) -> str:
        """The gradient of an index: zeros but for the elements that it chose."""
        assert isinstance(index, Index)
        assert isinstance(index.operand, Call)
        shape = ", ".join(self.printed(size) for size in index.operand.arguments)
        return f"placed({self.printed(flow)}, [{shape}], np.s_[{index.text}], {self.library.dtype(self.dtype)})"

    def rank(self, expression: Expression) -> int:
        """Number of dimensions, from those of the names."""
        if isinstance(expression, Name):
            return self.ranks.get(expression.name, 0)
        if isinstance(expression, Negative):
            return self.rank(expression.operand)
        if isinstance(expression, Binary):
            left, right = self.rank(expression.left), self.rank(expression.right)
            return left + right - 2 if expression.operator == "@" else max(left, right)
        if isinstance(expression, Index):
            places = expression.places
            return self.rank(expression.operand) + places.count(None) - sum(isinstance(place, int) for place in places)
        return self._call_rank(expression) if isinstance(expression, Call) else 0

    def _call_rank(self, call: Call) -> int:
        ranks = [self.rank(argument) for argument in call.arguments]
        if call.function == "ones":
            return len(ranks)
        if call.function == "placed":
            return ranks[1]
        if function_of(call.function, len(ranks)).effect == "reduction":
            return 0 if call.dimension is None else ranks[0] - (not call.keeps)
        return max(ranks)


class Argument:
    """An argument of a call in the forms that the template of a spelling may ask for."""

    def __init__(self, printer: Printer, expression: Expression) -> None:
        self._printer = printer
        self._expression = expression

    @property
    def tensor(self) -> str:
        """Between commas, as a tensor."""
        return self._printer.text(self._expression)

    @property
    def plain(self) -> str:
        """Between commas, as it stands."""
        return self._printer.printed(self._expression)

    @property
    def atom(self) -> str:
        """In brackets, where a dot or an index follows."""
        return self._printer.printed(self._expression, _ATOM)

    @property
    def condition(self) -> str:
        """As what holds or does not."""
        return self._printer.condition(self._expression)

    def is_number(self, value: float) -> bool:
        """Whether it is this very number."""
        return isinstance(self._expression, Number) and self._expression.value == value

    @property
    def number(self) -> str:
        """A plain number where it is one, else as a tensor."""
        if isinstance(self._expression, Number):
            return f"{self._expression.value!r}"
        return self.plain if is_constant(self._expression) else self.tensor


class ScalarPrinter(Printer):
    """Prints expressions of plain numbers, as a script computes them once a step."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__(PYTHON, "", names)

    def _tensor(self, expression: Expression) -> str:
        return self.printed(expression)


def is_comparison(expression: Expression) -> bool:
    """Whether it holds or does not: no gradient flows through it."""
    return isinstance(expression, Binary) and expression.operator in COMPARISONS


def number_text(value: float, whole: bool = True) -> str:
    """A number that reads back to the same float; 2.0 as 2 where it may be `whole`."""
    if value == 0 and math.copysign(1, value) < 0:
        return "-0.0"
    if whole and math.isfinite(value) and value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return repr(value)
