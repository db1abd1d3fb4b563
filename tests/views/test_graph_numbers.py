"""The numbers of a live picture: written for all boxes at once, they are what each box would say alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtWidgets import QApplication

import gradviz
from gradviz.core.graph.measures import Measure
from gradviz.core.layout.placement import Direction
from gradviz.core.questions.question import Answer
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.tape.captions import brief
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.row_texts import row_texts
from gradviz.engine.tape.columns import column
from gradviz.engine.tape.objective_tracing import ObjectiveTracing
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.shipped.gallery import find_entry
from gradviz.views.graph import box_numbers, graph_painter
from gradviz.views.graph.box_numbers import BoxNumbers, Form, lines_in
from gradviz.views.graph.camera import HEAD, LEGEND
from gradviz.views.graph.edge_labels import LABEL_HEIGHT, LabelRooms, shape_product
from gradviz.views.graph.graph_view import NODE_SIZE, GraphView
from gradviz.views.graph.node_lettering import TEXT_SCALE, lettering, tag_line, tag_room, text_width

Show = Callable[..., Any]
NAN, INF = float("nan"), float("inf")
WIDE = 1000


@pytest.mark.parametrize(
    "numbers",
    [
        3.25, [3.25], [[-2.5]], [1.5, 1 / 3], [], [1.0, 2.0, 4.5], [7.0] * 5, [0.0, NAN, 1.0], [1.0, INF, 2.0], NAN,
        [1j, 2.0], [[1e-9, 3.4], [5.0, -1e12]], None,
    ],
)  # fmt: skip
def test_a_row_reads_the_same_among_many_as_alone(numbers: Any) -> None:
    tensors = [None if one is None else torch.tensor(one) for one in (1.0, numbers, [5.0, 6.0, 8.0], numbers)]
    rows = column(tensors)
    assert row_texts(rows, [3, 1, 2, 0], WIDE) == [brief(rows[row]) for row in (3, 1, 2, 0)]


def test_a_mean_is_written_where_it_has_room() -> None:
    rows = column([torch.tensor([1.0, 2.0, 4.5])])
    whole = "1 … 4.5, mean 2.5"
    assert [row_texts(rows, [0], room)[0] for room in (len(whole), len(whole) - 1)] == [whole, "1 … 4.5"]


@pytest.mark.parametrize(
    ("room", "told"),
    [
        (30, "-0.0357 … 0.0112, mean 0.0012"),
        (20, "-0.0357 … 0.0112"),
        (14, "-0.036 … 0.011"),
        (12, "-0.036…0.011"),
        (10, "-0.04…0.01"),
    ],
)
def test_a_range_loses_its_mean_then_digits_and_no_end(room: int, told: str) -> None:
    assert box_numbers._cut("-0.0357 … 0.0112, mean 0.0012", room) == told


def test_vector_edges_tell_the_shapes_of_the_product() -> None:
    graph = traced("G")
    structure = graph.structure
    found = {
        (structure.names[int(a)] or structure.ops[int(a)], structure.ops[int(b)]): shape_product(graph, edge)
        for edge, (a, b) in enumerate(zip(structure.producers, structure.consumers, strict=True))
    }
    assert found["0.bias", "AddmmBackward0"] == "(10, 2) × J = (2)"
    assert found["AddmmBackward0", "SigmoidBackward0"] == "(10, 2) ⊙ f′ = (10, 2)"
    assert found["inputs", "AddmmBackward0"] == "", "no gradient goes there"
    w, x = torch.tensor([1.0, 2.0], requires_grad=True), torch.ones(3, 2, requires_grad=True)
    spread = gradviz.trace((x + w).sum(), names={"w": w, "x": x}).traced
    edges = [spread.structure.edges_from[spread.structure.names.index(name)][0] for name in ("w", "x")]
    assert [shape_product(spread, edge) for edge in edges] == ["(3, 2) × J = (2)", "(3, 2) ⊙ f′ = (3, 2)"]


def test_the_head_says_what_j_and_f_are_where_there_are_vectors(shown: Show) -> None:
    for case, is_there in (("G", True), ("A1", False)):
        view = shown(GraphView(), 1200, 900)
        view.show_answer(Answer(TraceGraph(), 1, traced(case)))
        assert ("J Jacobian, f′ by element" in view.plane.header()) is is_there


def test_a_label_is_as_long_as_has_room(shown: Show) -> None:
    """Whole products stand apart; where boxes are near, less is told."""
    view = shown(GraphView(), 900, 700)
    view.show_answer(Answer(TraceGraph(), 1, traced("A1")))
    rooms = LabelRooms(view.plane.drawing, view.plane.arrays)
    ways = range(len(view.plane.drawing.routes))
    assert (rooms.of(ways).sum(axis=1) > 160).all()
    x = rooms.centres[:, 0]
    same_row = np.abs(rooms.centres[:, None, 1] - rooms.centres[None, :, 1]) < LABEL_HEIGHT
    pairs = [(a, b) for a, b in itertools.permutations(ways, 2) if same_row[a, b] and x[a] < x[b]]
    assert pairs
    for a, b in pairs:
        assert rooms.of([a])[0, 1] + rooms.of([b])[0, 0] <= x[b] - x[a] + 1e-9, "two labels never meet"
    view.folding.turn(Direction.RIGHT)
    narrow = LabelRooms(view.plane.drawing, view.plane.arrays)
    assert (narrow.of(ways).sum(axis=1) < 80).any(), "boxes at both sides"


def traced(case: str, steps: int = 2) -> TracedGraph:
    entry = find_entry(case)
    assert entry is not None
    trainer = Trainer(entry.experiment)
    for _record in zip(range(steps), trainer.steps(), strict=False):
        pass
    lane = trainer.lanes[0]
    begun = dict(zip(map(id, lane.objective.parameters.values()), lane.carried, strict=True))
    return ObjectiveTracing(lane.objective).trace(begun, with_jacobians=False)


@pytest.mark.parametrize("case", ["A1", "B3", "E1", "G"])
@pytest.mark.parametrize("form", [Form(23), Form(14, False), Form(9, False, True), Form(9, False, True, True)])
def test_lines_written_together_are_those_of_each_box(shown: Show, case: str, form: Form) -> None:
    view = shown(GraphView())
    view.show_answer(Answer(TraceGraph(), 1, traced(case)))
    drawing, sizes = view.plane.drawing, view.plane.arrays.sizes
    boxes = list(range(len(drawing.folded)))
    assert BoxNumbers().of(drawing, sizes, boxes, form) == [lines_in(drawing, sizes, box, form) for box in boxes]


def test_a_part_of_a_shared_leaf_is_told_with_the_whole(shown: Show) -> None:
    w = torch.tensor(3.0, requires_grad=True)
    view = shown(GraphView())
    view.show_graph(gradviz.trace(w * w, names={"w": w}).traced)
    told = BoxNumbers().of(view.plane.drawing, view.plane.arrays.sizes, [1, 2], Form(WIDE))
    assert [gradient for _, gradient, _ in told] == ["grad  3 of 6"] * 2


def test_panning_writes_no_number_again_and_a_step_each_once(shown: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    view = shown(GraphView(), 1200, 900)
    view.show_answer(Answer(TraceGraph(), 1, traced("G")))
    written: list[int] = []
    formed = box_numbers._formed
    monkeypatch.setattr(box_numbers, "_formed", lambda *parts: written.append(1) or formed(*parts))
    view.plane.zoom(1.001)
    view.plane.pan(view.plane.place_of(0) * 0.001)
    assert not written
    again = TracedGraph(view.graph.structure, traced("G", 3).ledger)
    view.show_answer(Answer(TraceGraph(), 2, again))
    assert len(written) == len(view.plane.drawing.folded)


@pytest.mark.parametrize("scale", [0.42, 0.5, 0.56, 0.7, 1.0])
def test_the_name_goes_before_the_tag(qapp: QApplication, scale: float) -> None:
    """`prediction` is whole at any zoom that has letters; what `.grad` holds stands beside it or below."""
    letters = lettering(scale, 92.0)
    room = 192.0 - letters.indent - 8.0
    assert text_width(letters.title, "prediction") <= room
    line = tag_line(letters, "prediction", ".grad None", 192.0)
    beside = text_width(letters.title, "prediction") + tag_room(letters, ".grad None") <= room
    assert line == (letters.title_line if beside else letters.subtitle_line)
    assert tag_line(letters, "u", ".grad None", 192.0) == letters.title_line


@pytest.mark.parametrize(("width", "height"), [(618, 614), (463, 400), (900, 300)])
def test_a_fitted_graph_leaves_room_for_the_head_and_the_legend(shown: Show, width: int, height: int) -> None:
    view = shown(GraphView(), width, height)
    view.show_answer(Answer(TraceGraph(), 1, traced("G")))
    scale = view.plane.camera.scale
    view.colours.by(Measure.GRADIENT_NORM)
    half = 0.5 * NODE_SIZE[1] * view.plane.camera.scale
    middles = [view.plane.place_of(box).y() for box in range(len(view.plane.drawing.folded))]
    assert min(middles) - half >= HEAD
    assert max(middles) + half <= view.plane.height() - LEGEND, "the last node is above the legend"
    view.colours.by(None)
    assert view.plane.camera.scale == scale


def test_colours_leave_a_graph_where_a_person_moved_it(shown: Show) -> None:
    view = shown(GraphView(), 618, 614)
    view.show_answer(Answer(TraceGraph(), 1, traced("G")))
    view.plane.zoom(1.5)
    camera = view.plane.camera
    view.colours.by(Measure.GRADIENT_NORM)
    assert view.plane.camera == camera


def test_names_are_whole_from_afar(shown: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a small window the tall graph of the spirals is fitted to a third: long names are written smaller."""
    cut: list[str] = []
    elided = graph_painter._elided
    monkeypatch.setattr(
        graph_painter,
        "_elided",
        lambda font, text, room, in_middle=False: cut.append(elided(font, text, room)) or elided(font, text, room),
    )
    view = shown(GraphView(), 463, 400)
    view.show_answer(Answer(TraceGraph(), 1, traced("spirals")))
    assert TEXT_SCALE < view.plane.camera.scale < 0.35
    assert "prediction" in cut
