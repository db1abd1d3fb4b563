"""Graphs of 10,000 and 50,000 nodes: laid out, and painted while a person pans and zooms, in software raster.

Times are of the processor, not of the clock, so that what else the machine does counts little.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from figures import Figure

Graph = tuple[int, list[tuple[int, int]]]
ROUNDS = 3
FRAMES = 12


def graph_figures() -> list[Figure]:
    """Layout, crossings beside Graphviz' where it is at hand, and frames."""
    return [*_layout_figures(), *_crossing_figures(), *_frame_figures()]


def unrolled(steps: int, layers: int = 1) -> Graph:
    """An LSTM cell of 19 nodes a step as autograd builds it, one leaf a use."""
    edges: list[tuple[int, int]] = []
    count = 0

    def node(*inputs: int) -> int:
        nonlocal count
        count += 1
        edges.extend((one, count - 1) for one in inputs if one >= 0)
        return count - 1

    state = [(-1, -1)] * layers
    for _ in range(steps):
        below = -1
        for layer in range(layers):
            hidden, cell = state[layer]
            gates = node(node(node(), below, node(node())), node(node(), hidden, node(node())))
            split = node(gates)
            forget, enter, new, out = (node(split) for _ in range(4))
            cell = node(node(forget, cell), node(enter, new))
            hidden = node(out, node(cell))
            state[layer] = hidden, cell
            below = hidden
    node(state[-1][0])
    return count, edges


