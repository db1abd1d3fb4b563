"""gradviz from Python: what `gradviz.__all__` names, each one function over engine, scripts and storage.

Nothing here opens a window. What cannot be done raises a GradvizError with a sentence. torch is loaded by the first
function that trains.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradviz.core.declaration import SettingError
from gradviz.core.document.document import Document, document_of
from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.numbers import Floats
from gradviz.core.questions.basins import BasinMap, MapBasins
from gradviz.core.questions.bench import BenchReport, CheckGradient
from gradviz.core.questions.explanation import Reason
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.storage.experiments.experiment_file import SavedExperiment
from gradviz.storage.experiments.experiment_file import save as save_file
from gradviz.storage.problems import FileError
from gradviz.storage.shipped.by_name import find_experiment

if TYPE_CHECKING:
    from gradviz.engine.runs.replay import Replay

GRID, LARGEST_GRID = 96, 1000
PathLike = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run that is over, in plain values.

    `losses` is (steps + 1, optimisers): row k is the loss after k updates. `parameters` has the last values for each
    optimiser, by name, as numbers and nested lists. `message` says why the run ended, for a person, and `reasons`
    what did not go well, each with its figures and the settings that mend it. `experiment` and `result` are what `save`
    writes. Where rows are held out, `figures` (steps + 1, optimisers, 3) are the loss on them, the score on the rows
    trained on and that on those held out, NaN between two evaluations; else it has no rows.
    """

    state: RunState
    message: str
    reasons: tuple[Reason, ...]
    losses: Floats
    parameters: tuple[dict[str, Any], ...]
    experiment: Experiment
    result: RunResult
    figures: Floats


@contextmanager
def _undisturbed() -> Iterator[None]:
    """torch's random generator and number of threads are the caller's: both are put back."""
    from gradviz.engine.training.turns import undisturbed

    with undisturbed():
        yield


def load(name: PathLike) -> SavedExperiment:
    """A file, or an experiment of the gallery by its name or case; FileError where there is none.

    Its `document` has a title and a lesson, its `experiment` is what can be run, its `result` what a run left in the
    file, or None. Nothing is run.
    """
    return find_experiment(os.fspath(name))


def save(path: PathLike, experiment: Experiment | Document, result: RunResult | None = None) -> None:
    """Write an experiment, with the result of its run if there is one; to a path that ends in .json without it.

    A document, such as `load` gives, keeps its title and its lesson; an experiment by itself is untitled.
    FileError where it cannot be written; a file that was there before is whole then.
    """
    save_file(Path(path), experiment, result)


@_undisturbed()
def run(experiment: Experiment, steps: int | None = None, progress: Callable[[int], None] | None = None) -> Outcome:
    """Train from the seed to the end, for `steps` updates if given; `progress` hears of a step ten times a second.

    A run that diverges, or that PyTorch ends with an error, is an outcome too: its `state` and `message` say so.
    EngineError where the experiment cannot be built, SettingError where it allows no such number of steps.
    """
    from gradviz.engine.runs.whole_run import WholeRun

    whole = WholeRun(experiment if steps is None else with_value(experiment, "steps", steps))
    whole.train(progress or (lambda _step: None))
    ran = whole.trainer.experiment
    parameters = tuple(whole.parameters(index) for index in range(len(ran.optimizers)))
    told, losses = (whole.message, whole.explanation.reasons), whole.history.losses.copy()
    return Outcome(whole.state, *told, losses, parameters, ran, whole.result(), whole.history.figures.copy())


@_undisturbed()
def replay(saved: PathLike | SavedExperiment) -> Replay:
    """Run a saved run again; its `matched` says whether losses and weights came out bit for bit.

    FileError where the file cannot be read or holds no run.
    """
    from gradviz.engine.runs.replay import replay as run_again

    if not isinstance(saved, SavedExperiment):
        saved = load(saved)
    if saved.result is None:
        raise FileError("There is no run to compare with.", "Run the experiment and save it first.")
    return run_again(saved.experiment, saved.result)


@_undisturbed()
def bench(experiment: Experiment, step: int = 0) -> BenchReport:
    """The gradient after `step` updates by autograd, finite difference, symbols and by hand, and a verdict on each.

    EngineError where the experiment cannot be built.
    """
    from gradviz.engine.answers.answering import ask
    from gradviz.engine.answers.moment import Moment
    from gradviz.engine.training.trainer import Trainer

    trainer = Trainer(with_value(experiment, "steps", max(experiment.steps, step)))
    trainer.seek(step)
    return ask(CheckGradient(), Moment(trainer))


@_undisturbed()
def script(experiment: Experiment | Document | SavedExperiment, dialect: str = "torch") -> str:
    """The experiment as a short Python script that runs on its own: numpy, autograd, torch or tensorflow.

    Of a document the script bears the title. Of what `load` gives it makes the changes, too, that were made while the
    run in the file went on.
    ScriptError where a dialect cannot say it, SettingError where there is no such dialect.
    """
    from gradviz.engine.objectives.initial_values import start_of
    from gradviz.scripts.language.dialects import DIALECTS
    from gradviz.scripts.pages.script import script as written

    known = next((one for one in DIALECTS if one == dialect), None)
    if known is None:
        raise SettingError("dialect", f"must be one of {', '.join(DIALECTS)}, not {dialect[:40]!r}")
    saved = experiment if isinstance(experiment, SavedExperiment) else SavedExperiment(document_of(experiment), None)
    edits, is_imported = (saved.result.edits, bool(saved.result.start)) if saved.result else ((), False)
    start = start_of(saved.experiment, edits, is_imported)
    return written(saved.experiment, known, start, saved.document.lesson)


@_undisturbed()
def basins(experiment: Experiment, grid: int = GRID, steps: int | None = None) -> BasinMap:
    """Where the first optimiser ends from each of `grid` x `grid` starts, over the range that the surface shows.

    EngineError where the objective is not one of two numbers, or the optimiser looks at all starts together;
    SettingError where there can be no such grid.
    """
    from gradviz.engine.answers.answering import ask
    from gradviz.engine.answers.moment import Moment
    from gradviz.engine.training.trainer import Trainer

    if not 2 <= grid <= LARGEST_GRID:
        raise SettingError("grid", f"must be from 2 to {LARGEST_GRID:,}, not {grid}")
    asked = experiment if steps is None else with_value(experiment, "steps", steps)
    return ask(MapBasins(grid=grid), Moment(Trainer(asked)))
