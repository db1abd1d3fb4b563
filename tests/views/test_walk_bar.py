"""The bar that walks through a graph: by buttons and by keys, playing, and what it says."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gradviz.core.questions.backward import TakeApart
from gradviz.core.tape.backward_pass import BackwardPass
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.shipped.by_name import find_experiment
from gradviz.views.graph.walk_bar import PACES, WalkBar
from gradviz.views.kit.theme import DARK, LIGHT


def taken(name: str = "chain", **choices: Any) -> BackwardPass:
    return ask(TakeApart(**choices), Moment(Trainer(find_experiment(name).experiment)))


@pytest.fixture
def bar(qtbot: QtBot) -> WalkBar:
    made = WalkBar()
    qtbot.addWidget(made)
    made.set_theme(LIGHT)
    made.resize(520, made.sizeHint().height())
    made.show_pass(taken())
    made.show()
    return made


def said(bar: WalkBar) -> str:
    return str(bar.drawn()["words"])


def test_it_begins_before_anything_has_run_and_each_key_does_its_part(bar: WalkBar, qtbot: QtBot) -> None:
    assert said(bar) == "Nothing has run: only 3 leaves and 1 constant have values."
    assert bar.drawn()["count"] == ""
    moves: list[int] = []
    bar.moved.connect(lambda: moves.append(bar.position))
    for key, position, words in (
        (Qt.Key.Key_L, 1, "MulBackward0 (u) gives 40"),
        (Qt.Key.Key_L, 2, "AddBackward0 (v) gives 43"),
        (Qt.Key.Key_J, 1, "MulBackward0 (u) gives 40"),
        (Qt.Key.Key_B, 4, "MulBackward0 (j): the pass begins here with 1; passes 1 × 3 = 3 to v"),
        (Qt.Key.Key_End, 10, "The pass is over: 3 saved tensors were freed, 16 bytes."),
        (Qt.Key.Key_B, 0, "Nothing has run"),
    ):
        qtbot.keyClick(bar, key)
        assert bar.position == position
        assert said(bar).startswith(words)
    qtbot.keyClick(bar, Qt.Key.Key_End)
    qtbot.keyClick(bar, Qt.Key.Key_Home)
    assert moves == [1, 2, 1, 4, 10, 0, 10, 0]


def test_it_plays_to_the_end_at_its_pace_and_begins_again(bar: WalkBar, qtbot: QtBot) -> None:
    for _ in PACES:
        qtbot.keyClick(bar, Qt.Key.Key_BracketRight)
    assert bar.drawn()["pace"] == "20/s"
    qtbot.keyClick(bar, Qt.Key.Key_A)
    assert bar.is_playing
    qtbot.waitUntil(lambda: bar.position >= 2)
    qtbot.keyClick(bar, Qt.Key.Key_A)
    stood = bar.position
    assert not bar.is_playing
    qtbot.keyClick(bar, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: bar.position == 10 and not bar.is_playing)
    assert stood < 10
    qtbot.keyClick(bar, Qt.Key.Key_A)
    assert bar.position == 0
    assert bar.is_playing
    bar.hide()
    assert not bar.is_playing, "what nobody sees stands still"


def test_it_runs_to_a_node_in_the_pass_where_it_stands(bar: WalkBar) -> None:
    graph = bar.walk.graph  # type: ignore[union-attr]
    u, b = (graph.structure.names.index(name) for name in "ub")
    bar.go_to(1)
    assert bar.run_to(u)
    assert bar.position == 1
    assert bar.run_to(b), "a leaf is not made: its gradient is where it is at work"
    assert said(bar) == "AccumulateGrad (b): 1 arrived of 1; .grad was None and is 24"
    assert bar.run_to(u)
    assert said(bar).startswith("MulBackward0 (u): 1 arrived of 1; passes 3 × 8 = 24 to b")
    constant = [row for row, op in enumerate(graph.structure.ops) if op == "constant"]
    assert not bar.run_to(constant[0])


def test_its_call_is_chosen_by_key_and_told(bar: WalkBar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bar.called):
        qtbot.keyClick(bar, Qt.Key.Key_2)
    assert bar.drawn()["call"] == "backward() twice"
    bar.show_pass(taken(twice=True))
    qtbot.keyClick(bar, Qt.Key.Key_End)
    assert bar.drawn()["phase"] == "second"
    assert said(bar).startswith("MulBackward0 (j): PyTorch refuses. The first backward() freed")
    assert str(bar.drawn()["told"]).startswith("“Trying to backward through the graph a second time")
    qtbot.keyClick(bar, Qt.Key.Key_1)
    bar.show_pass(taken(twice=True, retain_graph=True))
    assert bar.drawn()["call"] == "backward(retain_graph=True) twice"
    qtbot.keyClick(bar, Qt.Key.Key_End)
    assert said(bar).startswith("The second pass is over: every leaf got the same gradient again")
    assert bar.drawn()["told"] == ""


def test_the_graph_of_the_gradient_is_walked_in_the_place_of_the_graph(bar: WalkBar, qtbot: QtBot) -> None:
    qtbot.keyClick(bar, Qt.Key.Key_3)
    found = taken("polynomial", create_graph=True)
    bar.show_pass(found)
    assert bar.walk is not None
    assert bar.walk.graph is found.of_gradient
    assert "∂y/∂x" in bar.walk.graph.structure.names
    qtbot.keyClick(bar, Qt.Key.Key_3)
    assert bar.drawn()["call"] == "backward()"
    bar.show_pass(found)
    assert bar.walk.graph is found.graph


def test_why_there_is_no_graph_of_the_gradient_is_said(bar: WalkBar, qtbot: QtBot) -> None:
    qtbot.keyClick(bar, Qt.Key.Key_3)
    bar.show_pass(taken("tracking-no-grad", create_graph=True))
    assert bar.drawn()["told"] == "No graph of the gradient: the loss has no gradient."
    assert said(bar).startswith("Nothing has run"), "the graph itself is walked all the same"


def test_a_pass_of_another_step_is_shown_where_one_stood(bar: WalkBar) -> None:
    bar.go_to(7)
    bar.show_pass(taken())
    assert bar.position == 7
    bar.show_pass(taken("accumulation"))
    assert bar.position == bar.length - 1
    bar.show_pass(None)
    assert (bar.position, bar.length, said(bar)) == (0, 1, "")


def test_it_has_room_in_a_narrow_pane_and_nothing_is_cut_unsaid(bar: WalkBar, qtbot: QtBot) -> None:
    assert bar.minimumSizeHint().width() <= 420
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3):
        qtbot.keyClick(bar, key)
    assert bar.minimumSizeHint().width() <= 520
    bar.set_theme(DARK)
    picture = bar.grab().toImage()
    colours = {picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)}
    assert len(colours) > 20
