"""Whether what a file holds of an optimiser is what torch keeps for it, and what its next step can use."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradviz.core.numbers import plural
from gradviz.core.optimizers.catalogue import LBFGS, SGD
from gradviz.core.optimizers.optimizer import Optimizer
from gradviz.core.runs.result import Array, Kept, KeptList, LaneResult
from gradviz.engine.training.lanes import Lane

State = Mapping[str, Kept]


def optimizer_misfits(declared: Optimizer, lane: Lane, saved: LaneResult, step: int) -> Iterator[str]:
    """What of the saved state does not fit; a parameter that was never updated has none."""
    parameters = lane.objective.learned
    for name in saved.optimizer:
        if name not in parameters:
            yield f"optimizer/{name[:60]} belongs to no parameter"
    if isinstance(declared, LBFGS):
        yield from _lbfgs_misfits(declared, list(parameters.items()), saved.optimizer)
        return
    try:
        wanted = _kept_by_torch(declared, list(parameters.values()))
    except (RuntimeError, OverflowError) as error:  # torch looks at some settings only when it updates
        words = str(error).strip().split("\n", 1)[0][:80]
        yield f"PyTorch refuses an update with the settings of its optimiser ({words})"
        return
    may_lack = isinstance(declared, SGD)  # makes the momentum buffer at the first step that has a momentum
    for (name, _), kept in zip(parameters.items(), wanted, strict=True):
        yield from _state_misfits(f"optimizer/{name[:60]}", kept, saved.optimizer.get(name, {}), step, may_lack)


def _kept_by_torch(declared: Optimizer, parameters: list[nn.Parameter]) -> list[dict[str, Any]]:
    """What an optimiser of these settings keeps of each parameter after a step."""
    if isinstance(declared, SGD):
        declared = declared.model_copy(update={"momentum": 0.5})
    twins = [nn.Parameter(torch.zeros_like(parameter)) for parameter in parameters]
    for twin in twins:
        twin.grad = torch.zeros_like(twin)
    optimizer = declared.build(twins)
    optimizer.step()
    return [optimizer.state.get(twin, {}) for twin in twins]


def _state_misfits(where: str, wanted: dict[str, Any], saved: State, step: int, may_lack: bool) -> Iterator[str]:
    if not saved:
        return
    for key, kept in wanted.items():
        if key in saved:
            yield from _value_misfits(f"{where}/{key}", key, kept, saved[key], step)
        elif not may_lack:
            yield f"it has no {where}/{key}"
    for key in saved:
        if key not in wanted:
            yield f"{where}/{key[:40]} is nothing that this optimiser keeps"


def _value_misfits(where: str, key: str, wanted: Any, saved: Kept, step: int) -> Iterator[str]:
    if isinstance(wanted, Tensor):
        yield from _array_misfits(where, wanted, saved)
        if key == "step" and isinstance(saved, np.ndarray) and saved.size == 1 and not _is_count(saved.item(), step):
            yield f"{where} is {saved.item():g} in a run of {plural(step, 'step')}"
        if key == "mu_product" and isinstance(saved, np.ndarray) and saved.size == 1 and not 0 <= saved.item() < 1:
            yield f"{where} is {saved.item():g}, which no product of momenta can be"
    elif type(saved) is not type(wanted):
        yield f"{where} is not of the kind that this optimiser keeps"


def _array_misfits(where: str, wanted: Tensor, saved: Kept) -> Iterator[str]:
    dtype, shape = str(wanted.dtype).removeprefix("torch."), tuple(wanted.shape)
    if not isinstance(saved, np.ndarray):
        yield f"{where} is not a tensor"
    elif saved.shape != shape or saved.dtype.name != dtype:
        yield f"{where} is of {saved.dtype} {saved.shape} and not of {dtype} {shape}"


def _is_count(value: float, most: int) -> bool:
    return math.isfinite(value) and value == int(value) and 0 <= value <= most


# LBFGS keeps all of its state with the first parameter, in one flat vector over all of them


def _lbfgs_misfits(
    declared: LBFGS, parameters: list[tuple[str, nn.Parameter]], saved: Mapping[str, State]
) -> Iterator[str]:
    (first, parameter), *others = parameters
    for name, _ in others:
        if saved.get(name):
            yield f"optimizer/{name[:60]} holds what LBFGS keeps with its first parameter alone"
    state = saved.get(first, {})
    if not state:
        return
    where = f"optimizer/{first[:60]}"
    count = sum(one.numel() for _, one in parameters)
    dtype = str(parameter.dtype).removeprefix("torch.")
    for key, misfits in _LBFGS_KINDS.items():
        if key in state and not misfits(state[key], count, dtype):
            yield f"{where}/{key} is not what LBFGS keeps there"
    for key in state:
        if key not in _LBFGS_KINDS:
            yield f"{where}/{key[:40]} is nothing that LBFGS keeps"
    yield from _lbfgs_gaps(where, state, declared.history_size)


def _lbfgs_gaps(where: str, state: State, history_size: int) -> Iterator[str]:
    """What is missing, and lists of different lengths."""
    iterations = state.get("n_iter")
    needed = {"func_evals", "n_iter"} | (_LBFGS_KINDS.keys() - {"al"} if iterations else set())
    for key in sorted(needed - state.keys()):
        yield f"it has no {where}/{key}"
    lengths = {_length(state[key]) for key in ("old_dirs", "old_stps", "ro") if key in state}
    if len(lengths) > 1 or any(length > history_size for length in lengths):
        yield f"the lists of {where} are of different lengths, or longer than history_size"
    places = state.get("al")
    if isinstance(places, KeptList) and places.places != history_size:
        yield f"{where}/al has {places.places} places and not {history_size}"
    if places is None and any(lengths) and isinstance(iterations, int) and iterations > 2:
        yield f"it has no {where}/al"


def _length(value: Kept) -> int:
    return value.places if isinstance(value, KeptList) else -1


def _is_whole(value: Kept, _count: int, _dtype: str) -> bool:
    return isinstance(value, int) and value >= 0


def _is_vector(value: Kept, count: int, dtype: str) -> bool:
    return isinstance(value, np.ndarray) and value.shape == (count,) and value.dtype.name == dtype


def _is_number(value: Kept, _count: int, dtype: str) -> bool:
    is_scalar = isinstance(value, np.ndarray) and value.shape == () and value.dtype.name == dtype
    return is_scalar or isinstance(value, int | float)


def _is_full(value: Kept, shape: tuple[int, ...], dtype: str) -> bool:
    """Whether a list has something of one shape at each of its places."""
    if not isinstance(value, KeptList):
        return False
    filled: Array | None = value.filled
    if filled is None:
        return value.places == 0
    return filled.shape == (value.places, *shape) and filled.dtype.name == dtype


def _is_scratch(value: Kept, _count: int, dtype: str) -> bool:
    """LBFGS writes this list before it reads it."""
    if not isinstance(value, KeptList):
        return False
    filled: Array | None = value.filled
    return filled is None or (filled.ndim == 1 and filled.dtype.name == dtype)


_LBFGS_KINDS: dict[str, Any] = {
    "func_evals": _is_whole,
    "n_iter": _is_whole,
    "d": _is_vector,
    "t": _is_number,
    "old_dirs": lambda value, count, dtype: _is_full(value, (count,), dtype),
    "old_stps": lambda value, count, dtype: _is_full(value, (count,), dtype),
    "ro": lambda value, _count, dtype: _is_full(value, (), dtype),
    "H_diag": _is_number,
    "prev_flat_grad": _is_vector,
    "prev_loss": _is_number,
    "al": _is_scratch,
}
