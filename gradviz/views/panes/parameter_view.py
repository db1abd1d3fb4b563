"""The table of parameters: values, gradients, and what the optimiser keeps for each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QAbstractItemView, QLabel, QVBoxLayout, QWidget

from gradviz.core.document.experiment import Experiment, optimizer_names
from gradviz.core.graph.tensor_summary import summary_text
from gradviz.core.numbers import shape_text, short_number
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.questions.parameters import ParameterRow, ParameterTable, ReadParameters
from gradviz.core.questions.question import Answer, Question, Refusal
from gradviz.core.words import one_line, say
from gradviz.views.kit.lanes import lane_sign, sign_pixmap
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.table_columns import Column, Index, SharedTable
from gradviz.views.kit.theme import LIGHT, Theme, monospace
from gradviz.views.kit.view import View

COLUMNS = ("Parameter", "Shape", "Value", "Gradient", "Optimiser state")
WIDTHS = (Column(82, 150), Column(54, 124), Column(98, 150, 1), Column(98, 150, 1), Column(120, 240, 1.5))
LINE = 15
"""Pixels from line to line within a row."""
MOST_LINES = 8
MEASURED = 32
"""So many rows are looked at for how many lines they take."""
CELL_MARGIN = 8
"""Pixels of a cell that its text leaves free, left and right together."""
MOST_NAMES, LONGEST_NAME = 12, 60
AxisNames = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Of inputs, targets and classes."""
NO_BREAK = "\u00a0"
"""A blank at which no line is broken."""


Parts = tuple[tuple[str, float], ...]


