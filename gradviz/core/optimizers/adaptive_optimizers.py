"""Optimisers that give every parameter a step of its own size."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import model_validator

from gradviz.core.declaration import FieldError, setting
from gradviz.core.optimizers.optimizer import (
    FusedImplementation,
    Implementation,
    Optimizer,
    WithBetas,
    decoupled,
    epsilon,
    implementation_setting,
    maximize_setting,
    rate,
    weight_decay_setting,
)
from gradviz.core.optimizers.update_rule import RuleDraft, UpdateRule


def _adam_step(draft: RuleDraft, amsgrad: bool) -> UpdateRule:
    draft.means()
    draft.corrections()
    largest = "v"
    if amsgrad:
        draft.keep("v_max", "maximum(v_max, v)")
        largest = "v_max"
    return draft.subtract(f"lr*(m/correction1)/(sqrt({largest}/correction2) + eps)")


def _amsgrad() -> bool:
    made: bool = setting(False, title="AMSGrad", description="Divides by the largest v so far.")
    return made


class Adam(WithBetas):
    label: ClassVar[str] = "Adam"
    about: ClassVar[str] = "Running means of the gradient and of its square; every parameter has a step of its own."
    torch_name: ClassVar[str] = "Adam"
    kind: Literal["adam"] = "adam"
    lr: float = rate(1e-3)
    eps: float = epsilon(1e-8)
    weight_decay: float = weight_decay_setting()
    amsgrad: bool = _amsgrad()
    decoupled_weight_decay: bool = decoupled()
    maximize: bool = maximize_setting()
    implementation: FusedImplementation = implementation_setting()

    def update_rule(self) -> UpdateRule:
        draft = RuleDraft(self)
        draft.decay()
        return _adam_step(draft, self.amsgrad)


class AdamW(WithBetas):
    label: ClassVar[str] = "AdamW"
    about: ClassVar[str] = "Adam with the weight decay taken out of the gradient."
    torch_name: ClassVar[str] = "AdamW"
    kind: Literal["adamw"] = "adamw"
    lr: float = rate(1e-3)
    eps: float = epsilon(1e-8)
    weight_decay: float = weight_decay_setting(1e-2)
    amsgrad: bool = _amsgrad()
    maximize: bool = maximize_setting()
    implementation: FusedImplementation = implementation_setting()

    def update_rule(self) -> UpdateRule:
        draft = RuleDraft(self)
        draft.decouple()
        return _adam_step(draft, self.amsgrad)


class Adamax(WithBetas):
    label: ClassVar[str] = "Adamax"
    about: ClassVar[str] = "Adam with the largest recent gradient in the place of the mean square."
    torch_name: ClassVar[str] = "Adamax"
    kind: Literal["adamax"] = "adamax"
    lr: float = rate(2e-3)
    eps: float = epsilon(1e-8)
    weight_decay: float = weight_decay_setting()
    maximize: bool = maximize_setting()
    implementation: Implementation = implementation_setting()

    def update_rule(self) -> UpdateRule:
        draft = RuleDraft(self)
        draft.decay()
        draft.settings["beta1"], draft.settings["beta2"] = self.betas
        draft.use("eps")
        draft.keep("m", "beta1*m + (1 - beta1)*g")
        draft.keep("u", "maximum(beta2*u, abs(g) + eps)")
        draft.scalar("correction1", "1 - beta1**(step + 1)")
        return draft.subtract("lr/correction1*m/u")


class NAdam(WithBetas):
    label: ClassVar[str] = "NAdam"
    about: ClassVar[str] = "Adam with a momentum that looks one step ahead."
    torch_name: ClassVar[str] = "NAdam"
    keeps_singles: ClassVar[bool] = True
    kind: Literal["nadam"] = "nadam"
    lr: float = rate(2e-3)
    eps: float = epsilon(1e-8)
    weight_decay: float = weight_decay_setting()
    momentum_decay: float = setting(
        4e-3, title="Momentum decay", description="How fast the momentum warms up.", live=True, ge=0, le=10
    )
    decoupled_weight_decay: bool = decoupled()
    maximize: bool = maximize_setting()
    implementation: Implementation = implementation_setting()

    def update_rule(self) -> UpdateRule:
        draft = RuleDraft(self)
        draft.decay()
        draft.means()
        draft.use("momentum_decay")
        draft.scalar("mu", "beta1*(1 - 0.5*0.96**((step + 1)*momentum_decay))")
        draft.scalar("mu_next", "beta1*(1 - 0.5*0.96**((step + 2)*momentum_decay))")
        draft.run_on("product", "product*mu", first="1.0", single="operands")
        draft.scalar("correction2", "1 - beta2**(step + 1)")
        draft.scalar("share_g", "(1 - mu)/(1 - product)")
        draft.scalar("share_m", "mu_next/(1 - product*mu_next)")
        return draft.subtract("lr*(share_g*g + share_m*m)/(sqrt(v/correction2) + eps)")


class RAdam(WithBetas):
    label: ClassVar[str] = "RAdam"
    about: ClassVar[str] = "Adam that waits with the division until its mean square can be trusted."
    torch_name: ClassVar[str] = "RAdam"
    kind: Literal["radam"] = "radam"
    lr: float = rate(1e-3)
    eps: float = epsilon(1e-8)
    weight_decay: float = weight_decay_setting()
    decoupled_weight_decay: bool = decoupled()
    maximize: bool = maximize_setting()
    implementation: Implementation = implementation_setting()

    def update_rule(self) -> UpdateRule:
        draft = RuleDraft(self)
        draft.decay()
        draft.means()
        draft.corrections()
        draft.scalar("rho_end", "2/(1 - beta2) - 1")
        draft.scalar("rho", "rho_end - 2*(step + 1)*beta2**(step + 1)/correction2")
        rectified = "sqrt(correction2*(rho - 4)*(rho - 2)*rho_end/((rho_end - 4)*(rho_end - 2)*rho))"
        draft.scalar("scale", f"where(rho > 5, {rectified}, 0.0)")
        draft.scalar("plain", "where(rho > 5, 0.0, 1.0)")
        return draft.subtract("lr*m/correction1*(plain + scale/(sqrt(v) + eps))")


class RMSprop(Optimizer):
    label: ClassVar[str] = "RMSprop"
    about: ClassVar[str] = "Divides the gradient by a running mean of its size."
    torch_name: ClassVar[str] = "RMSprop"
    kind: Literal["rmsprop"] = "rmsprop"
    lr: float = rate(1e-2)
    alpha: float = setting(0.99, title="Alpha", description="Decay of the running mean.", live=True, ge=0, lt=1)
    eps: float = epsilon(1e-8)
    weight_decay: float = weight_decay_setting()
    momentum: float = setting(
        0.0,
        title="Momentum",
        description="Share of the last update that is kept; torch makes room for it at the first step.",
        ge=0,
        lt=1,
    )
    centered: bool = setting(
        False, title="Centred", description="Divides by the running deviation instead of the running size."
    )
    maximize: bool = maximize_setting()
    implementation: Implementation = implementation_setting()

    def update_rule(self) -> UpdateRule:
        draft = RuleDraft(self)
        draft.decay()
        draft.use("alpha", "eps")
        draft.keep("v", "alpha*v + (1 - alpha)*g**2")
        size = "sqrt(v)"
        if self.centered:
            draft.keep("m", "alpha*m + (1 - alpha)*g")
            size = "sqrt(v - m**2)"
        if not self.momentum:
            return draft.subtract(f"lr*g/({size} + eps)")
        draft.use("momentum")
        draft.keep("u", f"momentum*u + g/({size} + eps)")
        return draft.subtract("lr*u")


class Adagrad(Optimizer):
    label: ClassVar[str] = "Adagrad"
    about: ClassVar[str] = "Divides by the root of the sum of all squared gradients: the steps only shrink."
    torch_name: ClassVar[str] = "Adagrad"
    kind: Literal["adagrad"] = "adagrad"
    lr: float = rate(1e-2)
    lr_decay: float = setting(
        0.0, title="Rate decay", description="The rate is divided by 1 + step times this.", live=True, ge=0, le=1e6
    )
    weight_decay: float = weight_decay_setting()
    initial_accumulator_value: float = setting(
        0.0, title="First sum", description="Value of the sum of squares before the first step.", ge=0, le=1e6
    )
    eps: float = epsilon(1e-10)
    maximize: bool = maximize_setting()
    implementation: FusedImplementation = implementation_setting()

    def update_rule(self) -> UpdateRule:
        draft = RuleDraft(self)
        draft.decay()
        draft.use("eps")
        rate = "lr"
        if self.lr_decay:
            draft.use("lr_decay")
            draft.scalar("rate", "lr/(1 + step*lr_decay)")
            rate = "rate"
        draft.keep("s", "s + g**2", repr(self.initial_accumulator_value))
        return draft.subtract(f"{rate}*g/(sqrt(s) + eps)")


class Adadelta(Optimizer):
    label: ClassVar[str] = "Adadelta"
    about: ClassVar[str] = "Divides by the size of the gradients and multiplies by that of the last steps."
    torch_name: ClassVar[str] = "Adadelta"
    kind: Literal["adadelta"] = "adadelta"
    lr: float = rate(1.0)
    rho: float = setting(0.9, title="Rho", description="Decay of both running means.", live=True, ge=0, le=1)
    eps: float = epsilon(1e-6)
    weight_decay: float = weight_decay_setting()
    maximize: bool = maximize_setting()
    implementation: Implementation = implementation_setting()

    def update_rule(self) -> UpdateRule:
        draft = RuleDraft(self)
        draft.decay()
        draft.use("rho", "eps")
        draft.keep("v", "rho*v + (1 - rho)*g**2")
        draft.begin("u")
        draft.line("delta", "sqrt(u + eps)/sqrt(v + eps)*g")
        draft.keep("u", "rho*u + (1 - rho)*delta**2")
        return draft.subtract("lr*delta")


class Adafactor(Optimizer):
    label: ClassVar[str] = "Adafactor"
    about: ClassVar[str] = "Keeps the mean square of a matrix by row and by column alone; steps relative to the weight."
    formula: ClassVar[str] = (
        "v = v + (g^2 - v)*t^beta2_decay;  u = g/sqrt(v);  "
        "p = p - max(eps2, rms(p))*min(lr, 1/sqrt(t)) * u/max(1, rms(u)/d)"
    )
    torch_name: ClassVar[str] = "Adafactor"
    elementwise: ClassVar[bool] = False
    kind: Literal["adafactor"] = "adafactor"
    lr: float = rate(1e-2)
    beta2_decay: float = setting(
        -0.8, title="Beta2 decay", description="The power of the step with which v settles.", live=True, ge=-10, le=0
    )
    eps: tuple[float | None, float] = setting(
        (None, 1e-3),
        title="Epsilons",
        description="The least root of v (null is what the precision can tell), and the least size of a parameter.",
        live=True,
    )
    d: float = setting(
        1.0, title="Clip at", description="The largest root mean square of an update.", live=True, ge=1, le=1e6
    )
    weight_decay: float = weight_decay_setting()
    maximize: bool = maximize_setting()
    implementation: Implementation = implementation_setting()

    @model_validator(mode="after")
    def _eps_in_range(self) -> Adafactor:
        if any(eps is not None and not 0 <= eps <= 1 for eps in self.eps):
            raise FieldError("eps", "each must lie between 0 and 1; the first may be null")
        return self
