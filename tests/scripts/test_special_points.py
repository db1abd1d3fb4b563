"""Where a function has a corner, a tie or a zero, a script takes the gradient that PyTorch takes there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from in_process import executed
from script_runs import ForkServer, trained, written

from gradviz.core.document.experiment import Experiment, from_data
from gradviz.core.formulas.functions import FUNCTIONS
from gradviz.scripts.problems import ScriptError

POINTS = [0.0, 1.0, -1.0, 0.5, 2.5, 25.0]
INSIDE = {"acosh": [1.0, 1.5, 25.0], "logit": [0.0, 1.0, 0.5], "lgamma": POINTS[3:], "digamma": POINTS[3:]}
"""For functions that have no value at some of these points."""
OF_SINGLES = {"celu": 1e-7, "hardsigmoid": 1e-7}
"""PyTorch itself has numbers of these in float32."""
OTHER_DIGITS = OF_SINGLES | {"digamma": 1e-8}
"""Neither of PyTorch and TensorFlow has all digits of the slope of this one."""
PAIRS = ([0.0, 1.0, 1.0, 0.5, 2.0, 0.0], [1.0, 1.0, 0.0, 0.5, -1.0, 2.0])
ORIGIN = ([0.0, 0.0], [0.0, 0.0])
ROWS = ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0], [2.0, 2.0, 1.0], [0.0, 0.0, 5.0])
LINES = ("a**0", "pow(a, 0)", "a**(1 - 1)", "a**1", "(a > 0)*a", "where(a > 0, a, 0)", "where(a > 0, 0, a)",
         "ceil(a)*a",
         "round(a) + floor(a)", "sign(a) + a", "norm(a - a)", "std(0*a)", "clamp(a, 0, 1)", "max(a, 0.5)", "abs(a)*a",
         "detach(a)*a", "a*(a == 0)", "maximum(a, a)", "softplus(10*a)", "norm(a - a, dim=0, keepdim=True)",
         "std(0*a, correction=0)", "std(0*a, 0, keepdim=True)", "leaky_relu(a, 0.2)", "elu(a, alpha=0.3)",
         "hardtanh(a, -1, 2.5)", "hardshrink(a, lambd=1)", "softshrink(a, 1)", "clamp(a, min=0)", "clamp(a, max=1)",
         "(a[0] > 0)*a[1:]", "where(a[:1] > 0, a[1], a[2])", "relu(a)[0]*a", "sqrt(a[1:2] - 1)", "a[:, None]**0",
         "logsumexp(a, 0)*(a > 0)", "trunc(a)", "frac(a)*a")  # fmt: skip
CHUNK = 24
"""A formula has at most 64 tensors, and a script takes a while: so many share one."""


def parts() -> dict[str, tuple[str, list[Any]]]:
    """Expressions over a and b with the values of both."""
    made: dict[str, tuple[str, list[Any]]] = {text: (f"sum({text})", [POINTS]) for text in LINES}
    for name, function in FUNCTIONS.items():
        if function.effect == "elementwise" and function.least == 1 and not function.cuts:
            made[name] = (f"sum({name}(a))", [INSIDE.get(name, POINTS)])
        elif function.effect == "elementwise" and function.least == 2:
            made[name] = (f"sum({name}(a, b))", list(PAIRS))
            if name in ("atan2", "pow"):
                made[f"{name} at the origin"] = (f"sum({name}(a, b))", list(ORIGIN))
        elif function.effect == "reduction" and function.least == 1:
            for row in ROWS:
                made[f"{name} {row}"] = (f"{name}(a)", [row])
    return made


PARTS = parts()


def experiment_of(names: list[str], dtype: str) -> Experiment:
    """All in one experiment, each over tensors of its own, at step 0: so every gradient is seen, infinite or not."""
    tensors, lines = [], []
    for k, name in enumerate(names):
        text, values = PARTS[name]
        for letter, value in zip("ab", values, strict=False):
            tensors.append({"name": f"{letter}{k}", "role": "parameter", "value": value})
        lines.append(f"f{k} = " + _renamed(text, k))
    total = " + ".join(f"f{k}" for k in range(len(names)))
    objective = {"kind": "formula", "tensors": tensors, "text": "\n".join([*lines, f"loss = {total}"])}
    return from_data({"objective": objective, "optimizers": [{"kind": "sgd"}], "steps": 0, "dtype": dtype})


def _renamed(text: str, k: int) -> str:
    return re.sub(r"\b([ab])\b", rf"\g<1>{k}", text)


def assert_gradients(found: Any, wanted: Any, dtype: str, names: list[str], rounded: Any) -> None:
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        part = names[int(name[1:])]
        tolerance = max({"float64": 1e-13, "float32": 1e-5}[dtype], rounded.get(part, 0.0))
        assert found[name] == pytest.approx(gradient, rel=tolerance, abs=tolerance, nan_ok=True), part


def refusal(name: str, dialect: Any) -> str:
    """Why a dialect does not write it; empty where it does."""
    try:
        written(experiment_of([name], "float64"), dialect)
    except ScriptError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("dialect", ["numpy", "autograd", "torch"])
def test_a_gradient_at_a_special_point_is_pytorchs(dialect: Any, dtype: str) -> None:
    refused = {name: why for name in PARTS if (why := refusal(name, dialect))}
    assert all(re.search(r"by hand is not known|\w\(\) is not known in", why) for why in refused.values()), refused
    names = [name for name in PARTS if name not in refused]
    assert len(names) == len(PARTS) if dialect != "numpy" else len(names) > 150
    rounded = {"numpy": OF_SINGLES}.get(dialect, {})
    for part in (names[first : first + CHUNK] for first in range(0, len(names), CHUNK)):
        experiment = experiment_of(part, dtype)
        found = executed(written(experiment, dialect)).gradients
        assert_gradients(found, trained(experiment).gradients, dtype, part, rounded)


def test_tensorflow_has_the_same(tensorflow_server: ForkServer) -> None:
    names = [name for name in PARTS if not refusal(name, "tensorflow")]
    assert set(PARTS) - set(names) == {"erfcx", "log_ndtr"}
    parts = [names[first : first + CHUNK] for first in range(0, len(names), CHUNK)]
    experiments = [experiment_of(part, "float64") for part in parts]
    begun = [tensorflow_server.begin(written(experiment, "tensorflow")) for experiment in experiments]
    for experiment, one, part in zip(experiments, begun, parts, strict=True):
        found = tensorflow_server.end(one).gradients
        assert_gradients(found, trained(experiment).gradients, "float64", part, OTHER_DIGITS)
