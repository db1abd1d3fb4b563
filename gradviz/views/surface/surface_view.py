"""The surface view: three dimensions where OpenGL works, contours where it does not, and a curve over one number.

What it knows is a value (surface_state), what it shows a pure function of that (surface_picture); the widget pushes
what differs from the picture before.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, cast

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
from gradviz.core.questions.basins import MapBasins
from gradviz.core.questions.place import Places
from gradviz.core.questions.question import Answer, Question, Refusal
from gradviz.core.questions.surface import LossCurve, SurfaceGrid, Survey
from gradviz.core.runs.history import History
from gradviz.views.kit.absence import Absence
from gradviz.views.kit.lane_key import STEP_ROOM, LaneKey, Piece
from gradviz.views.kit.lanes import lane_sign
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.tick_box import TickBox
from gradviz.views.kit.view import View
from gradviz.views.surface.contour_plot import ContourPlot
from gradviz.views.surface.loss_curve_plot import LossCurvePlot
from gradviz.views.surface.run_marks import Legend, Mark
from gradviz.views.surface.surface_geometry import SurfaceBox
from gradviz.views.surface.surface_picture import Control, Drawing, SurfacePicture, picture, same_run
from gradviz.views.surface.surface_state import SurfaceState

if TYPE_CHECKING:
    from gradviz.views.surface.surface_scene import SurfaceScene

P = TypeVar("P", ContourPlot, LossCurvePlot)

LEGEND_LINES = 4
"""Of so many at most the legend says who reached what, and when: of more there would be no surface left."""


class Canvas(Protocol):
    """What a run is drawn on, over a surface or along a curve."""

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""

    def show_run(self, paths: Sequence[Floats], marks: Sequence[Mark]) -> None:
        """Show one path (k, 2 or 1) an optimiser, in data coordinates, with its mark."""


class SurfaceCanvas(Canvas, Protocol):
    """One that shows a surface, in three dimensions or from above."""

    def show_box(self, box: SurfaceBox) -> None:
        """Show a surface; what was shown of paths stays."""


class SurfaceView(View):
    """The objective over its two numbers, over its one, or over a slice, with the path of every optimiser.

    `opengl_fault` is why there is no third dimension, or empty. `start_chosen` says where the user wants
    to start.
    """

    key: ClassVar[str] = "surface"
    title: ClassVar[str] = "Surface"
    content: ClassVar[str] = "surface"
    needs_history: ClassVar[bool] = True
    follows_closely: ClassVar[bool] = True

    start_chosen = Signal(float, float)

    def __init__(self, opengl_fault: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = SurfaceState(opengl_fault, three_dimensional=not opengl_fault)
        self._shown: SurfacePicture | None = None
        self._kind = QComboBox()
        self._log = TickBox("Log height")
        self._basins_switch = TickBox("Basins")
        self._recentre = QPushButton("Slice here")
        self._controls: dict[Control, QWidget] = {
            Control.RECENTRE: self._recentre,
            Control.BASINS: self._basins_switch,
            Control.LOG_HEIGHT: self._log,
            Control.KIND: self._kind,
        }
        self._note = QLabel()
        self._legend = LaneKey(LEGEND_LINES, STEP_ROOM)
        self._stack = QStackedWidget()
        self._place = Absence(self._stack, "No surface to draw")
        self.scene = self._make_scene()
        self._fill_head()
        self._arrange()
        self._move(self._state)

    @property
    def opengl_fault(self) -> str:
        """Why there is no third dimension, or empty."""
        return self._state.opengl_fault

    @cached_property
    def contour(self) -> ContourPlot:
        """The surface from above: made when it is first wanted, for a plot takes as long as a dozen fields."""
        return self._taken_in(ContourPlot(self))

    @cached_property
    def curve(self) -> LossCurvePlot:
        """The loss over one number: made when it is first wanted."""
        return self._taken_in(LossCurvePlot(self))

    def _taken_in(self, plot: P) -> P:
        plot.start_chosen.connect(self.start_chosen)
        plot.set_theme(self.theme)
        self._stack.addWidget(plot)
        return plot

    def _made_plots(self) -> list[ContourPlot | LossCurvePlot]:
        return [self.__dict__[name] for name in ("contour", "curve") if name in self.__dict__]

    def _make_scene(self) -> SurfaceScene | None:
        if self.opengl_fault:
            return None
        from gradviz.views.surface.surface_scene import SurfaceScene

        scene = SurfaceScene(self)
        scene.start_chosen.connect(self.start_chosen)
        return scene

    def _fill_head(self) -> None:
        if self.scene is not None:
            self._kind.addItem("3-D")
            self._stack.addWidget(self.scene)
        self._kind.addItem("Contour")
        self._kind.setToolTip(self.opengl_fault or "The surface in three dimensions, or from above.")
        self._kind.currentIndexChanged.connect(self._on_kind_changed)
        self._log.setChecked(True)
        self._log.setToolTip("Heights and colours on a logarithmic scale: shows the valleys. The ticks are losses.")
        self._log.toggled.connect(self._on_log_toggled)
        self._basins_switch.setToolTip("Colours by where the first optimiser ends from each start.")
        self._basins_switch.toggled.connect(self._on_basins_toggled)
        self._recentre.setToolTip("Lay the slice through the parameters of the current step.")
        self._recentre.clicked.connect(self._on_recentre_clicked)
        for button in (self._log, self._basins_switch, self._recentre):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._note.setProperty("muted", True)
        self._note.setWordWrap(True)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 4)
        head.setSpacing(12)
        head.addWidget(self._note, 1)
        for widget in self._controls.values():
            head.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        beside = QHBoxLayout()  # never upon the surface
        beside.setContentsMargins(8, 0, 8, 0)
        beside.addWidget(self._legend)
        layout.addLayout(beside)
        layout.addWidget(self._place, 1)

    # What the user does

    def set_kind(self, three_dimensional: bool) -> None:
        """Choose the picture; without OpenGL it stays the contour."""
        self._kind.setCurrentIndex(0 if three_dimensional else self._kind.count() - 1)

    @property
    def is_three_dimensional(self) -> bool:
        """Whether the third dimension is shown."""
        return self._state.three_dimensional

    @property
    def log_height(self) -> bool:
        """Whether heights are logarithmic."""
        return self._log.isChecked()

    def set_log_height(self, on: bool) -> None:
        """Choose the scale of heights."""
        self._log.setChecked(on)

    @property
    def camera(self) -> list[float]:
        """From where the third dimension is seen; empty without one."""
        return [] if self.scene is None else self.scene.camera

    def place_camera(self, camera: Sequence[float]) -> None:
        """See it from where `camera` told; from the usual place if it is empty."""
        if self.scene is not None and len(camera):
            self.scene.place_camera(*camera)

    def switch_basins(self, on: bool) -> None:
        """Ask for the map of basins, or take it away."""
        self._basins_switch.setChecked(on)

    def _on_kind_changed(self, index: int) -> None:
        self._move(self._state.with_kind(three_dimensional=self.scene is not None and index == 0))

    def _on_log_toggled(self, on: bool) -> None:
        self._move(self._state.with_log_height(on))

    def _on_basins_toggled(self, on: bool) -> None:
        self._move(self._state.with_basins_on(on))

    def _on_recentre_clicked(self) -> None:
        self._move(self._state.recut())

    # What becomes known

    def begin_run(self, experiment: Experiment) -> None:
        self._move(self._state.begun(experiment))

    def show_settings(self, experiment: Experiment) -> None:
        self._move(self._state.with_names(experiment))

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        return self._state.asks

    def show_answer(self, answer: Answer) -> None:
        value, state = answer.value, self._state
        if answer.question not in self.asks:
            return
        if isinstance(value, SurfaceGrid | LossCurve):
            self._move(state.with_surface(value))
        elif isinstance(answer.question, Survey) and isinstance(value, Refusal):
            self._move(state.without_surface(value))
        elif isinstance(value, Places):
            self._move(state.with_places(value, answer.step))
        elif isinstance(answer.question, MapBasins):
            self._move(state.with_basins(value))

    def show_history(self, history: History, step: int) -> None:
        state = self._state.with_history(history, step)
        if state.is_exact:
            self._move(state)
        else:
            self._state = state  # a slice and a curve are drawn with the places of a step

    # From the picture before to the one that is due

    def _move(self, state: SurfaceState) -> None:
        """Take over a state, and push what its picture has of new."""
        self._state = state
        before, self._shown = self._shown, picture(state)
        self._push_words(before, self._shown)
        self._push_legend(before, self._shown)
        self._push_drawing(before, self._shown)

    def _push_words(self, before: SurfacePicture | None, now: SurfacePicture) -> None:
        """The note, the controls, and why there is no picture."""
        if before is None or now.absence != before.absence:
            self._place.explain(now.absence)
        if before is None or now.controls != before.controls:
            for control, widget in self._controls.items():
                widget.setVisible(control in now.controls)
        if before is None or now.note != before.note:
            self._note.setText(now.note[0] if now.note else "")
            self._note.setToolTip("\n".join(now.note))

    def _push_legend(self, before: SurfacePicture | None, now: SurfacePicture) -> None:
        legend = Legend() if now.absence else now.legend
        if before is not None and legend == (Legend() if before.absence else before.legend):
            return
        head = [Piece(legend.head, is_head=True)] if legend.head else []
        count = self._state.optimizers
        lines = (
            Piece(
                line.text,
                lane_sign(self.theme, line.optimizer, count),
                line.number,
                is_fault=line.is_lost,
                is_off=line.is_off,
            )
            for line in legend.lines
        )
        self._legend.show_pieces([*head, *lines])
        self._legend.setVisible(bool(legend.lines))

    def _canvas(self, drawing: Drawing) -> Canvas:
        return self.curve if drawing is Drawing.CURVE else self._surface(drawing)

    def _surface(self, drawing: Drawing) -> SurfaceCanvas:
        return self.contour if self.scene is None or drawing is not Drawing.SCENE else self.scene

    def _push_drawing(self, before: SurfacePicture | None, now: SurfacePicture) -> None:
        """Only the canvas that is seen is drawn on; one that comes into sight knows nothing."""
        canvas = self._canvas(now.drawing)
        if before is None or now.drawing != before.drawing:
            self._stack.setCurrentWidget(cast("QWidget", canvas))
            before = None
        if now.box is not None and (before is None or now.box != before.box):
            self._surface(now.drawing).show_box(now.box)
        if now.curve is not None and (before is None or now.curve is not before.curve):
            self.curve.show_curve(now.curve)
            before = None  # a path lies along the curve
        if before is None or not same_run(now, before):
            canvas.show_run(now.paths, now.marks)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._legend.set_theme(theme)
        canvases: list[Canvas] = [*self._made_plots(), *([] if self.scene is None else [self.scene])]
        for canvas in canvases:
            canvas.set_theme(theme)
        self._shown = None
        self._move(self._state)

    def drawn(self) -> dict[str, object]:
        state, shown = self._state, picture(self._state)
        grid, drawn = state.grid, state.grid or state.curve
        if drawn is None:
            return {"surface": None, "paths": [], "three_dimensional": self.is_three_dimensional}
        return {
            "surface": drawn.heights.shape,
            "labels": (drawn.x_label,) if isinstance(drawn, LossCurve) else (drawn.x_label, drawn.y_label),
            "minima": () if grid is None else grid.minima,
            "paths": [len(path) for path in shown.paths],
            "ends": [tuple(path[-1].tolist()) for path in shown.paths if len(path)],
            "marks": shown.marks,
            "legend": [line.text for line in shown.legend.lines],
            "reached": {shown.legend.head: [line.number for line in shown.legend.lines]} if shown.legend.head else {},
            "drawing": shown.drawing.name.lower(),
            "three_dimensional": self.is_three_dimensional,
            "contours": self.contour.levels if "contour" in self.__dict__ else 0,
            "note": self._note.text(),
            "absence": self._place.sentence,
            "basins": [] if state.basins is None else np.unique(state.basins.labels).tolist(),
        }
