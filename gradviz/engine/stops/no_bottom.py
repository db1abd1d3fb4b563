"""The loss has no minimum that way: it falls for ever, or climbs for ever where it is maximised."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import torch

from gradviz.core.numbers import short_number
from gradviz.core.objectives.catalogue import TestFunctionObjective
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import SILENCE, Words, say
from gradviz.engine.evidence.evidence import Evidence, Frame
from gradviz.engine.evidence.rays import directions, falls_for_ever, heights
from gradviz.engine.evidence.reasoning import Cause

WEIGHT_DECAYS = (0.1, 1.0, 4.0, 0.01)
SETTLED = 1e-2
SHRUNK, LEAST_MOVES = 0.1, 16


class NoBottom(Cause):
    kind: ClassVar[str] = "no bottom"
    rank: ClassVar[int] = 10

    def reason(self, evidence: Evidence) -> Reason | None:
        sound = evidence.sound
        if not evidence.has_moved or not sound or evidence.objective.by_hand:
            return None
        climbs = bool(getattr(evidence.declared, "maximize", False))
        found = _fall(evidence, sound, -1.0 if climbs else 1.0)
        if found is None:
            return None
        frame, far = found
        figures = {"loss": frame.loss, "step": float(frame.step), "loss far on": far}
        return (_climbing if climbs else _falling)(evidence, frame, figures)


def _fall(evidence: Evidence, sound: list[Frame], sign: float) -> tuple[Frame, float] | None:
    """The frame from which the loss goes on for ever, and how far it is a long way on."""
    frame, before = sound[-1], (sound[0] if len(sound) > 1 else evidence.first)
    if not _still_falls(evidence, frame, before, sign):
        return None
    objective = evidence.exactly_at(frame)
    for way in directions(frame.place, before.place, frame.slope, sign):
        found = heights(objective, way)
        if falls_for_ever([sign * height for height in found]):
            return frame, found[-1]
    return None


def _still_falls(evidence: Evidence, frame: Frame, before: Frame, sign: float) -> bool:
    """Whether the last steps went down and did not become ever smaller, as they do on the way to a place of rest."""
    if sign * (before.loss - frame.loss) <= 0:
        return False
    places = [one.place for one in evidence.sound]
    moves = [float((after - earlier).norm()) for earlier, after in pairwise(places)]
    return len(moves) < LEAST_MOVES or moves[-1] > SHRUNK * moves[0]


def _climbing(evidence: Evidence, frame: Frame, figures: dict[str, float]) -> Reason:
    cause = say(
        "Maximise is on, and the loss has no largest value: it climbs for ever ({loss} at step {step:,}, and on).",
        loss=short_number(frame.loss, 4),
        step=frame.step,
    )
    edits = (evidence.edit("maximize", False),)
    if evidence.tried(*edits) is None:
        return evidence.reason(_CLIMBS, cause, say("Let it descend, or take the loss with a minus."), figures)
    return evidence.reason(_CLIMBS, cause, say("Switch Maximise off."), figures, edits, say("Switch Maximise off"))


_CLIMBS = "maximised without bound"


def _falling(evidence: Evidence, frame: Frame, figures: dict[str, float]) -> Reason:
    cause = say(
        "The loss falls for ever and has no minimum this way: {loss} at step {step:,}, {far} farther on.",
        loss=short_number(frame.loss, 4),
        step=frame.step,
        far=short_number(figures["loss far on"], 4),
    )
    advice, edits, action = _bounded(evidence)
    return evidence.reason(NoBottom.kind, cause, advice, figures, edits, action)


def _bounded(evidence: Evidence) -> tuple[Words, tuple[Edit, ...], Words]:
    """What gives it a minimum, tried: another function, the other direction, or a pull to 0."""
    if isinstance(evidence.experiment.objective, TestFunctionObjective):
        edits = (Edit("objective.function.kind", "quadratic"),)
        if evidence.tried(*edits) is not None:
            return say("Choose a function with a minimum, such as the Quadratic bowl."), edits, say("Take the bowl")
    if hasattr(evidence.declared, "maximize"):
        edits = (evidence.edit("maximize", True),)
        if _settles(evidence, edits, -1.0):
            return say("It has a largest value: switch Maximise on."), edits, say("Switch Maximise on")
    if hasattr(evidence.declared, "weight_decay"):
        for decay in WEIGHT_DECAYS:
            edits = (evidence.edit("weight_decay", decay),)
            if _settles(evidence, edits, 0.0):
                words = say(
                    "Give it one: a square or another term that grows, or a weight decay of {decay:g}.", decay=decay
                )
                return words, edits, say("Set a weight decay of {decay:g}", decay=decay)
    return say("Give it one: add a term that grows, such as 0.1*x**4, or look at a sign."), (), SILENCE


def _settles(evidence: Evidence, edits: tuple[Edit, ...], sign: float) -> bool:
    """Whether the steps become smaller in the end, as on the way to a minimum, and the way does not go on for ever.

    `sign` is -1 of what climbs, and 0 of what something else pulls back.
    """
    trial = evidence.tried(*edits, steps=max(300, evidence.experiment.steps))
    if trial is None or len(trial.losses) < 20:
        return False
    moves = [abs(after - before) for before, after in pairwise(trial.losses)]
    tenth = max(1, len(moves) // 10)
    if sum(moves[-tenth:]) > SETTLED * max(sum(moves[:tenth]), 1e-12):
        return False
    end = evidence.first._replace(parameters=trial.parameters)
    objective = evidence.exactly_at(end)
    for way in directions(end.place, evidence.first.place, torch.zeros(0), 1.0) if sign else []:
        if falls_for_ever([sign * height for height in heights(objective, way)]):
            return False
    return True
