"""The pane Code."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gradviz.app.panes.pane import Pane
from gradviz.app.window.places import Place, Where

if TYPE_CHECKING:
    from gradviz.views.panes.code_view import CodeView


class CodePane(Pane["CodeView"]):
    """The experiment as a script."""

    key: ClassVar[str] = "code"
    title: ClassVar[str] = "Code"
    rank: ClassVar[int] = 90
    place: ClassVar[Place] = Place(Where.BEHIND, "surface")

    def made(self, _opengl_fault: str) -> CodeView:
        from gradviz.views.panes.code_view import CodeView

        return CodeView()
