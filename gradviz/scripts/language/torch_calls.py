"""The classes of torch.optim and its schedulers as calls, with the keywords that are not torch's defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from gradviz.core.optimizers.catalogue import Optimizer
from gradviz.core.optimizers.schedule_catalogue import Composite, Schedule
from gradviz.core.runs.result import LiveEdit
from gradviz.scripts.language.expressions import ScalarPrinter

_SCHEDULERS = "torch.optim.lr_scheduler"


Changes = dict[int, dict[str, Any]]
"""The keywords of an optimiser that were changed while a run went on, by the step from which on they hold."""


def changes_of(edits: Sequence[LiveEdit], lane: int, steps: int) -> Changes:
    """What live edits changed in an optimiser for one of the updates of a run of `steps` steps."""
    found: Changes = {}
    for before, after in pairwise(edits):
        old, new = (edit.optimizers[lane].live_keywords for edit in (before, after))
        changed = {name: value for name, value in new.items() if name not in old or old[name] != value}
        if changed and after.step < steps:
            found[after.step] = changed
    return found


def changes_lines(changes: Changes) -> list[str]:
    """A dictionary of them, or nothing."""
    if not changes:
        return []
    entries = [f"    {step}: {_dictionary(new)}," for step, new in changes.items()]
    return ["changes = {  # made while the run went on, each before the update of its step", *entries, "}"]


def changes_text(changes: Changes) -> str:
    """The same as an expression."""
    return "{" + ", ".join(f"{step}: {_dictionary(new)}" for step, new in changes.items()) + "}"


def _dictionary(values: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f'"{name}": {_written(value)}' for name, value in values.items()) + "}"


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
    return f"{_SCHEDULERS}.{schedule.torch_name}({schedule.written_over(inner)})"


def _single_call(schedule: Schedule, steps: int) -> str:
    call = f"{_SCHEDULERS}.{schedule.torch_name}(optimizer"
    plain: Any = type(schedule)
    defaults = plain().keywords(steps)
    keywords = {
        name: _lambda(schedule, name) if name in schedule.formulas and value is not None else _written(value)
        for name, value in schedule.keywords(steps).items()
        if not schedule.has_torch_defaults or name in schedule.always_written or value != defaults.get(name)
    }
    return f"{call}{''.join(f', {name}={text}' for name, text in keywords.items())})"


def _lambda(schedule: Schedule, name: str) -> str:
    """A setting that is a formula, as a function."""
    over = schedule.formulas[name]
    printed = ScalarPrinter({over: over}).parsed(getattr(schedule, name), {over})
    return f"lambda {over}: {printed}"


def _keywords(keywords: dict[str, Any]) -> str:
    return "".join(f", {name}={_written(value)}" for name, value in keywords.items())


def _written(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return repr(list(value)) if isinstance(value, tuple) and len(value) > 3 else repr(value)
