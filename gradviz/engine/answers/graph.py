"""The graph of the current step: one watched evaluation, after which the run is as it was."""

from __future__ import annotations

from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.questions.graph import CaptureGraph
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.graph.capture import GraphCapture


@answers_at_once(CaptureGraph)
def graph(question: CaptureGraph, moment: Moment) -> GraphSnapshot:
    """The gradients of the run are put back after the evaluation; the layout is kept as long as the structure is."""
    lanes = moment.trainer.lanes
    index = min(question.optimizer, len(lanes) - 1)
    lane = lanes[index]
    capture = moment.keep(("capture", index), lambda: GraphCapture(lane.objective))
    parameters = list(lane.objective.parameters.values())
    gradients = [parameter.grad for parameter in parameters]
    try:
        return capture.capture(dict(zip(map(id, parameters), gradients, strict=True)))
    finally:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
