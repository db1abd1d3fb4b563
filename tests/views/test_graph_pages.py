"""Graphs as SVG and as a page: well formed, and whole without a network."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pytest
import torch

from gradviz.app.tracing.formats import drawing_of, file_bytes
from gradviz.core.tape.grouping import Grouping, grouping
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.node_card import card
from gradviz.engine.tape.naming import names_of
from gradviz.engine.tape.tracing import trace
from gradviz.engine.tape.watch import watching
from gradviz.views.pages.page import page_data

SVG = "{http://www.w3.org/2000/svg}"


def small(name: str = "x") -> TracedGraph:
    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    u = (x * x).sin() + 3 * x
    return trace([u], names_of({name: x}, {}))


class Steps(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = torch.nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(20):
            x = torch.sin(self.cell(x))
        return x.sum()


def deep() -> tuple[TracedGraph, Grouping]:
    model = Steps()
    x = torch.ones(1, 3, requires_grad=True)
    with watching(model) as watch:
        loss = model(x)
    graph = trace([loss], names_of({"x": x, **dict(model.named_parameters())}, {}), watch)
    return graph, grouping(graph.structure)


def svg_of(graph: TracedGraph, opened: Any = None) -> ET.Element:
    groups = grouping(graph.structure)
    keys = {group.key for group in groups.groups} if opened is None else opened
    return ET.fromstring(file_bytes(graph, groups, keys, ".svg"))


def test_a_picture_has_every_node_with_name_operation_value_gradient_and_every_edge() -> None:
    graph = small()
    root = svg_of(graph)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts.count("x") == 3
    assert {"sin", "SinBackward0", "value 2", "grad  3 of 0.385426"} <= set(texts)
    assert any(text.startswith("× ") for text in texts)
    boxes = [group for group in root.findall(f"{SVG}g") if group.get("transform")]
    assert len(boxes) == len(graph.structure)
    paths = [group for group in root.findall(f"{SVG}g") if group.get("fill") == "none"]
    assert len(paths[0]) == len(graph.structure.producers)
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert any("formula: a · b" in title and "to self: -0.653644 × 2 = -1.30729" in title for title in titles)


def test_nothing_is_painted_outside_the_picture() -> None:
    root = svg_of(small())
    left, top, width, height = map(float, root.get("viewBox").split())
    for path in root.iter(f"{SVG}path"):
        for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path.get("d").partition("l")[0]):
            assert left <= float(x) <= left + width
            assert top <= float(y) <= top + height


@pytest.mark.parametrize("name", ["a<b>&\"'", "</script><script>alert(1)</script>", "\u2028"])
def test_a_name_cannot_end_an_element(name: str) -> None:
    graph = small(name)
    root = svg_of(graph)
    assert any(name[:10] in (text.text or "") for text in root.iter(f"{SVG}text"))
    page = file_bytes(graph, grouping(graph.structure), set(), ".html").decode()
    assert page.count("</script>") == 2
    inside = page.split('id="data">')[1].split("</script>")[0]
    assert json.loads(inside)["nodes"][-1] is not None
    assert "alert(1)</script>" not in page


def test_a_page_asks_for_nothing_from_anywhere() -> None:
    graph, groups = deep()
    page = file_bytes(graph, groups, set(), ".html").decode()
    addresses = set(re.findall(r"https?://[^\s\"'<]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(link|img|script src|iframe)|@import|url\(|fetch\(|XMLHttp", page)


def test_a_line_that_many_cards_share_is_on_the_page_once() -> None:
    graph, groups = deep()
    data = page_data(graph, groups, set())
    for row, node in enumerate(data["nodes"]):
        told = [data["lines"][place] for place in node["card"]]
        assert told == [(str(line.label), str(line.text), line.zh) for line in card(graph, row)]
    assert len(set(data["lines"])) == len(data["lines"])
    assert len(data["lines"]) < sum(len(node["card"]) for node in data["nodes"]) / 2
    ends = zip(data["edges"]["from"], data["edges"]["to"], strict=True)
    assert list(ends) == list(zip(graph.structure.producers, graph.structure.consumers, strict=True))


def test_a_closed_group_is_one_box_of_a_picture() -> None:
    graph, groups = deep()
    everything = drawing_of(graph, groups, {group.key for group in groups.groups})
    closed = drawing_of(graph, groups, set())
    assert len(closed.places) < 6 < len(everything.places)
    texts = [text.text for text in svg_of(graph, set()).iter(f"{SVG}text")]
    assert "Steps" in texts
    assert any(re.fullmatch(r"\d+ nodes", text) for text in texts)


def test_a_shared_leaf_is_drawn_beside_each_use_or_once_with_the_whole_gradient() -> None:
    graph = small()
    groups = grouping(graph.structure)
    beside = ET.fromstring(file_bytes(graph, groups, set(), ".svg"))
    once = ET.fromstring(file_bytes(graph, groups, set(), ".svg", once=True))

    def texts(root: ET.Element) -> list[str]:
        return [text.text or "" for text in root.iter(f"{SVG}text")]

    assert (texts(beside).count("x"), texts(once).count("x")) == (3, 1)
    assert [text for text in texts(once) if "0.385" in text] == ["grad  0.385426"], "not a part of it"
    edges = [len(next(one for one in root.findall(f"{SVG}g") if one.get("fill") == "none")) for root in (beside, once)]
    assert edges == [len(graph.structure.producers)] * 2, "each use keeps its edge"
    routes = drawing_of(graph, groups, set(), once=True).routes
    assert len({tuple(route[0]) + tuple(route[-1]) for route in routes}) == len(routes), "parallel edges are apart"
    dots = [file_bytes(graph, groups, set(), ".dot", once=once).decode() for once in (False, True)]
    assert [dot.count('label="x') for dot in dots] == [3, 1]
    assert [dot.count("->") for dot in dots] == [len(graph.structure.producers)] * 2
    assert "3 of 0.385426" in dots[0]
    assert " of " not in dots[1]


def detached() -> TracedGraph:
    x = torch.tensor(2.0, requires_grad=True)
    a = 3 * x
    cut = a.detach()
    loss = a * cut
    graph = trace([loss], names_of({"x": x, "a": a, "cut": cut}, {}))
    names = graph.structure.names
    flows = ((names.index("a"), names.index("cut")),)
    return replace(graph, structure=replace(graph.structure, flows=flows))


def test_a_way_that_no_gradient_follows_is_dashed_with_a_legend() -> None:
    graph = detached()
    svg = svg_of(graph)
    flows = svg.findall(f".//{SVG}path[@class='flow']")
    assert len(flows) == 1
    assert flows[0].get("stroke-dasharray")
    (legend,) = (one for one in svg.iter(f"{SVG}text") if one.text == "no gradient follows")
    _, top, _, height = map(float, svg.get("viewBox", "").split())
    assert top < float(legend.get("y", "nan")) < top + height
    solid = svg.findall(f"{SVG}g[@stroke='#8a93a3']/{SVG}path")
    assert len(solid) == len(graph.structure.producers) + 1
    assert "style=dashed, arrowhead=none" in file_bytes(graph, grouping(graph.structure), set(), ".dot").decode()
    none = svg_of(small())
    assert not none.findall(f".//{SVG}path[@class='flow']")
    assert "no gradient follows" not in "".join(none.itertext())
