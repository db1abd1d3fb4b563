"""TensorFlow's scripts of the same cases: each runs in a process that has imported it, for it is not one of ours."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import pytest
from in_process import executed
from matrix import FACTORS, FORMULAS, Case, every_case, experiment_of, filled
from rounding import assert_to_rounding
from script_runs import ForkServer, trained, written
from test_every_script import assert_refusal

from gradviz.core.document.experiment import Experiment, from_data
from gradviz.core.optimizers.catalogue import OPTIMIZERS
from gradviz.core.optimizers.schedule_catalogue import SCHEDULES
from gradviz.engine.objectives.initial_values import start_of
from gradviz.engine.problems import EngineError
from gradviz.scripts.language.dialects import DIALECTS
from gradviz.scripts.pages.script import script
from gradviz.scripts.problems import ScriptError
from gradviz.scripts.steps.back_propagation import LAYERS

pytestmark = pytest.mark.timeout(300)
SOAKS = "GRADVIZ_SOAK_SECONDS" in os.environ
UPDATES = [entry().kind for entry in OPTIMIZERS if entry().update_rule() is not None]
RATES = ["none", *(entry().kind for entry in SCHEDULES if entry().closed_form)]
PLACES = [*LAYERS, *FORMULAS, "test function"]
RICH = {"sgd": 2, "adam": 1, "rmsprop": 2, "adagrad": 1, "nadam": 1, "asgd": 1}
"""The set of settings of an optimiser that writes most of its rule."""
BATCH = 24
"""So many scripts wait for their turn at once."""


def a_few() -> Iterator[Case]:
    """Every optimiser, schedule, layer and loss that is known by hand, once or twice each."""
    few = FACTORS | {"optimizer": UPDATES, "schedule": RATES, "mistake": ["none", "rate_times_ten"], "layer": PLACES}
    few |= {"batch": ["full", "shuffled", "in order"]}
    for number in range(max(len(UPDATES), len(PLACES), len(RATES))):
        chosen = {name: values[number % len(values)] for name, values in few.items()}
        chosen |= {"variant": RICH.get(chosen["optimizer"], number % 4)}
        if not follows_a_schedule(chosen["optimizer"]) or chosen["layer"] == "line":
            chosen |= {"schedule": "none", "batch": "full"}
        yield filled(chosen)


def follows_a_schedule(kind: str) -> bool:
    return next(entry for entry in OPTIMIZERS if entry().kind == kind).follows_rate


def text_of(case: Case) -> tuple[Experiment, str]:
    """The script; empty where it is refused in a sentence."""
    experiment = experiment_of(case)
    try:
        return experiment, script(experiment, "tensorflow", start_of(experiment))
    except ScriptError as error:
        assert_refusal(str(error), "tensorflow")
    except EngineError:
        assert case["optimizer"] == "muon", case
    return experiment, ""


def compare(server: ForkServer, chosen: Iterable[tuple[Case, Experiment, str]]) -> None:
    """Hand scripts over, and train the same here while they run."""
    waiting = [(case, experiment, server.begin(text)) for case, experiment, text in chosen]
    for case, experiment, begun in waiting:
        try:
            assert_to_rounding(server.end(begun), trained(experiment), experiment)
        except AssertionError as error:
            error.add_note(f"{case}")
            raise


def test_a_tensorflow_script_ends_on_the_runs_figures(tensorflow_server: ForkServer) -> None:
    chosen = [(case, *text_of(case)) for case in a_few()]
    assert [case for case, _, text in chosen if not text] == []
    compare(tensorflow_server, chosen)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("round_number", range(2) if SOAKS else [])
def test_the_whole_product_in_tensorflow(tensorflow_server: ForkServer, round_number: int) -> None:
    written = ((case, *text_of(case)) for case in every_case(round_number))
    known = [(case, experiment, text) for case, experiment, text in written if text]
    for first in range(0, len(known), BATCH):
        compare(tensorflow_server, known[first : first + BATCH])


def test_a_batch_that_is_not_finite_ends_the_run_though_the_next_would_be(tensorflow_server: ForkServer) -> None:
    rows = [[0.0, 1.0], [0.0, 2.0], [1e15, 1.0], [1e15, 2.0]]
    model = [{"kind": "linear", "init": {"kind": "constant", "weight": 1e6}}]
    data = {"kind": "table", "table": {"columns": ["x", "y"], "rows": rows}}
    batch = {"kind": "mini", "size": 2, "shuffle": False}
    fit = {"kind": "fit", "data": data, "model": model, "batch": batch}
    experiment = from_data({"objective": fit, "optimizers": [{"kind": "sgd"}], "steps": 6})
    wanted = trained(experiment)
    assert wanted.loss == float("inf")
    for found in (
        tensorflow_server.run(written(experiment, "tensorflow")),
        *(executed(written(experiment, dialect)) for dialect in DIALECTS[:3]),
    ):
        assert (found.loss, found.parameters) == (wanted.loss, wanted.parameters)
