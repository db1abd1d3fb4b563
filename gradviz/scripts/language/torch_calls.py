"""The classes of torch.optim and its schedulers as calls, with the keywords that are not torch's defaults."""

from __future__ import annotations

from typing import Any

from gradviz.core.formulas.formula import parse_expression
from gradviz.core.optimizers.catalogue import Optimizer
from gradviz.core.optimizers.schedule_catalogue import Composite, Lambda, Schedule, Sequential
from gradviz.scripts.language.expressions import ScalarPrinter

_SCHEDULERS = "torch.optim.lr_scheduler"


def optimizer_call(optimizer: Optimizer, parameters: str) -> str:
    """``torch.optim.SGD(parameters, lr=0.001)``."""
    plain: Any = type(optimizer)
    defaults = plain().keywords
    keywords = {name: value for name, value in optimizer.keywords.items() if name == "lr" or value != defaults[name]}
    return f"torch.optim.{optimizer.torch_name}({parameters}{_keywords(keywords)})"


def scheduler_call(optimizer: Optimizer, steps: int) -> str:
    """The scheduler over ``optimizer`` for a run of `steps` steps; nothing where the rate is constant."""
    schedule = optimizer.followed_schedule
    if schedule.is_constant:
        return ""
    if not isinstance(schedule, Composite):
        return _single_call(schedule, steps)
    parts = zip(schedule.schedules, schedule.lengths(steps), strict=True)
    inner = f"[{', '.join(_single_call(part, length) for part, length in parts)}]"
    call = f"{_SCHEDULERS}.{schedule.torch_name}"
    if isinstance(schedule, Sequential):
        return f"{call}(optimizer, {inner}, milestones={schedule.changes})"
    return f"{call}({inner}, optimizer)"


def _single_call(schedule: Schedule, steps: int) -> str:
    call = f"{_SCHEDULERS}.{schedule.torch_name}(optimizer"
    if isinstance(schedule, Lambda):
        printed = ScalarPrinter({"step": "step"}).text(parse_expression(schedule.lr_lambda, {"step"}))
        return f"{call}, lr_lambda=lambda step: {printed})"
    plain: Any = type(schedule)
    defaults = plain().keywords(steps)
    needed = {"step_size", "milestones", "gamma", "T_max", "T_0", "base_lr", "max_lr", "total_steps"}
    keywords = {
        name: value
        for name, value in schedule.keywords(steps).items()
        if name in needed or value != defaults.get(name) or _differs_from_torch(schedule, name)
    }
    return f"{call}{_keywords(keywords)})"


def _differs_from_torch(schedule: Schedule, name: str) -> bool:
    """Settings whose default here is not that of torch."""
    return schedule.kind in ("cyclic", "one_cycle") or name == "total_iters"


def _keywords(keywords: dict[str, Any]) -> str:
    return "".join(f", {name}={_written(value)}" for name, value in keywords.items())


def _written(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return repr(list(value)) if isinstance(value, tuple) and len(value) > 3 else repr(value)
