"""Mistakes that are made on purpose, each in one optimiser: what a learner forgets, to be seen and compared.

Adding one: a class here and its name in `AnyMistake`; it says what it is called, what it does in a step, and how a
script writes that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting

Action = Literal["backward", "zero"]
Lines = list[str]
Evaluation = Callable[[int], Any]
"""Takes the step, gives the loss as one number of torch, and leaves the gradients in ``.grad``."""


class Evaluated(Protocol):
    """What a mistake may ask of the engine's objective: parameters of torch, and the loss over them."""

    parameters: Any
    cut: frozenset[str]
    """Names of values or layers that are detached."""

    def loss(self) -> Any:
        """The loss with its graph."""

    def added(self) -> Any:
        """The loss as it is recorded; its gradient is added to every parameter's ``.grad``."""

    def backward(self, loss: Any) -> None:
        """Add the gradient to every parameter's ``.grad``."""

    def number(self, loss: Any) -> Any:
        """The loss as it is recorded."""

    def names_to_cut(self) -> tuple[str, ...]:
        """The values and layers that can be detached."""


class Mistake(Alternative):
    """What is done wrong in the loop; `caption` is how a race tells the optimiser that does it."""

    caption: ClassVar[str] = ""
    menu: ClassVar[str] = ""
    """Its words in the menu of comparisons; without any it is not offered there."""
    changes_loop: ClassVar[bool] = True
    """Whether a step does something else than zero_grad, forward, backward, step."""
    carries: ClassVar[bool] = False
    """Whether an evaluation adds to the gradients of the one before."""
    rate_factor: ClassVar[float] = 1.0
    """What every learning rate is multiplied by, in the schedule too."""
    stops_scripts: ClassVar[str] = ""
    """Why no script can end where the run does; empty where one can."""
    race_switch: ClassVar[str] = ""
    """The argument of a race's train() that is False for this optimiser, and the lines that it then leaves out."""
    leaves_out: ClassVar[tuple[str, ...]] = ()

    def notes(self) -> dict[str, str]:
        return {"": self.about} if self.caption else {}

    @property
    def told(self) -> str:
        """How this very one is told in the name of its optimiser."""
        return self.caption

    @property
    def begins_empty(self) -> bool:
        """Whether the first update finds no gradient."""
        return False

    @property
    def detached(self) -> str:
        """The name of the value or layer that it detaches; empty where it detaches none."""
        return ""

    def about_value(self, name: str) -> Mistake:
        """Itself, about the value `name` if it needs one and has none."""
        del name
        return self

    def prepare(self, objective: Evaluated) -> str:
        """Change an objective before its first step; a sentence where that cannot be, else empty."""
        del objective
        return ""

    def evaluation(self, objective: Evaluated) -> Evaluation | None:
        """How a step evaluates; None where it does as it should."""
        del objective
        return None

    def evaluation_lines(self, forward: Lines, backward: Lines) -> Lines:
        """The same in a script with torch.optim, from its lines for the way to the loss and back."""
        return ["optimizer.zero_grad()", *forward, *backward]


class NoMistake(Mistake):
    label: ClassVar[str] = "None"
    about: ClassVar[str] = "zero_grad, forward, backward, step: the loop as it should be."
    changes_loop: ClassVar[bool] = False
    kind: Literal["none"] = "none"


class NoZeroGrad(Mistake):
    label: ClassVar[str] = "zero_grad forgotten"
    about: ClassVar[str] = "The gradients are never set back to zero: each backward adds to what is there."
    caption: ClassVar[str] = "zero_grad forgotten"
    menu: ClassVar[str] = "&Forget zero_grad"
    carries: ClassVar[bool] = True
    race_switch: ClassVar[str] = "zero_grad"
    leaves_out: ClassVar[tuple[str, ...]] = ("optimizer.zero_grad()",)
    kind: Literal["no_zero_grad"] = "no_zero_grad"

    def evaluation(self, objective: Evaluated) -> Evaluation:
        return lambda _step: objective.added()

    def evaluation_lines(self, forward: Lines, backward: Lines) -> Lines:
        return ["# on purpose without optimizer.zero_grad(): the gradients add up", *forward, *backward]


