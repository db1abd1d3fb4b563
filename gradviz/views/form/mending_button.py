"""A button below a refused text, for the edit that would make it good."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from gradviz.core.declaration import Mending
from gradviz.views.kit.speech import spoken


class MendingButton(QPushButton):
    """Hidden until there is something to offer; `mended` carries the path and the plain value of the edit."""

    mended = Signal(str, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._offered: Mending | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self._take)
        self.hide()

    def offer(self, mending: Mending | None) -> None:
        """Offer an edit, or nothing."""
        self._offered = mending
        if mending is not None:
            self.setText(spoken(mending.words))
        self.setVisible(mending is not None)

    def _take(self) -> None:
        if self._offered is not None:
            self.mended.emit(self._offered.path, self._offered.value)
