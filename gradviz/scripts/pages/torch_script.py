"""The dialects that hold a model in torch: nn and optim, and autograd with the update by hand over a model."""

from __future__ import annotations

from collections.abc import Sequence

from gradviz.core.document.experiment import Experiment
from gradviz.core.optimizers.catalogue import Optimizer
from gradviz.core.optimizers.update_rule import UpdateRule
from gradviz.scripts.language.dialects import TORCH
from gradviz.scripts.language.expressions import Printer
from gradviz.scripts.language.page import fitted
from gradviz.scripts.language.torch_calls import Changes, changes_lines, optimizer_call, scheduler_call
from gradviz.scripts.pages.torch_sources import TorchSource
from gradviz.scripts.problems import ScriptError
from gradviz.scripts.steps.held_out import HeldOut
from gradviz.scripts.steps.loops import (
    UpdatePrinter,
    fused,
    indented,
    loop_over,
    progress_lines,
    result_lines,
    scalar_lines,
    settings_lines,
    state_lines,
)


class TorchScript:
    """A source and an optimiser of torch.optim as a training loop."""

    def __init__(self, experiment: Experiment, source: TorchSource, optimizer: Optimizer, changes: Changes) -> None:
        self.experiment = experiment
        self.source = source
        self.optimizer = optimizer
        self.changes = changes
        self.held = source.held_out()

    def body(self) -> list[str]:
        """Everything below the imports."""
        source, steps = self.source, self.experiment.steps
        top = [*source.data(), *source.start(), *self.made()]
        loop = ["for step in range(steps + 1):", *indented(self.step())]
        end = result_lines(f"{source.loss}.item()", *source.result(), self.held.entries())
        begin, after = self.held.begin(), [*self.held.after(), *source.after()]
        return [*top, *begin, "", f"steps = {steps}", *loop, *after, "", *end]

    def made(self) -> list[str]:
        """Optimiser and scheduler."""
        groups = self.source.groups(self.optimizer)
        if groups and self.changes:
            raise ScriptError("settings of parameter groups were changed while the run went on.", "Reset it.")
        over = "groups" if groups else self.source.parameters
        made = [*groups, *fitted(f"optimizer = {optimizer_call(self.optimizer, over)}")]
        scheduler = scheduler_call(self.optimizer, self.experiment.steps)
        made += [f"scaler = {self.source.scaler}"] if self.source.scaler else []
        made += fitted(f"scheduler = {scheduler}") if scheduler else []
        return [*made, *changes_lines(self.changes), *self.closure()]

    def closure(self) -> list[str]:
        """What LBFGS calls as often as it wants."""
        if not self.optimizer.needs_closure:
            return []
        inner = [*self.source.restored(), *self.evaluation(), f"return {self.source.loss}"]
        asked = ["", *asked_lines()] if self.optimizer.mistake.carries else []
        return ["", "", "def closure():", *indented(inner), *asked, ""]

    def step(self) -> list[str]:
        """One turn of the loop."""
        source, needs_closure = self.source, self.optimizer.needs_closure
        loss = source.loss
        evaluated = [*source.kept(), f"{loss} = closure()"] if needs_closure else self.evaluation()
        changed = ["optimizer.param_groups[0].update(changes.get(step, {}))"] if self.changes else []
        keeps_singles = self.optimizer.keeps_singles and self.experiment.dtype == "float64"
        clipped = [line for line in [self.optimizer.clipping.code(source.parameters)] if line]
        update = [*clipped, *in_singles(self.updated(), keeps_singles, self.optimizer.label)]
        schedule = self.optimizer.schedule
        if not schedule.is_constant:
            update.append(f"scheduler.step({loss}.item())" if schedule.needs_loss else "scheduler.step()")
        end = ends(self.experiment.steps, loss, source.caption, self.held)
        return [*source.batch(), *evaluated, *self.held.look(), *end, *self.held.stop(), *changed, *update]

    def updated(self) -> list[str]:
        """The update of all parameters."""
        if self.source.scaler:
            return ["scaler.step(optimizer)", "scaler.update()"]
        if not self.optimizer.needs_closure:
            return ["optimizer.step()"]
        if self.optimizer.mistake.carries:
            return [f"known = [{self.source.loss}]", "optimizer.step(asked)"]
        return ["optimizer.step(closure)"]

    def evaluation(self) -> list[str]:
        """Zeroing, forward and backward: with the mistake that is made on purpose."""
        return self.optimizer.mistake.evaluation_lines(self.source.forward(), self.source.backward())


def asked_lines() -> list[str]:
    """Another evaluation would add to the gradients once more, and the first that LBFGS asks for has been made."""
    return ["", "def asked():  # LBFGS asks first for what is known", "    return known.pop() if known else closure()"]


def in_singles(update: list[str], keeps_singles: bool, label: str) -> list[str]:
    """An update for which torch's default dtype is that of the run."""
    if not keeps_singles:
        return update
    before = f"torch.set_default_dtype(torch.float32)  # in which the run keeps some of {label}'s numbers"
    return [before, *update, "torch.set_default_dtype(torch.float64)"]


class HandTorchScript(TorchScript):
    """A source with the update by hand: PyTorch gives the gradients alone."""

    def __init__(self, experiment: Experiment, source: TorchSource, optimizer: Optimizer, rule: UpdateRule) -> None:
        super().__init__(experiment, source, optimizer, {})
        if source.scaler:
            raise ScriptError("a scaled loss is not known by hand.", "PyTorch nn + optim has it.")
        if source.groups(optimizer):
            raise ScriptError("parameter groups are not known by hand.", "PyTorch nn + optim has them.")
        self.rule = rule
        self.update = UpdatePrinter(rule, Printer(TORCH, experiment.dtype, {}))

    def made(self) -> list[str]:
        over = self.source.parameters
        listed = over if over.startswith("[") else f"list({over})"
        state = state_lines(
            self.rule, lambda first: f"torch.{'zeros_like(p)' if first == '0' else f'full_like(p, {first})'}"
        )
        return [f"parameters = {listed}", *settings_lines(self.rule.settings), *state]

    def step(self) -> list[str]:
        source = self.source
        subtract = fused if self.optimizer.rounds_once else plainly
        lines = self.update.lines(lambda name, value: f"{name} = {value}", subtract, "p.grad")
        update = [loop_over("", self.update.needs_index), *indented(lines)]
        clipped = [line for line in [self.optimizer.clipping.code("parameters")] if line]
        zeroed = ["for p in parameters:", "    p.grad = None"]
        return [
            *source.batch(),
            *source.forward(),
            *source.backward(),
            *self.held.look(),
            *ends(self.experiment.steps, source.loss, source.caption, self.held),
            *self.held.stop(zeroed),
            *scalar_lines(self.rule, TORCH),
            *clipped,
            "with torch.no_grad():",
            *indented(update),
            *zeroed,
        ]


def plainly(name: str, value: str) -> str:
    """``p -= value``."""
    return f"{name} -= {value}"


def ends(steps: int, loss: str, caption: str, held: HeldOut) -> Sequence[str]:
    """A line of progress, and the end of the loop."""
    return [
        *progress_lines(steps, loss, caption, held.told),
        f"if step == steps{held.ends} or not {loss}.isfinite():",
        "    break",
    ]
