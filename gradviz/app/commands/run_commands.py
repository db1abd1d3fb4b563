"""gradviz without a window: train with a progress bar, report, replay."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradviz.app.commands.held_out import held_out_data, held_out_text
from gradviz.app.commands.interruption import interruptible
from gradviz.app.commands.run_folder import check_folder, write_report
from gradviz.app.commands.speaking import say, show, show_program
from gradviz.app.commands.table_commands import TableRun, is_table, table_run
from gradviz.core.declaration import SettingError
from gradviz.core.document.document import Document, with_setting
from gradviz.core.document.experiment import with_value
from gradviz.core.document.scaling_data import about_weights
from gradviz.core.numbers import plural, short_number
from gradviz.core.problems import GradvizError
from gradviz.core.questions.explanation import Reason
from gradviz.core.questions.question import Progress
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.engine.problems import EngineError
from gradviz.storage.atomic_write import check_writable
from gradviz.storage.experiments import strict_json
from gradviz.storage.experiments.experiment_file import SavedExperiment
from gradviz.storage.experiments.weights import (
    PickleNotAllowedError,
    check_target,
    load_weights,
    save_weights,
    weights_of,
)
from gradviz.storage.problems import FileError
from gradviz.storage.shipped.by_name import find_experiment, load_named
from gradviz.storage.user.unfinished_saves import noted_save

if TYPE_CHECKING:
    from gradviz.engine.runs.whole_run import WholeRun

FINISHED, MISMATCH, MISTAKE, DIVERGED = 0, 1, 2, 3
FIRST = 10
PROGRESS_S = 5.0
DEFAULT_EXPERIMENT = "himmelblau"


def with_settings(document: Document, settings: list[str]) -> Document:
    """The document with ``path=value`` settings; a value is JSON, or text where it is not."""
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals:
            raise SettingError(path, "write it as path=value, such as optimizers.0.lr=0.01")
        document = with_setting(document, path.strip(), _value_of(path, text))
    return document


def _value_of(path: str, text: str) -> Any:
    """A value as JSON, or as text where it is none."""
    try:
        value = json.loads(text)
        is_deep = strict_json.is_deeper(value, strict_json.MAX_DEPTH)
    except ValueError:
        return text
    except RecursionError:
        is_deep = True
    if is_deep:
        raise SettingError(path, f"the value nests deeper than {strict_json.MAX_DEPTH} levels: write a plainer one")
    return value


def read_weights(path: Path, allow_pt: bool) -> RunResult:
    """Weights that a run begins with; FileError where they cannot be read."""
    try:
        return RunResult.beginning_with(load_weights(path, allow_pt))
    except PickleNotAllowedError as error:
        raise FileError(f"{path.name[:60]}: {error.cause}", "Add --allow-pt to have its tensors read.") from None
    except FileError as error:
        raise FileError(f"{path.name[:60]}: {error.cause}", error.next_step) from None


def run(
    document: Document,
    out: Path | None,
    as_json: bool,
    start: RunResult | None = None,
    save_weights_to: Path | None = None,
    table: TableRun | None = None,
) -> int:
    """Train to the end, from imported weights if there are any; returns the exit status.

    Where to write is tried before the training. Ctrl+C or SIGTERM ends it early, and what was trained so far is
    written all the same.
    """
    from gradviz.engine.runs.whole_run import WholeRun

    if save_weights_to is not None:
        check_target(save_weights_to)
    whole = WholeRun(document.experiment, start)
    _check_start(whole, start)
    _check_places(out, save_weights_to)
    if whole.trainer.notice:
        say(whole.trainer.notice)
    signalled = _train(whole, document.title)
    for sentence in whole.faults:
        say(sentence)
    line = None if table is None or whole.fault else table.line(document, whole.parameters())
    if as_json:
        told = {} if table is None else {"table": table.summary(document), "line": line}
        show(json.dumps(_finite(_summary(whole) | told), ensure_ascii=False))
    if whole.fault:
        say(f"gradviz: {whole.message}")
        return MISTAKE
    if not as_json or whole.is_stopped:
        say(whole.message)
        for reason in whole.explanation.reasons[1:]:
            say(str(reason.words))
    if not as_json:
        say(f"loss {short_number(whole.trainer.lanes[0].loss)}")
        for sentence in held_out_text(whole):
            say(sentence)
        if line is not None and table is not None:
            say(line_text(table.imported.names("target")[0], line))
    _write_what_was_asked(document, whole, out, save_weights_to)
    if signalled:
        return signalled
    return FINISHED if whole.state is RunState.FINISHED else DIVERGED


def _check_start(whole: WholeRun, start: RunResult | None) -> None:
    """FileError where imported weights are not those of this model."""
    if start is None or whole.trainer.begins_with_weights:
        return
    given = ", ".join(list(start.start)[:4])
    own = ", ".join(list(whole.trainer.lanes[0].objective.parameters)[:4])
    cause = f"The weights ({given}) do not fit this model ({own}): names and shapes must be the same."
    raise FileError(cause, "Choose the weights of this model.")


def _check_places(out: Path | None, weights: Path | None) -> None:
    """FileError where the results could not be written: told before the training and not after it."""
    if out is not None:
        with _named("--out"):
            check_folder(out)
    if weights is not None:
        with _named("--save-weights"):
            check_writable(weights)


@contextmanager
def _named(option: str) -> Iterator[None]:
    """What cannot be written is written elsewhere by an option here, not by a menu."""
    try:
        yield
    except FileError as error:
        raise FileError(error.cause, f"Choose another place with {option}.") from None


def _train(whole: WholeRun, title: str) -> int:
    """Train, with a progress bar if it can start; returns the exit status of a signal that ended it, or 0."""
    from gradviz.app.commands.progress import step_progress

    if whole.fault:
        whole.train(lambda _step: None)
        return 0
    with interruptible() as wish, step_progress(title, whole.trainer.experiment.steps) as advance:
        whole.train(advance, wish.wanted)
    return wish.status if whole.is_stopped else 0


def _write_what_was_asked(document: Document, whole: WholeRun, out: Path | None, weights: Path | None) -> None:
    """Weights and report, of a run that was stopped as well."""
    so_far = " so far" if whole.is_stopped else ""
    if weights is not None:
        with _named("--save-weights"), noted_save(weights):
            save_weights(weights, weights_of(whole.result()), about_weights(document.experiment))
        say(f"Wrote the weights{so_far} to {weights.resolve()}.")
    if out is not None:
        with _named("--out"):
            written = write_report(out, document, whole.result(), whole)
        say(f"Wrote {', '.join(written)} to {out.resolve()}{', as far as the run went' if so_far else ''}.")


def line_text(target: str, line: dict[str, Any]) -> str:
    """A fitted line as a person writes it: cost = 1000 + 50*age."""
    slopes = list(line["slopes"].items())
    terms = "".join(
        f" {'-' if slope < 0 else '+'} {short_number(abs(slope), 5)}*{_factor(name)}" for name, slope in slopes[:8]
    )
    more = f" + … ({len(slopes) - 8} more)" if len(slopes) > 8 else ""
    return f"{target[:60]} = {short_number(line['intercept'], 5)}{terms}{more}"


def _factor(name: str) -> str:
    """The name of a column behind a times sign."""
    return f"[{name[:40]}]" if any(not (letter.isalnum() or letter in "_^") for letter in name) else name[:40]


def _summary(whole: Any) -> dict[str, Any]:
    """What --json says of a run; several optimisers stand in "optimizers" besides."""
    from gradviz.engine.training.versions import versions

    losses = whole.history.losses
    experiment = whole.trainer.experiment
    summary: dict[str, Any] = {
        "state": str(whole.state),
        "steps": whole.trainer.step,
        "loss": float(losses[-1, 0]),
        "first_losses": losses[:FIRST, 0].tolist(),
        "parameters": whole.parameters(),
        "gradients": whole.gradients(),
        "values": whole.values(),
        "steps_per_s": round(whole.steps_per_s, 1),
        "seed": experiment.seed,
        "device": str(whole.trainer.device),
        "versions": versions(),
        "message": whole.message,
        "reasons": [_reason_data(reason) for reason in whole.explanation.reasons],
        **held_out_data(whole, 0),
    }
    if len(experiment.optimizers) > 1:
        summary["optimizers"] = [
            {"kind": optimizer.kind, "loss": float(losses[-1, k]), "parameters": whole.parameters(k)}
            | held_out_data(whole, k)
            for k, optimizer in enumerate(experiment.optimizers)
        ]
    return summary


def _reason_data(reason: Reason) -> dict[str, Any]:
    """Why one optimiser did not end well, and the settings that mend it, as ``--set`` takes them."""
    return {
        "kind": reason.kind,
        "optimizer": reason.optimizer,
        "sentence": str(reason.words),
        "figures": dict(reason.figures),
        "set": {edit.path: edit.value for edit in reason.edits},
    }


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: "nan", "inf" and "-inf" stand for them, for null is what there is not."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return value


def check(document: Document, steps: int, as_json: bool) -> int:
    """The gradient bench after `steps` updates; returns the exit status: 0 all agree, 1 one is wrong."""
    from gradviz.app.commands.progress import step_progress
    from gradviz.core.questions.bench import CheckGradient
    from gradviz.core.questions.bench_text import report_data, report_text
    from gradviz.engine.answers.answering import ask
    from gradviz.engine.answers.moment import Moment
    from gradviz.engine.training.trainer import Trainer

    experiment = document.experiment
    trainer = Trainer(with_value(experiment, "steps", max(experiment.steps, steps)))
    if trainer.notice:
        say(trainer.notice)
    if steps:
        with step_progress(document.title, steps) as advance:
            for record in trainer.towards(steps):
                advance(record.step)
    report = ask(CheckGradient(), Moment(trainer), _teller())
    if report.fault and not report.rows and not as_json:
        raise EngineError(report.fault)
    if as_json:
        show(json.dumps(_finite(report_data(report)), ensure_ascii=False))
    else:
        show(report_text(report))
    if report.faults:
        return MISMATCH
    return MISTAKE if report.fault else FINISHED


def _teller() -> Callable[[Progress], None]:
    """Says on stderr every few seconds how far an answer is."""
    due = time.perf_counter() + 1.0

    def tell(progress: Progress) -> None:
        nonlocal due
        if time.perf_counter() > due:
            due = time.perf_counter() + PROGRESS_S
            say(f"{progress.done:.0%} {progress.what}")

    return tell


def replay_file(path: Path, as_json: bool) -> int:
    """Run a saved run again and compare; returns the exit status: 0 matched, 1 not."""
    from gradviz.app.commands.progress import step_progress
    from gradviz.engine.runs.replay import replay

    saved = load_named(path)
    if saved.result is None:
        raise FileError(f"{path.name} holds no run.", "Run the experiment and save it first.")
    last = saved.result.step
    with step_progress(f"Replay of {saved.document.title}", last) as advance:
        found = replay(saved.experiment, saved.result, lambda step, _last: advance(step))
    data = {
        "matched": found.matched,
        "steps": found.steps,
        "first_difference": found.first_difference,
        "expected": found.expected,
        "found": found.found,
        "differences": list(found.differences),
    }
    if as_json:
        show(json.dumps(_finite(data), ensure_ascii=False))
    elif found.matched:
        say(f"All {plural(found.steps, 'step')} matched bit for bit.")
    else:
        others = f" ({'; '.join(found.differences)})" if found.differences else ""
        say(f"The replay differs from step {found.first_difference:,} on{others}.")
    return FINISHED if found.matched else MISMATCH


def print_script(saved: SavedExperiment, dialect: str, out: Path | None) -> int:
    """The script of an experiment on stdout, or in a file; returns the exit status."""
    from gradviz.app.public import script
    from gradviz.storage.atomic_write import write_bytes

    text = script(saved, dialect)
    if out is not None:
        with noted_save(out):
            write_bytes(out, text.encode())
        say(f"Wrote {out.name}.")
        return FINISHED
    show_program(text)
    return FINISHED


def with_its_run(name: str) -> SavedExperiment:
    """An experiment with what a run left in its file, unless that does not fit it: then it is no run of this."""
    try:
        return find_experiment(name)
    except FileError:
        return find_experiment(name, without_run=True)


def run_without_display(fault: str, file: str | None) -> int:
    """The main job where no window can be opened; returns the exit status."""
    say(f"{fault} gradviz does the main job without a window.")
    name = file or DEFAULT_EXPERIMENT
    try:
        table = table_run(name, "", [], "") if is_table(name) else None
        document = find_experiment(name, without_run=True).document if table is None else table.document
        return run(document, Path(f"gradviz-run-{Path(name).stem}"), as_json=False, table=table)
    except GradvizError as error:
        say(f"gradviz: {error}")
        return MISTAKE
