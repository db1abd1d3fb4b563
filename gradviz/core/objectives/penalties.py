"""Penalties: what is added to a loss for large weights. Adding one: a frozen class here and its name below."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting


class Penalty(Alternative):
    """A part of the loss that is a function of the learned parameters alone."""

    @property
    def terms(self) -> tuple[tuple[str, float], ...]:
        """The terms with their weights, in the order in which they are added: "L1", the sizes; "L2", the squares."""
        return ()

    def covers(self, name: str) -> bool:
        """Whether a parameter of a model is among the weights that are counted."""
        del name
        return False


class NoPenalty(Penalty):
    label: ClassVar[str] = "None"
    about: ClassVar[str] = "The loss is that of the data alone."
    kind: Literal["none"] = "none"


class WeightPenalty(Penalty):
    label: ClassVar[str] = "L1 and L2"
    about: ClassVar[str] = (
        "loss + l1*sum|w| + l2*sum w^2 over the learned weights: L1 (lasso) makes some of them 0, L2 (ridge) all "
        "smaller."
    )
    kind: Literal["weights"] = "weights"
    l1: float = setting(0.0, title="L1", description="What the sum of the weights' sizes counts.", ge=0, le=1e6)
    l2: float = setting(0.01, title="L2", description="What the sum of the weights' squares counts.", ge=0, le=1e6)
    biases: bool = setting(False, title="Biases too", description="Whether biases are counted with the weights.")

    @property
    def terms(self) -> tuple[tuple[str, float], ...]:
        return tuple((name, weight) for name, weight in (("L1", self.l1), ("L2", self.l2)) if weight)

    def covers(self, name: str) -> bool:
        return self.biases or not is_bias(name)


def is_bias(name: str) -> bool:
    """Whether a parameter such as 0.bias, 2.bias_ih_l0 or b of a line is a bias."""
    last = name.rpartition(".")[2]
    return last == "b" or last.startswith("bias")


def penalty_setting() -> Any:
    """The setting of a loss."""
    return setting(
        NoPenalty(),
        title="Penalty",
        description="A part of the loss that keeps the weights small. Weight decay, in the optimiser, is in no loss.",
        editor="compact",
    )


AnyPenalty = Annotated[NoPenalty | WeightPenalty, Field(discriminator="kind")]
PENALTIES: tuple[type[Penalty], ...] = alternatives(AnyPenalty)
