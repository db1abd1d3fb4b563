"""Functions of a formula that networks have between their layers, as torch.nn.functional has them."""

from __future__ import annotations

import math
from typing import Any

from gradviz.core.formulas.formula_function import FormulaFunction, Option

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def above(s: Any, x: Any, edge: Any, first: Any, second: Any) -> Any:
    """`first` where `x` is above `edge`, else `second`."""
    return s.choose(s.OPERATORS[">"](x, edge), first, second)


def _exponential(s: Any, x: Any, alpha: Any, width: Any) -> Any:
    return above(s, x, 0, x, alpha * (s.sympy.exp(x / width) - 1))


def _mish(x: Any, s: Any) -> Any:
    raised = (1 + s.sympy.exp(x)) ** 2
    return x * (raised - 1) / (raised + 1)


def _bounded(s: Any, x: Any, low: Any, high: Any) -> Any:
    return s.Smaller(s.Larger(x, s.literal(low)), s.literal(high))


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


ACTIVATIONS = (
    FormulaFunction(
        name="leaky_relu",
        about="x where it is above 0, else x times a small slope",
        torch="nn.functional.leaky_relu",
        numpy="def leaky_relu(z, slope):\n    return np.where(z > 0, z, slope * z)",
        tensorflow="def leaky_relu(z, slope):\n"
        "    # tf.nn.leaky_relu has its slope in float32\n"
        "    return tf.where(z > 0, z, slope * z)",
        scalar=lambda x, slope: x if x > 0 else slope * x,
        symbols=lambda s: lambda x, slope: above(s, x, 0, x, slope * x),
        options=(Option("negative_slope", 0.01),),
        derivative=("where(u > 0, 1, v)",),
    ),
    FormulaFunction(
        name="elu",
        about="x where it is above 0, else alpha*(exp(x) - 1)",
        torch="nn.functional.elu",
        numpy="def elu(z, alpha):\n    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))",
        tensorflow="def elu(z, alpha):\n    return tf.where(z > 0, z, alpha * tf.math.expm1(tf.minimum(z, 0)))",
        scalar=lambda x, alpha: x if x > 0 else alpha * math.expm1(x),
        symbols=lambda s: lambda x, alpha: _exponential(s, x, alpha, 1),
        options=(Option("alpha", 1.0),),
        derivative=("where(u > 0, 1, v*exp(minimum(u, 0)))",),
    ),
    FormulaFunction(
        name="celu",
        about="x where it is above 0, else alpha*(exp(x/alpha) - 1)",
        torch="nn.functional.celu",
        numpy="def celu(z, alpha):\n    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0) / alpha))",
        tensorflow="def celu(z, alpha):\n"
        "    return tf.where(z > 0, z, alpha * tf.math.expm1(tf.minimum(z, 0) / alpha))",
        scalar=lambda x, alpha: x if x > 0 else alpha * math.expm1(x / alpha),
        symbols=lambda s: lambda x, alpha: _exponential(s, x, alpha, alpha),
        options=(Option("alpha", 1.0, 1e-12),),
        derivative=("where(u > 0, 1, exp(minimum(u, 0)/v))",),
    ),
    FormulaFunction(
        name="selu",
        about="elu, scaled so that mean and variance stay",
        torch="nn.functional.selu",
        numpy="def selu(z):\n"
        f"    return {_SELU_SCALE} * np.where(z > 0, z, {_SELU_ALPHA} * np.expm1(np.minimum(z, 0)))",
        tensorflow="def selu(z):\n"
        "    # at 0 the slope is that of the branch below, as in PyTorch; that of tf.nn.selu is 1\n"
        f"    return {_SELU_SCALE} * tf.where(z > 0, z, {_SELU_ALPHA} * tf.math.expm1(tf.minimum(z, 0)))",
        scalar=lambda x: _SELU_SCALE * (x if x > 0 else _SELU_ALPHA * math.expm1(x)),
        symbols=lambda s: lambda x: s.literal(_SELU_SCALE) * _exponential(s, x, s.literal(_SELU_ALPHA), 1),
        derivative=(f"where(u > 0, {_SELU_SCALE}, {_SELU_SCALE * _SELU_ALPHA}*exp(minimum(u, 0)))",),
    ),
    FormulaFunction(
        name="relu6",
        about="x kept within 0 and 6",
        torch="nn.functional.relu6",
        numpy="def relu6(z):\n    return np.clip(z, 0, 6)",
        tensorflow="tf.nn.relu6",
        scalar=lambda x: min(max(x, 0.0), 6.0),
        symbols=lambda s: lambda x: _bounded(s, x, 0.0, 6.0),
        derivative=("(u > 0)*(u < 6)",),
    ),
    FormulaFunction(
        name="hardtanh",
        about="x kept within -1 and 1",
        torch="nn.functional.hardtanh",
        numpy="def hardtanh(z, low, high):\n    return np.clip(z, low, high)",
        tensorflow="def hardtanh(z, low, high):\n"
        "    # at the edges the gradient is 0, as in PyTorch\n"
        "    return tf.where((z > low) & (z < high), z, tf.stop_gradient(tf.clip_by_value(z, low, high)))",
        scalar=lambda x, low, high: min(max(x, low), high),
        symbols=lambda s: lambda x, low, high: s.Smaller(s.Larger(x, low), high),
        options=(Option("min_val", -1.0), Option("max_val", 1.0)),
        derivative=("(u > v)*(u < w)",),
    ),
    FormulaFunction(
        name="hardsigmoid",
        about="x/6 + 1/2, kept within 0 and 1",
        torch="nn.functional.hardsigmoid",
        numpy="def hardsigmoid(z):\n    return np.clip(z + 3, 0, 6) / 6",
        tensorflow="def hardsigmoid(z):\n    return tf.nn.relu6(z + 3) / 6",
        scalar=lambda x: min(max(x + 3, 0.0), 6.0) / 6,
        symbols=lambda s: lambda x: _bounded(s, x + 3, 0.0, 6.0) / 6,
        derivative=("(u > -3)*(u < 3)/6",),
    ),
    FormulaFunction(
        name="hardswish",
        about="x*hardsigmoid(x)",
        torch="nn.functional.hardswish",
        numpy="def hardswish(z):\n    return z * np.clip(z + 3, 0, 6) / 6",
        tensorflow="def hardswish(z):\n    return z * tf.nn.relu6(z + 3) / 6",
        scalar=lambda x: x * min(max(x + 3, 0.0), 6.0) / 6,
        symbols=lambda s: lambda x: x * _bounded(s, x + 3, 0.0, 6.0) / 6,
        derivative=("where(u < 3, (u > -3)*(u/3 + 0.5), 1)",),
    ),
    FormulaFunction(
        name="hardshrink",
        about="x where it is further from 0 than lambd, else 0",
        torch="nn.functional.hardshrink",
        numpy="def hardshrink(z, edge):\n    return np.where(np.abs(z) > edge, z, 0)",
        tensorflow="def hardshrink(z, edge):\n    return tf.where(tf.abs(z) > edge, z, tf.zeros_like(z))",
        scalar=lambda x, edge: x if abs(x) > edge else 0.0,
        symbols=lambda s: lambda x, edge: above(s, s.Absolute(x), edge, x, 0 * x),
        options=(Option("lambd", 0.5, 0.0),),
        derivative=("abs(u) > v",),
    ),
    FormulaFunction(
        name="softshrink",
        about="x moved by lambd towards 0, and 0 where it is nearer",
        torch="nn.functional.softshrink",
        numpy="def softshrink(z, edge):\n    return np.sign(z) * np.maximum(np.abs(z) - edge, 0)",
        tensorflow="def softshrink(z, edge):\n    return tf.sign(z) * tf.nn.relu(tf.abs(z) - edge)",
        scalar=lambda x, edge: math.copysign(max(abs(x) - edge, 0.0), x),
        symbols=lambda s: lambda x, edge: above(s, x, edge, x - edge, above(s, -x, edge, x + edge, 0 * x)),
        options=(Option("lambd", 0.5, 0.0),),
        derivative=("abs(u) > v",),
    ),
    FormulaFunction(
        name="logsigmoid",
        about="log(sigmoid(x)), without underflow",
        torch="nn.functional.logsigmoid",
        numpy="def logsigmoid(z):\n    return -np.logaddexp(-z, 0)",
        tensorflow="tf.math.log_sigmoid",
        scalar=lambda x: -_softplus(-x),
        symbols=lambda s: lambda x: -s.Softplus(-x),
        derivative=("sigmoid(-u)",),
    ),
    FormulaFunction(
        name="mish",
        about="x*tanh(softplus(x))",
        torch="nn.functional.mish",
        numpy="def mish(z):\n    return z * np.tanh(np.logaddexp(z, 0))",
        tensorflow="def mish(z):\n    return z * tf.tanh(tf.nn.softplus(z))",
        scalar=lambda x: x * math.tanh(_softplus(x)),
        symbols=lambda s: lambda x: _mish(x, s),
        derivative=("tanh(softplus(u)) + u*sigmoid(u)*(1 - tanh(softplus(u))**2)",),
    ),
    FormulaFunction(
        name="softsign",
        about="x/(1 + abs(x))",
        torch="nn.functional.softsign",
        numpy="def softsign(z):\n    return z / (1 + np.abs(z))",
        tensorflow="tf.nn.softsign",
        scalar=lambda x: x / (1 + abs(x)),
        symbols=lambda s: lambda x: x / (1 + s.Absolute(x)),
        derivative=("1/(1 + abs(u))**2",),
    ),
    FormulaFunction(
        name="tanhshrink",
        about="x - tanh(x)",
        torch="nn.functional.tanhshrink",
        numpy="def tanhshrink(z):\n    return z - np.tanh(z)",
        tensorflow="def tanhshrink(z):\n    return z - tf.tanh(z)",
        scalar=lambda x: x - math.tanh(x),
        symbols=lambda s: lambda x: x - s.sympy.tanh(x),
        derivative=("tanh(u)**2",),
    ),
)
