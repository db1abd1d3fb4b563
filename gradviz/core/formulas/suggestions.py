"""What somebody may have meant: the nearest known name, and what to write for functions that a formula has not."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

CLOSE = 0.6
"""Of the letters of two words, how many must be the same for one to be meant for the other."""
LEFT_OUT: dict[str, str] = {
    "addcdiv": "x + y/z says it",
    "addcmul": "x + y*z says it",
    "angle": "of complex numbers: of real ones it is 0 or pi",
    "bernoulli": "draws random numbers: a formula has the same value at the same place",
    "binary_cross_entropy_with_logits": "mean(softplus(x) - y*x) says it",
    "dropout": "draws random numbers, or changes nothing",
    "float_power": "x**y, in the precision of the run",
    "hinge_embedding_loss": "where(y > 0, x, relu(1 - x)) says it",
    "kl_div": "y*(log(y) - x) says it",
    "ldexp": "x*2**y says it",
    "margin_ranking_loss": "relu(-z*(x - y)) says it",
    "nan_to_num": "hides what a run names: values that are not finite",
    "nextafter": "has a gradient in name only",
    "norm_except_dim": "no function of elements: norm(x, dim=0) says it",
    "normal": "draws random numbers",
    "poisson": "draws random numbers",
    "polygamma": "its first argument is no tensor; digamma is its first",
    "prelu": "where(x > 0, x, a*x) says it",
    "rrelu": "draws random slopes, or is leaky_relu",
    "rsub": "y - x says it",
    "threshold": "where(x > a, x, b) says it",
    **dict.fromkeys(("alias_copy", "clone", "ravel", "squeeze", "squeeze_copy", "t_copy"), "a copy, and no function"),
    **dict.fromkeys(("slice_copy", "slice_inverse", "slice_scatter"), "an index, as in x[1:3]"),
    "sym_sum": "x + y says it",
}  # fmt: skip
"""Functions of torch that go element by element and have a derivative, and that a formula has not: why."""
INSTEAD: dict[str, str] = {
    "addcdiv": "x + y/z",
    "addcmul": "x + y*z",
    "argmax": "max(x), for a place in a tensor has no derivative",
    "argmin": "min(x), for a place in a tensor has no derivative",
    "average": "mean(x)",
    "avg": "mean(x)",
    "bce": "mean(softplus(x) - y*x) of logits x",
    "binary_cross_entropy": "-mean(y*log(p) + (1 - y)*log(1 - p))",
    "binary_cross_entropy_with_logits": "mean(softplus(x) - y*x)",
    "bool": "x != 0",
    "cbrt": "sign(x)*abs(x)**(1/3)",
    "cot": "1/tan(x)",
    "cross_entropy": "-mean(sum(one_hot(labels, 3)*log_softmax(x, 1), 1)) of 3 classes",
    "csc": "1/sin(x)",
    "cube": "x**3",
    "det": "x[0, 0]*x[1, 1] - x[0, 1]*x[1, 0] of a matrix of 2 x 2",
    "dropout": "the same without it, for a formula has no random numbers",
    "factorial": "exp(lgamma(x + 1))",
    "flatten": "sum(x), mean(x): without a dimension they go over all",
    "float": "x, for every number is a float",
    "heaviside": "x > 0",
    "inner": "dot(x, y)",
    "int": "trunc(x)",
    "inv": "1/x of a number; a formula has no inverse of a matrix",
    "kl_div": "sum(p*(log(p) - log(q)))",
    "l1_loss": "mean(abs(x - y))",
    "len": "the number itself: the sizes of tensors do not change",
    "lg": "log10(x)",
    "linear": "x @ transpose(W) + b",
    "ln": "log(x)",
    "logistic": "sigmoid(x)",
    "mae": "mean(abs(x - y))",
    "mae_loss": "mean(abs(x - y))",
    "mse": "mean((x - y)**2)",
    "mse_loss": "mean((x - y)**2)",
    "mean_squared_error": "mean((x - y)**2)",
    "median": "mean(x)",
    "nll_loss": "-mean(sum(one_hot(labels, 3)*log_p, 1)) of 3 classes",
    "outer": "x[:, None]*y",
    "permute": "transpose(x)",
    "positive": "x",
    "power": "x**y",
    "product": "prod(x)",
    "range": "a tensor with the value linspace(0, 9, 10)",
    "rms": "sqrt(mean(x**2))",
    "sec": "1/cos(x)",
    "smooth_l1_loss": "mean(where(abs(x - y) < 1, 0.5*(x - y)**2, abs(x - y) - 0.5))",
    "sqr": "x**2",
    "squeeze": "x[0], an index takes a dimension away",
    "stdev": "std(x)",
    "swish": "silu(x)",
    "threshold": "where(x > 0, x, 0)",
    "trace": "x[0, 0] + x[1, 1] of a matrix of 2 x 2",
    "unsqueeze": "x[:, None]",
    "variance": "var(x)",
    **dict.fromkeys(("asarray", "array", "tensor", "as_tensor"), "a tensor with this value, in the list of tensors"),
    **dict.fromkeys(("arange", "linspace", "rand", "randn", "randint", "zeros", "ones"),
                    "a tensor with this value, in the list of tensors"),
    **dict.fromkeys(("reshape", "view"), "a tensor that has this shape in the list of tensors"),
    **dict.fromkeys(("print", "input", "open", "eval", "exec"), "lines  name = expression, there is nothing else"),
}  # fmt: skip
"""What a function that is known elsewhere is in a formula."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is written most like `name`; empty where none is close."""
    short = name[:40]
    candidates = list(known)
    exact = [one for one in candidates if one.lower() == short.lower()]
    for written in (short, short.lower()):
        exact = exact or get_close_matches(written, candidates, 1, CLOSE)
    return exact[0] if exact else ""
