"""Functions of a formula that are about the graph: they cut it, begin it, or have no gradient at all."""

from __future__ import annotations

from typing import Any

from gradviz.core.formulas.formula_function import Closure, FormulaFunction, Node, TorchProgram
from gradviz.core.formulas.text import FormulaError


def _no_grad(program: TorchProgram, call: Node) -> Closure:
    import torch

    inside = program.tensor_closure(call.arguments[0])

    def untracked(values: dict[str, Any]) -> Any:
        with torch.no_grad():
            return inside(values).detach()

    return untracked


def _retained(program: TorchProgram, call: Node) -> Closure:
    inside = program.tensor_closure(call.arguments[0])

    def retained(values: dict[str, Any]) -> Any:
        value = inside(values)
        if program.makes_leaves and value.requires_grad:
            value.retain_grad()
        return value

    return retained


def _leaf(program: TorchProgram, call: Node) -> Closure:
    import torch

    inside = program.tensor_closure(call.arguments[0])

    def leaf(values: dict[str, Any]) -> Any:
        value = inside(values).detach()
        return value.requires_grad_() if program.makes_leaves and torch.is_grad_enabled() else value

    return leaf


def _one_hot(program: TorchProgram, call: Node) -> Closure:
    from torch.nn import functional

    labels, classes = program.tensor_closure(call.arguments[0]), program.constant(call.arguments[1])
    if classes is None or classes != int(classes) or not 1 <= classes <= 10_000:
        raise FormulaError("the number of classes is a whole number", 1, call.arguments[1].column)
    return lambda values: program.in_dtype(functional.one_hot(labels(values).long(), int(classes)))


def _refused_labels(labels: Any, _classes: Any) -> str:
    """torch takes whole numbers alone, and a formula has none: labels of its tensors are floats without decimals."""
    if not labels.is_floating_point():
        return ""  # a comparison has the classes 0 and 1
    odd = (labels != labels.round()).reshape(-1).nonzero()
    if not len(odd):
        return ""
    place = int(odd[0])
    return f"one_hot is only applicable to index tensor, and label {place} is {float(labels.reshape(-1)[place]):.4g}"


OF_THE_GRAPH = (
    FormulaFunction(
        name="one_hot",
        about="one_hot(labels, classes): a row of 0 and 1 a label",
        torch=_one_hot,
        torch_text="nn.functional.one_hot({0.atom}.long(), {1.plain}).to({dtype})",
        numpy="np.eye({1.plain}, dtype={dtype})[{0.atom}.astype(int)]",
        tensorflow="tf.one_hot(tf.cast({0.atom}, tf.int64), {1.plain}, dtype={dtype})",
        symbols=lambda s: s.one_hot,
        arguments=("tensor", "num_classes"),
        derivative=("0", "0"),
        least=2,
        most=2,
        effect="one_hot",
        refuses=_refused_labels,
        cuts=True,
    ),
    FormulaFunction(
        name="detach",
        about="the same value, cut off from the graph before it",
        torch="detach",
        torch_text="{0.atom}.detach()",
        numpy="{0.atom}",
        tensorflow="tf.stop_gradient({0.tensor})",
        symbols=lambda s: s.Cut,
        derivative=("0",),
        cuts=True,
        shares=True,
    ),
    FormulaFunction(
        name="no_grad",
        about="what is inside is computed without a graph",
        untracked=True,
        torch=_no_grad,
        torch_text="{0.atom}.detach()",
        numpy="{0.atom}",
        tensorflow="tf.stop_gradient({0.tensor})",
        symbols=lambda s: s.Cut,
        derivative=("0",),
        cuts=True,
        shares=True,
    ),
    FormulaFunction(
        name="retain_grad",
        about="the same value, whose gradient is kept in its .grad",
        torch=_retained,
        torch_text="{0.atom}",  # what is kept on the way changes nothing at its ends
        numpy="{0.atom}",
        tensorflow="{0.atom}",
        symbols=lambda s: lambda x: x,
        derivative=("1",),
        shares=True,
    ),
    FormulaFunction(
        name="requires_grad",
        about="a new leaf with this value: a graph begins here",
        torch=_leaf,
        torch_text="{0.atom}.detach().requires_grad_()",
        numpy="{0.atom}",
        tensorflow="tf.stop_gradient({0.tensor})",
        symbols=lambda s: s.Cut,
        derivative=("0",),
        cuts=True,
        begins=True,
        shares=True,
    ),
)
