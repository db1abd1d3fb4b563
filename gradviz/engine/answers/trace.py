"""The traced graph of the current step: one watched evaluation, after which the run is as it was."""

from __future__ import annotations

from gradviz.core.questions.trace import TraceGraph
from gradviz.core.tape.ledger import TracedGraph
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.tape.objective_tracing import Begun, ObjectiveTracing


@answers_at_once(TraceGraph)
def trace(question: TraceGraph, moment: Moment) -> TracedGraph:
    """No `.grad` changes: the backward pass is replayed beside them."""
    tracing, begun_with = tracing_of(question.optimizer, moment)
    return tracing.trace(begun_with, question.jacobians)


def tracing_of(optimizer: int, moment: Moment) -> tuple[ObjectiveTracing, Begun]:
    """The tracing of an optimiser's objective, the last one's if there are fewer, and what its `.grad` began with."""
    lanes = moment.trainer.lanes
    index = min(optimizer, len(lanes) - 1)
    lane = lanes[index]
    tracing = moment.keep(("tracing", index), lambda: ObjectiveTracing(lane.objective))
    return tracing, dict(zip(map(id, lane.objective.parameters.values()), lane.carried, strict=True))
