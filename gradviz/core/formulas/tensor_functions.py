"""Functions of a formula that take a tensor as a whole: reductions, those along a dimension, and the transpose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gradviz.core.formulas.formula_function import Closure, FormulaFunction, Node, Option, TorchProgram

_CORRECTION = (Option("correction", 1.0),)
_UNBIASED = {"unbiased": "write correction=0 for unbiased=False"}
_ALONG = dict.fromkeys(("dim", "keepdim"), "write amax(x, dim=0)")


def _logsumexp(program: TorchProgram, call: Node) -> Closure:
    import torch

    inside, dimension, keeps = program.tensor_closure(call.arguments[0]), call.dimension, call.keeps

    def over_all(values: dict[str, Any]) -> Any:
        return torch.logsumexp(inside(values).reshape(-1), 0)

    def along(values: dict[str, Any]) -> Any:
        return torch.logsumexp(inside(values), dimension, keepdim=keeps)

    return over_all if dimension is None else along


_TRANSPOSE = FormulaFunction(
    name="transpose",
    about="a matrix with rows and columns exchanged",
    torch="t",
    torch_text="{0.atom}.t()",
    numpy="{0.atom}.T",
    tensorflow="tf.transpose({0.tensor})",
    symbols=lambda s: lambda x: x,
    effect="transpose",
    shares=True,
)

OF_TENSORS = (
    FormulaFunction(
        name="dot",
        about="the inner product of two vectors",
        torch="dot",
        numpy="np.dot",
        tensorflow="def dot(a, b):\n    return tf.tensordot(a, b, 1)",
        symbols=lambda s: lambda a, b: s.sympy.Add(*[x * y for x, y in zip(a, b, strict=True)]),
        arguments=("input", "tensor"),
        derivative=("v", "u"),
        least=2,
        most=2,
        effect="reduction",
    ),
    FormulaFunction(
        name="sum",
        about="the sum of all, or along a dimension",
        torch="sum",
        numpy="np.sum",
        tensorflow="tf.reduce_sum",
        symbols=lambda s: lambda items: s.sympy.Add(*items),
        derivative=("1",),
        effect="reduction",
        dimension=True,
    ),
    FormulaFunction(
        name="mean",
        about="the mean of all, or along a dimension",
        torch="mean",
        numpy="np.mean",
        tensorflow="tf.reduce_mean",
        symbols=lambda s: lambda items: s.sympy.Add(*items) / len(items),
        derivative=("1/n",),
        effect="reduction",
        dimension=True,
    ),
    FormulaFunction(
        name="prod",
        about="the product of all, or along a dimension",
        torch="prod",
        numpy="np.prod",
        tensorflow="tf.reduce_prod",
        symbols=lambda s: lambda items: s.sympy.Mul(*items),
        effect="reduction",
        dimension=True,
    ),
    FormulaFunction(
        name="amax",
        about="the largest of all, or along a dimension",
        torch="amax",
        numpy="np.max",
        tensorflow="tf.reduce_max",
        symbols=lambda s: s.fold(s.Larger),
        derivative=("(u == h)/sum(u == h)",),
        effect="reduction",
        dimension=True,
    ),
    FormulaFunction(
        name="amin",
        about="the smallest of all, or along a dimension",
        torch="amin",
        numpy="np.min",
        tensorflow="tf.reduce_min",
        symbols=lambda s: s.fold(s.Smaller),
        derivative=("(u == h)/sum(u == h)",),
        effect="reduction",
        dimension=True,
    ),
    FormulaFunction(
        name="var",
        about="the variance over n - 1 of all, or along a dimension",
        torch="var",
        numpy="def variance(z, axis=None, keepdims=False, correction=1):\n"
        "    # over n - 1, as torch.var has it\n"
        "    return np.var(z, axis=axis, keepdims=keepdims, ddof=correction)",
        tensorflow="def variance(z, axis=None, keepdims=False, correction=1):\n"
        "    mean = tf.reduce_mean(z, axis=axis, keepdims=True)\n"
        "    n = tf.cast(tf.size(z) // tf.size(mean), z.dtype)\n"
        "    # over n - 1, as torch.var has it\n"
        "    return tf.reduce_sum((z - mean) ** 2, axis=axis, keepdims=keepdims) / (n - correction)",
        symbols=lambda s: s.variance,
        options=_CORRECTION,
        instead=_UNBIASED,
        derivative=("2*(u - mean(u))/(n - v)",),
        effect="reduction",
        dimension=True,
    ),
    FormulaFunction(
        name="std",
        about="the deviation, the root of var",
        torch="std",
        numpy="def deviation(z, axis=None, keepdims=False, correction=1):\n"
        "    # over n - 1, as torch.std has it\n"
        "    return np.std(z, axis=axis, keepdims=keepdims, ddof=correction)",
        tensorflow="def deviation(z, axis=None, keepdims=False, correction=1):\n"
        "    v = variance(z, axis, keepdims, correction)\n"
        "    root = tf.sqrt(tf.where(v > 0, v, tf.ones_like(v)))\n"
        "    return tf.where(v > 0, root, v)  # at 0 the gradient is 0, as in PyTorch",
        symbols=lambda s: lambda items, correction: s.sympy.sqrt(s.variance(items, correction)),
        options=_CORRECTION,
        instead=_UNBIASED,
        derivative=("(u - mean(u))/((n - v)*where(h > 0, h, 1))",),
        effect="reduction",
        dimension=True,
    ),
    FormulaFunction(
        name="norm",
        about="the root of the sum of squares",
        torch="linalg.vector_norm",
        numpy="np.linalg.norm",
        tensorflow="def norm(z, axis=None, keepdims=False):\n"
        "    s = tf.reduce_sum(z**2, axis=axis, keepdims=keepdims)\n"
        "    root = tf.sqrt(tf.where(s > 0, s, tf.ones_like(s)))\n"
        "    return tf.where(s > 0, root, s)  # at 0 the gradient is 0, as in PyTorch",
        symbols=lambda s: lambda items: s.sympy.sqrt(s.sympy.Add(*[item**2 for item in items])),
        same=("p=2", "p=2.0", "p=None", "p='fro'"),
        instead={"p": "write sum(abs(x)**p)**(1/p), or amax(abs(x)) for p=inf"},
        derivative=("u/where(h > 0, h, 1)",),
        effect="reduction",
        dimension=True,
    ),
    FormulaFunction(
        name="logsumexp",
        about="log(sum(exp(x))) of all, or along a dimension, without overflow",
        torch=_logsumexp,
        torch_text="def logsumexp(z, dim=None, keepdim=False):\n"
        "    # torch's own asks for a dimension\n"
        "    return torch.logsumexp(z.reshape(-1) if dim is None else z, dim or 0, keepdim=keepdim)",
        numpy="def logsumexp(z, axis=None, keepdims=False):\n"
        "    # the largest is taken off: no overflow\n"
        "    top = np.max(z, axis=axis, keepdims=True)\n"
        "    total = top + np.log(np.sum(np.exp(z - top), axis=axis, keepdims=True))\n"
        "    return total if keepdims else np.squeeze(total, axis=axis)",
        tensorflow="tf.reduce_logsumexp",
        symbols=lambda s: s.logsumexp,
        derivative=("exp(u - h)",),
        effect="reduction",
        dimension=True,
    ),
    FormulaFunction(
        name="softmax",
        about="exp(x) over the sum of exp(x) along a dimension (the last)",
        torch="softmax",
        numpy="def softmax(z, axis=-1):\n"
        "    # the largest is taken off: no overflow\n"
        "    e = np.exp(z - np.max(z, axis=axis, keepdims=True))\n"
        "    return e / np.sum(e, axis=axis, keepdims=True)",
        tensorflow="tf.nn.softmax",
        symbols=lambda s: s.softmax,
        effect="along",
        dimension=True,
        default_dimension=-1,
    ),
    FormulaFunction(
        name="log_softmax",
        about="the log of softmax along a dimension (the last)",
        torch="log_softmax",
        numpy="def log_softmax(z, axis=-1):\n"
        "    # the largest is taken off: no overflow\n"
        "    z = z - np.max(z, axis=axis, keepdims=True)\n"
        "    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))",
        tensorflow="tf.nn.log_softmax",
        symbols=lambda s: s.log_softmax,
        effect="along",
        dimension=True,
        default_dimension=-1,
    ),
    FormulaFunction(
        name="max",
        about="the largest of one tensor, or the larger of two, elementwise",
        torch="max",
        numpy="np.max",
        tensorflow="tf.reduce_max",
        scalar=max,
        instead=_ALONG,
        symbols=lambda s: s.fold(s.Larger),
        derivative=("(u == h)/sum(u == h)",),
        most=2,
        effect="reduction",
        of_two="maximum",
    ),
    FormulaFunction(
        name="min",
        about="the smallest of one tensor, or the smaller of two, elementwise",
        torch="min",
        numpy="np.min",
        tensorflow="tf.reduce_min",
        scalar=min,
        instead={name: text.replace("amax", "amin") for name, text in _ALONG.items()},
        symbols=lambda s: s.fold(s.Smaller),
        derivative=("(u == h)/sum(u == h)",),
        most=2,
        effect="reduction",
        of_two="minimum",
    ),
    _TRANSPOSE,
    replace(_TRANSPOSE, name="t", about="the same as transpose"),
)
