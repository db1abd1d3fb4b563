"""LBFGS makes no step more: its gradient or its change is below a tolerance."""

from __future__ import annotations

from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.optimizers.catalogue import LBFGS
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import Words, say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.reasoning import Cause

WORTH = 1e-3


class LBFGSAtRest(Cause):
    kind: ClassVar[str] = "tolerance of LBFGS"
    rank: ClassVar[int] = 21

    def reason(self, evidence: Evidence) -> Reason | None:
        frames, declared = evidence.frames, evidence.declared
        if not isinstance(declared, LBFGS) or evidence.is_broken or len(frames) < 3 or not evidence.is_whole:
            return None
        slope = float(evidence.last.slope.abs().max())
        if slope == 0 or max(declared.tolerance_grad, declared.tolerance_change) == 0:
            return None
        if any(not frames[-1].place.equal(frame.place) for frame in frames[-3:]):
            return None
        still = evidence.rests_since()
        figures = {"largest gradient": slope, "tolerance": declared.tolerance_grad, "step": float(still)}
        return _advised(evidence, _cause(declared, slope, still), figures, still)


def _cause(declared: LBFGS, slope: float, still: int) -> Words:
    is_flat = slope <= declared.tolerance_grad
    return say(
        "LBFGS has not moved since step {step:,}: {what} is below {name} = {value} (largest gradient {slope}).",
        step=still,
        what=say("its largest gradient") if is_flat else say("its next change"),
        name="tolerance_grad" if is_flat else "tolerance_change",
        value=short_number(declared.tolerance_grad if is_flat else declared.tolerance_change, 4),
        slope=short_number(slope, 4),
    )


def _advised(evidence: Evidence, cause: Words, figures: dict[str, float], still: int) -> Reason:
    edits = (evidence.edit("tolerance_grad", 0.0), evidence.edit("tolerance_change", 0.0))
    trial = evidence.tried(*edits)
    if trial is not None and trial.losses[-1] < evidence.last.loss - WORTH * abs(evidence.first.loss):
        advice = say("Set both tolerances to 0: it then comes to {loss}.", loss=short_number(trial.losses[-1], 4))
        return evidence.reason(LBFGSAtRest.kind, cause, advice, figures, edits, say("Set both tolerances to 0"))
    steps = still + 1
    fewer = (Edit("steps", steps),)
    advice = say("That is its end, and smaller tolerances bring no more: {steps:step does|steps do}.", steps=steps)
    return evidence.reason(
        LBFGSAtRest.kind, cause, advice, figures, fewer, say("Set the steps to {steps:,}", steps=steps)
    )
