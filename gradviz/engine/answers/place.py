"""Where each optimiser stands at the current step."""

from __future__ import annotations

import math

import torch

from gradviz.core.numbers import Floats
from gradviz.core.questions.place import Locate, Places
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.surfaces.plane import Plane
from gradviz.engine.training.lanes import Lane


@answers_at_once(Locate)
def place(_question: Locate, moment: Moment) -> Places:
    """The parameters themselves where they are one or two numbers, else their projection onto the slice."""
    trainer, track = moment.trainer, moment.track
    position, distances = track.here(trainer)
    no_loss = _no_loss(trainer.lanes[0])
    losses = tuple(_height(lane) for lane in trainer.lanes)
    if track.plane.exact:
        slopes = tuple(_slope(lane) for lane in trainer.lanes)
        return Places(position, no_loss, losses, losses, tuple(distances.tolist()), slopes)
    feet = tuple(
        _foot(lane, track.plane, place) if distance else loss
        for lane, place, distance, loss in zip(trainer.lanes, position, distances, losses, strict=True)
    )
    since, paths = track.paths(trainer, position)
    return Places(
        position,
        no_loss,
        losses,
        feet,
        tuple(distances.tolist()),
        paths=paths,
        since=since,
        cut=moment.cut,
    )


def _height(lane: Lane) -> float:
    """What the surface shows of a loss, at a lane's parameters: often what the step has found already."""
    objective = lane.objective
    if not objective.landscape_note:
        return lane.loss
    with torch.no_grad():
        parameters = {name: parameter.detach() for name, parameter in objective.learned.items()}
        return float(objective.landscape_at(parameters))


def _foot(lane: Lane, plane: Plane, place: Floats) -> float:
    """The same at the place on the plane below them."""
    with torch.no_grad():
        flat = plane.point(torch.from_numpy(place).to(plane.origin))
        return float(lane.objective.landscape_at(plane.parameters(flat)))


def _slope(lane: Lane) -> float:
    """What stands in ``.grad`` of the only number."""
    parameters = list(lane.objective.learned.values())
    gradient = parameters[0].grad if len(lane.objective.numbers) == 1 else None
    return math.nan if gradient is None else float(gradient)


def _no_loss(lane: Lane) -> str:
    """Why there is no loss, with PyTorch's own words where it has refused."""
    what = lane.objective.no_number
    if not what:
        return ""
    said = f" PyTorch: “{lane.fault.words}”." if lane.fault is not None and lane.fault.words else ""
    return f"{what}, and a loss is one.{said} Take their sum or mean in the last line, or give an upstream gradient."
