"""Optimisers of torch.optim. Adding one: a frozen class here and its name in `AnyOptimizer`.

Every setting bears the name of torch's keyword; a setting marked live may change while a run goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from gradviz.core.declaration import Alternative, FieldError, alternatives, setting

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer as TorchOptimizer

Pair = tuple[float, float]


def _rate(default: float) -> Any:
    return setting(
        default,
        title="Learning rate",
        description="The size of a step along the (scaled) negative gradient.",
        live=True,
        gt=0,
        le=1e6,
    )


def _weight_decay(default: float = 0.0) -> Any:
    return setting(
        default,
        title="Weight decay",
        description="Pulls every parameter towards 0 by this factor of its value.",
        live=True,
        ge=0,
        le=1e6,
    )


def _eps(default: float) -> Any:
    return setting(default, title="Epsilon", description="Keeps the denominator above 0.", live=True, ge=0, le=1.0)


class Optimizer(Alternative):
    """A rule that turns gradients into updates; `formula` is that rule, g the gradient, p the parameter."""

    formula: ClassVar[str] = ""
    torch_name: ClassVar[str]

    @property
    def keywords(self) -> dict[str, Any]:
        """The keyword arguments of the class in torch.optim; a live change writes the same into its groups."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != "kind"}

    def build(self, parameters: Iterable[nn.Parameter]) -> TorchOptimizer:
        """The optimiser over `parameters`."""
        from torch import optim

        built: TorchOptimizer = getattr(optim, self.torch_name)(parameters, **self.keywords)
        return built


class SGD(Optimizer):
    label: ClassVar[str] = "SGD"
    about: ClassVar[str] = "Gradient descent, with momentum if wanted."
    formula: ClassVar[str] = "v = momentum*v + (1 - dampening)*g;  p = p - lr*v"
    torch_name: ClassVar[str] = "SGD"
    kind: Literal["sgd"] = "sgd"
    lr: float = _rate(1e-3)
    momentum: float = setting(
        0.0, title="Momentum", description="Share of the last update that is kept.", live=True, ge=0, lt=1
    )
    dampening: float = setting(
        0.0, title="Dampening", description="Share of the gradient kept out of the momentum.", live=True, ge=0, le=1
    )
    weight_decay: float = _weight_decay()
    nesterov: bool = setting(
        False, title="Nesterov", description="Looks one step ahead; needs momentum and no dampening."
    )

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> SGD:
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise FieldError("nesterov", "Nesterov needs a momentum above 0 and a dampening of 0")
        return self


def _betas() -> Any:
    return setting(
        (0.9, 0.999),
        title="Betas",
        description="Decay of the running means of the gradient and of its square; each at least 0 and below 1.",
        live=True,
    )


def _check_betas(betas: Pair) -> None:
    if not all(0 <= beta < 1 for beta in betas):
        raise FieldError("betas", "each beta must be at least 0 and below 1")


class Adam(Optimizer):
    label: ClassVar[str] = "Adam"
    about: ClassVar[str] = "Running means of the gradient and of its square; every parameter has a step of its own."
    formula: ClassVar[str] = "m = b1*m + (1-b1)*g;  v = b2*v + (1-b2)*g^2;  p = p - lr*m' / (sqrt(v') + eps)"
    torch_name: ClassVar[str] = "Adam"
    kind: Literal["adam"] = "adam"
    lr: float = _rate(1e-3)
    betas: Pair = _betas()
    eps: float = _eps(1e-8)
    weight_decay: float = _weight_decay()
    amsgrad: bool = setting(False, title="AMSGrad", description="Divides by the largest v so far.")

    @model_validator(mode="after")
    def _betas_in_range(self) -> Adam:
        _check_betas(self.betas)
        return self


class AdamW(Optimizer):
    label: ClassVar[str] = "AdamW"
    about: ClassVar[str] = "Adam with the weight decay taken out of the gradient."
    formula: ClassVar[str] = "p = p - lr*weight_decay*p;  then as Adam"
    torch_name: ClassVar[str] = "AdamW"
    kind: Literal["adamw"] = "adamw"
    lr: float = _rate(1e-3)
    betas: Pair = _betas()
    eps: float = _eps(1e-8)
    weight_decay: float = _weight_decay(1e-2)
    amsgrad: bool = setting(False, title="AMSGrad", description="Divides by the largest v so far.")

    @model_validator(mode="after")
    def _betas_in_range(self) -> AdamW:
        _check_betas(self.betas)
        return self


class RMSprop(Optimizer):
    label: ClassVar[str] = "RMSprop"
    about: ClassVar[str] = "Divides the gradient by a running mean of its size."
    formula: ClassVar[str] = "v = alpha*v + (1-alpha)*g^2;  p = p - lr*g / (sqrt(v) + eps)"
    torch_name: ClassVar[str] = "RMSprop"
    kind: Literal["rmsprop"] = "rmsprop"
    lr: float = _rate(1e-2)
    alpha: float = setting(0.99, title="Alpha", description="Decay of the running mean.", live=True, ge=0, lt=1)
    eps: float = _eps(1e-8)
    weight_decay: float = _weight_decay()
    momentum: float = setting(
        0.0, title="Momentum", description="Share of the last update that is kept.", live=True, ge=0, lt=1
    )
    centered: bool = setting(
        False, title="Centred", description="Divides by the running deviation instead of the running size."
    )


class Adagrad(Optimizer):
    label: ClassVar[str] = "Adagrad"
    about: ClassVar[str] = "Divides by the root of the sum of all squared gradients: the steps only shrink."
    formula: ClassVar[str] = "s = s + g^2;  p = p - lr*g / (sqrt(s) + eps)"
    torch_name: ClassVar[str] = "Adagrad"
    kind: Literal["adagrad"] = "adagrad"
    lr: float = _rate(1e-2)
    lr_decay: float = setting(
        0.0, title="Rate decay", description="The rate is divided by 1 + step times this.", live=True, ge=0, le=1e6
    )
    weight_decay: float = _weight_decay()
    initial_accumulator_value: float = setting(
        0.0, title="First sum", description="Value of the sum of squares before the first step.", ge=0, le=1e6
    )
    eps: float = _eps(1e-10)


AnyOptimizer = Annotated[SGD | Adam | AdamW | RMSprop | Adagrad, Field(discriminator="kind")]
OPTIMIZERS: tuple[type[Optimizer], ...] = alternatives(AnyOptimizer)
