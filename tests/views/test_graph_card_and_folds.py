"""The graph view folded, coloured and explained: groups that open and close, the node card, colours by a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from desk import has_colour, pixels
from PySide6.QtCore import QPoint, QPointF, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton, QToolTip
from traced import large, number, structure_of, traced

from gradviz.core.document.experiment import Experiment
from gradviz.core.graph.measures import NOT_FINITE, SHADES, UNKNOWN, Measure, measured, shaded
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.questions.question import Answer
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.tape.folding import folded
from gradviz.core.tape.grouping import grouping
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.structure import CONSTANT, LEAF, ModuleCall, SavedState, SavedTensor
from gradviz.core.tape.tensor_numbers import TensorNumbers
from gradviz.views.graph.card_html import entry_text
from gradviz.views.graph.graph_view import GraphView
from gradviz.views.kit.theme import DARK, LIGHT, mix

Show = Callable[..., Any]
NODES = (
    ("SumBackward0", "loss"),
    ("TanhBackward0", "hidden"),
    ("AddmmBackward0", ""),
    ("MulBackward0", "scaled"),
    (LEAF, "weight"),
    (LEAF, "weight"),
    (CONSTANT, "inputs"),
)
"""loss = sum(scaled), scaled = hidden*weight, hidden = tanh(weight @ inputs): the last two in a module."""
EDGES = ((3, 0), (1, 3), (5, 3), (2, 1), (4, 2), (6, 2))


def model() -> TracedGraph:
    calls = ModuleCall("net", "Net", 4, 6), ModuleCall("net.act", "Tanh", 5, 6)
    made = structure_of(NODES, EDGES, {1: (2, 3)}, calls, {1: "net.act", 2: "net"})
    saved = (SavedTensor("result", SavedState.ALIVE, (2, 3), "float32", 24),)
    made = replace(made, saved=((), saved, *[()] * 5), order=np.array([7, 5, 4, 6, 4, 6, 4]))
    matrix = TensorNumbers((2, 3), "float32", np.array([[0.5, -1.0, 2.0], [np.nan, 0.25, np.inf]]))
    values = (number(3.0), matrix, number(2.0), number(3.0), number(1.5), number(1.5), None)
    gradients = (number(1.0), large((2, 3)), number(0.0), number(1.0), number(8.0), number(8.0), None)
    passed = (number(1.0), None, number(3.0), None, number(5.0), None)
    return traced(made, values, gradients, [None] * 6, passed)


@pytest.fixture
def view(shown: Show) -> GraphView:
    made = shown(GraphView(), 1000, 700)
    made.show_answer(Answer(TraceGraph(), 3, model()))
    return made


def titles(view: GraphView) -> list[str]:
    return [node[0] for node in view.drawn()["nodes"]]


def test_groups_close_around_a_node_and_open_by_key_and_by_mouse(view: GraphView) -> None:
    assert len(titles(view)) == 7
    view.shown.choose(1)
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    assert view.state.chosen == "net.act#1"
    assert ("net.act", "Tanh", "1 node", "") in view.drawn()["nodes"]
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    assert view.state.chosen == "net#1"
    assert ("net", "Net", "4 nodes", "") in view.drawn()["nodes"], "name, class and count"
    assert len(titles(view)) == 4
    assert has_colour(pixels(view), mix(LIGHT.operation, LIGHT.accent, 0.12), 2) > 500, "a closed box looks closed"
    box = view.shown.folds.box_of("net#1")
    QTest.mouseDClick(view.plane, Qt.MouseButton.LeftButton, pos=view.plane.place_of(box).toPoint())
    assert view.drawn()["opened"] == {"net#1"}
    view.shown.choose("net.act#1")
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert len(titles(view)) == 7
    assert view.state.chosen == 1, "one looks at what was opened"


def test_a_box_that_opens_stays_where_it_was(view: GraphView) -> None:
    view.folding.close_all()
    view.zoom(1.2, QPointF(300, 300))
    place = view.plane.place_of(view.shown.folds.box_of("net#1"))
    view.folding.open_group("net#1")
    first = view.shown.folds.box_of(view.state.chosen)
    assert (view.plane.place_of(first) - place).manhattanLength() < 2


def test_all_open_and_all_close_and_what_is_open_is_of_the_state(view: GraphView) -> None:
    QTest.keyClick(view, Qt.Key.Key_C)
    assert view.state.opened == frozenset()
    assert len(titles(view)) == 4
    view.show_answer(Answer(TraceGraph(), 4, TracedGraph(view.graph.structure, model().ledger)))
    assert len(titles(view)) == 4, "the next step is folded as this one"
    QTest.keyClick(view, Qt.Key.Key_O)
    assert view.state.opened == {"net#1", "net.act#1"}


def test_a_large_graph_comes_folded(shown: Show) -> None:
    ops = ("MulBackward0", "AddBackward0", "TanhBackward0")
    nodes = [(ops[k % 3], "") for k in range(600)]
    structure = replace(structure_of(nodes, [(k + 1, k) for k in range(599)]), order=np.arange(600)[::-1].copy())
    view = shown(GraphView())
    view.show_answer(Answer(TraceGraph(), 1, traced(structure, (None,) * 600, (None,) * 600)))
    assert view.drawn()["nodes"] == [("200 × 3 operations", "", "600 nodes", "")]


def test_what_is_found_in_a_closed_group_is_uncovered(view: GraphView) -> None:
    view.folding.close_all()
    view.finding.open()
    line = view.finding.bar._line
    QTest.keyClicks(line, "tanh")
    assert view.drawn()["found"] == (1,)
    assert view.drawn()["standing out"] == [view.shown.folds.box_of("net#1")], "the box that it is in"
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert "hidden" in titles(view)
    assert view.state.chosen == 1


def test_marked_nodes_become_a_group_and_those_that_cannot_say_why(view: GraphView, qtbot: Any) -> None:
    for row in (0, 3):
        view.shown.choose(row)
        QTest.keyClick(view, Qt.Key.Key_X)
    assert view.state.marked == {0, 3}
    assert view.shown.stress(view.plane.drawing).marked == {0, 3}
    QTest.keyClick(view, Qt.Key.Key_G)
    assert ("group 1", "", "2 nodes", "") in view.drawn()["nodes"]
    assert view.state.marked == frozenset()
    QTest.keyClick(view, Qt.Key.Key_O)
    for row in (1, 0):
        at = view.plane.place_of(view.shown.folds.box_of(row)).toPoint()
        QTest.mouseClick(view.plane, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, at)
    QTest.keyClick(view, Qt.Key.Key_G)
    assert len(view.state.by_hand) == 1
    assert "same group" in QToolTip.text()
    QToolTip.hideText()


def test_a_group_of_ones_own_can_be_taken_apart_and_that_undone(view: GraphView) -> None:
    alone = titles(view)
    for row in (0, 3):
        view.shown.choose(row)
        QTest.keyClick(view, Qt.Key.Key_X)
    QTest.keyClick(view, Qt.Key.Key_G)
    grouped = titles(view)
    assert "group 1" in grouped
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert titles(view) == alone
    assert view.state.by_hand == ()
    assert view.state.chosen == 0, "its first node"
    QTest.keyClick(view, Qt.Key.Key_Z)
    assert titles(view) == grouped
    assert view.state.chosen == "hand:group 1:0"
    QTest.keyClick(view, Qt.Key.Key_Return)
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert view.state.by_hand == (), "also when it is open, from a node in it"
    QTest.keyClick(view, Qt.Key.Key_Z)
    QTest.keyClick(view, Qt.Key.Key_Z)
    assert titles(view) == alone, "and that it was made"
    assert view.state.marked == {0, 3}
    QTest.keyClick(view, Qt.Key.Key_Z)
    assert titles(view) == alone


def test_only_a_group_of_ones_own_is_taken_apart(view: GraphView) -> None:
    before = titles(view)
    view.shown.choose(view.shown.folds.spot_of(len(before) - 1))
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert titles(view) == before
    assert "group that you made" in QToolTip.text()
    QToolTip.hideText()


def test_shared_leaves_stand_beside_each_use_or_once(view: GraphView) -> None:
    leaves = [node[3] for node in view.drawn()["nodes"] if node[0] == "weight"]
    assert leaves == ["grad  5 of 8", "grad  3 of 8"]
    QTest.keyClick(view, Qt.Key.Key_S)
    assert [node[3] for node in view.drawn()["nodes"] if node[0] == "weight"] == ["grad  8"]
    assert len(titles(view)) == 6
    once = view.plane.drawing.folded
    box = once.boxes[4]
    assert box == once.boxes[5]
    consumers = [view.shown.folds.spot_of(b) for a, b in once.edges.tolist() if a == box]
    assert sorted(consumers) == [2, 3], "one box leads to both"
    QTest.keyClick(view, Qt.Key.Key_S)
    assert len(titles(view)) == 7


def test_once_keeps_uses_in_closed_groups_where_they_are() -> None:
    structure = model().structure
    shown = folded(structure, grouping(structure), set(), once=True)
    assert sorted(shown.rows.tolist()) == [-1, 0, 3, 5]
    assert shown.boxes[4] != shown.boxes[5]


def test_a_click_shows_the_card_with_all_that_is_known(view: GraphView) -> None:
    assert view.drawn()["card"] is None
    QTest.mouseClick(view.plane, Qt.MouseButton.LeftButton, pos=view.plane.place_of(1).toPoint())
    card = view.drawn()["card"]
    assert card["title"] == "hidden"
    for told in ("TanhBackward0", "net.act", "(2, 3) float32", "24 bytes, alive", "tanh", "not finite", "norm", "0.25"):
        assert told in card["text"], told
    assert "nan" in card["text"]
    picture = pixels(view.dock.card)
    assert has_colour(picture, LIGHT.value, 30) > 100, "the histogram of the value"
    assert has_colour(picture, LIGHT.fault, 10) > 50, "what is not finite is marked"


def test_an_entry_under_the_pointer_says_its_index_and_number(view: GraphView) -> None:
    view.shown.choose(1)
    view.dock.open_card(True)
    text = view.dock.card._text
    text.highlighted.emit(QUrl("histogram:1:value#2"))
    assert QToolTip.text() == "value[0, 2] = 2"
    text.highlighted.emit(QUrl("histogram:1:value#3"))
    assert QToolTip.text() == "value[1, 0] = nan"
    QToolTip.hideText()
    images = {"histogram:1:value": view.graph.ledger.values[1]}
    assert entry_text(images, "histogram:1:value#6") == entry_text(images, "histogram:1:gradient#0") == ""


def test_a_group_has_a_card_too_but_a_click_alone_shows_none(view: GraphView) -> None:
    view.folding.close_all()
    box = view.shown.folds.box_of("net#1")
    QTest.mouseClick(view.plane, Qt.MouseButton.LeftButton, pos=view.plane.place_of(box).toPoint())
    assert view.drawn()["card"] is None, "it may be about to be double clicked"
    QTest.keyClick(view, Qt.Key.Key_K)
    card = view.drawn()["card"]
    assert "2 operations" in card["text"]
    assert "24 bytes" in card["text"]


def test_a_pinned_card_stays_and_the_keyboard_reaches_it(view: GraphView) -> None:
    view.shown.choose(1)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert view.dock.card.isVisible()
    assert view.dock.card._text.hasFocus()
    QTest.keyClick(view, Qt.Key.Key_I)
    view.shown.choose(0)
    card = view.drawn()["card"]
    assert (card["title"], card["pinned"]) == ("hidden", True)
    QTest.mouseClick(view.dock.card.pin, Qt.MouseButton.LeftButton)
    assert view.drawn()["card"]["title"] == "loss"
    QTest.keyClick(view.dock.card._text, Qt.Key.Key_Escape)
    assert not view.dock.card.isVisible()
    assert view.hasFocus()


def test_the_card_follows_the_steps_and_the_language(view: GraphView) -> None:
    view.shown.choose(0)
    view.dock.open_card(True)
    later = traced(view.graph.structure, (number(77.0), *[None] * 6), (None,) * 7)
    view.show_answer(Answer(TraceGraph(), 4, later))
    assert "77" in view.drawn()["card"]["text"]
    english = view.drawn()["card"]["text"]
    view.set_language("zh")
    assert view.drawn()["card"]["text"] != english


@pytest.mark.parametrize(("width", "is_beside"), [(1000, True), (400, False)])
def test_the_card_stands_where_there_is_room(shown: Show, width: int, is_beside: bool) -> None:
    view = shown(GraphView(), width, 600)
    view.show_answer(Answer(TraceGraph(), 3, model()))
    view.dock.open_card(True)
    assert (view.dock.card.pos().x() > 0) is is_beside
    assert view.plane.width() > 0.5 * width
    assert view.plane.height() > 300


def test_colours_follow_a_number_and_the_legend_tells_which(shown: Show) -> None:
    for theme in (LIGHT, DARK):
        view = shown(GraphView(), 1000, 700, theme=theme)
        view.show_answer(Answer(TraceGraph(), 3, model()))
        before = pixels(view.plane).copy()
        QTest.keyClick(view, Qt.Key.Key_V)
        assert view.state.measure is Measure.GRADIENT_NORM
        strongest = mix(theme.base, theme.accent, 0.42)
        assert has_colour(pixels(view.plane), strongest, 2) > 1000
        assert has_colour(before, strongest, 2) < 50
        view.plane.zoom(0.02)
        assert view.plane.painted == 7


def test_what_is_measured_of_nodes() -> None:
    graph = model()
    assert measured(graph, Measure.SAVED_BYTES).tolist() == [0, 24, 0, 0, 0, 0, 0]
    norms = measured(graph, Measure.GRADIENT_NORM)
    assert norms[[0, 1, 2, 4]].tolist() == [1, 9, 0, 8]
    assert np.isnan(norms[6])
    ranges = measured(graph, Measure.VALUE_RANGE)
    assert np.isinf(ranges[1])
    assert ranges[0] == 0


def test_shades_go_by_the_logarithm_and_tell_apart_what_is_none_nought_or_odd() -> None:
    found = shaded(Measure.GRADIENT_NORM, np.array([0.0, 1e-4, 10.0, 1e4, np.nan, np.inf]))
    assert found.shades.tolist() == [0, 0, 5, SHADES - 1, UNKNOWN, NOT_FINITE]
    assert (found.low, found.high) == (1e-4, 1e4)
    assert shaded(Measure.GRADIENT_NORM, np.zeros(2)).shades.tolist() == [0, 0]


def test_in_a_race_the_graph_is_of_the_chosen_optimiser(shown: Show) -> None:
    view = shown(GraphView(), 900, 500)
    view.begin_run(Experiment(optimizers=(SGD(lr=0.1), Adam())))
    view.show_answer(Answer(TraceGraph(), 3, model()))
    assert view.asks == (TraceGraph(0, jacobians=False),)
    asked: list[object] = []
    view.asks_changed.connect(lambda: asked.append(view.asks))
    QTest.keyClick(view.racer, Qt.Key.Key_Down)
    assert asked == [(TraceGraph(1, jacobians=False),)]
    view.shown.choose(1)
    view.folding.close_all()
    view.show_answer(Answer(TraceGraph(1), 3, model()))
    assert view.state.chosen == 1, "the graphs of a race are alike: what was chosen and closed stays"
    assert view.state.opened == frozenset()
    assert "Adam" in view.racer.currentText()
    view.begin_run(Experiment())
    assert view.asks == (TraceGraph(0, jacobians=False),)
    assert not view.racer.isVisible()


def test_the_menu_has_every_key(view: GraphView) -> None:
    texts = [action.text() for action in view.menu.menu().actions() if action.text()]
    assert {text.partition("\t")[2] for text in texts} >= {"O", "C", "Backspace", "X", "G", "S", "V", "K", "F", "R"}
    view.menu.menu().aboutToShow.emit()
    by_text = {action.text().partition("\t")[0]: action for action in view.menu.menu().actions()}
    assert by_text["No colours"].isChecked()
    by_text["Colour by saved bytes"].trigger()
    assert view.state.measure is Measure.SAVED_BYTES
    assert not view.menu.geometry().intersects(view.plane.map.geometry().translated(QPoint(0, 0)))


def test_a_tensor_of_the_card_is_a_heat_map_that_is_read_by_keyboard(view: GraphView) -> None:
    view.shown.choose(0)
    view.dock.open_card(True)
    assert view.drawn()["card"]["maps"]["labels"] == [], "a number has none"
    assert not view.dock.card.maps.isVisible()
    view.shown.choose(1)
    shown = view.drawn()["card"]["maps"]
    assert (shown["labels"], shown["shown"]) == (["value"], "value"), "of the gradient there is a range alone"
    assert shown["map"]["marks"] == {"NaN": 1, "inf": 1}
    assert view.dock.card.maps.isVisible()
    assert view.dock.card.maps.height() < view.dock.card.height() / 2, "the rest of the card keeps its room"
    told = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_End):
        QTest.keyClick(view.dock.card.maps.view, key)
        told.append(view.dock.card.maps.view.readout())
    assert told == ["[0, 0]  0.5", "[1, 0]  nan", "[1, 2]  inf"]
    QTest.keyClick(view.dock.card.maps.view, Qt.Key.Key_Escape)
    assert not view.dock.card.isVisible()


def test_value_and_gradient_are_two_maps_and_one_stays_chosen(qtbot: Any, view: GraphView) -> None:
    graph = model()
    matrix = TensorNumbers((2, 3), "float32", np.array([[0.5, -1.0, 2.0], [3.0, 0.25, 1.0]]))
    tensors = [("value", matrix), ("gradient", graph.ledger.values[1])]
    view.dock.card.maps.show_tensors(tensors, LIGHT)
    assert view.dock.card.maps.drawn()["shown"] == "value"
    button = next(one for one in view.dock.card.maps.findChildren(QToolButton) if one.text() == "gradient")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert view.dock.card.maps.drawn()["map"]["marks"] == {"NaN": 1, "inf": 1}
    view.dock.card.maps.show_tensors(tensors, DARK)
    assert view.dock.card.maps.drawn()["shown"] == "gradient", "of the next node the same is looked at"
    view.dock.card.maps.show_tensors(tensors[:1], DARK)
    assert view.dock.card.maps.drawn()["labels"] == ["value"]
