"""The pane Bench."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gradviz.app.panes.pane import Pane
from gradviz.app.window.places import Place, Where

if TYPE_CHECKING:
    from gradviz.app.window.window_controller import WindowController
    from gradviz.views.bench.bench_view import BenchView


class BenchPane(Pane["BenchView"]):
    """The gradient in several ways, compared."""

    key: ClassVar[str] = "bench"
    title: ClassVar[str] = "Bench"
    rank: ClassVar[int] = 100
    place: ClassVar[Place] = Place(Where.BEHIND, "graph")

    def made(self, _opengl_fault: str) -> BenchView:
        from gradviz.views.bench.bench_view import BenchView

        return BenchView()

    def connect(self, controller: WindowController) -> None:
        self.widget.hand_edited.connect(controller.edit_hand_gradient)
        controller.check_wanted.connect(lambda: self._check(controller))
        controller.document_changed.connect(lambda: self.widget.show_experiment(controller.session.experiment))

    def _check(self, controller: WindowController) -> None:
        """Compare the gradient of the current step, in front of everything in its place."""
        dock = controller.window.docks[self.key]
        dock.show()
        dock.raise_()
        self.widget.begin_check()
