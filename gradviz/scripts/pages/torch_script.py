"""The dialects that hold a model in torch: nn and optim, and autograd with the update by hand over a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from gradviz.core.document.experiment import Experiment
from gradviz.core.objectives.catalogue import FitObjective, FormulaObjective
from gradviz.core.optimizers.catalogue import Optimizer
from gradviz.core.optimizers.update_rule import UpdateRule
from gradviz.core.questions.start import Start
from gradviz.scripts.language.dialects import TORCH
from gradviz.scripts.language.expressions import Printer
from gradviz.scripts.language.page import fitted, safe_names
from gradviz.scripts.language.sketch import Line, Sketch, reached, used_lines
from gradviz.scripts.language.tensors import TensorWriter
from gradviz.scripts.language.torch_calls import optimizer_call, scheduler_call
from gradviz.scripts.problems import ScriptError
from gradviz.scripts.steps.loops import (
    UpdatePrinter,
    batch_lines,
    fused,
    indented,
    loop_over,
    progress_lines,
    result_lines,
    scalar_lines,
    scaling,
    settings_lines,
    state_lines,
)


class TorchSource(ABC):
    """What is trained, in torch: its start, the way to the loss, and back."""

    loss: str
    caption: str
    """The name of the loss for a person."""
    parameters: str
    """What an optimiser is over."""

    @abstractmethod
    def data(self) -> list[str]:
        """What is made once."""

    @abstractmethod
    def start(self) -> list[str]:
        """What every optimiser has of its own."""

    def batch(self) -> list[str]:
        """The rows of a step."""
        return []

    @abstractmethod
    def forward(self) -> list[str]:
        """From parameters to the loss."""

    def backward(self) -> list[str]:
        """From the loss to the gradients."""
        return [f"{self.loss}.backward()"]

    @abstractmethod
    def result(self) -> tuple[dict[str, str] | str, dict[str, str] | str]:
        """What ends in the JSON: parameters and gradients."""

    def after(self) -> list[str]:
        """What follows the training."""
        return []


class FormulaSource(TorchSource):
    """A formula or a test function, its tensors as parameters."""

    def __init__(self, experiment: Experiment, sketch: Sketch, start: Start, detached: str) -> None:
        self.experiment = experiment
        self.sketch = sketch
        self.detached = detached
        lines = (*sketch.lines, *sketch.backward)
        self.names = safe_names([*(tensor.name for tensor in sketch.tensors), *(line.name for line in lines)])
        self.printer = Printer(TORCH, experiment.dtype, self.names)
        self.writer = TensorWriter(TORCH, experiment.dtype, experiment.seed, start, "torch")
        self.trained = frozenset(tensor.name for tensor in sketch.parameters)
        self.loss, self.caption = self.names[sketch.objective], sketch.objective
        self.parameters = f"[{', '.join(self.names[tensor.name] for tensor in sketch.parameters)}]"
        if detached and detached not in {line.name for line in sketch.lines[:-1]}:
            raise ScriptError(f"how {detached} is detached is not known.", "Detach one of the formula's lines.")

    def data(self) -> list[str]:
        return default_device(self.experiment)

    def start(self) -> list[str]:
        return self.writer.lines(self.sketch, self.names, self.trained)

    def forward(self) -> list[str]:
        return self._printed(used_lines(self.sketch, self.sketch.by_hand))

    def backward(self) -> list[str]:
        if not self.sketch.by_hand:
            return super().backward()
        given = [f"{self.names[one.name]}.grad = {self.names[f'd_{one.name}']}" for one in self.sketch.parameters]
        return ["with torch.no_grad():", *indented([*self._printed(self.sketch.backward), *given])]

    def _printed(self, lines: tuple[Line, ...]) -> list[str]:
        own = {f"d_{name}" for name in self.trained}
        texts = {
            line.name: (self.printer.own if line.name in own else self.printer.text)(line.expression) for line in lines
        }
        if self.detached in texts:
            texts[self.detached] = f"({texts[self.detached]}).detach()  # on purpose: no gradient passes"
        return [f"{self.names[name]} = {text}" for name, text in texts.items()]

    def result(self) -> tuple[dict[str, str], dict[str, str]]:
        names = {tensor.key: self.names[tensor.name] for tensor in self.sketch.parameters}
        used = {tensor.key for tensor in self.sketch.parameters if tensor.name in reached(self.sketch)}
        gradients = {key: f"{name}.grad.tolist()" for key, name in names.items() if key in used}
        return {key: f"{name}.tolist()" for key, name in names.items()}, gradients


class FitSource(TorchSource):
    """A model of layers, with its data and its loss."""

    def __init__(self, experiment: Experiment, objective: FitObjective, detached: str) -> None:
        self.experiment = experiment
        self.objective = objective
        self.is_line = len(objective.model) == 1 and objective.model[0].kind == "line"
        self.loss = self.caption = "loss"
        self.parameters = "[w, b]" if self.is_line else "model.parameters()"
        self.detached = detached
        if detached and not (detached.isdecimal() and int(detached) < len(objective.model) > 1):
            raise ScriptError(f"how {detached} is detached is not known.", "Detach one of the layers by its number.")

    def data(self) -> list[str]:
        objective, dtype = self.objective, self.experiment.dtype
        inputs = "x = torch.tensor(x)" if objective.data.vocabulary else f"x = torch.tensor(x, dtype=torch.{dtype})"
        is_elsewhere = self.experiment.device != "cpu"
        moved = (
            [f"device = {device_code(self.experiment)}", "x, y = x.to(device), y.to(device)"] if is_elsewhere else []
        )
        made = [part for line in objective.data.code(self.experiment.seed) for part in fitted(line)]
        lines = [*made, inputs, self._targets(), *scaling(self.experiment), *moved, ""]
        return [*lines, *self._definitions(), f"criterion = {objective.loss.code()}", *self._batches()]

    def _targets(self) -> str:
        data, dtype = self.objective.data, self.experiment.dtype
        if not data.is_labelled:
            return f"y = torch.tensor(y, dtype=torch.{dtype})"
        if self.objective.loss.wants == "labels":
            return "y = torch.tensor(y)"
        if self.objective.loss.wants == "binary":
            return f"y = torch.tensor(y, dtype=torch.{dtype}).unsqueeze(1)"
        return f"y = nn.functional.one_hot(torch.tensor(y), {data.outputs}).to(torch.{dtype})"

    def _definitions(self) -> list[str]:
        """Classes that torch.nn lacks."""
        lines: list[str] = []
        for layer in self.objective.model:
            given = list(layer.definition)
            if given and given[0] not in lines and not self.is_line:
                lines += ["", *given, "", ""]
        return lines

    def _batches(self) -> list[str]:
        return batch_lines(self.objective, self.experiment)

    def start(self) -> list[str]:
        if self.is_line:
            line = self.objective.model[0]
            place = "" if self.experiment.device == "cpu" else ", device=device"
            return [f"{name} = nn.Parameter(torch.tensor({getattr(line, name)!r}{place}))" for name in "wb"]
        mode = ["model.eval()  # as the experiment is set"] if self.objective.mode == "eval" else []
        moved = ["model.to(device)"] if self.experiment.device != "cpu" else []
        return [f"torch.manual_seed({self.experiment.seed})", *self._model(), *moved, *mode]

    def _model(self) -> list[str]:
        """Built layer by layer, for each layer draws its start before the next is made."""
        layers = list(zip(self.objective.model, self.objective.shapes, strict=False))
        if len(layers) == 1:
            layer, shape = layers[0]
            return [f"model = {layer.code(shape)}", *layer.start_code("model")]
        if not any(layer.start_code("layer") for layer, _ in layers):
            return ["model = nn.Sequential(", *(f"    {layer.code(shape)}," for layer, shape in layers), ")"]
        lines, names = [], []
        for number, (layer, shape) in enumerate(layers):
            name = f"layer{number}"
            if not layer.parameter_count(shape):
                names.append(layer.code(shape))
                continue
            names.append(name)
            lines += [f"{name} = {layer.code(shape)}", *layer.start_code(name)]
        return [*lines, *fitted(f"model = nn.Sequential({', '.join(names)})")]

    def batch(self) -> list[str]:
        return [] if not self._batches() else ["rows = batches[step]"]

    def forward(self) -> list[str]:
        x, y = ("x[rows]", "y[rows]") if self._batches() else ("x", "y")
        prediction = f"w * {x} + b" if self.is_line else f"model({x})"
        if self.detached:
            until = int(self.detached) + 1
            cut = f"hidden = model[:{until}]({x}).detach()  # on purpose: no gradient passes"
            return [cut, f"prediction = model[{until}:](hidden)", f"loss = criterion(prediction, {y})"]
        return [f"prediction = {prediction}", f"loss = criterion(prediction, {y})"]

    def result(self) -> tuple[dict[str, str] | str, dict[str, str] | str]:
        if self.is_line:
            parameters = {name: f"{name}.tolist()" for name in "wb"}
            return parameters, {name: f"{name}.grad.tolist()" for name in "wb"}
        named = "for name, p in model.named_parameters()"
        some = " if p.grad is not None" if self.detached else ""
        return f"{{name: p.tolist() {named}}}", f"{{name: p.grad.tolist() {named}{some}}}"

    def after(self) -> list[str]:
        """The prediction, as it is made from a model that is trained."""
        if self.is_line:
            return []
        return [
            "",
            "model.eval()",
            "with torch.no_grad():",
            '    print("prediction of the first row", model(x[:1]).squeeze().tolist())',
        ]


def device_code(experiment: Experiment) -> str:
    """The device where this machine has it, as gradviz chooses."""
    kind = experiment.device.partition(":")[0]
    known = {"cuda": "torch.cuda", "mps": "torch.backends.mps", "xpu": "torch.xpu"}
    if kind not in known:
        return f'"{experiment.device}"'
    return f'"{experiment.device}" if {known[kind]}.is_available() else "cpu"'


def default_device(experiment: Experiment) -> list[str]:
    """Every tensor on the device of the experiment; what torch draws is drawn on the CPU, and stays there."""
    objective = experiment.objective
    draws = isinstance(objective, FormulaObjective) and objective.generator == "torch"
    return [] if experiment.device == "cpu" or draws else [f"torch.set_default_device({device_code(experiment)})"]


class TorchScript:
    """A source and an optimiser of torch.optim as a training loop."""

    def __init__(self, experiment: Experiment, source: TorchSource, optimizer: Optimizer) -> None:
        self.experiment = experiment
        self.source = source
        self.optimizer = optimizer

    def body(self) -> list[str]:
        """Everything below the imports."""
        source, steps = self.source, self.experiment.steps
        top = [*source.data(), *source.start(), *self.made()]
        loop = ["for step in range(steps + 1):", *indented(self.step())]
        end = result_lines(f"{source.loss}.item()", *source.result())
        return [*top, "", f"steps = {steps}", *loop, *source.after(), "", *end]

    def made(self) -> list[str]:
        """Optimiser and scheduler."""
        made = fitted(f"optimizer = {optimizer_call(self.optimizer, self.source.parameters)}")
        scheduler = scheduler_call(self.optimizer, self.experiment.steps)
        return [*made, *(fitted(f"scheduler = {scheduler}") if scheduler else []), *self.closure()]

    def closure(self) -> list[str]:
        """What LBFGS calls as often as it wants."""
        if not self.optimizer.needs_closure:
            return []
        inner = ["optimizer.zero_grad()", *self.source.forward(), *self.source.backward(), f"return {self.source.loss}"]
        return ["", "", "def closure():", *indented(inner), ""]

    def step(self) -> list[str]:
        """One turn of the loop."""
        source, needs_closure = self.source, self.optimizer.needs_closure
        loss = source.loss
        evaluated = [f"{loss} = closure()"] if needs_closure else self.evaluation()
        update = ["optimizer.step(closure)" if needs_closure else "optimizer.step()"]
        schedule = self.optimizer.schedule
        if not schedule.is_constant:
            update.append(f"scheduler.step({loss}.item())" if schedule.needs_loss else "scheduler.step()")
        return [*source.batch(), *evaluated, *ends(self.experiment.steps, loss, source.caption), *update]

    def evaluation(self) -> list[str]:
        """Zeroing, forward and backward: with the mistake that is made on purpose."""
        return self.optimizer.mistake.evaluation_lines(self.source.forward(), self.source.backward())


class HandTorchScript(TorchScript):
    """A source with the update by hand: PyTorch gives the gradients alone."""

    def __init__(self, experiment: Experiment, source: TorchSource, optimizer: Optimizer, rule: UpdateRule) -> None:
        super().__init__(experiment, source, optimizer)
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
        return [
            *source.batch(),
            *source.forward(),
            *source.backward(),
            *ends(self.experiment.steps, source.loss, source.caption),
            *scalar_lines(self.rule),
            "with torch.no_grad():",
            *indented(update),
            "for p in parameters:",
            "    p.grad = None",
        ]


def plainly(name: str, value: str) -> str:
    """``p -= value``."""
    return f"{name} -= {value}"


def ends(steps: int, loss: str, caption: str) -> Sequence[str]:
    """A line of progress, and the end of the loop."""
    return [
        *progress_lines(steps, loss, caption),
        f"if step == steps or not {loss}.isfinite():",
        "    break",
    ]
