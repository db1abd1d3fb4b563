"""How a step evaluates: as it should be, or with one of the mistakes that are made on purpose."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gradviz.core.optimizers.mistakes import BackwardTwice, Cycle, Detach, Mistake, NoZeroGrad
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.problems import EngineError

Evaluation = Callable[[int], Tensor]
"""Takes the step, gives the loss as one number, and leaves the gradients in ``.grad``."""


def wrong_evaluation(objective: Objective, mistake: Mistake) -> Evaluation | None:
    """The evaluation that makes `mistake`; None where it is `Objective.evaluate`."""
    if isinstance(mistake, NoZeroGrad):
        return lambda _step: _accumulate(objective)
    if isinstance(mistake, BackwardTwice):
        return lambda _step: _backward_twice(objective)
    if isinstance(mistake, Cycle):
        actions = mistake.actions
        return lambda step: _zero_alone(objective) if actions[step % len(actions)] == "zero" else _accumulate(objective)
    return None


def _accumulate(objective: Objective) -> Tensor:
    """Forward and backward; the gradients are added to those that are there."""
    loss = objective.loss()
    objective.backward(loss)
    return objective.number(loss)


def _zero_alone(objective: Objective) -> Tensor:
    """Forward, and the gradients set to zero in the place of a backward."""
    for parameter in objective.parameters.values():
        if parameter.grad is not None:
            parameter.grad = torch.zeros_like(parameter.grad)
    return objective.number(objective.loss())


def _backward_twice(objective: Objective) -> Tensor:
    for parameter in objective.parameters.values():
        parameter.grad = None
    loss = objective.loss()
    objective.backward(loss)
    objective.backward(loss)
    return objective.number(loss)


def cut(objective: Objective, mistake: Mistake) -> None:
    """Detach what `mistake` names; EngineError where the objective has no value or layer of that name."""
    if not isinstance(mistake, Detach):
        return
    names = names_to_cut(objective)
    if mistake.name not in names:
        wanted = f"There is nothing named {mistake.name[:40]!r} to detach." if mistake.name else "Detach needs a name."
        raise EngineError(f"{wanted} Choose one of: {', '.join(names)[:200]}.")
    objective.cut = frozenset({mistake.name})


def names_to_cut(objective: Objective) -> tuple[str, ...]:
    """The values and layers that can be detached, found by one evaluation; the last value is the loss itself."""
    random = torch.get_rng_state()
    objective.loss()
    torch.set_rng_state(random)
    named = [name for _, name in objective.named_values()]
    found = [*objective.modules, *named[:-1]] if objective.modules else [*objective.parameters, *named[:-1]]
    return tuple(dict.fromkeys(name for name in found if name))
