"""How a file of rows is read: what was guessed of it, each guess in a box where its person can say otherwise."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QSpinBox, QWidget

from gradviz.core.tables.cells import GROUPINGS
from gradviz.core.tables.delimited_text import DECIMALS, SEPARATORS
from gradviz.core.tables.sheets import Asked, Reading

NAMES = {0: "None", 1: "First line", 2: "First two lines", 3: "First three lines", -1: "Last comment"}
COMMENTS = {"": "None", "#": "#", "%": "%", "//": "//", "!": "!"}
MOST_SKIPPED = 10_000
FIELD_PAD = 7
"""Above and below a field's text together: a number's box is as high as a choice then."""
_PER_ROW = 4


class FormatBar(QWidget):
    """Boxes in two rows. `changed` says that its person chose something; `asked` is all that they chose so far."""

    changed = Signal()

    def __init__(self, encodings: dict[str, str]) -> None:
        super().__init__()
        self.asked = Asked()
        self._page = QComboBox()
        self._encoding = box_of(encodings)
        self._separator = box_of(SEPARATORS)
        self._decimal = box_of(DECIMALS)
        self._grouping = box_of(GROUPINGS)
        self._names = box_of(NAMES)
        self._skip = QSpinBox()
        self._skip.setRange(0, MOST_SKIPPED)
        self._comment = box_of(COMMENTS)
        self._missing = QLineEdit()
        self._missing.setPlaceholderText("-999, say")
        self._missing.setToolTip("What stands in a cell whose value is not known, with commas between several.")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._labels: dict[QWidget, QLabel] = {}
        self._parts = (
            ("Sheet", self._page),
            ("Encoding", self._encoding),
            ("Separator", self._separator),
            ("Decimals", self._decimal),
            ("Digits grouped by", self._grouping),
            ("Names", self._names),
            ("Lines above", self._skip),
            ("Comments", self._comment),
            ("Missing cells", self._missing),
        )
        for text, widget in self._parts:
            self._labels[widget] = labelled(text, widget)
            for one in (widget, self._labels[widget]):
                one.setMinimumHeight(one.fontMetrics().height() + FIELD_PAD)
                one.setParent(self)  # what does not apply is laid out nowhere
        self._lay_out(is_text=True)
        self._connect()

    def _lay_out(self, is_text: bool) -> None:
        """Text has an encoding and separators, a workbook sheets; what does not apply is not there."""
        of_text = (self._encoding, self._separator, self._decimal, self._comment)
        shown = [(text, widget) for text, widget in self._parts if (widget in of_text) <= is_text]
        if self._page.count() == 0:
            shown = [(text, widget) for text, widget in shown if widget is not self._page]
        for _text, widget in self._parts:
            is_shown = any(widget is one for _, one in shown)
            widget.setVisible(is_shown)
            self._labels[widget].setVisible(is_shown)
        for place, (_text, widget) in enumerate(shown):
            row, column = divmod(place, _PER_ROW)
            self._grid.addWidget(self._labels[widget], row, 3 * column)
            self._grid.addWidget(widget, row, 3 * column + 1)
        for column in range(_PER_ROW):
            self._grid.setColumnStretch(3 * column + 1, 1)
            self._grid.setColumnMinimumWidth(3 * column + 2, 10)

    def _connect(self) -> None:
        self._page.activated.connect(lambda _: self._ask(page=self._page.currentText()))
        self._encoding.activated.connect(lambda _: self._ask(encoding=self._encoding.currentData()))
        self._separator.activated.connect(lambda _: self._ask_format(separator=self._separator.currentData()))
        self._decimal.activated.connect(lambda _: self._ask_format(decimal=self._decimal.currentData()))
        self._grouping.activated.connect(lambda _: self._ask_format(grouping=self._grouping.currentData()))
        self._comment.activated.connect(lambda _: self._ask_format(comment=self._comment.currentData()))
        self._names.activated.connect(lambda _: self._on_names(int(self._names.currentData())))
        self._skip.setKeyboardTracking(False)
        self._skip.valueChanged.connect(lambda lines: self._ask_format(skip=lines))
        self._missing.editingFinished.connect(self._on_missing)

    def _on_names(self, rows: int) -> None:
        self._ask_format(header=rows != 0, head_rows=max(rows, 1), comment_names=rows < 0)

    def _on_missing(self) -> None:
        words = tuple(word.strip() for word in self._missing.text().split(",") if word.strip())
        if words != self.asked.format.get("missing", ()):
            self._ask_format(missing=words)

    def _ask(self, encoding: str = "", page: str = "") -> None:
        before = self.asked
        # another sheet is another table: what was asked of the one before is not asked of it
        self.asked = Asked(encoding or before.encoding, page or before.page, {} if page else before.format)
        self.changed.emit()

    def _ask_format(self, **chosen: Any) -> None:
        asked = {**self.asked.format, **chosen}
        if asked.get("separator") == asked.get("decimal") == ",":
            # a comma cannot be both: the one that was not touched now gives way
            asked.pop("decimal" if "separator" in chosen else "separator")
        if asked.get("grouping") and asked.get("grouping") == asked.get("decimal"):
            asked.pop("decimal" if "grouping" in chosen else "grouping")
        self.asked = Asked(self.asked.encoding, self.asked.page, asked)
        self.changed.emit()

    def show_reading(self, reading: Reading) -> None:
        """What a reading went by."""
        layout = reading.format
        if reading.pages and self._page.count() == 0:
            self._page.addItems(list(reading.pages))
        self._page.setCurrentText(reading.page)
        if self._encoding.isVisibleTo(self) != bool(layout.separator):
            self._lay_out(bool(layout.separator))
        for box, value in (
            (self._encoding, reading.encoding),
            (self._separator, layout.separator),
            (self._decimal, layout.decimal),
            (self._grouping, layout.grouping),
            (self._comment, layout.comment),
            (self._names, -1 if layout.comment_names else layout.names_rows),
        ):
            show_value(box, value)
        self._skip.blockSignals(True)
        self._skip.setValue(layout.skip)
        self._skip.blockSignals(False)

    def drawn(self) -> dict[str, Any]:
        """What the boxes show."""
        return {
            "page": self._page.currentText(),
            "encoding": self._encoding.currentData(),
            "format": (self._separator.currentData(), self._decimal.currentData(), self._names.currentData() != 0),
            "grouping": self._grouping.currentData(),
            "names_rows": self._names.currentData(),
            "skip": self._skip.value(),
            "comment": self._comment.currentData(),
        }


def box_of(entries: dict[Any, str]) -> QComboBox:
    """A combo box of values with their texts."""
    box = QComboBox()
    for value, text in entries.items():
        box.addItem(text, value)
    return box


def show_value(box: QComboBox, value: object) -> None:
    """Show an entry by its value, if there is one."""
    index = box.findData(value)
    if index >= 0 and index != box.currentIndex():
        box.setCurrentIndex(index)


def labelled(text: str, widget: QWidget) -> QLabel:
    """A label of a widget, which bears its name for those who hear it."""
    label = QLabel(text)
    label.setBuddy(widget)
    widget.setAccessibleName(text)
    return label
