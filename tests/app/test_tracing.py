"""`gradviz.trace` and `gradviz.watching`, as a person at a prompt or in a notebook uses them, without a window."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
import torch
from PySide6.QtGui import QImage

import gradviz

ROOT = Path(__file__).parents[2]


def test_variables_are_called_as_the_caller_calls_them() -> None:
    x = torch.tensor(3.0, requires_grad=True)
    unit = torch.tensor(2.0)
    hidden = x * unit
    graph = gradviz.trace(hidden.exp())
    assert {node["name"] for node in graph.nodes} == {"loss", "hidden", "x", "unit"}


def test_a_graph_of_a_watched_model_has_values_everywhere() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh())
    with gradviz.watching(model) as watch:
        loss = model(torch.ones(2, 2)).sum()
    graph = gradviz.trace(loss, names=model)
    assert watch.end is not None
    assert all(node["value"] is not None for node in graph.nodes)
    assert {node["module"] for node in graph.nodes} == {"", "0", "1"}


def test_a_graph_is_a_value_that_nobody_can_change() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    graph = gradviz.trace((x * x).sum())
    with pytest.raises(AttributeError):
        graph.opened = frozenset()  # type: ignore[misc]
    before = json.dumps(graph.data)
    with torch.no_grad():
        x.zero_()
    assert json.dumps(gradviz.trace((x * x).sum()).data) != before
    assert json.dumps(graph.data) == before
    assert x.grad is None


@pytest.mark.parametrize("ending", ["svg", "png", "pdf", "html", "json", "dot"])
def test_every_format_is_written(tmp_path: Path, ending: str) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    path = tmp_path / f"g.{ending}"
    gradviz.trace(x * x).save(path)
    begin = path.read_bytes()[:20]
    starts = {
        "svg": b"<svg",
        "png": b"\x89PNG",
        "pdf": b"%PDF",
        "html": b"<!doctype html>",
        "json": b"{",
        "dot": b"digraph",
    }
    assert begin.startswith(starts[ending])
    if ending == "png":
        image = QImage(str(path))
        colours = {
            image.pixelColor(x, y).name() for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)
        }
        assert {"#e3f1e4", "#e4ecfb"} <= colours, "leaf and result in their colours"


def test_another_ending_is_refused_and_nothing_written(tmp_path: Path) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    with pytest.raises(gradviz.GradvizError, match=r"\.gif is none of"):
        gradviz.trace(x * x).save(tmp_path / "g.gif")
    assert not list(tmp_path.iterdir())


def test_a_notebook_shows_a_page_in_a_frame() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    graph = gradviz.trace(x * x)
    shown = graph._repr_html_()
    (page,) = re.findall(r'srcdoc="([^"]*)"', shown)
    assert unescape(page).startswith("<!doctype html>")
    assert '"title":"x"' in unescape(page)
    assert graph._repr_svg_().startswith("<svg")
    assert repr(graph) == "<gradviz graph of 3 nodes and 2 edges>"


def test_what_is_open_is_part_of_the_view_and_the_graph_stays() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    y = x
    for _ in range(300):
        y = y.sin()
    graph = gradviz.trace(y)
    assert graph.groups == ("x0",)
    assert graph._repr_svg_().count("SinBackward0") == 1
    opened = graph.opening("all")
    assert opened._repr_svg_().count(">SinBackward0<") == 300
    assert opened.traced is graph.traced


def test_a_group_of_ones_own_is_one_box_and_another_graph() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    graph = gradviz.trace((x.sin() * 2).exp())
    inner = [node["id"] for node in graph.nodes if node["op"] in ("SinBackward0", "MulBackward0")]
    grouped = graph.grouped(inner, "wave")
    assert ">wave<" in grouped._repr_svg_()
    assert ">SinBackward0<" not in grouped._repr_svg_()
    assert ">SinBackward0<" in graph._repr_svg_()
    assert ">SinBackward0<" in grouped.opening("all")._repr_svg_()
    ends = [graph.nodes[0]["id"], next(node["id"] for node in graph.nodes if node["op"] == "SinBackward0")]
    with pytest.raises(gradviz.GradvizError, match="out of them and back in"):
        graph.grouped(ends, "ends")


WITHOUT_QT = """
import sys, torch, gradviz
x = torch.tensor(2.0, requires_grad=True)
graph = gradviz.trace(x * x)
for ending in ("svg", "html", "json", "dot"):
    graph.save(f"g.{ending}")
graph._repr_html_()
assert not {"PySide6", "pyqtgraph"} & set(sys.modules), "Qt was loaded"
graph.save("g.png")
graph.save("g.pdf")
"""


def test_files_need_no_display_and_text_needs_no_qt(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "QT_QPA_PLATFORM")}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_QT],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {path.suffix for path in tmp_path.iterdir()} == {".svg", ".html", ".json", ".dot", ".png", ".pdf"}


def test_what_is_no_loss_is_refused_in_a_sentence() -> None:
    with pytest.raises(gradviz.GradvizError, match="from a loss, a tensor"):
        gradviz.trace(3.0)


def test_the_steps_of_a_graph_and_what_else_was_done_to_its_tensors_are_told(tmp_path: Path) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    with gradviz.watching() as watch:
        u = x * x
        apart = u.detach()
        loss = u * apart
    graph = gradviz.trace(loss, watch=watch)
    assert graph.steps[1].startswith("MulBackward0 (u) gives 4")
    assert "apart: cut from u by detach(): test_tracing.py:" in graph.steps[2]
    assert graph.steps[-2] == "AccumulateGrad (x): 2 arrived of 2, 8 + 8 = 16; .grad was None and is 16"
    told = {node["name"]: node["remarks"] for node in graph.nodes if "remarks" in node}
    assert list(told) == ["apart"]
    assert told["apart"][0]["kind"] == "detach"
    graph.save(tmp_path / "g.json")
    assert json.loads((tmp_path / "g.json").read_text(encoding="utf-8"))["nodes"] == graph.nodes
