"""The bar below a graph that walks through it one node at a time: forwards as it was made, backwards as it is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QSlider, QToolButton, QVBoxLayout, QWidget

from gradviz.core.tape.backward_pass import BackwardPass
from gradviz.core.tape.backward_walk import BackwardWalk
from gradviz.core.tape.walk_events import Phase
from gradviz.core.tape.walk_words import failure_at, step_text, walk_words
from gradviz.views.kit.bar_button import bar_button
from gradviz.views.kit.icons import icon
from gradviz.views.kit.readout import Readout
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import LIGHT, Theme, mix

PACES = (0.5, 1.0, 2.0, 5.0, 20.0)
"""Nodes a second."""
LONGEST_CALL = 165
"""Pixels of a button's text."""
PHASES = ((Phase.FORWARD, "Forward"), (Phase.BACKWARD, "Backward"), (Phase.SECOND, "Again"))


@dataclass(frozen=True, slots=True)
class Call:
    """How backward() is called: what is chosen in the bar, and asked of the engine."""

    retain_graph: bool = False
    twice: bool = False
    create_graph: bool = False

    def __str__(self) -> str:
        chosen = [name for name in ("retain_graph", "create_graph") if getattr(self, name)]
        return f"backward({', '.join(f'{name}=True' for name in chosen)})" + (" twice" if self.twice else "")


CHOICES = (
    ("retain_graph", "&retain_graph=True: keep what the nodes saved", "1"),
    ("twice", "&Call backward() a second time", "2"),
    ("create_graph", "create_&graph=True: show the graph of the gradient", "3"),
)


