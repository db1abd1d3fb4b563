"""A flat button of a bar, reached by Tab, whose tooltip is its name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton


def bar_button(tip: str, done: Callable[[], object] | None = None, icon_pixels: int = 16) -> QToolButton:
    """`done` is called when it is pressed. What stands in brackets at the end of `tip`, a key, is not read aloud."""
    button = QToolButton()
    button.setIconSize(QSize(icon_pixels, icon_pixels))
    button.setToolTip(tip)
    button.setAccessibleName(tip.split(" (", maxsplit=1)[0])
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if done is not None:
        button.clicked.connect(lambda _checked=False: done())
    return button
