"""Steps that swing for ever: over the bottom and back, by as much as before."""

from __future__ import annotations

import math
from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import Words, say
from gradviz.engine.evidence.evidence import Evidence, Frame
from gradviz.engine.evidence.formula_parts import named_place
from gradviz.engine.evidence.numbers import round_rate
from gradviz.engine.evidence.reasoning import Cause
from gradviz.engine.evidence.steady_rates import bound_of, with_rate

LEAST_FRAMES = 8
BACK = 0.05
"""Two steps come back to within this share of one step."""
NEAR = 0.03
"""A rate within this share of the bound is at it."""
WORTH = 0.01


class Swings(Cause):
    kind: ClassVar[str] = "swings"
    rank: ClassVar[int] = 41

    def reason(self, evidence: Evidence) -> Reason | None:
        if evidence.is_broken or len(evidence.frames) < LEAST_FRAMES or not _comes_back(evidence.frames):
            return None
        frame = evidence.last
        curvature = evidence.curvature(frame)
        largest = math.nan if curvature is None else curvature.largest
        bound = bound_of(evidence.declared, largest) if math.isfinite(largest) else None
        place = _swinging(evidence)
        figures = {"rate": frame.rate, "curvature": largest, "product": frame.rate * largest}
        if bound is not None and abs(frame.rate / bound - 1) <= NEAR:
            cause = say(
                "{place} swings and never settles: the rate {rate} is at 2/curvature = {bound} (curvature "
                "{curvature}), so each step goes as far beyond the bottom as it came from.",
                place=place,
                rate=short_number(frame.rate, 4),
                bound=short_number(bound, 4),
                curvature=short_number(largest, 4),
            )
            kind = "rate at 2/curvature"
        else:
            cause = say(
                "{place} swings and never settles: the steps at rate {rate} are as long as the way over the bottom, "
                "and stay so.",
                place=place,
                rate=short_number(frame.rate, 4),
            )
            kind = self.kind
        edits, rate = _calmer(evidence)
        if rate is None:
            return None
        advice = say("Try {rate}.", rate=short_number(rate))
        return evidence.reason(
            kind, cause, advice, figures, edits, say("Set the rate to {rate}", rate=short_number(rate))
        )


def _comes_back(frames: list[Frame]) -> bool:
    """Whether every second frame is the same place, and the one between another."""
    last = frames[-LEAST_FRAMES:]
    for before, between, after in zip(last, last[1:], last[2:], strict=False):
        step = float((between.place - before.place).norm())
        back = float((after.place - before.place).norm())
        if not step > 0 or back > BACK * step:
            return False
    return True


def _swinging(evidence: Evidence) -> Words:
    """The element that moves most, with its two places: x = 1, -1, 1."""
    before, after = evidence.frames[-2], evidence.last
    flat = int((after.place - before.place).abs().argmax())
    one, two = float(before.place[flat]), float(after.place[flat])
    name = named_place(after.parameters, flat)
    return say("{name} = {two}, {one}, {two}, …", name=name, one=short_number(one, 4), two=short_number(two, 4))


def _calmer(evidence: Evidence) -> tuple[tuple[Edit, ...], float | None]:
    left = max(abs(evidence.gain), 1e-30)
    for share in (0.5, 0.1, 0.01):
        rate = round_rate(evidence.last.rate * share)
        edits = with_rate(evidence, rate)
        trial = evidence.tried(*edits) if edits else None
        if trial is not None and evidence.last.loss - trial.losses[-1] > WORTH * left:
            return edits, rate
    return (), None
