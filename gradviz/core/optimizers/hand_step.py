"""Gradient descent written out: the one optimiser that is not torch's. Imported by a builder alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer


class HandStep(Optimizer):
    """``p -= lr * p.grad`` outside the graph, in one rounding or in two.

    ``p.sub_(g, alpha=lr)`` is one fused operation and rounds once, as torch's own SGD does; ``p -= lr * g`` rounds the
    product, and then the difference.
    """

    def __init__(self, params: Iterable[nn.Parameter] | Iterable[dict[str, Any]], lr: float, rounding: str) -> None:
        super().__init__(params, {"lr": lr, "rounding": rounding})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            lr, once = group["lr"], group["rounding"] == "once"
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                if once:
                    parameter.sub_(parameter.grad, alpha=lr)
                else:
                    parameter -= lr * parameter.grad  # noqa: PLW2901 - in place, as a learner writes it


# torch wraps the step of an optimiser for its profiler, unless it was wrapped before: that costs as much as this step
HandStep.step.hooked = True  # type: ignore[attr-defined]
