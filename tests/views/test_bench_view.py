"""The bench's view: given a report, it shows every row, verdicts in words and marks, and what is out of date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QPushButton

from gradviz.core.document.experiment import Experiment, from_data
from gradviz.core.objectives.catalogue import FormulaObjective, NamedTensor
from gradviz.core.questions.bench import BenchMethod, BenchReport, BenchRow, CheckGradient, Verdict
from gradviz.core.questions.question import Answer, Progress, Refusal
from gradviz.core.runs.history import History
from gradviz.core.words import say
from gradviz.views.bench.bench_view import BenchView
from gradviz.views.kit.theme import DARK, LIGHT

Shown = Callable[..., Any]
FORMULA = Experiment(objective=FormulaObjective(tensors=(NamedTensor(name="w"),), text="loss = w**2"))


def bench_row(verdict: Verdict, method: BenchMethod = BenchMethod.HAND, **more: Any) -> BenchRow:
    values = np.array([1.5, -2.0])
    given = {"parameter": "w", "dtype": "float64", "shape": (2,), "sentence": f"Why {verdict}.", "values": values}
    return BenchRow(method=method, verdict=verdict, **(given | more))


REPORT = BenchReport(
    3,
    12.5,
    (
        bench_row(Verdict.REFERENCE, BenchMethod.BACKWARD),
        bench_row(Verdict.AGREES, BenchMethod.SYMBOLS, expression="∂loss/∂w = 2*w", absolute=1e-12, relative=1e-13),
        bench_row(Verdict.AGREES, BenchMethod.DIFFERENCE, step_size=6.1e-6, absolute=2e-10, relative=1e-11),
        bench_row(Verdict.SIGN, absolute=4.0, relative=2.0),
    ),
    ("A note.",),
    names=("loss", "w"),
)


def show(view: BenchView, told: Any) -> None:
    """An answer to a check that was asked for."""
    if not view.asks:
        view.begin_check()
    view.show_answer(Answer(view.asks[0], 3, told))


@pytest.fixture
def view(shown: Shown) -> BenchView:
    made = BenchView()
    made.begin_run(FORMULA)
    shown(made, 640, 560)
    return made


def button(view: BenchView, text: str) -> QPushButton:
    return next(one for one in view.findChildren(QPushButton) if one.text() == text)


def area(view: BenchView) -> QPlainTextEdit:
    return next(one for one in view.findChildren(QPlainTextEdit) if one.accessibleName() == "Gradient by hand")


def test_it_invites_before_the_first_check(view: BenchView) -> None:
    assert view.drawn()["rows"] == []
    assert "Check compares" in str(view.drawn()["summary"])


def test_every_row_with_values_differences_step_and_verdict(view: BenchView) -> None:
    show(view, REPORT)
    rows: Any = view.drawn()["rows"]
    assert rows[0] == ["w", "autograd backward", "= reference", "[1.5, -2]", "–", "–", "–", "float64"]
    assert rows[2] == ["", "finite difference", "✓ agrees", "[1.5, -2]", "2e-10", "1e-11", "6.1e-6", "float64"]
    assert rows[3][2] == "✗ wrong sign"
    assert view.drawn()["symbols"] == "∂loss/∂w = 2*w\nA note."
    assert view.drawn()["summary"] == "✗ w, by hand: Why wrong sign."


@pytest.mark.parametrize(("verdict", "mark"), [(Verdict.AGREES, "✓"), (Verdict.KINK, "∧"), (Verdict.ROUNDING, "≈")])
def test_the_headline_has_a_tick_only_where_all_agree(view: BenchView, verdict: Verdict, mark: str) -> None:
    show(view, BenchReport(3, 1.0, (bench_row(Verdict.REFERENCE, BenchMethod.BACKWARD), bench_row(verdict))))
    assert str(view.drawn()["summary"]).startswith(f"{mark} ")
    assert ("All gradients agree" in str(view.drawn()["summary"])) is (verdict is Verdict.AGREES)


def test_no_gradient_is_none_and_not_zero(view: BenchView) -> None:
    unused = bench_row(Verdict.UNUSED, BenchMethod.BACKWARD, values=None, sentence="w.grad is None: not reached.")
    show(view, BenchReport(3, 1.0, (unused,)))
    rows: Any = view.drawn()["rows"]
    assert rows[0][2:4] == ["○ not in the graph", "None"]
    assert "w.grad is None" in str(view.drawn()["summary"])


def test_a_verdict_is_told_by_mark_and_word_and_colour_in_both_themes(view: BenchView) -> None:
    show(view, REPORT)
    for theme in (LIGHT, DARK):
        view.set_theme(theme)
        picture = view.grab().toImage()
        colours = {picture.pixelColor(x, y).name() for x in range(picture.width()) for y in range(picture.height())}
        assert theme.fault in colours
        assert theme.value in colours


def test_it_says_when_the_window_has_moved_on(view: BenchView) -> None:
    view.show_history(History(), 3)
    show(view, REPORT)
    assert "⟳" not in str(view.drawn()["stale"])
    view.show_history(History(), 9)
    assert view.drawn()["stale"] == "⟳ This was step 3; the window stands at step 9."
    view.show_history(History(), 3)
    assert "⟳" not in str(view.drawn()["stale"])


def test_check_asks_and_then_cancels(view: BenchView) -> None:
    assert view.asks == ()
    QTest.mouseClick(button(view, "Check"), Qt.MouseButton.LeftButton)
    asked = view.asks
    assert [type(question) for question in asked] == [CheckGradient]
    show(view, Progress(0.4, say("finite difference, {name}", name="w")))
    assert view.drawn()["summary"] == "Checking: finite difference, w, 40%"
    QTest.mouseClick(button(view, "Cancel"), Qt.MouseButton.LeftButton)
    assert view.asks == ()
    assert "cancelled" in str(view.drawn()["summary"])
    view.show_answer(Answer(asked[0], 3, REPORT))
    assert view.drawn()["rows"] == [], "what comes after all is not shown"
    QTest.mouseClick(button(view, "Check"), Qt.MouseButton.LeftButton)
    assert view.asks != asked, "another check is another question"
    show(view, REPORT)
    assert button(view, "Check").isEnabled()


def test_a_refusal_stands_in_the_place_of_a_report(view: BenchView) -> None:
    show(view, REPORT)
    show(view, Refusal(say("There is no run to ask.")))
    assert view.drawn()["rows"] == []
    assert view.drawn()["summary"] == "✗ There is no run to ask."
    view.begin_run(FORMULA)
    assert "Check compares" in str(view.drawn()["summary"])


def test_copy_gives_the_whole_table_as_text(view: BenchView) -> None:
    assert not button(view, "Copy").isEnabled()
    show(view, REPORT)
    QTest.mouseClick(button(view, "Copy"), Qt.MouseButton.LeftButton)
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0].startswith("Step 3, loss 12.5. w, by hand: Why wrong sign.")
    assert any("finite difference" in line and "6.1e-6" in line for line in lines)
    assert "w, by hand: Why wrong sign." in lines


def test_what_is_typed_is_taken_over_and_makes_the_report_stale(view: BenchView, qtbot: Any) -> None:
    view.show_history(History(), 3)
    show(view, REPORT)
    area(view).setFocus()
    with qtbot.waitSignal(view.hand_edited) as told:
        QTest.keyClicks(area(view), "d_w = 2*w")
    assert told.args == ["d_w = 2*w"]
    assert "edited since" in str(view.drawn()["stale"])


@pytest.mark.parametrize(
    ("text", "marked", "words"),
    [
        ("d_w = 2*q", "q", "line 1, column 9: q is not known"),
        ("d_w = 2*", "2", "not an expression"),
        ("a = 2", "a", ""),
    ],
)
def test_a_fault_is_marked_at_its_place(view: BenchView, text: str, marked: str, words: str) -> None:
    view.show_experiment(FORMULA.model_copy(update={"hand_gradient": text}))
    assert words in str(view.drawn()["hand_fault"])
    assert view.drawn()["marked"] == marked
    view.show_experiment(FORMULA.model_copy(update={"hand_gradient": "d_w = 2*w"}))
    assert view.drawn()["hand_fault"] == view.drawn()["marked"] == ""


def test_a_fault_that_the_engine_found_is_marked_too(view: BenchView) -> None:
    view.show_experiment(FORMULA.model_copy(update={"hand_gradient": "d_w = w @ w"}))
    show(view, BenchReport(0, 1.0, fault="Gradient by hand: line 1, column 7: no.", place=(1, 7)))
    assert view.drawn()["hand_fault"] == "line 1, column 7: no."
    assert view.drawn()["marked"] == "w"


def test_a_formulas_own_lines_are_shown_and_cannot_be_edited_here(view: BenchView) -> None:
    own = from_data({"objective": {"kind": "formula", "tensors": [{"name": "w"}], "text": "loss = w**2\nd_w = 2*w"}})
    view.begin_run(own)
    assert view.drawn()["hand"] == "d_w = 2*w"
    assert area(view).isReadOnly()
    assert "own lines" in str(view.drawn()["hand_note"])
    view.begin_run(FORMULA)
    assert not area(view).isReadOnly()
    assert view.drawn()["hand_note"] == "Known here: w, loss."


def test_a_new_run_forgets_the_report(view: BenchView) -> None:
    show(view, REPORT)
    view.begin_run(FORMULA)
    assert view.drawn()["rows"] == []
    assert view.drawn()["symbols"] == ""
