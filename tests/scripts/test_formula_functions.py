"""Every function of the formulas, whole: each dialect's value, its derivative by hand, its value of plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from in_process import executed
from script_runs import Ended, ForkServer, deviation, parameter_deviation, trained, written

from gradviz.core.document.experiment import Experiment, from_data, to_data
from gradviz.core.formulas.formula import parse_expression, parse_formula
from gradviz.core.formulas.formula_function import FormulaFunction
from gradviz.core.formulas.functions import FUNCTIONS
from gradviz.core.formulas.scalar_formula import scalar_function
from gradviz.engine.objectives.formula_program import Program
from gradviz.scripts.language.dialects import DialectName
from gradviz.scripts.language.expressions import ScalarPrinter
from gradviz.scripts.problems import ScriptError

TENSORS = {
    "a": (0.31, 0.72, 0.55),
    "b": (0.62, 0.24, 0.81),
    "c": (0.93, 0.88, 0.97),
    "m": ((0.3, 0.7), (0.25, 0.9), (0.6, 0.1)),
}
CONSTANTS = {
    "q": (1.3, -0.4, 0.8),
    "r": (1.5, 0.5),
    "s": ((0.2, 1.1, -0.7), (0.4, -0.3, 0.9)),
    "labels": (0.0, 1.0, 1.0),
}
ROUNDED = {"celu": 1e-8, "hardsigmoid": 1e-8}
"""torch itself has numbers of these in float32: 1/alpha, and 1/6."""
TOLERANCE = {"numpy": 1e-12, "autograd": 1e-12, "torch": 0, "tensorflow": 1e-8}
NAMES = list(FUNCTIONS)
BATCHES = [NAMES[k : k + 10] for k in range(0, len(NAMES), 10)]
"""A script takes a third of a second to start: so many functions share one."""


def expressions(function: FormulaFunction) -> list[str]:
    """Numbers in which a function is all that matters, and in which another derivative would be another number."""
    first = {"where": "a > 0.5", "acosh": "1 + a"}.get(function.name, "a")
    called = f"{function.name}({', '.join([first, 'b', 'c'][: function.least])})"
    along = [f"sum({function.name}(m, 0)*{'m' if function.effect == 'along' else 'r'})"] if function.dimension else []
    if function.effect == "reduction" and function.dimension:
        along += [f"sum({function.name}(m, 1)*q)", f"sum({function.name}(m, dim=1, keepdim=True)*m*m)"]
    if function.options:
        settings = ", ".join(f"{option.name}={0.3 * (option.default or 1)}" for option in function.options)
        along.append(f"sum({function.name}(a - 0.4, {settings})*q)")
    by_effect = {
        "elementwise": [f"sum({called}*q*a)"],
        "along": [f"sum({called}*q)"],
        "reduction": [f"{called}**2"],
        "transpose": [f"sum({function.name}(m)*s)"],
        "one_hot": [f"sum({function.name}(labels, 2)*m*m)"],
    }
    of_two = [f"sum({function.name}(a, b)*q)"] if function.of_two else []
    return [*by_effect[function.effect], *along, *of_two]


def experiment_of(names: Sequence[str]) -> Experiment:
    """The sum of the expressions of some functions."""
    tensors = [
        {"name": name, "role": role, "value": value}
        for role, given in (("parameter", TENSORS), ("constant", CONSTANTS))
        for name, value in given.items()
    ]
    found = [expression for name in names for expression in expressions(FUNCTIONS[name])]
    lines = [f"f{k} = {expression}" for k, expression in enumerate(found)]
    rest = " + ".join(f"0.1*sum({name}*{name})" for name in TENSORS)
    total = " + ".join(f"f{k}" for k in range(len(found)))
    objective = {"kind": "formula", "tensors": tensors, "text": "\n".join([*lines, f"loss = {total} + {rest}"])}
    data: dict[str, Any] = {"objective": objective, "optimizers": [{"kind": "sgd", "lr": 0.01}], "dtype": "float64"}
    return from_data(data | {"steps": 2})


def assert_dialect_agrees(run: Callable[[str], Ended], dialect: DialectName, names: Sequence[str]) -> None:
    """Loss, parameters after two steps, and gradients."""
    experiment = experiment_of(names)
    found, wanted = run(written(experiment, dialect)), trained(experiment)
    rounded = 0.0 if dialect in ("autograd", "torch") else max(ROUNDED.get(name, 0.0) for name in names)
    tolerance = max(TOLERANCE[dialect], rounded)
    assert deviation(found.loss, wanted.loss) <= tolerance
    assert parameter_deviation(found, wanted) <= tolerance
    for name, gradient in wanted.gradients.items():
        assert deviation(found.gradients[name], gradient) <= tolerance, name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_declared_derivative_and_numpys_value_are_those_of_torch(name: str) -> None:
    function = FUNCTIONS[name]
    if name in NOT_IN["numpy"] or name in ("lgamma", "i0"):
        with pytest.raises(
            ScriptError, match=r"NumPy: (digamma|i1|\w+)\(\) is not known in this dialect|by hand is not"
        ):
            written(experiment_of([name]), "numpy")
        return
    if function.derivative or function.effect == "transpose":
        assert_dialect_agrees(executed, "numpy", [name])
        return
    with pytest.raises(ScriptError, match=rf"gradient of {name}\(\) by hand"):
        written(experiment_of([name]), "numpy")


@pytest.mark.parametrize("names", BATCHES, ids=" ".join)
@pytest.mark.parametrize("dialect", ["autograd", "torch"])
def test_a_dialect_writes_every_function_as_torch_computes_it(names: list[str], dialect: Any) -> None:
    assert_dialect_agrees(executed, dialect, names)


NOT_IN = {
    "numpy": {"erfcx", "erfinv", "log_ndtr", "ndtri", "digamma", "i0e", "i1", "i1e"},
    "tensorflow": {"erfcx", "log_ndtr"},
}
"""Functions of which the library has none: they are refused, and no other digits are computed."""


def test_a_library_lacks_no_more_than_these() -> None:
    assert {name for name, function in FUNCTIONS.items() if not function.numpy} == NOT_IN["numpy"]
    assert {name for name, function in FUNCTIONS.items() if not function.tensorflow} == NOT_IN["tensorflow"]


@pytest.mark.parametrize("names", BATCHES, ids=" ".join)
def test_tensorflow_writes_every_function_so_too(names: list[str], tensorflow_server: ForkServer) -> None:
    missing = [name for name in names if name in NOT_IN["tensorflow"]]
    for name in missing:
        with pytest.raises(ScriptError, match=rf"{name}\(\) is not known in this dialect"):
            written(experiment_of([name]), "tensorflow")
    assert_dialect_agrees(tensorflow_server.run, "tensorflow", [name for name in names if name not in missing])


def test_numpy_writes_what_has_no_derivative_too() -> None:
    """With a gradient of nothing, so that the value alone is left."""
    data = to_data(experiment_of(["prod", "softmax", "log_softmax"]))
    data["objective"]["text"] += "".join(f"\nd_{name} = 0*{name}" for name in TENSORS)
    data["objective"]["gradient"] = "by_hand"
    still = from_data(data)
    found = executed(written(still, "numpy"))
    assert deviation(found.loss, trained(still).loss) <= TOLERANCE["numpy"]


WITHOUT_DERIVATIVE = {"prod", "softmax", "log_softmax", "transpose", "t", "digamma"}
"""The transposes have a rule of their own; a product with a 0 in it, or a softmax, is more than one factor, and what
the derivative of digamma is called no formula knows."""


def test_a_function_has_a_derivative_after_each_argument() -> None:
    assert {name for name, function in FUNCTIONS.items() if not function.derivative} == WITHOUT_DERIVATIVE
    for function in FUNCTIONS.values():
        assert len(function.derivative) in (0, function.least, function.most), function.name


SCALAR = [name for name, function in FUNCTIONS.items() if function.scalar is not None]
POINTS = ((0.3, 0.6, 0.9), (0.75, 0.2, 0.95), (0.5, 0.5, 0.5))


@pytest.mark.parametrize("name", SCALAR)
def test_a_function_of_numbers_is_that_of_tensors_and_what_a_script_writes(name: str) -> None:
    function = FUNCTIONS[name]
    for first, second, third in POINTS:
        of_step = {"where": "step > 0.5", "acosh": "step + 1"}.get(name, "step")
        arguments = [of_step, f"{second}", f"{third}"][: function.most if name == "clamp" else function.least]
        text = f"{name}({', '.join(arguments)})"
        found = scalar_function(text, "step")(first)
        tensors = {"step": torch.tensor(first, dtype=torch.float64)}
        program = Program(parse_formula(f"value = {text}", tensors), torch.float64, torch.device("cpu"))
        assert found == pytest.approx(program.evaluate(tensors)["value"].item(), rel=1e-14)
        if function.python:
            printed = ScalarPrinter({"step": "step"}).printed(parse_expression(text, {"step"}))
            assert eval(printed, {"math": math, "step": first}) == found, printed


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "text",
    ["floor(9)**floor(9)**floor(9)", "ceil(9)**ceil(9)**ceil(9)", "round(9)**round(9)**round(9)",
     "(9*(step >= 0))**(9*(step >= 0))**(9*(step >= 0))", "((0-8)**0.5) < 1", "floor((0-8)**0.5)"],
)  # fmt: skip
def test_a_schedules_formula_has_no_whole_numbers_without_a_bound(text: str) -> None:
    assert math.isnan(scalar_function(text, "step")(1.0))
