"""The experiment as a script in the dialect that is chosen: read, copied, saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gradviz.views.kit.python_colours import PythonHighlighter
from gradviz.views.kit.theme import Theme, monospace
from gradviz.views.kit.view import View
from gradviz.views.kit.word_list import WordList


@dataclass(frozen=True, slots=True)
class Script:
    """A dialect by its name in files and for a person; `text` is empty where `refusal` says why there is none."""

    dialect: str
    label: str
    text: str
    refusal: str = ""


class CodeView(View):
    """The scripts of one experiment; those that are refused cannot be chosen, and say why."""

    key: ClassVar[str] = "code"
    title: ClassVar[str] = "Code"
    content: ClassVar[str] = "text"
    is_picture: ClassVar[bool] = False
    copied = Signal()
    save_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scripts: tuple[Script, ...] = ()
        self._wish = ""
        self._box = QComboBox()
        self._box.setView(WordList())
        self._box.setAccessibleName("Dialect of the script")
        self._box.activated.connect(self._on_chosen)
        self._copy = QPushButton("Copy")
        self._copy.setToolTip("Copy the script (Ctrl+Shift+C)")
        self._copy.clicked.connect(self.copy)
        self._save = QPushButton("Save…")
        self._save.setToolTip("Save the script as a file")
        self._save.clicked.connect(self.save_wanted)
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._note.setProperty("muted", True)
        self._note.hide()
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setAccessibleName("Script")
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setTabChangesFocus(True)
        self._text.setFont(monospace(9))
        self._colours = PythonHighlighter(self._text.document())
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self._box, 1)
        top.addWidget(self._copy)
        top.addWidget(self._save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self._note)
        layout.addWidget(self._text, 1)

    def sizeHint(self) -> QSize:
        return QSize(330, 240)

    def set_theme(self, theme: Theme) -> None:
        self._colours.set_theme(theme)
        super().set_theme(theme)

    def show_scripts(self, scripts: tuple[Script, ...]) -> None:
        """Show the script in the dialect wished for, or in the first that there is."""
        if scripts == self._scripts:
            return
        self._scripts = scripts
        self._fill_box()
        self._show_chosen()

    def _fill_box(self) -> None:
        self._box.clear()
        model = self._box.model()
        assert isinstance(model, QStandardItemModel)
        for index, script in enumerate(self._scripts):
            self._box.addItem(script.label, script.dialect)
            self._box.setItemData(index, script.refusal, Qt.ItemDataRole.ToolTipRole)
            model.item(index).setEnabled(not script.refusal)
        chosen = self.script
        self._box.setCurrentIndex(self._scripts.index(chosen) if chosen is not None else -1)

    @property
    def script(self) -> Script | None:
        """The script that is shown: in the dialect wished for, where there is one."""
        there = [script for script in self._scripts if not script.refusal]
        return next((script for script in there if script.dialect == self._wish), there[0] if there else None)

    def choose(self, dialect: str) -> None:
        """Wish for a dialect, for this experiment and those to come."""
        self._wish = dialect
        self._fill_box()
        self._show_chosen()

    def _on_chosen(self, index: int) -> None:
        self.choose(str(self._box.itemData(index)))

    def _show_chosen(self) -> None:
        chosen = self.script
        text = chosen.text if chosen is not None else ""
        if text != self._text.toPlainText():
            bar = self._text.verticalScrollBar()
            place = bar.value()
            self._text.setPlainText(text)
            bar.setValue(place)
        self._note.setText(self._why())
        self._note.setVisible(bool(self._note.text()))
        for button in (self._copy, self._save):
            button.setEnabled(bool(text))

    def _why(self) -> str:
        """Why the dialect that is wished for is not shown; where there is none at all, why."""
        refused = [script for script in self._scripts if script.refusal]
        wished = next((script.refusal for script in refused if script.dialect == self._wish), "")
        return wished or (refused[-1].refusal if refused and self.script is None else "")

    def copy(self) -> None:
        """The script to the clipboard."""
        chosen = self.script
        if chosen is not None:
            QApplication.clipboard().setText(chosen.text)
            self.copied.emit()

    def drawn(self) -> dict[str, object]:
        chosen = self.script
        return {
            "dialect": chosen.dialect if chosen is not None else "",
            "text": self._text.toPlainText() or self._note.text(),
            "note": self._note.text(),
            "refused": {script.dialect: script.refusal for script in self._scripts if script.refusal},
        }
