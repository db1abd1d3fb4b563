"""The pane Curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gradviz.app.panes.pane import Pane
from gradviz.app.window.places import Place, Where

if TYPE_CHECKING:
    from gradviz.views.plots.curves_view import CurvesView


class CurvesPane(Pane["CurvesView"]):
    """The loss of every step."""

    key: ClassVar[str] = "curves"
    title: ClassVar[str] = "Curves"
    rank: ClassVar[int] = 60
    place: ClassVar[Place] = Place(Where.BELOW, "graph", height=300)

    def made(self, _opengl_fault: str) -> CurvesView:
        from gradviz.views.plots.curves_view import CurvesView

        return CurvesView()
