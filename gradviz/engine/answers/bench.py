"""The gradient bench at the current step."""

from __future__ import annotations

from gradviz.core.questions.bench import BenchReport, CheckGradient
from gradviz.engine.answers.answering import Answering, answers
from gradviz.engine.answers.moment import Moment
from gradviz.engine.bench.bench import compared


@answers(CheckGradient)
def bench(question: CheckGradient, moment: Moment) -> Answering[BenchReport]:
    """It works on copies of the parameters at this step."""
    trainer = moment.trainer
    lane = trainer.lanes[min(question.optimizer, len(trainer.lanes) - 1)]
    return (yield from compared(trainer.experiment, lane.objective, trainer.step))
