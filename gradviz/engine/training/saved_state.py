"""A lane as arrays with names, for a file, and back.

``weights/0/w``; ``buffers/0/1.running_mean`` of BatchNorm; ``optimizer/0/w/exp_avg``, whose name ends in ``:int``,
``:float`` or ``:list`` where torch keeps no tensor; ``gradient/0/w`` where gradients add up; ``group/0/lr`` and
``schedule/0/last_epoch`` where there is a schedule, and ``schedule/0/1/last_epoch`` of the second schedule inside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gradviz.engine.problems import EngineError
from gradviz.engine.summaries import array_of
from gradviz.engine.training.checkpoints import numbers_of, set_numbers
from gradviz.engine.training.lanes import Lane

Array = NDArray[Any]
ON_THE_CPU = frozenset({"step", "mu_product"})
"""State that torch keeps on the CPU wherever the parameter is, unless the update is fused or averaged."""


MOST_PLACES = 1000
"""The longest history that LBFGS may have."""


def arrays_of(index: int, lane: Lane) -> Iterator[tuple[str, Array]]:
    """All that lane `index` is, by name."""
    for (name, parameter), carried in zip(lane.objective.parameters.items(), lane.carried, strict=True):
        yield f"weights/{index}/{name}", array_of(parameter)
        if carried is not None:
            yield f"gradient/{index}/{name}", array_of(carried)
        for key, value in lane.optimizer.state.get(parameter, {}).items():
            yield from _state_arrays(f"optimizer/{index}/{name}/{key}", value)
    for name, buffer in lane.objective.buffers.items():
        yield f"buffers/{index}/{name}", array_of(buffer)
    if lane.scheduler is not None:
        for key, value in _driven(lane).items():
            yield f"group/{index}/{key}", np.array(value)
        yield from _number_arrays(f"schedule/{index}", numbers_of(lane.scheduler))


def _state_arrays(name: str, value: Any) -> Iterator[tuple[str, Array]]:
    if isinstance(value, Tensor):
        yield name, array_of(value)
    elif isinstance(value, list):
        kept = [item for item in value if item is not None]  # LBFGS fills its lists from the front
        yield f"{name}:places", np.array(len(value))
        if kept:
            yield f"{name}:list", array_of(torch.stack([torch.as_tensor(item) for item in kept]))
    elif isinstance(value, int | float):
        yield f"{name}:{type(value).__name__}", np.array(value)


def _driven(lane: Lane) -> dict[str, Any]:
    """The numbers of the optimiser's group: torch's schedulers write some, and read others that they keep there."""
    group = lane.optimizer.param_groups[0]
    return {key: value for key, value in group.items() if _is_numeric(value)}


def _is_numeric(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_numeric, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number_arrays(prefix: str, numbers: dict[str, Any]) -> Iterator[tuple[str, Array]]:
    for key, value in numbers.items():
        if isinstance(value, dict):
            yield from _number_arrays(f"{prefix}/{key}", value)
        else:
            yield f"{prefix}/{key}", np.array(value)


def restore_lane(index: int, lane: Lane, tensors: dict[str, Array]) -> None:
    """Give a lane what a file holds; EngineError where the weights do not fit."""
    for name, parameter in lane.objective.parameters.items():
        saved = tensors.get(f"weights/{index}/{name}")
        if saved is None or saved.shape != tuple(parameter.shape):
            raise EngineError(f"The file holds no fitting weights for {name}: press Reset to start from the seed.")
        with torch.no_grad():
            parameter.copy_(_tensor(saved))
        gradient = tensors.get(f"gradient/{index}/{name}")
        parameter.grad = None if gradient is None else _tensor(gradient).to(parameter.device)
        _restore_state(lane, parameter, _below(tensors, f"optimizer/{index}/{name}/"))
    _restore_buffers(lane, _below(tensors, f"buffers/{index}/"))
    if lane.scheduler is not None:
        group = lane.optimizer.param_groups[0]
        for key, value in _below(tensors, f"group/{index}/").items():
            if key in group and key != "params":
                group[key] = tuple(value.tolist()) if value.ndim else value.item()
        set_numbers(lane.scheduler, _numbers(numbers_of(lane.scheduler), _below(tensors, f"schedule/{index}/")))


def _restore_buffers(lane: Lane, saved: dict[str, Array]) -> None:
    expected = {name: tuple(buffer.shape) for name, buffer in lane.objective.buffers.items()}
    if {name: array.shape for name, array in saved.items()} != expected:
        raise EngineError("The running means of BatchNorm in the file do not fit: press Reset to start from the seed.")
    lane.objective.restore_buffers({name: _tensor(array) for name, array in saved.items()})


def _below(tensors: dict[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _tensor(array: Array) -> Tensor:
    return torch.from_numpy(np.array(array))


def _restore_state(lane: Lane, parameter: nn.Parameter, saved: dict[str, Array]) -> None:
    state = lane.optimizer.state[parameter]
    for name, value in saved.items():
        key, _, kind = name.partition(":")
        if kind in ("int", "float"):
            state[key] = value.item()
        elif kind == "places":
            filled = saved.get(f"{key}:list")
            items: list[Any] = [] if filled is None else list(_tensor(filled).to(parameter.device).unbind())
            state[key] = items + [None] * (min(int(value), MOST_PLACES) - len(items))
        elif not kind:
            state[key] = _tensor(value) if _is_on_cpu(lane, key) else _tensor(value).to(parameter.device)


def _is_on_cpu(lane: Lane, key: str) -> bool:
    is_averaged = isinstance(lane.optimizer, torch.optim.ASGD)
    return key in ON_THE_CPU and not lane.optimizer.param_groups[0].get("fused") and not is_averaged


def _numbers(present: dict[str, Any], saved: dict[str, Array]) -> dict[str, Any]:
    """`present` with the saved numbers in the place of its own; a name that is missing stays as it is."""
    found: dict[str, Any] = {}
    for key, value in present.items():
        if isinstance(value, dict):
            found[key] = _numbers(value, _below(saved, f"{key}/"))
        elif key in saved and saved[key].shape == np.shape(value):
            found[key] = saved[key].tolist()
    return found
