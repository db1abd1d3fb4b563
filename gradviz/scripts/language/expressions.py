"""A formula's syntax tree as Python source of one dialect."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gradviz.core.formulas.formula import Binary, Call, Expression, Name, Negative, Number, parse_expression
from gradviz.core.formulas.functions import CONSTANTS
from gradviz.scripts.language.dialects import PYTHON, Library
from gradviz.scripts.problems import ScriptError

_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_BINDING = {**dict.fromkeys(_COMPARISONS, 1), "+": 2, "-": 2, "*": 3, "/": 3, "%": 3, "@": 3, "**": 5}
_NEGATIVE, _ATOM = 4, 6
_TAKES_NUMBERS = {"where": (1, 2), "clamp": (1, 2)}
"""Arguments in which every library takes a plain number for a tensor."""


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
        while isinstance(inner, Call) and inner.function in ("t", "transpose", "detach"):
            inner = inner.arguments[0]
        printed = self.text(expression)
        if not isinstance(inner, Name):
            return printed
        copies = {"numpy": "{}.copy()", "torch": "{}.clone()", "tensorflow": "tf.identity({})", "python": "{}"}
        return copies[self.library.name].format(printed)

    def parsed(self, text: str, known: Collection[str]) -> str:
        """Text in the notation of formulas, printed."""
        return self._print(parse_expression(text, known), 0)

    def _tensor(self, expression: Expression) -> str:
        printed = self._print(expression, 0)
        return self.library.constant(printed, self.dtype) if is_constant(expression) else printed

    def _print(self, expression: Expression, binding: int) -> str:
        """`expression`, in parentheses where its neighbour binds closer than it does."""
        printed, own = self._parts(expression)
        return f"({printed})" if own < binding else printed

    def _parts(self, expression: Expression) -> tuple[str, int]:
        if isinstance(expression, Number):
            return number_text(expression.value), _ATOM
        if isinstance(expression, Name):
            known = expression.name in self.names or expression.name not in CONSTANTS
            return self.names.get(expression.name, expression.name) if known else f"math.{expression.name}", _ATOM
        if isinstance(expression, Negative):
            return f"-{self._print(expression.operand, _NEGATIVE)}", _NEGATIVE
        if isinstance(expression, Binary):
            return self._binary(expression)
        return self._call(expression), _ATOM

    def _binary(self, expression: Binary) -> tuple[str, int]:
        operator = expression.operator
        if operator in _COMPARISONS:
            return self._comparison(expression)
        if operator == "@" and self.library.name == "tensorflow":
            return self._product(expression), _ATOM
        binding = _BINDING[operator]
        if operator == "**":
            return self._power(expression), binding
        left = self._print(expression.left, binding)
        return f"{left} {operator} {self._print(expression.right, binding + 1)}", binding

    def _power(self, expression: Binary) -> str:
        folded = is_constant(expression)
        base, exponent = (
            number_text(side.value, whole=False) if folded and isinstance(side, Number) else self._print(side, bound)
            for side, bound in ((expression.left, _ATOM), (expression.right, _NEGATIVE))
        )
        is_short = all(isinstance(side, Name | Number) for side in (expression.left, expression.right))
        return f"{base}**{exponent}" if is_short else f"{base} ** {exponent}"

    def _comparison(self, expression: Binary) -> tuple[str, int]:
        """A comparison as a number: PyTorch and NumPy count with it as it is, TensorFlow does not."""
        printed = self._condition(expression)
        if self.library.name == "tensorflow":
            return f"tf.cast({printed}, tf.{self.dtype})", _ATOM
        return printed, _BINDING[expression.operator]

    def _condition(self, expression: Expression) -> str:
        if not (isinstance(expression, Binary) and expression.operator in _COMPARISONS):
            return f"{self._print(expression, 2)} != 0"
        # two numbers are compared as tensors, for where() takes no Python bool
        of_numbers = is_constant(expression.left) and is_constant(expression.right)
        left = self._tensor(expression.left) if of_numbers else self._print(expression.left, 2)
        return f"{left} {expression.operator} {self._print(expression.right, 2)}"

    def _product(self, expression: Binary) -> str:
        """tf.matmul knows matrices alone; tensordot knows vectors too."""
        left, right = expression.left, expression.right
        is_of_matrices = self.rank(left) == 2 and self.rank(right) == 2
        product = "tf.matmul({}, {})" if is_of_matrices else "tf.tensordot({}, {}, 1)"
        return product.format(self._tensor(left), self._tensor(right))

    def _call(self, call: Call) -> str:
        name, library = call.function, self.library
        if name in ("t", "transpose"):
            return self._transposed(call.arguments[0])
        if name == "ones":
            shape = ", ".join(self._print(size, 0) for size in call.arguments)
            return f"np.ones([{shape}], dtype=np.{self.dtype})"
        if name == "one_hot":
            return self._one_hot(*call.arguments)
        if name in ("detach", "no_grad", "requires_grad", "retain_grad"):
            return self._cut(name, call.arguments[0])
        if name in ("max", "min") and len(call.arguments) == 2:
            name = f"{name}imum"
        if name in library.reductions:
            return self._reduction(name, call)
        function = library.functions.get(name)
        if function is None:
            raise ScriptError(f"{name}() is not known in this dialect.", "Choose another dialect.")
        arguments = [self._argument(name, k, argument) for k, argument in enumerate(call.arguments)]
        return f"{function}({', '.join(arguments)})"

    def _argument(self, name: str, place: int, argument: Expression) -> str:
        if name == "where" and place == 0:
            return self._condition(argument)
        takes_numbers = place in _TAKES_NUMBERS.get(name, ()) and self.library.name != "tensorflow"
        if takes_numbers and is_constant(argument):
            constant = self._print(argument, 0)
            return f"{float(constant)!r}" if isinstance(argument, Number) else constant
        return self._tensor(argument)

    def _reduction(self, name: str, call: Call) -> str:
        function, only = self.library.reductions[name], self._tensor(call.arguments[0])
        dimension = call.dimension
        if dimension is None and name in ("softmax", "log_softmax"):
            dimension = -1
        if dimension is None:
            return f"{function}({only})"
        return f"{function}({only}, {self.library.axis}={dimension})"

    def _transposed(self, operand: Expression) -> str:
        if self.library.name == "tensorflow":
            return f"tf.transpose({self._tensor(operand)})"
        if self.library.name == "torch":
            return f"{self._print(operand, _ATOM)}.t()"
        return f"{self._print(operand, _ATOM)}.T"

    def _one_hot(self, labels: Expression, classes: Expression) -> str:
        given, count = self._print(labels, _ATOM), self._print(classes, 0)
        if self.library.name == "numpy":
            return f"np.eye({count}, dtype={self.library.dtype(self.dtype)})[{given}.astype(int)]"
        if self.library.name == "torch":
            return f"nn.functional.one_hot({given}.long(), {count}).to(torch.{self.dtype})"
        return f"tf.one_hot(tf.cast({given}, tf.int64), {count}, dtype=tf.{self.dtype})"

    def _cut(self, name: str, operand: Expression) -> str:
        """What no gradient passes; NumPy has no gradient that could."""
        printed = self._print(operand, _ATOM)
        if name == "retain_grad":  # what is kept on the way changes nothing at its ends
            return printed
        if self.library.name == "torch":
            return f"{printed}.detach()" + (".requires_grad_()" if name == "requires_grad" else "")
        return printed if self.library.name == "numpy" else f"tf.stop_gradient({self._tensor(operand)})"

    def rank(self, expression: Expression) -> int:
        """Number of dimensions, from those of the names."""
        if isinstance(expression, Name):
            return self.ranks.get(expression.name, 0)
        if isinstance(expression, Negative):
            return self.rank(expression.operand)
        if isinstance(expression, Binary):
            left, right = self.rank(expression.left), self.rank(expression.right)
            return left + right - 2 if expression.operator == "@" else max(left, right)
        return self._call_rank(expression) if isinstance(expression, Call) else 0

    def _call_rank(self, call: Call) -> int:
        ranks = [self.rank(argument) for argument in call.arguments]
        if call.function == "dot":
            return 0
        reduces = call.function in self.library.reductions and "softmax" not in call.function and len(ranks) == 1
        if reduces:
            return 0 if call.dimension is None else ranks[0] - 1
        return max(ranks)


class ScalarPrinter(Printer):
    """Prints expressions of plain numbers, as a script computes them once a step."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__(PYTHON, "", names)

    def _tensor(self, expression: Expression) -> str:
        return self._print(expression, 0)

    def _call(self, call: Call) -> str:
        if call.function != "where":
            return super()._call(call)
        condition, first, second = call.arguments
        return f"({self._print(first, 0)} if {self._condition(condition)} else {self._print(second, 0)})"


def is_constant(expression: Expression) -> bool:
    """Whether an expression is nothing but numbers."""
    if isinstance(expression, Number):
        return True
    if isinstance(expression, Name):
        return expression.name in CONSTANTS
    if isinstance(expression, Negative):
        return is_constant(expression.operand)
    arithmetic = isinstance(expression, Binary) and expression.operator in ("+", "-", "*", "/", "**", "%")
    return arithmetic and is_constant(expression.left) and is_constant(expression.right)  # type: ignore[union-attr]


def number_text(value: float, whole: bool = True) -> str:
    """A number that reads back to the same float; 2.0 as 2 where it may be `whole`."""
    if whole and value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return repr(value)
