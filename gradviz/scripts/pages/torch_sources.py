"""What the dialects of PyTorch train: tensors of a formula, or a model of layers, from their start to the loss."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from gradviz.core.document.experiment import Experiment
from gradviz.core.layers.torch_call import differing
from gradviz.core.objectives.autocast import Float16
from gradviz.core.objectives.catalogue import FitObjective, FormulaObjective
from gradviz.core.optimizers.mistakes import Mistake
from gradviz.core.optimizers.optimizer import Optimizer
from gradviz.core.questions.start import Start
from gradviz.scripts.language.dialects import TORCH
from gradviz.scripts.language.expressions import Printer
from gradviz.scripts.language.page import caption, fitted, safe_names
from gradviz.scripts.language.sketch import Sketch, reached, used_lines
from gradviz.scripts.language.tensors import TensorWriter
from gradviz.scripts.problems import ScriptError
from gradviz.scripts.steps.held_out import SPLIT, HeldOut, score_definition
from gradviz.scripts.steps.loops import batch_lines, indented, scaling

_TERMS = {"L1": "p.abs().sum()", "L2": "(p**2).sum()"}
SOME_GRADIENTS = "{{name: p.grad.tolist() for name, p in {} if p.grad is not None}}"
"""What is there of gradients, where a mistake may leave some out."""


def named_lines(names: Mapping[str, str], mistake: Mistake) -> list[str]:
    """The parameters by their names, where a mistake may leave some without a gradient."""
    entries = ", ".join(f'"{key}": {name}' for key, name in names.items())
    return fitted(f"named = {{{entries}}}") if mistake.changes_loop else []


class TorchSource(ABC):
    """What is trained, in torch: its start, the way to the loss, and back."""

    experiment: Experiment
    loss: str
    caption: str
    """The name of the loss for a person."""
    scaler: str = ""
    """What scales the loss for backward, as torch's call; empty where nothing does."""
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

    def groups(self, optimizer: Optimizer) -> list[str]:
        """The parameter groups of `optimizer` by the name ``groups``; nothing where there is one."""
        del optimizer
        return []

    def kept(self) -> list[str]:
        """What a step keeps where it is evaluated several times, for each of them to begin with."""
        return []

    def restored(self) -> list[str]:
        """How an evaluation begins with what its step has kept."""
        return []

    def after(self) -> list[str]:
        """What follows the training."""
        return []

    def held_out(self) -> HeldOut:
        """The lines about rows held out."""
        return HeldOut(self.experiment)


