"""What an optimiser is, and the settings that many share; the catalogue of them stands in optimizers.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from pydantic import model_validator

from gradviz.core.declaration import Alternative, FieldError, live_fields, setting
from gradviz.core.optimizers.clipping import AnyClipping, NoClipping
from gradviz.core.optimizers.lane_names import lane_names
from gradviz.core.optimizers.mistakes import AnyMistake, NoMistake
from gradviz.core.optimizers.schedule_catalogue import AnySchedule, NoSchedule, Schedule
from gradviz.core.optimizers.update_rule import UpdateRule

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer as TorchOptimizer
    from torch.optim.lr_scheduler import LRScheduler

Pair = tuple[float, float]
Implementation = Literal["default", "for-loop", "foreach"]
FusedImplementation = Literal["default", "for-loop", "foreach", "fused"]
_NOT_KEYWORDS = frozenset({"kind", "schedule", "clipping", "mistake", "implementation"})


class Optimizer(Alternative):
    """A rule that turns gradients into updates.

    Every setting bears the name of torch's keyword; a live one is read from torch's param_groups at each step, and
    may change while a run goes on.
    """

    formula: ClassVar[str] = ""
    """The rule in words, g the gradient, p the parameter, where `update_rule` gives none."""
    torch_name: ClassVar[str]
    by_hand: ClassVar[bool] = False
    """Whether it is no class of torch.optim, but written out."""
    elementwise: ClassVar[bool] = True
    """Whether the update of an element follows from that element alone."""
    follows_rate: ClassVar[bool] = True
    """Whether a step has the rate of that very step: torch's Rprop reads the first alone, its ASGD the last."""
    has_groups: ClassVar[bool] = True
    """Whether torch lets it have parameter groups."""
    needs_closure: ClassVar[bool] = False
    """Whether torch's step() asks for a function that evaluates anew."""
    keeps_singles: ClassVar[bool] = False
    """Whether torch keeps numbers of its state in torch's default dtype: float32 in every run of gradviz."""
    schedule: AnySchedule = setting(
        NoSchedule(), title="Schedule", description="How the learning rate changes from step to step."
    )
    clipping: AnyClipping = setting(
        NoClipping(),
        title="Clipping",
        description="Whether gradients that are too large are made smaller before the update.",
        editor="compact",
    )
    mistake: AnyMistake = setting(
        NoMistake(), title="Mistake", description="Something done wrong on purpose, to see what it does."
    )

    @classmethod
    def names_in_list(cls, items: Sequence[Optimizer]) -> tuple[str, ...]:
        return lane_names(items)

    def notes(self) -> dict[str, str]:
        rule = self.update_rule()
        text = self.formula.replace(";  ", "\n") if rule is None else rule.text
        return {"": f"{self.clipping.text}\n{text}".strip()}

    def update_rule(self) -> UpdateRule | None:
        """The rule as it is with these settings, line by line; None where it is more than a few lines."""
        return None

    @property
    def rounds_once(self) -> bool:
        """Whether an update by hand is one rounding, as torch's own SGD has it."""
        return False

    @property
    def keywords(self) -> dict[str, Any]:
        """The keyword arguments of the class in torch.optim; a live change writes the same into its groups."""
        found = {name: getattr(self, name) for name in type(self).model_fields if name not in _NOT_KEYWORDS}
        found["lr"] *= self.mistake.rate_factor
        return found | self._switches()

    def _switches(self) -> dict[str, Any]:
        """torch's switches `foreach` and `fused`, where the class has them; None lets torch choose."""
        info = type(self).model_fields.get("implementation")
        if info is None:
            return {}
        chosen = getattr(self, "implementation")  # noqa: B009 - a field of most classes
        switches: dict[str, Any] = {"foreach": None if chosen == "default" else chosen == "foreach"}
        if "fused" in get_args(info.annotation):
            switches["fused"] = None if chosen == "default" else chosen == "fused"
        return switches

    @property
    def driven(self) -> frozenset[str]:
        """The settings that the schedule writes: they cannot be changed while a run goes on."""
        if self.schedule.is_constant:
            return frozenset()
        return frozenset({"lr", "momentum", "betas"} if self.schedule.drives_momentum else {"lr"})

    @property
    def live(self) -> tuple[str, ...]:
        """The settings of this very optimiser that may change while a run goes on."""
        return tuple(name for name in live_fields(type(self)) if name not in self.driven)

    @property
    def live_keywords(self) -> dict[str, Any]:
        """What a live change writes into the param_groups."""
        keywords = self.keywords
        return {name: keywords[name] for name in self.live}

    @model_validator(mode="after")
    def _closures_see_the_gradient(self) -> Optimizer:
        if self.needs_closure and self.clipping.torch_name:
            raise FieldError(
                "clipping.kind",
                f"{self.label} learns the curvature from the gradient as it is, which clipping would falsify",
            )
        return self

    @model_validator(mode="after")
    def _schedule_has_what_it_drives(self) -> Optimizer:
        fields = type(self).model_fields
        if self.schedule.drives_momentum and not {"momentum", "betas"} & set(fields):
            raise FieldError("schedule", f"cycle_momentum needs a momentum or betas, and {self.label} has neither")
        return self

    def refusal(self, shapes: Mapping[str, tuple[int, ...]]) -> str:
        """A sentence where the rule cannot train parameters of these shapes; else empty."""
        del shapes
        return ""

    def build(self, parameters: Iterable[nn.Parameter] | Iterable[dict[str, Any]]) -> TorchOptimizer:
        """The optimiser over `parameters`, or over groups of them as torch takes them."""
        from torch import optim

        built: TorchOptimizer = getattr(optim, self.torch_name)(parameters, **self.keywords)
        return built

    def build_schedule(self, optimizer: TorchOptimizer, steps: int) -> LRScheduler | None:
        """torch's scheduler over `optimizer` for a run of `steps` steps; None where the rate is constant."""
        return None if self.schedule.is_constant else self.followed_schedule.build(optimizer, steps)

    def in_steps(self, per_epoch: int) -> Optimizer:
        """The same with a schedule that counts steps alone, where an epoch has so many of them."""
        schedule = self.schedule.in_steps(per_epoch)
        return self if schedule == self.schedule else self.model_copy(update={"schedule": schedule})

    @property
    def followed_schedule(self) -> Schedule:
        """The schedule as a run follows it: with the rates that a mistake makes of its own."""
        return self.schedule.scaled(self.mistake.rate_factor)


