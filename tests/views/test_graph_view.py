"""The graph view, given a snapshot: what is painted at each zoom, where a node is hit, what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from desk import colours, has_colour, pixels
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from traced import large, number, structure_of, traced

from gradviz.core.document.experiment import Experiment
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.questions.question import Answer
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.tape.captions import title
from gradviz.core.tape.ledger import Held, TracedGraph
from gradviz.core.tape.structure import CONSTANT, LEAF
from gradviz.views.graph import box_numbers
from gradviz.views.graph.edge_labels import edge_labels, shape_labels
from gradviz.views.graph.graph_painter import GraphPainter
from gradviz.views.graph.graph_view import NODE_SIZE, GraphView, Overlay
from gradviz.views.graph.node_lettering import TEXT_SCALE, lettering
from gradviz.views.graph.overview_painter import OverviewPainter
from gradviz.views.kit.theme import DARK, LIGHT

Show = Callable[..., Any]


def answer(graph: TracedGraph, step: int = 7) -> Answer:
    return Answer(TraceGraph(), step, graph)


def chain(numbers: float = 1.0) -> TracedGraph:
    """j = 3*v, v = a + u; the result is node 0 at the bottom."""
    nodes = (("MulBackward0", "j"), ("AddBackward0", "v"), (LEAF, "a"), (LEAF, "u"), (CONSTANT, ""))
    edges = ((1, 0), (2, 1), (3, 1), (4, 0))
    structure = structure_of(nodes, edges, {2: (50, 2)}, modules={1: "Sequential.0"})
    values = (number(129.0 * numbers), number(43.0), large((50, 2)), None, number(3.0))
    gradients = (number(1.0), number(3.0), large((50, 2)), None, None)
    local, passed = (number(3.0), None, number(1.0), None), (number(3.0), None, number(3.0), None)
    return traced(structure, values, gradients, local, passed, {1: Held.NONE})


def grid(count: int) -> TracedGraph:
    nodes = [("AddBackward0", f"n{k}") for k in range(count)]
    structure = structure_of(nodes, [(k, k - 50) for k in range(50, count)], {k: (k + 1,) for k in range(count)})
    return traced(structure, (number(1.5),) * count, (number(0.5),) * count)


def again(view: GraphView, graph: TracedGraph) -> TracedGraph:
    """The numbers of a graph over the structure that is shown already."""
    assert view.graph is not None
    return TracedGraph(view.graph.structure, graph.ledger)


def at_node(view: GraphView, index: int) -> QPoint:
    return view.plane.place_of(index).toPoint()


@pytest.fixture
def view(shown: Show) -> GraphView:
    made = shown(GraphView())
    made.show_answer(answer(chain()))
    return made


def test_without_a_graph_it_says_what_will_come(shown: Show) -> None:
    view = shown(GraphView())
    assert view.drawn() == {
        "nodes": [],
        "step": 0,
        "painted": 0,
        "derivatives": {},
        "words": "The graph appears with the first evaluation",
    }
    assert colours(view) > 1
    assert has_colour(pixels(view), LIGHT.base) > 0.9 * view.width() * view.height()


def test_it_says_what_each_node_says(view: GraphView) -> None:
    drawn = view.drawn()
    assert drawn["step"] == 7
    assert drawn["nodes"] == [
        ("j", "MulBackward0", "value 129", "grad  1"),
        ("v", "AddBackward0", "value 43", "grad  3"),
        ("a", "leaf  (50, 2)", "value -2 … 3.5, mean 0.25", "grad  -2 … 3.5, mean 0.25"),
        ("u", "leaf", "value not kept", "grad  none"),
        ("constant", "constant", "value 3", ""),
    ]
    assert drawn["tags"] == {"v": ".grad None"}
    assert drawn["derivatives"] == {(1, 0): 3.0, (3, 1): 1.0}
    assert drawn["painted"] == 5


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_numbers_are_painted_in_their_colours(shown: Show, theme: Any) -> None:
    view = shown(GraphView(), theme=theme)
    view.show_answer(answer(chain()))
    picture = pixels(view)
    for colour in (theme.value, theme.gradient):
        assert has_colour(picture, colour, 40) > 20
    assert has_colour(picture, theme.leaf) > 200
    assert has_colour(picture, theme.result) > 200


def test_levels_of_detail(view: GraphView) -> None:
    """Numbers where they can be read, then titles, then boxes alone; every node at each zoom."""
    middle = QPointF(view.width() / 2, view.height() / 2)
    seen = {}
    for scale in (1.0, TEXT_SCALE * 0.8, 0.1):
        view.zoom(scale / view.plane.camera.scale, middle)
        picture = pixels(view.plane)
        orange = (picture[..., 0].astype(int) - picture[..., 2] > 40).sum()  # gradients alone, however small
        seen[scale] = (orange, has_colour(picture, LIGHT.text, 40))
        if scale < 1:
            assert view.drawn()["painted"] == 5
    (numbers, _), (no_numbers, titles), (_, no_titles) = seen.values()
    assert numbers > 20
    assert no_numbers == 0
    assert titles > 20
    assert no_titles == 0


def test_only_what_is_seen_is_painted(view: GraphView) -> None:
    view.zoom(6 / view.plane.camera.scale, QPointF(at_node(view, 0)))
    assert 1 <= view.drawn()["painted"] < 5
    view.fit()
    assert view.drawn()["painted"] == 5


def test_fit_holds_the_whole_graph_at_any_size(view: GraphView) -> None:
    for width, height in ((300, 700), (900, 200), (200, 150)):
        view.resize(width, height)
        view.fit()
        for index in range(5):
            assert view.rect().contains(at_node(view, index))
        assert view.drawn()["painted"] == 5


def test_hit_and_miss(view: GraphView) -> None:
    for index in range(5):
        assert view.plane.box_at(QPointF(at_node(view, index))) == index
    assert view.plane.box_at(QPointF(1, 1)) == -1


def test_a_click_frames_a_node(view: GraphView) -> None:
    before = has_colour(pixels(view), LIGHT.accent, 30)
    QTest.mouseClick(view.plane, Qt.MouseButton.LeftButton, pos=at_node(view, 1))
    assert view.state.chosen == 1
    assert has_colour(pixels(view), LIGHT.accent, 30) > before + 50


def test_tooltip_tells_all_of_a_node(view: GraphView, qtbot: Any) -> None:
    at = at_node(view, 1)
    QApplication.sendEvent(view.plane, QHelpEvent(QHelpEvent.Type.ToolTip, at, view.plane.mapToGlobal(at)))
    text = QToolTip.text()
    lines = dict(line.split(": ", 1) for line in text.splitlines())
    assert lines["name"] == "v"
    assert lines["module"] == "Sequential.0"
    assert lines["operation"].endswith("AddBackward0")
    assert (lines["value"], lines["gradient"]) == ("43", "3")
    assert "retain_grad()" in lines[".grad"]
    QToolTip.hideText()
    assert "mean 0.25" in view.details(2)
    assert "leaf" in view.details(2)
    assert view.details(-1) == ""


def test_keys_walk_zoom_and_fit(view: GraphView) -> None:
    fitted = view.plane.camera.scale
    for expected in (0, 1, 2, 3, 4, 0):
        QTest.keyClick(view, Qt.Key.Key_Right)
        assert view.state.chosen == expected
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert view.state.chosen == 4
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.plane.camera.scale == pytest.approx(fitted * 1.25)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view.plane.camera.scale == pytest.approx(fitted)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    QTest.keyClick(view, Qt.Key.Key_F)
    assert view.plane.camera.scale == pytest.approx(fitted)


def test_dragging_moves_and_double_click_fits(view: GraphView) -> None:
    place = at_node(view, 0)
    QTest.mousePress(view.plane, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    QTest.mouseMove(view.plane, QPoint(45, 25))
    QApplication.processEvents()
    QTest.mouseRelease(view.plane, Qt.MouseButton.LeftButton, pos=QPoint(45, 25))
    moved = at_node(view, 0) - place
    assert (moved.x(), moved.y()) == pytest.approx((40, 20), abs=1)
    QTest.mouseDClick(view.plane, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert at_node(view, 0) == place


def test_zoom_keeps_the_point_under_the_mouse(view: GraphView) -> None:
    about = QPointF(123, 77)
    before = view.plane.camera.to_scene(about)
    view.zoom(1.7, about)
    after = view.plane.camera.to_scene(about)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_what_the_user_zoomed_stays_at_a_new_step_of_the_same_graph(view: GraphView) -> None:
    view.zoom(0.5, QPointF(10, 10))
    scale, graph = view.plane.camera.scale, chain(2.0)
    same = again(view, graph)
    view.show_answer(answer(same, 8))
    assert view.plane.camera.scale == scale
    assert view.drawn()["step"] == 8
    assert view.drawn()["nodes"][0][2] == "value 258"


def test_a_new_run_forgets_the_graph(view: GraphView) -> None:
    view.begin_run(Experiment())
    assert view.drawn()["nodes"] == []
    assert view.plane.box_at(QPointF(at_middle(view))) == -1


def at_middle(view: GraphView) -> QPoint:
    return view.rect().center()


def test_a_step_of_3000_nodes_repaints_the_numbers_that_can_be_read_and_no_box(
    shown: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = shown(GraphView(), 1200, 800)
    view.show_answer(answer(grid(3000)))
    assert view.drawn()["painted"] == 3000
    frames = counted(monkeypatch, OverviewPainter, "paint")
    nodes = counted(monkeypatch, GraphPainter, "_paint_box")
    numbers = counted(monkeypatch, box_numbers, "_formed")
    view.zoom(0.99, QPointF(600, 400))
    assert len(frames) == 1, "a zoom paints once"
    assert not nodes, "and boxes that cannot be read by arrays"
    frames.clear()
    for step in range(20):
        view.show_answer(answer(again(view, grid(3000)), step))
    assert not frames
    assert not numbers, "at this zoom no number can be read"
    view.zoom(1.0 / view.plane.camera.scale, QPointF(600, 400))
    nodes.clear()
    numbers.clear()
    view.show_answer(answer(again(view, grid(3000)), 20))
    assert not nodes
    assert 0 < len(numbers) < 100, "of those outside the picture none is written"


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[str]:
    """A list that grows by one with each call of a function."""
    calls: list[str] = []
    called = getattr(owner, name)

    def count(*arguments: Any) -> Any:
        calls.append(name)
        return called(*arguments)

    monkeypatch.setattr(owner, name, count)
    return calls


def test_an_empty_graph_and_nan_values_are_no_trouble(shown: Show) -> None:
    view = shown(GraphView())
    view.show_answer(answer(traced(structure_of((), ()), (), ())))
    assert view.drawn()["nodes"] == []
    wild = traced(chain().structure, (number(float("nan")),) * 5, (number(float("inf")),) * 5)
    view.show_answer(answer(wild))
    assert view.drawn()["nodes"][0][2:] == ("value nan", "grad  inf")
    QTest.keyClick(view, Qt.Key.Key_Right)


@pytest.mark.parametrize("scale", [TEXT_SCALE, 0.409, 0.41, 0.5, 0.549, 0.58, 0.659, 0.69, 0.849, 0.87, 1.35, 4.0])
def test_letters_keep_a_readable_height_and_their_place_in_the_box(scale: float, qapp: QApplication) -> None:
    height = 92.0
    letters = lettering(scale, height)
    for font in (letters.title, letters.mono, letters.derivative):
        assert font.pixelSize() * scale >= 9.4, "readable on the screen"
    told = (letters.title_line, letters.subtitle_line, letters.value_line, letters.gradient_line)
    lines = [line for line in told if line is not None]
    digits = QFontMetricsF(letters.mono).tightBoundingRect("0123456789")
    assert lines[0] - digits.height() >= 0, "the first line is within"
    assert lines[-1] <= height - 2, "and so is the last"
    assert all(after - before >= digits.height() + 1 for before, after in pairwise(lines)), "no line touches another"
    longest = "-2.479553e-5" if letters.gradient_line is not None else "-2.48e-5"
    assert (192 - letters.indent - 8) / letters.digit >= len(longest), "a number such as this is whole"


def test_the_head_says_what_a_zoom_leaves_out(view: GraphView) -> None:
    middle = QPointF(view.width() / 2, view.height() / 2)
    heads = {}
    for scale in (1.0, 0.5, 0.3, 0.2):
        view.zoom(scale / view.plane.camera.scale, middle)
        heads[scale] = view.plane.header()
    assert "value, gradient" not in heads[1.0]
    assert "value, gradient" in heads[0.5]
    assert "zoom in for the gradients" in heads[0.3]
    assert "zoom in for the numbers" in heads[0.2]


@pytest.mark.parametrize("width", [160, 300, 470, 700, 1100])
@pytest.mark.parametrize("scale", [1.0, 0.5, 0.35, 0.2])
def test_the_head_of_a_race_is_never_cut(shown: Callable[..., Any], width: int, scale: float) -> None:
    view = shown(GraphView(), width, 400)
    view.begin_run(Experiment(optimizers=(SGD(momentum=0.9, nesterov=True), SGD(lr=0.1), Adam())))
    view.show_answer(answer(chain(), 30_000))
    view.zoom(scale / view.plane.camera.scale, QPointF(10, 10))
    assert view.plane.header().startswith("step 30,000")
    assert view.plane.fontMetrics().horizontalAdvance(view.plane.header()) <= width - 20
    name = "SGD lr 0.001 momentum 0.9 Nesterov"
    assert name in (view.plane.header() if view.racer.isHidden() else view.racer.currentText()) or width < 470
    assert view.plane.fontMetrics().horizontalAdvance(view.plane.header()) + 20 <= view.menu.x() or width < 300


def test_a_number_in_a_small_node_stands_without_its_label(view: GraphView, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(box_numbers, "_cut", lambda text, _room: written.append(text) or text)
    view.show_answer(answer(chain(), 8))
    view.zoom(0.9 / view.plane.camera.scale, QPointF(10, 10))
    assert "value 129" in written
    written.clear()
    view.zoom(0.5 / view.plane.camera.scale, QPointF(10, 10))
    assert "129" in written
    assert not [text for text in written if text.startswith(("value", "grad"))]


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("MulBackward0", "mul"),
        ("RsubBackward1", "sub"),
        ("LogSoftmaxBackward0", "log_softmax"),
        ("PowBackward1", "pow"),
    ],
)
def test_a_node_is_called_as_its_operation_is(operation: str, said: str) -> None:
    assert title(structure_of(((f"torch::autograd::{operation}", ""),), ()), 0) == said


@pytest.mark.parametrize("tag", [Held.NONE, Held.RETAINED])
def test_what_grad_holds_is_in_the_picture(shown: Show, tag: Held) -> None:
    """A1 with and without retain_grad() differ to the eye."""
    view, plain = shown(GraphView()), chain()
    with_tag = TracedGraph(plain.structure, replace(plain.ledger, held=(Held.UNKNOWN, tag, *[Held.UNKNOWN] * 3)))
    without = TracedGraph(plain.structure, replace(plain.ledger, held=(Held.UNKNOWN,) * 5))
    view.show_answer(answer(without))
    before = pixels(view).copy()
    view.show_answer(answer(with_tag))
    changed = (pixels(view) != before).any(axis=-1)
    assert changed.sum() > 40
    place = at_node(view, 1)
    rows, columns = np.array(np.nonzero(changed)) / view.devicePixelRatioF()
    half = 0.5 * np.array(NODE_SIZE) * view.plane.camera.scale
    assert abs(rows.mean() - place.y()) < half[1]
    assert columns.min() > place.x(), "at the right of the title"


def test_edges_say_the_local_derivative_and_what_it_passes_on(view: GraphView) -> None:
    assert view.graph is not None
    near, short = [edge_labels(view.graph, [(0, 0), (3, 3)], scale) for scale in (1.0, 0.5)]
    assert [label.texts for label in near] == [("1 × 3 = 3", "× 3 = 3", "× 3")]
    assert [label.texts for label in short] == [("× 3",)]
    assert not shape_labels(view.graph, [(0, 0), (3, 3)])
    assert [label.texts[0] for label in shape_labels(view.graph, [(1, 1)])] == ["() × J = (50, 2)"]


def test_an_overlay_lays_other_numbers_and_marks_over_the_graph_until_the_next_step(view: GraphView) -> None:
    graph = chain()
    later = traced(graph.structure, list(graph.ledger.values), [number(7.0), None, None, None, None])
    nodes = np.array([True, False, False, False, False])
    view.set_overlay(Overlay(TracedGraph(view.graph.structure, later.ledger), nodes, at=0))
    assert view.drawn()["nodes"][0][3] == "grad  7"
    assert view.drawn()["nodes"][1][3] == "grad  none"
    assert view.drawn()["standing out"] == [0]
    view.set_overlay(None)
    assert view.drawn()["nodes"][1][3] == "grad  3"
    view.set_overlay(Overlay(later))
    view.show_answer(answer(again(view, graph), 9))
    assert view.drawn()["nodes"][0][3] == "grad  1"
