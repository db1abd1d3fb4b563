"""Editing in the form, by hand: what is live, what begins a new run, what is refused, and how it is taken back."""

from __future__ import annotations

import pytest
from desk import CONTROL, SHIFT, Desk, Key, has_colour, pixels, reveal
from PySide6.QtWidgets import QGroupBox, QPushButton, QTextBrowser

from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.runs.state import RunState


def run_number(desk: Desk) -> int:
    return desk.control.number


def test_a_learning_rate_is_live(desk: Desk) -> None:
    desk.press(Key.Key_Space)
    desk.wait_step(50)
    run = run_number(desk)
    desk.enter("optimizers.0.lr", "2e-3")
    assert desk.controller.session.experiment.optimizers[0].lr == 2e-3
    before = len(desk.control.history)
    desk.wait(lambda: len(desk.control.history) > before + 50, "the run to go on")
    assert run_number(desk) == run
    assert desk.control.state is RunState.RUNNING
    assert desk.window.isWindowModified()


def test_a_live_rate_really_changes_the_steps(desk: Desk) -> None:
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: desk.control.step == 1, "a step")
    desk.enter("optimizers.0.lr", "1e-9")
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: desk.control.step == 2, "a step")
    desk.settle()
    path = desk.control.history.positions[:, 0]
    assert abs(path[1] - path[0]).max() > 1e-3
    assert abs(path[2] - path[1]).max() < 1e-6


def test_a_start_begins_a_new_run(desk: Desk) -> None:
    desk.press(Key.Key_Space)
    desk.wait_step(50)
    run = run_number(desk)
    desk.enter("objective.x", "-1")
    desk.wait_state(RunState.READY)
    desk.settle()
    assert run_number(desk) == run + 1
    assert desk.control.step == 0
    assert len(desk.control.history) == 1
    assert desk.drawn("surface")["ends"] == [pytest.approx((-1, 0))]
    assert desk.drawn("parameters")["rows"][0][2] == "-1"


@pytest.mark.parametrize(
    ("path", "text", "word"),
    [
        ("optimizers.0.lr", "-1", "greater than or equal to 0"),
        ("optimizers.0.lr", "fast", "number"),
        ("optimizers.0.lr", "nan", "finite"),
        ("optimizers.0.lr", "1e999", "finite"),
        ("optimizers.0.momentum", "1.5", "less than 1"),
        ("steps", "2.5", "integer"),
        ("steps", "", "integer"),
        ("seed", "-4", "greater than or equal to 0"),
    ],
)
def test_a_wrong_value_marks_its_field_and_changes_nothing(desk: Desk, path: str, text: str, word: str) -> None:
    before, run = desk.controller.session.experiment, run_number(desk)
    desk.enter(path, text)
    faults = desk.form.fault_texts()
    assert list(faults) == [path]
    assert word in faults[path]
    assert desk.controller.session.experiment is before
    assert run_number(desk) == run
    assert not desk.window.isWindowModified()
    line = desk.line(path)
    assert line.property("fault") is True
    assert line.text() == text, "what was typed stays, to be corrected"
    assert has_colour(pixels(desk.form), desk.window.theme.fault) > 10, "the mark is seen"


def test_a_corrected_value_takes_the_mark_away(desk: Desk) -> None:
    desk.enter("optimizers.0.lr", "-1")
    desk.enter("optimizers.0.lr", "0.002")
    assert desk.form.fault_texts() == {}
    assert desk.line("optimizers.0.lr").property("fault") is False
    assert desk.controller.session.experiment.optimizers[0].lr == 0.002


def test_typing_the_value_again_that_stood_there_takes_the_mark_away(desk: Desk) -> None:
    desk.enter("optimizers.0.lr", "-1")
    desk.enter("optimizers.0.lr", "0.001")
    assert desk.form.fault_texts() == {}


