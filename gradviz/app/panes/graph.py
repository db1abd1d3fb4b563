"""The pane Graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gradviz.app.panes.pane import Pane
from gradviz.app.window.places import Place, Where

if TYPE_CHECKING:
    from gradviz.views.graph.graph_view import GraphView


class GraphPane(Pane["GraphView"]):
    """The computation graph."""

    key: ClassVar[str] = "graph"
    title: ClassVar[str] = "Graph"
    rank: ClassVar[int] = 40
    place: ClassVar[Place] = Place(Where.RIGHT, width=560, height=520, in_front=True)

    def made(self, _opengl_fault: str) -> GraphView:
        from gradviz.views.graph.graph_view import GraphView

        return GraphView()
