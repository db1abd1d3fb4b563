"""The pane Lesson."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gradviz.app.panes.pane import Pane
from gradviz.app.window.places import Place, Where

if TYPE_CHECKING:
    from gradviz.app.window.window_controller import WindowController
    from gradviz.views.panes.lesson_view import LessonView


class LessonPane(Pane["LessonView"]):
    """What to look at, what to change, what to expect."""

    key: ClassVar[str] = "lesson"
    title: ClassVar[str] = "Lesson"
    rank: ClassVar[int] = 30
    place: ClassVar[Place] = Place(Where.BELOW, "gallery", height=260)

    def made(self, _opengl_fault: str) -> LessonView:
        from gradviz.views.panes.lesson_view import LessonView

        return LessonView()

    def connect(self, controller: WindowController) -> None:
        self.widget.original_wanted.connect(controller.documents.open_gallery)
        controller.document_changed.connect(lambda: self._show(controller))

    def _show(self, controller: WindowController) -> None:
        """The lesson, and whether it is about the experiment beside it or about the one which that was."""
        document = controller.session.document
        self.widget.show_lesson(document.lesson)
        self.widget.show_departure(*controller.documents.departure(document))
