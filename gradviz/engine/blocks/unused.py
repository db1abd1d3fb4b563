"""A parameter that the loss does not depend on: its gradient is None, not 0, and it never moves."""

from __future__ import annotations

from typing import ClassVar

from gradviz.core.formulas.formula import Call, Expression
from gradviz.core.formulas.functions import FUNCTIONS
from gradviz.core.formulas.walk import children_of, names_in
from gradviz.core.formulas.written import written
from gradviz.core.objectives.catalogue import FormulaObjective
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import SILENCE, Words, say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.formula_parts import shortened
from gradviz.engine.evidence.reasoning import Cause


class Unused(Cause):
    kind: ClassVar[str] = "unused parameter"
    rank: ClassVar[int] = 4

    def reason(self, evidence: Evidence) -> Reason | None:
        names = [name for name, gradient in evidence.last.gradients.items() if gradient is None]
        if not names or evidence.objective.by_hand or evidence.is_broken:
            return None
        figures = {"parameters without a gradient": float(len(names))}
        if evidence.declared.mistake.detached:
            cause = say(
                "{name}.grad is None: “{told}” cuts it off.", name=names[0], told=evidence.declared.mistake.told
            )
            edits = (evidence.edit("mistake.kind", "none"),)
            return evidence.reason(
                self.kind, cause, say("Switch it off."), figures, edits, say("Switch the mistake off")
            )
        many = say(" (and {more} more)", more=len(names) - 1) if len(names) > 1 else SILENCE
        cause = say(
            "{name}.grad is None{many}: {why}, so it never moves.",
            name=names[0],
            many=many,
            why=_why(evidence, names[0]),
        )
        constants = evidence.those_that_work(*_as_constants(evidence, names))
        advice = say("Use it in the loss, or make it a constant.")
        return evidence.reason(self.kind, cause, advice, figures, constants, say("Make it a constant"))


def _why(evidence: Evidence, name: str) -> Words:
    objective = evidence.experiment.objective
    if not isinstance(objective, FormulaObjective):
        return say("the loss does not use it")
    for line in objective.parsed.lines:
        cut = _cut_around(line.expression, name)
        if cut is not None:
            return say("{cut} in line {line} cuts it off", cut=shortened(written(cut)), line=line.line)
    return say("no line that the loss is computed from uses it")


def _cut_around(expression: Expression, name: str) -> Expression | None:
    """The outermost part that autograd follows nothing through, and that uses `name`."""
    if isinstance(expression, Call) and FUNCTIONS[expression.function].cuts and name in names_in(expression):
        return expression
    found = (_cut_around(child, name) for child in children_of(expression))
    return next((one for one in found if one is not None), None)


def _as_constants(evidence: Evidence, names: list[str]) -> tuple[Edit, ...]:
    objective = evidence.experiment.objective
    if not isinstance(objective, FormulaObjective) or len(names) == len(objective.parameters):
        return ()
    places = [index for index, tensor in enumerate(objective.tensors) if tensor.name in names]
    return tuple(Edit(f"objective.tensors.{index}.role", "constant") for index in places)
