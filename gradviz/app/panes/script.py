"""The pane Script."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gradviz.app.panes.pane import Pane
from gradviz.app.window.places import Place, Where

if TYPE_CHECKING:
    from gradviz.views.script.script_place import ScriptPlace


class ScriptPane(Pane["ScriptPlace"]):
    """The user's own code, stepped through line by line."""

    key: ClassVar[str] = "script"
    title: ClassVar[str] = "Script"
    rank: ClassVar[int] = 110
    place: ClassVar[Place] = Place(Where.BEHIND, "surface")

    def made(self, _opengl_fault: str) -> ScriptPlace:
        from gradviz.views.script.script_place import ScriptPlace

        return ScriptPlace()
