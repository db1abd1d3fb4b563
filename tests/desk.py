"""A person at the desk: the whole window, driven by mouse and keyboard, never by calling what a slot would call."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QSlider,
    QTabBar,
    QToolButton,
    QWidget,
)

from gradviz.app.opening.startup import Startup
from gradviz.core.runs.state import RunState
from gradviz.views.form.entry import Entry

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


class Desk:
    """One started program. `close` ends it as its user would."""

    def __init__(self, qtbot: Any, file: str | None = None, reset_layout: bool = False) -> None:
        self.qtbot = qtbot
        self.startup = Startup(file, reset_layout)
        self.window = self.startup.window
        self.closed = False
        self.dialogs: list[str] = []
        self._expected = False
        self._had_dialog = False
        self._unanswered: QWidget | None = None
        self._watch = QTimer()
        self._watch.timeout.connect(self._refuse_unexpected)
        self._watch.start(1500)

    def _refuse_unexpected(self) -> None:
        """A question that nobody answers would hold the test for ever."""
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox) and box is self._unanswered and not self._expected:
            self.dialogs.append(f"unexpected: {box.text()}")
            box.reject()
        self._unanswered = box

    # Where things stand

    @property
    def controller(self) -> Any:
        assert self.startup.controller is not None
        return self.startup.controller

    @property
    def control(self) -> Any:
        return self.controller.control

    @property
    def form(self) -> Any:
        return self.window.form

    @property
    def message(self) -> str:
        return self.window.messages.text

    def drawn(self, key: str) -> dict[str, Any]:
        """What a view says that it shows."""
        return self.window.views[key].drawn()

    def wait(self, condition: Callable[[], bool], what: str = "", timeout_ms: int = 15000) -> None:
        """Let the window live until `condition` holds."""
        try:
            self.qtbot.waitUntil(lambda: bool(condition()), timeout=timeout_ms)
        except Exception as error:
            raise AssertionError(f"waited in vain for {what or condition}: {self.describe()}") from error

    def describe(self) -> str:
        if self.startup.controller is None:
            return "not filled yet"
        control = self.control
        asked = f", asked {self.dialogs}" if self.dialogs else ""
        bar = self.window.statusBar().currentMessage()
        said = f"message {self.message!r}, status {self.window.status()}, bar {bar!r}"
        return f"{control.state} at {control.step}, {said}{asked}, focus {QApplication.focusWidget()}"

    def wait_filled(self) -> None:
        """Wait until the views are there and the window has the keyboard."""
        self.wait(lambda: self.startup.controller is not None, "the views")
        self.take_keyboard()

    def take_keyboard(self) -> None:
        """Without a window manager nobody gives the keyboard back after a dialog; and that it is gone is told late."""
        if self._had_dialog:
            self._had_dialog = QApplication.activeModalWidget() is not None
            QGuiApplication.sync()
        if QApplication.activeWindow() is None and self.window.isVisible():
            self.window.activateWindow()
            assert QTest.qWaitForWindowActive(self.window, 5000)

    def settle(self, timeout_ms: int = 20000) -> None:
        """Wait until every visible view shows the current step and nothing is under way."""
        self.wait(self.controller.refresher.is_settled, "the views to settle", timeout_ms)

    def wait_state(self, *states: RunState, timeout_ms: int = 30000) -> None:
        self.wait(lambda: self.control.state in states, f"one of {states}", timeout_ms)

    def wait_step(self, step: int, timeout_ms: int = 30000) -> None:
        self.wait(lambda: self.control.step >= step, f"step {step}", timeout_ms)

    def steps_shown(self) -> dict[str, int]:
        """The step that each visible view and bar says that it shows."""
        graph, curves = self.drawn("graph"), self.drawn("curves")
        where = self.window.run_bar.drawn()["where"]
        shown = {"graph": graph["step"], "curves": curves["step"], "bar": int(where.split()[1].replace(",", ""))}
        note = curves["note"].split("at step ")[-1].split(";")[0]
        return shown | {"note": int(note.replace(",", ""))}

    # Hands

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key, to whatever has the focus; shortcuts included."""
        self.take_keyboard()
        handle = QGuiApplication.focusWindow() or self.window.windowHandle()
        QTest.keyClick(handle, key, modifiers)

    def write(self, text: str) -> None:
        """Letters, to whatever has the focus."""
        self.take_keyboard()
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClicks(focused, text)

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """A click on a widget that can be seen."""
        assert widget.isVisible(), f"{widget} cannot be seen"
        QTest.mouseClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, at if at is not None else widget.rect().center())

    def click_tab(self, title: str) -> None:
        """Bring a tabbed dock to the front by a click on its tab."""
        for bar in self.window.findChildren(QTabBar):
            for index in range(bar.count()):
                if bar.tabText(index) == title and bar.isVisible():
                    self.click(bar, bar.tabRect(index).center())
                    return
        raise AssertionError(f"no tab {title}")

    def run_button(self, name: str) -> QToolButton:
        """A button of the run bar by its accessible name or its text."""
        found = [
            button
            for button in self.window.run_bar.findChildren(QToolButton)
            if name in (button.accessibleName(), button.text().strip())
        ]
        assert len(found) == 1, f"{name}: {found}"
        return found[0]

    def choose_card(self, name: str) -> None:
        """Click a card of the gallery."""
        if self.window.is_behind("gallery"):
            self.click_tab("Gallery")
        title = self.controller.documents.gallery[name].document.title
        cards = [card for card in self.window.gallery.findChildren(QPushButton, "card") if card.isVisible()]
        card = next(card for card in cards if card.accessibleName().endswith(title))
        reveal(card)
        self.click(card)

    def open_card(self, name: str) -> None:
        """Open a gallery experiment and wait until it is shown."""
        self.choose_card(name)
        self.wait(lambda: self.controller.session.gallery_name == name, name)
        self.wait(lambda: self.control.state is not RunState.LOADING, f"{name} loaded")

    def show_form(self) -> None:
        if self.window.is_behind("experiment"):
            self.click_tab("Experiment")

    def line(self, path: str) -> QWidget:
        """The widget of a setting, scrolled into sight."""
        self.show_form()
        self.open_entry(path)
        widget = self.form.editor(path).focus_widget()
        reveal(widget)
        return widget

    def open_entry(self, path: str) -> None:
        """Open the entry of a list that a setting lies in, by its arrow, if it is folded."""
        parent = self.form.editor(path).parentWidget()
        while parent is not None and parent is not self.form:
            if isinstance(parent, Entry) and not parent.is_open:
                arrow = parent.findChild(QToolButton, "entry")
                reveal(arrow)
                self.click(arrow)
            parent = parent.parentWidget()

    def enter(self, path: str, text: str, end: Qt.Key = Key.Key_Return) -> None:
        """Click into a line of the form, replace its text, press Enter."""
        self.take_keyboard()
        line = self.line(path)
        assert isinstance(line, QLineEdit)
        self.click(line, QPoint(6, line.height() // 2))
        self.press(Key.Key_A, CONTROL)
        self.press(Key.Key_Delete)
        self.write(text)
        self.press(end)

    def enter_lines(self, path: str, text: str) -> None:
        """Replace the text of a field of several lines, and leave it by Tab."""
        area = self.line(path)
        assert isinstance(area, QPlainTextEdit)
        self.click(area.viewport())
        self.press(Key.Key_A, CONTROL)
        for number, line in enumerate(text.split("\n")):
            if number:
                self.press(Key.Key_Return)
            self.write(line)
        self.press(Key.Key_Tab)

    def choose(self, path: str, text: str) -> None:
        """Choose an entry of a box in the form by the keyboard."""
        self.pick_entry(self.line(path), text)

    def pick_entry(self, box: Any, text: str) -> None:
        """Walk through a combo box with Home and Down, and close it with Enter."""
        index = box.findText(text)
        assert index >= 0, f"no {text} in {[box.itemText(k) for k in range(box.count())]}"
        box.setFocus()
        box.showPopup()
        view = box.view()
        self.wait(view.isVisible, "the list of the box")
        QTest.keyClick(view, Key.Key_Home)
        for _ in range(index):
            QTest.keyClick(view, Key.Key_Down)
        QTest.keyClick(view, Key.Key_Return)

    def form_button(self, near: str, name: str) -> QPushButton:
        """A button of the form with a tooltip that begins with `near` or is `name`."""
        self.show_form()
        for button in self.form.findChildren(QPushButton):
            if button.text() == name and button.toolTip().startswith(near) and button.isVisible():
                reveal(button)
                return button
        raise AssertionError(f"no button {name} ({near})")

    def message_button(self, text: str) -> QPushButton:
        found = [b for b in self.window.messages.findChildren(QPushButton) if b.text() == text and b.isVisible()]
        assert len(found) == 1, f"no button {text} beside {self.message!r}"
        return found[0]

    def choose_menu(self, name: str) -> None:
        """An entry of the menus, by the keyboard: opens the menu, walks to the entry, presses Enter."""
        action = self.startup.menus.actions[name]
        menu = next(menu for menu in self.startup.menus.menus.values() if action in menu.actions())
        menu.popup(self.window.mapToGlobal(QPoint(30, 30)))
        self.wait(menu.isVisible, "the menu")
        QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
        self.wait(lambda: not menu.isVisible(), "the menu to go")

    def answer(self, button: str) -> None:
        """Press `button` in the next question, when it has come; its text goes to `dialogs`."""

        self._expected = True

        def look() -> None:
            box = QApplication.activeModalWidget()
            if not isinstance(box, QMessageBox):
                QTimer.singleShot(20, look)
                return
            self.dialogs.append(box.text())
            self._expected, self._had_dialog = False, True
            wanted = [b for b in box.buttons() if b.text().replace("&", "") == button]
            if wanted:
                QTest.mouseClick(wanted[0], LEFT)
            else:
                self.dialogs.append(f"no button {button}")
                box.reject()

        QTimer.singleShot(20, look)

    def drag_timeline(self, share: float) -> None:
        """Drag the handle of the timeline to `share` of its way."""
        slider = self.window.run_bar.findChild(QSlider)
        begin = handle_at(slider, slider.value())
        end = handle_at(slider, round(slider.maximum() * share))
        QTest.mousePress(slider, LEFT, pos=begin)
        for part in (0.5, 1.0):
            x = round(begin.x() + (end.x() - begin.x()) * part)
            QTest.mouseMove(slider, QPoint(x, begin.y()))
        QTest.mouseRelease(slider, LEFT, pos=end)

    # Running

    def run_steps(self, steps: int) -> None:
        """Set the number of steps in the form, press Run, and wait for the end."""
        self.enter("steps", str(steps))
        self.wait(lambda: self.control.experiment.steps == steps, "the steps")
        self.click(self.run_button("Run"))
        self.wait_state(RunState.FINISHED, RunState.DIVERGED, timeout_ms=90000)
        self.settle()

    def close(self) -> None:
        """Close the window, end the training thread, forget everything."""
        if self.closed:
            return
        self.closed = True
        self._watch.stop()
        discarding = QTimer()
        discarding.timeout.connect(_discard)
        discarding.start(20)
        self.window.close()
        discarding.stop()
        if self.startup.controller is not None:
            self.control.runner.close()
            self.controller.refresher.stop()
        self.window.close()
        self.window.deleteLater()
        forget_deleted()


def _discard() -> None:
    """Nobody wants what a test leaves behind."""
    box = QApplication.activeModalWidget()
    if isinstance(box, QMessageBox):
        box.button(QMessageBox.StandardButton.Discard).click()


def handle_at(slider: QSlider, value: int) -> QPoint:
    """The middle of the slider's handle when it stands at `value`."""
    from PySide6.QtWidgets import QStyle, QStyleOptionSlider

    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    option.sliderPosition = value
    parts = QStyle.ComplexControl.CC_Slider, QStyle.SubControl.SC_SliderHandle
    rect: QRect = slider.style().subControlRect(parts[0], option, parts[1], slider)
    return rect.center()


def reveal(widget: QWidget) -> None:
    """Scroll until a widget is seen."""
    from PySide6.QtWidgets import QScrollArea

    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()
    QApplication.processEvents()


def forget_deleted() -> None:
    """Carry out every deleteLater, and take up what pyqtgraph leaves lying about."""
    import gc

    from PySide6.QtWidgets import QMenu

    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.processEvents()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    for widget in app.topLevelWidgets():
        # pyqtgraph makes the menus of its plots without a parent: nothing ever deletes them
        if isinstance(widget, QMenu) and not widget.isVisible():
            widget.deleteLater()
    app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    app.processEvents()
    _forget_programs()


def _forget_programs() -> None:
    """pyqtgraph compiles its shaders once a process, but they are those of the context of the window that went."""
    import sys

    if "pyqtgraph.opengl.shaders" in sys.modules:
        from pyqtgraph.opengl.shaders import ShaderProgram

        for program in ShaderProgram.names.values():
            program.prog = None
    if "pyqtgraph.opengl" in sys.modules:
        from pyqtgraph.opengl import GLLinePlotItem

        GLLinePlotItem._shaderProgram = None  # its own: without it the next window's axes have no lines


def pixels(widget: QWidget) -> np.ndarray:
    """What a widget shows as (rows, columns, 3) in 0..255, one for each pixel of the screen."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def colours(widget: QWidget) -> int:
    """How many different colours a widget shows."""
    picture = pixels(widget).astype(np.int64)
    return len(np.unique(picture[..., 0] << 16 | picture[..., 1] << 8 | picture[..., 2]))


def has_colour(picture: np.ndarray, colour: str, tolerance: int = 8) -> int:
    """How many pixels have a colour, nearly."""
    wanted = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return int((np.abs(picture.astype(int) - wanted).max(axis=2) <= tolerance).sum())


def number_in(text: str, after: str = "") -> float:
    """The first number of a text, after a word."""
    import re

    found = re.search(r"-?\d[\d,]*\.?\d*(?:e-?\d+)?", text.partition(after)[2] if after else text)
    return math.nan if found is None else float(found[0].replace(",", ""))


def visible_views(desk: Desk) -> list[str]:
    """The keys of the views that can be seen."""
    return [key for key, view in desk.window.views.items() if view.is_seen]
