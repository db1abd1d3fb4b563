"""The rows held out in a script: the split, an evaluation of them in the loop, and early stopping.

A dialect says how it predicts, copies its parameters and puts them back; what is the same in all of them stands here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gradviz.core.data.validation import HELD
from gradviz.core.document.experiment import Experiment, figure_names
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.objectives.stopping import EarlyStopping
from gradviz.scripts.steps.loops import indented

SPLIT = f"x, y, x_{HELD}, y_{HELD} = x[~{HELD}], y[~{HELD}], x[{HELD}], y[{HELD}]"


@dataclass(frozen=True)
class HeldOut:
    """The lines about rows held out; all are empty where none are.

    `functions` are definitions, the last of them ``evaluated()``, which gives the three figures. `copied` is an
    expression of copies of all that a best evaluation was made with, `put_back` the lines that make these the present
    ones.
    """

    experiment: Experiment
    functions: Sequence[Sequence[str]] = ()
    copied: str = ""
    put_back: Sequence[str] = field(default_factory=tuple)

    @property
    def _fit(self) -> FitObjective | None:
        objective = self.experiment.objective
        return objective if isinstance(objective, FitObjective) and objective.data.validation.holds_out else None

    @property
    def _stopping(self) -> EarlyStopping | None:
        fit = self._fit
        return fit.stopping if fit is not None and isinstance(fit.stopping, EarlyStopping) else None

    @property
    def every(self) -> int:
        """Steps from one evaluation to the next; 0 where no rows are held out."""
        return 0 if self._fit is None else self._fit.evaluation_every

    @property
    def puts_back(self) -> bool:
        """Whether the best weights are put back at the end."""
        return self._stopping is not None and self._stopping.weights == "best"

    @property
    def is_over(self) -> str:
        """The condition that the patience has ended; it does so at a step that has an evaluation."""
        assert self._stopping is not None
        return f"step - best_step >= {self._stopping.patience * self.every}"

    def begin(self, gap: int = 2, has_last: bool = True) -> list[str]:
        """What stands before the loop, with so many empty lines around each function.

        `has_last` says whether the loop is told by ``is_last`` that its next turn is the last.
        """
        if self._fit is None:
            return []
        blank = [""] * gap
        lines = [*blank, *(line for function in self.functions for line in [*function, *blank])]
        if self._stopping is not None:
            lines.append('best_loss, best_step = float("inf"), 0')
        return [*lines, *(["is_last = False"] if self.puts_back and has_last else [])]

    def look(self) -> list[str]:
        """The evaluation of a step, behind that of the rows trained on, if the step has one."""
        if self.every <= 1:
            return self.evaluation()
        last = " or is_last" if self.puts_back else ""
        return [f"if step % {self.every} == 0{last}:", *indented(self.evaluation())]

    def evaluation(self) -> list[str]:
        """The figures of a step, and the best of them."""
        if self._fit is None:
            return []
        lines = ["figures = evaluated()"]
        if self._stopping is not None:
            margin = f" - {self._stopping.least!r}" if self._stopping.least else ""
            kept = [f"    best = {self.copied}"] if self.puts_back else []
            lines += [f"if figures[0] < best_loss{margin}:", "    best_loss, best_step = figures[0], step", *kept]
        return lines

    @property
    def told(self) -> str:
        """What a line of progress says besides, as a part of an f-string."""
        return "" if self._fit is None else "  validation {figures[0]:.7g}"

    @property
    def ends(self) -> str:
        """A further condition under which the loop ends."""
        if self._stopping is None:
            return ""
        return " or is_last" if self.puts_back else f" or {self.is_over}"

    def stop(self, zeroed: Sequence[str] = ()) -> list[str]:
        """What ends the training early, in the place of an update and of what is `zeroed` after it."""
        if not self.puts_back:
            return []
        inner = [*self.put_back, *zeroed, "is_last = True", "continue"]
        return [f"if {self.is_over}:  # the best weights are put back, and evaluated once more", *indented(inner)]

    def after(self) -> list[str]:
        """What follows the loop."""
        if self._stopping is None:
            return []
        return ['print(f"best at step {best_step:6d}  validation {best_loss:.7g}")']

    def entries(self) -> dict[str, str]:
        """What the JSON of the end has besides, by its keys."""
        return {name: f"figures[{place}]" for place, name in enumerate(figure_names(self.experiment))}


def score_definition(fit: FitObjective, library: str) -> list[str]:
    """The function ``score(prediction, target)``: R², or the share of right answers."""
    head = "def score(prediction, target):"
    if fit.data.is_labelled:
        return [head, "    # the share of right answers", f"    return {_share_right(fit, library)}"]
    if library == "torch":
        wide, mean = "target, prediction = target.double(), prediction.double()", "target.mean(dim=0)"
    else:
        wide, mean = "target, prediction = np.float64(target), np.float64(prediction)", "target.mean(axis=0)"
    spread = f"spread = ((target - {mean}) ** 2).sum()  # R squared is 1 less what is left of it"
    return [head, f"    {wide}", f"    {spread}", "    return float(1 - ((target - prediction) ** 2).sum() / spread)"]


def _share_right(fit: FitObjective, library: str) -> str:
    """The expression of the share of right answers; targets are as the loss wants them."""
    is_torch = library == "torch"
    if fit.loss.wants == "binary":
        same = f"((prediction > {0.5 if fit.loss.needs_shares else 0}) == (target > 0.5))"
    else:
        axis = "dim" if is_torch else "axis"
        # without torch labels are one-hot
        labels = "target" if fit.loss.wants == "labels" and is_torch else f"target.argmax({axis}=1)"
        same = f"(prediction.argmax({axis}=1) == {labels})"
    return f"{same}.double().mean().item()" if is_torch else f"float({same}.mean())"
