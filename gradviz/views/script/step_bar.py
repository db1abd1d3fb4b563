"""The bar below a script that was run: from line to line, from pass to pass, a speed, and a slider over all events."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QIcon
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from gradviz.views.kit.bar_button import bar_button
from gradviz.views.kit.icons import icon
from gradviz.views.kit.readout import Readout
from gradviz.views.kit.theme import Theme, mix

PACES = (1.0, 2.0, 5.0, 20.0, 100.0)
"""Lines a second."""
FRAME_MS = 33
"""Faster than so the window is not drawn: several lines are passed at once."""


class StepBar(QWidget):
    """Emits where its user wants to stand; shows what it is told.

    `moved` carries a number of an event. `passed` is by so many passes, `over` a line without what it calls, `to_line`
    the line of the cursor, `to_breakpoint` the next one.
    """

    moved = Signal(int)
    passed = Signal(int)
    over = Signal()
    to_line = Signal()
    to_breakpoint = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.position, self.length = 0, 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_tick)
        self._start = bar_button("First line (Home)", lambda: self.go_to(0))
        self._back = bar_button("One line back (J)", lambda: self.step(-1))
        self._play = bar_button("Play (A)", self.toggle)
        self._on = bar_button("One line on (L)", lambda: self.step(1))
        self._end = bar_button("Last line (End)", lambda: self.go_to(self.length - 1))
        self._last_pass = bar_button("Back to where this pass of the loop began, or the one before (P)", self._on_back)
        self._last_pass.setText("◂ Pass")
        self._next_pass = bar_button("On to the next pass of the loop (N)", self._on_pass)
        self._next_pass.setText("Pass ▸")
        self._over = bar_button("One line on, without the lines of the functions that it calls (O)", self._on_over)
        self._over.setText("Over")
        self._to_line = bar_button("Run to the line of the cursor (T)", self._on_line)
        self._to_line.setText("To cursor")
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setAccessibleName("Line events")
        self._slider.setToolTip("Drag to any line that was recorded")
        self._slider.valueChanged.connect(self._on_slider)
        self._count = Readout(132, Qt.AlignmentFlag.AlignRight, muted=True)
        self._place = Readout(0, Qt.AlignmentFlag.AlignLeft)
        self._pace = QComboBox()
        for pace in PACES:
            self._pace.addItem(f"{pace:g} {'line' if pace == 1 else 'lines'}/s", pace)
        self._pace.setCurrentIndex(2)
        self._pace.setToolTip("How fast it plays ([ slower, ] faster)")
        self._pace.setAccessibleName("Speed")
        self._pace.currentIndexChanged.connect(self._on_pace)
        self._arrange()

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(2)
        icons = (self._start, self._back, self._play, self._on, self._end)
        for button in (*icons, self._last_pass, self._next_pass, self._over, self._to_line):
            top.addWidget(button)
        top.addStretch(1)
        top.addWidget(self._pace)
        below = QHBoxLayout()
        below.addWidget(self._slider, 1)
        below.addWidget(self._count)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._place)
        layout.addLayout(top)
        layout.addLayout(below)

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        faint = mix(theme.muted, theme.window, 0.6)
        named = ((self._start, "reset"), (self._back, "step_back"), (self._on, "step"), (self._end, "to_end"))
        for button, name in named:
            button.setIcon(icon(name, theme.text, faint))
        self._icons = icon("run", theme.accent, faint), icon("pause", theme.accent, faint)
        self._show_play()

    def show_event(self, position: int, length: int, place: str, count: str) -> None:
        """Where one stands of how many events, in words too."""
        self.position, self.length = position, length
        self._slider.blockSignals(True)
        self._slider.setRange(0, max(length - 1, 0))
        self._slider.setPageStep(max(length // 20, 1))
        self._slider.setValue(position)
        self._slider.blockSignals(False)
        self._place.setText(place)
        self._count.setText(count)
        for button in (self._start, self._back, self._last_pass):
            button.setEnabled(position > 0)
        for button in (self._on, self._end, self._next_pass, self._over, self._to_line):
            button.setEnabled(position < length - 1)
        self._show_play()

    def go_to(self, position: int) -> None:
        """Stand there, as far as there is such a place."""
        position = min(max(position, 0), self.length - 1)
        if position != self.position and self.length:
            self.moved.emit(position)

    def step(self, by: int) -> None:
        """So many lines on, and no longer by itself."""
        self.pause()
        self.go_to(self.position + by)

    @property
    def is_playing(self) -> bool:
        """Whether it goes on by itself."""
        return self._timer.isActive()

    def toggle(self) -> None:
        """Play, or pause; from the end it begins anew."""
        if self.is_playing:
            self.pause()
            return
        if self.position >= self.length - 1:
            self.go_to(0)
        self._timer.start(max(round(1000 / self._pace.currentData()), FRAME_MS))
        self._show_play()

    def pause(self) -> None:
        """Stand still."""
        self._timer.stop()
        self._show_play()

    def hurry(self, by: int) -> None:
        """Play faster, or slower."""
        self._pace.setCurrentIndex(min(max(self._pace.currentIndex() + by, 0), len(PACES) - 1))

    _icons: tuple[QIcon, QIcon] | None = None

    def _show_play(self) -> None:
        self._play.setToolTip("Pause (A)" if self.is_playing else "Play (A)")
        self._play.setEnabled(self.length > 1)
        if self._icons is not None:
            self._play.setIcon(self._icons[self.is_playing])

    def _on_tick(self) -> None:
        if self.position >= self.length - 1:
            self.pause()
            return
        self.go_to(self.position + max(round(self._pace.currentData() * FRAME_MS / 1000), 1))

    def _on_pace(self) -> None:
        if self.is_playing:
            self._timer.start(max(round(1000 / self._pace.currentData()), FRAME_MS))

    def _on_slider(self, position: int) -> None:
        self.pause()
        self.go_to(position)

    def _on_back(self) -> None:
        self.pause()
        self.passed.emit(-1)

    def _on_pass(self) -> None:
        self.pause()
        self.passed.emit(1)

    def _on_over(self) -> None:
        self.pause()
        self.over.emit()

    def _on_line(self) -> None:
        self.pause()
        self.to_line.emit()

    def keys(self) -> dict[int, Callable[[], object]]:
        """What a key does while a script is stepped through."""
        return {
            Qt.Key.Key_J: lambda: self.step(-1),
            Qt.Key.Key_L: lambda: self.step(1),
            Qt.Key.Key_A: self.toggle,
            Qt.Key.Key_Space: self.toggle,
            Qt.Key.Key_Home: lambda: self.step(-self.length),
            Qt.Key.Key_End: lambda: self.step(self.length),
            Qt.Key.Key_P: self._on_back,
            Qt.Key.Key_N: self._on_pass,
            Qt.Key.Key_O: self._on_over,
            Qt.Key.Key_T: self._on_line,
            Qt.Key.Key_C: self.to_breakpoint.emit,
            Qt.Key.Key_BracketLeft: lambda: self.hurry(-1),
            Qt.Key.Key_BracketRight: lambda: self.hurry(1),
        }

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    def drawn(self) -> dict[str, object]:
        """What the bar says."""
        return {
            "position": self.position, "length": self.length, "place": self._place.text(), "count": self._count.text(),
            "playing": self.is_playing,
        }  # fmt: skip
