"""The TensorFlow dialect: variables, a GradientTape, and the whole loop in a graph between two lines of progress."""

from __future__ import annotations

from gradviz.core.data.validation import HELD
from gradviz.core.formulas.functions import FUNCTIONS
from gradviz.core.formulas.walk import functions_in, names_in
from gradviz.scripts.language.expressions import Printer
from gradviz.scripts.language.page import caption, fitted
from gradviz.scripts.language.sketch import parsed_lines, used_lines
from gradviz.scripts.pages.hand_script import HandScript
from gradviz.scripts.problems import ScriptError
from gradviz.scripts.steps.clipping import norm_lines
from gradviz.scripts.steps.held_out import SPLIT, HeldOut, score_definition
from gradviz.scripts.steps.loops import (
    indented,
    loop_over,
    progress_every,
    result_lines,
    rounded,
    scaling,
    settings_lines,
    state_lines,
)


class TensorFlowScript(HandScript):
    """A sketch and a rule as the body of a script. Python's own loop would take 50 times as long as the graph's."""

    def body(self) -> list[str]:
        if not self.trained:
            raise ScriptError("the loss does not depend on any variable.", "Choose PyTorch nn + optim.")
        steps, sketch = self.experiment.steps, self.sketch
        top = [*self.fitted_data(), *self.writer.lines(sketch, self.names, self.reached)]
        top += [*fitted(f"parameters = [{', '.join(self.trained)}]"), ""]
        state = state_lines(self.rule, self.zeros)
        return [
            *top,
            f"steps = {steps}",
            *settings_lines(self.rule.settings),
            *self.running(state),
            *["", "", f"def evaluate({self.step_given}):", *indented(self.evaluation())],
            *["", "", "@tf.function", *self.train()],
            *self.held.begin(has_last=False),
            *["", "", *(self.chunks_between_looks() if self.held.every else self.chunks(steps))],
            *self.held.after(),
            *self.result(),
        ]

    def held_out(self) -> HeldOut:
        fit = self.fit_with_rows_held_out
        if fit is None:
            return HeldOut(self.experiment)
        looks = ["seen, _ = forward(x, y)", f"unseen, {self.data_loss} = forward(x_held, y_held)"]
        scores = "score(seen.numpy(), y.numpy()), score(unseen.numpy(), y_held.numpy())"
        functions = [
            score_definition(fit, "numpy"),
            ["def forward(x, y):", *indented([*self.forward_lines(), f"return prediction, {self.data_loss}"])],
            ["def evaluated():", *indented([*looks, f"return float({self.data_loss}), {scores}"])],
        ]
        back = ["for p, value in zip(parameters, best, strict=True):", "    p.assign(value)"]
        return HeldOut(self.experiment, functions, "[p.numpy().copy() for p in parameters]", back)

    def chunks_between_looks(self) -> list[str]:
        """The steps from one evaluation of the rows held out to the next."""
        held, every, steps = self.held, self.held.every, self.experiment.steps
        seldom = every * -(-progress_every(steps) // every)
        said = f'print(f"step {{step:6d}}  {caption(self.sketch.objective)} {{float({self.loss}):.7g}}{held.told}")'
        ends = "" if held.puts_back else held.ends
        reached = ["reached = step + 1"] if self.batches else []
        back = [*held.put_back, *reached, "figures = evaluated()", "break"]
        over = "  # the best weights are put back, and evaluated once more"
        stop = [f"if {held.is_over}:{over}", *indented(back)] if held.puts_back else []
        trained = "train(tf.constant(step), tf.constant(last))"
        went = [f"reached = int({trained})", "if reached < last:", "    break"] if self.batches else [trained]
        turn = [
            f"{self.loss}, gradients = evaluate({self.step_given})",
            *held.evaluation(),
            f"if step % {seldom} == 0:",
            f"    {said}",
            f"if step == steps{ends} or not tf.math.is_finite({self.loss}):",
            "    break",
            *stop,
            f"last = min(step + {every}, steps)",
            *went,
        ]
        last = "reached" if self.batches else ""
        return [
            *(["reached = 0"] if self.batches else []),
            f"for step in range({'steps + 1' if every == 1 else f'0, steps + 1, {every}'}):",
            *indented(turn),
            f"{self.loss}, gradients = evaluate({last})",
        ]

    def data(self) -> list[str]:
        if not self.sketch.data:
            return []
        dtype = self.library.dtype(self.experiment.dtype)
        held = self.fit_with_rows_held_out is not None
        made, scaled = [*self.sketch.data, *([SPLIT] if held else [])], scaling(self.experiment)
        if held:
            made += [f"{name} = tf.constant({name}, dtype={dtype})" for name in (f"x_{HELD}", f"y_{HELD}")]
            scaled += [line.replace("x", f"x_{HELD}") for line in scaled]
        casts = f"x, y = tf.constant(x, dtype={dtype}), tf.constant(y, dtype={dtype})"
        if not self.batches:
            return [*made, casts, *scaled, ""]
        rows, size = self.sketch.inputs[0].shape[0], self.sketch.batch
        if rows % size:
            raise ScriptError(
                f"{rows:,} rows do not divide into batches of {size:,}.", "Choose a size that divides them."
            )
        return [
            *made,
            casts,
            *scaled,
            *self.batches[:-1],
            "batches = tf.constant(np.array(batches))",
            "",
        ]

    def batch(self) -> list[str]:
        return ["xb, yb = tf.gather(x, batches[step]), tf.gather(y, batches[step])"] if self.batches else []

    @property
    def step_given(self) -> str:
        """What evaluate takes: the step, where it decides the rows."""
        return "step" if self.batches else ""

    def zeros(self, first: str) -> str:
        return f"tf.Variable(tf.zeros_like(p){'' if first == '0' else f' + {first}'})"

    def running(self, state: list[str]) -> list[str]:
        """State, with the scalars that go on from step to step as variables."""
        running = {f"{name} = {first}" for name, first in self.rule.running.items()}
        return [
            line if line not in running else line.replace("= ", "= tf.Variable(") + ", dtype=tf.float64)"
            for line in state
        ]

    def evaluation(self) -> list[str]:
        lines = [*self.batch(), *self.printed(used_lines(self.sketch, self.by_hand))]
        if self.by_hand:
            return [*lines, *self.printed(self.sketch.backward), f"return {self.loss}, {self.gradient_list()}"]
        taped = ["with tf.GradientTape() as tape:", *indented(lines)]
        flat = ", unconnected_gradients=tf.UnconnectedGradients.ZERO" if self.has_steps else ""
        return [*taped, f"return {self.loss}, tape.gradient({self.loss}, parameters{flat})"]

    @property
    def has_steps(self) -> bool:
        """Whether it has functions such as ceil or copysign: a gradient is 0 for PyTorch, and none for TensorFlow."""
        used = {name for line in self.sketch.lines for name in functions_in(line.expression)}
        return any(FUNCTIONS[name].derivative[-1:] == ("0",) and not FUNCTIONS[name].cuts for name in used)

    def train(self) -> list[str]:
        """The function that steps from `first` to `last`."""
        lines = [
            f"{self.loss}, gradients = evaluate({self.step_given})",
            f"if not tf.math.is_finite({self.loss}):",
            "    break",
        ]
        update = self.update.lines(self.keep, self.subtract)
        lines += norm_lines(self.clipping, self.library, "gradients")
        lines += [*self.scalars(), loop_over("gradients", self.update.needs_index), *indented(update)]
        step = "step" if self.batches or self.rule.scalars else "_"
        loop = [f"for {step} in tf.range(first, last):  # this loop runs inside the graph", *indented(lines)]
        if not self.batches:
            return ["def train(first, last):", *indented(loop)]
        # another batch may be finite again, but a run ends at the first that is not
        counted = ["reached = first", *loop, "    reached = step + 1", "return reached"]
        return ["def train(first, last):", *indented(counted)]

    def scalars(self) -> list[str]:
        """The numbers of a step in double precision, as PyTorch has them, and then in that of the parameters."""
        texts = self.rule.scalars
        if not texts:
            return []
        known = {"step", *self.rule.settings, *self.rule.running, *(name for name, _ in texts)}
        names = {name: name for name in known} | {"step": "t"}
        printer = Printer(self.library, "float64", names)
        parsed = [parsed_lines([(name, text)], known)[0] for name, text in texts]
        lines = ["t = tf.cast(step, tf.float64)"]
        for place, line in enumerate(parsed):
            value = rounded(self.rule, line.name, line.expression, printer, self.library)
            goes_on = any(line.name in names_in(later.expression) for later in parsed[place + 1 :])
            if line.name in self.rule.running:
                lines.append(f"{line.name}.assign({value})")
            elif goes_on or self.experiment.dtype == "float64":
                lines.append(f"{line.name} = {value}")
            else:
                lines.append(f"{line.name} = tf.cast({value}, tf.{self.experiment.dtype})")
        return lines

    @staticmethod
    def keep(name: str, value: str) -> str:
        return f"{name}.assign({value})"

    def subtract(self, name: str, value: str) -> str:
        return f"{name}.assign_sub({value})"

    def chunks(self, steps: int) -> list[str]:
        """The steps from one line of progress to the next."""
        every = progress_every(steps)
        first, last = ("first", "reached") if self.batches else ("", "")
        trained = f"train(tf.constant(first), tf.constant(min(first + {every}, steps)))"
        after = [f"    {trained}"]
        if self.batches:
            after = [f"    reached = int({trained})", f"    if reached < min(first + {every}, steps):", "        break"]
        return [
            *(["reached = 0"] if self.batches else []),
            f"for first in range(0, steps, {every}):",
            f"    {self.loss}, gradients = evaluate({first})",
            f'    print(f"step {{first:6d}}  {caption(self.sketch.objective)} {{float({self.loss}):.7g}}")',
            *after,
            f"{self.loss}, gradients = evaluate({last})",
        ]

    def result(self) -> list[str]:
        parameters = {tensor.key: f"{self.names[tensor.name]}.numpy().tolist()" for tensor in self.sketch.parameters}
        used = [tensor.key for tensor in self.sketch.parameters if tensor.name in self.reached]
        gradients = {key: f"gradients[{k}].numpy().tolist()" for k, key in enumerate(used)}
        return ["", *result_lines(f"float({self.loss})", parameters, gradients, self.held.entries())]
