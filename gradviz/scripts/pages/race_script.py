"""Several optimisers of torch.optim over one start, one after the other: a function that trains, called for each."""

from __future__ import annotations

from gradviz.core.document.experiment import Experiment, optimizer_names
from gradviz.core.optimizers.catalogue import Optimizer
from gradviz.scripts.language.page import WIDTH, fitted
from gradviz.scripts.language.torch_calls import optimizer_call, scheduler_call
from gradviz.scripts.pages.torch_script import TorchScript, TorchSource
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

    def __init__(self, experiment: Experiment, source: TorchSource) -> None:
        super().__init__(experiment, source, experiment.optimizers[0])
        self.racers = dict(zip(optimizer_names(experiment), experiment.optimizers, strict=True))
        every = experiment.optimizers
        self.has_schedule = any(not one.schedule.is_constant for one in every)
        self.has_loss_schedule = any(one.schedule.needs_loss for one in every)
        self.has_closure = any(one.needs_closure for one in every)
        self.switches = {one.mistake.race_switch: one.mistake.leaves_out for one in every if one.mistake.race_switch}
        for one in every:
            self._check(one)

    def _check(self, one: Optimizer) -> None:
        if one.mistake.changes_loop and not one.mistake.race_switch:
            raise ScriptError(f"the mistake {one.mistake.label!r} is not known in a race.", "Keep one optimiser.")
        if one.by_hand and (self.has_closure or self.has_loss_schedule or not one.schedule.is_constant):
            raise ScriptError("an update by hand has no schedule or closure in a race.", "Keep one optimiser.")
        if self.has_loss_schedule and not all(other.schedule.needs_loss for other in self.racers.values()):
            raise ScriptError(
                "ReduceLROnPlateau beside another schedule is not known in a race.", "Keep one optimiser."
            )

    def body(self) -> list[str]:
        source = self.source
        given = ["make_optimizer", *(["make_scheduler=None"] if self.has_schedule else [])]
        given += [f"{switch}=True" for switch in self.switches]
        loop = ["for step in range(steps + 1):", *indented(self.step())]
        train = [*source.start(), *self.made(), *loop, *self.returned()]
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
        return ["", "def closure():", *indented([*self.evaluation(), f"return {self.source.loss}"]), ""]

    def evaluation(self) -> list[str]:
        lines = ["optimizer.zero_grad()", *self.source.forward(), *self.source.backward()]
        return [part for line in lines for part in self._switched(line)]

    def _switched(self, line: str) -> list[str]:
        """A line of the loop, under the switch of the mistake that leaves it out."""
        switch = next((name for name, left_out in self.switches.items() if line in left_out), "")
        return [f"if {switch}:", f"    {line}"] if switch else [line]

    def step(self) -> list[str]:
        loss = self.source.loss
        evaluated = [f"{loss} = closure()"] if self.has_closure else self.evaluation()
        choice = "optimizer.step(closure if isinstance(optimizer, torch.optim.LBFGS) else None)"
        update = [choice if self.has_closure else "optimizer.step()"]
        if self.has_schedule:
            stepped = f"scheduler.step({loss}.item())" if self.has_loss_schedule else "scheduler.step()"
            update += ["if scheduler:", f"    {stepped}"]
        end = [f"if step == steps or not {loss}.isfinite():", "    break"]
        return [*self.source.batch(), *evaluated, *end, *update]

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
            "}",
        ]

    def calls(self) -> list[str]:
        """One call for each optimiser."""
        lines = []
        for name, optimizer in self.racers.items():
            made = _by_hand_call(optimizer) if optimizer.by_hand else optimizer_call(optimizer, "parameters")
            given = [f"lambda parameters: {made}"]
            scheduler = scheduler_call(optimizer, self.experiment.steps)
            given += [f"lambda optimizer: {scheduler}"] if scheduler else []
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
