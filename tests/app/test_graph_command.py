"""`gradviz graph`: what it prints is what autograd says of the experiment at that step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradviz.app.commands.cli import run_command_line
from gradviz.core.document.experiment import with_value
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.shipped.by_name import find_experiment
from gradviz.storage.shipped.gallery import gallery

NAMES = [entry.name for entry in gallery()]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run_command_line(["graph", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def entries(value: Any) -> Any:
    return np.array(value, dtype=np.float64)


@pytest.mark.parametrize("name", NAMES)
def test_the_ledger_of_every_gallery_case_adds_up(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """In float64: what is passed to a node is its gradient, and a parameter's is the one that training uses."""
    settings = ["--set", "dtype=float64", *(["--set", "device=cpu"] if name == "line-gpu" else [])]
    graph = printed(capsys, name, *settings)
    nodes = {node["id"]: node for node in graph["nodes"]}
    sums: dict[Any, Any] = {}
    for edge in graph["edges"]:
        producer = nodes[edge["from"]]
        if edge["passed"] is None or isinstance(edge["passed"], dict):
            continue
        assert entries(edge["passed"]).shape == tuple(producer["shape"]), "of the producer's shape"
        key = producer["name"] if producer["leaf"] else edge["from"]
        sums[key] = sums.get(key, 0) + entries(edge["passed"])
    for node in nodes.values():
        key = node["name"] if node["leaf"] else node["id"]
        if key in sums and not isinstance(node["gradient"], dict):
            np.testing.assert_allclose(sums[key], entries(node["gradient"]), rtol=1e-12, atol=1e-15)
    experiment = with_value(find_experiment(name).experiment, "dtype", "float64")
    trainer = Trainer(with_value(experiment, "device", "cpu"))
    objective = trainer.lanes[0].objective
    objective.by_hand = False
    if not graph["note"]:
        objective.evaluate()
        for parameter_name, parameter in objective.parameters.items():
            uses = [node for node in nodes.values() if node["leaf"] and node["name"] == parameter_name]
            for node in uses:
                if isinstance(node["gradient"], dict):
                    assert node["gradient"]["norm"] == pytest.approx(float(parameter.grad.norm()), rel=1e-12)
                    continue
                np.testing.assert_allclose(entries(node["gradient"]), parameter.grad.numpy(), rtol=1e-12, atol=1e-15)
            assert uses or parameter.grad is None


def test_the_chain_of_a1_has_the_numbers_of_the_lesson(capsys: pytest.CaptureFixture[str]) -> None:
    graph = printed(capsys, "A1")
    by_name = {node["name"]: node for node in graph["nodes"]}
    assert list(graph["nodes"][0]) == ["id", "op", "name", "module", "shape", "value", "gradient", "leaf"]
    assert {name: node["gradient"] for name, node in by_name.items() if name} == {
        "j": 1.0, "v": 3.0, "u": 3.0, "a": 3.0, "b": 24.0, "c": 15.0,
    }  # fmt: skip
    assert list(graph["edges"][0]) == ["from", "to", "input", "upstream", "local", "passed"]
    factor = next(node for node in graph["nodes"] if node["op"] == "constant")
    assert (factor["value"], factor["gradient"], factor["leaf"]) == (3.0, None, False)
    inputs = [edge["from"] for edge in graph["edges"] if edge["to"] == by_name["j"]["id"]]
    assert sorted(inputs) == sorted([by_name["v"]["id"], factor["id"]]), "a product has two inputs"
    for edge in graph["edges"]:
        if edge["passed"] is not None:
            assert edge["upstream"] * edge["local"] == edge["passed"]


def test_a_later_step_has_other_numbers_on_the_same_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    first, later = printed(capsys, "himmelblau"), printed(capsys, "himmelblau", "--step", "3")
    assert [node["op"] for node in first["nodes"]] == [node["op"] for node in later["nodes"]]
    trainer = Trainer(find_experiment("himmelblau").experiment)
    trainer.seek(3)
    assert later["nodes"][0]["value"] == pytest.approx(trainer.lanes[0].loss, rel=1e-6)
    assert first["nodes"][0]["value"] != later["nodes"][0]["value"]


def test_what_pytorch_refuses_is_a_note_and_no_gradient_is_zero(capsys: pytest.CaptureFixture[str]) -> None:
    graph = printed(capsys, "vector-error")
    assert "not one real number" in graph["note"]
    assert all(node["gradient"] is None for node in graph["nodes"])
    assert run_command_line(["graph", "vector-error"]) == 0
    assert "upstream gradient" in capsys.readouterr().out


@pytest.mark.parametrize("ending", [".json", ".dot", ".svg", ".html"])
def test_a_file_is_written_by_its_ending(tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str) -> None:
    path = tmp_path / f"graph{ending}"
    assert run_command_line(["graph", "A1", "-o", str(path)]) == 0
    assert f"Wrote graph{ending}." in capsys.readouterr().err
    text = path.read_text(encoding="utf-8")
    found = {".json": ": 3.0", ".dot": "->", ".svg": "<svg", ".html": "<!doctype"}
    assert found[ending] in text


def test_an_ending_that_is_none_is_told_before_anything_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["graph", "A1", "-o", "graph.gif"]) == 2
    assert ".gif is none of .svg, .png" in capsys.readouterr().err
    assert not Path("graph.gif").exists()


def test_shared_parameters_are_drawn_once_by_choice(tmp_path: Path) -> None:
    boxes = []
    for more in ([], ["--once"]):
        assert run_command_line(["graph", "himmelblau", "-o", str(tmp_path / "graph.dot"), *more]) == 0
        boxes.append((tmp_path / "graph.dot").read_text(encoding="utf-8").count("label="))
    assert boxes[0] > boxes[1]
