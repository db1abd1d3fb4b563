"""The views and bars that are quickly told: fit, parameters, run bar, messages, gallery, readout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desk import LEFT, colours, handle_at, has_colour, pixels
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QSlider, QTableView, QToolButton

from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.experiment import Experiment
from gradviz.core.document.lesson import Lesson, Texts, TextsByLanguage, titled
from gradviz.core.graph.tensor_summary import TensorSummary
from gradviz.core.objectives.catalogue import FitObjective, FormulaObjective, NamedTensor
from gradviz.core.objectives.fit_starters import starting
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.questions.fit import CurveFit, FitScore, FitSnapshot, Predict
from gradviz.core.questions.parameters import ParameterRow, ParameterTable, ReadParameters
from gradviz.core.questions.question import Answer, Refusal
from gradviz.core.runs.state import RunState
from gradviz.core.tables.scalings import Standardise
from gradviz.core.tables.tables import Table
from gradviz.core.words import say
from gradviz.views.kit.readout import Readout
from gradviz.views.kit.theme import DARK, LIGHT, monospace, style_sheet
from gradviz.views.panes.gallery_view import Card, GalleryView
from gradviz.views.panes.lesson_view import LessonView
from gradviz.views.panes.parameter_view import COLUMNS, ParameterView
from gradviz.views.plots.fit_view import NO_DATA, FitView
from gradviz.views.shell.message_bar import MessageBar
from gradviz.views.shell.run_bar import PACES, RunBar

Show = Callable[..., Any]


def prediction(fit: FitSnapshot, step: int = 3) -> Answer:
    return Answer(Predict(), step, fit)


def parameters(found: tuple[ParameterRow, ...], *rates: float) -> Answer:
    return Answer(ReadParameters(), 3, ParameterTable(found, rates))


def tensor(*values: float) -> TensorSummary:
    array = np.array(values)
    return TensorSummary(array.shape, "float32", array, array.min(), array.max(), array.mean())


# Fit


def line_fit(slope: float, count: int = 5, curves: int = 1) -> CurveFit:
    x = np.linspace(0, 4, count)
    fine = np.linspace(0, 4, 50)
    score = FitScore(count, count, 0, (0.5,) * curves)
    return CurveFit(x, 2 * x, fine, np.array([slope * fine + k for k in range(curves)]), score)


@pytest.fixture
def fit(shown: Show) -> FitView:
    view = shown(FitView())
    view.begin_run(Experiment(objective=FitObjective()))
    return view


def test_fit_shows_points_and_each_curve(fit: FitView, qtbot: Any) -> None:
    fit.show_answer(prediction(line_fit(1.5, curves=2)))
    assert fit.drawn()["points"] == 5
    assert fit.drawn()["curve"][-1] == pytest.approx(6)
    assert "step 3" in fit.drawn()["note"]
    for lane in LIGHT.lanes[:2]:
        qtbot.waitUntil(lambda lane=lane: has_colour(pixels(fit), lane, 40) > 60)
    qtbot.waitUntil(lambda: has_colour(pixels(fit), LIGHT.accent, 30) > 60)


def test_fit_without_a_prediction_has_its_points_and_says_what_would_give_one(fit: FitView, qtbot: Any) -> None:
    found = line_fit(1.0)
    fit.show_answer(prediction(replace(found, curves=np.empty((0, len(found.curve_x))))))
    assert fit.drawn()["note"] == "5 points, no line: give the prediction a line of its own, such as  p = w*x + b"
    assert fit.drawn()["curve"] == []
    qtbot.waitUntil(lambda: has_colour(pixels(fit), LIGHT.accent, 30) > 60)
    assert not has_colour(pixels(fit), LIGHT.lanes[0], 40)


def test_fit_of_a_formula_is_asked_for_only_where_it_has_columns(fit: FitView) -> None:
    fit.begin_run(Experiment(objective=FormulaObjective()))
    assert fit.asks == ()
    columns = [NamedTensor(name=name, role="constant", value=(1.0, 2.0)) for name in ("x", "y")]
    formula = FormulaObjective(tensors=(*columns, NamedTensor(name="w", value=1.0)), text="l = mean((w*x - y)**2)")
    fit.begin_run(Experiment(objective=formula))
    assert fit.asks == (Predict(),)


def test_fit_of_an_experiment_without_data_says_so(fit: FitView) -> None:
    fit.begin_run(Experiment())
    assert fit.drawn() == {"points": 0, "curve": [], "note": NO_DATA}
    assert not fit._plot.isVisible(), "no axes of the experiment before"


def test_fit_says_why_there_is_none_and_leaves_gaps_out(fit: FitView) -> None:
    fit.show_answer(prediction(line_fit(1.0)))
    assert "step 3" in fit.drawn()["note"]
    fit.show_answer(Answer(Predict(), 9, Refusal(say("It has none."))))
    assert fit.drawn()["note"] == "It has none."
    wild = line_fit(1.0)
    wild.curves[0, 10:20] = np.nan
    wild.curves[0, 20] = np.inf
    fit.show_answer(prediction(wild, 4))
    assert np.isfinite(fit._plot.live()[0].points).all()
    assert len(fit._plot.live()[0].points) == 39
    pixels(fit)


# Parameters


def rows(count: int = 2) -> tuple[ParameterRow, ...]:
    state = (("step", tensor(4.0)), ("exp_avg", tensor(0.5)))
    return tuple(
        ParameterRow(k % 2, f"p{k}", tensor(1.5, -2.0), None if k else tensor(0.25), state) for k in range(count)
    )


@pytest.fixture
def table(shown: Show) -> ParameterView:
    view = shown(ParameterView(), 900, 300)
    view.begin_run(Experiment())
    return view


def test_table_shows_values_gradients_and_state(table: ParameterView) -> None:
    table.show_answer(parameters(rows()))
    first, second = table.drawn()["rows"]
    assert first[:4] == ["p0", "(2) float32", "[1.5, -2]", "[0.25]"]
    assert second[3] == "none"
    assert first[4] == "exp_avg [0.5]\nstep [4]"
    assert has_colour(pixels(table), LIGHT.value, 40) > 10
    assert has_colour(pixels(table), LIGHT.gradient, 40) > 5


def test_every_part_of_the_state_has_its_line(table: ParameterView) -> None:
    one, three = (("step", tensor(4.0)),), (("a", tensor(1.0)), ("b", tensor(2.0)), ("c", tensor(3.0)))
    header = table.findChild(QTableView).verticalHeader()
    heights = []
    for state in (one, three):
        table.show_answer(parameters(tuple(replace(row, state=state) for row in rows())))
        heights.append(header.sectionSize(0))
    metrics = QFontMetrics(monospace(9))
    assert heights[0] >= 2 * metrics.height() - 4
    assert heights[1] >= 3 * metrics.height() - 4


def test_table_names_the_optimiser_in_a_race(table: ParameterView) -> None:
    table.begin_run(Experiment(optimizers=(SGD(), Adam())))
    table.show_answer(parameters(rows()))
    assert [row[0] for row in table.drawn()["rows"]] == ["p0  (SGD)", "p1  (Adam)"]


def test_in_a_race_a_parameter_has_the_sign_of_its_optimiser(table: ParameterView, qtbot: Any) -> None:
    table.show_answer(parameters(rows()))
    assert not has_colour(pixels(table), LIGHT.lanes[1], 12), "one alone has none"
    table.begin_run(Experiment(optimizers=(SGD(), Adam())))
    table.show_answer(parameters(rows()))
    for lane in LIGHT.lanes[:2]:
        qtbot.waitUntil(lambda lane=lane: has_colour(pixels(table), lane, 12) > 30)


def test_the_numbers_of_a_weight_are_told_by_the_columns_of_the_table(table: ParameterView) -> None:
    values = np.array([[1.0, 2.0, 0.0], [2.0, 5.0, 1.0], [3.0, 1.0, 1.0]])
    data = TableDataset.model_validate(
        {
            "table": Table(("hours", "age", "pass"), values),
            "scaling": Standardise(),
            "target": {"kind": "labels", "names": ("no", "yes")},
        }
    )
    experiment = Experiment(objective=starting(data, "network"))
    table.begin_run(experiment)
    shapes = {"0.weight": (8, 2), "0.bias": (8,), "2.weight": (2, 8), "2.bias": (2,)}
    first = rows()[0]
    shown = [replace(first, name=name, value=replace(first.value, shape=shape)) for name, shape in shapes.items()]
    table.show_answer(parameters(tuple(shown)))
    model = table._table.model()
    tips = [model.index(row, 0).data(Qt.ItemDataRole.ToolTipRole) for row in range(4)]
    assert tips == [
        "0.weight\nColumns: hours, standardised · age, standardised",
        "0.bias",
        "2.weight\nRows: no · yes",
        "2.bias\nRows: no · yes",
    ]


def test_table_tells_the_learning_rates_of_the_step(table: ParameterView) -> None:
    table.show_answer(parameters(rows(), 1e-3))
    assert table.drawn()["rates"] == "Learning rate  0.001"
    table.begin_run(Experiment(optimizers=(SGD(), Adam())))
    assert table.drawn()["rates"] == ""
    table.show_answer(parameters(rows(), 1e-3, 0.012345678))
    assert table.drawn()["rates"] == "Learning rate  SGD 0.001  ·  Adam 0.01235"


@pytest.mark.parametrize("width", [470, 560, 700])
def test_no_cell_of_the_table_is_cut(shown: Show, width: int) -> None:
    """Adam keeps three things for each parameter, and a matrix has several numbers: every line is seen."""
    table = shown(ParameterView(), width, 400)
    matrix = tensor(*(-1.234567e-05 * (k + 1) for k in range(4)))
    number = tensor(-2.479553e-05)
    state = (("exp_avg", matrix), ("exp_avg_sq", matrix), ("step", number))
    for row in (ParameterRow(0, "0.weight", matrix, matrix, state), ParameterRow(0, "b", number, number, state[:1])):
        table.begin_run(Experiment())
        table.show_answer(parameters((ParameterRow(0, "b", number, None, ()),)))
        table.show_answer(parameters((row,)))
        view = table.findChild(QTableView)
        assert not view.horizontalScrollBar().isVisible()
        for column in range(len(COLUMNS)):
            index = view.model().index(0, column)
            font = index.data(Qt.ItemDataRole.FontRole) or view.font()
            room = view.visualRect(index)
            text = QFontMetrics(font).boundingRect(0, 0, room.width() - 8, 9999, Qt.TextFlag.TextWordWrap, index.data())
            assert text.height() <= room.height(), f"{COLUMNS[column]}: {index.data()!r}"
            head = view.horizontalHeader()
            assert QFontMetrics(head.font()).horizontalAdvance(COLUMNS[column]) <= head.sectionSize(column) - 8


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_knob_of_the_timeline_is_seen(shown: Show, theme: Any) -> None:
    bar = shown(RunBar(), 1280, 44, theme)
    bar.setStyleSheet(style_sheet(theme))
    bar.show_state(RunState.PAUSED)
    bar.show_progress(300, 600, 1000, 0.0)
    bar.show_state(RunState.PAUSED)
    slider = bar.findChild(QSlider)
    picture = pixels(slider)
    ratio = picture.shape[1] / slider.width()
    at = handle_at(slider, slider.value()).x()
    knob = picture[:, round(max(at - 9, 0) * ratio) : round((at + 9) * ratio)]
    assert has_colour(knob, theme.accent, 40) > 40, "its ring has the accent's colour"
    assert has_colour(knob, theme.base, 12) > 60, "and it is filled"


def test_table_keeps_its_selection_from_step_to_step(table: ParameterView) -> None:
    table.show_answer(parameters(rows(5)))
    view = table.findChild(QTableView)
    view.selectRow(3)
    table.show_answer(parameters(rows(5)))
    assert [index.row() for index in view.selectionModel().selectedRows()] == [3]
    table.show_answer(parameters(rows(2)))
    assert len(table.drawn()["rows"]) == 2
    table.begin_run(Experiment())
    assert table.drawn()["rows"] == []


def test_table_of_a_thousand_rows(table: ParameterView) -> None:
    table.show_answer(parameters(rows(1000)))
    model = table.findChild(QTableView).model()
    assert model.rowCount() == 1000
    assert model.columnCount() == len(COLUMNS)
    tip = model.data(model.index(999, 2), Qt.ItemDataRole.ToolTipRole)
    assert tip == "[1.5, -2]"
    assert model.data(model.index(5000, 0)) is None


def test_table_model_is_sound(table: ParameterView, qtmodeltester: Any) -> None:
    table.show_answer(parameters(rows(3)))
    qtmodeltester.check(table.findChild(QTableView).model(), force_py=True)


# Run bar


@pytest.fixture
def bar(shown: Show) -> RunBar:
    made = shown(RunBar(), 1200, 50)
    made.show_progress(50, 80, 100, 0.0)
    made.show_state(RunState.PAUSED)
    return made


def named(bar: RunBar, name: str) -> QToolButton:
    return next(b for b in bar.findChildren(QToolButton) if name in (b.accessibleName(), b.text().strip()))


@pytest.mark.parametrize(
    ("state", "run", "step", "back", "reset"),
    [
        (RunState.LOADING, False, False, False, False),
        (RunState.READY, True, True, False, True),
        (RunState.RUNNING, True, False, False, True),
        (RunState.PAUSED, True, True, True, True),
        (RunState.FINISHED, False, False, True, True),
        (RunState.DIVERGED, False, False, True, True),
        (RunState.FAILED, False, False, False, True),
    ],
)
def test_bar_offers_what_a_state_allows(
    bar: RunBar, state: RunState, run: bool, step: bool, back: bool, reset: bool
) -> None:
    bar.show_state(state)
    assert named(bar, "Pause" if state is RunState.RUNNING else "Run").isEnabled() == run
    assert named(bar, "One step").isEnabled() == step
    assert named(bar, "One step back").isEnabled() == back
    assert named(bar, "Reset to step 0, the same initial values").isEnabled() == reset


def test_bar_tells_progress_and_time_left(bar: RunBar) -> None:
    bar.show_progress(2500, 2500, 30000, 500.0)
    assert bar.drawn() == {"where": "step 2,500 of 30,000", "rate": "500 steps/s,  55 s left", "run": "Run"}
    assert bar.findChild(QSlider).value() == round(1000 / 12)
    bar.show_progress(0, 0, 0, 0.0)
    assert bar.drawn()["where"] == "step 0 of 0"


def test_bar_signals(bar: RunBar, qtbot: Any) -> None:
    for name, signal in (
        ("Run", bar.run_wanted),
        ("One step", bar.step_wanted),
        ("One step back", bar.back_wanted),
        ("Reset to step 0, the same initial values", bar.reset_wanted),
    ):
        with qtbot.waitSignal(signal):
            QTest.mouseClick(named(bar, name), LEFT)
    bar.show_state(RunState.RUNNING)
    with qtbot.waitSignal(bar.pause_wanted):
        QTest.mouseClick(named(bar, "Pause"), LEFT)


def test_bar_seeks_where_the_handle_is_dropped_but_not_beyond_what_is_known(bar: RunBar, qtbot: Any) -> None:
    slider = bar.findChild(QSlider)
    for share, step in ((0.25, 25), (0.9, 80)):
        with qtbot.waitSignal(bar.seek_wanted) as caught:
            start, end = handle_at(slider, slider.value()), handle_at(slider, round(1000 * share))
            QTest.mousePress(slider, LEFT, pos=start)
            QTest.mouseMove(slider, end)
            bar.show_progress(50, 80, 100, 0.0)
            assert slider.isSliderDown()
            QTest.mouseRelease(slider, LEFT, pos=end)
        assert caught.args[0] == pytest.approx(step, abs=1)


def test_a_click_beside_the_handle_goes_there_and_one_on_it_goes_nowhere(bar: RunBar) -> None:
    slider, wanted = bar.findChild(QSlider), []
    bar.seek_wanted.connect(wanted.append)
    QTest.mouseClick(slider, LEFT, pos=handle_at(slider, 200))
    assert wanted
    assert set(wanted) <= {19, 20, 21}
    for step in (0, 37, 80):
        bar.show_progress(step, 80, 80, 0.0)
        wanted.clear()
        QTest.mouseClick(slider, LEFT, pos=handle_at(slider, slider.value()))
        assert set(wanted) <= {step}, "the handle does not slip from under the mouse"


def test_bar_paces(bar: RunBar, qtbot: Any) -> None:
    assert bar.pace is None
    box = bar.findChild(QComboBox)
    with qtbot.waitSignal(bar.pace_changed):
        box.setFocus()
        QTest.keyClick(box, Qt.Key.Key_Home)
    assert bar.pace == PACES[0][1] == 1.0


def test_bar_is_drawn(bar: RunBar) -> None:
    assert has_colour(pixels(bar), LIGHT.accent, 30) > 40


# Messages


def test_a_message_is_plain_cut_and_gone_after_close(shown: Show) -> None:
    bar = shown(MessageBar(), 700, 60)
    bar.show_message("<b>x</b>" + "y" * 1000)
    assert len(bar.text) == 300
    assert bar.text.startswith("<b>x</b>y")
    assert bar.text.endswith("…")
    bar.show_message("z" * 300)
    assert bar.text == "z" * 300
    close = next(button for button in bar.findChildren(QPushButton) if button.text() == "Close")
    QTest.mouseClick(close, LEFT)
    assert bar.text == ""
    assert not bar.isVisible()


def test_the_action_of_a_message_is_done_once_and_not_by_the_next(shown: Show) -> None:
    bar = shown(MessageBar(), 700, 60)
    done: list[str] = []
    bar.show_message("first", "Do it", lambda: done.append("first"))
    action = next(button for button in bar.findChildren(QPushButton) if button.text() == "Do it")
    QTest.mouseClick(action, LEFT)
    assert done == ["first"]
    assert bar.text == ""
    bar.show_message("second")
    assert not action.isVisible()
    assert bar.text == "second"


def test_an_action_may_show_a_message_of_its_own(shown: Show) -> None:
    bar = shown(MessageBar(), 700, 60)
    bar.show_message("first", "Do it", lambda: bar.show_message("second"))
    action = next(button for button in bar.findChildren(QPushButton) if button.text() == "Do it")
    QTest.mouseClick(action, LEFT)
    assert bar.text == "second"


# Gallery


@pytest.fixture
def cards(shown: Show, tmp_path: Path) -> GalleryView:
    picture = QImage(200, 100, QImage.Format.Format_RGB32)
    for name, colour in (("light", Qt.GlobalColor.magenta), ("dark", Qt.GlobalColor.darkMagenta)):
        picture.fill(colour)
        picture.save(str(tmp_path / f"{name}.png"))
    pictures = {name: tmp_path / f"{name}.png" for name in ("light", "dark")}
    view = shown(GalleryView(), 360, 500)
    view.show_cards(
        (
            Card(
                "a",
                "Graphs",
                "A1",
                "The first",
                "Try this.",
                pictures,
            ),
            Card(
                "b",
                "Lines",
                "B2",
                "The second, whose title is long enough to need more than one line of a card",
                "h" * 90,
                {},
            ),
        )
    )
    return view


def card(view: GalleryView, index: int) -> QPushButton:
    return view.findChildren(QPushButton, "card")[index]


def test_a_card_is_chosen_by_click_and_by_enter(cards: GalleryView, qtbot: Any) -> None:
    with qtbot.waitSignal(cards.chosen) as caught:
        QTest.mouseClick(card(cards, 1), LEFT)
    assert caught.args == ["b"]
    card(cards, 0).setFocus()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        with qtbot.waitSignal(cards.chosen) as caught:
            QTest.keyClick(card(cards, 0), key)
        assert caught.args == ["a"]


def test_cards_show_their_picture_and_have_room_for_their_text(cards: GalleryView, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: has_colour(pixels(cards), "#ff00ff") > 2000)
    cards.set_theme(DARK)
    qtbot.waitUntil(lambda: has_colour(pixels(cards), "#800080") > 2000)
    assert has_colour(pixels(cards), "#ff00ff") == 0
    for index in range(2):
        button = card(cards, index)
        layout = button.layout()
        assert layout is not None
        assert button.height() >= layout.heightForWidth(button.width())
    assert card(cards, 0).accessibleName() == "A1 The first"


def test_the_picture_of_a_card_has_the_pixels_of_the_screen(cards: GalleryView) -> None:
    picture = next(label for label in card(cards, 0).findChildren(QLabel) if not label.pixmap().isNull())
    ratio = picture.devicePixelRatioF()
    assert picture.pixmap().size() == picture.size() * ratio
    assert picture.pixmap().devicePixelRatio() == ratio


def test_the_open_card_is_framed(cards: GalleryView) -> None:
    cards.setStyleSheet(style_sheet(LIGHT))
    before = has_colour(pixels(card(cards, 1)), LIGHT.accent, 30)
    cards.mark_current("b")
    assert cards.drawn()["current"] == ["b"]
    assert has_colour(pixels(card(cards, 1)), LIGHT.accent, 30) > before + 300
    cards.mark_current("")
    assert cards.drawn()["current"] == []
    assert has_colour(pixels(card(cards, 1)), LIGHT.accent, 30) == before


def test_what_is_typed_filters_cards_and_their_headings(cards: GalleryView) -> None:
    assert cards.drawn()["cards"] == ["a", "b"]
    assert cards.drawn()["headings"] == ["Graphs", "Lines"]
    field = cards.findChild(QLineEdit)
    assert field is not None
    QTest.keyClicks(field, "second b2")
    assert cards.drawn()["cards"] == ["b"]
    assert cards.drawn()["headings"] == ["Lines"]
    assert not card(cards, 0).isVisible()
    field.clear()
    assert cards.drawn()["cards"] == ["a", "b"]


def test_cards_are_exchanged_for_those_of_another_language(cards: GalleryView, qtbot: Any) -> None:
    cards.show_cards((Card("a", "计算图", "A1", "标量的链", "看图。", {}),), "搜索")
    assert cards.drawn()["titles"] == ["标量的链"]
    qtbot.waitUntil(lambda: len(cards.findChildren(QPushButton, "card")) == 1)


# Lesson


def test_a_lesson_is_shown_in_its_language_and_falls_back_to_english(shown: Show) -> None:
    view = shown(LessonView())
    english = Texts(title="A title", hint="Try.", lesson="Look: at a < b.\n\nPlain.")
    texts = TextsByLanguage(en=english, zh=Texts(title="标题", lesson="看：甲。\n\n改：<乙>。"))
    view.show_lesson(Lesson(case="E1", texts=texts))
    assert str(view.drawn()["text"]).split("\n") == ["E1  A title", "Try.", "Look  at a < b.", "Plain."]
    view.set_language("zh")
    assert str(view.drawn()["text"]).split("\n") == ["E1  标题", "Try.", "看  甲。", "改  <乙>。"]
    view.set_theme(DARK)
    assert has_colour(pixels(view), DARK.accent, 60) > 5
    view.show_lesson(titled("Another"))
    assert "Another" in str(view.drawn()["text"])


def test_recent_files_are_listed_and_chosen(cards: GalleryView, qtbot: Any) -> None:
    cards.show_recent([f"/somewhere/{k}.gradviz" for k in range(9)])
    shown = [button for button in cards.findChildren(QPushButton) if button.text().endswith(".gradviz")]
    assert [button.text() for button in shown] == [f"{k}.gradviz" for k in range(5)]
    assert shown[0].toolTip() == "/somewhere/0.gradviz"
    with qtbot.waitSignal(cards.file_chosen) as caught:
        QTest.mouseClick(shown[2], LEFT)
    assert caught.args == ["/somewhere/2.gradviz"]
    cards.show_recent([])
    qtbot.waitUntil(lambda: not [b for b in cards.findChildren(QPushButton) if b.text().endswith(".gradviz")])


def test_what_is_typed_filters_files_too_and_nothing_found_is_said(cards: GalleryView) -> None:
    cards.show_recent(["/here/Trees of 2024.gradviz", "/here/line.gradviz"])
    search = cards.findChild(QLineEdit)
    search.setText("TREES")
    assert cards.drawn()["files"] == ["/here/Trees of 2024.gradviz"]
    assert cards.drawn()["cards"] == []
    assert cards.drawn()["absence"] == "", "a file was found"
    search.setText("zz <b>")
    assert cards.drawn()["files"] == []
    assert cards.drawn()["absence"] == "Nothing found for “zz <b>”."
    assert not [label for label in cards.findChildren(QLabel) if label.text() == "Recent files" and label.isVisible()]
    cards.show_recent(["/here/zz.gradviz"])
    assert cards.drawn()["files"] == [], "what is typed holds for a list that comes later"
    search.setText("")
    assert cards.drawn()["absence"] == ""
    assert cards.drawn()["files"] == ["/here/zz.gradviz"]


def test_a_long_file_name_makes_no_gallery_wider(cards: GalleryView) -> None:
    cards.show_recent(["/here/" + "very_long_" * 30 + ".gradviz"])
    QApplication.processEvents()
    button = next(one for one in cards.findChildren(QPushButton) if "very" in one.text())
    assert button.mapTo(cards, QPoint(button.width(), 0)).x() <= cards.width() - 10
    assert button.text().endswith(".gradviz")
    assert "…" in button.text()


def test_file_names_with_an_ampersand_are_shown_as_they_are(cards: GalleryView) -> None:
    cards.show_recent(["/somewhere/you & me.gradviz"])
    button = next(b for b in cards.findChildren(QPushButton) if b.toolTip().endswith("me.gradviz"))
    assert button.text().replace("&&", "&") == "you & me.gradviz"
    assert "&&" in button.text(), "a single & would be a shortcut and vanish"


# Readout


def test_a_readout_keeps_its_size_whatever_it_says(shown: Show) -> None:
    readout = shown(Readout(120, Qt.AlignmentFlag.AlignLeft), 120, 30)
    hint = readout.sizeHint()
    for text in ("1", "a much longer text than there is room for", "<i>2</i>"):
        readout.setText(text)
        assert readout.text() == text
        assert readout.sizeHint() == hint
    assert hint.width() == 120
    assert colours(readout) > 2
    assert readout.childAt(QPoint(5, 5)) is not None
