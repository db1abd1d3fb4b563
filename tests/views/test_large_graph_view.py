"""A graph of thousands of nodes: laid out apart, painted by arrays, searched, followed and turned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from desk import has_colour, pixels
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from traced import chain, number, traced

from gradviz.core.layout.placement import Placement
from gradviz.core.questions.question import Answer
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.tape.ledger import TracedGraph
from gradviz.views.graph import placing_apart
from gradviz.views.graph.graph_view import GraphView
from gradviz.views.graph.placing_apart import Work
from gradviz.views.kit.theme import DARK, LIGHT, mix

Show = Callable[..., Any]


def answer(graph: TracedGraph, step: int = 1) -> Answer:
    return Answer(TraceGraph(), step, graph)


def place(view: GraphView, box: int) -> QPointF:
    """Where a box is in the scene."""
    assert view.plane.drawing is not None
    return QPointF(*view.plane.drawing.places[box].tolist())


class Elsewhere:
    """A thread that does its work when it is told to."""

    def __init__(self) -> None:
        self.is_left = False
        self.works: list[Work] = []

    def start(self, work: Work, told: Callable[[float], None], done: Callable[[Placement], None]) -> Elsewhere:
        self.works.append(work)
        self.told, self.done = told, done
        return self

    def cancel(self) -> None:
        self.is_left = True

    def finish(self) -> None:
        while True:
            try:
                next(self.works[-1])
            except StopIteration as end:
                self.done(end.value)
                return


@pytest.fixture
def view(shown: Show) -> GraphView:
    made = shown(GraphView(), 900, 600)
    made.show_answer(answer(chain(600)))
    return made


def test_what_comes_without_places_is_laid_out_here(shown: Show) -> None:
    view = shown(GraphView(), 900, 600)
    view.show_answer(answer(chain(5000)))
    assert view.drawn()["painted"] == 5000
    picture = pixels(view)
    assert has_colour(picture, mix(LIGHT.muted, LIGHT.base, 0.15), 12) > 5000, "blocks of operations"


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_boxes_from_afar_have_titles_and_their_colours(shown: Show, theme: Any) -> None:
    view = shown(GraphView(), 1200, 800, theme=theme)
    view.show_answer(answer(chain(3000)))
    view.zoom(0.2 / view.plane.camera.scale, QPointF(600, 400))
    view.plane.centre_on(place(view, 2999))
    assert 120 < view.drawn()["painted"] < 3000
    picture = pixels(view)
    assert has_colour(picture, theme.text, 60) > 200, "titles"
    assert has_colour(picture, theme.leaf, 4) > 30


def test_a_large_graph_is_laid_out_apart_and_the_newest_numbers_are_shown(shown: Show) -> None:
    view, elsewhere = shown(GraphView(), 900, 600), Elsewhere()
    view.placing.starter = elsewhere.start
    graph = chain(placing_apart.AT_ONCE + 1)
    view.show_answer(answer(graph))
    assert view.drawn()["nodes"] == []
    assert view._empty_text() == "Laying out 2,001 nodes: 0 %"
    elsewhere.told(0.4)
    assert view._empty_text() == "Laying out 2,001 nodes: 40 %"
    newer = traced(graph.structure, (number(7.0),) * 2001, (None,) * 2001)
    view.show_answer(answer(newer, 2))
    elsewhere.finish()
    assert view.drawn()["painted"] == 2001
    assert view.drawn()["step"] == 2
    assert view.drawn()["nodes"][5][2] == "value 7"
    assert len(elsewhere.works) == 1, "the same structure is laid out once"


def test_a_small_graph_needs_no_thread(shown: Show) -> None:
    view, elsewhere = shown(GraphView()), Elsewhere()
    view.placing.starter = elsewhere.start
    view.show_answer(answer(chain(50)))
    assert view.drawn()["painted"] == 50
    assert not elsewhere.works


def test_leaving_is_offered_after_two_seconds_and_escape_leaves(shown: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(placing_apart.time, "monotonic", lambda: now[0])
    view, elsewhere = shown(GraphView(), 900, 600), Elsewhere()
    view.placing.starter = elsewhere.start
    view.show_answer(answer(chain(2500)))
    assert "Escape" not in view._empty_text()
    now[0] += 2.5
    assert "Escape cancels" in view._empty_text()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert elsewhere.is_left
    assert "was cancelled" in view._empty_text()
    QTest.keyClick(view, Qt.Key.Key_R)
    elsewhere.finish()
    assert view.drawn()["painted"] == 2500
    assert view.drawn()["direction"] == "right"


def test_another_graph_takes_the_place_of_a_layout_under_way(shown: Show) -> None:
    view, elsewhere = shown(GraphView(), 900, 600), Elsewhere()
    view.placing.starter = elsewhere.start
    view.show_answer(answer(chain(2500)))
    view.show_answer(answer(chain(30, first=7)))
    assert elsewhere.is_left
    assert view.drawn()["painted"] == 30
    assert view.drawn()["nodes"][0][0] == "h7"


def test_another_graph_is_seen_wherever_one_looked_before(view: GraphView) -> None:
    view.zoom(10, QPointF(0, 0))
    view.plane.centre_on(QPointF(-50_000, 0))
    view.show_answer(answer(chain(30)))
    assert view.drawn()["painted"] == 30


def test_r_turns_through_four_directions(view: GraphView) -> None:
    small = chain(20)
    view.show_answer(answer(small))
    extents = []
    for direction in ("right", "up", "left", "down"):
        QTest.keyClick(view, Qt.Key.Key_R)
        assert view.drawn()["direction"] == direction
        last, first = view.plane.drawing.places[[0, 19]]
        extents.append(tuple(np.sign(last - first).tolist()))
    assert extents == [(1, 0), (0, -1), (-1, 0), (0, 1)]


def test_search_marks_what_it_finds_and_goes_there(view: GraphView, qtbot: Any) -> None:
    QTest.keyClick(view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    line = view.finding.bar._line
    assert line.isVisible()
    QTest.keyClicks(line, "h59")
    assert view.drawn()["found"] == (59, *range(590, 600))
    assert view.finding.bar._count.text() == "11 nodes"
    assert view.state.chosen == 59
    assert view.plane.seen().contains(place(view, 59))
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert view.state.chosen == 590
    QTest.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert view.state.chosen == 599
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert not line.isVisible()
    assert view.drawn()["standing out"] == []


def test_what_leads_to_a_node_and_follows_of_it_stands_out(view: GraphView) -> None:
    view.shown.choose(590)
    QTest.keyClick(view, Qt.Key.Key_U)
    assert view.drawn()["standing out"] == list(range(590, 600))
    QTest.keyClick(view, Qt.Key.Key_D)
    assert view.drawn()["standing out"] == list(range(591))
    assert has_colour(pixels(view), LIGHT.accent, 40) > 50
    view.shown.choose(580)
    QTest.keyClick(view, Qt.Key.Key_P)
    assert view.drawn()["standing out"] == list(range(580, 591))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.drawn()["standing out"] == []


def test_shift_and_an_arrow_move_the_graph(view: GraphView) -> None:
    before = QPointF(view.plane.camera.offset)
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert (view.plane.camera.offset - before).toTuple() == (-60, 60)
    assert view.state.chosen is None


def test_the_map_shows_when_there_is_more_than_is_seen_and_moves_the_graph(view: GraphView) -> None:
    assert not view.plane.map.isVisible()
    view.zoom(20, QPointF(450, 300))
    assert view.plane.map.isVisible()
    QTest.mouseClick(view.plane.map, Qt.MouseButton.LeftButton, pos=QPoint(6, 6))
    scene = view.plane.scene()
    middle = view.plane.seen().center()
    assert abs(middle.x() - scene.left()) < 0.05 * scene.width()
    assert abs(middle.y() - scene.top()) < 0.05 * scene.height()
    view.fit()
    assert not view.plane.map.isVisible()


def test_a_small_graph_has_no_map(shown: Show) -> None:
    view = shown(GraphView(), 900, 600)
    view.show_answer(answer(chain(12)))
    view.zoom(3, QPointF(450, 300))
    assert not view.plane.map.isVisible()
