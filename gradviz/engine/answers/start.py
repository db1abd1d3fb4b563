"""What the experiment of a run starts from."""

from __future__ import annotations

from gradviz.core.questions.start import FindStart, Start
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.objectives.initial_values import start_of


@answers_at_once(FindStart)
def start(question: FindStart, moment: Moment) -> Start:
    """Built a second time, for the run has moved on."""
    trainer = moment.trainer
    experiment = trainer.experiment.model_copy(update={"hand_gradient": question.hand_gradient})
    return start_of(experiment, tuple(trainer.edits), trainer.begins_with_weights)
