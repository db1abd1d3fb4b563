"""Scripts of experiments: short ones that a person would have written, and that run on their own."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace

from gradviz.core.data.dataset import DataError
from gradviz.core.document.experiment import Experiment
from gradviz.core.document.lesson import UNTITLED, Lesson
from gradviz.core.objectives.catalogue import FitObjective, FormulaObjective, TestFunctionObjective
from gradviz.core.optimizers.update_rule import UpdateRule
from gradviz.core.questions.start import Start
from gradviz.scripts.language.dialects import LABELS, LIBRARIES, DialectName
from gradviz.scripts.language.page import page
from gradviz.scripts.language.sketch import Sketch, formula_sketch, reached, refuse_errors, test_function_sketch
from gradviz.scripts.language.torch_calls import Changes, changes_of
from gradviz.scripts.pages.hand_script import HandScript
from gradviz.scripts.pages.race_script import RaceScript
from gradviz.scripts.pages.tensorflow_script import TensorFlowScript
from gradviz.scripts.pages.torch_script import HandTorchScript, TorchScript
from gradviz.scripts.pages.torch_sources import FitSource, FormulaSource, TorchSource
from gradviz.scripts.problems import ScriptError
from gradviz.scripts.steps.back_propagation import fit_sketch
from gradviz.scripts.steps.differentiation import differentiated
from gradviz.scripts.steps.loops import batch_lines
from gradviz.scripts.steps.rates import check_rates
from gradviz.scripts.steps.updates import update_of


def script(
    experiment: Experiment, dialect: DialectName, start: Start | None = None, lesson: Lesson | None = None
) -> str:
    """The script of `experiment`; ScriptError where the dialect is not known for it, or would give other numbers.

    `start` are its tensors before the first step, which some dialects cannot draw themselves, and of a run what was
    edited while it went on; `lesson` is what its docstring names it after.
    """
    start = start or Start()
    if start.edits:
        experiment = experiment.with_optimizers(start.edits[0].optimizers)
    try:
        return _script(experiment, dialect, start, lesson or Lesson())
    except ScriptError as error:
        raise ScriptError(f"{LABELS[dialect]}: {error.cause}", error.next_step) from None
    except DataError as error:
        raise ScriptError(f"{LABELS[dialect]}: {error}.", "Use fewer rows, or data that is made by a rule.") from None


def _script(experiment: Experiment, dialect: DialectName, start: Start, lesson: Lesson) -> str:
    per_epoch = experiment.objective.steps_per_epoch
    experiment = experiment.with_optimizers(tuple(one.in_steps(per_epoch) for one in experiment.optimizers))
    _refuse(experiment, start)
    body = _body(experiment, dialect, start)
    is_double = experiment.dtype == "float64" and dialect in ("autograd", "torch")
    precision = ["torch.set_default_dtype(torch.float64)", ""] if is_double else []
    return page(_docstring(lesson, dialect), LIBRARIES[dialect], precision, body)


def _refuse(experiment: Experiment, start: Start) -> None:
    """What no dialect can: an experiment that stops at an error, and one that begins with numbers from elsewhere."""
    if start.is_imported:
        raise ScriptError(
            "the run began with imported weights, and a script begins from the seed.",
            "Open the experiment again without them.",
        )
    for optimizer in experiment.optimizers:
        if optimizer.mistake.stops_scripts:
            raise ScriptError(optimizer.mistake.stops_scripts, "Take the mistake out.")
        if optimizer.mistake.begins_empty and optimizer.clipping.needs_gradients:
            raise ScriptError("clip_grad_value_ fails at step 0, where no gradient is yet.", "Clip by norm.")
        check_rates(optimizer, experiment.steps)


def _body(experiment: Experiment, dialect: DialectName, start: Start) -> list[str]:
    optimizer, steps = experiment.optimizers[0], experiment.steps
    changes = [changes_of(start.edits, lane, steps) for lane in range(len(experiment.optimizers))]
    if dialect == "torch" and len(experiment.optimizers) > 1:
        return RaceScript(experiment, _source(experiment, start), changes).body()
    if dialect == "torch" and not optimizer.by_hand:
        return TorchScript(experiment, _source(experiment, start), optimizer, changes[0]).body()
    found = _one_rule(experiment)
    _refuse_changes(changes)
    objective = experiment.objective
    is_plain = not isinstance(objective, FitObjective) or objective.model[0].kind == "line"
    if dialect in ("autograd", "torch") and not is_plain:
        return HandTorchScript(experiment, _source(experiment, start), optimizer, found).body()
    return _plain_body(experiment, found, dialect, start)


def _refuse_changes(changes: Sequence[Changes]) -> None:
    """An update by hand has its settings once for all."""
    step = min((step for one in changes for step in one), default=None)
    if step is not None:
        raise ScriptError(
            f"settings were changed at step {step:,}, while the run went on.",
            "Reset, and the run has them from step 0 on; PyTorch nn + optim has changes, too.",
        )


def _one_rule(experiment: Experiment) -> UpdateRule:
    """The update by hand; that of a race only where all do the same, as SGD and an update by hand may."""
    rules = [update_of(optimizer) for optimizer in experiment.optimizers]
    clippings = [optimizer.clipping for optimizer in experiment.optimizers]
    if any(other != rules[0] for other in rules) or any(other != clippings[0] for other in clippings):
        raise ScriptError("optimisers race here that differ; by hand there is one.", "Keep one of them.")
    return rules[0]


def _plain_body(experiment: Experiment, found: UpdateRule, dialect: DialectName, start: Start) -> list[str]:
    """The dialects over plain tensors."""
    sketch = _sketch(experiment, start)
    if not reached(sketch):
        raise ScriptError("the loss depends on no parameter that could be updated.", "PyTorch nn + optim has it.")
    if dialect == "autograd" and sketch.by_hand and not sketch.holds:
        raise ScriptError("the gradient by hand, which this experiment takes, is another.", "Set Gradient to autograd.")
    if dialect == "numpy" and sketch.unknown:
        sketch = replace(sketch, backward=differentiated(sketch), holds=True)
    if dialect == "numpy" and not sketch.by_hand and not sketch.holds:
        raise ScriptError("the gradient by hand is not that of autograd, which the run follows.", "Correct its lines.")
    objective = experiment.objective
    batches = batch_lines(objective, experiment) if isinstance(objective, FitObjective) else []
    made = TensorFlowScript if dialect == "tensorflow" else HandScript
    return made(experiment, sketch, found, dialect, start, batches).body()


def _source(experiment: Experiment, start: Start) -> TorchSource:
    objective, mistakes = experiment.objective, [optimizer.mistake for optimizer in experiment.optimizers]
    mistake = next((one for one in mistakes if one.changes_loop), mistakes[0])
    if isinstance(objective, FitObjective):
        return FitSource(experiment, objective, mistake)
    return FormulaSource(experiment, _sketch(experiment, start), start, mistake)


def _sketch(experiment: Experiment, start: Start) -> Sketch:
    objective = experiment.objective
    if isinstance(objective, TestFunctionObjective):
        return test_function_sketch(objective)
    if isinstance(objective, FormulaObjective):
        sketch = formula_sketch(objective, experiment.hand_gradient, start.gradient_holds)
        refuse_errors(sketch)
        return sketch
    return fit_sketch(experiment, objective)


DOCSTRING_WIDTH = 66
_ABOUT: dict[DialectName, str] = {
    "numpy": "NumPy alone, with the gradient by hand. Needs NumPy 2.\n{rounds}",
    "autograd": "The gradient by PyTorch's autograd, the update by hand.\n{rounds}",
    "torch": "PyTorch with torch.nn and torch.optim.",
    "tensorflow": "TensorFlow 2 with GradientTape, and the update by hand.\n{rounds}",
}
_ROUNDS = "It rounds in another order than the run: last digits may differ."


def _docstring(lesson: Lesson, dialect: DialectName) -> str:
    case = f" (case {lesson.case})" if lesson.case else ""
    title = _harmless(lesson.in_language("en").title) or UNTITLED
    # narrower than code: a docstring is read, and the Code pane is no wider at first
    first = textwrap.fill(f"{title}{_harmless(case, ' ')}.", DOCSTRING_WIDTH, break_long_words=False)
    return f"{first}\n\n{_ABOUT[dialect].format(rounds=_ROUNDS)}\nExported by gradviz.\n"


def _harmless(text: str, before: str = "") -> str:
    """Text that ends no docstring and begins no escape, in one line that any file can hold."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    words = " ".join(shown.replace("\\", "/").replace('"', "'").split())
    return f"{before}{words}" if words else ""
