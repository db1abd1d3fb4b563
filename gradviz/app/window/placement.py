"""Where a window stands: on a screen that is there, no larger than it, with a title bar that can be reached."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QRegion
from PySide6.QtWidgets import QWidget

TITLE_BAR = 40
"""At least as high as that of any desktop, in device-independent pixels."""


def fitting_size(wanted: QSize) -> QSize:
    """`wanted`, or as much of it as a window with a title bar can have on the first screen."""
    screen = QGuiApplication.primaryScreen()
    return wanted if screen is None else wanted.boundedTo(screen.availableSize() - QSize(0, TITLE_BAR))


def stay_on_screen(window: QWidget) -> None:
    """Bring a window back that a stored layout has put where no screen is any more, or made too large."""
    free = Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen | Qt.WindowState.WindowMinimized
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    if window.windowState() & free or not screens:
        return
    frame = window.frameGeometry()
    placed = on_screen(frame, screens)
    if placed != frame:
        window.resize(placed.size() - (frame.size() - window.size()))
        window.move(placed.topLeft())


def on_screen(frame: QRect, screens: Sequence[QRect]) -> QRect:
    """`frame` if its title bar lies on screens and it is no larger than one, else brought onto the nearest of them."""
    title = QRegion(frame.adjusted(0, 0, 0, TITLE_BAR - frame.height()))
    seen = QRegion()
    for screen in screens:
        seen += QRegion(screen)
    fits = any(frame.width() <= screen.width() and frame.height() <= screen.height() for screen in screens)
    if fits and title.subtracted(seen).isEmpty():
        return frame
    nearest = min(screens, key=lambda screen: (screen.center() - frame.center()).manhattanLength())
    size = frame.size().boundedTo(nearest.size())
    x = min(max(frame.x(), nearest.x()), nearest.x() + nearest.width() - size.width())
    y = min(max(frame.y(), nearest.y()), nearest.y() + nearest.height() - size.height())
    return QRect(x, y, size.width(), size.height())
