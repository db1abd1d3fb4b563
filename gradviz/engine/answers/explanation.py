"""Why the run stopped or stands still: the evidence is gathered once, and every cause is asked in its turn."""

from __future__ import annotations

from functools import cache

from gradviz.core.questions.explanation import Explain, Explanation, Reason
from gradviz.core.questions.question import Progress
from gradviz.core.words import say
from gradviz.engine import blocks, stalls, stops
from gradviz.engine.answers.answering import Answering, answers
from gradviz.engine.answers.moment import Moment
from gradviz.engine.evidence.evidence import Evidence, gathered
from gradviz.engine.evidence.reasoning import Cause, causes_in


@cache
def causes() -> tuple[Cause, ...]:
    """Every cause that is known, in the order in which they are asked."""
    return causes_in(stops, blocks, stalls)


@answers(Explain)
def explanation(_question: Explain, moment: Moment) -> Answering[Explanation]:
    """One reason for each optimiser that did not end well; what two have in common is told once."""
    if moment.trainer.begins_unfit:
        return Explanation()  # no setting is to blame for what a file held
    evidence = yield from gathered(moment.trainer)
    reasons: list[Reason] = []
    for one in evidence:
        if moment.trainer.lanes[one.index].is_over:
            continue  # it ended as it was asked to, and that is told
        found = yield from _reason(one)
        if found is not None and not any(
            found.kind == other.kind and found.figures == other.figures for other in reasons
        ):
            reasons.append(found)
    return Explanation(tuple(reasons))


def _reason(evidence: Evidence) -> Answering[Reason | None]:
    for cause in causes():
        yield Progress(0.5, say("Looking for the reason"))
        found = cause.reason(evidence)
        if found is not None:
            return found
    return None
