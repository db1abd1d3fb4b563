"""The pane Graph."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from gradviz.app.panes.pane import Pane
from gradviz.app.process.placing import placed_apart
from gradviz.app.window.places import Place, Where

if TYPE_CHECKING:
    from gradviz.app.window.window_controller import WindowController
    from gradviz.views.graph.graph_view import GraphView


class GraphPane(Pane["GraphView"]):
    """The computation graph."""

    key: ClassVar[str] = "graph"
    title: ClassVar[str] = "Graph"
    rank: ClassVar[int] = 40
    place: ClassVar[Place] = Place(Where.RIGHT, width=560, height=520, in_front=True)

    def made(self, _opengl_fault: str) -> GraphView:
        from gradviz.views.graph.graph_view import GraphView

        view = GraphView()
        view.placing.starter = partial(placed_apart, view)
        return view

    def connect(self, controller: WindowController) -> None:
        self.widget.asks_changed.connect(controller.refresher.refresh_all)
