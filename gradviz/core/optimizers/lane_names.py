"""What the optimisers of a race are called: by their kind, and by what tells those of one kind apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Optimizer = Any
"""One of the catalogue, whose declaration asks for these names."""

MOST_SETTINGS = 3
_APART = ("kind", "schedule", "clipping", "mistake")
_SPOKEN = {"lr": "lr", "betas": "betas", "weight_decay": "decay", "nesterov": "Nesterov", "amsgrad": "AMSGrad"}


def lane_names(optimizers: Sequence[Optimizer]) -> tuple[str, ...]:
    """A short name for each, all different: SGD; SGD momentum 0.9; SGD lr 0.1; SGD, zero_grad forgotten."""
    named = [_lane_name(optimizer, [o for o in optimizers if type(o) is type(optimizer)]) for optimizer in optimizers]
    return tuple(
        name if named.count(name) == 1 else f"{name} {named[: index + 1].count(name)}"
        for index, name in enumerate(named)
    )


def _lane_name(optimizer: Optimizer, of_its_kind: list[Optimizer]) -> str:
    """The label with the settings that differ within its kind; those at their default go without saying, but lr."""
    parts = [optimizer.label]
    told = 0
    for name, info in type(optimizer).model_fields.items():
        value = getattr(optimizer, name)
        differs = any(getattr(other, name) != value for other in of_its_kind)
        if name not in _APART and differs and (name == "lr" or value != info.default) and told < MOST_SETTINGS:
            parts.append(_setting_text(name, value))
            told += 1
    beside = _schedule_text(optimizer, of_its_kind) + _clipping_text(optimizer, of_its_kind)
    return " ".join(parts) + beside + _mistake_text(optimizer)


def _setting_text(name: str, value: Any) -> str:
    spoken = _SPOKEN.get(name, name.replace("_", " "))
    if isinstance(value, bool):
        return spoken if value else f"no {spoken}"
    if isinstance(value, tuple):
        return f"{spoken} {'/'.join(_number_text(part) for part in value)}"
    return f"{spoken} {_number_text(value)}"


def _number_text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _schedule_text(optimizer: Optimizer, of_its_kind: list[Optimizer]) -> str:
    differs = any(type(other.schedule) is not type(optimizer.schedule) for other in of_its_kind)
    return f", {optimizer.schedule.label}" if differs and not optimizer.schedule.is_constant else ""


def _clipping_text(optimizer: Optimizer, of_its_kind: list[Optimizer]) -> str:
    differs = any(other.clipping != optimizer.clipping for other in of_its_kind)
    return f", {optimizer.clipping.told}" if differs and optimizer.clipping.told else ""


def _mistake_text(optimizer: Optimizer) -> str:
    told = optimizer.mistake.told
    return f", {told}" if told else ""
