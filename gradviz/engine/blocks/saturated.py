"""Saturated neurons: sigmoid or tanh so far out that their derivative is next to 0, and nothing before them learns."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

from gradviz.core.numbers import short_number
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import Words, say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.layer_parts import LayerPart, layers_of
from gradviz.engine.evidence.reasoning import Cause
from gradviz.engine.evidence.starts import drawn_weights

FLAT = 1e-3
"""A derivative below this passes nothing worth the name: that of sigmoid is 0.25 at its best, that of tanh 1."""
SHARE = 0.9
MENDS = 0.7
POOR = 0.1
"""A loss below this share of the first has got somewhere: neurons may well be sure of themselves then."""


class Saturated(Cause):
    kind: ClassVar[str] = "saturated neurons"
    rank: ClassVar[int] = 55

    def reason(self, evidence: Evidence) -> Reason | None:
        fit = evidence.experiment.objective
        if not isinstance(fit, FitObjective) or evidence.is_broken:
            return None
        if evidence.last.loss < POOR * evidence.first.loss:
            return None
        for part in layers_of(evidence.at(evidence.last)):
            share = _flat_share(part)
            if share >= SHARE:
                found = _told(evidence, fit, part, share)
                if found is not None:
                    return found
        return None


def _flat_share(part: LayerPart) -> float:
    if isinstance(part.module, nn.Sigmoid):
        slopes = part.output * (1 - part.output)
    elif isinstance(part.module, nn.Tanh):
        slopes = 1 - part.output**2
    else:
        return 0.0
    return float((slopes < FLAT).double().mean())


def _told(evidence: Evidence, fit: FitObjective, part: LayerPart, share: float) -> Reason | None:
    cause = say(
        "Saturated: {share:.0%} of the outputs of {label} stand where its derivative is below {flat:g} (what comes in "
        "reaches {largest}), so hardly any gradient passes.",
        share=share,
        label=part.label,
        flat=FLAT,
        largest=short_number(float(part.given.abs().max()), 4),
    )
    figures = {"share": share, "largest input": float(part.given.abs().max())}
    for advice, edits, action in _ways_out(evidence, fit):
        trial = evidence.tried(*edits)
        if trial is not None and trial.losses[-1] < MENDS * evidence.last.loss:
            return evidence.reason(Saturated.kind, cause, advice, figures, edits, action)
    return None


def _ways_out(evidence: Evidence, fit: FitObjective) -> list[tuple[Words, tuple[Edit, ...], Words]]:
    ways: list[tuple[Words, tuple[Edit, ...], Words]] = []
    drawn = drawn_weights(evidence)
    if drawn:
        ways.append((say("Let PyTorch draw the weights."), drawn, say("Draw the weights")))
    scaled: tuple[Edit, ...] = ()
    if hasattr(fit.data, "scaling"):
        scaled = (Edit("objective.data.scaling.kind", "standardise"),)
        ways.append((say("Standardise the inputs."), scaled, say("Standardise the inputs")))
    elif hasattr(fit.data, "scale"):
        largest = float(torch.as_tensor(evidence.objective.hand_values()["inputs"]).abs().max())
        scaled = (Edit("objective.data.scale", float(f"{fit.data.scale / max(largest, 1e-6):.1g}")),)
        ways.append((say("Scale the inputs by {scale:g}.", scale=scaled[0].value), scaled, say("Scale the inputs")))
    if scaled and drawn:
        ways.append((say("Scale the inputs and let PyTorch draw the weights."), (*scaled, *drawn), say("Do both")))
    for share in (0.1, 0.01):
        rate = float(f"{evidence.first.rate * share:.1g}")
        ways.append(
            (
                say("Steps threw them there: try a rate of {rate:g}.", rate=rate),
                (evidence.edit("lr", rate),),
                say("Set that rate"),
            )
        )
        if scaled:
            ways.append(
                (
                    say("Scale the inputs, and try a rate of {rate:g}.", rate=rate),
                    (*scaled, evidence.edit("lr", rate)),
                    say("Do both"),
                )
            )
    return ways
