"""The update rules of optimisers by hand, in the notation of formulas: what a script writes without torch.optim.

Sources: the algorithms in the documentation of torch.optim. Per step `scalars` are computed from `step`, which
counts from 0; per parameter `lines` from its gradient g and its state; the last is what is subtracted from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradviz.core.optimizers.catalogue import Optimizer
from gradviz.scripts.problems import ScriptError

Text = tuple[str, str]


@dataclass(frozen=True)
class Rule:
    """`settings` by their names in the script; `state` with its first value (a setting's name or a number).

    `running` are scalars that go on from step to step, with their first value.
    """

    settings: dict[str, Any]
    state: dict[str, str]
    scalars: tuple[Text, ...]
    lines: tuple[Text, ...]
    subtract: str
    running: dict[str, str]

    @property
    def is_plain(self) -> bool:
        """Whether the update is one line: the gradient times a number."""
        return not self.state and not self.lines


def rule(optimizer: Optimizer) -> Rule:
    """The update of `optimizer`; ScriptError where none is known by hand."""
    made = _RULES.get(optimizer.kind)
    if made is None:
        label = type(optimizer).label
        raise ScriptError(f"The update of {label} by hand is not known.", "PyTorch nn + optim has it.")
    found = _Draft(optimizer)
    made(found)
    return found.finished()


class _Draft:
    """Collects a rule; a setting is named in the script only where it is used."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.state: dict[str, str] = {}
        self.running: dict[str, str] = {}
        self.scalars: list[Text] = []
        self.lines: list[Text] = []
        self.subtract = "lr*g"
        self.settings: dict[str, Any] = {"lr": self.value("lr")}
        if self.value("maximize"):
            self.line("g", "-g")

    def value(self, name: str) -> Any:
        return getattr(self.optimizer, name, None)

    def use(self, *names: str) -> None:
        """Name settings of the optimiser in the script."""
        for name in names:
            self.settings[name] = self.value(name)

    def betas(self) -> None:
        self.settings["beta1"], self.settings["beta2"] = self.value("betas")

    def line(self, name: str, text: str) -> None:
        self.lines.append((name, text))

    def keep(self, name: str, text: str, first: str = "0") -> None:
        """A line whose value is kept for the next step."""
        self.state.setdefault(name, first)
        self.line(name, text)

    def scalar(self, name: str, text: str) -> None:
        self.scalars.append((name, text))

    def decay(self) -> None:
        """Weight decay as torch adds it to the gradient."""
        if self.value("weight_decay"):
            self.use("weight_decay")
            self.line("g", "g + weight_decay*p")

    def finished(self) -> Rule:
        scalars, lines = tuple(self.scalars), tuple(self.lines)
        return Rule(self.settings, self.state, scalars, lines, self.subtract, self.running)


def _by_hand(draft: _Draft) -> None:
    """p -= lr * g."""


def _sgd(draft: _Draft) -> None:
    draft.decay()
    if not draft.value("momentum"):
        return
    draft.use("momentum")
    share = ""
    if draft.value("dampening"):
        draft.use("dampening")
        draft.scalar("share", "where(step == 0, 1.0, 1 - dampening)")
        share = "share*"
    draft.keep("v", f"momentum*v + {share}g")
    draft.subtract = "lr*(g + momentum*v)" if draft.value("nesterov") else "lr*v"


def _moments(draft: _Draft) -> None:
    draft.betas()
    draft.use("eps")
    draft.keep("m", "beta1*m + (1 - beta1)*g")
    draft.keep("v", "beta2*v + (1 - beta2)*g**2")


def _corrections(draft: _Draft) -> None:
    draft.scalar("correction1", "1 - beta1**(step + 1)")
    draft.scalar("correction2", "1 - beta2**(step + 1)")


def _adam_step(draft: _Draft) -> None:
    _moments(draft)
    _corrections(draft)
    largest = "v"
    if draft.value("amsgrad"):
        draft.keep("v_max", "maximum(v_max, v)")
        largest = "v_max"
    draft.subtract += f"lr*(m/correction1)/(sqrt({largest}/correction2) + eps)"


def _adam(draft: _Draft) -> None:
    decoupled = bool(draft.value("decoupled_weight_decay"))
    draft.subtract = ""
    if decoupled:
        _decoupled(draft)
    else:
        draft.decay()
    _adam_step(draft)


def _adamw(draft: _Draft) -> None:
    draft.subtract = ""
    _decoupled(draft)
    _adam_step(draft)


def _decoupled(draft: _Draft) -> None:
    """Weight decay beside the gradient: it is subtracted together with the step."""
    if draft.value("weight_decay"):
        draft.use("weight_decay")
        draft.subtract = "lr*weight_decay*p + "


def _rmsprop(draft: _Draft) -> None:
    draft.decay()
    draft.use("alpha", "eps")
    draft.keep("v", "alpha*v + (1 - alpha)*g**2")
    size = "sqrt(v)"
    if draft.value("centered"):
        draft.keep("m", "alpha*m + (1 - alpha)*g")
        size = "sqrt(v - m**2)"
    draft.subtract = f"lr*g/({size} + eps)"
    if draft.value("momentum"):
        draft.use("momentum")
        draft.keep("u", f"momentum*u + g/({size} + eps)")
        draft.subtract = "lr*u"


def _adagrad(draft: _Draft) -> None:
    draft.decay()
    draft.use("eps")
    rate = "lr"
    if draft.value("lr_decay"):
        draft.use("lr_decay")
        draft.scalar("rate", "lr/(1 + step*lr_decay)")
        rate = "rate"
    draft.keep("s", "s + g**2", repr(draft.value("initial_accumulator_value")))
    draft.subtract = f"{rate}*g/(sqrt(s) + eps)"


def _adadelta(draft: _Draft) -> None:
    draft.decay()
    draft.use("rho", "eps")
    draft.keep("v", "rho*v + (1 - rho)*g**2")
    draft.state["u"] = "0"
    draft.line("delta", "sqrt(u + eps)/sqrt(v + eps)*g")
    draft.keep("u", "rho*u + (1 - rho)*delta**2")
    draft.subtract = "lr*delta"


def _adamax(draft: _Draft) -> None:
    draft.decay()
    draft.betas()
    draft.use("eps")
    draft.keep("m", "beta1*m + (1 - beta1)*g")
    draft.keep("u", "maximum(beta2*u, abs(g) + eps)")
    draft.scalar("correction1", "1 - beta1**(step + 1)")
    draft.subtract = "lr/correction1*m/u"


def _nadam(draft: _Draft) -> None:
    draft.subtract = ""
    if draft.value("decoupled_weight_decay"):
        _decoupled(draft)
    else:
        draft.decay()
    _moments(draft)
    draft.use("momentum_decay")
    draft.running["product"] = "1.0"
    draft.scalar("mu", "beta1*(1 - 0.5*0.96**((step + 1)*momentum_decay))")
    draft.scalar("mu_next", "beta1*(1 - 0.5*0.96**((step + 2)*momentum_decay))")
    draft.scalar("product", "product*mu")
    draft.scalar("correction2", "1 - beta2**(step + 1)")
    draft.scalar("share_g", "(1 - mu)/(1 - product)")
    draft.scalar("share_m", "mu_next/(1 - product*mu_next)")
    draft.subtract += "lr*(share_g*g + share_m*m)/(sqrt(v/correction2) + eps)"


def _radam(draft: _Draft) -> None:
    draft.subtract = ""
    if draft.value("decoupled_weight_decay"):
        _decoupled(draft)
    else:
        draft.decay()
    _moments(draft)
    _corrections(draft)
    draft.scalar("rho_end", "2/(1 - beta2) - 1")
    draft.scalar("rho", "rho_end - 2*(step + 1)*beta2**(step + 1)/correction2")
    rectified = "sqrt(correction2*(rho - 4)*(rho - 2)*rho_end/((rho_end - 4)*(rho_end - 2)*rho))"
    draft.scalar("scale", f"where(rho > 5, {rectified}, 0.0)")
    draft.scalar("plain", "where(rho > 5, 0.0, 1.0)")
    draft.subtract += "lr*m/correction1*(plain + scale/(sqrt(v) + eps))"


def _rprop(draft: _Draft) -> None:
    draft.settings["eta_minus"], draft.settings["eta_plus"] = draft.value("etas")
    draft.settings["smallest"], draft.settings["largest"] = draft.value("step_sizes")
    draft.state["before"] = "0"
    draft.state["size"] = "lr"
    draft.line("turn", "sign(g*before)")
    draft.line("factor", "where(turn > 0, eta_plus + 0*g, where(turn < 0, eta_minus + 0*g, 1 + 0*g))")
    draft.keep("size", "clamp(size*factor, smallest, largest)")
    draft.keep("before", "where(turn < 0, 0*g, g)")
    draft.subtract = "size*sign(before)"


def _asgd(draft: _Draft) -> None:
    draft.decay()
    draft.use("lambd", "alpha")
    draft.scalar("eta", "lr/(1 + lambd*lr*step)**alpha")
    draft.subtract = "eta*(lambd*p + g)"


_RULES: dict[str, Callable[[_Draft], None]] = {
    "by_hand": _by_hand,
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adamw,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
    "adadelta": _adadelta,
    "adamax": _adamax,
    "nadam": _nadam,
    "radam": _radam,
    "rprop": _rprop,
    "asgd": _asgd,
}
