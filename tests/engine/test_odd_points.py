"""The bench at thousands of points, against an oracle of its own: no right value is called wrong, no wrong one right.

The short run belongs to `make test`; `make soak` tries as many as there is time for.
"""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from engine_support import formula_experiment
from odd_points import NoValueError, Tape, Truth, odd_point, ordinary_point, truth_of

from gradviz.core.questions.bench import BenchMethod, BenchReport, BenchRow, Verdict
from gradviz.core.questions.bench_text import report_text
from gradviz.engine.bench.bench import bench
from gradviz.engine.problems import EngineError

SHORT, SHORT_ORDINARY = 100, 30
LONG = 2000
LONG_SECONDS = "GRADVIZ_SOAK_SECONDS"
EPSILON = 2.0**-52
SAYS_RIGHT = {Verdict.AGREES, Verdict.REFERENCE}
Truths = dict[str, list[Truth]]


def truths_of(tape: Tape) -> Truths | None:
    """What the oracle says of every number; None where the loss has no value."""
    try:
        return {name: [truth_of(tape, name, k) for k in range(len(v))] for name, v in tape.values.items()}
    except (NoValueError, ZeroDivisionError, OverflowError):
        return None


def report_of(tape: Tape, hand: str, dtype: str = "float64") -> BenchReport | None:
    """The bench of a tape; None where float64 has no loss at all."""
    values = {name: tuple(v) if tape.is_vector[name] else v[0] for name, v in tape.values.items()}
    made = formula_experiment(tape.text, dtype, **values).model_copy(update={"hand_gradient": hand})
    try:
        report = bench(made)
    except EngineError:
        return None
    return report if report.rows else None


def is_right(row: BenchRow, value: float, truth: Truth, more: float) -> bool:
    """Whether a value of a row may be said to be right, judged here and not by the bench."""
    share = 2e-3 if row.method is BenchMethod.DIFFERENCE else 2e-3 if row.dtype == "float32" else 1e-6
    last = EPSILON if row.dtype == "float64" else 2.0**-23
    allowed = share * abs(truth.slope) + 64 * last * abs(truth.sway) + more
    if row.method is BenchMethod.DIFFERENCE and truth.slope == 0:
        allowed += 1e-5
    return abs(value - truth.slope) <= allowed


def _of_largest(row: BenchRow, truths: list[Truth]) -> float:
    """What a finite difference may be off beside larger ones: it is one row, and has one error."""
    largest = max((abs(truth.slope) for truth in truths if truth.kind == "smooth"), default=0.0)
    return 1e-6 * largest if row.method is BenchMethod.DIFFERENCE else 0.0


def wrongly_right(row: BenchRow, truths: list[Truth]) -> str:
    """Why a row should not have said that all is right; empty where it might, or did not say so."""
    if row.verdict not in SAYS_RIGHT or row.values is None:
        return ""
    for value, truth in zip(row.values.reshape(-1), truths, strict=True):
        if truth.kind != "smooth":
            return f"{row.method} {row.verdict} at a {truth.kind}"
        if not is_right(row, float(value), truth, _of_largest(row, truths)):
            return f"{row.method} {row.verdict} with {value}, where {truth.slope} is right"
    return ""


def is_wrong(row: BenchRow, truths: list[Truth]) -> bool:
    """Whether a gradient by autograd or by the rules has a number that is not the slope, so that it may be blamed."""
    assert row.values is not None
    for value, truth in zip(row.values.reshape(-1), truths, strict=True):
        given = truth.by_rules if row.method is BenchMethod.HAND and math.isfinite(value) else float(value)
        if truth.kind == "smooth" and not abs(given - truth.slope) <= 1e-9 * abs(truth.slope):
            return True
    return False


def spoiled(tape: Tape, name: str, truths: list[Truth], random: Random) -> str:
    """The gradient by hand of one parameter with a mistake that makes it wrong here."""
    smooth = [truth for truth in truths if truth.kind == "smooth"]
    if not smooth:
        sides = [side for truth in truths for side in (truth.left, truth.right)]
        return f"0*{name} + {3 * max(map(abs, sides)) + 1!r}" if all(map(math.isfinite, sides)) else ""
    if all(truth.by_rules != pytest.approx(truth.slope, rel=1e-9, abs=0.0) for truth in smooth):
        return ""  # the rules are wrong here, and a mistake may make them right
    steep = any(truth.slope != 0 and truth.by_rules == pytest.approx(truth.slope, rel=1e-9) for truth in smooth)
    return random.choice(("-({})", "2*({})", "1.001*({})", "0*({})")) if steep else "({}) + 1"


def with_mistake(hand: str, name: str, change: str) -> str:
    lines = [line.partition(" = ") for line in hand.split("\n")]
    return "\n".join(f"{left} = {change.format(right) if left == f'd_{name}' else right}" for left, _, right in lines)


