"""Two hundred random formulas in float64: every way to the gradient agrees, or the point is named."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import torch
from engine_support import formula_experiment
from hypothesis import HealthCheck, assume, given, seed, settings
from random_formulas import RandomFormula, formulas

from gradviz.core.questions.bench import BenchMethod, BenchReport, BenchRow, Verdict
from gradviz.engine.bench.bench import bench

RELATIVE = 1e-5
EXAMPLES = 200
NAMED = {Verdict.KINK, Verdict.UNSURE, Verdict.NAN, Verdict.ROUNDING, Verdict.NO_VALUE, Verdict.DIFFERS}
VERDICTS = {"sign": {Verdict.SIGN}, "factor": {Verdict.FACTOR}, "part": {Verdict.DIFFERS, Verdict.FACTOR}}
"""What each mistake must be called: a part too much may happen to be a plain multiple."""
EVERY = {BenchMethod.BACKWARD, BenchMethod.FORWARD, BenchMethod.DIFFERENCE, BenchMethod.SYMBOLS, BenchMethod.HAND}


def report_of(made: RandomFormula, hand: str | None = None) -> BenchReport:
    experiment = formula_experiment(made.text, **made.values)
    return bench(experiment.model_copy(update={"hand_gradient": made.hand() if hand is None else hand}))


def spoiled(made: RandomFormula, how: str) -> str:
    """The gradient by hand with one mistake of a known kind in the line of every parameter."""
    changes = {"sign": "-({})", "factor": "2*({})", "part": "({}) + 0.37*cos({}) + 0.21"}
    lines = []
    for line in made.hand().split("\n"):
        name, _, expression = line.partition(" = ")
        is_gradient = name.startswith("d_")
        lines.append(f"{name} = {changes[how].format(expression, name[2:])}" if is_gradient else line)
    return "\n".join(lines)


def is_usable(made: RandomFormula) -> bool:
    """Whether the loss is a number of a size that float64 can difference, by torch alone."""
    loss = loss_of(made)
    return math.isfinite(loss) and abs(loss) < 1e6 and len(made.hand()) < 4000


def loss_of(made: RandomFormula) -> float:
    from gradviz.engine.objectives.build import build_objective

    objective = build_objective(formula_experiment(made.text, **made.values), torch.device("cpu"))
    with torch.no_grad():
        return float(objective.loss())


def by_parameter(report: BenchReport) -> dict[str, list[BenchRow]]:
    rows: dict[str, list[BenchRow]] = {}
    for row in report.rows:
        rows.setdefault(row.parameter, []).append(row)
    return rows


def disagreement(rows: list[BenchRow]) -> str:
    """The first two methods whose values differ by more than the bar, judged here and not by the bench."""
    reference = rows[0].values
    assert reference is not None
    for row in rows[1:]:
        assert row.values is not None, row
        bar = RELATIVE * max(float(np.abs(reference).max()), float(np.abs(row.values).max())) + 1e-9
        if row.values.shape != reference.shape or not bool((np.abs(row.values - reference) <= bar).all()):
            return f"{row.method}: {row.values} against {reference}: {row.verdict}, {row.sentence}"
    return ""


def is_ordinary(made: RandomFormula) -> bool:
    """Whether no number is 0 and no two are equal: what makes kinks, ties and ends of domains here."""
    numbers = [number for value in made.values.values() for number in np.atleast_1d(value).tolist()]
    return 0.0 not in numbers and len(set(numbers)) == len(numbers)


def test_random_formulas_agree_or_the_point_is_named() -> None:
    seen: Counter[str] = Counter()

    @seed(1)  # since the language has grown that of before draws one formula at 0 over and over
    @settings(
        max_examples=EXAMPLES,
        database=None,
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(formulas())
    def check(made: RandomFormula) -> None:
        assume(is_usable(made))
        report = report_of(made)
        assert not report.fault, (report.fault, made.hand())
        seen["formulas"] += 1
        for rows in by_parameter(report).values():
            assert {row.method for row in rows} == EVERY, [(row.method, row.sentence) for row in rows]
            assert all(row.dtype == "float64" for row in rows)
            if rows[0].verdict is Verdict.UNUSED:
                continue  # nothing to compare: its .grad is None
            if any("given up" in row.sentence for row in rows):
                seen["given up"] += 1
                continue
            named = {row.verdict for row in rows} & NAMED
            seen["named" if named else "agreed"] += 1
            if is_ordinary(made):
                seen["ordinary"] += 1
                assert not named - {Verdict.ROUNDING}, (rows, made.text, made.values)
            if not named:
                assert not disagreement(rows), (disagreement(rows), made.text, made.values)
                assert not [row for row in rows if row.is_fault], (rows, made.text, made.values)

    check()
    print(dict(seen))
    assert seen["formulas"] >= EXAMPLES
    assert seen["given up"] <= EXAMPLES // 50, "symbols must not give up on what is small"
    assert seen["ordinary"] > EXAMPLES // 8
    assert seen["agreed"] > 3 * seen["named"], "a bench that names every point says nothing"


@pytest.mark.parametrize("how", sorted(VERDICTS))
def test_a_gradient_wrong_on_purpose_is_found_and_named(how: str) -> None:
    found: Counter[str] = Counter()

    @seed(7)
    @settings(
        max_examples=40,
        database=None,
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(formulas())
    def check(made: RandomFormula) -> None:
        assume(is_usable(made) and len(spoiled(made, how)) < 4000)
        right = by_parameter(report_of(made))
        for name, rows in by_parameter(report_of(made, spoiled(made, how))).items():
            reference = right[name][0].values
            is_clear = {row.verdict for row in right[name]} <= {Verdict.REFERENCE, Verdict.AGREES}
            if not is_clear or reference is None or float(np.abs(reference).max()) < 1e-3:
                continue  # zero with another sign is zero
            hand = next(row for row in rows if row.method is BenchMethod.HAND)
            found[str(hand.verdict)] += 1
            assert hand.verdict in VERDICTS[how], (hand, made.text, made.values)

    check()
    assert sum(found.values()) > 20, found
