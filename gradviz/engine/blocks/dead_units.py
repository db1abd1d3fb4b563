"""Dead ReLUs: neurons that give 0 on every row, so that no gradient reaches what lies before them."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import nn

from gradviz.core.objectives.fit import FitObjective
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import Words, say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.layer_parts import LayerPart, layers_of
from gradviz.engine.evidence.reasoning import Cause
from gradviz.engine.evidence.trials import Trial

SHARE = 0.5
POOR = 0.5
"""A layer of which so many are dead is worth a word where the loss has kept so much of itself."""


class DeadUnits(Cause):
    kind: ClassVar[str] = "dead neurons"
    rank: ClassVar[int] = 51

    def reason(self, evidence: Evidence) -> Reason | None:
        fit = evidence.experiment.objective
        if not isinstance(fit, FitObjective) or evidence.is_broken:
            return None
        for part in layers_of(evidence.at(evidence.last)):
            if isinstance(part.module, nn.ReLU):
                dead, count = _dead(part)
                is_poor = evidence.last.loss > POOR * evidence.first.loss
                if dead == count or (dead >= SHARE * count and is_poor and dead > 1):
                    return _told(evidence, fit, part, dead, count)
        return None


def _dead(part: LayerPart) -> tuple[int, int]:
    """How many of a layer's neurons give 0 on all rows, and how many there are."""
    by_neuron = part.output.flatten(1)
    return int((by_neuron == 0).all(dim=0).sum()), by_neuron.shape[1]


def _told(evidence: Evidence, fit: FitObjective, part: LayerPart, dead: int, count: int) -> Reason:
    rows = len(part.output)
    who = (
        say("all {count:,} neurons", count=count)
        if dead == count
        else say("{dead:,} of {count:,} neurons", dead=dead, count=count)
    )
    cause = say(
        "Dead neurons: {who} of {label} give 0 on all {rows:row|rows}, so the gradient of what lies before them is 0.",
        who=who,
        label=part.label,
        rows=rows,
    )
    figures = {"dead": float(dead), "neurons": float(count), "rows": float(rows)}
    for advice, edits, action in _ways_out(evidence, fit, int(part.name or 0)):
        trial = evidence.tried(*edits)
        if trial is not None and trial.losses[-1] < 0.9 * evidence.last.loss and _learns(trial):
            return evidence.reason(DeadUnits.kind, cause, advice, figures, edits, action)
    return evidence.reason(DeadUnits.kind, cause, say("Let PyTorch draw the weights, or take Leaky ReLU."), figures)


def _learns(trial: Trial) -> bool:
    """Whether a gradient reaches every weight."""
    return all(bool(slope.any()) for name, slope in trial.gradients.items() if slope is not None and "weight" in name)


def _ways_out(evidence: Evidence, fit: FitObjective, place: int) -> list[tuple[Words, tuple[Edit, ...], Words]]:
    before = next((k for k in range(place - 1, -1, -1) if hasattr(fit.model[k], "init")), None)
    ways: list[tuple[Words, tuple[Edit, ...], Words]] = []
    leaky = Edit(f"objective.model.{place}.kind", "leaky_relu")
    if before is not None:
        layer: Any = fit.model[before]
        drawn = Edit(f"objective.model.{before}.init.kind", "default")
        if layer.init.kind != "default":
            ways.append(
                (say("Let PyTorch draw the weights of layer {k}.", k=before), (drawn,), say("Draw the weights"))
            )
    ways.append((say("Take Leaky ReLU, or a smaller rate."), (leaky,), say("Take Leaky ReLU")))
    for share in (0.1, 0.01):
        lower = evidence.edit("lr", float(f"{evidence.first.rate * share:.1g}"))
        ways.append(
            (say("A step threw them there: try a rate of {rate:g}.", rate=lower.value), (lower,), say("Set that rate"))
        )
        ways.append((say("Take Leaky ReLU and a rate of {rate:g}.", rate=lower.value), (leaky, lower), say("Do both")))
    if before is not None:
        ways.append((say("Draw the weights, and take Leaky ReLU."), (drawn, leaky), say("Do both")))
        tanh = Edit(f"objective.model.{place}.kind", "tanh")
        ways.append((say("Draw the weights, and take Tanh."), (drawn, tanh), say("Do both")))
    return ways