def told(tape: Tape, report: BenchReport, why: str, truths: Truths) -> str:
    return f"{why}\n{tape.text}\n{tape.values}\n{truths}\n{report_text(report)}"


def faults_of(tape: Tape, random: Random, seen: Counter[str]) -> list[str]:
    """What the bench says wrongly of one point."""
    truths = truths_of(tape)
    report = None if truths is None else report_of(tape, tape.hand())
    if truths is None or report is None:
        return []
    seen["points"] += 1
    seen["cannot tell"] += any(row.verdict is Verdict.UNSURE for row in report.rows)
    seen["smooth"] += all(truth.kind == "smooth" for some in truths.values() for truth in some)
    found = []
    for row in report.rows:
        some = truths[row.parameter]
        why = wrongly_right(row, some)
        if why:
            found.append(told(tape, report, f"FALSE AGREEMENT {why}", truths))
        may_be_wrong = row.method in (BenchMethod.BACKWARD, BenchMethod.FORWARD, BenchMethod.HAND)
        if row.is_fault and not (may_be_wrong and is_wrong(row, some)):
            found.append(told(tape, report, f"FALSE ALARM {row.method}", truths))
    return [*found, *missed_mistakes(tape, truths, random, seen)]


def missed_mistakes(tape: Tape, truths: Truths, random: Random, seen: Counter[str]) -> list[str]:
    """A gradient by hand that was made wrong, and that the bench did not blame."""
    name = random.choice(sorted(truths))
    change = spoiled(tape, name, truths[name], random)
    report = report_of(tape, with_mistake(tape.hand(), name, change)) if change else None
    if report is None:
        return []
    seen["mistakes"] += 1
    row = next(row for row in report.rows if row.method is BenchMethod.HAND and row.parameter == name)
    return [] if row.is_fault else [told(tape, report, f"MISSED {change}", truths)]


def run_of(
    make: Callable[[Random], Tape], seed: int, count: int, until: float = math.inf
) -> tuple[Counter[str], list[str]]:
    random, seen, found = Random(seed), Counter[str](), list[str]()
    while seen["points"] < count and time.monotonic() < until:
        found += faults_of(make(random), random, seen)
    print(f"seed {seed}: {dict(seen)}, {len(found)} wrong")
    return seen, found


def check(seen: Counter[str], found: list[str]) -> None:
    assert not found, f"{len(found)} of {seen['points']}\n" + "\n\n".join(found[:5])
    assert seen["cannot tell"] < 0.03 * seen["points"]
    assert seen["mistakes"] > 0.7 * seen["points"], "too few mistakes were made"


def test_odd_points_are_called_what_they_are() -> None:
    seen, found = run_of(odd_point, 1, SHORT)
    check(seen, found)
    assert 0.3 * SHORT < seen["smooth"] < 0.9 * SHORT


def test_ordinary_points_have_one_gradient() -> None:
    seen, found = run_of(ordinary_point, 2, SHORT_ORDINARY)
    check(seen, found)
    assert seen["cannot tell"] == 0


@pytest.mark.soak
@pytest.mark.skipif(LONG_SECONDS not in os.environ, reason="make soak tries as many as there is time for")
@pytest.mark.parametrize("make", [odd_point, ordinary_point])
def test_thousands_of_points(make: Callable[[Random], Tape]) -> None:
    seed = int.from_bytes(os.urandom(4), "little")
    until = time.monotonic() + float(os.environ[LONG_SECONDS])
    seen, found = run_of(make, seed, max(LONG, 1), until)
    check(seen, found)


def test_the_oracle_finds_what_is_known() -> None:
    """Closed forms, so that the oracle is no oracle by itself."""
    from odd_points import BINARY, UNARY

    def of(name: str, x: float) -> Truth:
        tape = Tape({"x": [x]}, {"x": False})
        tape.add(UNARY[name], "x")
        return truth_of(tape, "x", 0)

    assert of("sqrt", 1e-8).slope == pytest.approx(5000, rel=1e-14)
    assert (of("abs", 0.0).kind, of("abs", 0.0).left, of("abs", 0.0).right) == ("kink", -1, 1)
    assert of("floor", 2.0).kind == "jump"
    assert of("acos", 1.0).kind == of("sqrt", 0.0).kind == "edge"
    assert of("cube", 0.0) == Truth("smooth", 0.0, 0.0, 0.0, 0.0, 0.0)
    tape = Tape({"x": [1e-4]}, {"x": False})
    square = tape.add(UNARY["square"], "x")
    tape.add(BINARY["div"], tape.add(BINARY["sub"], 1.0, tape.add(UNARY["cos"], "x")), square)
    assert truth_of(tape, "x", 0).slope == pytest.approx(-1e-4 / 12 + 1e-12 / 180, rel=1e-14)
    assert truth_of(tape, "x", 0).sway == pytest.approx(1e-4 / 12, rel=1e-6)
