"""Several optimisers of torch.optim over one start, one after the other: a function that trains, called for each."""

from __future__ import annotations

from collections.abc import Sequence

from gradviz.core.document.experiment import Experiment, optimizer_names
from gradviz.core.optimizers.catalogue import Optimizer
from gradviz.scripts.language.page import WIDTH, fitted
from gradviz.scripts.language.torch_calls import Changes, changes_text, optimizer_call, scheduler_call
from gradviz.scripts.pages.torch_script import TorchScript, asked_lines, in_singles
from gradviz.scripts.pages.torch_sources import TorchSource
from gradviz.scripts.problems import ScriptError
from gradviz.scripts.steps.loops import indented

_BY_HAND = '''
class ByHand:
    """Gradient descent outside the graph, without torch.optim."""

    def __init__(self, parameters, lr):
        self.parameters, self.lr = list(parameters), lr

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self):
        for p in self.parameters:
            {update}
'''


class RaceScript(TorchScript):
    """The loop of one optimiser as a function of what makes it."""

    def __init__(self, experiment: Experiment, source: TorchSource, changes: Sequence[Changes]) -> None:
        super().__init__(experiment, source, experiment.optimizers[0], {})
        self.changes_of_each = changes
        self.racers = dict(zip(optimizer_names(experiment), experiment.optimizers, strict=True))
        every = experiment.optimizers
        self.has_schedule = any(not one.schedule.is_constant for one in every)
        self.has_loss_schedule = any(one.schedule.needs_loss for one in every)
        self.has_closure = any(one.needs_closure for one in every)
        self.carries_closure = any(one.needs_closure and one.mistake.carries for one in every)
        self.has_clipping = any(one.clipping.torch_name for one in every)
        self.of_singles = next((one for one in every if one.keeps_singles and experiment.dtype == "float64"), None)
        self.switches = {one.mistake.race_switch: one.mistake.leaves_out for one in every if one.mistake.race_switch}
        for one in every:
            self._check(one)
        if len({one.rounds_once for one in every if one.by_hand}) > 1:
            raise ScriptError("updates by hand race here that round differently.", "Keep one of them.")

    def _check(self, one: Optimizer) -> None:
        if self.source.scaler:
            raise ScriptError("a scaled loss is not known in a race.", "Keep one optimiser.")
        if self.source.groups(one):
            raise ScriptError("parameter groups are not known in a race.", "Keep one optimiser.")
        if one.mistake.changes_loop and not one.mistake.race_switch:
            raise ScriptError(f"the mistake {one.mistake.label!r} is not known in a race.", "Keep one optimiser.")
        if one.by_hand and any(self.changes_of_each):
            raise ScriptError("settings of a race with an update by hand were changed while it ran.", "Reset it.")
        if one.by_hand and (self.has_closure or self.has_loss_schedule or not one.schedule.is_constant):
            raise ScriptError("an update by hand has no schedule or closure in a race.", "Keep one optimiser.")
        if self.has_loss_schedule and not all(other.schedule.needs_loss for other in self.racers.values()):
            raise ScriptError(
                "ReduceLROnPlateau beside another schedule is not known in a race.", "Keep one optimiser."
            )

    def body(self) -> list[str]:
        source = self.source
        given = ["make_optimizer", *(["make_scheduler=None"] if self.has_schedule else [])]
        given += ["changes=None"] if any(self.changes_of_each) else []
        given += ["clip=None"] if self.has_clipping else []
        given += [f"{switch}=True" for switch in self.switches]
        loop = ["for step in range(steps + 1):", *indented(self.step())]
        train = [*source.start(), *self.made(), *self.held.begin(1), *loop, *self.held.after(), *self.returned()]
        return [
            *source.data(),
            f"steps = {self.experiment.steps}",
            *self.by_hand(),
            *["", "", f"def train({', '.join(given)}):", *indented(train)],
            *["", "", "results = {", *self.calls(), "}"],
            "first = next(iter(results.values()))",
            'print(json.dumps(first | {"optimizers": results}))',
        ]

    def by_hand(self) -> list[str]:
        """The class of the update by hand, where one races."""
        found = [one for one in self.racers.values() if one.by_hand]
        if not found:
            return []
        update = "p.sub_(p.grad, alpha=self.lr)" if found[0].rounds_once else "p -= self.lr * p.grad"
        return ["", *_BY_HAND.format(update=update).rstrip().split("\n")]

    def made(self) -> list[str]:
        lines = [f"optimizer = make_optimizer({self.source.parameters})"]
        if self.has_schedule:
            lines.append("scheduler = make_scheduler(optimizer) if make_scheduler else None")
        return [*lines, *self.closure()]

    def closure(self) -> list[str]:
        if not self.has_closure:
            return []
        # LBFGS calls it in the middle of an update, for which the default dtype may be another
        precise = ["torch.set_default_dtype(torch.float64)"] if self.of_singles else []
        inner = [*precise, *self.source.restored(), *self.evaluation(), f"return {self.source.loss}"]
        return ["", "def closure():", *indented(inner), *(asked_lines() if self.carries_closure else []), ""]

    def evaluation(self) -> list[str]:
        lines = ["optimizer.zero_grad()", *self.source.forward(), *self.source.backward()]
        return [part for line in lines for part in self._switched(line)]

    def _switched(self, line: str) -> list[str]:
        """A line of the loop, under the switch of the mistake that leaves it out."""
        switch = next((name for name, left_out in self.switches.items() if line in left_out), "")
        return [f"if {switch}:", f"    {line}"] if switch else [line]

    def step(self) -> list[str]:
        loss = self.source.loss
        evaluated = [*self.source.kept(), f"{loss} = closure()"] if self.has_closure else self.evaluation()
        label = self.of_singles.label if self.of_singles else ""
        changed = ["if changes:", "    optimizer.param_groups[0].update(changes.get(step, {}))"]
        update = changed if any(self.changes_of_each) else []
        update += ["if clip:", f"    clip({self.source.parameters})"] if self.has_clipping else []
        update += in_singles(self.updated(), self.of_singles is not None, label)
        if self.has_schedule:
            stepped = f"scheduler.step({loss}.item())" if self.has_loss_schedule else "scheduler.step()"
            update += ["if scheduler:", f"    {stepped}"]
        end = [f"if step == steps{self.held.ends} or not {loss}.isfinite():", "    break"]
        return [*self.source.batch(), *evaluated, *self.held.look(), *end, *self.held.stop(), *update]

    def updated(self) -> list[str]:
        if not self.has_closure:
            return ["optimizer.step()"]
        asked = "asked" if self.carries_closure else "closure"
        known = [f"known = [{self.source.loss}]"] if self.carries_closure else []
        return [*known, f"optimizer.step({asked} if isinstance(optimizer, torch.optim.LBFGS) else None)"]

    def returned(self) -> list[str]:
        """What a run ends with."""
        parameters, gradients = (_text(values) for values in self.source.result())
        loss = f"{self.source.loss}.item()"
        return [
            *fitted(f'print(f"{{type(optimizer).__name__}}  {self.source.caption} {{{loss}:.7g}}")'),
            "return {",
            f'    "loss": {loss},',
            f'    "parameters": {parameters},',
            f'    "gradients": {gradients},',
            *(f'    "{key}": {value},' for key, value in self.held.entries().items()),
            "}",
        ]

    def calls(self) -> list[str]:
        """One call for each optimiser."""
        lines = []
        for (name, optimizer), changes in zip(self.racers.items(), self.changes_of_each, strict=True):
            made = _by_hand_call(optimizer) if optimizer.by_hand else optimizer_call(optimizer, "parameters")
            given = [f"lambda parameters: {made}"]
            scheduler = scheduler_call(optimizer, self.experiment.steps)
            given += [f"lambda optimizer: {scheduler}"] if scheduler else []
            given += [f"changes={changes_text(changes)}"] if changes else []
            clipped = optimizer.clipping.code("parameters")
            given += [f"clip=lambda parameters: {clipped}"] if clipped else []
            given += [f"{optimizer.mistake.race_switch}=False"] if optimizer.mistake.race_switch else []
            line = f'    "{name}": train({", ".join(given)}),'
            is_long = len(line) > WIDTH
            lines += [f'    "{name}": train(', *(f"        {part}," for part in given), "    ),"] if is_long else [line]
        return lines


def _by_hand_call(optimizer: Optimizer) -> str:
    return f"ByHand(parameters, lr={optimizer.keywords['lr']!r})"


def _text(values: dict[str, str] | str) -> str:
    if isinstance(values, str):
        return values
    return "{" + ", ".join(f'"{key}": {value}' for key, value in values.items()) + "}"
