"""Learning rates: up to which a step of an optimiser comes nearer on a bowl, and the edits that set one."""

from __future__ import annotations

from typing import Any

from gradviz.core.optimizers.catalogue import SGD, HandDescent
from gradviz.core.questions.explanation import Edit
from gradviz.engine.evidence.evidence import Evidence


def bound_of(declared: Any, curvature: float) -> float | None:
    """The rate at which plain or heavy-ball descent on a bowl of this curvature no longer comes nearer.

    On a bowl with curvature c a step of SGD with momentum m multiplies by roots of z^2 - (1 + m - lr*c)*z + m, which
    lie within the unit circle for lr < 2(1 + m)/c (Polyak 1964); with Nesterov's for lr < 2(1 + m)/((1 + 2m)*c).
    """
    if not isinstance(declared, SGD | HandDescent) or not curvature > 0:
        return None
    if isinstance(declared, HandDescent):
        return 2 / curvature
    whole = curvature + declared.weight_decay
    momentum = declared.momentum
    share = 1 - declared.dampening
    if declared.nesterov:
        return 2 * (1 + momentum) / ((1 + 2 * momentum) * whole)
    return 2 * (1 + momentum) / (share * whole) if momentum and share else (2 / whole if not momentum else None)


def with_rate(evidence: Evidence, rate: float) -> tuple[Edit, ...]:
    """The edits that make an optimiser go at this rate: its own, or those of its schedule at their share of it."""
    if not rate > 0:
        return ()
    declared = evidence.declared
    rate = float(f"{rate / declared.mistake.rate_factor:.12g}")
    edits = (evidence.edit("lr", rate),)
    rates = declared.schedule.rates
    if not rates:
        return edits
    share = rate / max(getattr(declared.schedule, name) for name in rates)
    return (*edits, *(evidence.edit(f"schedule.{name}", getattr(declared.schedule, name) * share) for name in rates))
