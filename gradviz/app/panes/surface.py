"""The pane Surface."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gradviz.app.panes.pane import Pane
from gradviz.app.window.places import Place, Where

if TYPE_CHECKING:
    from gradviz.app.window.window_controller import WindowController
    from gradviz.views.surface.surface_view import SurfaceView


class SurfacePane(Pane["SurfaceView"]):
    """The surface that the optimiser walks on."""

    key: ClassVar[str] = "surface"
    title: ClassVar[str] = "Surface"
    rank: ClassVar[int] = 50
    place: ClassVar[Place] = Place(Where.BESIDE, "graph", width=590, height=560, in_front=True)

    def made(self, opengl_fault: str) -> SurfaceView:
        from gradviz.views.surface.surface_view import SurfaceView

        return SurfaceView(opengl_fault)

    def connect(self, controller: WindowController) -> None:
        self.widget.start_chosen.connect(controller.start_at)
