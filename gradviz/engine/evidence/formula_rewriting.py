"""Formulas that stay finite: the part that does not, kept within bounds, as an edit of the text."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.core.document.experiment import Experiment
from gradviz.core.formulas.formula import Binary, Call, Expression, Number
from gradviz.core.formulas.walk import children_of
from gradviz.core.formulas.written import exchanged, written
from gradviz.core.objectives.catalogue import FormulaObjective
from gradviz.core.questions.explanation import Edit
from gradviz.core.words import Words, say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.formula_parts import Birth, Part, shortened

LEAST = {"float32": 1e-30, "float64": 1e-300}
MOST_EXPONENT = {"float32": 80.0, "float64": 700.0}
TINY = 1e-12
MOST = 3e38
_ROOTS = ("sqrt", "rsqrt")
_LOGS = ("log", "log2", "log10")
_EXPONENTIALS = ("exp", "expm1", "sinh", "cosh")


@dataclass(frozen=True, slots=True)
class Rewriting:
    """An edit of the formula with the advice to make it."""

    advice: Words
    edits: tuple[Edit, ...]
    action: Words


def best_of(evidence: Evidence, rewritings: list[Rewriting]) -> Rewriting | None:
    """The first with which the loss falls, else the first with which it stays a number."""
    finite = None
    for rewriting in rewritings:
        trial = evidence.tried(*rewriting.edits)
        if trial is not None and trial.gain > 0:
            return rewriting
        finite = finite or (rewriting if trial is not None else None)
    return finite


def guarded(experiment: Experiment, birth: Birth) -> list[Rewriting]:
    """What might mend the place where a number is not finite, the best first."""
    found = of_part(experiment, birth.part)
    if birth.divides_by_zero and birth.part.operation == "/":
        divisor = birth.part.children[1]
        kept = Binary("+", divisor, Number(TINY, 1), 1)
        found.append(_exchange(experiment, birth.part, divisor, kept, say("Keep the divisor from 0.")))
    if experiment.dtype == "float32" and birth.is_overflow:
        found.append(Rewriting(say("Take float64."), (Edit("dtype", "float64"),), say("Take float64")))
    return [one for one in found if one is not None]


def of_part(experiment: Experiment, part: Part) -> list[Rewriting | None]:
    """The same for a part whose derivative is not finite, or whose value is not."""
    operation, argument = part.operation, part.children[0]
    if operation in _LOGS:
        kept = _clamped(argument, LEAST[experiment.dtype], MOST)
        advice = say("Take the logits with softplus, or write {new}.", new=_of(part, kept))
        return [_everywhere(experiment, operation, advice)]
    if operation in _ROOTS or operation in ("norm", "std", "hypot"):
        return _away_from_zero(experiment, part)
    if operation in _EXPONENTIALS:
        most = MOST_EXPONENT[experiment.dtype]
        kept = _clamped(argument, -most, most)
        return [_exchange(experiment, part, argument, kept, say("Keep it within bounds: {new}.", new=_of(part, kept)))]
    if operation in ("acos", "asin"):
        kept = _clamped(argument, -1 + 1e-6, 1 - 1e-6)
        return [_exchange(experiment, part, argument, kept, say("Keep it inside: {new}.", new=_of(part, kept)))]
    if operation in ("**", "pow"):
        bases: list[Expression] = [Binary("+", argument, Number(TINY, 1), 1), _clamped(argument, TINY, MOST)]
        return [
            _exchange(experiment, part, argument, kept, say("Keep the base from 0: {new}.", new=_of(part, kept)))
            for kept in bases
        ]
    return []


def _away_from_zero(experiment: Experiment, part: Part) -> list[Rewriting | None]:
    argument = part.children[0]
    if part.operation in _ROOTS:
        kept: Expression = Binary("+", argument, Number(TINY, 1), 1)
        clamped = _clamped(argument, TINY, MOST)
        return [
            _exchange(experiment, part, argument, one, say("Keep it from 0: {new}.", new=_of(part, one)))
            for one in (kept, clamped)
        ]
    return []


def _clamped(argument: Expression, low: float, high: float) -> Expression:
    return Call("clamp", (argument, Number(low, 1), Number(high, 1)), None, 1)


def _of(part: Part, argument: Expression) -> str:
    return shortened(written(exchanged(part.expression, part.children[0], argument)))


def _exchange(experiment: Experiment, part: Part, old: Expression, new: Expression, advice: Words) -> Rewriting | None:
    """The text with one part exchanged; None where there is no text of one's own."""
    objective = experiment.objective
    if not isinstance(objective, FormulaObjective):
        return None
    lines = objective.text.split("\n")
    declared = next(line for line in objective.parsed.lines if line.line == part.line)
    # the tree that was walked is another parse of the same text: the part is found again by where it stands
    place = _twin_of(declared.expression, part.expression)
    inner = _twin_of(declared.expression, old)
    if place is None or inner is None:
        return None
    text = written(exchanged(declared.expression, inner, new))
    lines[part.line - 1] = f"{declared.name} = {text}"
    return Rewriting(advice, (Edit("objective.text", "\n".join(lines)),), say("Rewrite that part"))


def _everywhere(experiment: Experiment, function: str, advice: Words) -> Rewriting | None:
    """The text with the argument of every call of a function kept above 0: one log is as bad as another."""
    objective = experiment.objective
    if not isinstance(objective, FormulaObjective):
        return None
    lines = objective.text.split("\n")
    for declared in objective.parsed.lines:
        tree = declared.expression
        for call in _calls_of(tree, function):
            argument = children_of(call)[0]
            tree = exchanged(tree, argument, _clamped(argument, LEAST[experiment.dtype], MOST))
        if tree is not declared.expression:
            lines[declared.line - 1] = f"{declared.name} = {written(tree)}"
    return Rewriting(advice, (Edit("objective.text", "\n".join(lines)),), say("Rewrite that part"))


def _calls_of(tree: Expression, function: str) -> list[Expression]:
    own = [tree] if isinstance(tree, Call) and tree.function == function else []
    return own + [found for child in children_of(tree) for found in _calls_of(child, function)]


def _twin_of(tree: Expression, wanted: Expression) -> Expression | None:
    if tree == wanted:
        return tree
    for child in children_of(tree):
        found = _twin_of(child, wanted)
        if found is not None:
            return found
    return None
