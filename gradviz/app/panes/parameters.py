"""The pane Parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gradviz.app.panes.pane import Pane
from gradviz.app.window.places import Place, Where

if TYPE_CHECKING:
    from gradviz.views.panes.parameter_view import ParameterView


class ParametersPane(Pane["ParameterView"]):
    """Every parameter with its gradient and the state of its optimiser."""

    key: ClassVar[str] = "parameters"
    title: ClassVar[str] = "Parameters"
    rank: ClassVar[int] = 80
    place: ClassVar[Place] = Place(Where.BEHIND, "fit", height=260, in_front=True)

    def made(self, _opengl_fault: str) -> ParameterView:
        from gradviz.views.panes.parameter_view import ParameterView

        return ParameterView()
