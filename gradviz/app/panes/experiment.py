"""The pane Experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gradviz.app.panes.pane import Pane
from gradviz.app.window.places import Place, Where

if TYPE_CHECKING:
    from gradviz.app.window.window_controller import WindowController
    from gradviz.views.form.form import Form


class ExperimentPane(Pane["Form"]):
    """Every setting of the experiment."""

    key: ClassVar[str] = "experiment"
    title: ClassVar[str] = "Experiment"
    rank: ClassVar[int] = 20
    place: ClassVar[Place] = Place(Where.BEHIND, "gallery")

    def made(self, _opengl_fault: str) -> Form:
        from gradviz.views.form.form import Form

        return Form()

    def connect(self, controller: WindowController) -> None:
        self.widget.edited.connect(controller.edit)
        self.widget.details_wanted.connect(lambda _path: controller.data_entry.edit_table())
