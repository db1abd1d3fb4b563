"""The backward pass of the current step taken apart: a graph of its own, after which the run is as it was."""

from __future__ import annotations

from gradviz.core.questions.backward import TakeApart
from gradviz.core.tape.backward_pass import BackwardPass
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.answers.trace import tracing_of


@answers_at_once(TakeApart)
def backward(question: TakeApart, moment: Moment) -> BackwardPass:
    """The step is evaluated once more; that graph is gone through, and no `.grad` changes."""
    tracing, begun_with = tracing_of(question.optimizer, moment)
    return tracing.take_apart(begun_with, question.retain_graph, question.twice, question.create_graph)
