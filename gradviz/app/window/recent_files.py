"""The files that were opened or saved last: kept in the preferences, shown in the gallery."""

from __future__ import annotations

from pathlib import Path

from gradviz.storage.user.preferences import Preferences
from gradviz.views.panes.gallery_view import GalleryView

FILTER = "gradviz experiments (*.gradviz *.json);;All files (*)"
"""What the dialogs that ask for one of them show."""


class RecentFiles:
    """Belongs to the GUI thread."""

    def __init__(self, gallery: GalleryView, preferences: Preferences) -> None:
        self._gallery = gallery
        self._preferences = preferences

    def remember(self, path: Path) -> None:
        """It was opened or saved: the next dialog begins in its folder."""
        self._preferences.add_recent(str(path))
        self._preferences.last_folder = str(path.parent)
        self._gallery.show_recent(self._preferences.recent)

    def forget_if_gone(self, path: Path) -> None:
        """It could not be opened; where there is no such file it is offered no more."""
        if not path.exists() and str(path) in self._preferences.recent:
            self._preferences.recent.remove(str(path))
            self._gallery.show_recent(self._preferences.recent)
