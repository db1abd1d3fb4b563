"""A person's own graph, of no run, is walked through in the view that shows it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from gradviz.core.questions.backward import TakeApart
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.tape.backward_pass import BackwardPass
from gradviz.core.tape.backward_walk import BackwardWalk
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.node_card import card
from gradviz.core.tape.plain_graph import graph_of, plain_graph
from gradviz.core.tape.walk_words import walk_words
from gradviz.engine.tape.naming import names_of
from gradviz.engine.tape.tracing import trace
from gradviz.engine.tape.watch import watching
from gradviz.storage.shipped.by_name import find_experiment
from gradviz.views.graph.graph_view import GraphView
from gradviz.views.kit.theme import LIGHT

Key = Qt.Key


def own_graph() -> TracedGraph:
    """x twice, a hook, a change in place, and something detached."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with watching() as watch:
        y = x * x
        y.register_hook(lambda gradient: 2 * gradient)
        y += 1
        loss = (y * x * y.detach()).sum()
    return trace([loss], names_of({"x": x, "y": y}, {}), watch)


def crossed(graph: TracedGraph) -> TracedGraph:
    """A graph as another process takes it."""
    told, arrays = plain_graph(graph)
    return graph_of(json.loads(json.dumps(told)), arrays)


@pytest.fixture
def view(qtbot: QtBot) -> GraphView:
    made = GraphView()
    qtbot.addWidget(made)
    made.set_theme(LIGHT)
    made.resize(900, 700)
    made.show()
    made.show_graph(crossed(own_graph()))
    qtbot.waitUntil(lambda: bool(made.drawn()["nodes"]))
    return made


def walk(view: GraphView) -> dict[str, Any]:
    found: Any = view.drawn()["walk"]
    return dict(found)


def test_a_graph_that_crossed_to_another_process_has_the_same_steps_and_remarks() -> None:
    before = own_graph()
    after = crossed(before)
    walks = [BackwardWalk(BackwardPass(graph)) for graph in (before, after)]
    said = [[str(walk_words(one, position)) for position in range(len(one))] for one in walks]
    assert said[0] == said[1]
    assert any("a hook makes" in words for words in said[0])
    for row in range(len(before.structure)):
        assert [str(line.text) for line in card(before, row)] == [str(line.text) for line in card(after, row)]


def test_it_is_walked_without_an_engine_and_its_only_call_cannot_be_chosen(view: GraphView, qtbot: QtBot) -> None:
    qtbot.keyClick(view, Key.Key_W)
    assert walk(view)["words"].startswith("Nothing has run")
    qtbot.keyClick(view, Key.Key_1)
    assert walk(view)["call"] == "backward()"
    qtbot.keyClick(view, Key.Key_B)
    assert walk(view)["phase"] == "backward"
    assert view.drawn()["at work"] >= 0  # type: ignore[operator]
    qtbot.keyClick(view, Key.Key_End)
    assert walk(view)["words"] == "The pass is over. Nothing was freed: another one may follow."
    qtbot.keyClick(view, Key.Key_Escape)
    assert not walk(view)
    assert view.drawn()["at work"] == -1


def pixels_of(view: GraphView, colour: str) -> int:
    """How many pixels of the graph have just this colour."""
    picture = view.plane.grab().toImage()
    wanted = QColor(colour).rgb()
    return sum(picture.pixel(x, y) == wanted for x in range(picture.width()) for y in range(picture.height()))


def test_the_node_at_work_and_what_it_passes_stand_out_in_the_picture(view: GraphView, qtbot: QtBot) -> None:
    qtbot.keyClick(view, Key.Key_W)
    before = pixels_of(view, LIGHT.gradient)
    qtbot.keyClick(view, Key.Key_B)
    assert pixels_of(view, LIGHT.gradient) > before + 500


def test_of_a_race_the_pass_of_the_chosen_optimiser_is_asked_for_and_only_while_one_walks(qtbot: QtBot) -> None:
    view = GraphView()
    qtbot.addWidget(view)
    view.show_settings(find_experiment("race-line").experiment)
    view.choose_optimizer(1)
    assert [type(question) for question in view.asks] == [TraceGraph]
    with qtbot.waitSignal(view.asks_changed):
        view.walking.open()
    view.walking.bar.choose("twice")
    assert view.asks == (TakeApart(1, twice=True),)
    view.walking.close()
    assert [type(question) for question in view.asks] == [TraceGraph]


def test_the_room_of_the_bar_is_the_graphs_again_when_it_is_closed(view: GraphView, qtbot: QtBot) -> None:
    whole = view.plane.height()
    qtbot.keyClick(view, Key.Key_W)
    assert view.plane.height() < whole - 60
    assert view.walking.opener.isChecked()
    qtbot.keyClick(view, Key.Key_W)
    assert view.plane.height() == whole
    assert not view.walking.opener.isChecked()


def test_where_a_node_is_at_work_out_of_sight_the_graph_moves(view: GraphView, qtbot: QtBot) -> None:
    qtbot.keyClick(view, Key.Key_W)
    for _ in range(8):
        qtbot.keyClick(view, Key.Key_Plus)
    for _ in range(60):
        qtbot.keyClick(view, Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(view, Key.Key_L)
    box = view.drawn()["at work"]
    assert isinstance(box, int)
    assert view.plane.rect().contains(view.plane.place_of(box).toPoint())
