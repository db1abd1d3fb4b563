"""A script: written, run, and stepped through line by line, forwards and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSplitter, QTabWidget, QVBoxLayout, QWidget

from gradviz.core.stepping.timeline import Timeline
from gradviz.core.words import SILENCE, Words, say
from gradviz.views.kit.readout import Readout
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import LIGHT, Theme
from gradviz.views.script.code_editor import CodeEditor
from gradviz.views.script.find_bar import FindBar
from gradviz.views.script.finding_list import FindingList
from gradviz.views.script.output_panel import OutputPanel
from gradviz.views.script.scalar_curves import ScalarCurves
from gradviz.views.script.script_state import Finding, ScriptState, ending_of, findings_of, resolve
from gradviz.views.script.step_bar import StepBar
from gradviz.views.script.variable_table import VariableTable

NARROW = 680
"""Pixels: in less the variables stand below the script."""
EMPTY = "Write or paste a PyTorch script here, open one, or drop a .py file.\n\nCtrl+Enter runs it, line by line."
UNTITLED = "Script without a file"
CONSENT = say(
    "Read it first: a script that runs does whatever it says, with your rights. It is asked once for each text."
)
PLAIN_KEYS = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


class Mode(Enum):
    """What the pane is for just now."""

    WRITING = "writing"
    RUNNING = "running"
    STEPPING = "stepping"


class ScriptView(QWidget):
    """Belongs to the GUI thread. Emits what its user wants done, and shows what came of it.

    A script that came from elsewhere is not run before `trusted` was emitted for it.
    """

    run_wanted = Signal()
    stop_wanted = Signal()
    trusted = Signal()
    new_wanted = Signal()
    open_wanted = Signal()
    save_wanted = Signal()
    room_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mode = Mode.WRITING
        self.state = ScriptState()
        self.timeline: Timeline | None = None
        self.is_trusted = True
        self._name = ""
        self._theme = LIGHT
        self.editor = CodeEditor()
        self.editor.setPlaceholderText(EMPTY)
        self._find = FindBar(self.editor)
        self._table = VariableTable()
        self._output = OutputPanel()
        self._curves = ScalarCurves()
        self._findings = FindingList()
        self._bar = StepBar()
        self._status = Readout(0, Qt.AlignmentFlag.AlignLeft, muted=True)
        self._title = QLabel()
        self._new = self._button("New", "An empty script (Ctrl+Shift+N)", self.new_wanted.emit)
        self._open = self._button("Open…", "Open a Python file", self.open_wanted.emit)
        self._save = self._button("Save", "Save the script (Ctrl+S in it)", self.save_wanted.emit)
        self._room = self._button("", "", self.room_wanted.emit)
        self._edit = self._button("Edit", "Go on writing (Escape)", self.edit)
        self._run = self._button("Run", "", self._on_run)
        self._run.setObjectName("script_run")
        self._consent = self._consent_bar()
        self._lay_out()
        self._connect()
        self._show()

    @staticmethod
    def _button(text: str, tip: str, done: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda _checked=False: done())
        return button

    def _consent_bar(self) -> QFrame:
        bar = QFrame()
        bar.setObjectName("consent")
        text = QLabel(spoken(CONSENT))
        text.setWordWrap(True)
        self._trust = self._button("Run it", "Run this script, and ask no more about it", self._on_trusted)
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(text, 1)
        layout.addWidget(self._trust)
        bar.hide()
        return bar

    def _lay_out(self) -> None:
        header = QHBoxLayout()
        header.setSpacing(4)
        header.addWidget(self._title, 1)
        for button in (self._room, self._new, self._open, self._save, self._edit, self._run):
            header.addWidget(button)
        left = QWidget()
        written = QVBoxLayout(left)
        written.setContentsMargins(0, 0, 0, 0)
        written.setSpacing(4)
        written.addWidget(self.editor, 1)
        written.addWidget(self._find)
        written.addWidget(self._findings)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.addTab(self._table, "Variables")
        self._tabs.addTab(self._output, "Output")
        self._tabs.addTab(self._curves, "Curves")
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(left)
        self._split.addWidget(self._tabs)
        self._split.setStretchFactor(0, 5)
        self._split.setStretchFactor(1, 6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(6)
        layout.addLayout(header)
        layout.addWidget(self._consent)
        layout.addWidget(self._status)
        layout.addWidget(self._split, 1)
        layout.addWidget(self._bar)

    def _connect(self) -> None:
        self.editor.breakpoint_wanted.connect(self.toggle_breakpoint)
        self.editor.lines_moved.connect(self._on_lines_moved)
        self.editor.document().modificationChanged.connect(lambda _changed: self._show_title())
        self.editor.installEventFilter(self)
        self._bar.moved.connect(self.go_to)
        self._bar.passed.connect(self._on_passed)
        self._bar.over.connect(self._on_over)
        self._bar.to_line.connect(lambda: self._run_to(frozenset({self.editor.line})))
        self._bar.to_breakpoint.connect(lambda: self._run_to(self.state.breakpoints))
        self._findings.wanted.connect(self._on_finding)

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme = theme
        self.editor.set_theme(theme)
        self._table.set_theme(theme)
        self._curves.set_theme(theme)
        self._findings.set_theme(theme)
        self._bar.set_theme(theme)
        self._consent.setStyleSheet(f"#consent {{ border: 1px solid {theme.gradient}; border-radius: 4px; }}")

    # What is written

    @property
    def text(self) -> str:
        """The script."""
        return self.editor.toPlainText()

    @property
    def is_modified(self) -> bool:
        """Whether something was written since it was opened or saved."""
        return self.editor.document().isModified()

    def show_script(self, text: str, name: str, is_trusted: bool) -> None:
        """Another script, with the name of its file or without one; one that came from elsewhere is not trusted."""
        self.timeline, self.mode, self.is_trusted = None, Mode.WRITING, is_trusted
        self.editor.setPlainText(text)
        self.state = ScriptState()
        self._findings.show_findings(())
        self._output.show_figures((), {})
        self.show_saved(name)
        self.show_status(SILENCE)
        self._show()

    def show_saved(self, name: str) -> None:
        """What is written stands in a file of this name."""
        self._name = name
        self.editor.document().setModified(False)
        self._show_title()

    def edit(self) -> None:
        """Leave the recording, and go on writing. What was found stays in sight."""
        if self.mode is Mode.STEPPING:
            self.mode, self.timeline = Mode.WRITING, None
            self._show()
            self.editor.setFocus()

    # A run

    def show_running(self, words: Words) -> None:
        """It runs; how far it is."""
        if self.mode is not Mode.RUNNING:
            self.mode, self.timeline = Mode.RUNNING, None
            self._findings.show_findings(())
            self._show()
        self.show_status(words)

    def show_failure(self, words: Words) -> None:
        """It could not be run at all."""
        self.mode = Mode.WRITING
        self._show()
        self.show_status(words)

    def show_timeline(self, timeline: Timeline) -> None:
        """What was recorded: one stands at the first line, or where the script failed."""
        recording = timeline.recording
        self.timeline = timeline
        self.mode = Mode.STEPPING if len(timeline) else Mode.WRITING
        failed = recording.error is not None or not recording.is_finished
        self.state = replace(self.state, position=max(len(timeline) - 1, 0) if failed else 0)
        self._findings.show_findings(findings_of(recording))
        self.show_status(ending_of(recording))
        self._show()
        self.editor.setFocus()

    def show_status(self, words: Words) -> None:
        """A sentence above the script."""
        self._status.setText(spoken(words))
        self._status.setToolTip(spoken(words))
        self._status.setVisible(bool(words))

    def show_alone(self, is_alone: bool) -> None:
        """Whether no other pane is in the window."""
        self._room.setText("All panes" if is_alone else "Large")
        self._room.setToolTip("Show the other panes too" if is_alone else "Give the whole window to the script")

    # Stepping

    def go_to(self, position: int) -> None:
        """Stand after another event."""
        if self.timeline is not None and len(self.timeline):
            self.state = replace(self.state, position=min(max(position, 0), len(self.timeline) - 1))
            self._show_recording()

    def _on_passed(self, by: int) -> None:
        if self.timeline is not None:
            at = self.state.position
            self.go_to(self.timeline.next_pass(at) if by > 0 else self.timeline.previous_pass(at))

    def _on_over(self) -> None:
        if self.timeline is not None:
            self.go_to(self.timeline.over(self.state.position))

    def _run_to(self, lines: frozenset[int]) -> None:
        """On to the next event of one of these lines."""
        if self.timeline is None:
            return
        self._bar.pause()
        found = self.timeline.next_at(self.state.position, lines)
        if found is not None:
            self.go_to(found)
        elif lines:
            named = ", ".join(str(line) for line in sorted(lines)[:4])
            self.show_status(say("After this moment line {lines} does not run any more.", lines=named))
        else:
            self.show_status(say("There is no breakpoint: click beside a line, or press B in it."))

    def toggle_breakpoint(self, line: int) -> None:
        """Set or clear the breakpoint of a line."""
        self.state = replace(self.state, breakpoints=self.state.breakpoints ^ {line})
        self._show_recording()

    def _on_lines_moved(self, below: int, by: int) -> None:
        moved = {line + by if line > below else line for line in self.state.breakpoints}
        there = frozenset(line for line in moved if 1 <= line <= self.editor.blockCount())
        if there != self.state.breakpoints:
            self.state = replace(self.state, breakpoints=there)
            self._show_recording()

    def _on_finding(self, finding: Finding) -> None:
        if self.timeline is not None and len(self.timeline):
            self.go_to(finding.event)
        self.editor.go_to_line(finding.line)
        self.editor.setFocus()

    # Showing

    def _show(self) -> None:
        """What the mode offers."""
        writing, stepping = self.mode is Mode.WRITING, self.mode is Mode.STEPPING
        self.editor.setReadOnly(not writing)
        interaction = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        if not writing:
            self.editor.setTextInteractionFlags(interaction)
        self._bar.setVisible(stepping)
        self._edit.setVisible(stepping)
        self._tabs.setVisible(stepping or self.timeline is not None)
        for button in (self._new, self._open, self._save):
            button.setVisible(writing)
        running = self.mode is Mode.RUNNING
        self._run.setText("Stop" if running else "Run")
        self._run.setToolTip("Stop the script; what was recorded stays (Escape)" if running else RUN_TIP)
        self._consent.setVisible(writing and not self.is_trusted)
        self._run.setEnabled(running or self.is_trusted)
        self._show_title()
        self._show_recording()

    def _show_title(self) -> None:
        mark = " •" if self.is_modified else ""
        self._title.setText(f"{self._name or UNTITLED}{mark}")

    def _show_recording(self) -> None:
        """Draw what the state says."""
        drawing = resolve(self.timeline, self.state)
        self.editor.show_marks(drawing.marks)
        self._table.show_rows(drawing.rows)
        left_out = self.timeline.recording.output_left_out if self.timeline is not None else 0
        self._output.show_output(drawing.printed, left_out)
        if self.timeline is not None:
            self._curves.show_timeline(self.timeline)
            self._curves.show_position(self.state.position)
            self._tabs.setTabVisible(self._tabs.indexOf(self._curves), not self._curves.is_empty)
            self._output.show_figures(drawing.figures, self.timeline.recording.figures)
            self._bar.show_event(self.state.position, len(self.timeline), spoken(drawing.place), drawing.count)

    # Keys

    def _on_run(self) -> None:
        if self.mode is Mode.RUNNING:
            self.stop_wanted.emit()
        elif self.is_trusted:
            self.run_wanted.emit()
        else:
            self._trust.setFocus()

    def _on_trusted(self) -> None:
        self.is_trusted = True
        self.trusted.emit()
        self._show()
        self.run_wanted.emit()

    def _done_by(self, event: QKeyEvent) -> Callable[[], object] | None:
        """What a key does in this pane, whatever in it has the focus."""
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if modifiers == CONTROL:
            return self._control_keys().get(key)
        if modifiers:
            return None
        if key == Qt.Key.Key_Escape and self.mode is not Mode.WRITING:
            return self.stop_wanted.emit if self.mode is Mode.RUNNING else self.edit
        if self.mode is Mode.STEPPING:
            here: dict[int, Callable[[], object]] = {
                Qt.Key.Key_B: lambda: self.toggle_breakpoint(self.editor.line),
                Qt.Key.Key_E: self.edit,
            }
            return (self._bar.keys() | here).get(key)
        return None

    def _control_keys(self) -> dict[int, Callable[[], object]]:
        keys: dict[int, Callable[[], object]] = {
            Qt.Key.Key_Return: self._on_run, Qt.Key.Key_Enter: self._on_run, Qt.Key.Key_F: self._find.enter,
            Qt.Key.Key_S: self.save_wanted.emit,
        }  # fmt: skip
        if self.mode is Mode.STEPPING:
            keys |= {Qt.Key.Key_Left: lambda: self._bar.step(-1), Qt.Key.Key_Right: lambda: self._bar.step(1)}
        return keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the editor: those of the pane come first."""
        if watched is self.editor and isinstance(event, QKeyEvent):
            return self._take(event)
        return False

    def event(self, event: QEvent) -> bool:
        """A key of the pane is no shortcut of the window while the focus is in it."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._done_by(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._take(event):
            super().keyPressEvent(event)

    def _take(self, event: QKeyEvent) -> bool:
        if event.type() == QEvent.Type.KeyRelease:
            return False
        done = self._done_by(event)
        if done is None:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            done()
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        across = Qt.Orientation.Vertical if self.width() < NARROW else Qt.Orientation.Horizontal
        if self._split.orientation() != across:
            self._split.setOrientation(across)

    def drawn(self) -> dict[str, object]:
        """What is shown, in words and numbers."""
        marks = self.editor.marks
        return {
            "text": self.text, "name": self._title.text(), "mode": self.mode.value, "status": self._status.text(),
            "consent": self._consent.isVisibleTo(self), "line": marks.ran, "next": marks.next,
            "breakpoints": sorted(marks.breakpoints), "faults": sorted(marks.faults),
            "variables": {row.cells[0]: row.cells[1:] for row in self._table.rows},
            "changed": {row.cells[0]: sorted(row.changed) for row in self._table.rows if row.changed},
            "findings": self._findings.drawn(), "output": self._output.drawn(), "curves": self._curves.drawn(),
            **self._bar.drawn(),
        }  # fmt: skip


RUN_TIP = "Run it line by line (Ctrl+Enter); a script that has a file is saved first"
