"""Schedules of torch.optim.lr_scheduler. Adding one: a frozen class and its name in `AnySchedule`.

A schedule steps once after each step of its optimiser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from gradviz.core.declaration import FieldError, alternatives, setting
from gradviz.core.optimizers.cyclic_schedules import Cyclic, OneCycle
from gradviz.core.optimizers.plain_schedules import (
    ConstantFactor,
    CosineAnnealing,
    CosineWarmRestarts,
    Exponential,
    Lambda,
    Linear,
    Multiplicative,
    MultiStep,
    NoSchedule,
    Polynomial,
    ReduceOnPlateau,
    StepDecay,
    increasing,
)
from gradviz.core.optimizers.schedule import Schedule

if TYPE_CHECKING:
    from torch.optim import Optimizer as TorchOptimizer
    from torch.optim.lr_scheduler import LRScheduler

__all__ = [
    "SCHEDULES", "AnySchedule", "Chained", "Composite", "ConstantFactor", "CosineAnnealing", "CosineWarmRestarts",
    "Cyclic", "Exponential", "Lambda", "Linear", "MultiStep", "Multiplicative", "NoSchedule", "OneCycle", "Polynomial",
    "ReduceOnPlateau", "Schedule", "Sequential", "StepDecay",
]  # fmt: skip

Single = (
    Lambda
    | Multiplicative
    | StepDecay
    | MultiStep
    | ConstantFactor
    | Linear
    | Exponential
    | Polynomial
    | CosineAnnealing
    | CosineWarmRestarts
    | Cyclic
    | OneCycle
)
"""Schedules that others can hold: torch refuses ReduceLROnPlateau there."""
AnySingle = Annotated[Single, Field(discriminator="kind")]


class Composite(Schedule):
    """Several schedules of one optimiser."""

    schedules: tuple[AnySingle, ...] = setting(
        (Linear(), Exponential()),
        title="Schedules",
        description="The inner schedules, in their order.",
        min_length=1,
        max_length=8,
        editor="distinct",
    )

    @property
    def drives_momentum(self) -> bool:
        return any(part.drives_momentum for part in self.schedules)

    @property
    def depends_on_steps(self) -> bool:
        return any(part.depends_on_steps for part in self.schedules)

    def scaled(self, factor: float) -> Schedule:
        return self.model_copy(update={"schedules": tuple(part.scaled(factor) for part in self.schedules)})

    def in_steps(self, per_epoch: int) -> Schedule:
        return self.model_copy(update={"schedules": tuple(part.in_steps(per_epoch) for part in self.schedules)})

    def written_over(self, parts: str) -> str:
        """The arguments of the class in torch, where a script has the inner schedulers as `parts`."""
        return f"{parts}, optimizer"

    def lengths(self, steps: int) -> list[int]:
        """How many steps of a run of `steps` each inner schedule has."""
        return [steps for _ in self.schedules]

    def check(self, steps: int) -> None:
        for index, (part, length) in enumerate(zip(self.schedules, self.lengths(steps), strict=True)):
            try:
                part.check(length)
            except FieldError as error:
                raise FieldError(f"schedules.{index}.{error.field}", str(error)) from None

    def built_parts(self, optimizer: TorchOptimizer, steps: int) -> list[LRScheduler]:
        """torch's inner schedulers, made in order."""
        lengths = self.lengths(steps)
        return [part.build(optimizer, length) for part, length in zip(self.schedules, lengths, strict=True)]


class Sequential(Composite):
    label: ClassVar[str] = "SequentialLR"
    about: ClassVar[str] = "One schedule after the other: a warm-up and then a fall, say."
    formula: ClassVar[str] = "lr by the schedule whose turn it is; the next begins at each milestone"
    torch_name: ClassVar[str] = "SequentialLR"
    kind: Literal["sequential"] = "sequential"
    milestones: tuple[int, ...] = setting(
        (100,),
        title="Milestones",
        description="The steps at which the next schedule begins; those beyond the last schedule are left out.",
        max_length=100,
    )

    @field_validator("milestones")
    @classmethod
    def _increase(cls, milestones: tuple[int, ...]) -> tuple[int, ...]:
        return increasing(milestones)

    @model_validator(mode="after")
    def _has_a_milestone_between_two(self) -> Sequential:
        # more than needed are allowed: a form can add a milestone first and then the schedule
        if len(self.milestones) < len(self.schedules) - 1:
            needed = len(self.schedules) - 1
            raise FieldError("milestones", f"{needed + 1} schedules need {needed} milestones: add a milestone first")
        return self

    @property
    def changes(self) -> list[int]:
        """The milestones that have a schedule after them."""
        return list(self.milestones[: len(self.schedules) - 1])

    def written_over(self, parts: str) -> str:
        return f"optimizer, {parts}, milestones={self.changes}"

    def lengths(self, steps: int) -> list[int]:
        ends = [*self.changes, max(steps, *self.changes, 0)]
        return [end - begin for begin, end in zip([0, *self.changes], ends, strict=True)]

    def build(self, optimizer: TorchOptimizer, steps: int) -> LRScheduler:
        from torch.optim.lr_scheduler import SequentialLR

        return SequentialLR(optimizer, self.built_parts(optimizer, steps), self.changes)


class Chained(Composite):
    label: ClassVar[str] = "ChainedScheduler"
    about: ClassVar[str] = "Several schedules that all change the rate at every step."
    formula: ClassVar[str] = "lr = lr0 * (factor of the first) * (factor of the second) * ..."
    torch_name: ClassVar[str] = "ChainedScheduler"
    kind: Literal["chained"] = "chained"

    def build(self, optimizer: TorchOptimizer, steps: int) -> LRScheduler:
        from torch.optim.lr_scheduler import ChainedScheduler

        return ChainedScheduler(self.built_parts(optimizer, steps), optimizer)


AnySchedule = Annotated[
    NoSchedule | Single | ReduceOnPlateau | Sequential | Chained,
    Field(discriminator="kind"),
]
SCHEDULES: tuple[type[Schedule], ...] = alternatives(AnySchedule)