def test_a_formula_error_points_at_its_place_and_the_last_graph_stays(desk: Desk) -> None:
    desk.open_card("chain")
    desk.settle()
    nodes, run = desk.drawn("graph")["nodes"], run_number(desk)
    desk.enter_lines("objective.text", "u = b*c\nv = a + foo(u)\nj = 3*v")
    desk.wait(lambda: desk.form.fault_texts() != {}, "the mark")
    (path, sentence), *others = desk.form.fault_texts().items()
    assert (path, others) == ("objective.text", [])
    assert "foo" in sentence
    assert desk.form.editor("objective.text").marked_text() == "f"
    desk.settle()
    assert desk.drawn("graph")["nodes"] == nodes
    assert run_number(desk) == run
    desk.enter_lines("objective.text", "u = b*c\nv = a + u\nj = 4*v")
    desk.wait(lambda: not desk.form.fault_texts(), "the mark to go")
    desk.settle()
    assert ("j", "MulBackward0", "value 172", "grad  1") in desk.drawn("graph")["nodes"]


def test_typing_a_formula_is_taken_over_while_the_cursor_stays(desk: Desk) -> None:
    desk.open_card("chain")
    desk.settle()
    area = desk.line("objective.text")
    desk.click(area.viewport())
    desk.press(Key.Key_End, CONTROL)
    desk.write("+1")
    desk.wait(lambda: desk.controller.session.experiment.objective.text.endswith("j = 3*v+1"), "the formula")
    assert area.hasFocus()
    assert area.textCursor().position() == len(area.toPlainText())
    desk.settle()
    assert any("value 130" in node for node in desk.drawn("graph")["nodes"])


def test_undo_and_redo_by_keyboard(desk: Desk) -> None:
    undo, redo = desk.startup.menus.actions["undo"], desk.startup.menus.actions["redo"]
    assert not undo.isEnabled()
    desk.enter("objective.x", "1.5")
    desk.enter("objective.y", "-2.5")
    desk.click(desk.window.views["graph"])
    session = desk.controller.session
    desk.press(Key.Key_Z, CONTROL)
    assert (session.experiment.objective.x, session.experiment.objective.y) == (1.5, 0.0)
    assert desk.line("objective.y").text() == "0.0"
    desk.press(Key.Key_Z, CONTROL)
    assert session.experiment.objective.x == 0.0
    assert not desk.window.isWindowModified()
    assert not undo.isEnabled()
    desk.press(Key.Key_Z, CONTROL | SHIFT)
    desk.press(Key.Key_Y, CONTROL)
    assert (session.experiment.objective.x, session.experiment.objective.y) == (1.5, -2.5)
    assert not redo.isEnabled()
    desk.settle()
    assert desk.drawn("surface")["ends"] == [pytest.approx((1.5, -2.5))]


def test_the_title_has_the_unsaved_mark(desk: Desk) -> None:
    assert not desk.window.isWindowModified()
    assert "[*]" in desk.window.windowTitle()
    desk.enter("title", "Mine")
    assert desk.window.isWindowModified()
    assert desk.window.windowTitle() == "Mine[*] – gradviz"
    assert "E1  Mine" in desk.drawn("lesson")["text"]
    desk.press(Key.Key_Z, CONTROL)
    desk.click(desk.window.views["graph"])
    desk.press(Key.Key_Z, CONTROL)
    assert not desk.window.isWindowModified()
    assert "Mine" not in desk.drawn("lesson")["text"]


def test_another_kind_of_optimiser_brings_its_own_fields(desk: Desk) -> None:
    assert "optimizers.0.momentum" in desk.form.paths()
    desk.choose("optimizers.0.kind", "Adam")
    assert "optimizers.0.betas" in desk.form.paths()
    assert "optimizers.0.momentum" not in desk.form.paths()
    assert desk.controller.session.experiment.optimizers == (Adam(lr=0.001),)
    assert desk.line("optimizers.0.betas").text() == "[0.9, 0.999]"
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: desk.control.step == 1, "a step")
    desk.settle()
    assert "exp_avg" in desk.drawn("parameters")["rows"][0][4]


