"""The functions that a formula may call. Adding one: an entry here; the engine calls torch by `torch_name`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FormulaFunction:
    """A function of torch: the least and the most tensors it takes, and whether a dimension may follow."""

    torch_name: str
    least: int
    most: int
    about: str
    dimension: bool = False


def _elementwise() -> dict[str, FormulaFunction]:
    same_name = (
        "abs sqrt exp log log2 log10 log1p expm1 sin cos tan asin acos atan sinh cosh tanh sigmoid relu sign "
        "floor ceil round erf square reciprocal rsqrt"
    )
    table = {name: FormulaFunction(name, 1, 1, f"elementwise torch.{name}") for name in same_name.split()}
    table |= {
        name: FormulaFunction(f"nn.functional.{name}", 1, 1, f"elementwise torch.nn.functional.{name}")
        for name in ("softplus", "gelu", "silu")
    }
    pairs = ("atan2", "hypot", "minimum", "maximum", "pow")
    table |= {name: FormulaFunction(name, 2, 2, f"elementwise torch.{name} of two") for name in pairs}
    return table


def _reductions() -> dict[str, FormulaFunction]:
    names = {"sum": "sum", "mean": "mean", "prod": "prod", "amax": "amax", "amin": "amin", "var": "var", "std": "std"}
    table = {
        name: FormulaFunction(torch_name, 1, 1, f"torch.{torch_name} over all, or over one dimension", True)
        for name, torch_name in names.items()
    }
    table["norm"] = FormulaFunction("linalg.vector_norm", 1, 1, "root of the sum of squares", True)
    table["softmax"] = FormulaFunction("softmax", 1, 1, "softmax over a dimension (the last)", True)
    table["log_softmax"] = FormulaFunction("log_softmax", 1, 1, "log of softmax over a dimension (the last)", True)
    return table


FUNCTIONS: dict[str, FormulaFunction] = {
    **_elementwise(),
    **_reductions(),
    "max": FormulaFunction("max", 1, 2, "the largest of one tensor, or the larger of two, elementwise"),
    "min": FormulaFunction("min", 1, 2, "the smallest of one tensor, or the smaller of two, elementwise"),
    "where": FormulaFunction("where", 3, 3, "where(condition, a, b): a where it holds, else b"),
    "clamp": FormulaFunction("clamp", 3, 3, "clamp(x, low, high): x kept within low and high"),
    "dot": FormulaFunction("dot", 2, 2, "inner product of two vectors"),
    "transpose": FormulaFunction("t", 1, 1, "a matrix with rows and columns exchanged"),
    "t": FormulaFunction("t", 1, 1, "the same as transpose"),
    "one_hot": FormulaFunction("nn.functional.one_hot", 2, 2, "one_hot(labels, classes): a row of 0 and 1 a label"),
    "detach": FormulaFunction("detach", 1, 1, "the same value, cut off from the graph before it"),
    "no_grad": FormulaFunction("no_grad", 1, 1, "what is inside is computed without a graph"),
    "retain_grad": FormulaFunction("retain_grad", 1, 1, "the same value, whose gradient is kept in its .grad"),
    "requires_grad": FormulaFunction("requires_grad_", 1, 1, "a new leaf with this value: a graph begins here"),
}

CONSTANTS: dict[str, float] = {"pi": 3.141592653589793, "e": 2.718281828459045, "tau": 6.283185307179586}
