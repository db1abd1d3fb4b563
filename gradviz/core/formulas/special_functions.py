"""Functions of a formula that mathematics calls special: of the normal distribution, gamma and Bessel functions.

A dialect whose library has no such function refuses it, so that no script computes other digits than torch.
"""

from __future__ import annotations

import math
from typing import Any

from gradviz.core.formulas.formula_function import FormulaFunction

_AT = "np.vectorize(math.{0}, otypes=[np.asarray(z).dtype])(z)"


def _bessel(s: Any, order: int, x: Any, is_scaled: bool) -> Any:
    value = s.sympy.besseli(order, x)
    return s.sympy.exp(-s.Absolute(x)) * value if is_scaled else value


SPECIAL = (
    FormulaFunction(
        name="erfc",
        about="1 - erf(x), exact where that is small",
        torch="erfc",
        numpy=f"def erfc(z):\n    return {_AT.format('erfc')}",
        tensorflow="tf.math.erfc",
        python="math.erfc",
        scalar=math.erfc,
        symbols=lambda s: s.sympy.erfc,
        derivative=("-1.1283791670955126*exp(-u**2)",),
    ),
    FormulaFunction(
        name="erfcx",
        about="exp(x**2)*erfc(x), without overflow",
        torch="special.erfcx",
        numpy="",
        tensorflow="",
        symbols=lambda s: lambda x: s.sympy.exp(x**2) * s.sympy.erfc(x),
        derivative=("2*u*h - 1.1283791670955126",),
    ),
    FormulaFunction(
        name="erfinv",
        about="the inverse of erf",
        torch="erfinv",
        numpy="",
        tensorflow="tf.math.erfinv",
        symbols=lambda s: s.sympy.erfinv,
        derivative=("0.8862269254527579*exp(h**2)",),
    ),
    FormulaFunction(
        name="ndtr",
        about="the share of a normal distribution below x",
        torch="special.ndtr",
        numpy="def ndtr(z):\n    return 0.5 * erfc(-z / math.sqrt(2))",
        tensorflow="def ndtr(z):\n    return 0.5 * tf.math.erfc(-z / math.sqrt(2))",
        scalar=lambda x: 0.5 * math.erfc(-x / math.sqrt(2)),
        symbols=lambda s: lambda x: s.sympy.erfc(-x / s.sympy.sqrt(s.literal(2.0))) / 2,
        derivative=("0.3989422804014327*exp(-0.5*u**2)",),
    ),
    FormulaFunction(
        name="log_ndtr",
        about="log(ndtr(x)), without underflow",
        torch="special.log_ndtr",
        numpy="",
        tensorflow="",
        symbols=lambda s: lambda x: s.sympy.log(s.sympy.erfc(-x / s.sympy.sqrt(s.literal(2.0))) / 2),
        derivative=("0.3989422804014327*exp(-0.5*u**2)/ndtr(u)",),
    ),
    FormulaFunction(
        name="ndtri",
        about="the inverse of ndtr",
        torch="special.ndtri",
        numpy="",
        tensorflow="tf.math.ndtri",
        symbols=lambda s: lambda x: s.sympy.sqrt(s.literal(2.0)) * s.sympy.erfinv(2 * x - 1),
        derivative=("2.5066282746310002*exp(0.5*h**2)",),
    ),
    FormulaFunction(
        name="entr",
        about="-x*log(x): the part of an entropy",
        torch="special.entr",
        numpy="def entr(z):\n    return np.where(z == 0, 0, -z * np.log(np.where(z == 0, 1, z)))",
        tensorflow="def entr(z):\n"
        "    # the root is 0 at 0 with an infinite slope, as PyTorch's is there\n"
        "    return tf.where(z == 0, tf.sqrt(z), -tf.math.xlogy(z, z))",
        scalar=lambda x: -x * math.log(x) if x else 0.0,
        symbols=lambda s: lambda x: -x * s.sympy.log(x),
        derivative=("-log(u) - 1",),
    ),
    FormulaFunction(
        name="lgamma",
        about="the logarithm of the gamma function's size; lgamma(n + 1) is log(n!)",
        torch="lgamma",
        numpy=f"def lgamma(z):\n    return {_AT.format('lgamma')}",
        tensorflow="tf.math.lgamma",
        python="math.lgamma",
        scalar=math.lgamma,
        symbols=lambda s: s.LogGamma,
        derivative=("digamma(u)",),
    ),
    FormulaFunction(
        name="digamma",
        about="the derivative of lgamma",
        torch="digamma",
        numpy="",
        tensorflow="tf.math.digamma",
        symbols=lambda s: lambda x: s.sympy.polygamma(0, x),
    ),
    FormulaFunction(
        name="i0",
        about="the modified Bessel function of order 0",
        torch="i0",
        numpy="np.i0",
        tensorflow="tf.math.bessel_i0",
        symbols=lambda s: lambda x: _bessel(s, 0, x, False),
        derivative=("i1(u)",),
    ),
    FormulaFunction(
        name="i0e",
        about="i0(x)*exp(-abs(x))",
        torch="special.i0e",
        numpy="",
        tensorflow="tf.math.bessel_i0e",
        symbols=lambda s: lambda x: _bessel(s, 0, x, True),
        derivative=("i1e(u) - sign(u)*h",),
    ),
    FormulaFunction(
        name="i1",
        about="the modified Bessel function of order 1",
        torch="special.i1",
        numpy="",
        tensorflow="def i1(z):\n"
        "    # TensorFlow's own has the slope 1 at 0\n"
        "    return tf.where(z == 0, 0.5 * z, tf.math.bessel_i1(z))",
        symbols=lambda s: lambda x: _bessel(s, 1, x, False),
        derivative=("where(u == 0, 0.5, i0(u) - h/where(u == 0, 1, u))",),
    ),
    FormulaFunction(
        name="i1e",
        about="i1(x)*exp(-abs(x))",
        torch="special.i1e",
        numpy="",
        tensorflow="tf.math.bessel_i1e",
        symbols=lambda s: lambda x: _bessel(s, 1, x, True),
        derivative=("where(u == 0, 0.5, i0e(u) - h*(sign(u) + 1/where(u == 0, 1, u)))",),
    ),
)
