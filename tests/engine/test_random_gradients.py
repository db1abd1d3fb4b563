"""Two hundred random formulas in float64: every way to the gradient agrees, or the point is named."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import torch
from engine_support import formula_experiment
from hypothesis import HealthCheck, assume, given, seed, settings
from random_formulas import RandomFormula, formulas

from gradviz.core.bench_records import BenchMethod, BenchReport, BenchRow, Verdict
from gradviz.engine.bench import bench

RELATIVE = 1e-5
EXAMPLES = 200
NAMED = {Verdict.KINK, Verdict.UNSURE, Verdict.NAN}
EVERY = {BenchMethod.BACKWARD, BenchMethod.FORWARD, BenchMethod.DIFFERENCE, BenchMethod.SYMBOLS, BenchMethod.HAND}


def report_of(made: RandomFormula, hand: str | None = None) -> BenchReport:
    experiment = formula_experiment(made.text, **made.values)
    return bench(experiment.model_copy(update={"hand_gradient": made.hand() if hand is None else hand}))


def is_usable(made: RandomFormula) -> bool:
    """Whether the loss is a number of a size that float64 can difference, by torch alone."""
    loss = loss_of(made)
    return math.isfinite(loss) and abs(loss) < 1e6 and len(made.hand()) < 4000


def loss_of(made: RandomFormula) -> float:
    from gradviz.engine.objectives import build_objective

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


def test_200_random_formulas_agree_or_the_point_is_named() -> None:
    seen: Counter[str] = Counter()

    @seed(2024)
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
            named = {row.verdict for row in rows} & NAMED
            seen["named" if named else "agreed"] += 1
            if not named:
                assert not disagreement(rows), (disagreement(rows), made.text, made.values)
                assert not [row for row in rows if row.is_fault], (rows, made.text, made.values)

    check()
    print(dict(seen))
    assert seen["formulas"] >= EXAMPLES
    assert seen["agreed"] > 3 * seen["named"], "a bench that names every point says nothing"
