"""Optimisers that follow the gradient itself, its sign, its curvature or its direction alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import model_validator

from gradviz.core.declaration import FieldError, setting
from gradviz.core.optimizers.optimizer import (
    FusedImplementation,
    Implementation,
    Optimizer,
    Pair,
    implementation_setting,
    maximize_setting,
    rate,
    weight_decay_setting,
)
from gradviz.core.optimizers.update_rule import RuleDraft, UpdateRule

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer as TorchOptimizer


class SGD(Optimizer):
    label: ClassVar[str] = "SGD"
    about: ClassVar[str] = "Gradient descent, with momentum if wanted."
    torch_name: ClassVar[str] = "SGD"
    kind: Literal["sgd"] = "sgd"
    lr: float = rate(1e-3)
    momentum: float = setting(
        0.0, title="Momentum", description="Share of the last update that is kept.", live=True, ge=0, lt=1
    )
    dampening: float = setting(
        0.0, title="Dampening", description="Share of the gradient kept out of the momentum.", live=True, ge=0, le=1
    )
    weight_decay: float = weight_decay_setting()
    nesterov: bool = setting(
        False, title="Nesterov", description="Looks one step ahead; needs momentum and no dampening.", live=True
    )
    maximize: bool = maximize_setting()
    implementation: FusedImplementation = implementation_setting()

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> SGD:
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise FieldError("nesterov", "Nesterov needs a momentum above 0 and a dampening of 0")
        return self

    def update_rule(self) -> UpdateRule:
        draft = RuleDraft(self)
        draft.decay()
        if not self.momentum:
            return draft.subtract("lr*g")
        draft.use("momentum")
        share = ""
        if self.dampening:
            draft.use("dampening")
            draft.scalar("share", "where(step == 0, 1.0, 1 - dampening)")
            share = "share*"
        draft.keep("v", f"momentum*v + {share}g")
        return draft.subtract("lr*(g + momentum*v)" if self.nesterov else "lr*v")


class HandDescent(Optimizer):
    label: ClassVar[str] = "By hand"
    about: ClassVar[str] = "Gradient descent as a learner writes it, outside the graph, without torch.optim."
    torch_name: ClassVar[str] = "HandStep"
    by_hand: ClassVar[bool] = True
    kind: Literal["by_hand"] = "by_hand"
    lr: float = rate(1e-3)
    rounding: Literal["once", "twice"] = setting(
        "once",
        title="Rounding",
        description="Once: p.sub_(p.grad, alpha=lr), bit for bit what SGD does. Twice: p -= lr * p.grad, which rounds "
        "the product first and may differ in the last bit.",
        live=True,
    )

    def build(self, parameters: Iterable[nn.Parameter] | Iterable[dict[str, Any]]) -> TorchOptimizer:
        from gradviz.core.optimizers.hand_step import HandStep

        return HandStep(parameters, **self.keywords)

    @property
    def rounds_once(self) -> bool:
        return self.rounding == "once"

    def update_rule(self) -> UpdateRule:
        return RuleDraft(self).subtract("lr*g")


class ASGD(Optimizer):
    label: ClassVar[str] = "ASGD"
    about: ClassVar[str] = "Gradient descent with a shrinking step, which keeps a mean of its path besides."
    torch_name: ClassVar[str] = "ASGD"
    keeps_singles: ClassVar[bool] = True
    follows_rate: ClassVar[bool] = False
    kind: Literal["asgd"] = "asgd"
    lr: float = rate(1e-2, "The size of the first step; a change counts from the second step after it.")
    lambd: float = setting(1e-4, title="Decay", description="How fast the step shrinks.", live=True, ge=0, le=1e3)
    alpha: float = setting(
        0.75, title="Alpha", description="The power with which the step shrinks.", live=True, ge=0, le=10
    )
    t0: float = setting(
        1e6, title="Mean from", description="The step from which on the path is averaged.", live=True, ge=0, le=1e12
    )
    weight_decay: float = weight_decay_setting()
    maximize: bool = maximize_setting()
    implementation: Implementation = implementation_setting()

    def update_rule(self) -> UpdateRule:
        draft = RuleDraft(self)
        draft.decay()
        draft.use("lambd", "alpha")
        draft.scalar("eta", "lr/(1 + lambd*lr*step)**alpha", single="value")
        return draft.subtract("eta*(lambd*p + g)")


class Rprop(Optimizer):
    label: ClassVar[str] = "Rprop"
    about: ClassVar[str] = "Looks at the sign of the gradient alone: the step grows as long as the sign stays."
    torch_name: ClassVar[str] = "Rprop"
    follows_rate: ClassVar[bool] = False
    kind: Literal["rprop"] = "rprop"
    lr: float = setting(
        1e-2,
        title="First step",
        description="The size of the first step of every parameter; torch reads it there alone, so that a schedule "
        "changes nothing later.",
        ge=0,
        le=1e6,
    )
    etas: Pair = setting(
        (0.5, 1.2),
        title="Etas",
        description="What a step is multiplied by after a turn (above 0, below 1) and without one (above 1).",
        live=True,
    )
    step_sizes: Pair = setting(
        (1e-6, 50.0), title="Step sizes", description="The smallest and the largest step.", live=True
    )
    maximize: bool = maximize_setting()
    implementation: Implementation = implementation_setting()

    @model_validator(mode="after")
    def _pairs_in_order(self) -> Rprop:
        if not 0 < self.etas[0] < 1 < self.etas[1]:
            raise FieldError("etas", "the first must lie between 0 and 1, the second above 1")
        if not 0 < self.step_sizes[0] <= self.step_sizes[1]:
            raise FieldError("step_sizes", "must be above 0, the smaller one first")
        return self

    def update_rule(self) -> UpdateRule:
        draft = RuleDraft(self)
        draft.settings["eta_minus"], draft.settings["eta_plus"] = self.etas
        draft.settings["smallest"], draft.settings["largest"] = self.step_sizes
        draft.begin("before")
        draft.begin("size", "lr")
        draft.line("turn", "sign(g*before)")
        draft.line("factor", "where(turn > 0, eta_plus + 0*g, where(turn < 0, eta_minus + 0*g, 1 + 0*g))")
        draft.keep("size", "clamp(size*factor, smallest, largest)")
        draft.keep("before", "where(turn < 0, 0*g, g)")
        return draft.subtract("size*sign(before)")


class LBFGS(Optimizer):
    label: ClassVar[str] = "LBFGS"
    about: ClassVar[str] = "Guesses the curvature from the last gradients; evaluates several times a step."
    formula: ClassVar[str] = "p = p - t*H*g,  H from the last history_size pairs of steps and changes of g"
    torch_name: ClassVar[str] = "LBFGS"
    has_groups: ClassVar[bool] = False
    elementwise: ClassVar[bool] = False
    needs_closure: ClassVar[bool] = True
    kind: Literal["lbfgs"] = "lbfgs"
    lr: float = rate(1.0, "The length of a step along the direction, or the first try of the line search.")
    max_iter: int = setting(
        20, title="Iterations", description="The most inner iterations of one step.", live=True, ge=1, le=10_000
    )
    max_eval: int = setting(
        0,
        title="Evaluations",
        description="The most evaluations of one step; 0 is torch's own 5/4 of the iterations.",
        live=True,
        ge=0,
        le=100_000,
    )
    tolerance_grad: float = setting(
        1e-7,
        title="Flat enough",
        description="Below this largest gradient a step does nothing.",
        live=True,
        ge=0,
        le=1.0,
    )
    tolerance_change: float = setting(
        1e-9, title="Least change", description="A change below this ends the step.", live=True, ge=0, le=1.0
    )
    history_size: int = setting(
        100, title="History", description="How many pairs of steps and gradients are kept.", ge=1, le=1000
    )
    line_search_fn: Literal["none", "strong_wolfe"] = setting(
        "none", title="Line search", description="How the length of a step is found; none takes lr.", live=True
    )

    @property
    def keywords(self) -> dict[str, Any]:
        found = super().keywords
        found["max_eval"] = self.max_eval or self.max_iter * 5 // 4
        found["line_search_fn"] = None if self.line_search_fn == "none" else self.line_search_fn
        return found


class Muon(Optimizer):
    label: ClassVar[str] = "Muon"
    about: ClassVar[str] = "Makes the momentum of a matrix orthogonal: every direction gets a step of one length."
    formula: ClassVar[str] = (
        "m = lerp(m, g, 1 - momentum);  O = NewtonSchulz(m, or with Nesterov lerp(g, m, momentum));  "
        "p = (1 - lr*weight_decay)*p - lr'*O"
    )
    torch_name: ClassVar[str] = "Muon"
    elementwise: ClassVar[bool] = False
    kind: Literal["muon"] = "muon"
    lr: float = rate(1e-3)
    weight_decay: float = weight_decay_setting(0.1)
    momentum: float = setting(
        0.95, title="Momentum", description="Share of the last mean that is kept.", live=True, ge=0, lt=1
    )
    nesterov: bool = setting(True, title="Nesterov", description="Looks one step ahead.", live=True)
    ns_coefficients: tuple[float, float, float] = setting(
        (3.4445, -4.775, 2.0315),
        title="Coefficients",
        description="a, b and c of the iteration X = a*X + (b*A + c*A*A)*X with A = X*X'.",
        live=True,
    )
    eps: float = setting(
        1e-7, title="Epsilon", description="The least norm that the momentum is divided by.", live=True, ge=0, le=1.0
    )
    ns_steps: int = setting(
        5, title="Iterations", description="Newton-Schulz iterations of one step.", live=True, ge=1, le=99
    )
    adjust_lr_fn: Literal["original", "match_rms_adamw"] = setting(
        "original",
        title="Rate by shape",
        description="The rate times sqrt(max(1, rows/columns)), or times 0.2*sqrt(max(rows, columns)) as for AdamW.",
        live=True,
    )

    def refusal(self, shapes: Mapping[str, tuple[int, ...]]) -> str:
        for name, shape in shapes.items():
            if len(shape) != 2:
                return (
                    f"Muon trains matrices alone, and {name} has the shape ({', '.join(map(str, shape))}): choose "
                    "another optimiser, or a model without biases."
                )
        return ""
