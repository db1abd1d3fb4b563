"""The graph view, given a snapshot: what is painted at each zoom, where a node is hit, what it says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from desk import colours, has_colour, pixels
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from gradviz.core.document.experiment import Experiment
from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.graph.structure import GraphNode, GraphStructure
from gradviz.core.graph.tensor_summary import TensorSummary
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.questions.graph import CaptureGraph
from gradviz.core.questions.question import Answer
from gradviz.views.graph import graph_painter
from gradviz.views.graph.graph_painter import GraphPainter, node_text
from gradviz.views.graph.graph_view import GraphView
from gradviz.views.graph.node_lettering import TEXT_SCALE, lettering
from gradviz.views.graph.overview_painter import OverviewPainter
from gradviz.views.kit.theme import DARK, LIGHT

Show = Callable[..., Any]


def scalar(value: float) -> TensorSummary:
    return TensorSummary((), "torch.float32", np.array(value), value, value, value)


def large(shape: tuple[int, ...]) -> TensorSummary:
    return TensorSummary(shape, "torch.float32", None, -2.0, 3.5, 0.25)


def answer(graph: GraphSnapshot, step: int = 7) -> Answer:
    return Answer(CaptureGraph(), step, graph)


def chain() -> GraphSnapshot:
    """j = 3*v, v = a + u; the result is node 0 at the bottom."""
    nodes = (
        GraphNode("MulBackward0", "j", "", False),
        GraphNode("AddBackward0", "v", "Sequential.0", False),
        GraphNode("AccumulateGrad", "a", "", True),
        GraphNode("AccumulateGrad", "u", "", True),
    )
    places = np.array([[0.0, 200.0], [0.0, 100.0], [-100.0, 0.0], [100.0, 0.0]])
    edges = ((1, 0), (2, 1), (3, 1))
    routes = tuple(np.array([places[a] + (0, 30), places[b] - (0, 30)]) for a, b in edges)
    structure = GraphStructure(nodes, edges, places, routes, (180.0, 66.0))
    values = (scalar(129.0), scalar(43.0), large((50, 2)), None)
    gradients = (scalar(1.0), scalar(3.0), large((50, 2)), None)
    return GraphSnapshot(structure, values, gradients)


def grid(count: int) -> GraphSnapshot:
    nodes = tuple(GraphNode("AddBackward0", f"n{k}", "", False) for k in range(count))
    places = np.array([[200.0 * (k % 50), 90.0 * (k // 50)] for k in range(count)])
    edges = tuple((k, k - 50) for k in range(50, count))
    routes = tuple(np.array([places[a] - (0, 30), places[b] + (0, 30)]) for a, b in edges)
    structure = GraphStructure(nodes, edges, places, routes, (180.0, 66.0))
    return GraphSnapshot(structure, (scalar(1.5),) * count, (scalar(0.5),) * count)


def at_node(view: GraphView, index: int) -> QPoint:
    assert view._graph is not None
    x, y = view._graph.structure.places[index]
    return QPointF(x * view._scale + view._offset.x(), y * view._scale + view._offset.y()).toPoint()


@pytest.fixture
def view(shown: Show) -> GraphView:
    made = shown(GraphView())
    made.show_answer(answer(chain()))
    return made


def test_without_a_graph_it_says_what_will_come(shown: Show) -> None:
    view = shown(GraphView())
    assert view.drawn() == {"nodes": [], "step": 0, "painted": 0, "derivatives": {}}
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
    ]
    assert drawn["painted"] == 4


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
        view.zoom(scale / view._scale, middle)
        picture = pixels(view)
        orange = (picture[..., 0].astype(int) - picture[..., 2] > 40).sum()  # gradients alone, however small
        seen[scale] = (orange, has_colour(picture, LIGHT.text, 40))
        if scale < 1:
            assert view.drawn()["painted"] == 4
    (numbers, _), (no_numbers, titles), (_, no_titles) = seen.values()
    assert numbers > 20
    assert no_numbers == 0
    assert titles > 20
    assert no_titles == 0


def test_only_what_is_seen_is_painted(view: GraphView) -> None:
    view.zoom(6 / view._scale, QPointF(at_node(view, 0)))
    assert 1 <= view.drawn()["painted"] < 4
    view.fit()
    assert view.drawn()["painted"] == 4


def test_fit_holds_the_whole_graph_at_any_size(view: GraphView) -> None:
    for width, height in ((300, 700), (900, 200), (200, 150)):
        view.resize(width, height)
        view.fit()
        for index in range(4):
            assert view.rect().contains(at_node(view, index))
        assert view.drawn()["painted"] == 4


def test_hit_and_miss(view: GraphView) -> None:
    for index in range(4):
        assert view._node_at(QPointF(at_node(view, index))) == index
    assert view._node_at(QPointF(1, 1)) == -1


def test_a_click_frames_a_node(view: GraphView) -> None:
    before = has_colour(pixels(view), LIGHT.accent, 30)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=at_node(view, 1))
    assert view._marks.chosen == 1
    assert has_colour(pixels(view), LIGHT.accent, 30) > before + 50


def test_tooltip_tells_all_of_a_node(view: GraphView, qtbot: Any) -> None:
    at = at_node(view, 1)
    QApplication.sendEvent(view, QHelpEvent(QHelpEvent.Type.ToolTip, at, view.mapToGlobal(at)))
    text = QToolTip.text()
    assert text.splitlines() == [
        "v  (AddBackward0)",
        "in Sequential.0",
        "value () torch.float32: 43",
        "gradient of the loss: 3",
        "It passes here; a .grad keeps it only where retain_grad() was called.",
    ]
    QToolTip.hideText()
    assert "mean 0.25" in view.node_details(2)
    assert "leaf" in view.node_details(2)
    assert view.node_details(-1) == ""


def test_keys_walk_zoom_and_fit(view: GraphView) -> None:
    fitted = view._scale
    for expected in (0, 1, 2, 3, 0):
        QTest.keyClick(view, Qt.Key.Key_Right)
        assert view._marks.chosen == expected
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert view._marks.chosen == 3
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view._scale == pytest.approx(fitted * 1.25)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view._scale == pytest.approx(fitted)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    QTest.keyClick(view, Qt.Key.Key_F)
    assert view._scale == pytest.approx(fitted)


def test_dragging_moves_and_double_click_fits(view: GraphView) -> None:
    place = at_node(view, 0)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    QTest.mouseMove(view, QPoint(45, 25))
    QApplication.processEvents()
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(45, 25))
    moved = at_node(view, 0) - place
    assert (moved.x(), moved.y()) == pytest.approx((40, 20), abs=1)
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert at_node(view, 0) == place


def test_zoom_keeps_the_point_under_the_mouse(view: GraphView) -> None:
    about = QPointF(123, 77)
    before = view._to_scene(about)
    view.zoom(1.7, about)
    after = view._to_scene(about)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_what_the_user_zoomed_stays_at_a_new_step_of_the_same_graph(view: GraphView) -> None:
    view.zoom(0.5, QPointF(10, 10))
    scale, graph = view._scale, chain()
    same = GraphSnapshot(view._graph.structure, graph.values, graph.gradients)
    view.show_answer(answer(same, 8))
    assert view._scale == scale
    assert view.drawn()["step"] == 8


def test_a_new_run_forgets_the_graph(view: GraphView) -> None:
    view.begin_run(Experiment())
    assert view.drawn()["nodes"] == []
    assert view._node_at(QPointF(at_middle(view))) == -1


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
    numbers = counted(monkeypatch, graph_painter, "_number_lines")
    view.zoom(0.99, QPointF(600, 400))
    assert len(frames) == 1, "a zoom paints once"
    assert not nodes, "and boxes that cannot be read by arrays"
    frames.clear()
    structure, values, gradients = view._graph.structure, view._graph.values, view._graph.gradients
    for step in range(20):
        view.show_answer(answer(GraphSnapshot(structure, values, gradients), step))
    assert not frames
    assert not numbers, "at this zoom no number can be read"
    view.zoom(1.0 / view._scale, QPointF(600, 400))
    nodes.clear()
    numbers.clear()
    view.show_answer(answer(GraphSnapshot(structure, values, gradients), 20))
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
    empty = GraphStructure((), (), np.empty((0, 2)), (), (180.0, 66.0))
    view.show_answer(answer(GraphSnapshot(empty, (), ())))
    assert view.drawn()["nodes"] == []
    graph = chain()
    wild = GraphSnapshot(graph.structure, (scalar(float("nan")),) * 4, (scalar(float("inf")),) * 4)
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
        view.zoom(scale / view._scale, middle)
        heads[scale] = view.header()
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
    view.zoom(scale / view._scale, QPointF(10, 10))
    assert view.header().startswith("step 30,000")
    assert view.fontMetrics().horizontalAdvance(view.header()) <= width - 20
    assert "SGD lr 0.001 momentum 0.9 Nesterov" in view.header() or width < 470


def test_a_number_in_a_small_node_stands_without_its_label(view: GraphView, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(graph_painter, "_cut", lambda text, _room: written.append(text) or text)
    view.show_answer(answer(chain(), 8))
    view.zoom(0.9 / view._scale, QPointF(10, 10))
    assert "value 129" in written
    written.clear()
    view.zoom(0.5 / view._scale, QPointF(10, 10))
    assert "129" in written
    assert not [text for text in written if text.startswith(("value", "grad"))]


@pytest.mark.parametrize(
    ("operation", "said"),
    [("MulBackward0", "mul"), ("RsubBackward1", "sub"), ("LogSoftmaxBackward0", "logsoftmax"), ("PowBackward1", "pow")],
)
def test_a_node_is_called_as_its_operation_is(operation: str, said: str) -> None:
    node = GraphNode(f"torch::autograd::{operation}", "", "", False)
    assert node_text(node, None, None).title == said
