"""`gradviz.show`: the graph crosses to a process of its own as plain data, and a window shows it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

import gradviz
from gradviz.app.tracing import graph_window, showing
from gradviz.core.graph.measures import CHOICES, SHADES, UNKNOWN, Measure
from gradviz.core.graph.own_numbers import OwnNumberError, own_numbers
from gradviz.core.problems import GradvizError
from gradviz.core.tape.captions import gradient_text, value_text
from gradviz.core.tape.graph_data import graph_data
from gradviz.core.tape.heat_map import heat_map
from gradviz.core.tape.node_card import card
from gradviz.core.tape.plain_graph import graph_of, plain_graph
from gradviz.storage.problems import FileError
from gradviz.storage.user.handed_graphs import hand_over, remove, take

ROOT = Path(__file__).parents[2]


def graphs() -> dict[str, gradviz.app.tracing.graph.Graph]:
    model = torch.nn.Sequential(torch.nn.Linear(30, 20), torch.nn.Tanh(), torch.nn.Linear(20, 1))
    with gradviz.watching(model) as watch:
        loss = model(torch.ones(4, 30)).square().mean()
    x = torch.tensor([1.0, float("nan"), float("inf")], requires_grad=True)
    z = torch.tensor([1.0 + 2.0j, 3.0j], requires_grad=True)
    over = (x[:1] * 3).exp().sum()
    over.backward(retain_graph=False)
    return {
        "model": gradviz.trace(loss, names=model, watch=watch),
        "odd": gradviz.trace((x * 2).sum()),
        "complex": gradviz.trace((z * z.conj()).real.sum()),
        "after backward": gradviz.trace(over),
        "no graph": gradviz.trace(torch.tensor(3.0)),
    }


@pytest.mark.parametrize("name", ["model", "odd", "complex", "after backward", "no graph"])
def test_nothing_is_lost_on_the_way(name: str) -> None:
    before = graphs()[name].traced
    after = graph_of(*take(hand_over(*plain_graph(before))))
    assert after.structure.is_like(before.structure)
    assert after.structure.digest == before.structure.digest
    assert json.dumps(graph_data(after)) == json.dumps(graph_data(before))
    for row in range(len(before.structure)):
        assert [(str(a.label), str(a.text)) for a in card(after, row)] == [
            (str(b.label), str(b.text)) for b in card(before, row)
        ]
        assert value_text(after, row) == value_text(before, row)
        assert gradient_text(after, row) == gradient_text(before, row)
    np.testing.assert_array_equal(after.structure.order, before.structure.order)
    assert after.structure.calls == before.structure.calls


def test_the_heat_map_of_a_large_tensor_is_not_lost_either() -> None:
    x = torch.randn(90, 70, requires_grad=True)
    before = gradviz.trace((x * x).sum()).traced
    after = graph_of(*take(hand_over(*plain_graph(before))))
    leaf = int(before.structure.ports[before.structure.names.index("x")])
    shown, expected = heat_map(after.ledger.values[leaf]), heat_map(before.ledger.values[leaf])
    assert shown.arrangement == expected.arrangement
    assert shown.arrangement.block == (3, 3)
    np.testing.assert_array_equal(shown.cells, expected.cells)


def test_steps_that_are_alike_are_told_once_and_no_number_goes_through_text() -> None:
    def handed(steps: int) -> tuple[Any, Any]:
        x = torch.rand(8, requires_grad=True)
        y = x
        for _ in range(steps):
            y = (y * x).sigmoid()
        return plain_graph(gradviz.trace(y.sum()).traced)

    (few, _), (many, arrays) = handed(500), handed(1500)
    assert len(json.dumps(many)) == len(json.dumps(few)) < 4000
    assert many["passed"]["flat"] == "gradients.flat", "both columns lie in one array"
    assert len(arrays["gradients.flat"]) >= 8 * 3000


def test_what_is_handed_over_is_taken_once_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = hand_over({"a": 1}, {"b": np.arange(3)})
    assert path.parent.stat().st_mode & 0o077 == 0 or os.name == "nt"
    plain, arrays = take(path)
    assert (plain, arrays["b"].tolist()) == ({"a": 1}, [0, 1, 2])
    assert not path.parent.exists()
    with pytest.raises(FileError, match="could not be read"):
        take(path)
    pickled = hand_over({}, {})
    with pickled.open("wb") as file:
        np.savez(file, text=np.array([object()], dtype=object))
    with pytest.raises(FileError, match="could not be read"):
        take(pickled)
    assert not pickled.parent.exists()
    other = tmp_path / "graph.npz"
    other.write_text("{}")
    remove(other)
    assert other.exists(), "only what was handed over is removed"


def test_the_window_holds_the_graph_with_its_groups_and_card(qtbot: Any) -> None:
    graph = graphs()["model"].opening(set())
    plain, arrays = plain_graph(graph.traced)
    handed = {"graph": plain, "opened": [], "by_hand": [], "title": "gradviz: a model"}
    view = graph_window.graph_window(json.loads(json.dumps(handed)), arrays)
    qtbot.addWidget(view)
    view.show()
    assert view.windowTitle() == "gradviz: a model"
    assert "Sequential" in {node[0] for node in view.drawn()["nodes"]}
    assert view.drawn()["header"].startswith(f"{len(graph.nodes)} nodes")
    QTest.keyClick(view, Qt.Key.Key_O)
    assert {"0.weight", "0.bias", "2.weight", "2.bias"} <= {node[0] for node in view.drawn()["nodes"]}
    view.finding.search("tanh")
    view.dock.open_card(True)
    assert "TanhBackward0" in view.drawn()["card"]["text"]
    assert "alive" in view.drawn()["card"]["text"]


def test_without_a_display_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "display_fault", lambda: "There is no display (DISPLAY is not set).")
    with pytest.raises(GradvizError, match=r"There is no display .* needs none\."):
        gradviz.show(torch.tensor(1.0, requires_grad=True) * 2)


def test_the_callers_own_names_are_those_of_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[dict[str, Any]] = []
    monkeypatch.setattr(showing, "display_fault", lambda: "")
    monkeypatch.setattr(showing, "hand_over", lambda plain, _arrays: handed.append(plain) or Path("nowhere"))
    monkeypatch.setattr(showing, "_opened", lambda _path: None)
    monkeypatch.setattr(showing, "_windows", [])
    weight = torch.tensor(2.0, requires_grad=True)
    hidden = weight * 3
    gradviz.show(hidden.exp())
    assert {"weight", "hidden", "loss"} <= set(handed[0]["graph"]["names"])
    showing._windows.clear()
    gradviz.show(gradviz.trace(hidden.exp()).opening("all"))
    assert handed[1]["opened"] == []


def test_colours_of_ones_own_are_handed_over_and_shown(monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> None:
    handed: list[Any] = []
    monkeypatch.setattr(showing, "display_fault", lambda: "")
    monkeypatch.setattr(showing, "hand_over", lambda *given: handed.append(given) or Path("nowhere"))
    monkeypatch.setattr(showing, "_opened", lambda _path: None)
    monkeypatch.setattr(showing, "_windows", [])
    graph = graphs()["model"].opening("all")
    gradviz.show(graph, colours={"0.weight": -2.0, "2.bias": torch.tensor(6.0), "1": 2})
    plain, arrays = handed[0]
    view = graph_window.graph_window(json.loads(json.dumps(plain)), arrays)
    qtbot.addWidget(view)
    view.show()
    shading = view.plane.stress.shading
    assert shading is not None
    assert (shading.measure, shading.low, shading.high) == (Measure.OWN, -2.0, 6.0)
    shade = dict(zip([node[0] for node in view.drawn()["nodes"]], shading.shades.tolist(), strict=True))
    assert (shade["0.weight"], shade["tanh"], shade["2.bias"]) == (0, 4, SHADES - 1)
    assert shade["2.weight"] == UNKNOWN
    seen = [view.state.measure]
    for _ in range(len(CHOICES) + 2):
        QTest.keyClick(view, Qt.Key.Key_V)
        seen.append(view.state.measure)
    assert seen == [Measure.OWN, None, *CHOICES, Measure.OWN], "one more choice"
    own = [action for action in view.menu.menu().actions() if action.text().startswith("Colour by own")]
    view.menu.menu().aboutToShow.emit()
    assert own[0].isVisible()


def test_a_graph_without_colours_of_ones_own_does_not_offer_them(qtbot: Any) -> None:
    plain, arrays = plain_graph(graphs()["model"].traced)
    view = graph_window.graph_window({"graph": plain, "opened": None, "by_hand": [], "title": ""}, arrays)
    qtbot.addWidget(view)
    view.menu.menu().aboutToShow.emit()
    own = [action for action in view.menu.menu().actions() if action.text().startswith("Colour by own")]
    assert not own[0].isVisible()
    for _ in range(len(CHOICES) + 1):
        QTest.keyClick(view, Qt.Key.Key_V)
        assert view.state.measure is not Measure.OWN


@pytest.mark.parametrize(
    ("colours", "told"),
    [
        ({"wieght": 1.0}, "called 'wieght'. There are .*0.weight"),
        ({"0.weight": "red"}, "is a number"),
        ({99: 1.0}, "99"),
    ],
)
def test_colours_of_nothing_are_refused(monkeypatch: pytest.MonkeyPatch, colours: Any, told: str) -> None:
    monkeypatch.setattr(showing, "display_fault", lambda: "")
    with pytest.raises(OwnNumberError, match=told):
        gradviz.show(graphs()["model"], colours=colours)


def test_a_name_goes_before_the_module_that_it_is_in() -> None:
    structure = graphs()["model"].traced.structure
    numbers = own_numbers(structure, {"0.weight": 5.0, "0": 1.0, 0: 7.0})
    named = dict(zip(structure.names, numbers.tolist(), strict=True))
    assert named["0.weight"] == 5.0
    assert numbers[0] == 7.0
    inside = [row for row, path in enumerate(structure.modules) if path == "0" and structure.names[row] != "0.weight"]
    assert inside
    assert (numbers[inside] == 1.0).all()


SCRIPT = """
import sys, torch, gradviz
from gradviz.app.tracing import showing
paths, hand_over = [], showing.hand_over
showing.hand_over = lambda *given: paths.append(hand_over(*given)) or paths[-1]
x = torch.tensor(2.0, requires_grad=True)
gradviz.show(x * x)
print(showing._windows[0].pid, paths[0])
"""


@pytest.mark.skipif(os.name == "nt", reason="ends the window by a signal")
def test_a_script_opens_a_window_and_goes_on(tmp_path: Path, qtbot: Any) -> None:
    """The script has ended when its window takes the graph: the window outlives it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    pid, path = ended.stdout.split()
    try:
        qtbot.waitUntil(lambda: not Path(path).parent.exists(), timeout=30_000)
        os.kill(int(pid), 0)  # it is there, and stays
    finally:
        os.kill(int(pid), signal.SIGTERM)
