"""Graphs of any loss: how long tracing takes, and a picture of the whole, over a plain backward pass of the same graph.

torchviz with Graphviz, the peer, is measured where it is installed: it is no dependency, not even of development.
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
    """Of an LSTM of 500 steps and of one of 10,000 nodes, and of a GPT-like transformer for the picture."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = []
    for name, make, bar in (("LSTM of 500 steps", _lstm, 0.1), ("10,000 nodes", _cells, 0.3)):
        found += _trace_figures(name, make, bar)
    return [*found, *_picture_figures()]


def _lstm() -> tuple[Any, Any]:
    import torch

    layer = torch.nn.LSTM(4, 8)
    with torch.backends.mkldnn.flags(enabled=False):  # one node for all steps else
        return layer(torch.rand(500, 1, 4))[0].sum(), layer


def _cells() -> tuple[Any, Any]:
    import torch

    cell = torch.nn.LSTMCell(4, 8)
    hidden = torch.zeros(1, 8), torch.zeros(1, 8)
    for x in torch.rand(500, 1, 4):
        hidden = cell(x, hidden)
    return hidden[0].sum(), cell


def _transformer() -> tuple[Any, Any]:
    import torch

    layer = torch.nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    model = torch.nn.TransformerEncoder(layer, 12, enable_nested_tensor=False)
    return model(torch.rand(2, 5, 16)).sum(), model


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


def _picture_figures() -> list[Figure]:
    import gradviz

    def drawn(loss: Any, model: Any) -> object:
        return gradviz.trace(loss, model, gradients=False).opening("all")._repr_svg_()

    ours = _seconds(_transformer, drawn)
    figures = [Figure("transformer of 12 layers: trace, layout, whole SVG", ours, "s")]
    if find_spec("torchviz") is None or shutil.which("dot") is None:
        return [*figures, Figure("torchviz and dot / gradviz", float("nan"), "", ">= 3", "not installed here")]
    return [*figures, Figure("torchviz and dot / gradviz", _seconds(_transformer, _peer) / ours, "", ">= 3")]


def _peer(loss: Any, model: Any) -> object:
    from torchviz import make_dot

    dot = make_dot(loss, params=dict(model.named_parameters()), show_attrs=True)
    return dot.pipe("svg")
