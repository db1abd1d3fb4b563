"""The run so far."""

from __future__ import annotations

from gradviz.core.questions.result import Collect
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.training.trainer import Trainer


@answers_at_once(Collect)
def result(question: Collect, moment: Moment) -> RunResult:
    """Copies of all that a file keeps. A run that stands in its past goes to its end for them, and comes back."""
    trainer = moment.trainer
    stands, known = trainer.step, trainer.known
    if question.here or stands >= known:
        return trainer.result(moment.state)
    try:
        trainer.seek(known)
        return trainer.result(_state_of(trainer))
    finally:
        trainer.seek(stands)


def _state_of(trainer: Trainer) -> RunState:
    """The state of a run that stands at its last step."""
    if trainer.failure:
        return RunState.FAILED
    if trainer.diverged:
        return RunState.DIVERGED
    return RunState.FINISHED if trainer.finished else RunState.PAUSED
