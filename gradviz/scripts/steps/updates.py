"""The update of an optimiser by hand, with the rate that its schedule gives each step: what `loops` writes out."""

from __future__ import annotations

from dataclasses import replace

from gradviz.core.optimizers.catalogue import Optimizer
from gradviz.core.optimizers.update_rule import UpdateRule
from gradviz.scripts.problems import ScriptError


def update_of(optimizer: Optimizer) -> UpdateRule:
    """The rule of `optimizer`, its rate lr at every step from the first, lr0; ScriptError where none is known."""
    rule = optimizer.update_rule()
    if rule is None:
        raise ScriptError(f"The update of {optimizer.label} by hand is not known.", "PyTorch nn + optim has it.")
    schedule = optimizer.followed_schedule
    if schedule.is_constant:
        return rule
    text = schedule.closed_form_in_numbers
    if not text or not optimizer.follows_rate:
        raise ScriptError(f"the schedule {schedule.label} by hand is not known.", "PyTorch nn + optim has it.")
    settings = {("lr0" if name == "lr" else name): value for name, value in rule.settings.items()}
    return replace(rule, settings=settings, scalars=(("lr", text), *rule.scalars))
