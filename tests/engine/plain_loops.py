"""Training as a person writes it with PyTorch alone: the oracle of every optimiser, schedule and mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from engine_support import formula
from torch import nn
from torch.optim import lr_scheduler

from gradviz.core.objectives.catalogue import FormulaObjective
from gradviz.core.optimizers import catalogue as ours
from gradviz.core.optimizers import schedule_catalogue as plans

STEPS = 40
X = ((1.0, -0.5), (0.25, 2.0), (-1.5, 0.75))
Y = ((1.0, 0.0, 2.0), (0.5, -1.0, 1.0), (0.0, 3.0, -2.0))
W = ((0.1, -0.2, 0.3), (0.4, 0.5, -0.6))
MATRIX: FormulaObjective = formula(
    "error = x@w - y\nloss = mean(error*error) + 0.1*sum(w**4)", constants=("x", "y"), x=X, y=Y, w=W
)
"""A matrix of six parameters, so that every optimiser can train it; not quadratic, so that curvature changes."""

Build = Callable[[list[nn.Parameter]], torch.optim.Optimizer]
RULES: dict[str, tuple[ours.Optimizer, Build]] = {
    "sgd": (
        ours.SGD(lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.01),
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.01),
    ),
    "fused": (
        ours.SGD(lr=0.05, momentum=0.8, dampening=0.2, implementation="fused"),
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, dampening=0.2, fused=True),
    ),
    "climbing": (ours.SGD(lr=1e-3, maximize=True), lambda p: torch.optim.SGD(p, lr=1e-3, maximize=True)),
    "asgd": (ours.ASGD(lr=0.05, t0=5.0), lambda p: torch.optim.ASGD(p, lr=0.05, t0=5.0)),
    "adadelta": (ours.Adadelta(rho=0.8), lambda p: torch.optim.Adadelta(p, rho=0.8)),
    "adagrad": (ours.Adagrad(lr=0.1, lr_decay=0.01), lambda p: torch.optim.Adagrad(p, lr=0.1, lr_decay=0.01)),
    "adafactor": (
        ours.Adafactor(lr=0.1, eps=(1e-8, 1e-2), d=2.0),
        lambda p: torch.optim.Adafactor(p, lr=0.1, eps=(1e-8, 1e-2), d=2.0),
    ),
    "adam": (
        ours.Adam(lr=0.05, amsgrad=True, decoupled_weight_decay=True, weight_decay=0.1),
        lambda p: torch.optim.Adam(p, lr=0.05, amsgrad=True, decoupled_weight_decay=True, weight_decay=0.1),
    ),
    "adam fused": (ours.Adam(lr=0.05, implementation="fused"), lambda p: torch.optim.Adam(p, lr=0.05, fused=True)),
    "adamw": (ours.AdamW(lr=0.05), lambda p: torch.optim.AdamW(p, lr=0.05)),
    "adamax": (
        ours.Adamax(lr=0.05, implementation="for-loop"),
        lambda p: torch.optim.Adamax(p, lr=0.05, foreach=False),
    ),
    "nadam": (ours.NAdam(lr=0.05, momentum_decay=0.1), lambda p: torch.optim.NAdam(p, lr=0.05, momentum_decay=0.1)),
    "radam": (ours.RAdam(lr=0.05), lambda p: torch.optim.RAdam(p, lr=0.05)),
    "rmsprop": (
        ours.RMSprop(lr=0.01, momentum=0.5, centered=True, implementation="foreach"),
        lambda p: torch.optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True, foreach=True),
    ),
    "rprop": (ours.Rprop(lr=0.02, etas=(0.4, 1.3)), lambda p: torch.optim.Rprop(p, lr=0.02, etas=(0.4, 1.3))),
    "lbfgs": (
        ours.LBFGS(lr=0.3, max_iter=4, history_size=3),
        lambda p: torch.optim.LBFGS(p, lr=0.3, max_iter=4, history_size=3),
    ),
    "lbfgs searching": (
        ours.LBFGS(max_iter=2, line_search_fn="strong_wolfe"),
        lambda p: torch.optim.LBFGS(p, max_iter=2, line_search_fn="strong_wolfe"),
    ),
    "muon": (
        ours.Muon(lr=0.02, ns_steps=3, adjust_lr_fn="match_rms_adamw"),
        lambda p: torch.optim.Muon(p, lr=0.02, ns_steps=3, adjust_lr_fn="match_rms_adamw"),
    ),
}

Plan = Callable[[torch.optim.Optimizer], Any]
PLANS: dict[str, tuple[plans.Schedule, Plan]] = {
    "none": (plans.NoSchedule(), lambda o: None),
    "lambda": (
        plans.Lambda(lr_lambda="where(step < 9, 1, 0.95 ** step)"),
        lambda o: lr_scheduler.LambdaLR(o, lambda step: 1 if step < 9 else 0.95**step),
    ),
    "multiplicative": (
        plans.Multiplicative(lr_lambda="1 - 1 / (step + 5)"),
        lambda o: lr_scheduler.MultiplicativeLR(o, lambda step: 1 - 1 / (step + 5)),
    ),
    "step": (plans.StepDecay(step_size=7, gamma=0.5), lambda o: lr_scheduler.StepLR(o, 7, gamma=0.5)),
    "multi step": (
        plans.MultiStep(milestones=(5, 20), gamma=0.3),
        lambda o: lr_scheduler.MultiStepLR(o, [5, 20], gamma=0.3),
    ),
    "constant": (plans.ConstantFactor(total_iters=9), lambda o: lr_scheduler.ConstantLR(o, total_iters=9)),
    "linear": (plans.Linear(total_iters=11), lambda o: lr_scheduler.LinearLR(o, total_iters=11)),
    "exponential": (plans.Exponential(gamma=0.97), lambda o: lr_scheduler.ExponentialLR(o, 0.97)),
    "polynomial": (
        plans.Polynomial(total_iters=30, power=2.0),
        lambda o: lr_scheduler.PolynomialLR(o, total_iters=30, power=2.0),
    ),
    "cosine": (
        plans.CosineAnnealing(T_max=15, eta_min=1e-3),
        lambda o: lr_scheduler.CosineAnnealingLR(o, 15, eta_min=1e-3),
    ),
    "restarts": (
        plans.CosineWarmRestarts(T_0=6, T_mult=2),
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 6, T_mult=2),
    ),
    "cyclic": (
        plans.Cyclic(base_lr=1e-3, max_lr=0.03, step_size_up=5, step_size_down=8, mode="triangular2"),
        lambda o: lr_scheduler.CyclicLR(o, 1e-3, 0.03, 5, 8, mode="triangular2", cycle_momentum=False),
    ),
    "cyclic by formula": (
        plans.Cyclic(base_lr=1e-3, max_lr=0.03, step_size_up=5, scale_fn="1 / x", scale_mode="cycle"),
        lambda o: lr_scheduler.CyclicLR(o, 1e-3, 0.03, 5, scale_fn=lambda x: 1 / x, cycle_momentum=False),
    ),
    "one cycle": (
        plans.OneCycle(max_lr=0.05, anneal_strategy="linear", three_phase=True),
        lambda o: lr_scheduler.OneCycleLR(
            o, 0.05, total_steps=STEPS, anneal_strategy="linear", three_phase=True, cycle_momentum=False
        ),
    ),
    "plateau": (
        plans.ReduceOnPlateau(factor=0.5, patience=1, threshold=0.05, cooldown=2),
        lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=1, threshold=0.05, cooldown=2),
    ),
    "sequential": (
        plans.Sequential(
            schedules=(plans.Linear(total_iters=6), plans.CosineWarmRestarts(T_0=5), plans.Exponential(gamma=0.9)),
            milestones=(6, 20),
        ),
        lambda o: lr_scheduler.SequentialLR(
            o,
            [
                lr_scheduler.LinearLR(o, total_iters=6),
                lr_scheduler.CosineAnnealingWarmRestarts(o, 5),
                lr_scheduler.ExponentialLR(o, 0.9),
            ],
            [6, 20],
        ),
    ),
    "chained": (
        plans.Chained(schedules=(plans.ConstantFactor(total_iters=9), plans.Exponential(gamma=0.95))),
        lambda o: lr_scheduler.ChainedScheduler(
            [lr_scheduler.ConstantLR(o, total_iters=9), lr_scheduler.ExponentialLR(o, 0.95)], o
        ),
    ),
}
MOVING: dict[str, tuple[plans.Schedule, Plan]] = {
    "cyclic momentum": (
        plans.Cyclic(base_lr=1e-3, max_lr=0.03, step_size_up=5, cycle_momentum=True, mode="exp_range", gamma=0.98),
        lambda o: lr_scheduler.CyclicLR(o, 1e-3, 0.03, 5, mode="exp_range", gamma=0.98),
    ),
    "one cycle momentum": (
        plans.OneCycle(max_lr=0.05, cycle_momentum=True),
        lambda o: lr_scheduler.OneCycleLR(o, 0.05, total_steps=STEPS),
    ),
}
"""Schedules that move the momentum or the first beta as well."""


def matrix_problem(dtype: torch.dtype) -> tuple[nn.Parameter, Callable[[], torch.Tensor]]:
    """The parameter and the loss of MATRIX."""
    w = nn.Parameter(torch.tensor(W, dtype=dtype))
    x, y = torch.tensor(X, dtype=dtype), torch.tensor(Y, dtype=dtype)

    def loss() -> torch.Tensor:
        error = x @ w - y
        return (error * error).mean() + 0.1 * (w**4).sum()

    return w, loss


def plain_run(
    build: Build,
    plan: Plan,
    dtype: torch.dtype,
    steps: int = STEPS,
    edit: tuple[int, dict[str, Any]] = (-1, {}),
) -> list[tuple[float, list[Any], float]]:
    """Loss, parameters and learning rate at the steps 0 to `steps` of a loop without gradviz.

    `edit` is a step, and what is written into the optimiser's group there.
    """
    w, loss_of = matrix_problem(dtype)
    optimizer = build([w])
    scheduler = plan(optimizer)
    seen: list[tuple[float, list[Any], float]] = []

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        return loss

    for step in range(steps):
        if step == edit[0]:
            optimizer.param_groups[0].update(edit[1])
        rate = float(optimizer.param_groups[0]["lr"])
        before = w.detach().clone()
        if isinstance(optimizer, torch.optim.LBFGS):
            loss = optimizer.step(closure)
        else:
            loss = closure()
            optimizer.step()
        seen.append((loss.item(), before.tolist(), rate))
        if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):
            scheduler.step(loss.item())
        elif scheduler is not None:
            scheduler.step()
    seen.append((loss_of().item(), w.detach().tolist(), float(optimizer.param_groups[0]["lr"])))
    return seen
