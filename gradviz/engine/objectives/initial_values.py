"""What an experiment starts from: its numbers as torch draws them, and whether its gradient by hand holds there."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.formulas.formula import Assignment, Formula, parse_gradients
from gradviz.core.formulas.text import FormulaError
from gradviz.core.objectives.catalogue import FormulaObjective
from gradviz.core.questions.start import Start
from gradviz.core.runs.result import LiveEdit
from gradviz.engine.objectives.build import build_objective
from gradviz.engine.objectives.formula_descent import tensors_of
from gradviz.engine.objectives.formula_program import Program
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.problems import EngineError
from gradviz.engine.summaries import array_of

LARGEST = 20_000
"""Parameters beyond which nobody writes the start down: it is not built a second time then."""
HOLDS_TO = 1e-7
"""Relative difference, of the largest element of a gradient, up to which a gradient by hand is the same."""
ELSEWHERE = 4
"""Points besides the start: a gradient may be right at one by chance, and a run leaves it with its first step."""


def start_of(experiment: Experiment, edits: tuple[LiveEdit, ...] = (), is_imported: bool = False) -> Start:
    """The start of `experiment`; EngineError where it cannot be built. torch's random state stays as it was.

    Of a run besides: its live edits, and whether it began with imported weights.
    """
    edits = edits if len(edits) > 1 else ()  # the first are the settings that it began with
    if experiment.objective.parameter_count > LARGEST:
        return Start(edits=edits, is_imported=is_imported)
    state = torch.get_rng_state()
    try:
        made: dict[str, Tensor] = dict(build_objective(experiment, torch.device("cpu")).parameters)
        if isinstance(experiment.objective, FormulaObjective):
            dtype: torch.dtype = getattr(torch, experiment.dtype)
            made = {**tensors_of(experiment.objective, experiment.seed, dtype), **made}
        tensors = {name: array_of(tensor) for name, tensor in made.items()}
        return Start(tensors, _gradient_holds(experiment), edits, is_imported)
    finally:
        torch.set_rng_state(state)


def _gradient_holds(experiment: Experiment) -> bool:
    """Whether the lines by hand give what autograd gives, in double precision; True where there are none."""
    declared = experiment.objective
    if not isinstance(declared, FormulaObjective):
        return True
    try:
        lines = _hand_lines(declared, experiment.hand_gradient)
        if not lines:
            return True
        by_autograd = with_value(with_value(experiment, "objective.gradient", "autograd"), "dtype", "float64")
        objective = build_objective(by_autograd, torch.device("cpu"))
        program = Program(Formula(declared.parsed.lines, lines), torch.float64, torch.device("cpu"))
        tensors = tensors_of(declared, experiment.seed, torch.float64)
        draw = torch.Generator().manual_seed(0)
        return all(_holds_at(objective, program, tensors, draw, place > 0) for place in range(1 + ELSEWHERE))
    except (FormulaError, EngineError, RuntimeError):
        return False


def _holds_at(
    objective: Objective, program: Program, tensors: Mapping[str, Tensor], draw: torch.Generator, moved: bool
) -> bool:
    """Whether both agree at the start, or where every parameter is `moved` by a few tenths."""
    here = dict(tensors)
    for name, parameter in objective.parameters.items():
        away = torch.rand(parameter.shape, generator=draw, dtype=torch.float64) - 0.5
        here[name] = tensors[name] + away * (0.2 + 0.4 * tensors[name].abs()) if moved else tensors[name]
        parameter.data.copy_(here[name])
    objective.evaluate()
    with torch.no_grad():
        found = program.gradients(program.evaluate(here))
    pairs = [(found.get(name), parameter.grad) for name, parameter in objective.parameters.items()]
    return all(hand is None or _agree(hand, gradient) for hand, gradient in pairs)


def _hand_lines(declared: FormulaObjective, hand_gradient: str) -> tuple[Assignment, ...]:
    formula = declared.parsed
    if formula.gradients or not hand_gradient.strip():
        return formula.gradients
    names = [tensor.name for tensor in declared.tensors]
    return parse_gradients(hand_gradient, [*names, *(line.name for line in formula.lines)], names)


def _agree(hand: Tensor, gradient: Tensor | None) -> bool:
    """Outside of what the formula is defined for neither is a number, and nothing is said against the other."""
    wanted = torch.zeros_like(hand) if gradient is None else gradient
    if hand.shape != wanted.shape:
        return False
    if not bool(torch.isfinite(wanted).all()):
        return True
    return bool((hand - wanted).abs().max() <= HOLDS_TO * max(float(wanted.abs().max()), 1e-12))
