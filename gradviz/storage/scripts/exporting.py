"""Scripts of experiments: short ones that a person would have written, and that run on their own."""

from __future__ import annotations

from gradviz.core.experiment import Experiment
from gradviz.core.objectives import FormulaObjective, TestFunctionObjective
from gradviz.storage.problems import ScriptError
from gradviz.storage.scripts.dialects import DIALECTS, LABELS, LIBRARIES, DialectName
from gradviz.storage.scripts.hand_script import HandScript
from gradviz.storage.scripts.page import page
from gradviz.storage.scripts.sketch import Sketch, Start, formula_sketch, test_function_sketch
from gradviz.storage.scripts.tensorflow_script import TensorFlowScript
from gradviz.storage.scripts.torch_script import FormulaTorchScript, torch_body
from gradviz.storage.scripts.updates import rule


def script(experiment: Experiment, dialect: DialectName, start: Start | None = None) -> str:
    """The script of `experiment`; ScriptError where the dialect is not known for it, or would give other numbers.

    `start` are its tensors before the first step, which some dialects cannot draw themselves.
    """
    try:
        return _script(experiment, dialect, start or {})
    except ScriptError as error:
        raise ScriptError(f"{LABELS[dialect]}: {error.cause}", error.next_step) from None


def dialects_of(experiment: Experiment, start: Start | None = None) -> dict[DialectName, str]:
    """Every dialect, with the sentence why it is refused, or nothing."""
    return {dialect: _refusal(experiment, dialect, start) for dialect in DIALECTS}


def _refusal(experiment: Experiment, dialect: DialectName, start: Start | None) -> str:
    try:
        script(experiment, dialect, start)
    except ScriptError as error:
        return str(error)
    return ""


def _script(experiment: Experiment, dialect: DialectName, start: Start) -> str:
    body = _body(experiment, _sketch(experiment), dialect, start)
    precision = ["torch.set_default_dtype(torch.float64)", ""] if _is_double_torch(experiment, dialect) else []
    return page(_docstring(experiment, dialect), LIBRARIES[dialect], precision, body)


def _is_double_torch(experiment: Experiment, dialect: DialectName) -> bool:
    return experiment.dtype == "float64" and dialect in ("autograd", "torch")


def _body(experiment: Experiment, sketch: Sketch, dialect: DialectName, start: Start) -> list[str]:
    if dialect == "torch":
        return torch_body(experiment, FormulaTorchScript(experiment, sketch, start))
    if dialect == "autograd" and sketch.by_hand:
        raise ScriptError("this experiment takes its gradient by hand.", "Set Gradient to autograd.")
    if dialect == "numpy" and sketch.unknown:
        raise ScriptError(f"{sketch.unknown}.", "Choose another dialect.")
    found = rule(experiment.optimizers[0])
    made = TensorFlowScript if dialect == "tensorflow" else HandScript
    return made(experiment, sketch, found, dialect, start).body()


def _sketch(experiment: Experiment) -> Sketch:
    objective = experiment.objective
    if isinstance(objective, TestFunctionObjective):
        return test_function_sketch(objective)
    if isinstance(objective, FormulaObjective):
        return formula_sketch(objective, experiment.hand_gradient)
    raise ScriptError("fits are not known yet.")


_ABOUT: dict[DialectName, str] = {
    "numpy": "NumPy alone, with the gradient by hand. Needs NumPy 2.",
    "autograd": "The gradient by PyTorch's autograd, the update by hand.",
    "torch": "PyTorch with torch.nn and torch.optim.",
    "tensorflow": "TensorFlow 2 with GradientTape, and the update by hand.",
}


def _docstring(experiment: Experiment, dialect: DialectName) -> str:
    title = " ".join(experiment.title.replace("\\", "/").replace('"', "'").split()) or "Untitled"
    case = f" (case {experiment.case})" if experiment.case else ""
    return f"{title}{case}.\n\n{_ABOUT[dialect]} Exported by gradviz.\n"
