"""The page of a graph in a real browser: what a person with a mouse or a keyboard gets from it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from browser import Open, Opened, chromium, opener

from gradviz.app.tracing.formats import file_bytes
from gradviz.core.tape.captions import gradient_text, title
from gradviz.core.tape.folding import folded, opened_at_first
from gradviz.core.tape.grouping import Grouping, grouping
from gradviz.core.tape.heat_map import heat_map
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.node_card import card
from gradviz.core.tape.tensor_numbers import number_text
from gradviz.engine.tape.naming import names_of
from gradviz.engine.tape.tracing import trace
from gradviz.engine.tape.watch import watching

STEPS = 20


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Open]:
    yield from opener(browser, tmp_path)


class Steps(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = torch.nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(STEPS):
            x = torch.sin(self.cell(x))
        return x.sum()


@pytest.fixture(scope="module")
def deep() -> tuple[TracedGraph, Grouping]:
    torch.manual_seed(0)
    model = Steps()
    x = torch.ones(2, 3, requires_grad=True)
    with watching(model) as watch:
        loss = model(x)
    graph = trace([loss], names_of({"x": x, **dict(model.named_parameters())}, {}), watch)
    return graph, grouping(graph.structure)


def page_of(deep: tuple[TracedGraph, Grouping], everything: bool = False) -> str:
    graph, groups = deep
    opened = {group.key for group in groups.groups} if everything else set()
    return file_bytes(graph, groups, opened, ".html").decode()


def middle_of(box: Any) -> tuple[float, float]:
    at = box.bounding_box()
    return at["x"] + at["width"] / 2, at["y"] + at["height"] / 2


def outermost(opened: Opened) -> Any:
    return opened.page.locator(".box.group").first


def test_a_page_asks_for_nothing_and_complains_of_nothing(open_page: Open, deep: Any) -> None:
    opened = open_page(page_of(deep))
    opened.page.get_by_text("Unfold all").click()
    opened.box("x").click()
    assert [url.partition(":")[0] for url in opened.requests] == ["file"], "the page itself alone"
    assert opened.complaints == []
    assert len(opened.titles()) == len(deep[0].structure)


def test_a_drag_pans_and_what_was_grabbed_stays_under_the_hand(open_page: Open, deep: Any) -> None:
    opened = open_page(page_of(deep))
    box = outermost(opened)
    x, y = middle_of(box)
    mouse = opened.page.mouse
    mouse.move(640, 660)
    mouse.down()
    mouse.move(700, 600, steps=4)
    mouse.up()
    assert middle_of(box) == pytest.approx((x + 60, y - 60), abs=0.6)


def test_the_wheel_zooms_about_the_pointer(open_page: Open, deep: Any) -> None:
    opened = open_page(page_of(deep))
    box = outermost(opened)
    at, before = middle_of(box), opened.view()
    opened.page.mouse.move(*at)
    opened.page.mouse.wheel(0, -300)
    opened.page.wait_for_function("before => document.getElementById('graph').getAttribute('viewBox') !== before",
                                  arg=" ".join(map(str, before)))  # fmt: skip
    assert opened.view()[2] < before[2]
    assert middle_of(box) == pytest.approx(at, abs=0.6)


def test_keys_zoom_pan_and_fit(open_page: Open, deep: Any) -> None:
    opened = open_page(page_of(deep))
    first = opened.view()
    press = opened.page.keyboard.press
    press("+")
    nearer = opened.view()
    assert nearer[2] == pytest.approx(0.8 * first[2])
    press("ArrowRight")
    press("ArrowDown")
    moved = opened.view()
    assert moved[0] - nearer[0] == pytest.approx(0.1 * nearer[2])
    assert moved[1] - nearer[1] == pytest.approx(0.1 * nearer[3])
    press("-")
    assert opened.view()[2] == pytest.approx(first[2])
    press("f")
    assert opened.view() == pytest.approx(first)


def test_a_group_opens_by_click_and_closes_from_the_card(open_page: Open, deep: Any) -> None:
    graph, groups = deep
    opened = open_page(page_of(deep))
    assert len(opened.titles()) == len(folded(graph.structure, groups, set()))
    outermost(opened).click()
    keys = {groups.groups[0].key}
    assert len(opened.titles()) == len(folded(graph.structure, groups, keys))
    opened.page.get_by_text("Unfold all").click()
    opened.box("sin").click()
    opened.page.locator("aside .groups button").last.click()
    assert len(opened.titles()) == len(folded(graph.structure, groups, set()))
    opened.page.get_by_text("Unfold all").click()
    assert len(opened.titles()) == len(graph.structure)
    opened.page.locator("#foldall").click()
    assert len(opened.titles()) == len(folded(graph.structure, groups, set()))


def test_groups_open_and_close_by_keyboard_which_stays_there(open_page: Open, deep: Any) -> None:
    opened = open_page(page_of(deep))
    closed = len(opened.titles())
    outermost(opened).focus()
    for _ in range(4):
        opened.page.keyboard.press("Enter")
        if opened.page.locator(".box:focus").get_attribute("class").split()[1] != "group":
            break
    assert len(opened.titles()) > closed
    assert opened.page.locator("aside h2").count() == 0, "nothing is chosen by opening a group"
    opened.page.keyboard.press("Enter")
    assert opened.page.locator("aside h2").count() == 1, "Enter on a node shows its card"
    for _ in range(4):
        opened.page.keyboard.press("Backspace")
    assert len(opened.titles()) == closed
    assert opened.page.locator(".box.group:focus").count() == 1
    opened.page.keyboard.press("Escape")
    assert opened.page.locator("aside h2").count() == 0


ALL_CARDS = """() => [...document.querySelectorAll(".box")].map((box) => {
    box.onclick();
    const all = (selector) => [...document.querySelectorAll("aside " + selector)].map((one) => one.textContent);
    return { title: all("h2")[0], labels: all("dt"), texts: all("dd"), entries: all("td") };
})"""


def test_every_card_says_what_the_ledger_says(open_page: Open, deep: Any) -> None:
    graph, _ = deep
    opened = open_page(page_of(deep, everything=True))
    for row, shown in enumerate(opened.page.evaluate(ALL_CARDS)):
        assert shown["title"] == title(graph.structure, row)
        lines = card(graph, row)
        assert shown["labels"] == [str(line.label) for line in lines]
        assert shown["texts"] == [str(line.text) for line in lines]
        port = int(graph.structure.ports[row])
        known = [graph.ledger.values[port], graph.ledger.gradients[port]]
        entries = [one.entries.reshape(-1).tolist() for one in known if one is not None and not one.is_one]
        assert shown["entries"] == [number_text(entry, 5) for column in entries for entry in column]


def test_all_uses_of_a_leaf_and_their_edges_are_lit(open_page: Open, deep: Any) -> None:
    opened = open_page(page_of(deep, everything=True))
    opened.box("cell.weight").evaluate("box => box.onclick()")
    assert opened.page.locator(".box.chosen").count() == STEPS
    assert opened.page.locator(".edge.lit").count() == STEPS
    opened.page.locator("aside .close").click()
    assert opened.page.locator(".box.chosen, .edge.lit").count() == 0


def test_the_search_goes_from_one_to_the_next_and_opens_what_hides_them(open_page: Open, deep: Any) -> None:
    opened = open_page(page_of(deep))
    field, told = opened.page.locator("#find"), opened.page.locator("#found")
    field.fill("SinBackward")
    field.press("Enter")
    assert told.text_content() == f"1 of {STEPS}"
    assert opened.card()["operation"].endswith("SinBackward0")
    first = opened.page.locator(".box.chosen").get_attribute("transform")
    x, y = middle_of(opened.page.locator(".box.chosen"))
    graph = opened.page.locator("#graph").bounding_box()
    assert (x, y) == pytest.approx((graph["x"] + graph["width"] / 2, graph["y"] + graph["height"] / 2), abs=2)
    field.press("Enter")
    assert told.text_content() == f"2 of {STEPS}"
    assert opened.page.locator(".box.chosen").get_attribute("transform") != first
    field.fill("nobody is called so")
    field.press("Enter")
    assert told.text_content() == "nothing found"


def test_the_picture_keeps_its_size_when_a_card_opens_beside_it(open_page: Open, deep: Any) -> None:
    opened = open_page(page_of(deep, everything=True))
    opened.page.keyboard.press("+")
    box = opened.box("loss")
    before = box.bounding_box()["width"]
    box.click()
    opened.page.wait_for_function("""() => {
        const svg = document.getElementById("graph"), { width, height } = svg.viewBox.baseVal;
        return svg.clientWidth < 1000 && Math.abs(width / svg.clientWidth - height / svg.clientHeight) < 1e-6;
    }""")
    assert box.bounding_box()["width"] == pytest.approx(before, abs=2), "a chosen box has a thicker border"


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_the_page_is_dark_where_the_system_is(open_page: Open, deep: Any, scheme: str, is_dark: bool) -> None:
    opened = open_page(page_of(deep), color_scheme=scheme)

    def brightness(selector: str, style: str) -> float:
        found = opened.page.locator(selector).first.evaluate(f"one => getComputedStyle(one).{style}")
        return sum(map(float, found.removeprefix("rgb(").removesuffix(")").split(","))) / 3

    assert (brightness("body", "backgroundColor") < 80) is is_dark
    assert (brightness(".box text", "fill") > 180) is is_dark
    assert abs(brightness(".box rect", "fill") - brightness(".box text", "fill")) > 110, "it can be read"


def test_a_chinese_browser_gets_a_chinese_page(open_page: Open, deep: Any) -> None:
    opened = open_page(page_of(deep, everything=True), locale="zh-CN")
    assert opened.page.get_by_text("全部展开").count() == 1
    opened.box("x").evaluate("box => box.onclick()")
    assert "到达的梯度加到" in opened.page.locator("aside").text_content()
    opened.page.locator("#language").click()
    assert "What arrives is added to .grad" in opened.page.locator("aside").text_content()


def test_ten_thousand_nodes_open_folded_at_once(open_page: Open) -> None:
    cell = torch.nn.LSTMCell(4, 8)
    state = torch.zeros(1, 8), torch.zeros(1, 8)
    for x in torch.rand(500, 1, 4):
        state = cell(x, state)
    graph = trace([state[0].sum()], names_of(cell, {}), with_gradients=False)
    groups = grouping(graph.structure)
    text = file_bytes(graph, groups, opened_at_first(graph.structure, groups), ".html").decode()
    begin = time.perf_counter()
    opened = open_page(text)
    opened.box("loss").wait_for()
    assert time.perf_counter() - begin < 4
    assert len(graph.structure) > 10_000
    assert len(opened.titles()) < 20
    outermost(opened).click()
    opened.page.wait_for_function("() => document.querySelectorAll('.box').length > 100")
    assert opened.complaints == []


def test_a_tensor_is_a_heat_map_that_is_read_by_pointer_and_keyboard(open_page: Open) -> None:
    x = torch.linspace(-1, 1, 24).reshape(4, 6).requires_grad_()
    large = torch.zeros(2, 3, 40, 50)
    large[1, 2, 39, 49] = torch.nan
    y = (x * torch.tensor(2.0)).sum() + (large * x.sum()).sum()
    graph = trace([y], names_of({"x": x, "large": large}, {}))
    opened = open_page(file_bytes(graph, grouping(graph.structure), set(), ".html").decode())
    opened.box("x").click()
    port = int(graph.structure.ports[graph.structure.names.index("x")])
    expected = heat_map(graph.ledger.values[port])
    canvas, told = opened.page.locator("aside canvas").first, opened.page.locator("aside .readout").first
    at = canvas.bounding_box()
    assert at["width"] / 6 == pytest.approx(at["height"] / 4)
    canvas.hover(position={"x": at["width"] * 2.5 / 6, "y": at["height"] * 3.5 / 4})
    assert told.text_content() == str(expected.cell_words(3, 2))
    pixels = canvas.evaluate("one => [...one.getContext('2d').getImageData(0, 0, 6, 4).data]")
    shown = np.array(pixels).reshape(4, 6, 4)
    np.testing.assert_array_equal(shown[..., 3], expected.colours[..., 3], "as opaque as it is large")
    opaque = expected.colours[..., 3] > 100  # a canvas keeps colours times opacity
    assert np.abs(shown - expected.colours.astype(int))[opaque].max() <= 3
    view = opened.view()
    canvas.press("ArrowRight")
    canvas.press("ArrowUp")
    assert told.text_content() == str(expected.cell_words(2, 3))
    assert opened.view() == view, "the arrows are the map's"
    opened.box("large").click()
    port = int(graph.structure.ports[graph.structure.names.index("large")])
    expected = heat_map(graph.ledger.values[port])
    canvas, told = opened.page.locator("aside canvas").first, opened.page.locator("aside .readout").first
    at = canvas.bounding_box()
    canvas.hover(position={"x": at["width"] - 1, "y": at["height"] - 1})
    rows, columns = expected.arrangement.cells
    assert told.text_content() == str(expected.cell_words(rows - 1, columns - 1))
    assert "nan" in told.text_content()
    assert "NaN 1" in opened.page.locator("aside .legend").first.text_content()
    assert str(expected.note) in opened.page.locator("aside").text_content()
    assert opened.complaints == []


def test_shared_leaves_are_drawn_once_by_choice(open_page: Open, deep: Any) -> None:
    graph, groups = deep
    opened = open_page(page_of(deep, everything=True))
    assert opened.titles().count("cell.weight") == STEPS
    opened.page.locator("#once").click()
    assert opened.page.locator("#once").get_attribute("aria-pressed") == "true"
    assert opened.titles().count("cell.weight") == 1
    keys = {group.key for group in groups.groups}
    assert len(opened.titles()) == len(folded(graph.structure, groups, keys, once=True))
    row = graph.structure.names.index("cell.weight")
    shown = opened.box("cell.weight").locator(".gradient").text_content()
    assert shown.startswith(f"grad  {gradient_text(graph, row, is_whole=True)}"[:16]), "the whole, no part of it"
    opened.page.locator("#once").click()
    assert opened.titles().count("cell.weight") == STEPS


def test_a_graph_without_shared_leaves_offers_no_choice(open_page: Open) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    graph = trace([x.sin()], names_of({"x": x}, {}))
    opened = open_page(file_bytes(graph, grouping(graph.structure), set(), ".html").decode())
    assert not opened.page.locator("#once").is_visible()


def test_a_way_that_no_gradient_follows_is_dashed_and_the_head_says_so(open_page: Open, deep: Any) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    a = 3 * x
    cut = a.detach()
    graph = trace([a * cut], names_of({"x": x, "a": a, "cut": cut}, {}))
    names = graph.structure.names
    graph = replace(graph, structure=replace(graph.structure, flows=((names.index("a"), names.index("cut")),)))
    opened = open_page(file_bytes(graph, grouping(graph.structure), set(), ".html").decode())
    flow = opened.page.locator("path.flow")
    assert flow.count() == 1
    assert flow.evaluate("one => getComputedStyle(one).strokeDasharray").startswith("6")
    assert opened.page.get_by_text("no gradient follows").is_visible()
    assert opened.complaints == []
    without = open_page(page_of(deep))
    assert without.page.locator("path.flow").count() == 0
    assert not without.page.get_by_text("no gradient follows").is_visible()


LAYOUT = """(opened) => {
    const data = unpacked(JSON.parse(document.getElementById("data").textContent));
    return opened.map((keys) => {
        const drawn = fold(data, new Set(keys), false);
        return { boxes: drawn.boxes, edges: drawn.edges, ...layout(drawn.boxes, drawn.edges), box: BOX };
    });
}"""


def test_the_page_folds_as_python_does_and_lays_out_without_overlap(open_page: Open, deep: Any) -> None:
    graph, groups = deep
    keys = [group.key for group in groups.groups]
    opened = [[], keys[:1], keys[:3], keys]
    for some, found in zip(opened, open_page(page_of(deep)).page.evaluate(LAYOUT, opened), strict=True):
        expected = folded(graph.structure, groups, set(some))
        assert len(found["boxes"]) == len(expected)
        theirs = sorted(tuple(edge["parts"]) for edge in found["edges"])
        assert theirs == sorted(expected.parts)
        places = np.array(found["places"])
        apart = np.abs(places[:, None] - places[None])
        overlap = (apart[..., 0] < found["box"]["width"] - 1e-6) & (apart[..., 1] < found["box"]["height"])
        np.fill_diagonal(overlap, False)
        assert not overlap.any()
        arrivals = [tuple(route[-1]) for route in found["routes"]]
        assert len(set(arrivals)) == len(arrivals), "each edge arrives at a port of its own"
        for edge, route in zip(found["edges"], found["routes"], strict=True):
            assert places[edge["from"], 1] < places[edge["to"], 1], "downwards"
            for box, end in ((edge["from"], route[0]), (edge["to"], route[-1])):
                assert abs(end[0] - places[box, 0]) < found["box"]["width"] / 2, "at its box"
