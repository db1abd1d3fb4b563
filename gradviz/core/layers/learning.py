"""How a layer learns: as the optimiser says, at a rate of its own, or not at all. Adding one: a class and its name.

Layers that learn otherwise than the optimiser says are parameter groups of torch.optim; a frozen one is in none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting


class Learning(Alternative):
    """What the parameter group of a layer has otherwise than the optimiser."""

    is_usual: ClassVar[bool] = False
    """Whether it is in the optimiser's own group."""
    is_frozen: ClassVar[bool] = False

    @property
    def told(self) -> str:
        """How it is told beside the layer; empty where it is as usual."""
        return ""

    @property
    def needs_decay(self) -> bool:
        """Whether only an optimiser with weight decay can do it."""
        return False

    def over(self, keywords: Mapping[str, Any], rate_factor: float = 1.0) -> dict[str, Any]:
        """The keywords of the optimiser as they are in this group; `rate_factor` is that of a mistake about rates."""
        del rate_factor
        return dict(keywords)


class UsualLearning(Learning):
    label: ClassVar[str] = "As the optimiser says"
    about: ClassVar[str] = "Learning rate and weight decay are those of the optimiser."
    is_usual: ClassVar[bool] = True
    kind: Literal["usual"] = "usual"


class ScaledLearning(Learning):
    label: ClassVar[str] = "A share of the rate"
    about: ClassVar[str] = "A parameter group whose learning rate and weight decay follow the optimiser's."
    kind: Literal["scaled"] = "scaled"
    rate_factor: float = setting(
        0.1, title="Rate times", description="What the optimiser's learning rate is multiplied by.", ge=0, le=1e6
    )
    decay_factor: float = setting(
        1.0, title="Decay times", description="What the optimiser's weight decay is multiplied by.", ge=0, le=1e6
    )

    @property
    def told(self) -> str:
        decay = f", decay × {self.decay_factor:g}" if self.decay_factor != 1 else ""
        return f"rate × {self.rate_factor:g}{decay}"

    def over(self, keywords: Mapping[str, Any], rate_factor: float = 1.0) -> dict[str, Any]:
        factors = {"lr": self.rate_factor, "weight_decay": self.decay_factor}
        return {name: value * factors[name] if name in factors else value for name, value in keywords.items()}


class OwnLearning(Learning):
    label: ClassVar[str] = "A rate of its own"
    about: ClassVar[str] = "A parameter group with a learning rate and a weight decay of its own."
    kind: Literal["own"] = "own"
    lr: float = setting(1e-3, title="Learning rate", description="That of this layer's parameters.", ge=0, le=1e6)
    weight_decay: float = setting(
        0.0, title="Weight decay", description="Pulls this layer's parameters towards 0.", ge=0, le=1e6
    )

    @property
    def told(self) -> str:
        decay = f", decay {self.weight_decay:g}" if self.weight_decay else ""
        return f"rate {self.lr:g}{decay}"

    @property
    def needs_decay(self) -> bool:
        return self.weight_decay > 0

    def over(self, keywords: Mapping[str, Any], rate_factor: float = 1.0) -> dict[str, Any]:
        own = {"lr": self.lr * rate_factor, "weight_decay": self.weight_decay}
        return {name: own.get(name, value) for name, value in keywords.items()}


class FrozenLearning(Learning):
    label: ClassVar[str] = "Frozen"
    about: ClassVar[str] = (
        "requires_grad is False: no gradient is computed, and the optimiser has none of its parameters. A BatchNorm's "
        "running means go on."
    )
    is_frozen: ClassVar[bool] = True
    kind: Literal["frozen"] = "frozen"

    @property
    def told(self) -> str:
        return "frozen"


AnyLearning = Annotated[
    UsualLearning | ScaledLearning | OwnLearning | FrozenLearning,
    Field(discriminator="kind"),
]
LEARNINGS: tuple[type[Learning], ...] = alternatives(AnyLearning)
USUAL = UsualLearning()


def learning_setting() -> Any:
    """The setting of a layer that has parameters."""
    return setting(
        USUAL,
        title="Learning",
        description="How this layer's parameters learn: a parameter group of the optimiser, or frozen.",
        editor="compact",
    )
