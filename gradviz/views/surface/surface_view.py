"""The surface view: three dimensions where OpenGL works, contours where it does not or is not wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import Floats
from gradviz.core.questions.basins import BasinMap, MapBasins
from gradviz.core.questions.place import Locate, Places
from gradviz.core.questions.question import Answer, Progress, Question, Refusal
from gradviz.core.questions.surface import SurfaceGrid, Survey
from gradviz.core.runs.history import History
from gradviz.core.runs.trajectory import Trajectory
from gradviz.core.words import say
from gradviz.views.kit.absence import Absence
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.tick_box import TickBox
from gradviz.views.kit.view import View
from gradviz.views.surface.contour_plot import ContourPlot
from gradviz.views.surface.surface_geometry import SurfaceBox

if TYPE_CHECKING:
    from gradviz.views.surface.surface_scene import SurfaceScene

NOWHERE_FINITE = "The loss is not finite at any point of this plane. Start elsewhere, or take a smaller learning rate."

MOST_WIDENED = 12
FAR = 1e4
"""Farther out than this no path is followed: it diverges."""


class SurfaceView(View):
    """The objective over two parameters with the path of every optimiser.

    `opengl_fault` is why there is no third dimension, or empty. `start_chosen` says where the user wants
    to start.
    """

    key: ClassVar[str] = "surface"
    title: ClassVar[str] = "Surface"
    needs_history: ClassVar[bool] = True
    follows_closely: ClassVar[bool] = True

    start_chosen = Signal(float, float)

    def __init__(self, opengl_fault: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.opengl_fault = opengl_fault
        self._box: SurfaceBox | None = None
        self._grid: SurfaceGrid | None = None
        self._optimizers = 1
        self._trajectories: list[Trajectory] = []
        self._projected: list[Floats] = []
        self._paths: list[Floats] = []
        self._left: dict[int, int] = {}
        self._history: History | None = None
        self._step = 0
        self._survey = Survey()
        self._widened = 0
        self._kind = QComboBox()
        self._log = TickBox("Log height")
        self._log.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._basins_switch = TickBox("Basins")
        self._basins_switch.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._basins: BasinMap | None = None
        self._progress = ""
        self._recentre = QPushButton("Slice here")
        self._recentre.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._note = QLabel()
        self._no_loss = ""
        self._stack = QStackedWidget()
        self._place = Absence(self._stack, "No surface to draw")
        self.contour = ContourPlot(self)
        self.scene = self._make_scene()
        self._fill_head()
        self._arrange()

    def _make_scene(self) -> SurfaceScene | None:
        if self.opengl_fault:
            return None
        from gradviz.views.surface.surface_scene import SurfaceScene

        scene = SurfaceScene(self)
        scene.start_chosen.connect(self.start_chosen)
        return scene

    def _fill_head(self) -> None:
        if self.scene is not None:
            self._kind.addItem("3-D", self.scene)
            self._stack.addWidget(self.scene)
        self._kind.addItem("Contour", self.contour)
        self._stack.addWidget(self.contour)
        self._kind.setToolTip(self.opengl_fault or "The surface in three dimensions, or from above.")
        self._kind.currentIndexChanged.connect(self._on_kind_changed)
        self._log.setChecked(True)
        self._log.setToolTip("Heights and colours on a logarithmic scale: shows the valleys. The ticks are losses.")
        self._log.toggled.connect(self._on_log_toggled)
        self._basins_switch.setToolTip("Colours by where the first optimiser ends from each start.")
        self._basins_switch.toggled.connect(self._on_basins_toggled)
        self._recentre.setToolTip("Lay the slice through the parameters of the current step.")
        self._recentre.clicked.connect(self._on_recentre_clicked)
        self._recentre.hide()
        self._note.setProperty("muted", True)
        self._note.setWordWrap(True)
        self.contour.start_chosen.connect(self.start_chosen)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 4)
        head.setSpacing(12)
        head.addWidget(self._note, 1)
        for widget in (self._recentre, self._basins_switch, self._log, self._kind):
            head.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._place, 1)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.contour.set_theme(theme)
        if self.scene is not None:
            self.scene.set_theme(theme)
        self._show_box()

    def set_kind(self, three_dimensional: bool) -> None:
        """Choose the picture; without OpenGL it stays the contour."""
        self._kind.setCurrentIndex(0 if three_dimensional else self._kind.count() - 1)

    @property
    def is_three_dimensional(self) -> bool:
        """Whether the third dimension is shown."""
        return self._stack.currentWidget() is self.scene and self.scene is not None

    @property
    def _picture(self) -> SurfaceScene | ContourPlot:
        return self.scene if self.scene is not None and self.is_three_dimensional else self.contour

    def _on_kind_changed(self, index: int) -> None:
        self._stack.setCurrentIndex(index)
        self._show_box()

    def _on_log_toggled(self, on: bool) -> None:
        self._show_box()

    def _on_basins_toggled(self, on: bool) -> None:
        self._basins, self._progress = None, "Computing the basins…" if on else ""
        self._show_note()
        self._show_box()

    def switch_basins(self, on: bool) -> None:
        """Ask for the map of basins, or take it away."""
        self._basins_switch.setChecked(on)

    def _on_recentre_clicked(self) -> None:
        """Lay the slice through the parameters of the step that is shown."""
        self._survey = replace(self._survey, cut=self._step)

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        grid = self._grid
        if not self._basins_switch.isChecked() or grid is None or not grid.exact:
            return self._survey, Locate()
        domain = ((float(grid.x[0]), float(grid.x[-1])), (float(grid.y[0]), float(grid.y[-1])))
        return self._survey, Locate(), MapBasins(domain)

    def show_answer(self, answer: Answer) -> None:
        value = answer.value
        if answer.question not in self.asks:
            return
        if isinstance(value, SurfaceGrid):
            self.show_surface(value)
        elif isinstance(value, Places):
            self._show_places(value, answer.step)
        elif isinstance(answer.question, MapBasins):
            self._show_basins(value)

    def _show_basins(self, told: BasinMap | Progress | Refusal) -> None:
        if isinstance(told, BasinMap):
            self._basins, self._progress = told, ""
            self._show_box()
        elif isinstance(told, Progress):
            self._progress = spoken(say("{what}… {done:.0%}", what=told.what, done=told.done))
        else:
            self._progress = spoken(told.why)
        self._show_note()

    def begin_run(self, experiment: Experiment) -> None:
        self._survey, self._widened = Survey(), 0
        self._basins = None
        self._optimizers = len(experiment.optimizers)
        self._trajectories, self._projected, self._history, self._left = [], [], None, {}
        self._grid = self._box = None
        self._paths = []
        self._step = 0
        self._recentre.hide()
        self._no_loss = ""
        self._show_absence()
        self._note.setText("The surface is being computed…")
        self._show_paths()

    def show_surface(self, surface: SurfaceGrid) -> None:
        self._grid = surface
        extent = float(np.hypot(surface.x[-1] - surface.x[0], surface.y[-1] - surface.y[0]))
        self._trajectories = [Trajectory(index, extent / 600) for index in range(self._optimizers)]
        self._projected, self._left = [], {}
        self._show_absence()
        self._show_note()
        self._show_box()

    def _show_absence(self) -> None:
        """Words where there is no surface; what would change it is offered only where there is one."""
        grid = self._grid
        is_gap = grid is not None and not np.isfinite(grid.heights).any()
        self._place.explain(self._no_loss or (NOWHERE_FINITE if is_gap else ""))
        is_there = not self._place.sentence
        self._recentre.setVisible(grid is not None and not grid.exact and not self._no_loss)
        self._basins_switch.setVisible((grid is None or grid.exact) and is_there)
        self._log.setVisible(is_there)
        self._kind.setVisible(is_there)

    def _show_note(self) -> None:
        if self._grid is None:
            return
        note = "" if self._place.sentence else self._note_text(self._grid)
        self._note.setText(note.split("\n", maxsplit=1)[0])
        self._note.setToolTip(note)

    def _note_text(self, surface: SurfaceGrid) -> str:
        parts = [part for part in (self._progress, self._left_text()) if part]
        if self._basins is not None:
            parts.append(f"Colours: where each start ends. {self._basins.note}")
        if self.opengl_fault:
            parts.append(f"No 3-D here: {self.opengl_fault}")
        if np.isnan(surface.heights).any():
            parts.append("Gaps: the loss is not finite there.")
        if surface.note:
            parts.append(surface.note)
        return "\n".join(parts)

    def _left_text(self) -> str:
        """That a path goes on beyond a slice, which never grows after it."""
        if not self._left:
            return ""
        first = min(self._left.values())
        if self._optimizers == 1:
            return f"The path leaves this picture by step {first:,}: Slice here follows it."
        whose = f"{len(self._left)} of {self._optimizers} paths leave this picture, the first by step {first:,}"
        return f"{whose}: Slice here follows the first optimiser."

    def _show_box(self) -> None:
        """Only the picture that is seen is built."""
        if self._grid is None:
            return
        self._box = SurfaceBox.of(self._grid, self._log.isChecked(), self._basins)
        self._picture.show_box(self._box)
        self._paths = [] if self._grid.exact else self._paths
        if self._history is not None:
            self.show_history(self._history, self._step)
        if not self._paths:
            self._show_paths()

    def show_history(self, history: History, step: int) -> None:
        self._history, self._step = history, step
        if self._grid is None or not self._grid.exact or not len(history.positions):
            return
        paths = [trajectory.read(history, step) for trajectory in self._trajectories]
        if not _same_paths(paths, self._paths):
            self._paths = paths
            self._show_paths()
        self._widen(self._grid, history.positions[min(step, len(history.positions) - 1), 0])

    def _widen(self, grid: SurfaceGrid, place: Floats) -> None:
        """A path that leaves the picture gets a larger one, a few times; one that runs away does not."""
        x, y = place
        inside = grid.x[0] <= x <= grid.x[-1] and grid.y[0] <= y <= grid.y[-1]
        if inside or not (abs(x) < FAR and abs(y) < FAR) or self._widened >= MOST_WIDENED:
            return
        domain = _wider(grid.x[0], grid.x[-1], x), _wider(grid.y[0], grid.y[-1], y)
        if domain != self._survey.domain:
            self._widened += 1
            self._survey = replace(self._survey, domain=domain)

    def _show_places(self, places: Places, step: int) -> None:
        if places.no_loss != self._no_loss:
            self._no_loss = places.no_loss
            self._show_absence()
            self._show_note()
        if self._grid is None or self._grid.exact or len(places.position) != self._optimizers:
            return
        if not self._projected:
            self._projected = [np.empty((0, 2)) for _ in range(self._optimizers)]
        pairs = zip(self._projected, places.position, strict=True)
        self._projected = [np.concatenate((path, place[None]))[-4000:] for path, place in pairs]
        self._paths = self._projected
        self._note_leaving(places.position, step)
        self._show_paths()

    def _note_leaving(self, position: Floats, step: int) -> None:
        """Who stands outside at this step, and at no earlier one that was seen."""
        if self._box is None:
            return
        before = dict(self._left)
        for index in np.flatnonzero(~self._box.inside(position)).tolist():
            self._left[index] = min(step, self._left.get(index, step))
        if self._left != before:
            self._show_note()

    def _show_paths(self) -> None:
        self._picture.show_paths(self._paths)

    def drawn(self) -> dict[str, object]:
        if self._grid is None:
            return {"surface": None, "paths": [], "three_dimensional": self.is_three_dimensional}
        return {
            "surface": self._grid.heights.shape,
            "labels": (self._grid.x_label, self._grid.y_label),
            "minima": self._grid.minima,
            "paths": [len(path) for path in self._paths],
            "ends": [tuple(path[-1].tolist()) for path in self._paths if len(path)],
            "three_dimensional": self.is_three_dimensional,
            "contours": self.contour.levels,
            "note": self._note.text(),
            "absence": self._place.sentence,
            "basins": [] if self._basins is None else np.unique(self._basins.labels).tolist(),
        }


def _same_paths(paths: list[Floats], others: list[Floats]) -> bool:
    """Whether nothing moved: paths only grow at their end."""
    pairs = zip(paths, others, strict=False)
    return len(paths) == len(others) and all(len(a) == len(b) and np.array_equal(a[-1:], b[-1:]) for a, b in pairs)


def _wider(low: float, high: float, value: float) -> tuple[float, float]:
    """A range that holds `value` with some room."""
    room = 0.5 * (high - low)
    return (float(min(low, value - room)) if value < low else float(low)), (
        float(max(high, value + room)) if value > high else float(high)
    )
