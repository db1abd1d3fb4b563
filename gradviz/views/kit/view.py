"""What every view is: a widget that is given values and draws them."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtWidgets import QWidget

from gradviz.core.document.experiment import Experiment
from gradviz.core.questions.basins import BasinMap
from gradviz.core.questions.bench import BenchProgress, BenchReport
from gradviz.core.questions.snapshot import Snapshot
from gradviz.core.questions.surface import SurfaceGrid
from gradviz.core.runs.history import History
from gradviz.views.kit.theme import LIGHT, Theme


class View(QWidget):
    """A pane of the window. It overrides what it can show, and declares which parts of a snapshot it needs.

    All methods belong to the GUI thread. `key` names the view in files and settings. A view
    that `follows_closely` is cheap to draw from the history, and is drawn at every tick while a run is on.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    needs_graph: ClassVar[bool] = False
    needs_parameters: ClassVar[bool] = False
    needs_fit: ClassVar[bool] = False
    needs_surface: ClassVar[bool] = False
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
    def wants_basins(self) -> bool:
        """Whether the user wants to see which start leads where."""
        return False

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self.theme = theme
        self.update()

    def begin_run(self, experiment: Experiment) -> None:
        """A new run begins: forget what was shown of the last one."""

    def show_history(self, history: History, step: int) -> None:
        """All records so far, and the step that the window stands at."""

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """One step's snapshot; only the parts that some visible view needs are there."""

    def show_basins(self, basins: BasinMap | str) -> None:
        """Which start leads where, or a sentence on how far that is."""

    def show_surface(self, surface: SurfaceGrid) -> None:
        """The surface of the run."""

    def show_bench(self, told: BenchReport | BenchProgress) -> None:
        """What the gradient bench found, or how far it is."""

    def drawn(self) -> dict[str, object]:
        """What the view shows right now, in words and numbers: for tests, the self-test and assistive tools."""
        return {}
