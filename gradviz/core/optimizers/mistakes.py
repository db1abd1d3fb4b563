"""Mistakes that are made on purpose, each in one optimiser: what a learner forgets, to be seen and compared."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting

Action = Literal["backward", "zero"]


class Mistake(Alternative):
    """What is done wrong in the loop; `caption` is how a race tells the optimiser that does it."""

    caption: ClassVar[str] = ""
    adds_up: ClassVar[bool] = False
    """Whether an evaluation adds to the gradients of the one before."""

    def notes(self) -> dict[str, str]:
        return {"": self.about} if self.caption else {}


class NoMistake(Mistake):
    label: ClassVar[str] = "None"
    about: ClassVar[str] = "zero_grad, forward, backward, step: the loop as it should be."
    kind: Literal["none"] = "none"


class NoZeroGrad(Mistake):
    label: ClassVar[str] = "zero_grad forgotten"
    about: ClassVar[str] = "The gradients are never set back to zero: each backward adds to what is there."
    caption: ClassVar[str] = "zero_grad forgotten"
    adds_up: ClassVar[bool] = True
    kind: Literal["no_zero_grad"] = "no_zero_grad"


class Cycle(Mistake):
    label: ClassVar[str] = "zero_grad now and then"
    about: ClassVar[str] = "Backward without zeroing, and zeroing without backward, in an order of your own."
    caption: ClassVar[str] = "zero_grad now and then"
    adds_up: ClassVar[bool] = True
    kind: Literal["cycle"] = "cycle"
    actions: tuple[Action, ...] = setting(
        ("backward", "backward", "zero"),
        title="Actions",
        description='What is done at step 0, 1, 2, ..., again and again: "backward" adds to the gradients, '
        '"zero" sets them to 0 and makes no backward.',
        min_length=1,
        max_length=100,
    )


class Detach(Mistake):
    label: ClassVar[str] = "Branch detached"
    about: ClassVar[str] = "A value is detached: no gradient passes it, and what lies before it stops learning."
    caption: ClassVar[str] = "detached"
    kind: Literal["detach"] = "detach"
    name: str = setting(
        "", title="Name", description="The named value or the layer whose result is detached.", max_length=80
    )


class RateTimesTen(Mistake):
    label: ClassVar[str] = "Learning rate × 10"
    about: ClassVar[str] = "Ten times the learning rate that is set, in the schedule too."
    caption: ClassVar[str] = "rate × 10"
    kind: Literal["rate_times_ten"] = "rate_times_ten"


class BackwardTwice(Mistake):
    label: ClassVar[str] = "Graph used twice"
    about: ClassVar[str] = "backward() is called a second time on one graph, whose saved tensors are freed by then."
    caption: ClassVar[str] = "graph used twice"
    kind: Literal["backward_twice"] = "backward_twice"


AnyMistake = Annotated[
    NoMistake | NoZeroGrad | Cycle | Detach | RateTimesTen | BackwardTwice, Field(discriminator="kind")
]
MISTAKES: tuple[type[Mistake], ...] = alternatives(AnyMistake)
RATE_FACTOR = 10.0
"""What `RateTimesTen` multiplies a learning rate by."""