class ParameterModel(QAbstractTableModel):
    """Rows of one snapshot; a new snapshot of the same parameters and states only repaints."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: tuple[ParameterRow, ...] = ()
        self._names: tuple[str, ...] = ()
        self._kind: object = None
        self._ratio = parent.devicePixelRatioF()
        self.theme: Theme = LIGHT
        self.font = monospace(9)
        self.axes: dict[str, str] = {}
        """What rows and columns of a parameter stand for, by its name."""

    def show(self, rows: tuple[ParameterRow, ...], names: tuple[str, ...]) -> None:
        """Replace the rows; `names` are those of the optimisers."""
        kind = len(rows), names, max((len(row.state) for row in rows), default=0)
        if kind != self._kind:
            self.beginResetModel()
            self._rows, self._names, self._kind = rows, names, kind
            self.endResetModel()
            return
        self._rows = rows
        if rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column, 4)
        if role == Qt.ItemDataRole.ToolTipRole:
            meant = self.axes.get(row.name, "") if column in (0, 2, 3) else ""
            return "\n".join(part for part in (self._text(row, column, 64), meant) if part)
        if role == Qt.ItemDataRole.DecorationRole and column == 0 and len(self._names) > 1:
            return sign_pixmap(lane_sign(self.theme, row.optimizer), self.theme.base, self._ratio)
        if role == Qt.ItemDataRole.ForegroundRole and column in (2, 3):
            return QColor(self.theme.value if column == 2 else self.theme.gradient)
        if role == Qt.ItemDataRole.FontRole and column >= 1:
            return self.font
        return None

    def _text(self, row: ParameterRow, column: int, most: int) -> str:
        if column == 0:
            name = f"{row.name}  ({self._names[row.optimizer]})" if len(self._names) > 1 else row.name
            return f"{name}\n{beside}" if (beside := _learning(row)) else name
        if column == 1:
            return f"{shape_text(row.value.shape)} {row.value.dtype}"
        if column == 2:
            return summary_text(row.value, most)
        if column == 3:
            return "none" if row.gradient is None else summary_text(row.gradient, most)
        state = sorted(row.state, key=lambda kept: kept[0])
        return "\n".join(f"{key} {summary_text(value, 2)}" for key, value in state) or "none"


class ParameterView(View):
    """Every parameter of the current step, with its gradient and optimiser state."""

    key: ClassVar[str] = "parameters"
    title: ClassVar[str] = "Parameters"
    content: ClassVar[str] = "rows"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = ParameterModel(self)
        self._names: tuple[str, ...] = ()
        self._columns: AxisNames = ((), (), ())
        self._lines = 2
        self._table = SharedTable(self._model, WIDTHS, self)
        self._table.fitted.connect(self._fit_rows)
        self._table.setShowGrid(False)
        self._table.setTabKeyNavigation(False)
        self._table.setAlternatingRowColors(True)
        self._table.verticalHeader().hide()
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self._table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._rates = QLabel(self)
        self._rates.setProperty("muted", True)
        self._rates.setTextFormat(Qt.TextFormat.PlainText)
        self._rates.setWordWrap(True)
        self._rates.setContentsMargins(8, 5, 8, 5)
        self._rates.hide()
        layout.setSpacing(0)
        layout.addWidget(self._rates)
        layout.addWidget(self._table)

    def _fit_rows(self) -> None:
        """Rows of as many lines as their texts take in these columns, and of two at least."""
        self._lines = max(self._needed(), 2)
        self._table.verticalHeader().setDefaultSectionSize(LINE * self._lines)

    def _needed(self) -> int:
        """The most lines that a cell takes."""
        rows = range(min(self._model.rowCount(), MEASURED))
        return min(max((self._lines_of(row, k) for row in rows for k in range(1, len(COLUMNS))), default=0), MOST_LINES)

    def _lines_of(self, row: int, column: int) -> int:
        metrics, width = QFontMetrics(self._model.font), self._table.columnWidth(column) - CELL_MARGIN
        text = str(self._model.data(self._model.index(row, column)))
        taken = metrics.boundingRect(QRect(0, 0, max(width, 1), 10_000), Qt.TextFlag.TextWordWrap, text)
        return math.ceil(taken.height() / metrics.lineSpacing())

    def set_theme(self, theme: Theme) -> None:
        self._model.theme = theme
        super().set_theme(theme)

    def begin_run(self, experiment: Experiment) -> None:
        self._names = optimizer_names(experiment)
        objective = experiment.objective
        self._columns = objective.data.axis_names if isinstance(objective, FitObjective) else ((), (), ())
        self._model.show((), self._names)
        self._rates.hide()

    def show_settings(self, experiment: Experiment) -> None:
        self._names = optimizer_names(experiment)

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        return (ReadParameters(),)

    def show_answer(self, answer: Answer) -> None:
        table = answer.value
        if isinstance(table, ParameterTable):
            self._show_rates(table.rates, table.parts, table.scales)
            self._model.axes = axes_meant(table.rows, self._columns)
            self._model.show(table.rows, self._names)
            if self._needed() > self._lines:  # numbers have become longer
                self._fit_rows()
        elif isinstance(table, Refusal):
            self._model.show((), self._names)
            self._rates.setText(spoken(table.why))
            self._rates.show()

    def _show_rates(self, rates: tuple[float, ...], parts: tuple[Parts, ...], scales: tuple[float, ...]) -> None:
        """The learning rates of the step, which a schedule changes; the names only where there are several.

        Below them what the losses are made of, where there is a penalty, and what they are scaled by for backward.
        """
        shown = [short_number(rate, 4) for rate in rates]
        if len(shown) > 1:
            named = (_named_rate(name, rate) for name, rate in zip(self._names, shown, strict=False))
            shown = [text.replace(" ", NO_BREAK) for text in named]
        sums = [_sum_text(one).replace(" ", NO_BREAK) for one in parts]
        if len(sums) > 1:
            sums = [f"{name} {text}".replace(" ", NO_BREAK) for name, text in zip(self._names, sums, strict=False)]
        told = f"\nLoss  {'  ·  '.join(sums)}" if sums else ""
        told += f"\nLoss scale  {'  ·  '.join(f'{scale:,g}' for scale in scales)}" if scales else ""
        self._rates.setText(f"Learning rate  {'  ·  '.join(shown)}{told}")
        self._rates.setVisible(bool(rates))

    def drawn(self) -> dict[str, object]:
        rows = range(self._model.rowCount())
        columns = range(self._model.columnCount())
        return {
            "rows": [[self._model.data(self._model.index(r, c)) for c in columns] for r in rows],
            "rates": self._rates.text().replace(NO_BREAK, " ") if self._rates.isVisible() else "",
        }


def _sum_text(parts: Parts) -> str:
    """What a loss is the sum of: 0.53 = data 0.5 + L2 0.03."""
    terms = " + ".join(f"{name} {short_number(value, 4)}" for name, value in parts)
    return f"{short_number(sum(value for _, value in parts), 4)} = {terms}"


def _learning(row: ParameterRow) -> str:
    """How it learns, where that is told of each parameter."""
    if row.is_frozen:
        return "frozen"
    return "" if row.rate is None else f"lr {short_number(row.rate, 3)}"


def axes_meant(rows: Sequence[ParameterRow], names: AxisNames) -> dict[str, str]:
    """Which columns of a table the numbers of the first weight belong to, and those of the last weight and bias.

    `names` are those of inputs, targets and classes; what has none is not told.
    """
    inputs, targets, classes = names
    outputs, told = classes or targets, {}
    weights = [row for row in rows if len(row.value.shape) == 2]
    if weights and inputs and weights[0].value.shape[1] == len(inputs):
        told[weights[0].name] = spoken(say("Columns: {names}", names=_listed(inputs)))
    if weights and outputs and weights[-1].value.shape[:1] == (len(outputs),):
        stem = weights[-1].name.rpartition(".")[0]
        last = [row for row in rows if row.name.rpartition(".")[0] == stem and row.value.shape[:1] == (len(outputs),)]
        words = spoken(say("Rows: {names}", names=_listed(outputs)))
        for row in last:
            told[row.name] = "\n".join(part for part in (told.get(row.name, ""), words) if part)
    return told


def _listed(names: tuple[str, ...]) -> str:
    """Not with commas, which names of scaled columns have."""
    shown = " · ".join(one_line(name, LONGEST_NAME) for name in names[:MOST_NAMES])
    return f"{shown} · …" if len(names) > MOST_NAMES else shown


def _named_rate(name: str, rate: str) -> str:
    """Whose rate it is; a name that tells the rate says it once."""
    return name if f" lr {rate} " in f"{name} " else f"{name} {rate}"
