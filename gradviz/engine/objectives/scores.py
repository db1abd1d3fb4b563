"""How good a prediction is, in one number: the coefficient of determination, or the share of right answers."""

from __future__ import annotations

from torch import Tensor


def determination(given: Tensor, prediction: Tensor) -> float:
    """R²: 1 less the share of the targets' variance that is left; NaN where they do not vary."""
    given, prediction = given.double(), prediction.double()
    spread = ((given - given.mean(dim=0)) ** 2).sum()
    return float(1 - ((given - prediction) ** 2).sum() / spread) if spread > 0 else float("nan")


def share_right(given: Tensor, prediction: Tensor, border: float) -> float:
    """The share of rows whose class is the one of the largest output, or of one output: whether it lies above `border`.

    `given` (rows,) are the numbers of the classes.
    """
    answers = prediction[:, 0] > border if prediction.shape[1] == 1 else prediction.argmax(dim=1)
    return (answers == given).double().mean().item()