class Cycle(Mistake):
    label: ClassVar[str] = "zero_grad now and then"
    about: ClassVar[str] = "Backward without zeroing, and zeroing without backward, in an order of your own."
    caption: ClassVar[str] = "zero_grad now and then"
    carries: ClassVar[bool] = True
    kind: Literal["cycle"] = "cycle"
    actions: tuple[Action, ...] = setting(
        ("backward", "backward", "zero"),
        title="Actions",
        description='What is done at step 0, 1, 2, ..., again and again: "backward" adds to the gradients, '
        '"zero" sets them to 0 and makes no backward.',
        min_length=1,
        max_length=100,
    )

    @property
    def begins_empty(self) -> bool:
        return self.actions[0] == "zero"

    def evaluation(self, objective: Evaluated) -> Evaluation:
        does = {"backward": lambda one: one.added(), "zero": _zero_alone}
        return lambda step: does[self.actions[step % len(self.actions)]](objective)

    def evaluation_lines(self, forward: Lines, backward: Lines) -> Lines:
        actions = ", ".join(f'"{action}"' for action in self.actions)
        chosen = f'if [{actions}][step % {len(self.actions)}] == "backward":'
        zeroed = ["else:", "    optimizer.zero_grad(set_to_none=False)"]
        return [*forward, chosen, *(f"    {line}" for line in backward), *zeroed]


class Detach(Mistake):
    label: ClassVar[str] = "Branch detached"
    about: ClassVar[str] = "A value is detached: no gradient passes it, and what lies before it stops learning."
    caption: ClassVar[str] = "detached"
    menu: ClassVar[str] = "&Detach a branch"
    kind: Literal["detach"] = "detach"
    name: str = setting(
        "", title="Name", description="The named value or the layer whose result is detached.", max_length=80
    )

    @property
    def told(self) -> str:
        return f"{self.name} detached"

    @property
    def detached(self) -> str:
        return self.name

    def about_value(self, name: str) -> Mistake:
        return self if self.name else Detach(name=name)

    def prepare(self, objective: Evaluated) -> str:
        names = objective.names_to_cut()
        if self.name not in names:
            wanted = f"There is nothing named {self.name[:40]!r} to detach." if self.name else "Detach needs a name."
            return f"{wanted} Choose one of: {', '.join(names)[:200]}."
        objective.cut = frozenset({self.name})
        return ""


class RateTimesTen(Mistake):
    label: ClassVar[str] = "Learning rate × 10"
    about: ClassVar[str] = "Ten times the learning rate that is set, in the schedule too."
    caption: ClassVar[str] = "rate × 10"
    menu: ClassVar[str] = "Learning rate × &10"
    changes_loop: ClassVar[bool] = False
    rate_factor: ClassVar[float] = 10.0
    kind: Literal["rate_times_ten"] = "rate_times_ten"


class BackwardTwice(Mistake):
    label: ClassVar[str] = "Graph used twice"
    about: ClassVar[str] = "backward() is called a second time on one graph, whose saved tensors are freed by then."
    caption: ClassVar[str] = "graph used twice"
    menu: ClassVar[str] = "&Graph used twice"
    stops_scripts: ClassVar[str] = "the run stops at PyTorch's error: the graph is used twice."
    kind: Literal["backward_twice"] = "backward_twice"

    def evaluation(self, objective: Evaluated) -> Evaluation:
        return lambda _step: _backward_twice(objective)


def _zero_alone(objective: Evaluated) -> Any:
    """Forward, and the gradients set to zero in the place of a backward."""
    import torch

    for parameter in objective.parameters.values():
        if parameter.grad is not None:
            parameter.grad = torch.zeros_like(parameter.grad)
    return objective.number(objective.loss())


def _backward_twice(objective: Evaluated) -> Any:
    for parameter in objective.parameters.values():
        parameter.grad = None
    loss = objective.loss()
    objective.backward(loss)
    objective.backward(loss)
    return objective.number(loss)


AnyMistake = Annotated[
    NoMistake | NoZeroGrad | Cycle | Detach | RateTimesTen | BackwardTwice, Field(discriminator="kind")
]
MISTAKES: tuple[type[Mistake], ...] = alternatives(AnyMistake)
