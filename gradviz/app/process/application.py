"""The application as the desktop knows it: its name, its icon, and the files that are handed to it while it runs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QFileOpenEvent, QIcon
from PySide6.QtWidgets import QApplication

from gradviz import APP_ID
from gradviz.storage.shipped.assets import assets_folder


class Application(QApplication):
    """Belongs to the GUI thread. Nothing slow is done when it is made: the window's first painting waits for it."""

    file_handed_over = Signal(Path)
    """macOS gives the file of a double click to the program that runs, by an event instead of an argument."""

    def __init__(self) -> None:
        super().__init__(["gradviz"])
        self.setApplicationName("gradviz")
        self.setApplicationDisplayName("gradviz")
        self.setDesktopFileName(APP_ID)
        self.setStyle("Fusion")

    def show_icon(self) -> None:
        """Give the windows their icon; not before the first painting, for drawing it in every size takes some 10 ms."""
        self.setWindowIcon(QIcon(str(assets_folder() / "icon.svg")))

    def event(self, event: QEvent) -> bool:
        """Only what is sent to the application itself; a filter would be called for every event of every widget."""
        if isinstance(event, QFileOpenEvent) and event.file():
            self.file_handed_over.emit(Path(event.file()))
            return True
        return super().event(event)
