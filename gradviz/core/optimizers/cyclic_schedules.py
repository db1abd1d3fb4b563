"""Schedules that go up and down between rates of their own, and may move the momentum against them."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import field_validator

from gradviz.core.declaration import FieldError, setting
from gradviz.core.formulas.scalar_formula import scalar_function
from gradviz.core.numbers import plural
from gradviz.core.optimizers.plain_schedules import check_formula, formula_setting, steps_setting
from gradviz.core.optimizers.schedule import Schedule


def _cycle_momentum() -> Any:
    return setting(
        False,
        title="Cycle momentum",
        description="Moves the momentum (or the first beta) against the rate; the optimiser must have one.",
    )


def _lowest_momentum(default: float) -> Any:
    return setting(default, title="Lowest momentum", description="The momentum where the rate is highest.", ge=0, lt=1)


def _highest_momentum(default: float) -> Any:
    # above 0: RMSprop makes room for the momentum at the first step alone, if it has one there
    return setting(default, title="Highest momentum", description="The momentum where the rate is lowest.", gt=0, lt=1)


def _cyclic_rate(default: float, title: str, description: str) -> Any:
    return setting(default, title=title, description=description, ge=0, le=1e6)


class Cyclic(Schedule):
    label: ClassVar[str] = "CyclicLR"
    about: ClassVar[str] = "Up and down between two rates, which take the place of the optimiser's own."
    formula: ClassVar[str] = "lr = base_lr + (max_lr - base_lr) * triangle(t) * scale"
    torch_name: ClassVar[str] = "CyclicLR"
    has_torch_defaults: ClassVar[bool] = False
    formulas: ClassVar[dict[str, str]] = {"scale_fn": "x"}
    rates: ClassVar[tuple[str, ...]] = ("base_lr", "max_lr")
    kind: Literal["cyclic"] = "cyclic"
    base_lr: float = _cyclic_rate(1e-4, "Lowest rate", "The learning rate at the foot of a cycle.")
    max_lr: float = _cyclic_rate(1e-3, "Highest rate", "The learning rate at the top of the first cycle.")
    step_size_up: int = steps_setting(100, "Steps up", "Steps from the foot to the top.")
    step_size_down: int = steps_setting(0, "Steps down", "Steps from the top to the foot; 0 is as many as up.", 0)
    mode: Literal["triangular", "triangular2", "exp_range"] = setting(
        "triangular",
        title="Mode",
        description="Tops of equal height, of half the height each time, or of height gamma^t.",
    )
    gamma: float = setting(1.0, title="Gamma", description="Of exp_range: the factor of a step.", gt=0, le=1)
    scale_fn: str = formula_setting(
        "", "Scale", "A formula over x, the cycle or the step, that takes the place of the mode; empty for the mode."
    )
    scale_mode: Literal["cycle", "iterations"] = setting(
        "cycle", title="Scale over", description="What x in the scale is: the cycle, from 1, or the step."
    )
    cycle_momentum: bool = _cycle_momentum()
    base_momentum: float = _lowest_momentum(0.8)
    max_momentum: float = _highest_momentum(0.9)

    @field_validator("scale_fn")
    @classmethod
    def _is_formula(cls, text: str) -> str:
        return check_formula(text, "x") if text.strip() else ""

    @property
    def drives_momentum(self) -> bool:
        return self.cycle_momentum

    def keywords(self, steps: int) -> dict[str, Any]:
        found = super().keywords(steps)
        found["step_size_down"] = self.step_size_down or None
        found["scale_fn"] = scalar_function(self.scale_fn, "x") if self.scale_fn else None
        return found


class OneCycle(Schedule):
    label: ClassVar[str] = "OneCycleLR"
    about: ClassVar[str] = "One rise and one long fall, at rates of its own: the optimiser's is unused."
    formula: ClassVar[str] = "lr: max_lr/div_factor -> max_lr -> max_lr/(div_factor*final_div_factor)"
    torch_name: ClassVar[str] = "OneCycleLR"
    has_torch_defaults: ClassVar[bool] = False
    rates: ClassVar[tuple[str, ...]] = ("max_lr",)
    kind: Literal["one_cycle"] = "one_cycle"
    max_lr: float = _cyclic_rate(1e-2, "Highest rate", "The learning rate at the top.")
    total_steps: int = steps_setting(0, "Steps in all", "Length of the cycle; 0 is as many as the run has.", 0)
    epochs: int = steps_setting(
        0, "Epochs", "Times the steps of an epoch: another way to tell the length; 0 is unused.", 0
    )
    steps_per_epoch: int = steps_setting(0, "Steps of an epoch", "Batches of an epoch; 0 is unused.", 0)
    pct_start: float = setting(0.3, title="Rising share", description="Share of the steps that rise.", ge=0, le=1)
    anneal_strategy: Literal["cos", "linear"] = setting(
        "cos", title="Shape", description="Half cosine waves or straight lines."
    )
    cycle_momentum: bool = _cycle_momentum()
    base_momentum: float = _lowest_momentum(0.85)
    max_momentum: float = _highest_momentum(0.95)
    div_factor: float = setting(
        25.0, title="First divisor", description="The first rate is the highest divided by this.", gt=0, le=1e9
    )
    final_div_factor: float = setting(
        1e4, title="Last divisor", description="The last rate is the first divided by this.", gt=0, le=1e12
    )
    three_phase: bool = setting(
        False, title="Three phases", description="Falls as fast as it rose, and then far below the first rate."
    )

    @property
    def drives_momentum(self) -> bool:
        return self.cycle_momentum

    @property
    def depends_on_steps(self) -> bool:
        return True

    def length(self, steps: int) -> int:
        """Steps of the cycle in a run of `steps` steps."""
        return self.total_steps or self.epochs * self.steps_per_epoch or max(steps, 2)

    def keywords(self, steps: int) -> dict[str, Any]:
        found = super().keywords(steps) | {"total_steps": self.length(steps)}
        return {name: value for name, value in found.items() if name not in ("epochs", "steps_per_epoch")}

    def check(self, steps: int) -> None:
        length = self.length(steps)
        field = "total_steps" if self.total_steps or not self.epochs else "epochs"
        if length < steps:
            raise FieldError(
                field, f"the cycle ends after {length:,} of {plural(steps, 'step')}: make it as long as the run"
            )
        rising = self.pct_start * length - 1
        ends = [rising, 2 * rising, length - 1.0] if self.three_phase else [rising, length - 1.0]
        if any(end == begin for begin, end in zip([0.0, *ends], ends, strict=False)):
            raise FieldError("pct_start", f"a phase of {plural(length, 'step')} would have no step: change the share")
