"""The pane Gallery."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from gradviz.app.panes.pane import Pane
from gradviz.app.window.places import Place, Where

if TYPE_CHECKING:
    from gradviz.app.window.window_controller import WindowController
    from gradviz.views.panes.gallery_view import GalleryView


class GalleryPane(Pane["GalleryView"]):
    """The cases as cards, and the files opened last."""

    key: ClassVar[str] = "gallery"
    title: ClassVar[str] = "Gallery"
    rank: ClassVar[int] = 10
    place: ClassVar[Place] = Place(Where.LEFT, width=330, height=560, in_front=True)

    def made(self, _opengl_fault: str) -> GalleryView:
        from gradviz.views.panes.gallery_view import GalleryView

        return GalleryView()

    def connect(self, controller: WindowController) -> None:
        self.widget.chosen.connect(controller.documents.open_gallery)
        self.widget.file_chosen.connect(lambda path: controller.documents.open_file(Path(path)))
