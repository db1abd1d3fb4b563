"""The main window. It is painted before anything slow is imported; `fill` then brings the views in."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QGraphicsView,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenuBar,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from gradviz.app.window.alone import Alone
from gradviz.app.window.placement import fitting_size, stay_on_screen
from gradviz.app.window.places import Placed, arrange
from gradviz.app.window.shares import Shares
from gradviz.views.kit.theme import Theme, palette, style_sheet

if TYPE_CHECKING:
    from gradviz.views.form.form import Form
    from gradviz.views.kit.view import View
    from gradviz.views.panes.gallery_view import GalleryView
    from gradviz.views.shell.message_bar import MessageBar
    from gradviz.views.shell.run_bar import RunBar

LAYOUT_VERSION = "4"


class _FirstPaint(QObject):
    """Tells the window once that it was painted. An overridden paintEvent would cost every later frame a call."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._window.removeEventFilter(self)
            QTimer.singleShot(0, self._window.first_painted.emit)
        return False


@dataclass(frozen=True)
class Contents:
    """What stands in the panes: every widget by the key of its pane, and those that the window speaks to."""

    widgets: Mapping[str, QWidget]
    views: tuple[View, ...]
    form: Form
    gallery: GalleryView


class MainWindow(QMainWindow):
    """Docks with titles at first; views, form, gallery and bars once they are there."""

    first_painted = Signal()
    closing = Signal(QCloseEvent)
    dropped = Signal(Path)
    """A file was dropped on the window."""
    uncovered = Signal()
    """A pane became visible that was not."""
    covered = Signal()
    """One is no longer."""

    def __init__(self, theme: Theme, panes: Sequence[Placed]) -> None:
        super().__init__()
        self.theme = theme
        self._panes = panes
        self.docks: dict[str, QDockWidget] = {}
        self.views: dict[str, View] = {}
        self._unseen: set[str] = set()
        self.early_file: Path | None = None
        self.early_run = False
        """Whether the first run shall begin as soon as it can."""
        """The file that the desktop handed over before anything could be opened."""
        self.form: Form
        self.gallery: GalleryView
        self.run_bar: RunBar
        self.messages: MessageBar
        self.setObjectName("main")
        self.setWindowTitle("gradviz")
        self.setDockNestingEnabled(True)
        self.setAcceptDrops(True)
        self.menu = QMenuBar()
        top = QWidget()
        self._top = QVBoxLayout(top)
        self._top.setContentsMargins(0, 0, 0, 0)
        self._top.setSpacing(0)
        self._top.addWidget(self.menu)
        self.setMenuWidget(top)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for pane in panes:
            self._add_dock(pane.key, pane.title)
        self._bottom = QToolBar("Run")
        self._bottom.setObjectName("run_bar")
        self._bottom.setMovable(False)
        self._bottom.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, self._bottom)
        self._status_right = QLabel()
        self._status_right.setProperty("muted", True)
        self.statusBar().addPermanentWidget(self._status_right)
        self.statusBar().showMessage("Starting…")
        self._shares = Shares(self, self.docks, panes)
        self.alone = Alone(self, self.docks, self._bottom)
        self.arrange()
        self.resize(fitting_size(self.sizeHint()))
        self._first_paint = _FirstPaint(self)

    def _add_dock(self, key: str, title: str) -> None:
        dock = QDockWidget(title, self)
        dock.setObjectName(key)
        dock.setWidget(QWidget())
        dock.visibilityChanged.connect(partial(self._on_visibility_changed, key))
        self.docks[key] = dock

    def _on_visibility_changed(self, key: str, visible: bool) -> None:
        """Qt calls a dock behind another tab visible, but tells here that it is not seen."""
        self._unseen.discard(key) if visible else self._unseen.add(key)
        if key in self.views:
            self.views[key].is_covered = not visible
        (self.uncovered if visible else self.covered).emit()

    def is_front(self, key: str) -> bool:
        """Whether a pane can be seen."""
        return self.docks[key].isVisible() and not self.is_behind(key)

    def front_or_close(self, key: str) -> None:
        """Bring a pane to the front; one that is there already is closed."""
        dock = self.docks[key]
        if self.is_front(key):
            dock.close()
        else:
            dock.show()
            dock.raise_()

    def is_behind(self, key: str) -> bool:
        """Whether a pane is closed, or stands behind another tab: Qt lays it outside of the window then."""
        return self.docks[key].visibleRegion().isEmpty()

    def arrange(self) -> None:
        """The layout that a new user finds."""
        self.alone.leave()
        arrange(self, self.docks, self._panes)
        self._shares.forget()

    def fill(self, contents: Contents, run_bar: RunBar, messages: MessageBar) -> None:
        """Put everything in its place."""
        self.form, self.gallery, self.run_bar, self.messages = contents.form, contents.gallery, run_bar, messages
        self.views = {view.key: view for view in contents.views}
        for key, widget in contents.widgets.items():
            self._exchange(self.docks[key], widget)
        for key, view in self.views.items():
            view.is_covered = key in self._unseen
        for taking in (QGraphicsView, QLineEdit):
            for widget in self.findChildren(taking):
                widget.setAcceptDrops(False)  # what is dropped anywhere is for the window
        self._bottom.addWidget(run_bar)
        messages.lie_over(self, self._bottom)
        self.set_theme(self.theme)
        self.alone.left.connect(self._shares.apply)
        self._shares.apply()  # what stands in the panes has a least size

    @staticmethod
    def _exchange(dock: QDockWidget, widget: QWidget) -> None:
        old = dock.widget()
        dock.setWidget(widget)
        old.deleteLater()

    def show_form(self) -> None:
        """Bring the form to the front."""
        dock = next(dock for dock in self.docks.values() if dock.widget() is self.form)
        dock.raise_()

    def take_file(self, path: Path) -> None:
        """Open what the desktop hands over, at once or as soon as the window is filled."""
        if self.views:
            self.dropped.emit(path)
        else:
            self.early_file = path

    def set_theme(self, theme: Theme) -> None:
        """Colours of everything in the window."""
        self.theme = theme
        app = QApplication.instance()
        if isinstance(app, QApplication) and app.styleSheet() != style_sheet(theme):
            app.setPalette(palette(theme))
            app.setStyleSheet(style_sheet(theme))  # every widget is polished anew
        for view in self.views.values():
            view.set_theme(theme)
        if self.views:
            self.run_bar.set_theme(theme)
            self.gallery.set_theme(theme)

    def show_status(self, right: str, message: str) -> None:
        """The status bar: the last message, and device, precision, seed and state."""
        self._status_right.setText(right)
        self.statusBar().showMessage(message)

    def status(self) -> tuple[str, str]:
        """What the status bar says: message, and right side."""
        return self.statusBar().currentMessage(), self._status_right.text()

    def layout_blob(self) -> str:
        """The layout of docks and window in base64, to be stored."""
        parts = (self.saveGeometry().toBase64().data(), self.alone.state().toBase64().data())
        return base64.b64encode(b".".join(parts)).decode()

    def restore_layout(self, blob: str) -> bool:
        """Take a stored layout over; False if Qt refuses it."""
        geometry, _, state = base64.b64decode(blob).partition(b".")
        self.restoreGeometry(QByteArray.fromBase64(geometry))
        done = self.restoreState(QByteArray.fromBase64(state))
        self._shares.remember()
        for window in (self, *(dock for dock in self.docks.values() if dock.isFloating())):
            stay_on_screen(window)
        return done

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Before there are menus: what runs an experiment is remembered, and pressed again taken back."""
        if not self.views and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_F5) and not event.isAutoRepeat():
            self.early_run = not self.early_run
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_file(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped_file(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            # a moment later: whoever dropped the file waits until this returns
            QTimer.singleShot(0, lambda: self.dropped.emit(path))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self.alone.is_on:
            self._shares.apply()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit(event)

    def sizeHint(self) -> QSize:
        return QSize(1480, 940)


def _dropped_file(dragged: QMimeData) -> Path | None:
    """The one file of this machine that is dragged; None for anything else."""
    urls = dragged.urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
