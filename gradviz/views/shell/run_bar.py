"""The bottom bar: reset, step back, run or pause, step, speed, timeline, step number, steps a second, time left."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QWidget,
)

from gradviz.core.numbers import duration_text
from gradviz.core.runs.state import RunState
from gradviz.views.kit.bar_button import bar_button
from gradviz.views.kit.icons import icon
from gradviz.views.kit.readout import Readout
from gradviz.views.kit.theme import Theme, mix

PACES: tuple[tuple[str, float | None], ...] = (
    ("1 step/s", 1.0),
    ("5 steps/s", 5.0),
    ("20 steps/s", 20.0),
    ("100 steps/s", 100.0),
    ("1000 steps/s", 1000.0),
    ("Full speed", None),
)
TICKS = 1000
ICON_PIXELS = 18


class _Timeline(QSlider):
    """A slider whose handle comes to where it is clicked; a handle that is grabbed stays under the mouse."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        control, part = QStyle.ComplexControl.CC_Slider, QStyle.SubControl.SC_SliderHandle
        handle = self.style().subControlRect(control, option, part, self)
        if event.button() == Qt.MouseButton.LeftButton and not handle.contains(event.position().toPoint()):
            x = round(event.position().x()) - handle.width() // 2
            room = self.width() - handle.width()
            self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), x, room))
        super().mousePressEvent(event)


class RunBar(QWidget):
    """Emits what the user wants; shows what it is told."""

    reset_wanted = Signal()
    back_wanted = Signal()
    run_wanted = Signal()
    pause_wanted = Signal()
    step_wanted = Signal()
    seek_wanted = Signal(int)
    pace_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running = False
        self._length = 0
        self._step = 0
        self._theme: Theme | None = None
        tip = "Reset to step 0, the same initial values (Ctrl+R)"
        self._reset = bar_button(tip, self.reset_wanted.emit, ICON_PIXELS)
        self._back = bar_button("One step back (Ctrl+Left)", self.back_wanted.emit, ICON_PIXELS)
        self._run = bar_button("", icon_pixels=ICON_PIXELS)
        self._run.setObjectName("run_button")
        self._run.clicked.connect(self._on_run_clicked)
        self._run.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._forward = bar_button("One step (Ctrl+Right)", self.step_wanted.emit, ICON_PIXELS)
        self._pace = QComboBox()
        for label, pace in PACES:
            self._pace.addItem(label, pace)
        self._pace.setCurrentIndex(len(PACES) - 1)
        self._pace.setToolTip("How fast it runs, at most")
        self._pace.currentIndexChanged.connect(lambda _index: self.pace_changed.emit())
        self._timeline = _Timeline(Qt.Orientation.Horizontal)
        self._timeline.setRange(0, TICKS)
        self._timeline.setAccessibleName("Timeline")
        self._timeline.setToolTip("Drag to any step that was run; every view shows the same step")
        self._timeline.sliderReleased.connect(self._on_timeline_released)
        self._timeline.actionTriggered.connect(self._on_timeline_action)
        self._where = Readout(210, Qt.AlignmentFlag.AlignRight)
        self._rate = Readout(200, Qt.AlignmentFlag.AlignLeft, muted=True)
        self._arrange()
        self.show_state(RunState.LOADING)

    def _arrange(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        for widget in (self._reset, self._back, self._run, self._forward, self._pace):
            layout.addWidget(widget)
        layout.addWidget(self._timeline, 1)
        layout.addWidget(self._where)
        layout.addWidget(self._rate)
        self._run.setMinimumWidth(92)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme = theme
        faint = mix(theme.muted, theme.window, 0.6)
        for button, name in ((self._reset, "reset"), (self._back, "step_back"), (self._forward, "step")):
            button.setIcon(icon(name, theme.text, faint))
        self._show_run_button()

    @property
    def pace(self) -> float | None:
        """Steps a second that the user allows; None is no limit."""
        chosen: float | None = self._pace.currentData()
        return chosen

    def show_state(self, state: RunState) -> None:
        """Offer what the state allows."""
        self._running = state is RunState.RUNNING
        can_step = state in (RunState.READY, RunState.PAUSED)
        self._run.setEnabled(can_step or self._running)
        self._forward.setEnabled(can_step)
        settled = state in (RunState.PAUSED, RunState.FINISHED, RunState.DIVERGED)
        self._back.setEnabled(settled and self._step > 0)
        self._reset.setEnabled(state is not RunState.LOADING)
        self._timeline.setEnabled(state is not RunState.LOADING and self._length > 0)
        self._show_run_button()

    def _show_run_button(self) -> None:
        self._run.setText(" Pause" if self._running else " Run")
        self._run.setToolTip("Pause (Space)" if self._running else "Run (Space)")
        if self._theme is not None:
            faint = mix(self._theme.muted, self._theme.window, 0.6)
            self._run.setIcon(icon("pause" if self._running else "run", self._theme.accent, faint))

    def show_progress(self, step: int, known: int, steps: int, steps_per_s: float) -> None:
        """The step shown, the last step known, how many there will be, and the speed."""
        self._step, self._length = step, known
        self._where.setText(f"step {step:,} of {steps:,}")
        if not self._timeline.isSliderDown():
            self._timeline.setValue(round(TICKS * step / steps) if steps else 0)
        if steps_per_s != self._steps_per_s or steps != self._steps or not steps_per_s:
            self._rate.setText(rate_text(steps_per_s, steps - step))
        self._steps, self._steps_per_s = steps, steps_per_s

    def _on_run_clicked(self) -> None:
        (self.pause_wanted if self._running else self.run_wanted).emit()

    def _on_timeline_released(self) -> None:
        self._seek_to(self._timeline.sliderPosition())

    def _on_timeline_action(self, _action: int) -> None:
        if not self._timeline.isSliderDown():
            self._seek_to(self._timeline.sliderPosition())

    def _seek_to(self, position: int) -> None:
        self.seek_wanted.emit(min(round(position * self._steps / TICKS), self._length))

    _steps = 0
    _steps_per_s = 0.0

    def drawn(self) -> dict[str, object]:
        """What the bar says."""
        return {"where": self._where.text(), "rate": self._rate.text(), "run": self._run.text().strip()}


def rate_text(steps_per_s: float, left: int) -> str:
    """The speed, and how long the steps that are left take at it; empty where nothing moves."""
    if steps_per_s <= 0:
        return ""
    unit = "step" if round(steps_per_s) == 1 else "steps"
    return f"{steps_per_s:,.0f} {unit}/s,  {duration_text(left / steps_per_s)} left"
