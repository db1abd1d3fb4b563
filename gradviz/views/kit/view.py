"""What every view is: a widget that is given values and draws them."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtWidgets import QWidget

from gradviz.core.document.experiment import Experiment
from gradviz.core.questions.question import Answer, Question
from gradviz.core.runs.history import History
from gradviz.views.kit.theme import LIGHT, Theme


class View(QWidget):
    """A pane of the window. It declares what it asks of the engine, and overrides what it can show.

    All methods belong to the GUI thread. `key` names the view in files and settings. A view
    that `follows_closely` is cheap to draw from the history, and is drawn at every tick while a run is on.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    content: ClassVar[str] = ""
    """The entry of `drawn` that is empty, or nothing, where the view shows nothing."""
    needs_history: ClassVar[bool] = False
    follows_closely: ClassVar[bool] = False
    is_picture: ClassVar[bool] = True
    """Whether a report without a window holds a picture of it; a view of text is left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme: Theme = LIGHT
        self.is_covered = False
        """Whether it stands behind another tab: then it is not drawn."""

    @property
    def is_seen(self) -> bool:
        """Whether the user can see it."""
        return self.isVisible() and not self.is_covered

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        """What it wants to know of this run now. A question that is here no longer is withdrawn."""
        return ()

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self.theme = theme
        self.update()

    def begin_run(self, experiment: Experiment) -> None:
        """A new run begins: forget what was shown of the last one."""

    def show_settings(self, experiment: Experiment) -> None:
        """The same run goes on with other settings: what optimisers are called by them is no longer so."""

    def show_history(self, history: History, step: int) -> None:
        """All records so far, and the step that the window stands at."""

    def show_answer(self, answer: Answer) -> None:
        """What the engine says to one of the questions: the answer, how far it is, or why there is none."""

    def drawn(self) -> dict[str, object]:
        """What the view shows right now, in words and numbers: for tests, the self-test and assistive tools."""
        return {}
