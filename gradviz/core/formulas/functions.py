"""The functions that a formula may call. Adding one: a record in one of the families, and no other file."""

from __future__ import annotations

from gradviz.core.formulas.activation_functions import ACTIVATIONS
from gradviz.core.formulas.elementwise_functions import ELEMENTWISE
from gradviz.core.formulas.formula_function import FormulaFunction
from gradviz.core.formulas.graph_functions import OF_THE_GRAPH
from gradviz.core.formulas.more_functions import MORE_ELEMENTWISE
from gradviz.core.formulas.pair_functions import OF_SEVERAL
from gradviz.core.formulas.special_functions import SPECIAL
from gradviz.core.formulas.tensor_functions import OF_TENSORS

FUNCTIONS: dict[str, FormulaFunction] = {
    function.name: function
    for family in (ELEMENTWISE, MORE_ELEMENTWISE, ACTIVATIONS, SPECIAL, OF_SEVERAL, OF_TENSORS, OF_THE_GRAPH)
    for function in family
}
CONSTANTS: dict[str, float] = {"pi": 3.141592653589793, "e": 2.718281828459045, "tau": 6.283185307179586}
ALIASES: dict[str, str] = {
    "absolute": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "clip": "clamp",
    "expit": "sigmoid",
    "fix": "trunc",
    "gammaln": "lgamma",
    "psi": "digamma",
    "sgn": "sign",
    "vector_norm": "norm",
}
"""Other names that torch has for the same."""
AS_OPERATORS: dict[str, str] = {
    "add": "+",
    "sub": "-",
    "subtract": "-",
    "mul": "*",
    "multiply": "*",
    "div": "/",
    "divide": "/",
    "true_divide": "/",
    "remainder": "%",
    "matmul": "@",
    "mm": "@",
    "mv": "@",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "eq": "==",
    "ne": "!=",
}
"""Functions of torch that are an operator of the formulas."""


def known_function(name: str) -> FormulaFunction | None:
    """The function that is called `name`; None where there is none."""
    return FUNCTIONS.get(ALIASES.get(name, name))


def function_of(name: str, count: int) -> FormulaFunction:
    """What `name` is with `count` arguments: max of two tensors is maximum."""
    function = FUNCTIONS[name]
    return FUNCTIONS[function.of_two] if function.of_two and count == 2 else function
