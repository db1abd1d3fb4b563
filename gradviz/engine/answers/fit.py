"""Data and prediction of the current step."""

from __future__ import annotations

from gradviz.core.questions.fit import FitSnapshot, Predict
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.problems import EngineError
from gradviz.engine.surfaces.fit_pictures import fit_picture


@answers_at_once(Predict)
def fit(question: Predict, moment: Moment) -> FitSnapshot:
    """EngineError where the objective fits no data."""
    lanes = moment.trainer.lanes
    found = fit_picture(lanes, min(question.optimizer, len(lanes) - 1))
    if found is None:
        raise EngineError("This experiment fits no data.")
    return found
