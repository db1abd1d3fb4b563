"""The map of basins."""

from __future__ import annotations

from gradviz.core.questions.basins import BasinMap, MapBasins
from gradviz.core.questions.question import Progress
from gradviz.core.words import say
from gradviz.engine.answers.answering import Answering, answers
from gradviz.engine.answers.moment import Moment
from gradviz.engine.surfaces.basins import basins
from gradviz.engine.surfaces.framing import domain_of


@answers(MapBasins)
def basin_map(question: MapBasins, moment: Moment) -> Answering[BasinMap]:
    """It has an objective of its own, so the run may go on meanwhile."""
    experiment = moment.trainer.experiment
    if question.steps is not None:
        experiment = experiment.model_copy(update={"steps": question.steps})
    domain = question.domain or domain_of(experiment, moment.trainer.lanes[0].objective, moment.plane)
    yield Progress(0.0, say("Computing the basins"))
    work = basins(experiment, domain, question.grid)
    while True:
        try:
            share = next(work)
        except StopIteration as end:
            found: BasinMap = end.value
            return found
        yield Progress(share, say("Computing the basins"))
