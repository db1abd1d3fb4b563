"""Steps that are rounded away: an update smaller than the next number that the precision has."""

from __future__ import annotations

from typing import ClassVar

import torch

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.formula_parts import element_of
from gradviz.engine.evidence.reasoning import Cause

WORTH = 0.01


class Rounding(Cause):
    kind: ClassVar[str] = "rounded away"
    rank: ClassVar[int] = 35

    def reason(self, evidence: Evidence) -> Reason | None:
        frames = evidence.frames
        if evidence.experiment.dtype != "float32" or evidence.is_broken or len(frames) < 4 or not evidence.last.rate:
            return None
        if any(not frame.place.equal(frames[-1].place) for frame in frames[-4:]) or not bool(evidence.last.slope.any()):
            return None
        edits = (Edit("dtype", "float64"),)
        trial = evidence.tried(*edits)
        left = evidence.last.loss - (trial.losses[-1] if trial else evidence.last.loss)
        if trial is None or left <= WORTH * max(abs(evidence.gain), 1e-30):
            return None
        name, value, slope = _largest(evidence)
        step = float(torch.nextafter(value.abs(), torch.tensor(float("inf"))) - value.abs())
        update = evidence.last.rate * abs(slope)
        cause = say(
            "The steps are rounded away: at {name} = {value} float32 has no number nearer than {gap}, and the "
            "update is {update}.",
            name=name,
            value=short_number(float(value)),
            gap=short_number(step, 3),
            update=short_number(update, 3),
        )
        figures = {"value": float(value), "next number": step, "update": update, "loss in float64": trial.losses[-1]}
        return evidence.reason(
            self.kind, cause, say("Take float64, or scale it down."), figures, edits, say("Take float64")
        )


def _largest(evidence: Evidence) -> tuple[str, torch.Tensor, float]:
    """The element with the largest gradient: its name, its value, its gradient."""
    best = ("", torch.tensor(0.0), 0.0)
    for name, gradient in evidence.last.gradients.items():
        if gradient is None or not gradient.numel():
            continue
        flat = int(gradient.abs().reshape(-1).argmax())
        slope = float(gradient.reshape(-1)[flat])
        if abs(slope) >= abs(best[2]):
            value = evidence.last.parameters[name].reshape(-1)[flat].cpu()
            best = (element_of(name, flat, tuple(gradient.shape)), value, slope)
    return best
