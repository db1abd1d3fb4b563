"""Data and prediction of the current step."""

from __future__ import annotations

from gradviz.core.questions.fit import FitSnapshot, Predict
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.objectives.formula_descent import FormulaDescent
from gradviz.engine.problems import EngineError
from gradviz.engine.surfaces.fit_pictures import fit_picture
from gradviz.engine.surfaces.formula_pictures import FormulaPictures


@answers_at_once(Predict)
def fit(question: Predict, moment: Moment) -> FitSnapshot:
    """EngineError where the objective fits no data."""
    lanes = moment.trainer.lanes
    index = min(question.optimizer, len(lanes) - 1)
    found = fit_picture(lanes, index)
    if found is None:
        formulas = [lane.objective for lane in lanes if isinstance(lane.objective, FormulaDescent)]
        found = moment.keep("formula fits", lambda: FormulaPictures(formulas)).picture(index) if formulas else None
    if found is None:
        raise EngineError("This experiment fits no data.")
    return found
