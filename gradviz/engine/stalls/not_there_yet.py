"""Not converged yet: a long valley with a floor so much flatter than its walls that the steps hardly move along it."""

from __future__ import annotations

from typing import ClassVar

import torch

from gradviz.core.numbers import short_number
from gradviz.core.optimizers.catalogue import LBFGS, SGD, HandDescent
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import SILENCE, Words, say
from gradviz.engine.evidence.curvature import Curvature
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.formula_parts import element_of
from gradviz.engine.evidence.reasoning import Cause

LEAST_STEPS = 20
CONDITION = 500.0
LEFT = 0.2
"""The loss, or what it is above its floor, could still fall by this share of itself."""
FAR = 0.1
"""And the parameters would have to move by this share of their size."""
NOISE = 1e-11
"""Curvatures below this share of the largest are rounding."""


class NotThereYet(Cause):
    kind: ClassVar[str] = "not there yet"
    rank: ClassVar[int] = 75

    def reason(self, evidence: Evidence) -> Reason | None:
        if isinstance(evidence.declared, LBFGS) or evidence.is_broken or not evidence.is_over:
            return None
        if evidence.steps < LEAST_STEPS or not evidence.is_whole or not evidence.has_moved:
            return None
        curvature = evidence.curvature(evidence.last)
        if curvature is None or not curvature.is_whole or curvature.smallest < -NOISE * curvature.largest:
            return None
        if not _is_plain(evidence) and not _is_bowl(evidence, curvature):
            return None
        real = curvature.values > NOISE * curvature.largest
        values, slopes = curvature.values[real], (curvature.directions.T @ curvature.slope)[real]
        condition = float(values[-1] / values[0])
        moves = slopes / values
        left, far = float((slopes * moves).sum() / 2), float(moves.norm())
        if (
            condition < CONDITION
            or left < LEFT * abs(evidence.last.loss)
            or far < FAR * float(evidence.last.place.norm())
        ):
            return None
        slowest = int((moves.abs()).argmax())
        return _told(evidence, curvature, real, slowest, condition, left)


def _is_plain(evidence: Evidence) -> bool:
    return isinstance(evidence.declared, SGD | HandDescent)


def _is_bowl(evidence: Evidence, curvature: Curvature) -> bool:
    """Whether the curvature is the same at the start: that of least squares, where what is left is known."""
    before = evidence.curvature(evidence.first)
    return before is not None and bool(torch.allclose(before.values, curvature.values, rtol=1e-6, atol=0))


def _told(
    evidence: Evidence, curvature: Curvature, real: torch.Tensor, slowest: int, condition: float, left: float
) -> Reason:
    flat = float(curvature.values[real][slowest])
    needed = 1 / max(evidence.last.rate * flat, 1e-300)
    along = curvature.directions[:, real][:, slowest]
    cause = say(
        "Not there yet: the loss is {condition} times flatter along {name} than across (curvature {flat} and "
        "{steep}){so}.",
        condition=short_number(condition, 2),
        name=_names_along(evidence, along),
        flat=short_number(flat, 3),
        steep=short_number(curvature.largest, 3),
        so=_time(evidence, needed),
    )
    figures = {
        "condition": condition,
        "smallest curvature": flat,
        "largest curvature": curvature.largest,
        "steps": needed,
        "left": left,
    }
    for advice, edits, action in _faster(evidence):
        trial = evidence.tried(*edits)
        if trial is not None and evidence.last.loss - trial.losses[-1] > 0.5 * left:
            return evidence.reason(NotThereYet.kind, cause, advice, figures, edits, action)
    return evidence.reason(NotThereYet.kind, cause, say("Scale the inputs, or take more steps."), figures)


def _time(evidence: Evidence, needed: float) -> Words:
    """How long plain descent takes; another rule's time is not known."""
    if not _is_plain(evidence):
        return SILENCE
    shown = f"{float(f'{needed:.1g}'):,.0f}" if needed < 1e15 else short_number(needed, 1)
    return say(
        ", and at rate {rate} that way takes about {needed} steps",
        rate=short_number(evidence.last.rate, 3),
        needed=shown,
    )


def _names_along(evidence: Evidence, along: torch.Tensor) -> str:
    """The one or two elements that the flattest direction changes most."""
    names = [element_of(n, k, tuple(v.shape)) for n, v in evidence.last.parameters.items() for k in range(v.numel())]
    order = along.abs().argsort(descending=True).tolist()
    chosen = [k for k in order[:2] if abs(float(along[k])) > 0.3]
    if len(chosen) == 2:
        sign = "+" if float(along[chosen[0]] * along[chosen[1]]) > 0 else "-"
        return f"{names[chosen[0]]} {sign} {names[chosen[1]]}"
    return str(names[order[0]])


def _faster(evidence: Evidence) -> list[tuple[Words, tuple[Edit, ...], Words]]:
    ways: list[tuple[Words, tuple[Edit, ...], Words]] = []
    lbfgs = (evidence.edit("kind", "lbfgs"), evidence.edit("lr", 1.0), evidence.edit("line_search_fn", "strong_wolfe"))
    patient = (*lbfgs, evidence.edit("tolerance_grad", 0.0), evidence.edit("tolerance_change", 0.0))
    exact = (*patient, Edit("dtype", "float64"))
    ways.append((say("Take LBFGS, which learns the curvature, or scale the inputs."), lbfgs, say("Take LBFGS")))
    ways.append((say("Take LBFGS with tolerances of 0, or scale the inputs."), patient, say("Take LBFGS")))
    ways.append((say("Take LBFGS with tolerances of 0 in float64."), exact, say("Take LBFGS in float64")))
    momentum = (evidence.edit("kind", "sgd"), evidence.edit("momentum", 0.99))
    ways.append((say("Take a momentum of 0.99."), momentum, say("Set a momentum of 0.99")))
    return ways
