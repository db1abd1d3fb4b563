"""Smaller steps as advice, tried: how far down the rate has to go so that a run stays where its loss is a number."""

from __future__ import annotations

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Edit
from gradviz.core.words import Words, say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.numbers import round_rate
from gradviz.engine.evidence.steady_rates import with_rate

SHARES = (0.1, 1e-2, 1e-3, 1e-4)


def smaller_steps(evidence: Evidence) -> tuple[Words, tuple[Edit, ...], Words] | None:
    """Advice, edits and what stands on the button; None where no such rate is found."""
    for share in SHARES:
        rate = round_rate(evidence.first.rate * share)
        edits = with_rate(evidence, rate)
        trial = evidence.tried(*edits) if edits else None
        if trial is not None and trial.losses[-1] <= trial.losses[0]:
            shown = short_number(rate)
            return (
                say("A step went too far: try a rate of {rate}.", rate=shown),
                edits,
                say("Set the rate to {rate}", rate=shown),
            )
    return None
