"""What the scripts with an update by hand have in common: settings, state, scalars of a step, and the update."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradviz.core.data.batches import MiniBatch
from gradviz.core.document.experiment import Experiment
from gradviz.core.formulas.formula import Binary, Expression, parse_expression
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.optimizers.update_rule import UpdateRule
from gradviz.core.seeds import random_state_code
from gradviz.scripts.language.dialects import Library
from gradviz.scripts.language.expressions import Printer, ScalarPrinter
from gradviz.scripts.language.page import fitted

Entries = Mapping[str, str] | str
"""The values of a dictionary by their keys, or the whole of it as an expression."""
FEW = 4
"""So many parameters are updated line by line where the rule is one line; more, or any state, by a loop."""


def progress_every(steps: int) -> int:
    """Steps between two lines of progress: about twenty in all."""
    return max(1, steps // 20)


def progress_lines(steps: int, loss: str, caption: str, more: str = "") -> list[str]:
    """A line of progress now and then; `more` is what it says besides, as a part of an f-string."""
    said = f'print(f"step {{step:6d}}  {caption} {{{loss}.item():.7g}}{more}")'
    every = progress_every(steps)
    return [said] if every == 1 else [f"if step % {every} == 0:", f"    {said}"]


def settings_lines(settings: Mapping[str, Any]) -> list[str]:
    """The settings of the rule, in one line if they fit."""
    names, values = ", ".join(settings), ", ".join(repr(value) for value in settings.values())
    return fitted(f"{names} = {values}")


def state_lines(rule: UpdateRule, zeros: Callable[[str], str]) -> list[str]:
    """The state of every parameter at the start; `zeros` writes a tensor like p filled with a value."""
    lines = [f"{name} = [{zeros(first)} for p in parameters]" for name, first in rule.state.items()]
    return lines + [f"{name} = {first}" for name, first in rule.running.items()]


def scalar_lines(rule: UpdateRule, library: Library) -> list[str]:
    """The numbers of a step, from its number."""
    known = names_of(rule)
    printer = ScalarPrinter({name: name for name in known})
    return [
        f"{name} = {rounded(rule, name, parse_expression(text, known), printer, library)}"
        for name, text in rule.scalars
    ]


def rounded(rule: UpdateRule, name: str, expression: Expression, printer: Printer, library: Library) -> str:
    """The value of a scalar as torch has it: to float32 where torch keeps it so."""
    kind = rule.singles.get(name)
    if kind is None:
        return printer.text(expression)
    if kind == "value":
        return library.double(library.single(printer.text(expression)))
    assert isinstance(expression, Binary)
    left, right = (printer.printed(side) for side in (expression.left, expression.right))
    if library.name == "torch":  # a plain number is of the precision of the tensor beside it
        return library.double(f"({library.single(left)} {expression.operator} {right})")
    return library.double(f"{library.single(left)} {expression.operator} {library.single(right)}")


def names_of(rule: UpdateRule) -> set[str]:
    """Every name that the update of a parameter uses in a script."""
    computed = (name for name, _ in (*rule.scalars, *rule.lines))
    return {"step", "t", "k", "p", "g", *rule.settings, *rule.state, *rule.running, *rule.given, *computed}


def is_by_line(rule: UpdateRule, count: int) -> bool:
    """Whether every one of `count` parameters gets a line of its own."""
    return rule.is_plain and count <= FEW


class UpdatePrinter:
    """Prints a rule for the parameter p with gradient g, with its state at ``[k]``."""

    def __init__(self, rule: UpdateRule, printer: Printer) -> None:
        self.rule = rule
        self._known = names_of(rule)
        names = {name: name for name in self._known} | {name: f"{name}[k]" for name in rule.state}
        self._printer = type(printer)(printer.library, printer.dtype, names)
        self._names = names

    def lines(
        self, keep: Callable[[str, str], str], subtract: Callable[[str, str], str], gradient: str = "g"
    ) -> list[str]:
        """The body of the loop over parameters; `keep` and `subtract` write the two statements that assign.

        `gradient` is what g is called until the rule changes it.
        """
        made = []
        if gradient != "g" and any(name == "g" for name, _ in self.rule.lines):
            made.append(f"g = {gradient}")
        elif gradient != "g":
            names = self._names | {"g": gradient}
            self._printer = type(self._printer)(self._printer.library, self._printer.dtype, names)
        for name, text in self.rule.lines:
            printed = self._printer.parsed(text, self._known)
            kept = name in self.rule.state
            made.append(keep(f"{name}[k]", printed) if kept else f"{name} = {printed}")
        return [*made, subtract("p", self._printer.parsed(self.rule.subtract, self._known))]

    def plain(self, parameter: str, gradient: str, subtract: Callable[[str, str], str]) -> str:
        """The one line of a rule without state."""
        names = self._names | {"g": gradient, "p": parameter}
        printer = type(self._printer)(self._printer.library, self._printer.dtype, names)
        return subtract(parameter, printer.parsed(self.rule.subtract, self._known))

    @property
    def needs_index(self) -> bool:
        """Whether the loop needs the number of the parameter."""
        return bool(self.rule.state)


def indented(lines: Sequence[str], levels: int = 1) -> list[str]:
    """Lines moved to the right; each is broken where it would be too long."""
    made: list[str] = []
    for line in lines:
        depth = (len(line) - len(line.lstrip())) // 4
        made += fitted(line.lstrip(), levels + depth)
    return made


def loop_over(gradients: str, needs_index: bool) -> str:
    """The head of the loop over the parameters, with their gradients where they are in a list of their own."""
    if not gradients:
        return "for k, p in enumerate(parameters):" if needs_index else "for p in parameters:"
    pairs = f"zip(parameters, {gradients}, strict=True)"
    return f"for k, (p, g) in enumerate({pairs}):" if needs_index else f"for p, g in {pairs}:"


def result_lines(loss: str, parameters: Entries, gradients: Entries, more: Mapping[str, str]) -> list[str]:
    """The last statement: the result as one line of JSON; `more` are further entries by their keys."""
    entries = [f'"loss": {loss}', f'"parameters": {_dict(parameters)}', f'"gradients": {_dict(gradients)}']
    entries += [f'"{key}": {value}' for key, value in more.items()]
    whole = f"print(json.dumps({{{', '.join(entries)}}}))"
    if len(whole) <= 100:
        return [whole]
    lines = ["result = {"]
    for name, values in (("parameters", parameters), ("gradients", gradients)):
        entry = f'    "{name}": {_dict(values)},'
        inner = [f"        {values[1:-1]}"] if isinstance(values, str) else _entries(values)
        lines += [entry] if len(entry) <= 100 else [f'    "{name}": {{', *inner, "    },"]
    lines += [f'    "{key}": {value},' for key, value in more.items()]
    return [lines[0], f'    "loss": {loss},', *lines[1:], "}", "print(json.dumps(result))"]


def _dict(values: Entries) -> str:
    if isinstance(values, str):
        return values
    return "{" + ", ".join(f'"{key}": {value}' for key, value in values.items()) + "}"


def _entries(values: Mapping[str, str]) -> list[str]:
    return [f'        "{key}": {value},' for key, value in values.items()]


def fused(name: str, value: str) -> str:
    """``p -= lr * g`` in one rounding."""
    gradient = value.removeprefix("lr * ")
    return f"{name}.sub_({gradient}, alpha=lr)"


def batch_lines(objective: FitObjective, experiment: Experiment) -> list[str]:
    """The rows of every step, as numpy draws them; nothing where a step looks at all rows."""
    batch = objective.batch
    if not isinstance(batch, MiniBatch):
        return []
    rows = objective.data.training_rows
    order = f"order = random.permutation({rows})" if batch.shuffle else f"order = np.arange({rows})"
    drawn = [f"random = {random_state_code(experiment.seed)}"] if batch.shuffle else []
    what = "rows" if batch.per_update == 1 else "mini-batches"
    new = f"  # the {what} of every step{': every epoch in a new order' * batch.shuffle}"
    cut = f"[order[k : k + {batch.size}] for k in range(0, {rows}, {batch.size})]"
    every = batch.per_update
    grouped = [f"    parts = {cut}"] if every > 1 else []
    cut = f"[parts[k : k + {every}] for k in range(0, len(parts), {every})]" if every > 1 else cut
    return [
        "",
        *drawn,
        f"batches = []{new}",
        f"while len(batches) <= {experiment.steps}:",
        f"    {order}",
        *grouped,
        f"    batches += {cut}",
        "",
    ]


def scaling(experiment: Experiment) -> list[str]:
    """The line that scales the inputs in the precision of the run."""
    objective = experiment.objective
    scale = objective.data.input_scale if isinstance(objective, FitObjective) else 1.0
    return [] if scale == 1 else [f"x = x * {scale!r}"]