class FormulaSource(TorchSource):
    """A formula or a test function, its tensors as parameters."""

    def __init__(self, experiment: Experiment, sketch: Sketch, start: Start, mistake: Mistake) -> None:
        self.experiment = experiment
        self.sketch = sketch
        self.mistake = mistake
        lines = (*sketch.lines, *sketch.backward)
        self.names = safe_names(
            [*(tensor.name for tensor in sketch.tensors), *(line.name for line in lines)], TORCH.helpers
        )
        self.printer = Printer(TORCH, experiment.dtype, self.names)
        self.writer = TensorWriter(TORCH, experiment.dtype, experiment.seed, start, "torch")
        self.trained = frozenset(tensor.name for tensor in sketch.parameters)
        self.loss, self.caption = self.names[sketch.objective], caption(sketch.objective)
        self.parameters = f"[{', '.join(self.names[tensor.name] for tensor in sketch.parameters)}]"
        self._check_detached()

    def _check_detached(self) -> None:
        """ScriptError where there is nothing of that name to detach, or where nothing is left that could learn."""
        detached, sketch = self.mistake.detached, self.sketch
        if detached and detached not in self.trained | {line.name for line in sketch.lines[:-1]}:
            raise ScriptError(f"how {detached} is detached is not known.", "Detach one of the formula's lines.")
        if detached and not sketch.by_hand and not reached(sketch, detached) and reached(sketch):
            raise ScriptError(
                f"the run stops at PyTorch's error: with {detached} detached the loss depends on no parameter.",
                "Detach another.",
            )

    def data(self) -> list[str]:
        return default_device(self.experiment)

    def start(self) -> list[str]:
        names = {tensor.key: self.names[tensor.name] for tensor in self.sketch.parameters}
        return [*self.writer.lines(self.sketch, self.names, self.trained), *named_lines(names, self.mistake)]

    def forward(self) -> list[str]:
        detached, printer = self.mistake.detached, self.printer
        if detached in self.trained:
            uses = {detached: f"{self.names[detached]}.detach()"}
            printer = Printer(TORCH, self.experiment.dtype, {**self.names, **uses})
        lines = used_lines(self.sketch, self.sketch.by_hand)
        texts = {line.name: printer.text(line.expression) for line in lines}
        if detached in texts:
            texts[detached] = f"({texts[detached]}).detach()  # on purpose: no gradient passes"
        return [f"{self.names[name]} = {text}" for name, text in texts.items()]

    def backward(self) -> list[str]:
        if not self.sketch.by_hand:
            return super().backward()
        own = {f"d_{name}" for name in self.trained}
        lines = [
            f"{self.names[line.name]} = "
            f"{(self.printer.own if line.name in own else self.printer.text)(line.expression)}"
            for line in self.sketch.backward
        ]
        given = [self._given(self.names[one.name], self.names[f"d_{one.name}"]) for one in self.sketch.parameters]
        return ["with torch.no_grad():", *indented([*lines, *given])]

    def _given(self, name: str, gradient: str) -> str:
        """The gradient by hand where torch's own would be: added to what is there, if the loop lets it add up."""
        if not self.mistake.carries:
            return f"{name}.grad = {gradient}"
        return f"{name}.grad = {gradient} if {name}.grad is None else {name}.grad + {gradient}"

    def result(self) -> tuple[dict[str, str], dict[str, str] | str]:
        names = {tensor.key: self.names[tensor.name] for tensor in self.sketch.parameters}
        values = {key: f"{name}.tolist()" for key, name in names.items()}
        if self.mistake.changes_loop:
            return values, SOME_GRADIENTS.format("named.items()")
        used = {tensor.key for tensor in self.sketch.parameters if tensor.name in self._learning}
        return values, {key: f"{name}.grad.tolist()" for key, name in names.items() if key in used}

    @property
    def _learning(self) -> frozenset[str]:
        """The parameters that have a gradient: by hand each has one, of autograd those that it reaches."""
        return self.trained if self.sketch.by_hand else reached(self.sketch)


