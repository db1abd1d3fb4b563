"""The traced graph of the current step: one watched evaluation, after which the run is as it was."""

from __future__ import annotations

from gradviz.core.questions.trace import TraceGraph
from gradviz.core.tape.ledger import TracedGraph
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.tape.objective_tracing import ObjectiveTracing


@answers_at_once(TraceGraph)
def trace(question: TraceGraph, moment: Moment) -> TracedGraph:
    """No `.grad` changes: the backward pass is replayed beside them."""
    lanes = moment.trainer.lanes
    index = min(question.optimizer, len(lanes) - 1)
    lane = lanes[index]
    tracing = moment.keep(("tracing", index), lambda: ObjectiveTracing(lane.objective))
    parameters = lane.objective.parameters.values()
    begun_with = dict(zip(map(id, parameters), lane.carried, strict=True))
    return tracing.trace(begun_with, question.jacobians)
