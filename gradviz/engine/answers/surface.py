"""The surface of the run."""

from __future__ import annotations

from gradviz.core.questions.surface import LossCurve, SurfaceGrid, Survey
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.surfaces.survey import survey


@answers_at_once(Survey)
def surface(question: Survey, moment: Moment) -> SurfaceGrid | LossCurve:
    """The objective of the first optimiser, over the plane of the moment."""
    moment.lay_plane(question.cut)
    trainer, track = moment.trainer, moment.track
    objective, path = trainer.lanes[0].objective, None
    if not track.plane.exact:
        path = track.paths(trainer, track.here(trainer)[0])[1][0]
    return survey(
        trainer.experiment,
        objective,
        track.plane,
        moment.plane_step,
        question.resolution,
        question.domain,
        path,
        question.cut,
    )
