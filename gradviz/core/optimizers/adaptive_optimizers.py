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


def _amsgrad() -> bool:
    made: bool = setting(False, title="AMSGrad", description="Divides by the largest v so far.")
    return made


class Adam(WithBetas):
    label: ClassVar[str] = "Adam"
    about: ClassVar[str] = "Running means of the gradient and of its square; every parameter has a step of its own."
    formula: ClassVar[str] = "m = b1*m + (1-b1)*g;  v = b2*v + (1-b2)*g^2;  p = p - lr*m' / (sqrt(v') + eps)"
    torch_name: ClassVar[str] = "Adam"
    kind: Literal["adam"] = "adam"
    lr: float = rate(1e-3)
    eps: float = epsilon(1e-8)
    weight_decay: float = weight_decay_setting()
    amsgrad: bool = _amsgrad()
    decoupled_weight_decay: bool = decoupled()
    maximize: bool = maximize_setting()
    implementation: FusedImplementation = implementation_setting()


class AdamW(WithBetas):
    label: ClassVar[str] = "AdamW"
    about: ClassVar[str] = "Adam with the weight decay taken out of the gradient."
    formula: ClassVar[str] = "p = p - lr*weight_decay*p;  then as Adam"
    torch_name: ClassVar[str] = "AdamW"
    kind: Literal["adamw"] = "adamw"
    lr: float = rate(1e-3)
    eps: float = epsilon(1e-8)
    weight_decay: float = weight_decay_setting(1e-2)
    amsgrad: bool = _amsgrad()
    maximize: bool = maximize_setting()
    implementation: FusedImplementation = implementation_setting()


class Adamax(WithBetas):
    label: ClassVar[str] = "Adamax"
    about: ClassVar[str] = "Adam with the largest recent gradient in the place of the mean square."
    formula: ClassVar[str] = "m = b1*m + (1-b1)*g;  u = max(b2*u, |g| + eps);  p = p - lr*m / ((1 - b1^t)*u)"
    torch_name: ClassVar[str] = "Adamax"
    kind: Literal["adamax"] = "adamax"
    lr: float = rate(2e-3)
    eps: float = epsilon(1e-8)
    weight_decay: float = weight_decay_setting()
    maximize: bool = maximize_setting()
    implementation: Implementation = implementation_setting()


class NAdam(WithBetas):
    label: ClassVar[str] = "NAdam"
    about: ClassVar[str] = "Adam with a momentum that looks one step ahead."
    formula: ClassVar[str] = (
        "mu = b1*(1 - 0.5*0.96^(t*momentum_decay));  m' = mu_next*m/(1 - prod mu_next) + (1-mu)*g/(1 - prod mu);  "
        "p = p - lr*m' / (sqrt(v') + eps)"
    )
    torch_name: ClassVar[str] = "NAdam"
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


class RAdam(WithBetas):
    label: ClassVar[str] = "RAdam"
    about: ClassVar[str] = "Adam that waits with the division until its mean square can be trusted."
    formula: ClassVar[str] = "p = p - lr*m'*r / (sqrt(v') + eps) where v can be trusted, else p = p - lr*m'"
    torch_name: ClassVar[str] = "RAdam"
    kind: Literal["radam"] = "radam"
    lr: float = rate(1e-3)
    eps: float = epsilon(1e-8)
    weight_decay: float = weight_decay_setting()
    decoupled_weight_decay: bool = decoupled()
    maximize: bool = maximize_setting()
    implementation: Implementation = implementation_setting()


class RMSprop(Optimizer):
    label: ClassVar[str] = "RMSprop"
    about: ClassVar[str] = "Divides the gradient by a running mean of its size."
    formula: ClassVar[str] = "v = alpha*v + (1-alpha)*g^2;  p = p - lr*g / (sqrt(v) + eps)"
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


class Adagrad(Optimizer):
    label: ClassVar[str] = "Adagrad"
    about: ClassVar[str] = "Divides by the root of the sum of all squared gradients: the steps only shrink."
    formula: ClassVar[str] = "s = s + g^2;  p = p - lr/(1 + t*lr_decay) * g / (sqrt(s) + eps)"
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


class Adadelta(Optimizer):
    label: ClassVar[str] = "Adadelta"
    about: ClassVar[str] = "Divides by the size of the gradients and multiplies by that of the last steps."
    formula: ClassVar[str] = (
        "v = rho*v + (1-rho)*g^2;  d = sqrt(u + eps)/sqrt(v + eps)*g;  u = rho*u + (1-rho)*d^2;  p = p - lr*d"
    )
    torch_name: ClassVar[str] = "Adadelta"
    kind: Literal["adadelta"] = "adadelta"
    lr: float = rate(1.0)
    rho: float = setting(0.9, title="Rho", description="Decay of both running means.", live=True, ge=0, le=1)
    eps: float = epsilon(1e-6)
    weight_decay: float = weight_decay_setting()
    maximize: bool = maximize_setting()
    implementation: Implementation = implementation_setting()


class Adafactor(Optimizer):
    label: ClassVar[str] = "Adafactor"
    about: ClassVar[str] = "Keeps the mean square of a matrix by row and by column alone; steps relative to the weight."
    formula: ClassVar[str] = (
        "v = v + (g^2 - v)*t^beta2_decay;  u = g/sqrt(v);  "
        "p = p - max(eps2, rms(p))*min(lr, 1/sqrt(t)) * u/max(1, rms(u)/d)"
    )
    torch_name: ClassVar[str] = "Adafactor"
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
