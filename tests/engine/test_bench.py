"""The bench: every function of the catalogue, kinks, cuts, precision, sampling, fits, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from engine_support import HIMMELBLAU, LINE, NEURONS, formula_experiment

from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.formulas.functions import FUNCTIONS
from gradviz.core.questions.bench import BenchMethod, BenchReport, BenchRow, CheckGradient, Verdict
from gradviz.core.questions.bench_text import report_data, report_text
from gradviz.engine.answers.answering import Job
from gradviz.engine.answers.moment import Moment
from gradviz.engine.bench.bench import bench
from gradviz.engine.problems import EngineError
from gradviz.engine.training.trainer import Trainer

V, U, M = (0.3, 0.7, 0.55), (1.2, -0.4, 0.8), ((0.3, 0.7), (0.2, 0.9), (0.6, 0.1))
CUT = ("detach", "no_grad", "requires_grad")


def expressions(name: str) -> list[str]:
    """Formulas of one number in which a function of the catalogue is all that matters."""
    function = FUNCTIONS[name]
    special = {
        "max": ["max(v*u)", "sum(max(v, u))"],
        "min": ["min(v*u)", "sum(min(v, u))"],
        "where": ["sum(where(v > 0.5, v**2, u))"],
        "clamp": ["sum(clamp(v, 0.4, 0.6)*u)"],
        "dot": ["dot(v, u)"],
        "transpose": ["sum((transpose(m) @ v)**2)"],
        "t": ["sum((t(m) @ v)**2)"],
        "one_hot": ["sum(one_hot(l, 2)*m*m)"],
        "pow": ["sum(pow(v, u))"],
        "acosh": ["sum(acosh(1 + v)*u)"],
        "xlogy": ["sum(xlogy(u, v))"],
        "xlog1py": ["sum(xlog1py(u, v))"],
        "lerp": ["sum(lerp(v, u, v*u))"],
    }
    if name in special:
        return special[name]
    if name in CUT:
        return [f"sum({name}(v)*v)"]
    if function.dimension:
        along = f"sum({name}(m, 0)*{'m' if 'softmax' in name else 'one'})"
        return [f"sum({name}(v)*u)", along]
    return [f"sum({name}(v)*u)"] if function.most == 1 else [f"sum({name}(v, u))"]


def report_of(text: str, dtype: str = "float64", hand: str = "", **values: Any) -> BenchReport:
    return bench(formula_experiment(text, dtype, **values).model_copy(update={"hand_gradient": hand}))


def row(report: BenchReport, method: BenchMethod, parameter: str = "", dtype: str = "float64") -> BenchRow:
    found = [
        one
        for one in report.rows
        if one.method is method
        and one.parameter in (parameter, one.parameter if not parameter else "")
        and one.dtype == dtype
    ]
    return found[0]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_has_one_gradient(name: str) -> None:
    for expression in expressions(name):
        values = {"v": V, "u": U, "m": M, "l": (0.0, 1.0, 1.0), "one": (1.5, 0.5)}
        report = report_of(f"loss = {expression}", constants=("l", "one"), **values)
        assert report.agrees, report_text(report)
        assert not [one for one in report.rows if one.verdict is Verdict.MISSING], report_text(report)
        cut = [one for one in report.rows if one.verdict is Verdict.CUT]
        assert bool(cut) is (name in CUT), report_text(report)
        steep = max(float(np.abs(one.values).max()) for one in report.rows if one.values is not None)
        assert steep > 0 or name in ("floor", "ceil", "round", "sign", "trunc")


def test_softmax_and_squared_error_by_hand_by_difference_and_in_symbols() -> None:
    text = "probs = softmax(x @ w + b)\ny = one_hot(labels, 2)\nloss = mean((probs - y)**2)"
    hand = "g = 2*(probs - y)/6\nd = probs*t(t(g) - sum(g*probs, 1))\nd_w = t(x) @ d\nd_b = sum(d, 0)"
    random = np.random.RandomState(1)
    values = {name: tuple(map(tuple, random.randn(*shape))) for name, shape in (("x", (3, 4)), ("w", (4, 2)))}
    constants = ("x", "labels")
    report = report_of(text, hand=hand, constants=constants, b=(0.1, -0.2), labels=(0.0, 1.0, 1.0), **values)
    assert report.agrees, report_text(report)
    rows = [one for one in report.rows if one.parameter == "w"]
    assert {one.method for one in rows} == set(BenchMethod)
    for one in rows:
        np.testing.assert_allclose(one.values, rows[0].values, rtol=1e-5, atol=1e-9)
    swapped = report_of(text, hand=hand.replace("probs - y", "y - probs"), constants=constants, b=(0.1, -0.2),
                        labels=(0.0, 1.0, 1.0), **values)  # fmt: skip
    assert row(swapped, BenchMethod.HAND, "w").verdict is Verdict.SIGN
    assert row(swapped, BenchMethod.HAND, "b").verdict is Verdict.SIGN


@pytest.mark.parametrize(
    ("expression", "at", "words"),
    [
        ("abs(x)", 0.0, "-1 to the left and 1 to the right"),
        ("relu(x - 2)", 2.0, "0 to the left and 1 to the right"),
        ("floor(x)", 2.0, "jumps"),
        ("where(x > 0, sqrt(x), 0)", 0.0, "infinite"),
        ("sqrt(x*x)", 0.0, "-1 to the left and 1 to the right"),
        ("sqrt(x)", 0.0, "not finite just below"),
        ("max(x, 2 - x)", 1.0, "-1 to the left and 1 to the right"),
    ],
)
def test_a_point_without_a_derivative_is_named(expression: str, at: float, words: str) -> None:
    report = report_of(f"loss = {expression}", x=at)
    named = row(report, BenchMethod.DIFFERENCE)
    assert named.verdict is Verdict.KINK
    assert f"x = {at:g}" in named.sentence
    assert words in named.sentence
    assert report.agrees


@pytest.mark.parametrize(
    ("expression", "at"),
    [("abs(x)", 1e-3), ("relu(x)", 1e-5), ("(x + abs(x))**2", 0.0), ("abs(x)**3", 0.0), ("exp(30*x)*sin(99*x)", 0.2),
     ("1e6*(x - 1)**2", 1.0), ("(x - 3)**4", 3.0)],
)  # fmt: skip
def test_a_smooth_point_is_not_called_a_kink(expression: str, at: float) -> None:
    report = report_of(f"loss = {expression}", x=at)
    assert row(report, BenchMethod.DIFFERENCE).verdict is Verdict.AGREES, report_text(report)


def test_nan_from_a_branch_that_is_not_taken_is_autograd_fault() -> None:
    report = report_of("loss = where(x > 0, sqrt(x), 0) + x", x=-1.0)
    named = row(report, BenchMethod.BACKWARD)
    assert named.verdict is Verdict.NAN
    assert "nan at x = -1, where the slope is 1" in named.sentence
    assert row(report, BenchMethod.SYMBOLS).verdict is Verdict.AGREES
    assert not report.agrees


def test_a_difference_that_rounding_drowns_says_so() -> None:
    """Of a formula it is known what is right; of a model of layers it is not. Longer steps still hear it beside 1e9."""
    assert row(report_of("loss = (1e9 + x - 1e9)**2", x=0.3), BenchMethod.DIFFERENCE).verdict is Verdict.AGREES
    drowned = row(report_of("loss = (1e17 + x - 1e17)**2", x=0.3), BenchMethod.DIFFERENCE)
    assert drowned.verdict is Verdict.ROUNDING
    assert "0.6 is right" in drowned.sentence


def test_last_digits_beside_an_edge_are_rounding_and_no_choice() -> None:
    """atan2(a, sum(b)) stands on the edge of a sign, but what autograd gives lies one last digit beside the slope."""
    text = "s = sum(b)\nx = atan2(b, b*a)\nl = sum(x*x) + 0*sum(atan2(a, s)) + 0*logsumexp(a)"
    report = report_of(text, a=(2.691, -0.0, 2.0), b=(-1.0, 2.0, -1.0))
    named = next(row for row in report.rows if row.parameter == "b" and row.method is BenchMethod.BACKWARD)
    assert named.verdict is Verdict.ROUNDING, report_text(report)
    assert "where 0 is right" in named.sentence


def test_a_difference_that_is_drowned_does_not_agree_with_zero() -> None:
    """A tie some last digits away, which steps of float64 cross: the slope after z is 0, and the steps find 0.08."""
    report = report_of("loss = 1.5*maximum(x, z)", x=0.35399235056935996, z=0.35399235056900596)
    drowned = row(report, BenchMethod.DIFFERENCE, "z")
    assert drowned.verdict is Verdict.ROUNDING, report_text(report)
    assert report.agrees


def test_float32_is_compared_with_float64_and_not_blamed_for_rounding() -> None:
    text = "loss = (x**2 + y - 11)**2 + (x + y**2 - 7)**2"
    report = report_of(text, "float32", x=2.999997, y=2.000005)
    single = row(report, BenchMethod.BACKWARD, "x", "float32")
    assert single.verdict is Verdict.AGREES
    assert single.relative > 1e-3, "so near a minimum rounding is a large part of the gradient"
    far = report_of(text, "float32", x=0.5, y=0.25)
    assert row(far, BenchMethod.BACKWARD, "x", "float32").relative < 1e-5


def test_at_a_minimum_it_says_that_nothing_can_be_seen() -> None:
    report = report_of("loss = (x - 3)**2", x=3.0, hand="d_x = 7*(x - 3)")
    assert report.agrees
    assert any("zero here" in note for note in report.notes)


def test_a_cut_is_explained_where_the_difference_sees_through_it() -> None:
    report = report_of("loss = detach(x)*x", x=3.0, hand="d_x = 2*x")
    assert row(report, BenchMethod.DIFFERENCE).verdict is Verdict.CUT
    assert row(report, BenchMethod.HAND).verdict is Verdict.CUT
    assert row(report, BenchMethod.BACKWARD).values == 3.0
    assert "Detach cuts the gradient" in row(report, BenchMethod.DIFFERENCE).sentence


def test_a_vector_shows_the_words_of_pytorch() -> None:
    report = report_of("y = x**2", x=(1.0, 2.0))
    assert "grad can be implicitly created only for scalar outputs" in report.fault


def test_the_upstream_gradient_counts() -> None:
    experiment = with_value(formula_experiment("y = x**2", x=(1.0, 2.0)), "objective.upstream", [1.0, 10.0])
    report = bench(experiment)
    assert report.agrees
    for one in report.rows:
        np.testing.assert_allclose(one.values, [2.0, 40.0], rtol=1e-9)


def test_large_parameters_are_sampled_by_the_seed_and_it_says_so() -> None:
    experiment = with_value(
        formula_experiment("loss = sum(x*x*x)", x=1.0), "objective.tensors.0.value", "randn(60, 50)"
    )
    report = bench(experiment)
    assert report.agrees
    assert "3,000 elements" in report.notes[0]
    sampled = row(report, BenchMethod.DIFFERENCE)
    assert sampled.coordinates is not None
    assert sampled.values is not None
    assert len(sampled.coordinates) == len(sampled.values) == 2000
    assert sampled.coordinates == row(bench(experiment), BenchMethod.DIFFERENCE).coordinates
    assert row(report, BenchMethod.SYMBOLS).verdict is Verdict.MISSING
    wrong = experiment.model_copy(update={"hand_gradient": "d_x = 3*x*x*where(x > 3, -1, 1)"})
    assert row(bench(wrong), BenchMethod.HAND).verdict is Verdict.DIFFERS, "an element outside the sample counts too"


@pytest.mark.parametrize("objective", [HIMMELBLAU, LINE, NEURONS])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_other_objectives_agree_too(objective: Any, dtype: Any) -> None:
    report = bench(Experiment(objective=objective, dtype=dtype))
    assert report.agrees, report_text(report)
    assert len({one.method for one in report.rows}) >= 3


def test_a_fit_by_hand_names_layers_and_data() -> None:
    hand = "error = prediction - targets\nd_w = mean(2*error*inputs)\nd_b = mean(2*error)"
    report = bench(Experiment(objective=LINE, hand_gradient=hand))
    assert report.agrees, report_text(report)
    assert {"inputs", "targets", "prediction", "w", "b"} <= set(report.names)
    wrong = bench(Experiment(objective=LINE, hand_gradient=hand.replace("mean(2*error*", "sum(2*error*")))
    assert "11, the number of rows of inputs" in row(wrong, BenchMethod.HAND, "w").sentence
    named = bench(Experiment(objective=NEURONS, hand_gradient="d_layer2_bias = sum(sign(prediction - targets))"))
    assert row(named, BenchMethod.HAND, "2.bias").verdict is Verdict.AGREES
    assert any("no gradient by hand of 0.weight" in note for note in named.notes)


def test_an_absolute_error_at_its_kink_is_named() -> None:
    """w = b = 1 on a target that the first point meets exactly."""
    report = report_of("loss = mean(abs(w*x + b - y))", constants=("x", "y"), w=1.0, b=1.0, x=(1.0, 2.0), y=(2.0, 9.0))
    assert row(report, BenchMethod.DIFFERENCE, "w").verdict is Verdict.KINK
    assert report.agrees


def test_a_fault_in_a_line_by_hand_has_its_place() -> None:
    report = report_of("loss = x**2", x=1.0, hand="a = 2\nd_x = a*z")
    assert report.place == (2, 9)
    assert "z is not known" in report.fault
    assert not report.agrees
    assert report_of("loss = x**2", x=1.0, hand="a = 2*x").fault.endswith("for a parameter: x.")
    assert "PyTorch refuses" in report_of("loss = sum(v)", v=V, hand="d_v = v @ v @ v").fault


def test_a_formulas_own_lines_come_first() -> None:
    report = report_of("loss = x**2\nd_x = -2*x", x=1.5, hand="d_x = 2*x")
    assert row(report, BenchMethod.HAND).verdict is Verdict.SIGN


def test_parameters_by_name_are_where_it_looks() -> None:
    report = bench(formula_experiment("loss = x**3", x=1.0), {"x": 2.0})
    assert row(report, BenchMethod.BACKWARD).values == 12.0
    with pytest.raises(EngineError, match="There is no parameter 'q'"):
        bench(formula_experiment("loss = x**3", x=1.0), {"q": 1.0})


@pytest.mark.parametrize("objective", [HIMMELBLAU, LINE, NEURONS])
def test_the_trainer_stays_as_it_was(objective: Any) -> None:
    trainer = Trainer(Experiment(objective=objective, steps=50))
    trainer.seek(5)
    lane = trainer.lanes[0]
    torch.rand(3)
    before = [
        (p.detach().clone(), None if p.grad is None else p.grad.clone()) for p in lane.objective.parameters.values()
    ]
    random = torch.get_rng_state()
    job = Job(CheckGradient(), Moment(trainer))
    while not job.advance(0.0):
        assert torch.equal(torch.get_rng_state(), random), "a slice must leave the random numbers alone"
    assert torch.equal(torch.get_rng_state(), random)
    report = job.answer.value
    assert report.step == 5
    assert report.loss == pytest.approx(lane.loss, rel=1e-5)
    for parameter, (value, gradient) in zip(lane.objective.parameters.values(), before, strict=True):
        assert torch.equal(parameter, value)
        assert gradient is None or torch.equal(parameter.grad, gradient)
        one = row(report, BenchMethod.BACKWARD, next(n for n, p in lane.objective.parameters.items() if p is parameter))
        np.testing.assert_allclose(one.values, parameter.grad.double().numpy(), rtol=1e-4)


def test_values_cannot_be_changed_and_data_is_plain() -> None:
    report = report_of("loss = sum(v*v)", v=V)
    values = row(report, BenchMethod.DIFFERENCE).values
    assert values is not None
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 1.0
    data = report_data(report)
    assert data["agrees"] is True
    assert data["rows"][0]["absolute"] is None, "nothing to compare is not the same as nan"  # type: ignore[index]


def test_a_difference_that_is_a_little_off_a_slope_of_0_is_drowned_too() -> None:
    """Beside a tie the step must be tiny: -9.3e-5 where 0 is right was said to agree."""
    report = report_of("n = maximum(x, z)\nm = cos(n) + n", x=1.5, z=1.5000000015000001)
    drowned = row(report, BenchMethod.DIFFERENCE, "x")
    assert drowned.verdict is Verdict.ROUNDING, report_text(report)
    assert report.agrees
