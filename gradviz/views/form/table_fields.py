"""Editors of the form for what belongs to a table: the table itself, and lists of names."""

from __future__ import annotations

import csv
import io
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from gradviz.core.numbers import plural
from gradviz.views.form.editor import Editor, Line


class TableField(Editor):
    """The size of a table on a button that asks for its editor."""

    def __init__(self) -> None:
        super().__init__()
        self._button = QPushButton()
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.clicked.connect(lambda _=False: self.details_wanted.emit())
        self._fill(self._button)

    def show_value(self, value: Any) -> None:
        rows = value["rows"]
        count = len(rows) if isinstance(rows, list | tuple) else int(rows)
        columns = len(value["columns"])
        self._button.setText(f"{count:,} × {columns:,}, edit…")  # in words it is wider than the form of a small screen
        self._button.setAccessibleName(f"{plural(count, 'row')} × {plural(columns, 'column')}, edit")

    def focus_widget(self) -> QWidget:
        return self._button


class NamesField(Editor):
    """Names with commas between them; one that holds a comma stands in quotes. No name at all means `default`."""

    def __init__(self, default: str = "") -> None:
        super().__init__()
        self._value: list[str] = []
        self._line = Line()
        self._line.setPlaceholderText(default)
        self._line.editingFinished.connect(self._on_finished)
        self._fill(self._line)

    def show_value(self, value: Any) -> None:
        self._value = list(value)
        self._line.setText(names_text(self._value))
        self._line.setCursorPosition(0)

    def focus_widget(self) -> QWidget:
        return self._line

    def show_draft(self, draft: Any) -> None:
        self._line.setText(names_text(list(draft)))

    def _on_finished(self) -> None:
        names = names_in(self._line.text())
        if names != self._value or self._is_marked():
            self.edited.emit(names)


def names_text(names: list[str]) -> str:
    """Names as they are written in one line."""
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(names)
    return written.getvalue().replace(",", ", ") if not any("," in name for name in names) else written.getvalue()


def names_in(text: str) -> list[str]:
    """The names of a line."""
    rows = list(csv.reader([text], skipinitialspace=True))
    return [name.strip() for name in rows[0] if name.strip()] if rows else []
