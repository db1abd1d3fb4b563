"""More functions of a formula that take one tensor element by element: inverses, roundings, units of angles."""

from __future__ import annotations

import math
from typing import Any

from gradviz.core.formulas.formula_function import FormulaFunction


def truncated(s: Any, x: Any) -> Any:
    """`x` without its decimals."""
    return s.choose(s.OPERATORS["<"](x, 0), s.Ceil(x), s.Floor(x))


def _sinc(s: Any, x: Any) -> Any:
    at_zero = s.OPERATORS["=="](x, 0)
    angle = s.CONSTANTS["pi"] * s.choose(at_zero, 1 + 0 * x, x)
    return s.choose(at_zero, 1 + 0 * x, s.sympy.sin(angle) / angle)


MORE_ELEMENTWISE = (
    FormulaFunction(
        name="exp2",
        about="2 to the power of x",
        torch="exp2",
        numpy="np.exp2",
        tensorflow="def exp2(z):\n    return tf.exp(z * math.log(2))",
        scalar=lambda x: math.pow(2.0, x),
        symbols=lambda s: lambda x: s.power(s.literal(2.0), x),
        derivative=("0.6931471805599453*h",),
    ),
    FormulaFunction(
        name="asinh",
        about="the inverse of sinh",
        torch="asinh",
        numpy="np.arcsinh",
        tensorflow="tf.asinh",
        python="math.asinh",
        scalar=math.asinh,
        symbols=lambda s: s.sympy.asinh,
        derivative=("1/sqrt(1 + u**2)",),
    ),
    FormulaFunction(
        name="acosh",
        about="the inverse of cosh",
        torch="acosh",
        numpy="np.arccosh",
        tensorflow="tf.acosh",
        python="math.acosh",
        scalar=math.acosh,
        symbols=lambda s: s.sympy.acosh,
        derivative=("1/sqrt(u**2 - 1)",),
    ),
    FormulaFunction(
        name="atanh",
        about="the inverse of tanh",
        torch="atanh",
        numpy="np.arctanh",
        tensorflow="tf.atanh",
        python="math.atanh",
        scalar=math.atanh,
        symbols=lambda s: s.sympy.atanh,
        derivative=("1/(1 - u**2)",),
    ),
    FormulaFunction(
        name="logit",
        about="log(x/(1 - x)), the inverse of sigmoid",
        torch="logit",
        numpy="def logit(z):\n    return np.log(z / (1 - z))",
        tensorflow="def logit(z):\n    return tf.math.log(z) - tf.math.log(1 - z)",
        scalar=lambda x: math.log(x / (1 - x)),
        symbols=lambda s: lambda x: s.sympy.log(x / (1 - x)),
        instead={"eps": "write logit(clamp(x, eps, 1 - eps))"},
        derivative=("where(h == h, 1/(u*(1 - u)), h)",),
    ),
    FormulaFunction(
        name="sinc",
        about="sin(pi*x)/(pi*x), and 1 at 0",
        torch="sinc",
        numpy="np.sinc",
        tensorflow="def sinc(z):\n"
        "    angle = math.pi * tf.where(z == 0, tf.ones_like(z), z)\n"
        "    return tf.where(z == 0, tf.ones_like(z), tf.sin(angle) / angle)",
        scalar=lambda x: math.sin(math.pi * x) / (math.pi * x) if x else 1.0,
        symbols=lambda s: lambda x: _sinc(s, x),
        derivative=("where(u == 0, 0, (cos(pi*u) - h)/where(u == 0, 1, u))",),
    ),
    FormulaFunction(
        name="trunc",
        about="x without its decimals",
        torch="trunc",
        numpy="np.trunc",
        tensorflow="def trunc(z):\n    return tf.where(z < 0, tf.math.ceil(z), tf.floor(z))",
        python="math.trunc",
        scalar=lambda x: float(math.trunc(x)),
        symbols=lambda s: lambda x: truncated(s, x),
        derivative=("0",),
    ),
    FormulaFunction(
        name="frac",
        about="the decimals of x, with its sign",
        torch="frac",
        numpy="def frac(z):\n    return z - np.trunc(z)",
        tensorflow="def frac(z):\n    return z - tf.where(z < 0, tf.math.ceil(z), tf.floor(z))",
        scalar=lambda x: x - math.trunc(x),
        symbols=lambda s: lambda x: x - truncated(s, x),
        derivative=("1",),
    ),
    FormulaFunction(
        name="deg2rad",
        about="an angle in degrees as one in radians",
        torch="deg2rad",
        numpy="np.deg2rad",
        tensorflow="def deg2rad(z):\n    return z * math.pi / 180",
        python="math.radians",
        scalar=math.radians,
        symbols=lambda s: lambda x: x * s.CONSTANTS["pi"] / 180,
        derivative=("pi/180",),
    ),
    FormulaFunction(
        name="rad2deg",
        about="an angle in radians as one in degrees",
        torch="rad2deg",
        numpy="np.rad2deg",
        tensorflow="def rad2deg(z):\n    return z * 180 / math.pi",
        python="math.degrees",
        scalar=math.degrees,
        symbols=lambda s: lambda x: x * 180 / s.CONSTANTS["pi"],
        derivative=("180/pi",),
    ),
)