def _cpu(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def _layout_figures() -> list[Figure]:
    from gradviz.core.layout.placement import place

    figures = []
    for steps, bar in ((400, "<= 1"), (556, "<= 2"), (2780, "<= 6")):
        count, edges = unrolled(steps)
        seconds = _cpu(lambda graph=(count, edges): place(*graph, aspect=1.4), 1 if steps > 1000 else ROUNDS)  # type: ignore[misc]
        figures.append(Figure(f"layout of {count:,} nodes", seconds, "s", bar))
    length = 100_000
    chain = [(node, node + 1) for node in range(length - 1)]
    figures.append(
        Figure("layout of a chain of 100,000", _cpu(lambda: place(length, chain, aspect=1.4), 1), "s", "<= 10")
    )
    return figures


def _crossing_figures() -> list[Figure]:
    """By one counter, of the curves as they are painted; boxes of one size."""
    import crossing
    import models

    made: dict[str, Callable[[], models.Made]] = {
        "DenseNet of 6 layers": models.densenet,
        "DenseNet of 20 layers": lambda: models.densenet(20),
        "small ResNet": lambda: models.resnet((1, 1, 1, 1)),
        "GPT of 4 layers": lambda: models.gpt(4),
        "LSTM of 10 steps": lambda: models.lstm(10),
        "LSTM of 50 steps": lambda: models.lstm(50),
    }
    graphs = {name: _graph_of(*make()) for name, make in made.items()}
    found = {name: (crossing.ours(*graph), crossing.dots(*graph)) for name, graph in graphs.items()}
    figures = [_crossing_figure(name, *both) for name, both in found.items()]
    for name, graph in _gallery_graphs():
        ours, dots = crossing.ours(*graph), crossing.dots(*graph)
        if ours.crossings or ours.overlaps or ours.through or not isinstance(dots, crossing.Faults) or dots.crossings:
            figures.append(_crossing_figure(name, ours, dots))
    return [*figures, Figure("graphs of the gallery that are none of these: crossings", 0.0, "", "<= dot's")]


def _crossing_figure(name: str, ours, dots) -> Figure:  # type: ignore[no-untyped-def]
    bar = f"<= {dots.crossings}" if hasattr(dots, "crossings") else ""
    return Figure(f"crossings, {name}", ours.crossings, "", bar, f"{ours}, dot: {dots}")


def _graph_of(loss, model) -> Graph:  # type: ignore[no-untyped-def]
    import gradviz

    structure = gradviz.trace(loss, model, gradients=False).traced.structure
    return len(structure), list(zip(structure.producers.tolist(), structure.consumers.tolist(), strict=True))


def _gallery_graphs() -> Iterator[tuple[str, Graph]]:
    from gradviz.core.document.experiment import with_value
    from gradviz.core.questions.trace import TraceGraph
    from gradviz.engine.answers.answering import ask
    from gradviz.engine.answers.moment import Moment
    from gradviz.engine.training.trainer import Trainer
    from gradviz.storage.shipped.by_name import find_experiment
    from gradviz.storage.shipped.gallery import gallery

    for entry in gallery():
        experiment = with_value(find_experiment(entry.name).experiment, "device", "cpu")
        structure = ask(TraceGraph(), Moment(Trainer(experiment))).structure
        edges = list(zip(structure.producers.tolist(), structure.consumers.tolist(), strict=True))
        if edges:
            yield entry.name, (len(structure), edges)


def _frame_figures() -> list[Figure]:
    from PySide6.QtCore import QPointF
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance() or QApplication([])
    figures = []
    for steps, bar in ((556, "<= 16"), (2780, "<= 33")):
        view, count = _shown(steps)
        middle = QPointF(640, 400)

        def whole(view=view) -> None:  # type: ignore[no-untyped-def]
            view.plane.pan(QPointF(7, 3))
            _repaint(view)

        figures.append(Figure(f"frame, all of {count:,} nodes, panned", 1000 * _frame(whole), "ms", bar))
        for name, scale in (
            ("boxes", 0.1),
            ("titles", 0.2),
            ("numbers, smallest", 0.3),
            ("numbers", 0.6),
            ("1:1", 1.0),
        ):
            view.zoom(scale / view.plane.camera.scale, middle)
            busiest = view.plane.drawing.places[count // 2]
            view.plane.centre_on(QPointF(*busiest.tolist()))
            note = f"{view.plane.painted} nodes in sight"
            figures.append(Figure(f"frame, {count:,} nodes, {name}", 1000 * _frame(whole), "ms", bar, note))
        view.close()
    figures += [*_wall_figures(), _first_picture_figure()]
    application.processEvents()
    return figures


def _zoom_figure(view) -> Figure:  # type: ignore[no-untyped-def]
    """Every frame at another zoom, from whole titles to the smallest numbers: nothing is as it was in the last one."""
    from PySide6.QtCore import QPointF

    scales = iter(np.geomspace(0.5, 0.3, FRAMES + 1).tolist())

    def frame() -> None:
        view.zoom(next(scales) / view.plane.camera.scale, QPointF(640, 400))
        _repaint(view)

    return Figure("frame, 10,000 nodes side by side, zoomed", 1000 * _frame(frame), "ms", "<= 16")


def _first_picture_figure() -> Figure:
    """From the structure to the picture, layout and all."""
    length = 100_000
    edges = [(node + 1, node) for node in range(length - 1)]

    def first() -> None:
        view = _view_of(length, edges, np.zeros((0, 2)), ())
        view.grab()
        view.close()

    return Figure("first picture of a chain of 100,000", _cpu(first, 1), "s", "<= 10")


def _wall_figures() -> list[Figure]:
    """Boxes side by side on all of the screen: the most that can be read at once."""
    from PySide6.QtCore import QPointF

    side = 100
    places = np.array([(218.0 * column, 138.0 * row) for row in range(side) for column in range(side)])
    edges = [(node, node + side) for node in range(side * (side - 1))]
    routes = tuple(np.array((places[a] + (0, 46), places[b] - (0, 46))) for a, b in edges)
    view = _view_of(side * side, edges, places, routes)
    figures = []
    for name, scale in (("titles", 0.28), ("numbers, smallest", 0.3), ("numbers", 0.45)):
        view.zoom(scale / view.plane.camera.scale, QPointF(640, 400))
        view.plane.centre_on(QPointF(*places[side * side // 2 + side // 2].tolist()))

        def frame() -> None:
            view.plane.pan(QPointF(7, 3))
            _repaint(view)

        note = f"{view.plane.painted} nodes in sight"
        figures.append(Figure(f"frame, 10,000 nodes side by side, {name}", 1000 * _frame(frame), "ms", "<= 16", note))
    figures.append(_zoom_figure(view))
    view.close()
    return figures


def _frame(frame: Callable[[], None]) -> float:
    frame()
    return _cpu(frame, FRAMES)


def _shown(steps: int):  # type: ignore[no-untyped-def]
    count, edges = unrolled(steps)
    return _view_of(count, edges, np.zeros((0, 2)), ()), count


def _repaint(view) -> None:  # type: ignore[no-untyped-def]
    for label in (view.plane._base, view.plane._numbers):
        label.repaint()


def _view_of(count: int, edges: list[tuple[int, int]], places: np.ndarray, routes: tuple[np.ndarray, ...]):  # type: ignore[no-untyped-def]
    """All groups open; laid out unless there are places."""
    from traced import large, structure_of, traced

    from gradviz.core.questions.question import Answer
    from gradviz.core.questions.trace import TraceGraph
    from gradviz.core.tape.structure import LEAF
    from gradviz.views.graph.graph_view import GraphView

    ops = ("MulBackward0", "AddBackward0", "SigmoidBackward0", "TanhBackward0", "LinearBackward0")
    inner = {target for _, target in edges}
    nodes = [(ops[k % 5], "") if k in inner else (LEAF, f"weight_hh{k}") for k in range(count)]
    one = large((2, 4), -1.23456, 2.5, 0.125)
    # As the loss is node 0 for whoever makes a structure by hand, repetitions are found in the other order.
    graph = traced(structure_of(nodes, edges), (one,) * count, (one,) * count)
    view = GraphView()
    view.resize(1280, 800)
    view.show()
    view.show_answer(Answer(TraceGraph(), 1, graph))
    view.folding.open_all()
    if len(places):
        drawing = replace(view.plane.drawing, places=places, routes=routes)
        view.plane.show_drawing(drawing, view.plane.stress)
    return view