def test_a_second_optimiser_makes_a_race(desk: Desk) -> None:
    desk.click(desk.form_button("Add one more to: Optimisers", "Add"))
    assert len(desk.controller.session.experiment.optimizers) == 2
    desk.choose("optimizers.1.kind", "Adam")
    desk.enter("steps", "300")
    desk.click(desk.run_button("Run"))
    desk.wait_state(RunState.FINISHED)
    desk.settle()
    assert desk.control.history.losses.shape == (301, 2)
    assert len(desk.drawn("curves")["points"]) == 2
    assert len(desk.drawn("surface")["paths"]) == 2
    ends = desk.drawn("surface")["ends"]
    assert ends[0] != ends[1]
    rows = [row[0] for row in desk.drawn("parameters")["rows"]]
    assert rows == ["x  (SGD)", "y  (SGD)", "x  (Adam)", "y  (Adam)"]
    curves, lanes = desk.window.views["curves"], desk.window.theme.lanes
    for lane in lanes[:2]:
        desk.wait(lambda lane=lane: has_colour(pixels(curves), lane, 30) > 15, "a curve of each")
    desk.click(desk.form_button("Remove", "✕"))
    assert desk.controller.session.experiment.optimizers == (Adam(lr=0.001),)
    desk.settle()
    assert desk.drawn("curves")["points"] == [2]


def test_layers_are_added_moved_and_removed(desk: Desk) -> None:
    desk.open_card("neurons")
    desk.settle()

    def kinds() -> list[str]:
        return [layer.kind for layer in desk.controller.session.experiment.objective.model]

    desk.click(desk.form_button("Add one more to: Model", "Add"))
    assert kinds() == ["linear", "sigmoid", "linear", "linear"]
    desk.choose("objective.model.3.kind", "Tanh")
    assert kinds() == ["linear", "sigmoid", "linear", "tanh"]
    desk.settle()
    assert any(node[1].startswith("TanhBackward") for node in desk.drawn("graph")["nodes"])
    assert not item_button(desk, 0, "↑").isEnabled()
    assert not item_button(desk, 3, "↓").isEnabled()
    desk.click(item_button(desk, 3, "↑"))
    assert kinds() == ["linear", "sigmoid", "tanh", "linear"]
    desk.click(item_button(desk, 2, "✕"))
    assert kinds() == ["linear", "sigmoid", "linear"]
    desk.settle()
    assert not any(node[1].startswith("TanhBackward") for node in desk.drawn("graph")["nodes"])


def item_button(desk: Desk, layer: int, text: str) -> QPushButton:
    """The button of a layer, in the group of the model."""
    group = next(box for box in desk.form.findChildren(QGroupBox) if box.title() == "Model")
    found = [button for button in group.findChildren(QPushButton) if button.text() == text]
    reveal(found[layer])
    return found[layer]


def test_a_model_that_cannot_be_built_is_refused_with_a_sentence(desk: Desk) -> None:
    desk.open_card("neurons")
    desk.settle()
    before = desk.controller.session.experiment
    desk.enter("objective.model.2.features", "3")
    assert any("3 outputs" in sentence for sentence in desk.form.fault_texts().values())
    assert desk.controller.session.experiment is before


def test_up_and_down_change_the_leading_digit(desk: Desk) -> None:
    line = desk.line("optimizers.0.lr")
    desk.click(line)
    desk.press(Key.Key_Up)
    assert desk.controller.session.experiment.optimizers[0].lr == 0.002
    assert line.text() == "0.002"
    desk.press(Key.Key_Down)
    desk.press(Key.Key_Down)
    assert desk.controller.session.experiment.optimizers[0].lr == 0.0009
    assert line.hasFocus()
    steps = desk.line("steps")
    desk.click(steps)
    desk.press(Key.Key_Up)
    assert desk.controller.session.experiment.steps == 40000


def test_a_switch_and_its_dependence(desk: Desk) -> None:
    box = desk.line("optimizers.0.nesterov")
    box.setFocus()
    desk.press(Key.Key_Space)
    assert "momentum" in desk.form.fault_texts()["optimizers.0.nesterov"]
    assert not desk.controller.session.experiment.optimizers[0].nesterov
    desk.enter("optimizers.0.momentum", "0.5")
    box = desk.line("optimizers.0.nesterov")
    if box.isChecked():
        box.setFocus()
        desk.press(Key.Key_Space)
    box.setFocus()
    desk.press(Key.Key_Space)
    assert desk.controller.session.experiment.optimizers == (SGD(lr=0.001, momentum=0.5, nesterov=True),)


def test_more_steps_after_the_end_go_on(desk: Desk) -> None:
    desk.enter("steps", "60")
    desk.click(desk.run_button("Run"))
    desk.wait_state(RunState.FINISHED)
    run = run_number(desk)
    desk.enter("steps", "90")
    desk.wait_state(RunState.PAUSED)
    desk.click(desk.run_button("Run"))
    desk.wait(lambda: desk.control.step == 90, "the end")
    assert run_number(desk) == run
    assert len(desk.control.history) == 91


