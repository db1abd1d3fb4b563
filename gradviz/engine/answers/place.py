"""Where each optimiser stands at the current step."""

from __future__ import annotations

import numpy as np

from gradviz.core.questions.place import Locate, Places
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.training.lanes import Lane


@answers_at_once(Locate)
def place(_question: Locate, moment: Moment) -> Places:
    """The parameters themselves where they are two numbers, else their projection onto the plane of the slice."""
    lanes, plane = moment.trainer.lanes, moment.plane
    if plane.exact:
        places = [tuple(p.item() for p in lane.objective.parameters.values()) for lane in lanes]
    else:
        places = [plane.project(lane.objective) for lane in lanes]
    return Places(np.array(places, dtype=np.float64), _no_loss(lanes[0]))


def _no_loss(lane: Lane) -> str:
    """Why there is no loss, with PyTorch's own words where it has refused."""
    what = lane.objective.no_number
    if not what:
        return ""
    said = f" PyTorch: “{lane.fault.words}”." if lane.fault is not None and lane.fault.words else ""
    return f"{what}, and a loss is one.{said} Take their sum or mean in the last line, or give an upstream gradient."
