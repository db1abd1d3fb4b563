"""Every dialect of every gallery experiment runs in a fresh process and ends where gradviz itself ends."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from gallery_runs import (
    CASES_OF_H,
    ENTRIES,
    SHORT,
    assert_own_figures,
    assert_same_end,
    expected,
    first_loss,
    shortened,
    text_of,
)
from script_runs import Ended, ForkServer, deviation, ended, trained, written

from gradviz.core.document.experiment import Experiment
from gradviz.engine.training.trainer import Trainer
from gradviz.scripts.language.dialects import DIALECTS
from gradviz.scripts.problems import ScriptError
from gradviz.storage.shipped.gallery import gallery

MOST_LINES = 130
OF_HELD_OUT = 40
"""So many more has a script that parts rows, evaluates those held out, and stops early."""
pytestmark = pytest.mark.timeout(300)
PAIRS = [(name, dialect) for name in ENTRIES for dialect in DIALECTS]
LONG = [pair for pair in PAIRS if ENTRIES[pair[0]].steps > SHORT]


@pytest.mark.parametrize(("name", "dialect"), [pair for pair in PAIRS if pair[1] != "tensorflow"])
def test_a_script_ends_at_the_experiments_figures(name: str, dialect: str, server_of: Any) -> None:
    text = text_of(name, dialect)
    if not text:
        assert refusal(name, dialect), "a dialect is there, or a sentence says why it is not"
        return
    found, wanted = server_of(dialect).run(text), expected(name)
    if dialect == "torch":
        assert (found.loss, found.parameters, found.gradients) == (wanted.loss, wanted.parameters, wanted.gradients)
    else:
        assert_same_end(found, wanted, ENTRIES[name].dtype, first_loss(name))


def refusal(name: str, dialect: Any) -> str:
    with pytest.raises(ScriptError) as caught:
        written(shortened(name), dialect)
    sentence = str(caught.value)
    assert len(sentence) <= 300
    assert sentence.endswith(".")
    return sentence


def test_cases_of_h_have_four_dialects_and_every_case_that_of_torch() -> None:
    assert all(text_of(name, "torch") for name, experiment in ENTRIES.items() if not is_faulty(experiment))
    for case in ("A3", "A5", "A6", "E1", "E2", "E4"):
        names = [entry.name for entry in gallery() if entry.case == case]
        assert names, case
        for name in names:
            assert all(text_of(name, dialect) for dialect in DIALECTS), f"{case} {name}"


def test_cases_of_h_end_at_their_own_figures_at_full_length(torch_server: ForkServer) -> None:
    for name in CASES_OF_H:
        assert_own_figures(torch_server.run(text_of(name, "numpy", full=True)), name)


def is_faulty(experiment: Experiment) -> bool:
    """Whether the run is meant to stop at one of PyTorch's errors."""
    return any(lane.fault is not None for lane in Trainer(experiment).lanes)


def test_scripts_are_clean_and_short(ruff_clean: Callable[..., None]) -> None:
    texts = {(name, dialect): text for name, dialect in PAIRS if (text := text_of(name, dialect, full=True))}
    ruff_clean(*texts.values())
    for key, text in texts.items():
        most = MOST_LINES + ("evaluated()" in text) * OF_HELD_OUT
        assert len(text.splitlines()) <= most, key
        assert max(map(len, text.splitlines())) <= 100, key
        imported = {
            alias for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for alias in _tops(node)
        }
        allowed = {"numpy": {"numpy"}, "autograd": {"numpy", "torch"}, "torch": {"numpy", "torch"}}
        assert imported <= allowed.get(key[1], {"numpy", "tensorflow"}) | {"json", "math"}, key


def _tops(node: ast.Import) -> list[str]:
    return [alias.name.partition(".")[0] for alias in node.names]


def test_every_racer_of_a_race_ends_where_its_lane_does(torch_server: ForkServer) -> None:
    import json

    names = [name for name, experiment in ENTRIES.items() if len(experiment.optimizers) > 1 and text_of(name, "torch")]
    assert names
    for name in names:
        printed = torch_server.run(text_of(name, "torch")).printed
        result = json.loads(printed[-1])
        if "optimizers" not in result:
            continue
        trainer = Trainer(shortened(name))
        for _ in trainer.steps():
            pass
        for index, racer in enumerate(result["optimizers"].values()):
            lane = ended(trainer, index)
            assert (racer["loss"], racer["parameters"]) == (lane.loss, lane.parameters), f"{name}, optimiser {index}"


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("name", "dialect"), LONG if "GRADVIZ_SOAK_SECONDS" in os.environ else [])
def test_a_script_of_full_length_ends_at_the_experiments_figures(name: str, dialect: str, server_of: Any) -> None:
    text = text_of(name, dialect, full=True)
    if not text:
        pytest.skip(refusal(name, dialect))
    found, wanted = server_of(dialect).run(text, 900), _trained_in_full(name)
    if dialect == "torch":
        assert (found.loss, found.parameters) == (wanted.loss, wanted.parameters)
    else:
        assert_same_end(found, wanted, ENTRIES[name].dtype, first_loss(name))


@cache
def _trained_in_full(name: str) -> Ended:
    return trained(ENTRIES[name])


def test_a_deviation_is_seen() -> None:
    """The comparison itself can fail."""
    assert deviation([1.0, 2.0], [1.0, 2.0]) == 0
    assert deviation([1.0, 2.1], [1.0, 2.0]) == pytest.approx(0.05)
    assert deviation([1.0, float("nan")], [1.0, 2.0]) == float("inf")