def test_undo_right_after_typing_takes_the_edit_back(desk: Desk) -> None:
    """The cursor still stands in the field: there is nothing in it to undo, so the key is for the document."""
    for path, text in (("objective.x", "1.5"), ("title", "Mine")):
        before = desk.controller.session.document
        desk.enter(path, text)
        assert desk.controller.session.document != before
        assert desk.line(path).hasFocus()
        desk.press(Key.Key_Z, CONTROL)
        assert desk.controller.session.document == before


def test_undo_while_typing_takes_the_letters_back(desk: Desk) -> None:
    line = desk.line("title")
    desk.click(line)
    desk.press(Key.Key_End)
    desk.write("!")
    desk.press(Key.Key_Z, CONTROL)
    assert line.text() == desk.controller.session.document.title


def test_run_and_step_by_key_with_the_cursor_in_a_number(desk: Desk) -> None:
    desk.enter("optimizers.0.lr", "2e-3")
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: desk.control.step == 1, "a step")
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.RUNNING)
    assert desk.line("optimizers.0.lr").text() == "0.002"


def test_space_in_a_title_is_a_blank(desk: Desk) -> None:
    line = desk.line("title")
    desk.click(line)
    desk.press(Key.Key_End)
    desk.press(Key.Key_Space)
    assert line.text().endswith(" ")
    assert desk.control.state is RunState.READY


def test_buttons_and_switches_can_be_pressed_by_keyboard(desk: Desk) -> None:
    """Space runs, except on a button that was walked to by Tab."""
    add = desk.form_button("Add one more to: Optimisers", "Add")
    add.setFocus()
    desk.press(Key.Key_Space)
    assert len(desk.controller.session.experiment.optimizers) == 2
    desk.press(Key.Key_Z, CONTROL)
    assert len(desk.controller.session.experiment.optimizers) == 1
    desk.click_tab("Gallery")
    desk.wait(lambda: desk.control.state is RunState.READY)
    card = next(c for c in desk.window.gallery.findChildren(QPushButton, "card") if "chain" in c.accessibleName())
    card.setFocus()
    desk.press(Key.Key_Return)
    desk.wait(lambda: desk.controller.session.gallery_name == "chain", "the card by Enter")


def test_after_a_click_on_a_button_space_still_runs(desk: Desk) -> None:
    desk.open_card("chain")
    desk.settle()
    desk.press(Key.Key_Space)
    desk.wait_step(1)
    assert desk.controller.session.gallery_name == "chain"


def test_a_lesson_says_when_the_experiment_has_become_another(desk: Desk) -> None:
    lesson, gallery = desk.window.views["lesson"], desk.window.gallery
    title = desk.window.windowTitle()
    desk.enter("objective.x", "1.0")
    assert "your own" not in desk.drawn("lesson")["text"].lower()
    desk.choose("objective.function.kind", "Beale")
    assert "You exchanged the test function" in desk.drawn("lesson")["text"]
    assert "Himmelblau with SGD" in desk.drawn("lesson")["text"], "the lesson stays"
    assert desk.window.windowTitle().startswith("Your own, begun with “Himmelblau with SGD”")
    assert gallery.drawn()["current"] == []
    desk.choose_menu("use_chinese")
    assert "你换了测试函数" in desk.drawn("lesson")["text"]
    desk.choose_menu("use_english")
    desk.press(Key.Key_Z, CONTROL)
    desk.wait(lambda: "exchanged" not in desk.drawn("lesson")["text"], "undo to bring the lesson's own back")
    assert desk.window.windowTitle() == title
    assert gallery.drawn()["current"] == ["himmelblau"]
    desk.choose("objective.kind", "Fit")
    assert "You exchanged the objective" in desk.drawn("lesson")["text"]
    browser = lesson.findChild(QTextBrowser)
    browser.setFocus()
    desk.answer("Discard")
    desk.press(Key.Key_Tab)
    desk.press(Key.Key_Return)
    desk.wait(lambda: desk.controller.session.experiment.objective.kind == "test_function", "the original")
    assert "exchanged" not in desk.drawn("lesson")["text"]
    assert not desk.window.isWindowModified()
