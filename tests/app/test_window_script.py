"""A script in the window: opened, run, stepped through forth and back, as a person does."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from desk import CONTROL, SHIFT, Desk, Key
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QPushButton

from gradviz.core.numbers import short_number
from gradviz.storage.user.preferences import load_preferences

E1 = Path(__file__).parents[2] / "assets" / "scripts" / "e1_himmelblau_sgd.py"
SHORT = E1.read_text(encoding="utf-8").replace("range(3000)", "range(40)").replace("% 500", "% 10")
VALUE, GRAD = 0, 1
"""Places among the cells behind the name."""


@pytest.fixture
def e1(tmp_path: Path) -> Path:
    path = tmp_path / "e1.py"
    path.write_text(SHORT, encoding="utf-8")
    return path


def drawn(desk: Desk) -> dict[str, Any]:
    return desk.drawn("script")


def drop(desk: Desk, path: Path) -> None:
    """What the window does with a file that is dropped on it."""
    desk.window.dropped.emit(path)
    desk.wait(lambda: drawn(desk)["text"] != "", "the script")


def button(desk: Desk, text: str) -> QPushButton:
    found = [
        one for one in desk.window.views["script"].findChildren(QPushButton) if one.text() == text and one.isVisible()
    ]
    assert len(found) == 1, f"{text}: {found}"
    return found[0]


def ran(desk: Desk) -> None:
    desk.wait(lambda: drawn(desk)["mode"] == "stepping", "the recording", 30_000)


def descent(steps: int) -> tuple[list[float], list[float], float]:
    """The point after so many steps, its last gradient and its last loss, by torch itself."""
    xy = torch.tensor([0.0, 0.0], requires_grad=True)
    optimizer = torch.optim.SGD([xy], lr=1e-3)
    loss = torch.zeros(())
    for _ in range(steps):
        x, y = xy
        loss = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert xy.grad is not None
    return xy.tolist(), xy.grad.tolist(), loss.item()


def listed(numbers: list[float]) -> str:
    return f"[{', '.join(map(short_number, numbers))}]"


def test_a_dropped_script_is_asked_about_run_and_stepped_through(desk: Desk, e1: Path, config: Path) -> None:
    assert not desk.window.views["script"].is_made, "it is made though nobody has looked at it"
    drop(desk, e1)
    shown = drawn(desk)
    assert (shown["mode"], shown["consent"], shown["text"]) == ("writing", True, SHORT)
    desk.press(Key.Key_Return, CONTROL)
    assert drawn(desk)["mode"] == "writing", "it ran without consent"
    desk.click(button(desk, "Run it"))
    ran(desk)
    first = drawn(desk)
    assert (first["position"], first["line"]) == (0, 1)
    assert "The script ran to its end." in first["status"]

    for _ in range(4):
        desk.press(Key.Key_N)
    shown = drawn(desk)
    assert "pass 4 of 40 of “for step in range(40)”" in shown["place"]
    while drawn(desk)["line"] != 13:
        desk.press(Key.Key_L)
    shown = drawn(desk)
    point, grad, loss = descent(4)
    assert shown["variables"]["xy"][VALUE] == listed(point)
    assert shown["variables"]["xy"][GRAD] == listed(grad)
    assert shown["variables"]["f"][VALUE] == short_number(loss)
    assert "xy" in shown["changed"]
    assert shown["next"] == 14
    assert shown["curves"]["names"] == ["f", "x", "y", "step"]
    assert (shown["curves"]["name"], shown["curves"]["points"]) == ("f", 40)
    assert shown["curves"]["value"] == f"{short_number(loss)} here"

    desk.press(Key.Key_P)
    desk.press(Key.Key_P)
    desk.press(Key.Key_J)
    before, grad, _ = descent(2)
    shown = drawn(desk)
    assert shown["variables"]["xy"][VALUE] == listed(before)
    assert shown["variables"]["xy"][GRAD] == listed(grad)
    desk.press(Key.Key_End)
    assert drawn(desk)["output"]["text"].splitlines()[0] == "0 170.0"
    assert len(drawn(desk)["output"]["text"].splitlines()) == 5
    desk.press(Key.Key_Home)
    assert drawn(desk)["output"]["text"] == ""

    desk.press(Key.Key_Escape)
    assert drawn(desk)["mode"] == "writing"
    drop(desk, e1)
    assert not drawn(desk)["consent"], "it is asked about twice"
    desk.close()
    assert len(load_preferences(config)[0].trusted_scripts) == 1


def test_a_script_that_is_pasted_fails_with_its_line_and_what_to_do(desk: Desk) -> None:
    desk.press(Key.Key_N, CONTROL | SHIFT)
    desk.wait(lambda: desk.window.is_front("script"), "the pane")
    desk.write("import torch")
    desk.press(Key.Key_Return)
    desk.write("w = torch.ones(3)")
    desk.press(Key.Key_Return)
    desk.write("w.sum().backward()")
    desk.press(Key.Key_Return, CONTROL)
    ran(desk)
    shown = drawn(desk)
    (finding,) = shown["findings"]
    assert (finding["line"], finding["fault"]) == (3, True)
    assert "does not require grad" in finding["title"]
    assert "requires_grad=True" in finding["text"]
    assert (shown["line"], shown["faults"]) == (3, [3])
    desk.press(Key.Key_Home)
    desk.click(button(desk, "Line 3"))
    assert drawn(desk)["position"] == 2
    desk.press(Key.Key_E)
    desk.press(Key.Key_A, CONTROL)
    desk.press(Key.Key_Delete)


def test_an_endless_script_is_stopped_and_what_it_did_is_kept(desk: Desk, tmp_path: Path) -> None:
    endless = tmp_path / "endless.py"
    endless.write_text("n = 0\nwhile True:\n    n += 1\n", encoding="utf-8")
    desk.controller.documents.script_wanted.emit(endless, True)
    desk.press(Key.Key_Return, CONTROL)
    desk.wait(lambda: "recorded" in drawn(desk)["status"], "progress", 30_000)
    begin = time.monotonic()
    desk.press(Key.Key_Escape)
    ran(desk)
    assert time.monotonic() - begin < 5
    assert drawn(desk)["status"].startswith("The script was stopped.")
    assert drawn(desk)["length"] > 10


def test_breakpoints_find_and_the_edit_of_a_file(desk: Desk, e1: Path) -> None:
    desk.controller.documents.script_wanted.emit(e1, True)
    desk.wait(lambda: drawn(desk)["text"] == SHORT, "the script")
    editor = desk.window.views["script"].view().editor
    margin = next(one for one in editor.children() if type(one).__name__ == "_Margin")
    desk.wait(margin.isVisible, "the margin")
    row = editor.fontMetrics().lineSpacing()
    desk.click(margin, QPoint(8, round(row * 11.5)))
    (line,) = drawn(desk)["breakpoints"]
    assert line in (11, 12)
    desk.press(Key.Key_F, CONTROL)
    desk.write("backward")
    assert editor.textCursor().selectedText() == "backward"
    assert editor.line == 12
    desk.press(Key.Key_Escape)
    desk.press(Key.Key_Home)
    desk.press(Key.Key_Return)
    assert drawn(desk)["breakpoints"] == [line + (line >= 12)], "the breakpoint does not move with its line"
    assert drawn(desk)["name"] == "e1.py •"
    desk.press(Key.Key_Return, CONTROL)
    ran(desk)
    assert len(e1.read_text(encoding="utf-8")) > len(SHORT), "what ran stands in no file"
    desk.press(Key.Key_C)
    assert drawn(desk)["line"] == line + (line >= 12)


def test_a_script_on_the_command_line_is_shown_without_a_question(new_desk: Callable[..., Desk], e1: Path) -> None:
    desk = new_desk(e1)
    desk.wait(lambda: "script" in desk.window.views and drawn(desk)["text"] == SHORT, "the script")
    shown = drawn(desk)
    assert (shown["consent"], shown["mode"]) == (False, "writing")
    assert desk.controller.session.gallery_name


def test_a_script_has_the_window_to_itself_and_gives_it_back(desk: Desk, e1: Path) -> None:
    before = {key for key, dock in desk.window.docks.items() if dock.isVisible()}
    layout = desk.window.layout_blob()
    desk.controller.documents.script_wanted.emit(e1, True)
    assert [key for key, dock in desk.window.docks.items() if dock.isVisible()] == ["script"]
    assert desk.window.layout_blob() == layout, "the layout of a script would be that of the next start"
    desk.wait(desk.window.views["script"].view().isVisible, "the script")
    desk.click(button(desk, "All panes"))
    assert {key for key, dock in desk.window.docks.items() if dock.isVisible()} == before
    assert desk.window.is_front("script")
    desk.click(button(desk, "Large"))
    assert not desk.window.docks["graph"].isVisible()
    desk.window.docks["script"].close()
    desk.wait(desk.window.docks["graph"].isVisible, "the other panes")
    assert not desk.window.docks["script"].isVisible()


def test_a_python_that_is_none_is_told_and_the_script_can_be_edited(desk: Desk, e1: Path) -> None:
    desk.controller.preferences.script_python = "/no/such/python"
    desk.controller.documents.script_wanted.emit(e1, True)
    desk.press(Key.Key_Return, CONTROL)
    desk.wait(lambda: "There is no Python at /no/such/python" in drawn(desk)["status"], "the sentence")
    assert drawn(desk)["mode"] == "writing"


def test_a_script_that_runs_ends_with_the_window(desk: Desk, tmp_path: Path) -> None:
    path, told = tmp_path / "endless.py", tmp_path / "pid"
    lines = ["import os", f"open({str(told)!r}, 'w').write(str(os.getpid()))", "while True:", "    pass"]
    path.write_text("\n".join(lines), encoding="utf-8")
    desk.controller.documents.script_wanted.emit(path, True)
    desk.press(Key.Key_Return, CONTROL)
    desk.wait(lambda: told.exists() and told.read_text().isdigit(), "the child", 30_000)
    process = int(told.read_text())
    os.kill(process, 0)
    desk.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_an_experiment_that_is_opened_brings_the_panes_back(desk: Desk, e1: Path) -> None:
    desk.controller.documents.script_wanted.emit(e1, True)
    assert not desk.window.docks["graph"].isVisible()
    desk.press(Key.Key_N, CONTROL)
    desk.wait(desk.window.docks["graph"].isVisible, "the panes")
    assert desk.window.run_bar.isVisible()
