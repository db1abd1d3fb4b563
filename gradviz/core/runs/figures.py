"""What an evaluation of the rows held out gives, besides the loss of the step: the columns of a record's figures."""

from __future__ import annotations

import numpy as np

from gradviz.core.numbers import Floats

VALIDATION_LOSS, TRAINING_SCORE, VALIDATION_SCORE = range(3)
COUNT = 3
NOT_EVALUATED = (float("nan"),) * COUNT
"""Of a step between two evaluations, and of an optimiser that has stopped."""


def score_name(is_labelled: bool) -> str:
    """The word for a score in JSON and CSV: the share of right answers, or the coefficient of determination."""
    return "accuracy" if is_labelled else "r2"


def column_names(is_labelled: bool) -> tuple[str, ...]:
    """What the figures are called, in their order."""
    score = score_name(is_labelled)
    return ("validation_loss", f"training_{score}", f"validation_{score}")


def latest(figures: Floats, step: int) -> tuple[int, Floats] | None:
    """The step and the figures (COUNT,) of the last evaluation at or before `step`, of one optimiser (steps, COUNT)."""
    end, window = min(step + 1, len(figures)), 64
    while end > 0:  # from the end, for a picture asks this of a run of any length
        first = max(0, end - window)
        known = np.flatnonzero(~np.isnan(figures[first:end, VALIDATION_LOSS]))
        if known.size:
            return first + int(known[-1]), figures[first + known[-1]]
        end, window = first, 4 * window
    return None


def score_text(value: float, is_share: bool) -> str:
    """A score for a person: 95.0 % right, or R² 0.98."""
    return f"{100 * value:.1f} % right" if is_share else f"R² {value:.4g}"
