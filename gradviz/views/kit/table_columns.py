"""Columns that share the width of their table: what matters is seen whole, and nothing lies beyond the edge."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QTableView, QWidget

Index = QModelIndex | QPersistentModelIndex
"""What Qt hands to the methods of a model."""
LOOKED_AT = 64
"""So many rows are measured: the first ones tell how wide the rest is."""
ROOM = 18
"""Pixels around a text: the cell's margins and the header's."""
SIGN_ROOM = 6
"""Pixels between a sign and its text."""
OFF, AS_NEEDED = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded


@dataclass(frozen=True, slots=True)
class Column:
    """What a column wants, in pixels: as much as its texts take, within `least` and `most`.

    What is left over goes by `share` to the columns whose texts are longer, or to all where none is. A `spare` one is
    hidden where there is no room for all.
    """

    least: int
    most: int
    share: float = 0.0
    spare: bool = False


class SharedTable(QTableView):
    """Fits its columns whenever it is resized or its model is reset, until its user drags one."""

    fitted = Signal()

    def __init__(self, model: QAbstractItemModel, columns: tuple[Column, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = columns
        self._wanted = [column.least for column in columns]
        self._cut = [False] * len(columns)
        self._fitting = False
        self._is_users = False
        self.setModel(model)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(min(column.least for column in columns))
        header.sectionResized.connect(self._on_resized)
        model.modelReset.connect(self.measure)

    def measure(self) -> None:
        """Look at the texts anew: they are others."""
        model, header = self.model(), self.horizontalHeader()
        for number, column in enumerate(self._columns):
            title = model.headerData(number, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole)
            widths = [header.fontMetrics().horizontalAdvance(str(title))]
            for row in range(min(model.rowCount(), LOOKED_AT)):
                index = model.index(row, number)
                font = index.data(Qt.ItemDataRole.FontRole) or self.font()
                sign = index.data(Qt.ItemDataRole.DecorationRole)
                beside = 0 if sign is None else round(sign.width() / sign.devicePixelRatioF()) + SIGN_ROOM
                lines = map(QFontMetrics(font).horizontalAdvance, str(index.data() or "").split("\n"))
                widths += [beside + line for line in lines]
            self._cut[number] = max(widths) + ROOM > column.most
            self._wanted[number] = min(max(max(widths) + ROOM, column.least), column.most)
        self.fit()

    def fit(self) -> None:
        """Share the width out."""
        if self._is_users:
            return
        self._fitting = True
        room = self.viewport().width()
        shown = self._shown(room)
        for number in range(len(self._columns)):
            self.setColumnHidden(number, number not in shown)
        widths = self._shares(shown, room)
        for number, width in zip(shown, widths, strict=True):
            self.setColumnWidth(number, width)
        # Qt looks at the widths again only when the table is next laid out, and shows a bar that leads nowhere
        self.setHorizontalScrollBarPolicy(OFF if sum(widths) <= room else AS_NEEDED)
        self._fitting = False
        if self.viewport().width() != room:  # a bar came or went meanwhile
            self.fit()
        else:
            self.fitted.emit()

    def _shown(self, room: int) -> list[int]:
        """The columns there is room for; a spare one goes before anything is narrowed."""
        shown = list(range(len(self._columns)))
        for number in reversed(range(len(self._columns))):
            if self._columns[number].spare and sum(self._wanted[k] for k in shown) > room:
                shown.remove(number)
        return shown

    def _shares(self, shown: list[int], room: int) -> list[int]:
        """The widths of the columns that are shown; all together `room` at most, unless not even the least fit."""
        columns = [self._columns[number] for number in shown]
        wanted = [self._wanted[number] for number in shown]
        spare = room - sum(wanted)
        weights = [column.share * self._cut[number] for number, column in zip(shown, columns, strict=True)]
        weights = weights if any(weights) else [column.share for column in columns]
        if spare < 0:
            weights = [float(width - column.least) for width, column in zip(wanted, columns, strict=True)]
            spare = max(spare, -int(sum(weights)))
        whole = sum(weights)
        given = [math.floor(spare * weight / whole) if whole else 0 for weight in weights]
        return [width + more for width, more in zip(wanted, given, strict=True)]

    def _on_resized(self, _number: int, _before: int, _after: int) -> None:
        if not self._fitting and QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            self._is_users = True
            self.setHorizontalScrollBarPolicy(AS_NEEDED)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._fitting:
            self.fit()
