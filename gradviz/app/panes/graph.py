"""The pane Graph."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from gradviz.app.panes.pane import Pane
from gradviz.app.process.errand import Errand, Work
from gradviz.app.window.places import Place, Where

if TYPE_CHECKING:
    from gradviz.app.window.window_controller import WindowController
    from gradviz.core.layout.placement import Placement
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
        view.placing.starter = partial(_placed_apart, view)
        return view

    def connect(self, controller: WindowController) -> None:
        self.widget.asks_changed.connect(controller.refresher.refresh_all)


def _placed_apart(
    view: GraphView, work: Work[Placement], told: Callable[[float], None], done: Callable[[Placement], None]
) -> Errand[Placement]:
    """The layout of a large graph, in a thread of its own: the training and the window go on."""
    errand: Errand[Placement] = Errand(work, view)
    errand.progressed.connect(told)
    errand.ended.connect(lambda: done(errand.result()))
    errand.ended.connect(errand.deleteLater)
    errand.start()
    return errand
