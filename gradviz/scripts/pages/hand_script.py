"""The dialects with an update by hand in a plain loop: NumPy, and PyTorch's autograd."""

from __future__ import annotations

from collections.abc import Sequence

from gradviz.core.document.experiment import Experiment
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.optimizers.update_rule import UpdateRule
from gradviz.core.questions.start import Start
from gradviz.scripts.language.dialects import LIBRARIES, DialectName
from gradviz.scripts.language.expressions import Printer
from gradviz.scripts.language.page import caption, fitted, safe_names
from gradviz.scripts.language.sketch import Line, Sketch, reached, used_lines
from gradviz.scripts.language.tensors import TensorWriter
from gradviz.scripts.steps.clipping import norm_lines, with_clipping
from gradviz.scripts.steps.held_out import SPLIT, HeldOut, score_definition
from gradviz.scripts.steps.loops import (
    UpdatePrinter,
    fused,
    indented,
    is_by_line,
    loop_over,
    names_of,
    progress_lines,
    result_lines,
    scalar_lines,
    scaling,
    settings_lines,
    state_lines,
)

_OF_LOOPS = frozenset("tkpg")
"""Names of the loop over parameters, and of TensorFlow's over steps: free where each parameter has a line."""


class HandScript:
    """A sketch and a rule as the body of a script."""

    def __init__(
        self,
        experiment: Experiment,
        sketch: Sketch,
        rule: UpdateRule,
        dialect: DialectName,
        start: Start,
        batches: Sequence[str] = (),
    ) -> None:
        self.experiment = experiment
        self.sketch = sketch
        self.batches = batches
        self.library = LIBRARIES[dialect]
        self.is_numpy = dialect == "numpy"
        self.by_hand = self.is_numpy or (sketch.by_hand and not sketch.holds)
        self.clipping = experiment.optimizers[0].clipping
        self.clips_by_torch = self.library.name == "torch" and not self.by_hand
        self.rule = rule = rule if self.clips_by_torch else with_clipping(rule, self.clipping)
        self.is_fused = experiment.optimizers[0].rounds_once
        self.reached = reached(sketch)
        self.names = self._all_names()
        ranks = {tensor.name: len(tensor.shape) for tensor in (*sketch.tensors, *sketch.inputs)}
        self.printer = Printer(self.library, experiment.dtype, self.names, ranks)
        self.writer = TensorWriter(self.library, experiment.dtype, experiment.seed, start, dialect)
        self.update = UpdatePrinter(rule, self.printer)
        self.trained = [self.names[tensor.name] for tensor in sketch.parameters if tensor.name in self.reached]
        self.held = self.held_out()

    def _all_names(self) -> dict[str, str]:
        """What everything is called in the script; a batch of x is xb."""
        sketch, rule = self.sketch, self.rule
        of_loop = _OF_LOOPS if self.is_numpy and is_by_line(rule, len(self.reached)) else frozenset()
        taken = (names_of(rule) - of_loop) | self.library.helpers.keys()
        lines = (*sketch.lines, *sketch.backward)
        names = safe_names([*(tensor.name for tensor in sketch.tensors), *(line.name for line in lines)], taken)
        inputs = {tensor.name: tensor.name + "b" * bool(self.batches) for tensor in sketch.inputs}
        if not inputs:
            return names
        rows = f"{inputs['y']}.shape[0]" if self.library.name == "tensorflow" else f"len({inputs['y']})"
        return names | inputs | {"rows": rows, "count": "prediction.size"}

    def body(self) -> list[str]:
        """Everything below the imports."""
        sketch, steps = self.sketch, self.experiment.steps
        top = [*self.fitted_data(), *self.writer.lines(sketch, self.names, self.reached)]
        if not is_by_line(self.rule, len(self.trained)):
            top += fitted(f"parameters = [{', '.join(self.trained)}]")
        state = state_lines(self.rule, self.zeros)
        turn = [*self.evaluation(), *self.held.look(), *self.ends(steps), *self.held.stop(self.zeroed())]
        loop = ["", "for step in range(steps + 1):", *indented(turn)]
        return [
            *top,
            *self.held.begin(),
            "",
            f"steps = {steps}",
            *settings_lines(self.rule.settings),
            *state,
            *loop,
            *indented(self.step()),
            *self.held.after(),
            *self.result(),
        ]

    def held_out(self) -> HeldOut:
        """The lines about rows held out: the forward pass as a function of the rows, and copies of the parameters."""
        objective = self.fit_with_rows_held_out
        if objective is None:
            return HeldOut(self.experiment)
        listed = f"[{', '.join(self.trained)}]"
        loss = self.data_loss
        looks = ["seen, _ = forward(x, y)", f"unseen, {loss} = forward(x_held, y_held)"]
        looks = looks if self.is_numpy else ["with torch.no_grad():", *indented(looks)]
        figures = f"return {loss}.item(), score(seen, y), score(unseen, y_held)"
        functions = [
            score_definition(objective, self.library.name),
            ["def forward(x, y):", *indented([*self.forward_lines(), f"return prediction, {loss}"])],
            ["def evaluated():", *indented([*looks, figures])],
        ]
        copied = f"[p.{'copy' if self.is_numpy else 'detach().clone'}() for p in {listed}]"
        back = [f"for p, value in zip({listed}, best, strict=True):"]
        back += ["    p[...] = value"] if self.is_numpy else ["    p.copy_(value)"]
        put_back = back if self.is_numpy else ["with torch.no_grad():", *indented(back)]
        return HeldOut(self.experiment, functions, copied, put_back)

    @property
    def fit_with_rows_held_out(self) -> FitObjective | None:
        """The objective, if it holds rows out."""
        objective = self.experiment.objective
        return objective if isinstance(objective, FitObjective) and objective.data.validation.holds_out else None

    @property
    def data_loss(self) -> str:
        """What the loss of the rows of a fit is called: without L1 and L2."""
        return self.names.get("data_loss", self.loss)

    def forward_lines(self) -> list[str]:
        """The way to the loss of the rows alone, which are called x and y."""
        count = "y.shape[0]" if self.library.name == "tensorflow" else "len(y)"
        rows = {"x": "x", "y": "y", "rows": count, "count": "prediction.size"}
        printer = Printer(self.library, self.experiment.dtype, self.names | rows, dict(self.printer.ranks))
        made = []
        lines = used_lines(self.sketch, by_hand=False)
        for line in lines if self.data_loss == self.loss else lines[:-1]:  # the last adds L1 and L2
            made.append(f"{self.names[line.name]} = {printer.text(line.expression)}")
            printer.ranks[line.name] = printer.rank(line.expression)
        return made

    def fitted_data(self) -> list[str]:
        """The data in lines that fit."""
        return [part for line in self.data() for part in fitted(line)]

    def data(self) -> list[str]:
        """The data of a fit in the experiment's precision."""
        if not self.sketch.data:
            return []
        dtype = self.library.dtype(self.experiment.dtype)
        if self.is_numpy:
            casts = [] if self.experiment.dtype == "float64" else [f"x, y = x.astype({dtype}), y.astype({dtype})"]
        else:
            casts = [f"x, y = torch.tensor(x, dtype={dtype}), torch.tensor(y, dtype={dtype})"]
        split = [SPLIT] if self.held.entries() else []
        return [*self.sketch.data, *casts, *scaling(self.experiment), *split, *(self.batches or [""])]

    def zeros(self, first: str) -> str:
        """A tensor like p, filled."""
        module = self.library.prefix
        return f"{module}.zeros_like(p)" if first == "0" else f"{module}.full_like(p, {first})"

    def evaluation(self) -> list[str]:
        """The loss and the gradients of a step."""
        lines = [*self.batch(), *self.printed(used_lines(self.sketch, self.by_hand))]
        if self.by_hand:
            return lines + self.printed(self.sketch.backward)
        return [*lines, f"{self.loss}.backward()"]

    def batch(self) -> list[str]:
        """The rows of a step."""
        return ["rows = batches[step]", "xb, yb = x[rows], y[rows]"] if self.batches else []

    @property
    def loss(self) -> str:
        """The name of the loss."""
        return self.names[self.sketch.objective]

    def printed(self, lines: tuple[Line, ...]) -> list[str]:
        """Statements of the sketch, each broken where it is too long for the loop."""
        made = []
        own = {f"d_{tensor.name}" for tensor in self.sketch.parameters}
        for line in lines:
            write = self.printer.own if line.name in own else self.printer.text
            made.append(f"{self.names[line.name]} = {write(line.expression)}")
            self.printer.ranks[line.name] = self.printer.rank(line.expression)
        return made

    def ends(self, steps: int) -> list[str]:
        """A line of progress, and the end of the loop."""
        finite = f"np.isfinite({self.loss})" if self.is_numpy else f"{self.loss}.isfinite()"
        return [
            *progress_lines(steps, self.loss, caption(self.sketch.objective), self.held.told),
            f"if step == steps{self.held.ends} or not {finite}:",
            "    break",
        ]

    def step(self) -> list[str]:
        """The update of every parameter."""
        scalars = scalar_lines(self.rule, self.library)
        if is_by_line(self.rule, len(self.trained)):
            lines = [self.update.plain(name, self.gradient(name), self.subtract) for name in self.trained]
        else:
            gradient = "g" if self.by_hand else "p.grad"
            update = self.update.lines(self.keep, self.subtract, gradient)
            lines = [loop_over(self.gradient_list(), self.update.needs_index), *indented(update)]
        scalars += self.clipped()
        if self.is_numpy:
            return scalars + lines
        return [*scalars, "with torch.no_grad():", *indented(lines), *self.zeroed()]

    def clipped(self) -> list[str]:
        """What is done to all gradients together before the update."""
        if not self.clips_by_torch:
            return norm_lines(self.clipping, self.library, self.gradient_list())
        over = f"[{', '.join(self.trained)}]" if is_by_line(self.rule, len(self.trained)) else "parameters"
        return [line for line in [self.clipping.code(over)] if line]

    def gradient(self, name: str) -> str:
        """The gradient of a parameter by its name in the script."""
        original = next(key for key, value in self.names.items() if value == name)
        return self.names[f"d_{original}"] if self.by_hand else f"{name}.grad"

    def gradient_list(self) -> str:
        """All gradients, in the order of `parameters`; nothing where the parameters hold them."""
        if self.by_hand:
            return f"[{', '.join(self.gradient(name) for name in self.trained)}]"
        return ""

    def zeroed(self) -> list[str]:
        """Gradients add up in PyTorch, so that they begin anew at every step."""
        if self.is_numpy or self.by_hand:
            return []
        if is_by_line(self.rule, len(self.trained)):
            return [f"{' = '.join(f'{name}.grad' for name in self.trained)} = None"]
        return ["for p in parameters:", "    p.grad = None"]

    @staticmethod
    def keep(name: str, value: str) -> str:
        return f"{name} = {value}"

    def subtract(self, name: str, value: str) -> str:
        return fused(name, value) if self.is_fused and not self.is_numpy else f"{name} -= {value}"

    def result(self) -> list[str]:
        """The JSON of the end."""
        parameters = {tensor.key: f"{self.names[tensor.name]}.tolist()" for tensor in self.sketch.parameters}
        gradients = {
            tensor.key: f"{self.gradient(self.names[tensor.name])}.tolist()"
            for tensor in self.sketch.parameters
            if tensor.name in self.reached
        }
        return ["", *result_lines(f"{self.loss}.item()", parameters, gradients, self.held.entries())]
