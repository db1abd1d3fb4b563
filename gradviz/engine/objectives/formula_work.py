"""A formula whose values are too many for one evaluation is refused with the estimate, before it is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from gradviz.core.document.memory import bytes_text
from gradviz.core.formulas.formula import Formula
from gradviz.core.formulas.text import FormulaError
from gradviz.core.formulas.work import Work, work_of

MOST_SECONDS = 0.3
"""Of one evaluation with its gradient. What takes longer can neither be watched nor stopped between two steps."""
FASTER = 50
"""A graphics card computes values of this size so many times as fast, about."""


def check_work(formula: Formula, tensors: Mapping[str, Any], like: Mapping[str, Any]) -> None:
    """FormulaError at the largest value where an evaluation of `formula` over `tensors` would take too long.

    `like` has the dtype and the device.
    """
    work = work_of(formula, {name: tuple(value.shape) for name, value in tensors.items()})
    seconds = work.seconds / (1 if torch.device(like["device"]).type == "cpu" else FASTER)
    if seconds > MOST_SECONDS:
        raise FormulaError(_sentence(work, seconds, like["dtype"].itemsize), work.line, work.column)


def _sentence(work: Work, seconds: float, item: int) -> str:
    shape = " x ".join(f"{size:,}" for size in work.shape)
    needed = bytes_text(2 * work.numbers * item)  # each value with its gradient
    return (
        f"{shape} numbers are made here, and one evaluation of the formula would take about {seconds:.2g} s "
        f"and {needed} (at most {MOST_SECONDS:g} s): make the tensors smaller"
    )
