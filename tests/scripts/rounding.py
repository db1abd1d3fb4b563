"""What rounding alone can do to the end of a run: the bound on a script that computes the same in another library.

NumPy, TensorFlow and an update by hand sum up in another order than torch.optim, so that each of their operations may
be a few roundings off. How far that carries is a property of the run, not of the script: a rule that divides by a
gradient near 0, or takes its sign, makes much of little. It is measured on the run itself: twins whose every parameter
is moved by one rounding in every step. `MANY` is how many roundings of its own a script may add to each of theirs.
"""

from __future__ import annotations

import torch
from script_runs import Ended, deviation, ended, parameter_deviation

from gradviz.core.document.experiment import Experiment
from gradviz.engine.training.trainer import Trainer

MANY = 100
EPS = {"float64": 2.0**-52, "float32": 2.0**-23}
TWINS = 3


def difference(found: Ended, wanted: Ended, first_loss: float) -> float:
    """The largest deviation of parameters and loss, the loss on the scale of where it came from."""
    scale = max(abs(first_loss), abs(wanted.loss), 1e-30)
    loss = deviation([found.loss, scale], [wanted.loss, scale])
    return max(parameter_deviation(found, wanted), loss)


def assert_to_rounding(found: Ended, wanted: Ended, experiment: Experiment) -> None:
    """Equal to rounding; the twins are trained only where the plain bound is not enough."""
    assert found.gradients.keys() == wanted.gradients.keys()
    first_loss = Trainer(experiment).lanes[0].loss
    off = difference(found, wanted, first_loss)
    if off <= MANY * EPS[experiment.dtype]:
        return
    noise = max(difference(twin(experiment, number), wanted, first_loss) for number in range(TWINS))
    assert off <= MANY * noise, f"{off:.3g} off, where rounding makes {noise:.3g}"


def twin(experiment: Experiment, number: int) -> Ended:
    """Where the run ends when every parameter is moved by one rounding, up or down, before every step."""
    trainer = Trainer(experiment)
    draw = torch.Generator().manual_seed(number)
    lane = trainer.lanes[0]
    while not (trainer.finished or trainer.diverged):
        with torch.no_grad():
            for p in lane.objective.parameters.values():
                sign = 2.0 * torch.randint(0, 2, p.shape, generator=draw) - 1
                p.add_((sign * p.abs().clamp(min=1e-3) * EPS[experiment.dtype]).to(p))
        lane.evaluate(trainer.step)
        trainer.advance()
    return ended(trainer)
