"""Losses. Adding one: a frozen class here and its name in `AnyLoss`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting
from gradviz.core.layers.torch_call import TorchCall, differing
from gradviz.core.objectives.penalties import AnyPenalty, penalty_setting

if TYPE_CHECKING:
    from torch import nn

Wants = Literal["values", "labels", "binary"]
ReadsAs = Literal["shares", "scores", "one score", "one share", "logarithms"]


class Loss(Alternative):
    """Prediction and target to a scalar. `wants` says what the target is.

    ``values``: numbers in the shape of the prediction (of labels: one-hot); ``labels``: one class number a row;
    ``binary``: 0 or 1 a row, for one output.
    """

    formula: ClassVar[str] = ""
    torch_name: ClassVar[str]
    reads_as: ClassVar[ReadsAs] = "shares"
    """How the prediction tells the probabilities of classes."""
    builds_in: ClassVar[tuple[str, ...]] = ()
    """The kinds of last layers that are built into the loss already."""
    wants: ClassVar[Wants] = "values"
    needs_shares: ClassVar[bool] = False
    """Whether PyTorch refuses a prediction that is not between 0 and 1."""
    reduction: Literal["mean", "sum"] = setting(
        "mean", title="Reduction", description="Whether the errors of all points are averaged or added up."
    )

    penalty: AnyPenalty = penalty_setting()

    @property
    def keywords(self) -> dict[str, Any]:
        """What is not torch's default."""
        return differing(reduction=(self.reduction, "mean"))

    def hint(self, last_kind: str) -> str:
        """Advice about a model whose last layer is of this kind; empty where there is none."""
        if last_kind in self.builds_in:
            return f"{type(self).label} has this built in: leave out the last layer."
        return ""

    def build(self) -> nn.Module:
        """The loss module of torch.nn."""
        return TorchCall(self.torch_name, keywords=self.keywords).build()

    def code(self) -> str:
        """The torch expression, such as ``nn.MSELoss(reduction="sum")``."""
        return TorchCall(self.torch_name, keywords=self.keywords).code


class MSE(Loss):
    label: ClassVar[str] = "Squared error"
    about: ClassVar[str] = "torch.nn.MSELoss: large errors count most."
    formula: ClassVar[str] = "(p - y)^2"
    torch_name: ClassVar[str] = "MSELoss"
    kind: Literal["mse"] = "mse"


class L1(Loss):
    label: ClassVar[str] = "Absolute error"
    about: ClassVar[str] = "torch.nn.L1Loss: every error counts by its size; the gradient has a fixed size."
    formula: ClassVar[str] = "|p - y|"
    torch_name: ClassVar[str] = "L1Loss"
    kind: Literal["l1"] = "l1"


class Huber(Loss):
    label: ClassVar[str] = "Huber"
    about: ClassVar[str] = "torch.nn.HuberLoss: squared below delta, absolute above it."
    formula: ClassVar[str] = "(p - y)^2 / 2 below delta, else delta*(|p - y| - delta/2)"
    torch_name: ClassVar[str] = "HuberLoss"
    kind: Literal["huber"] = "huber"
    delta: float = setting(1.0, title="Delta", description="Where squared becomes absolute.", gt=0, le=1e6)

    @property
    def keywords(self) -> dict[str, Any]:
        return super().keywords | differing(delta=(self.delta, 1.0))


class SmoothL1(Loss):
    label: ClassVar[str] = "Smooth L1"
    about: ClassVar[str] = "torch.nn.SmoothL1Loss: Huber divided by beta, so that far away the slope is 1."
    formula: ClassVar[str] = "(p - y)^2 / (2*beta) below beta, else |p - y| - beta/2"
    torch_name: ClassVar[str] = "SmoothL1Loss"
    kind: Literal["smooth_l1"] = "smooth_l1"
    beta: float = setting(1.0, title="Beta", description="Where squared becomes absolute.", gt=0, le=1e6)

    @property
    def keywords(self) -> dict[str, Any]:
        return super().keywords | differing(beta=(self.beta, 1.0))


class CrossEntropy(Loss):
    label: ClassVar[str] = "Cross entropy"
    about: ClassVar[str] = "torch.nn.CrossEntropyLoss: of class scores (logits); softmax is built in."
    formula: ClassVar[str] = "-log(softmax(p)[y])"
    torch_name: ClassVar[str] = "CrossEntropyLoss"
    wants: ClassVar[Wants] = "labels"
    reads_as: ClassVar[ReadsAs] = "scores"
    builds_in: ClassVar[tuple[str, ...]] = ("softmax", "log_softmax")
    kind: Literal["cross_entropy"] = "cross_entropy"
    label_smoothing: float = setting(
        0.0,
        title="Label smoothing",
        description="Share of the target that is spread evenly over all classes.",
        ge=0,
        le=1,
    )

    @property
    def keywords(self) -> dict[str, Any]:
        return super().keywords | differing(label_smoothing=(self.label_smoothing, 0.0))


class BCEWithLogits(Loss):
    label: ClassVar[str] = "Binary cross entropy"
    about: ClassVar[str] = "torch.nn.BCEWithLogitsLoss: of one score for two classes; the sigmoid is built in."
    formula: ClassVar[str] = "-y*log(sigmoid(p)) - (1 - y)*log(1 - sigmoid(p))"
    torch_name: ClassVar[str] = "BCEWithLogitsLoss"
    wants: ClassVar[Wants] = "binary"
    reads_as: ClassVar[ReadsAs] = "one score"
    builds_in: ClassVar[tuple[str, ...]] = ("sigmoid",)
    kind: Literal["bce_with_logits"] = "bce_with_logits"


class BCE(Loss):
    label: ClassVar[str] = "Binary cross entropy of probabilities"
    about: ClassVar[str] = "torch.nn.BCELoss: of one probability for two classes, as the layer Sigmoid gives it."
    formula: ClassVar[str] = "-y*max(log(p), -100) - (1 - y)*max(log(1 - p), -100)"
    torch_name: ClassVar[str] = "BCELoss"
    wants: ClassVar[Wants] = "binary"
    needs_shares: ClassVar[bool] = True
    reads_as: ClassVar[ReadsAs] = "one share"
    kind: Literal["bce"] = "bce"

    def hint(self, last_kind: str) -> str:
        del last_kind
        return (
            "Numerically worse than Binary cross entropy without the Sigmoid: a probability that rounds to 0 or 1 has "
            "no logarithm (PyTorch cuts it at -100) and hardly a gradient."
        )


class NLL(Loss):
    label: ClassVar[str] = "Negative log likelihood"
    about: ClassVar[str] = "torch.nn.NLLLoss: of log-probabilities, as the layer Log softmax gives them."
    formula: ClassVar[str] = "-p[y]"
    torch_name: ClassVar[str] = "NLLLoss"
    wants: ClassVar[Wants] = "labels"
    reads_as: ClassVar[ReadsAs] = "logarithms"
    kind: Literal["nll"] = "nll"

    def hint(self, last_kind: str) -> str:
        return "" if last_kind == "log_softmax" else "It wants log-probabilities: end the model with Log softmax."


AnyLoss = Annotated[MSE | L1 | Huber | SmoothL1 | CrossEntropy | BCEWithLogits | BCE | NLL, Field(discriminator="kind")]
LOSSES: tuple[type[Loss], ...] = alternatives(AnyLoss)
