"""The whole window: a person walks through the graph of a step, forwards and through the backward pass."""

from __future__ import annotations

from typing import Any

import pytest
from desk import CONTROL, Desk, Key
from PySide6.QtWidgets import QToolButton

from gradviz.core.runs.state import RunState
from gradviz.engine.training.trainer import Trainer


def walk(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = desk.drawn("graph")["walk"]
    return found


def nodes(desk: Desk) -> dict[str, tuple[str, str]]:
    """Value and gradient by the title of a node."""
    return {title: (value, gradient) for title, _, value, gradient in desk.drawn("graph")["nodes"]}


@pytest.fixture
def walked(desk: Desk) -> Desk:
    """The chain of scalars, with the bar open and everything still."""
    desk.open_card("chain")
    desk.settle()
    desk.click(desk.window.views["graph"])
    desk.press(Key.Key_W)
    desk.wait(lambda: walk(desk).get("length", 1) > 1, "the walk")
    desk.settle()
    return desk


def test_a_person_walks_by_key_and_sees_values_and_then_gradients_appear(walked: Desk) -> None:
    desk = walked
    assert walk(desk)["words"] == "Nothing has run: only 3 leaves and 1 constant have values."
    assert nodes(desk)["u"] == ("value not kept", "grad  none")
    assert nodes(desk)["b"][0] == "value 5"
    desk.press(Key.Key_L)
    assert nodes(desk)["u"][0] == "value 40"
    assert desk.drawn("graph")["at work"] >= 0
    assert len(desk.drawn("graph")["lit"]) == 2
    desk.press(Key.Key_B)
    assert walk(desk)["words"] == "MulBackward0 (j): the pass begins here with 1; passes 1 × 3 = 3 to v"
    assert nodes(desk)["j"] == ("value 129", "grad  1")
    assert nodes(desk)["v"] == ("value 43", "grad  3, ready")
    assert nodes(desk)["u"] == ("value 40", "grad  none")
    desk.press(Key.Key_L)
    assert desk.drawn("graph")["tags"]["j"] == "freed"
    desk.press(Key.Key_J)
    desk.press(Key.Key_End)
    assert nodes(desk)["c"] == ("value 8", "grad  15")
    assert walk(desk)["words"].startswith("The pass is over: 3 saved tensors were freed")


def test_the_second_backward_is_refused_and_retain_graph_mends_it(walked: Desk) -> None:
    desk = walked
    desk.press(Key.Key_2)
    desk.wait(lambda: walk(desk)["length"] == 12, "the second pass")
    desk.press(Key.Key_End)
    assert walk(desk)["told"].startswith("“Trying to backward through the graph a second time")
    desk.press(Key.Key_1)
    desk.wait(lambda: walk(desk)["length"] == 18, "the second pass that is allowed")
    desk.press(Key.Key_End)
    assert walk(desk)["words"].startswith("The second pass is over: every leaf got the same gradient again")
    assert walk(desk)["told"] == ""


def test_the_graph_of_the_gradient_takes_the_place_of_the_graph_and_goes_again(walked: Desk) -> None:
    desk = walked
    desk.press(Key.Key_3)
    desk.wait(lambda: any("∂j/∂b" in title for title in nodes(desk)), "the graph of the gradient")
    assert "graph of the gradient" in desk.drawn("graph")["header"]
    desk.press(Key.Key_Escape)
    assert not walk(desk)
    desk.wait(lambda: "j" in nodes(desk) and "graph of the gradient" not in desk.drawn("graph")["header"], "the graph")
    desk.settle()
    assert nodes(desk)["b"] == ("value 5", "grad  24")


def test_a_step_of_the_run_is_walked_where_one_stood(walked: Desk) -> None:
    desk = walked
    desk.press(Key.Key_End)
    stood = walk(desk)["position"]
    desk.press(Key.Key_Right, CONTROL)
    desk.wait_step(1)
    desk.settle()
    assert walk(desk)["position"] == stood
    assert desk.drawn("graph")["step"] == desk.control.step


def test_a_run_goes_on_while_one_walks_and_ends_where_it_would_without(desk: Desk) -> None:
    desk.press(Key.Key_J, CONTROL)
    desk.wait(lambda: walk(desk).get("length", 1) > 1, "the walk")
    desk.press(Key.Key_End)
    stood = walk(desk)["position"]
    desk.press(Key.Key_Space)
    desk.wait_step(50)
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.PAUSED)
    desk.settle()
    assert walk(desk)["position"] == stood
    step = desk.control.step
    assert desk.drawn("graph")["step"] == step
    alone = Trainer(desk.control.experiment)
    for _ in range(step):
        alone.advance()
    x, y = desk.control.history.positions[step, 0]
    assert [float(one.detach()) for one in alone.lanes[0].objective.parameters.values()] == [x, y]


def test_the_menu_and_the_button_open_it_and_the_cross_closes_it(desk: Desk) -> None:
    desk.open_card("polynomial")
    desk.settle()
    desk.press(Key.Key_J, CONTROL)
    desk.wait(lambda: walk(desk).get("length", 1) > 1, "the walk by the menu's key")
    desk.click(button(desk, "Close"))
    assert not walk(desk)
    desk.click(button(desk, "Step through the graph"))
    desk.wait(lambda: walk(desk).get("length", 1) > 1, "the walk by the button")
    desk.click(button(desk, "One node on"))
    assert walk(desk)["position"] == 1
    graph = desk.window.views["graph"]
    row = [title for title, *_ in desk.drawn("graph")["nodes"]].index("y")
    desk.click(graph.plane, graph.plane.place_of(row).toPoint())
    desk.click(button(desk, "Run to the chosen node"))
    assert walk(desk)["words"].startswith("AddBackward0 (y)")
    desk.click(button(desk, "Play"))
    desk.wait(lambda: walk(desk)["position"] > 5, "the next node, by itself")


def button(desk: Desk, name: str) -> QToolButton:
    """A button of the Graph pane by what it is called."""
    found = [one for one in desk.window.views["graph"].findChildren(QToolButton) if one.accessibleName() == name]
    assert len(found) == 1, name
    return found[0]
