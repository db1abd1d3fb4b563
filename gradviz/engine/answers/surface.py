"""The surface of the run."""

from __future__ import annotations

from gradviz.core.questions.surface import SurfaceGrid, Survey
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.surfaces.survey import survey


@answers_at_once(Survey)
def surface(question: Survey, moment: Moment) -> SurfaceGrid:
    """The objective of the first optimiser, over the plane of the moment."""
    moment.lay_plane(question.cut)
    trainer, plane = moment.trainer, moment.plane
    objective = trainer.lanes[0].objective
    return survey(trainer.experiment, objective, plane, moment.plane_step, question.resolution, question.domain)
