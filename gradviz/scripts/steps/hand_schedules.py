"""Schedules by hand: the learning rate of a step in closed form, in the notation of formulas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gradviz.core.optimizers.catalogue import Optimizer
from gradviz.scripts.problems import ScriptError
from gradviz.scripts.steps.updates import Rule

MOST_MILESTONES = 8


def scheduled(rule: Rule, optimizer: Optimizer) -> Rule:
    """`rule` with its rate lr computed at every step from the first, lr0; ScriptError where that is not known."""
    schedule = optimizer.followed_schedule
    if schedule.is_constant:
        return rule
    made = _RATES.get(schedule.kind)
    text = "" if made is None else made(schedule)
    if not text or optimizer.kind in ("asgd", "rprop"):
        raise ScriptError(f"the schedule {type(schedule).label} by hand is not known.", "PyTorch nn + optim has it.")
    settings = {("lr0" if name == "lr" else name): value for name, value in rule.settings.items()}
    return replace(rule, settings=settings, scalars=(("lr", text), *rule.scalars))


def _multi_step(schedule: Any) -> str:
    if len(schedule.milestones) > MOST_MILESTONES:
        return ""
    passed = " + ".join(f"(step >= {milestone})" for milestone in schedule.milestones)
    return f"lr0*{schedule.gamma!r}**({passed})"


def _cosine(schedule: Any, place: str) -> str:
    least = schedule.eta_min
    wave = f"(1 + cos(pi*{place}))/2"
    return f"lr0*{wave}" if least == 0 else f"{least!r} + (lr0 - {least!r})*{wave}"


def _warm_restarts(schedule: Any) -> str:
    return _cosine(schedule, f"(step % {schedule.T_0})/{schedule.T_0}") if schedule.T_mult == 1 else ""


def _linear(schedule: Any) -> str:
    first, last, total = schedule.start_factor, schedule.end_factor, schedule.total_iters
    return f"lr0*({first!r} + ({last!r} - {first!r})*minimum(step, {total})/{total})"


def _polynomial(schedule: Any) -> str:
    return f"lr0*(1 - minimum(step, {schedule.total_iters})/{schedule.total_iters})**{schedule.power!r}"


_RATES: dict[str, Callable[[Any], str]] = {
    "lambda": lambda schedule: f"lr0*({schedule.lr_lambda})",
    "step": lambda schedule: f"lr0*{schedule.gamma!r}**floor(step/{schedule.step_size})",
    "multi_step": _multi_step,
    "constant": lambda schedule: f"lr0*where(step < {schedule.total_iters}, {schedule.factor!r}, 1.0)",
    "linear": _linear,
    "exponential": lambda schedule: f"lr0*{schedule.gamma!r}**step",
    "polynomial": _polynomial,
    "cosine_annealing": lambda schedule: _cosine(schedule, f"step/{schedule.T_max}"),
    "cosine_warm_restarts": _warm_restarts,
}
