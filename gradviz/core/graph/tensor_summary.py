"""A tensor as it was at one step, small enough to leave the engine, and how it is written for a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradviz.core.numbers import Floats, short_number


@dataclass(frozen=True, slots=True)
class TensorSummary:
    """A tensor as it was: all of its numbers if there are few, else their range and mean."""

    shape: tuple[int, ...]
    dtype: str
    values: Floats | None
    minimum: float
    maximum: float
    mean: float

    @property
    def is_finite(self) -> bool:
        """Whether no element is NaN or infinite."""
        return bool(np.isfinite(self.minimum) and np.isfinite(self.maximum) and np.isfinite(self.mean))


def summary_text(summary: TensorSummary, most: int = 4, digits: int = 7) -> str:
    """The numbers of a small tensor, or range and mean of a large one."""
    if summary.values is None:
        low, high = short_number(summary.minimum, 3), short_number(summary.maximum, 3)
        return f"{low} … {high}, mean {short_number(summary.mean, 3)}"
    flat = summary.values.reshape(-1)
    if summary.shape == ():
        return short_number(float(flat[0]), digits)
    few = digits if flat.size == 1 else 4
    shown = ", ".join(short_number(float(value), few) for value in flat[:most])
    return f"[{shown}, …]" if flat.size > most else f"[{shown}]"
