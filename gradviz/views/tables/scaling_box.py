"""A combo box of the scalings of a table's columns."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QWidget

from gradviz.core.tables.scalings import SCALINGS, DivideBy, Scaling


class ScalingBox(QWidget):
    """A choice of scalings, with the divisor where one is asked for."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._box = QComboBox()
        for scaling in SCALINGS:
            self._box.addItem(scaling.label, scaling)
            self._box.setItemData(self._box.count() - 1, scaling.about, Qt.ItemDataRole.ToolTipRole)
        self._divisor = QDoubleSpinBox()
        self._divisor.setRange(1e-6, 1e12)
        self._divisor.setDecimals(6)
        self._divisor.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self._divisor.setValue(10.0)
        self._divisor.setAccessibleName("Divisor")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._box, 1)
        row.addWidget(self._divisor)
        self.setFocusProxy(self._box)
        self._box.activated.connect(self._on_chosen)
        self._divisor.valueChanged.connect(self.changed)
        self._divisor.hide()

    def choose(self, scaling: type[Scaling]) -> None:
        """Show a kind of scaling."""
        self._box.setCurrentIndex(self._box.findText(scaling.label))
        self._on_chosen()

    def _on_chosen(self) -> None:
        self._divisor.setVisible(self._box.currentData() is DivideBy)
        self.changed.emit()

    @property
    def scaling(self) -> Scaling:
        """What is chosen."""
        kind: Callable[[], Scaling] = self._box.currentData()
        return DivideBy(divisor=self._divisor.value()) if kind is DivideBy else kind()
