"""Losses. Adding one: a frozen class here and its name in `AnyLoss`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting

if TYPE_CHECKING:
    from torch import nn

Reduction = Literal["mean", "sum"]


def _reduction() -> Reduction:
    chosen: Reduction = setting(
        "mean", title="Reduction", description="Whether the errors of all points are averaged or added up."
    )
    return chosen


class Loss(Alternative):
    """Prediction and target of one shape to a scalar."""

    formula: ClassVar[str] = ""

    def build(self) -> nn.Module:
        """The loss module of torch.nn."""
        raise NotImplementedError


class MSE(Loss):
    label: ClassVar[str] = "Squared error"
    about: ClassVar[str] = "torch.nn.MSELoss: large errors count most."
    formula: ClassVar[str] = "(p - y)^2"
    kind: Literal["mse"] = "mse"
    reduction: Reduction = _reduction()

    def build(self) -> nn.Module:
        from torch import nn

        return nn.MSELoss(reduction=self.reduction)


class L1(Loss):
    label: ClassVar[str] = "Absolute error"
    about: ClassVar[str] = "torch.nn.L1Loss: every error counts by its size; the gradient has a fixed size."
    formula: ClassVar[str] = "|p - y|"
    kind: Literal["l1"] = "l1"
    reduction: Reduction = _reduction()

    def build(self) -> nn.Module:
        from torch import nn

        return nn.L1Loss(reduction=self.reduction)


class Huber(Loss):
    label: ClassVar[str] = "Huber"
    about: ClassVar[str] = "torch.nn.HuberLoss: squared below delta, absolute above it."
    formula: ClassVar[str] = "(p - y)^2 / 2 below delta, else delta*(|p - y| - delta/2)"
    kind: Literal["huber"] = "huber"
    delta: float = setting(1.0, title="Delta", description="Where squared becomes absolute.", gt=0, le=1e6)
    reduction: Reduction = _reduction()

    def build(self) -> nn.Module:
        from torch import nn

        return nn.HuberLoss(reduction=self.reduction, delta=self.delta)


AnyLoss = Annotated[MSE | L1 | Huber, Field(discriminator="kind")]
LOSSES: tuple[type[Loss], ...] = alternatives(AnyLoss)
