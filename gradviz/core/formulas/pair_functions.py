"""Functions of a formula that take two or three tensors element by element."""

from __future__ import annotations

import math

from gradviz.core.formulas.formula_function import FormulaFunction

_TIE = "# at a tie each takes half of the gradient, as in PyTorch; tf.{} gives it all to the first"

OF_SEVERAL = (
    FormulaFunction(
        name="atan2",
        about="atan2(y, x): the angle of the point (x, y)",
        torch="atan2",
        numpy="np.arctan2",
        tensorflow="def atan2(y, x):\n"
        "    at_origin = (x == 0) & (y == 0)  # there PyTorch's gradient is 0, and tf.atan2 has none\n"
        "    angle = tf.atan2(y, tf.where(at_origin, tf.ones_like(x), x))\n"
        "    return tf.where(at_origin, tf.zeros_like(angle), angle)",
        python="math.atan2",
        scalar=math.atan2,
        symbols=lambda s: s.Angle,
        # PyTorch gives 0 where both are 0
        derivative=(
            "v/where(u**2 + v**2 > 0, u**2 + v**2, 1)",
            "-(u/where(u**2 + v**2 > 0, u**2 + v**2, 1))",
        ),
        least=2,
        most=2,
    ),
    FormulaFunction(
        name="hypot",
        about="the root of the sum of two squares",
        torch="hypot",
        numpy="np.hypot",
        tensorflow="def hypot(a, b):\n    return tf.sqrt(a**2 + b**2)",
        python="math.hypot",
        scalar=math.hypot,
        symbols=lambda s: lambda x, y: s.sympy.sqrt(x**2 + y**2),
        derivative=("u/h", "v/h"),
        least=2,
        most=2,
    ),
    FormulaFunction(
        name="minimum",
        about="the smaller of two",
        torch="minimum",
        numpy="np.minimum",
        tensorflow=f"def minimum(a, b):\n    {_TIE.format('minimum')}\n"
        "    return tf.where(a < b, a, tf.where(a > b, b, (a + b) / 2))",
        python="min",
        scalar=min,
        symbols=lambda s: s.Smaller,
        derivative=("(u < v) + 0.5*(u == v)", "(u > v) + 0.5*(u == v)"),
        least=2,
        most=2,
    ),
    FormulaFunction(
        name="maximum",
        about="the larger of two",
        torch="maximum",
        numpy="np.maximum",
        tensorflow=f"def maximum(a, b):\n    {_TIE.format('maximum')}\n"
        "    return tf.where(a > b, a, tf.where(a < b, b, (a + b) / 2))",
        python="max",
        scalar=max,
        symbols=lambda s: s.Larger,
        derivative=("(u > v) + 0.5*(u == v)", "(u < v) + 0.5*(u == v)"),
        least=2,
        most=2,
    ),
    FormulaFunction(
        name="pow",
        about="pow(x, y): x to the power of y",
        torch="pow",
        numpy="np.power",
        tensorflow="def power(a, b):\n"
        "    # 0**0 is 1 with a gradient of 0, as in PyTorch; tf.pow has none there\n"
        "    return tf.pow(tf.where((a == 0) & (b == 0), tf.ones_like(a), a), b)",
        python="math.pow",
        scalar=math.pow,
        symbols=lambda s: s.power,
        derivative=("where(v == 0, 0, v*u**(v - 1))", "where((u == 0)*(v >= 0), 0, h*log(u))"),
        least=2,
        most=2,
    ),
    FormulaFunction(
        name="where",
        about="where(condition, a, b): a where it holds, else b",
        torch="where",
        torch_text="torch.where({0.condition}, {1.number}, {2.number})",
        numpy="np.where({0.condition}, {1.number}, {2.number})",
        tensorflow="tf.where({0.condition}, {1.tensor}, {2.tensor})",
        python="({1.plain} if {0.condition} else {2.plain})",
        scalar=lambda condition, a, b: a if condition else b,
        symbols=lambda s: s.choose,
        derivative=("0", "where(u, 1, 0)", "where(u, 0, 1)"),
        least=3,
        most=3,
    ),
    FormulaFunction(
        name="clamp",
        about="clamp(x, low, high): x kept within low and high",
        torch="clamp",
        torch_text="torch.clamp({0.tensor}, {1.number}, {2.number})",
        numpy="np.clip({0.tensor}, {1.number}, {2.number})",
        tensorflow="tf.clip_by_value",
        scalar=lambda x, low, high: min(max(x, low), high),
        symbols=lambda s: lambda x, low, high: s.Smaller(s.Larger(x, low), high),
        derivative=("(u >= v)*(u <= w)", "(u < v)*(v < w)", "where(u > w, 1, w < v)"),
        least=3,
        most=3,
    ),
)