def rate(default: float, description: str = "The size of a step along the (scaled) negative gradient.") -> Any:
    """The setting lr; at 0 nothing moves."""
    return setting(default, title="Learning rate", description=description, live=True, ge=0, le=1e6)


def weight_decay_setting(default: float = 0.0) -> Any:
    """The setting weight_decay."""
    description = "Pulls every parameter towards 0 by this factor of its value."
    return setting(default, title="Weight decay", description=description, live=True, ge=0, le=1e6)


def decoupled() -> Any:
    """The setting decoupled_weight_decay."""
    description = "Takes the weight decay off the parameter itself instead of adding it to the gradient."
    return setting(False, title="Decoupled decay", description=description, live=True)


def epsilon(default: float) -> Any:
    """The setting eps."""
    return setting(default, title="Epsilon", description="Keeps the denominator above 0.", live=True, ge=0, le=1.0)


def maximize_setting() -> Any:
    """The setting maximize."""
    return setting(False, title="Maximise", description="Climbs instead of descending.", live=True)


def implementation_setting() -> Any:
    """The choice between torch's ways to compute one update."""
    description = "How torch computes the update: one tensor after the other, all in one call, or as it chooses itself."
    return setting("default", title="Implementation", description=description)


def betas_setting() -> Any:
    """The setting betas."""
    description = "Decay of the running means of the gradient and of its square; each at least 0 and below 1."
    return setting((0.9, 0.999), title="Betas", description=description, live=True)


class WithBetas(Optimizer):
    """An optimiser with running means of the gradient and of its square."""

    lr: float = rate(1e-3)
    betas: Pair = betas_setting()

    @model_validator(mode="after")
    def _betas_in_range(self) -> WithBetas:
        if not all(0 <= beta < 1 for beta in self.betas):
            raise FieldError("betas", "each beta must be at least 0 and below 1")
        return self
