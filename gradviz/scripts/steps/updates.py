"""The update of an optimiser by hand, with the rate that its schedule gives each step: what `loops` writes out."""

from __future__ import annotations

from dataclasses import replace

from gradviz.core.optimizers.catalogue import Optimizer
from gradviz.core.optimizers.update_rule import UpdateRule
from gradviz.scripts.problems import ScriptError


def update_of(optimizer: Optimizer) -> UpdateRule:
    """The rule of `optimizer` at its own rates; ScriptError where none is known.

    With a schedule the rate is lr at every step, from the first, lr0. A mistake about the rate alone is in both.
    """
    rule = optimizer.update_rule()
    if rule is None:
        raise ScriptError(f"the update of {optimizer.label} by hand is not known.", elsewhere(optimizer))
    if optimizer.mistake.changes_loop:
        raise ScriptError(
            f"the mistake {optimizer.mistake.label!r} is not known with an update by hand.", elsewhere(optimizer)
        )
    if "value" in rule.singles.values() and getattr(optimizer, "implementation", "") == "foreach":
        # torch's one call for all tensors rounds with its float32 state otherwise than its loop does
        raise ScriptError(
            f"the update of {optimizer.label} with the implementation foreach by hand is not known.",
            "Set Implementation to for-loop, or choose PyTorch nn + optim.",
        )
    rate = optimizer.keywords["lr"]
    schedule = optimizer.followed_schedule
    if schedule.is_constant:
        return replace(rule, settings=rule.settings | {"lr": rate})
    text = schedule.closed_form_in_numbers
    if not text or not optimizer.follows_rate:
        raise ScriptError(f"the schedule {schedule.label} by hand is not known.", elsewhere(optimizer))
    settings = {("lr0" if name == "lr" else name): value for name, value in (rule.settings | {"lr": rate}).items()}
    return replace(rule, settings=settings, scalars=(("lr", text), *rule.scalars))


def elsewhere(optimizer: Optimizer) -> str:
    """Who knows what an update by hand does not: torch.optim, of which the one that is by hand is no class."""
    return "Choose SGD, whose update is the same." if optimizer.by_hand else "PyTorch nn + optim has it."
