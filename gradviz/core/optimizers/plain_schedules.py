"""Schedules whose rate follows from the step alone, and the one that waits for the loss."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import field_validator

from gradviz.core.declaration import setting
from gradviz.core.formulas.scalar_formula import counted, scalar_function
from gradviz.core.formulas.text import FormulaError
from gradviz.core.optimizers.schedule import Schedule

MOST_STEPS = 10**9
MOST_MILESTONES = 8
"""More of them are not written out one by one."""


def steps_setting(default: int, title: str, description: str, least: int = 1) -> Any:
    """A setting that counts steps."""
    return setting(default, title=title, description=description, ge=least, le=MOST_STEPS)


def _gamma(default: float) -> Any:
    return setting(
        default, title="Gamma", description="What the learning rate is multiplied by each time.", ge=0, le=10
    )


def _eta_min() -> Any:
    return setting(0.0, title="Least rate", description="The learning rate at the lowest point.", ge=0, le=1e6)


def _total_iters(default: int) -> Any:
    return steps_setting(default, "Steps until it ends", "After this many steps the rate changes no more.")


def formula_setting(default: str, title: str, description: str) -> Any:
    """A setting that is a formula of one number."""
    return setting(default, title=title, description=description, max_length=400)


def check_formula(text: str, name: str, count: str = "") -> str:
    """`text`, if it is a formula over `name`, or over what is counted in it; ValueError with the column otherwise."""
    try:
        scalar_function(counted(text, name, count, 1) if count else text, name)
    except FormulaError as error:
        raise ValueError(f"column {error.column}: {error.reason}") from None
    return text


def _cosine(place: str, least: float) -> str:
    wave = f"(1 + cos(pi*{place}))/2"
    return f"lr0*{wave}" if least == 0 else f"eta_min + (lr0 - eta_min)*{wave}"


class NoSchedule(Schedule):
    label: ClassVar[str] = "Constant"
    about: ClassVar[str] = "The learning rate stays as it is set, and can be changed while the run goes on."
    formula: ClassVar[str] = "lr = lr0"
    is_constant: ClassVar[bool] = True
    kind: Literal["none"] = "none"


class Lambda(Schedule):
    label: ClassVar[str] = "LambdaLR"
    about: ClassVar[str] = "The first rate times a formula of the step."
    torch_name: ClassVar[str] = "LambdaLR"
    formulas: ClassVar[dict[str, str]] = {"lr_lambda": "step"}
    kind: Literal["lambda"] = "lambda"
    lr_lambda: str = formula_setting(
        "0.999 ** step",
        "Factor",
        "A formula over step, or over epoch: what the first learning rate is multiplied by there.",
    )

    @field_validator("lr_lambda")
    @classmethod
    def _is_formula(cls, text: str) -> str:
        return check_formula(text, "step", "epoch")

    def in_steps(self, per_epoch: int) -> Schedule:
        text = counted(self.lr_lambda, "step", "epoch", per_epoch)
        return self if text == self.lr_lambda else self.model_copy(update={"lr_lambda": text})

    def keywords(self, steps: int) -> dict[str, Any]:
        return {"lr_lambda": scalar_function(counted(self.lr_lambda, "step", "epoch", 1), "step")}

    @property
    def closed_form(self) -> str:
        return f"lr0*({self.lr_lambda})"


class Multiplicative(Lambda):
    label: ClassVar[str] = "MultiplicativeLR"
    about: ClassVar[str] = "At every step the rate so far times a formula of the step."
    formula: ClassVar[str] = "lr = lr * lambda(t)"
    torch_name: ClassVar[str] = "MultiplicativeLR"
    kind: Literal["multiplicative"] = "multiplicative"  # type: ignore[assignment]
    lr_lambda: str = formula_setting(
        "0.999",
        "Factor",
        "A formula over step, or over epoch: what the learning rate so far is multiplied by there.",
    )

    @property
    def closed_form(self) -> str:
        return ""


class StepDecay(Schedule):
    label: ClassVar[str] = "StepLR"
    about: ClassVar[str] = "Falls by a factor every so many steps."
    torch_name: ClassVar[str] = "StepLR"
    always_written: ClassVar[tuple[str, ...]] = ("step_size", "gamma")
    kind: Literal["step"] = "step"
    step_size: int = steps_setting(300, "Every", "Steps from one change to the next.")
    gamma: float = _gamma(0.1)

    @property
    def closed_form(self) -> str:
        return "lr0*gamma**floor(step/step_size)"


class MultiStep(Schedule):
    label: ClassVar[str] = "MultiStepLR"
    about: ClassVar[str] = "Falls by a factor at the steps that are named."
    formula: ClassVar[str] = "lr = lr0 * gamma^(number of milestones <= t)"
    torch_name: ClassVar[str] = "MultiStepLR"
    always_written: ClassVar[tuple[str, ...]] = ("milestones", "gamma")
    kind: Literal["multi_step"] = "multi_step"
    milestones: tuple[int, ...] = setting(
        (300, 800), title="Milestones", description="The steps at which the rate falls.", min_length=1, max_length=1000
    )
    gamma: float = _gamma(0.1)

    @field_validator("milestones")
    @classmethod
    def _increase(cls, milestones: tuple[int, ...]) -> tuple[int, ...]:
        return increasing(milestones)

    @property
    def closed_form(self) -> str:
        if len(self.milestones) > MOST_MILESTONES:
            return ""
        passed = " + ".join(f"(step >= {milestone})" for milestone in self.milestones)
        return f"lr0*gamma**({passed})"


def increasing(milestones: tuple[int, ...]) -> tuple[int, ...]:
    """`milestones`, if they increase."""
    if any(later <= before for before, later in zip((0, *milestones), milestones, strict=False)):
        raise ValueError("must be steps that increase, the first at least 1")
    return milestones


class ConstantFactor(Schedule):
    label: ClassVar[str] = "ConstantLR"
    about: ClassVar[str] = "A share of the rate for the first steps, then all of it."
    torch_name: ClassVar[str] = "ConstantLR"
    always_written: ClassVar[tuple[str, ...]] = ("total_iters",)
    kind: Literal["constant"] = "constant"
    factor: float = setting(
        1 / 3, title="Factor", description="The share in the first steps; torch divides by it at the end.", gt=0, le=1
    )
    total_iters: int = _total_iters(100)

    @property
    def closed_form(self) -> str:
        return "lr0*where(step < total_iters, factor, 1.0)"


class Linear(Schedule):
    label: ClassVar[str] = "LinearLR"
    about: ClassVar[str] = "Goes evenly from one share of the rate to another: a warm-up, say."
    torch_name: ClassVar[str] = "LinearLR"
    always_written: ClassVar[tuple[str, ...]] = ("total_iters",)
    kind: Literal["linear"] = "linear"
    start_factor: float = setting(1 / 3, title="First share", description="The share of lr at step 0.", gt=0, le=1)
    end_factor: float = setting(1.0, title="Last share", description="The share of lr at the end.", ge=0, le=1)
    total_iters: int = _total_iters(100)

    @property
    def closed_form(self) -> str:
        return "lr0*(start_factor + (end_factor - start_factor)*minimum(step, total_iters)/total_iters)"


class Exponential(Schedule):
    label: ClassVar[str] = "ExponentialLR"
    about: ClassVar[str] = "Falls by a factor at every step."
    torch_name: ClassVar[str] = "ExponentialLR"
    always_written: ClassVar[tuple[str, ...]] = ("gamma",)
    kind: Literal["exponential"] = "exponential"
    gamma: float = _gamma(0.999)

    @property
    def closed_form(self) -> str:
        return "lr0*gamma**step"


class Polynomial(Schedule):
    label: ClassVar[str] = "PolynomialLR"
    about: ClassVar[str] = "Falls to 0 along a power of the steps that are left."
    torch_name: ClassVar[str] = "PolynomialLR"
    always_written: ClassVar[tuple[str, ...]] = ("total_iters",)
    kind: Literal["polynomial"] = "polynomial"
    total_iters: int = _total_iters(1000)
    power: float = setting(1.0, title="Power", description="1 falls evenly, 2 fast at first.", ge=0, le=100)

    @property
    def closed_form(self) -> str:
        return "lr0*(1 - minimum(step, total_iters)/total_iters)**power"


class CosineAnnealing(Schedule):
    label: ClassVar[str] = "CosineAnnealingLR"
    about: ClassVar[str] = "Half a cosine wave down, and up again if the run goes on."
    torch_name: ClassVar[str] = "CosineAnnealingLR"
    always_written: ClassVar[tuple[str, ...]] = ("T_max",)
    kind: Literal["cosine_annealing"] = "cosine_annealing"
    T_max: int = steps_setting(1000, "Half a wave", "Steps from the highest rate to the lowest.")
    eta_min: float = _eta_min()

    @property
    def closed_form(self) -> str:
        return _cosine("step/T_max", self.eta_min)


class CosineWarmRestarts(Schedule):
    label: ClassVar[str] = "CosineAnnealingWarmRestarts"
    about: ClassVar[str] = "Half a cosine wave down, then at once up to the first rate again."
    formula: ClassVar[str] = "lr = eta_min + (lr0 - eta_min) * (1 + cos(pi*T_cur/T_i)) / 2"
    torch_name: ClassVar[str] = "CosineAnnealingWarmRestarts"
    always_written: ClassVar[tuple[str, ...]] = ("T_0",)
    kind: Literal["cosine_warm_restarts"] = "cosine_warm_restarts"
    T_0: int = steps_setting(200, "First wave", "Steps until the first restart.")
    T_mult: int = setting(
        1, title="Growth", description="Each wave is this many times as long as the last.", ge=1, le=100
    )
    eta_min: float = _eta_min()

    @property
    def closed_form(self) -> str:
        return _cosine("(step % T_0)/T_0", self.eta_min) if self.T_mult == 1 else ""


class ReduceOnPlateau(Schedule):
    label: ClassVar[str] = "ReduceLROnPlateau"
    about: ClassVar[str] = "Falls by a factor where the loss has not got better for a while."
    formula: ClassVar[str] = "lr = max(lr * factor, min_lr) after more than patience steps without a better loss"
    torch_name: ClassVar[str] = "ReduceLROnPlateau"
    needs_loss: ClassVar[bool] = True
    kind: Literal["reduce_on_plateau"] = "reduce_on_plateau"
    mode: Literal["min", "max"] = setting("min", title="Better is", description="A smaller or a larger loss.")
    factor: float = setting(0.1, title="Factor", description="What the rate is multiplied by.", ge=0, lt=1)
    patience: int = steps_setting(10, "Patience", "Steps without a better loss that are forgiven.", 0)
    threshold: float = setting(
        1e-4, title="Threshold", description="By how much a loss must be better to count.", ge=0, le=1e6
    )
    threshold_mode: Literal["rel", "abs"] = setting(
        "rel", title="Threshold is", description="A share of the best loss, or an amount."
    )
    cooldown: int = steps_setting(0, "Cooldown", "Steps after a fall in which nothing is counted.", 0)
    min_lr: float = setting(0.0, title="Least rate", description="The rate never falls below this.", ge=0, le=1e6)
    eps: float = setting(1e-8, title="Least change", description="A fall smaller than this is left out.", ge=0, le=1.0)
