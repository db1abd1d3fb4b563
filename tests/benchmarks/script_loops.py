"""Steps a second without a window, over the plain loop of the exported torch script, case by case, in one process."""

from __future__ import annotations

import ast
import contextlib
import io
import statistics
import time

import torch
from figures import Figure

from gradviz.core.document.experiment import Experiment, with_value
from gradviz.scripts.pages.script import script
from gradviz.scripts.problems import ScriptError
from gradviz.storage.shipped.gallery import gallery

ROUNDS = 7
TARGET_S = 0.4
LEAST_STEPS = 10


def script_figures() -> list[Figure]:
    """The median over turns of script loop and trainer, for every case that has a script and a run to speak of."""
    torch.set_num_threads(1)
    entries = [entry for entry in gallery() if entry.experiment.steps >= LEAST_STEPS]
    found = [_figure(f"{entry.case} {entry.name}", entry.experiment) for entry in entries]
    return [figure for figure in found if figure is not None]


def _figure(name: str, experiment: Experiment) -> Figure | None:
    shortened = with_value(with_value(experiment, "device", "cpu"), "steps", min(experiment.steps, 200))
    try:
        seconds = _script_seconds(shortened)
    except ScriptError:
        return None
    steps = int(min(experiment.steps, max(200, shortened.steps * TARGET_S / seconds)))
    sized = with_value(shortened, "steps", steps)
    ratios = [_script_seconds(sized) / _trainer_seconds(sized) for _ in range(ROUNDS)]
    spread = f"{steps:,} steps, {min(ratios):.2f} to {max(ratios):.2f}"
    return Figure(f"{name}: trainer / script", statistics.median(ratios), "", ">= 0.95", spread)


def _script_seconds(experiment: Experiment) -> float:
    """What the loop of the script takes; what stands before and after it does not count."""
    tree = ast.parse(script(experiment, "torch", None))
    loops = [k for k, node in enumerate(tree.body) if _is_loop(node)]
    begin, end = (ast.parse(f"{name} = _clock()").body[0] for name in ("_begin", "_end"))
    tree.body[loops[0] : loops[-1] + 1] = [begin, *tree.body[loops[0] : loops[-1] + 1], end]
    names: dict[str, object] = {"_clock": time.perf_counter, "__name__": "__main__"}
    default = torch.get_default_dtype()  # a script in float64 changes it
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(ast.fix_missing_locations(tree), "script", "exec"), names)
    torch.set_default_dtype(default)
    return float(names["_end"]) - float(names["_begin"])  # type: ignore[arg-type]


def _is_loop(node: ast.stmt) -> bool:
    """The loop over the steps, or what calls it for every optimiser of a race."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "results"
    return isinstance(node, ast.For) and "range(steps" in ast.unparse(node.iter)


def _trainer_seconds(experiment: Experiment) -> float:
    from gradviz.engine.training.trainer import Trainer

    trainer = Trainer(experiment)
    begin = time.perf_counter()
    for _ in trainer.steps():
        pass
    return time.perf_counter() - begin
