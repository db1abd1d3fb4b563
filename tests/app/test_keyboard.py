"""The keyboard alone, any keys in any order: no run is lost without a word, no key is dead, no focus is hidden."""

from __future__ import annotations

import os
import random
import time

import pytest
from desk import CONTROL, SHIFT, Desk, Key
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from gradviz.app.runs.run_control import MOST_KEPT
from gradviz.core.runs.state import RunState

LONG_SECONDS = "GRADVIZ_SOAK_SECONDS"
NONE, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier
KEYS = (
    *[(Key.Key_Space, NONE)] * 4,
    (Key.Key_F5, NONE),
    (Key.Key_R, CONTROL),
    *[(Key.Key_Z, CONTROL)] * 2,
    (Key.Key_Y, CONTROL),
    *[(Key.Key_Right, CONTROL), (Key.Key_Left, CONTROL)] * 2,
    *[(Key.Key_Tab, NONE)] * 3,
    (Key.Key_Backtab, SHIFT),
    (Key.Key_Down, NONE),
    (Key.Key_Up, NONE),
    (Key.Key_Return, NONE),
    (Key.Key_Escape, NONE),
    (Key.Key_7, NONE),
    (Key.Key_Delete, NONE),
    (Key.Key_Left, ALT),
    (Key.Key_N, CONTROL),
    (Key.Key_B, CONTROL),
    (Key.Key_L, CONTROL),
    (Key.Key_D, CONTROL),
    (Key.Key_0, CONTROL),
)
TAKES_TEXT = (QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox)
SETTLED = (RunState.READY, RunState.PAUSED)


class Walk:
    """Presses keys, and looks after each whether something is lost or hidden."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.random = random.Random(seed)
        self.pressed: list[str] = []
        self.runs: dict[int, int] = {}
        """The last step of every run that came anywhere, as far as so many are kept."""
        self._answering = QTimer()
        self._answering.timeout.connect(self._answer)
        self._answering.start(10)

    def _answer(self) -> None:
        """Of what is asked, mostly nothing is given up."""
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            buttons = QMessageBox.StandardButton
            box.button(buttons.Discard if self.random.random() < 0.5 else buttons.Cancel).click()

    def press(self) -> None:
        """One key."""
        key, modifiers = self.random.choice(KEYS)
        self.pressed.append(f"{modifiers.name}+{key.name}")
        self.desk.press(key, modifiers)
        QApplication.processEvents()
        self.look()

    def look(self) -> None:
        """What must hold after every key."""
        popup = QApplication.activePopupWidget()
        focused = QApplication.focusWidget()
        last = self.pressed[-12:]
        if popup is None and focused is not None and self.desk.window.isAncestorOf(focused):
            assert focused.isVisible(), f"{focused} has the keyboard and cannot be seen, after {last}"
            assert not self._is_behind(focused), f"{focused} is behind a tab and has the keyboard, after {last}"
        control = self.desk.control
        if control.known:
            self.runs[control.number] = max(control.known, self.runs.get(control.number, 0))
        newest = max([control.number, *self.runs])
        kept = {number: found for number in range(newest + 1) if (found := control.kept(number)) is not None}
        if len(kept) == MOST_KEPT:  # older ones may have been let go of
            self.runs = {number: step for number, step in self.runs.items() if number in (control.number, *kept)}
        for number, last_step in self.runs.items():
            known = control.known if number == control.number else kept[number].known if number in kept else -1
            assert known >= last_step, f"run {number} is lost, after {last}"

    def _is_behind(self, widget: QWidget | None) -> bool:
        window = self.desk.window
        return any(window.is_behind(key) and dock.isAncestorOf(widget) for key, dock in window.docks.items())

    def space_works(self) -> None:
        """Wherever nothing takes text, Space runs, and pauses."""
        self.desk.press(Key.Key_Escape)
        control = self.desk.control
        self.desk.wait(lambda: control.state is not RunState.LOADING, "the run")
        focused = QApplication.focusWidget()
        if isinstance(focused, (*TAKES_TEXT, QAbstractButton)) or (
            isinstance(focused, QComboBox) and focused.isEditable()
        ):
            return  # it takes text, or is pressed by Space
        if control.state is RunState.RUNNING:
            self.desk.press(Key.Key_Space)
            self.desk.wait(lambda: control.state is not RunState.RUNNING, f"a pause, after {self.pressed[-12:]}")
        if control.state in SETTLED:
            step = control.step
            self.desk.press(Key.Key_Space)
            self.desk.wait(lambda: control.step > step, f"a run, after {self.pressed[-12:]}")
            self.desk.press(Key.Key_Space)
            self.desk.wait(lambda: control.state is not RunState.RUNNING, "a pause")


def walk(desk: Desk, seed: int, presses: int, seconds: float) -> int:
    """Press keys until so many were pressed or the time is over; how many were."""
    steps = Walk(desk, seed)
    end = time.monotonic() + seconds
    for count in range(1, presses + 1):
        steps.press()
        if count % 10 == 0:
            steps.space_works()
        if time.monotonic() > end:
            break
    return len(steps.pressed)


@pytest.mark.parametrize("seed", [1, 2])
def test_any_keys_lose_no_run_and_find_no_dead_key(desk: Desk, seed: int) -> None:
    assert walk(desk, seed, 80, 120.0) >= 20


@pytest.mark.soak
@pytest.mark.skipif(LONG_SECONDS not in os.environ, reason="make soak presses as many as there is time for")
def test_ten_thousand_keys(desk: Desk) -> None:
    seconds = float(os.environ[LONG_SECONDS])
    seed = time.time_ns() % 10**9
    print(f"seed {seed}: {walk(desk, seed, 10_000, seconds)} keys")