class WalkBar(QWidget):
    """Tells that the walk `moved`, how backward() is `called` now, that the chosen node is the aim, that the bar `grew`
    or shrank, and when it is `left`.

    Keys: J and L one node back and forth, A plays, Home and End, B the other pass, T to the chosen node.
    """

    moved = Signal()
    called = Signal()
    aim_wanted = Signal()
    grew = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.call = Call()
        self.position = 0
        self._taken: BackwardPass | None = None
        self._walk: BackwardWalk | None = None
        self._theme = LIGHT
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_tick)
        self._start = bar_button("To the start (Home)", lambda: self.go_to(0))
        self._back = bar_button("One node back (J)", lambda: self.step(-1))
        self._play = bar_button("Play (A)", self.toggle)
        self._forth = bar_button("One node on (L)", lambda: self.step(1))
        self._end = bar_button("To the end (End)", lambda: self.go_to(self.length - 1))
        self._phases = {phase: self._phase_button(phase, text) for phase, text in PHASES}
        self._aim = bar_button("Run to the chosen node (T)", self.aim_wanted.emit)
        self._aim.setText("To node")
        self._close = bar_button("Close (Escape)", self.left.emit)
        self._close.setText("✕")
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setAccessibleName("Position in the walk")
        self._slider.valueChanged.connect(self.go_to)
        self._count = Readout(92, Qt.AlignmentFlag.AlignRight, muted=True)
        self._pace = self._pace_box()
        self._actions: dict[str, QAction] = {}
        self._how = self._call_button()
        self._words = Readout(0, Qt.AlignmentFlag.AlignLeft, lines=2)
        self._told = Readout(0, Qt.AlignmentFlag.AlignLeft, muted=True, lines=3)
        self._told.hide()
        self._arrange()
        self.setAutoFillBackground(True)
        self.setAccessibleName("Walk through the graph")
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme = theme
        faint = mix(theme.muted, theme.window, 0.6)
        named = ((self._start, "reset"), (self._back, "step_back"), (self._forth, "step"), (self._end, "to_end"))
        for button, name in named:
            button.setIcon(icon(name, theme.text, faint))
        self._show()

    @property
    def walk(self) -> BackwardWalk | None:
        """The walk that is shown: of the loss, or of the graph of its gradient."""
        return self._walk

    @property
    def is_of_gradient(self) -> bool:
        """Whether that is the graph of the gradient."""
        return self._walk is not None and self._taken is not None and self._walk.graph is self._taken.of_gradient

    @property
    def length(self) -> int:
        """How many positions there are."""
        return len(self._walk) if self._walk is not None else 1

    @property
    def is_playing(self) -> bool:
        """Whether it goes on by itself."""
        return self._timer.isActive()

    def show_pass(self, taken: BackwardPass | None) -> None:
        """Walk through these passes; where one stood is kept, as far as there is such a place."""
        self._taken = taken
        if taken is None:
            self._walk = None
        else:
            of_gradient = taken.of_gradient if self.call.create_graph else None
            self._walk = BackwardWalk(taken if of_gradient is None else BackwardPass(of_gradient))
        self.position = min(self.position, self.length - 1)
        self._show()

    def go_to(self, position: int) -> None:
        """Stand at another position; what plays goes on from there."""
        position = min(max(position, 0), self.length - 1)
        if position != self.position:
            self.position = position
            self._show()
            self.moved.emit()

    def step(self, by: int) -> None:
        """So many nodes on, and no longer by itself."""
        if self.is_playing:
            self.pause()
        self.go_to(self.position + by)

    def run_to(self, row: int) -> bool:
        """Go to where a node is at work in the present pass, else where it is at all; False where it never is."""
        if self._walk is None:
            return False
        now = self._walk.event(self.position).phase
        order = [now] if now is not Phase.START else []
        for phase in (*order, Phase.BACKWARD, Phase.FORWARD):
            found = self._walk.position_of(row, phase)
            if found is not None:
                self.pause()
                self.go_to(found)
                return True
        return False

    def show_phase(self, phase: Phase) -> None:
        """Go to where a pass begins."""
        if self._walk is None:
            return
        places = {Phase.FORWARD: 0, Phase.BACKWARD: self._walk.turn, Phase.SECOND: self._walk.second_turn}
        self.pause()
        self.go_to(min(places[phase] + (phase is not Phase.FORWARD), self.length - 1))
        self._show()  # the switch may have been pressed where it stands already

    def toggle(self) -> None:
        """Play, or pause; from the end it begins again."""
        if self.is_playing:
            self.pause()
            return
        if self.position == self.length - 1:
            self.go_to(0)
        self._timer.start(round(1000 / self._pace.currentData()))
        self._show()

    def pause(self) -> None:
        """Stand still."""
        self._timer.stop()
        self._show()

    def hide_call(self) -> None:
        """There is but this one way that backward() was called."""
        self._how.hide()

    def choose(self, name: str) -> None:
        """Call backward() otherwise: the other value of one of its choices."""
        if self._how.isHidden():
            return
        self.call = replace(self.call, **{name: not getattr(self.call, name)})
        self._show()
        self.called.emit()

    def press(self, event: QKeyEvent) -> bool:
        """Whether a key was one of the bar's, and was done."""
        if event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier):
            return False
        done = self._keys().get(event.key())
        if done is None:
            return False
        done()
        return True

    def _keys(self) -> dict[int, Callable[[], object]]:
        choices: dict[int, Callable[[], object]] = {
            Qt.Key.Key_0 + int(key): partial(self.choose, name) for name, _, key in CHOICES
        }
        return choices | {
            Qt.Key.Key_J: lambda: self.step(-1),
            Qt.Key.Key_L: lambda: self.step(1),
            Qt.Key.Key_A: self.toggle,
            Qt.Key.Key_Home: lambda: self.go_to(0),
            Qt.Key.Key_End: lambda: self.go_to(self.length - 1),
            Qt.Key.Key_B: self._other_phase,
            Qt.Key.Key_T: self.aim_wanted.emit,
            Qt.Key.Key_BracketLeft: lambda: self._hurry(-1),
            Qt.Key.Key_BracketRight: lambda: self._hurry(1),
            Qt.Key.Key_Escape: self.left.emit,
        }

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.press(event):
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    def drawn(self) -> dict[str, object]:
        """What the bar says."""
        return {
            "position": self.position,
            "length": self.length,
            "count": self._count.text(),
            "words": self._words.text(),
            "told": self._told.text(),
            "phase": next((str(phase) for phase, one in self._phases.items() if one.isChecked()), ""),
            "playing": self.is_playing,
            "pace": self._pace.currentText(),
            "call": str(self.call),
        }

    def _on_tick(self) -> None:
        if self.position == self.length - 1:
            self.pause()
        else:
            self.go_to(self.position + 1)

    def _other_phase(self) -> None:
        """The pass after this one, and the first after the last."""
        shown = [phase for phase, button in self._phases.items() if not button.isHidden()]
        at = next((k for k, phase in enumerate(shown) if self._phases[phase].isChecked()), -1)
        self.show_phase(shown[(at + 1) % len(shown)])

    def _hurry(self, by: int) -> None:
        self._pace.setCurrentIndex(min(max(self._pace.currentIndex() + by, 0), len(PACES) - 1))

    def _on_pace(self) -> None:
        if self.is_playing:
            self._timer.start(round(1000 / self._pace.currentData()))

    def _show(self) -> None:
        """Put into the widgets what is so now."""
        walk = self._walk
        is_last, is_first = self.position >= self.length - 1, self.position == 0
        self._start.setEnabled(not is_first)
        self._back.setEnabled(not is_first)
        self._forth.setEnabled(not is_last)
        self._end.setEnabled(not is_last)
        self._slider.blockSignals(True)
        self._slider.setRange(0, self.length - 1)
        self._slider.setValue(self.position)
        self._slider.blockSignals(False)
        for name, action in self._actions.items():
            action.setChecked(getattr(self.call, name))
        text = self.fontMetrics().elidedText(str(self.call), Qt.TextElideMode.ElideMiddle, LONGEST_CALL)
        self._how.setText(f"{text} ▾")
        self._how.setToolTip(f"How backward() is called: {self.call}")
        self._play.setToolTip("Pause (A)" if self.is_playing else "Play (A)")
        faint = mix(self._theme.muted, self._theme.window, 0.6)
        self._play.setIcon(icon("pause" if self.is_playing else "run", self._theme.accent, faint))
        event = walk.event(self.position) if walk is not None else None
        standing = Phase.FORWARD if event is None or event.phase is Phase.START else event.phase
        for phase, button in self._phases.items():
            button.setChecked(phase is standing)
        self._phases[Phase.SECOND].setVisible(walk is not None and walk.second_turn < self.length - 1)
        if walk is None or event is None:
            self._say("", "", "")
            return
        failure = failure_at(walk, event)
        told = f"“{failure.told}”" if failure is not None else ""
        if not told and self._taken is not None and self.call.create_graph:
            told = spoken(self._taken.no_gradient)
        self._say(step_text(walk, self.position), spoken(walk_words(walk, self.position)), told)

    def _say(self, count: str, words: str, told: str) -> None:
        self._count.setText(count)
        self._words.setText(words)
        self._told.setText(told)
        if self._told.isHidden() == bool(told):
            self._told.setVisible(bool(told))
            self.grew.emit()

    def _phase_button(self, phase: Phase, text: str) -> QToolButton:
        button = bar_button(f"{text} (B: the next pass)", lambda: self.show_phase(phase))
        button.setText(text)
        button.setCheckable(True)
        return button

    def _pace_box(self) -> QComboBox:
        box = QComboBox()
        for pace in PACES:
            box.addItem(f"{pace:g}/s", pace)
        box.setCurrentIndex(1)
        box.setToolTip("How many nodes a second it plays ([ slower, ] faster)")
        box.setAccessibleName("Speed")
        box.currentIndexChanged.connect(lambda _index: self._on_pace())
        return box

    def _call_button(self) -> QToolButton:
        button = QToolButton()
        button.setAccessibleName("How backward() is called")
        button.setStyleSheet("QToolButton::menu-indicator { image: none; }")  # it would lie upon the text
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        for name, text, key in CHOICES:
            action = menu.addAction(f"{text}\t{key}")
            action.setCheckable(True)
            action.triggered.connect(lambda _checked, name=name: self.choose(name))
            self._actions[name] = action
        button.setMenu(menu)
        return button

    def _arrange(self) -> None:
        moving, choosing, layout = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        for widget in (self._start, self._back, self._play, self._forth, self._end):
            moving.addWidget(widget)
        moving.addWidget(self._slider, 1)
        moving.addWidget(self._count)
        moving.addWidget(self._pace)
        moving.addWidget(self._close)
        for button in self._phases.values():
            choosing.addWidget(button)
        choosing.addWidget(self._aim)
        choosing.addWidget(self._how)
        choosing.addStretch(1)
        for row in (moving, choosing):
            row.setSpacing(4)
            layout.addLayout(row)
        layout.addWidget(self._words)
        layout.addWidget(self._told)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(3)
