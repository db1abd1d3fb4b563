"""The functions that a formula may call. Adding one: a record in one of the families, and no other file."""

from __future__ import annotations

from gradviz.core.formulas.elementwise_functions import ELEMENTWISE
from gradviz.core.formulas.formula_function import FormulaFunction
from gradviz.core.formulas.graph_functions import OF_THE_GRAPH
from gradviz.core.formulas.pair_functions import OF_SEVERAL
from gradviz.core.formulas.tensor_functions import OF_TENSORS

FUNCTIONS: dict[str, FormulaFunction] = {
    function.name: function for function in (*ELEMENTWISE, *OF_SEVERAL, *OF_TENSORS, *OF_THE_GRAPH)
}
CONSTANTS: dict[str, float] = {"pi": 3.141592653589793, "e": 2.718281828459045, "tau": 6.283185307179586}


def function_of(name: str, count: int) -> FormulaFunction:
    """What `name` is with `count` arguments: max of two tensors is maximum."""
    function = FUNCTIONS[name]
    return FUNCTIONS[function.of_two] if function.of_two and count == 2 else function
