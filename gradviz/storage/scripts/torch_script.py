"""The dialect of torch.nn and torch.optim: every layer, loss, optimiser and schedule by its own class."""

from __future__ import annotations

from typing import Any

from gradviz.core.experiment import Experiment
from gradviz.core.optimizers import Optimizer
from gradviz.storage.scripts.dialects import TORCH
from gradviz.storage.scripts.expressions import Printer
from gradviz.storage.scripts.loops import indented, progress_every, result_lines
from gradviz.storage.scripts.page import fitted, safe_names
from gradviz.storage.scripts.sketch import Line, Sketch, Start, reached
from gradviz.storage.scripts.tensors import TensorWriter


def optimizer_call(optimizer: Optimizer, parameters: str) -> str:
    """``torch.optim.SGD(parameters, lr=0.001)``, with the keywords that are not torch's defaults."""
    fields = type(optimizer).model_fields
    keywords = {
        name: value for name, value in optimizer.keywords.items() if name == "lr" or value != fields[name].default
    }
    given = "".join(f", {name}={value!r}" for name, value in keywords.items())
    return f"torch.optim.{optimizer.torch_name}({parameters}{given})"


class FormulaTorchScript:
    """A formula or a test function, its tensors as parameters."""

    def __init__(self, experiment: Experiment, sketch: Sketch, start: Start) -> None:
        self.experiment = experiment
        self.sketch = sketch
        lines = (*sketch.lines, *sketch.backward)
        self.names = safe_names([*(tensor.name for tensor in sketch.tensors), *(line.name for line in lines)])
        self.names |= dict(sketch.written)
        self.printer = Printer(TORCH, experiment.dtype, self.names)
        self.reached = reached(sketch)
        self.writer = TensorWriter(TORCH, experiment.dtype, experiment.seed, start, "torch")

    @property
    def loss(self) -> str:
        """The name of the loss."""
        return self.names[self.sketch.objective]

    def start(self) -> list[str]:
        """Tensors, and the optimiser over those that are trained."""
        everything = frozenset(tensor.name for tensor in self.sketch.parameters)
        return self.writer.lines(self.sketch, self.names, everything)

    @property
    def parameters(self) -> str:
        """What the optimiser is over."""
        return f"[{', '.join(self.names[tensor.name] for tensor in self.sketch.parameters)}]"

    def forward(self) -> list[str]:
        """From parameters to the loss."""
        return self._printed(self.sketch.lines)

    def backward(self) -> list[str]:
        """From the loss to the gradients."""
        if not self.sketch.by_hand:
            return [f"{self.loss}.backward()"]
        gradients = [
            f"{self.names[tensor.name]}.grad = {self.names[f'd_{tensor.name}']}" for tensor in self.sketch.parameters
        ]
        return ["with torch.no_grad():", *indented([*self._printed(self.sketch.backward), *gradients])]

    def _printed(self, lines: tuple[Line, ...]) -> list[str]:
        return [f"{self.names[line.name]} = {self.printer.text(line.expression)}" for line in lines]

    def result(self) -> tuple[dict[str, str], dict[str, str]]:
        """What ends in the JSON: parameters and gradients."""
        used = {tensor.key: self.names[tensor.name] for tensor in self.sketch.parameters}
        parameters = {key: f"{name}.tolist()" for key, name in used.items()}
        is_reached = {tensor.key for tensor in self.sketch.parameters if tensor.name in self.reached}
        return parameters, {key: f"{name}.grad.tolist()" for key, name in used.items() if key in is_reached}


def torch_body(experiment: Experiment, source: Any) -> list[str]:
    """Everything below the imports, for one optimiser; `source` is one of the classes above."""
    steps = experiment.steps
    loss = source.loss
    lines = ["optimizer.zero_grad()", *source.forward(), *source.backward()]
    lines += [
        f"if step % {progress_every(steps)} == 0:",
        f'    print(f"step {{step:6d}}  {source.sketch.objective} {{{loss}.item():.7g}}")',
        f"if step == steps or not {loss}.isfinite():",
        "    break",
        "optimizer.step()",
    ]
    return [
        *source.start(),
        *fitted(f"optimizer = {optimizer_call(experiment.optimizers[0], source.parameters)}"),
        "",
        f"steps = {steps}",
        "for step in range(steps + 1):",
        *indented(lines),
        "",
        *result_lines(f"{loss}.item()", *source.result()),
    ]