class FitSource(TorchSource):
    """A model of layers, with its data and its loss."""

    def __init__(self, experiment: Experiment, objective: FitObjective, mistake: Mistake) -> None:
        self.experiment = experiment
        self.objective = objective
        self.is_line = len(objective.model) == 1 and objective.model[0].kind == "line"
        self.loss = self.caption = "loss"
        self.freezes = any(layer.learns.is_frozen for layer in objective.model)
        learned = "[p for p in model.parameters() if p.requires_grad]" if self.freezes else "model.parameters()"
        self.parameters = "[w, b]" if self.is_line else learned
        self.mistake = mistake
        self.detached = mistake.detached
        is_training = objective.mode == "train"
        self.draws = is_training and any(layer.is_random for layer in objective.model)
        self.averages = is_training and any(layer.kind == "batch_norm1d" for layer in objective.model)
        self.scaler = self._scaler()
        self.accumulates = objective.batch.per_update > 1
        if self.accumulates and mistake.kind == "cycle":
            raise ScriptError(f"the mistake {mistake.label!r} is not known with several batches a step.", "Take one.")
        if self.detached:
            self._check_detached()

    def _check_detached(self) -> None:
        """ScriptError where there is no such layer, or where none that could learn comes after it."""
        detached, objective = self.detached, self.objective
        if not (detached.isdecimal() and int(detached) < len(objective.model) > 1):
            raise ScriptError(f"how {detached} is detached is not known.", "Detach one of the layers by its number.")
        layers = list(zip(objective.model, objective.shapes, strict=False))[int(detached) + 1 :]
        if not any(layer.parameter_count(shape) for layer, shape in layers):
            raise ScriptError(
                f"the run stops at PyTorch's error: no layer after {detached}, which is detached, has parameters.",
                "Detach an earlier one.",
            )

    def data(self) -> list[str]:
        objective, dtype = self.objective, self.experiment.dtype
        inputs = "x = torch.tensor(x)" if objective.data.vocabulary else f"x = torch.tensor(x, dtype=torch.{dtype})"
        is_elsewhere = self.experiment.device != "cpu"
        moved = (
            [f"device = {device_code(self.experiment)}", "x, y = x.to(device), y.to(device)"] if is_elsewhere else []
        )
        made = [part for line in objective.data.whole_code(self.experiment.seed) for part in fitted(line)]
        split = [SPLIT] if objective.data.validation.holds_out else []
        lines = [*made, inputs, self._targets(), *scaling(self.experiment), *moved, *split, ""]
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
            made = [f"{name} = nn.Parameter(torch.tensor({getattr(line, name)!r}{place}))" for name in "wb"]
            return [*made, *named_lines({name: name for name in "wb"}, self.mistake), *self._weights_line()]
        mode = ["model.eval()  # as the experiment is set"] if self.objective.mode == "eval" else []
        moved = ["model.to(device)"] if self.experiment.device != "cpu" else []
        return [
            f"torch.manual_seed({self.experiment.seed})",
            *self._model(),
            *moved,
            *mode,
            *self._frozen(),
            *self._weights_line(),
        ]

    def _weights_line(self) -> list[str]:
        return [f"weights = {self._weights()}  # of the penalty"] if self.objective.loss.penalty.terms else []

    def _frozen(self) -> list[str]:
        layers = enumerate(zip(self.objective.model, self.objective.shapes, strict=False))
        frozen = [k for k, (layer, shape) in layers if layer.parameter_count(shape) and layer.learns.is_frozen]
        return [f"model[{index}].requires_grad_(False)  # frozen" for index in frozen]

    def groups(self, optimizer: Optimizer) -> list[str]:
        """The parameter groups of `optimizer` by the name ``groups``; nothing where all learn as it says."""
        groups = self.objective.groups
        if all(learning.is_usual for learning in groups):
            return []
        lines = []
        for learning in groups:
            layers = [k for k in self.objective.learning_layers if self.objective.model[k].learns == learning]
            own = learning.over(optimizer.keywords, optimizer.mistake.rate_factor)
            changed = {name: value for name, value in own.items() if value != optimizer.keywords[name]}
            extra = "".join(f', "{name}": {value!r}' for name, value in changed.items())
            lines.append(f'    {{"params": {self._parameters_of(layers)}{extra}}},')
        return ["groups = [  # those without a rate of their own have that of the optimiser", *lines, "]"]

    def _parameters_of(self, layers: list[int]) -> str:
        if self.is_line:
            return "[w, b]"
        if len(self.objective.model) == 1:
            return "model.parameters()"
        each = [f"model[{index}].parameters()" for index in layers]
        return each[0] if len(each) == 1 else f"[{', '.join(f'*{one}' for one in each)}]"

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
        return [] if not self._batches() or self.accumulates else ["rows = batches[step]"]

    def backward(self) -> list[str]:
        if not self.scaler:
            return [] if self.accumulates else super().backward()
        scaled = [] if self.accumulates else ["scaler.scale(loss).backward()"]
        return [*scaled, "scaler.unscale_(optimizer)"]

    def kept(self) -> list[str]:
        return ["kept = [b.clone() for b in model.buffers()]"] if self.averages else []

    def restored(self) -> list[str]:
        if not self.averages:
            return []
        return [
            "for b, before in zip(model.buffers(), kept, strict=True):",
            "    b.copy_(before)  # BatchNorm's means count a step once, however often it is evaluated",
        ]

    def forward(self) -> list[str]:
        x, y = ("x[rows]", "y[rows]") if self._batches() else ("x", "y")
        prediction = f"w * {x} + b" if self.is_line else f"model({x})"
        drawn = [f"torch.manual_seed({self.experiment.seed + 1} + step)  # what Dropout draws in this step"]
        lines = [f"prediction = {prediction}"]
        if self.detached:
            until = int(self.detached) + 1
            cut = f"hidden = model[:{until}]({x}).detach()  # on purpose: no gradient passes"
            lines = [cut, f"prediction = model[{until}:](hidden)"]
        penalty = self.objective.loss.penalty
        terms = [f"{weight!r} * sum({_TERMS[name]} for p in weights)" for name, weight in penalty.terms]
        return [*(drawn if self.draws else []), *self._ending(lines, [f"criterion(prediction, {y})", *terms])]

    def _weights(self) -> str:
        """What a penalty is over."""
        objective, covers = self.objective, self.objective.loss.penalty.covers
        if self.is_line:
            return f"[{', '.join(name for name in 'wb' if covers(name))}]"
        layers = [objective.model[index] for index in objective.learning_layers]
        conditions = ["p.requires_grad"] if self.freezes else []
        if not covers("bias"):
            conditions.append('"bias" not in name')
        if not covers("b") and any(layer.kind == "line" for layer in layers):
            conditions.append('not name.endswith(".b")')
        if not conditions:
            return "list(model.parameters())"
        return f"[p for name, p in model.named_parameters() if {' and '.join(conditions)}]"

    def _ending(self, lines: list[str], terms: list[str]) -> list[str]:
        """From the prediction to the loss; that of several batches is differentiated batch by batch."""
        loss = " + ".join(terms)
        if not self.accumulates:
            return self._in_cast([*lines, f"loss = {loss}"])
        part = [
            *self._in_cast([*lines, f"part = {loss}"]),
            "part = part / len(batches[step])",
            "scaler.scale(part).backward()" if self.scaler else "part.backward()",
            "loss = loss + part.detach()",
        ]
        return ["loss = 0", "for rows in batches[step]:", *indented(part)]

    def _in_cast(self, lines: list[str]) -> list[str]:
        return [f"with {self._cast}:", *indented(lines)] if self._cast else lines

    @property
    def _cast(self) -> str:
        """torch's context of mixed precision; empty where there is none."""
        dtype = self.objective.autocast.dtype
        return f"torch.autocast({self._device_kind}, dtype=torch.{dtype})" if dtype else ""

    @property
    def _device_kind(self) -> str:
        return '"cpu"' if self.experiment.device == "cpu" else "torch.device(device).type"

    def _scaler(self) -> str:
        autocast = self.objective.autocast
        if not isinstance(autocast, Float16):
            return ""
        given = differing(init_scale=(autocast.init_scale, 65536.0), growth_interval=(autocast.growth_interval, 2000))
        extra = "".join(f", {name}={value!r}" for name, value in given.items())
        return f"torch.amp.GradScaler({self._device_kind}{extra})"

    def result(self) -> tuple[dict[str, str] | str, dict[str, str] | str]:
        some = self.mistake.changes_loop
        if self.is_line:
            parameters = {name: f"{name}.tolist()" for name in "wb"}
            gradients = {name: f"{name}.grad.tolist()" for name in "wb"}
            return parameters, SOME_GRADIENTS.format("named.items()") if some else gradients
        named = "model.named_parameters()"
        every = f"{{name: p.grad.tolist() for name, p in {named}}}"
        is_some = some or self.freezes
        return f"{{name: p.tolist() for name, p in {named}}}", SOME_GRADIENTS.format(named) if is_some else every

    def held_out(self) -> HeldOut:
        objective = self.objective
        if not objective.data.validation.holds_out:
            return super().held_out()
        seen, unseen = ("w * x + b", "w * x_held + b") if self.is_line else ("model(x)", "model(x_held)")
        figures = "return criterion(unseen, y_held).item(), score(seen, y), score(unseen, y_held)"
        looks = ["with torch.no_grad():", f"    seen, unseen = {seen}, {unseen}"]
        if self._cast:
            figures = "return loss.item(), score(seen, y), score(unseen, y_held)"
            looks = [f"with torch.no_grad(), {self._cast}:", *looks[1:], "    loss = criterion(unseen, y_held)"]
        if self.draws or self.averages:
            looks = ["model.eval()", *looks, "model.train()"]
        functions = [score_definition(objective, "torch"), ["def evaluated():", *indented([*looks, figures])]]
        if self.is_line:
            back = ["with torch.no_grad():", "    w.copy_(best[0])", "    b.copy_(best[1])"]
            return HeldOut(self.experiment, functions, "[w.detach().clone(), b.detach().clone()]", back)
        copied = "{name: value.clone() for name, value in model.state_dict().items()}"
        unstepped = ["scaler.update(scaler.get_scale())  # no step is made with this gradient"] if self.scaler else []
        return HeldOut(self.experiment, functions, copied, ["model.load_state_dict(best)", *unstepped])

    def after(self) -> list[str]:
        """The prediction, as it is made from a model that is trained."""
        if self.is_line:
            return []
        return [
            "",
            "model.eval()",
            f"with torch.no_grad(){f', {self._cast}' if self._cast else ''}:",
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
