"""Optimisers of torch.optim. Adding one: a frozen class in one of the families and its name in `AnyOptimizer`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gradviz.core.declaration import alternatives
from gradviz.core.optimizers.adaptive_optimizers import (
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    NAdam,
    RAdam,
    RMSprop,
)
from gradviz.core.optimizers.gradient_optimizers import ASGD, LBFGS, SGD, HandDescent, Muon, Rprop
from gradviz.core.optimizers.optimizer import Optimizer

__all__ = [
    "ASGD", "LBFGS", "OPTIMIZERS", "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax",
    "AnyOptimizer", "HandDescent", "Muon", "NAdam", "Optimizer", "RAdam", "RMSprop", "Rprop",
]  # fmt: skip

AnyOptimizer = Annotated[
    SGD
    | Adam
    | AdamW
    | RMSprop
    | Adagrad
    | Adadelta
    | Adafactor
    | Adamax
    | NAdam
    | RAdam
    | ASGD
    | Rprop
    | LBFGS
    | Muon
    | HandDescent,
    Field(discriminator="kind"),
]
OPTIMIZERS: tuple[type[Optimizer], ...] = alternatives(AnyOptimizer)
