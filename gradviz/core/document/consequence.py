"""What an edit means for the run that stands behind the document: nothing, a live change, or a new run."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

from gradviz.core.declaration import Declaration, live_fields
from gradviz.core.document.experiment import DECIDES_NOTHING, Experiment, to_data
from gradviz.core.optimizers.optimizer import Optimizer
from gradviz.core.runs.state import RunState


class Consequence(Enum):
    """What an edit asks of the engine."""

    NOTHING = "nothing"
    LIVE = "live"
    """The run takes the settings over and goes on."""
    NEW_RUN = "new run"
    """The run is another one from step 0 on."""


def consequence(old: Experiment, new: Experiment, state: RunState, step: int) -> Consequence:
    """What becomes of a run of `old` that is in `state` at `step` when the document becomes `new`."""
    if old == new:
        return Consequence.NOTHING
    if _frozen_part(old) != _frozen_part(new):
        return Consequence.NEW_RUN
    is_same_run = (old.optimizers, old.steps) == (new.optimizers, new.steps)
    return Consequence.LIVE if is_same_run or _may_go_on(old, new, state, step) else Consequence.NEW_RUN


def _may_go_on(old: Experiment, new: Experiment, state: RunState, step: int) -> bool:
    """A run that is over cannot go on with another learning rate; one that has more steps to go can."""
    if state is RunState.DIVERGED or (state is RunState.FINISHED and step < old.steps):  # the second stopped early
        return old.optimizers == new.optimizers
    return state is not RunState.FINISHED or new.steps > step


def _frozen_part(experiment: Experiment) -> str:
    """The JSON of all that a run cannot change while it goes on."""
    data: dict[str, Any] = to_data(experiment)
    is_planned = any(optimizer.schedule.depends_on_steps for optimizer in experiment.optimizers)
    for name in DECIDES_NOTHING if is_planned else (*DECIDES_NOTHING, "steps"):
        data.pop(name)
    for plain, optimizer in zip(data["optimizers"], experiment.optimizers, strict=True):
        for name in live_names(optimizer):
            plain.pop(name)
    return json.dumps(data, sort_keys=True)


def live_names(declaration: Declaration) -> tuple[str, ...]:
    """The settings of a declaration, as it stands, that may change while a run goes on."""
    return declaration.live if isinstance(declaration, Optimizer) else live_fields(type(declaration))
