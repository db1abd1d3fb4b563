"""Graphs of any loss: how long tracing takes, and a picture of the whole, over a plain backward pass of the same graph.

torchviz with Graphviz, the peer, is measured where it is installed.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from figures import Figure

ROUNDS = 7


def tracing_figures() -> list[Figure]:
    """Of an LSTM of 500 steps and of one of 10,000 nodes; of networks like ResNet-152 and GPT-2 for the picture."""
    import models
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = []
    for name, make, bar in (("LSTM of 500 steps", models.lstm, 0.1), ("10,000 nodes", models.cells, 0.3)):
        found += _trace_figures(name, make, bar)
    return [*found, *_file_figures(), *_picture_figures()]


def _seconds(make: Callable[[], tuple[Any, Any]], act: Callable[[Any, Any], object]) -> float:
    """The median, each time of a graph that nobody has looked at."""
    spent = []
    for _ in range(ROUNDS):
        loss, model = make()
        begin = time.perf_counter()
        act(loss, model)
        spent.append(time.perf_counter() - begin)
    return statistics.median(spent)


def _trace_figures(name: str, make: Callable[[], tuple[Any, Any]], bar: float) -> list[Figure]:
    import gradviz

    backward = _seconds(make, lambda loss, _model: loss.backward())
    structure = _seconds(make, lambda loss, model: gradviz.trace(loss, model, gradients=False))
    whole = _seconds(make, gradviz.trace)
    told = f"a plain backward takes {backward * 1000:.0f} ms"
    return [
        Figure(f"{name}: structure, names, shapes, values", structure, "s", f"<= {bar}", told),
        Figure(f"{name}: with every gradient and part", whole, "s", f"<= {bar}", told),
    ]


def _file_figures() -> list[Figure]:
    """Of 10,000 nodes that are traced already: until `gradviz.show` returns but for the process, and the whole page."""
    import models

    import gradviz
    from gradviz.core.tape.plain_graph import plain_graph
    from gradviz.storage.user.handed_graphs import hand_over, remove

    def traced() -> tuple[Any, Any]:
        return gradviz.trace(*models.cells()), None

    handed = _seconds(traced, lambda graph, _none: remove(hand_over(*plain_graph(graph.traced))))
    page = _seconds(traced, lambda graph, _none: graph._repr_html_())
    return [
        Figure("10,000 nodes: handed to a window", handed, "s", "<= 0.3"),
        Figure("10,000 nodes: the page of a notebook", page, "s", "<= 1.5"),
    ]


def _picture_figures() -> list[Figure]:
    """Time of the peer over ours, for the same loss in one run; the peer draws names, shapes and attributes alone."""
    import models

    figures = []
    for name, make in (("ResNet-152", models.resnet), ("GPT-2 of 12 layers", models.gpt)):
        ours, alike = _seconds(make, _whole), _seconds(make, _without_gradients)
        peer, note = (_seconds(make, _peer), "") if _has_peer() else (float("nan"), "torchviz or dot is not installed")
        figures += [
            Figure(f"{name}: trace, layout, whole SVG", alike, "s"),
            Figure(f"{name}: torchviz and dot / that", peer / alike, "", ">= 3", note or f"theirs takes {peer:.2f} s"),
            Figure(f"{name}: the same with every gradient and part", ours, "s"),
            Figure(f"{name}: torchviz and dot, which have none / that", peer / ours, "", "", note),
        ]
    return figures


def _whole(loss: Any, model: Any) -> object:
    import gradviz

    return gradviz.trace(loss, model).opening("all")._repr_svg_()


def _without_gradients(loss: Any, model: Any) -> object:
    import gradviz

    return gradviz.trace(loss, model, gradients=False).opening("all")._repr_svg_()


def _has_peer() -> bool:
    return find_spec("torchviz") is not None and shutil.which("dot") is not None


def _peer(loss: Any, model: Any) -> object:
    from torchviz import make_dot

    dot = make_dot(loss, params=dict(model.named_parameters()), show_attrs=True)
    return dot.pipe("svg")
