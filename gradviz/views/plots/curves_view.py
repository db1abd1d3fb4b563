"""Loss curves: every step, linear or log, drawn from the pyramid of the history; those of rows held out are dashed."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gradviz.core.document.experiment import Experiment, figure_names, optimizer_names
from gradviz.core.numbers import Floats
from gradviz.core.questions.place import Locate, Places
from gradviz.core.questions.question import Answer, Question
from gradviz.core.runs.history import History
from gradviz.core.runs.standings import lost_since
from gradviz.views.kit.absence import Absence
from gradviz.views.kit.lane_key import LaneKey
from gradviz.views.kit.lanes import LaneSign, lane_sign
from gradviz.views.kit.quiet_plot import LiveCurve, LiveMark, QuietPlot
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.tick_box import TickBox
from gradviz.views.kit.view import View
from gradviz.views.plots.curve_key import CurveKey
from gradviz.views.plots.curve_series import Series, limits, series_of, stage

WIDTH_HELD = 2.0
"""Of the dashed curves: a gap takes from a line what makes it seen."""
LEAST_STEPS = 2.0
"""The shortest axis of steps."""


class CurvesView(View):
    """Loss over steps, one curve an optimiser. A loss of exactly 0 is marked on the log axis, which cannot hold it.

    Where rows are held out, a dashed curve of the same colour is theirs; instead of the losses the scores of both parts
    can be shown.
    """

    key: ClassVar[str] = "curves"
    title: ClassVar[str] = "Curves"
    content: ClassVar[str] = "points"
    needs_history: ClassVar[bool] = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = QuietPlot(self)
        item = self._plot.getPlotItem()
        item.setLabel("bottom", "step")
        item.setLabel("left", "loss")
        item.showGrid(x=True, y=True, alpha=0.15)
        item.getViewBox().setDefaultPadding(0.0)
        self._log = TickBox("Log scale")
        self._log.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._log.setToolTip("Logarithmic loss axis (L). Zero cannot stand on it and is marked at the lower edge.")
        self._log.toggled.connect(self._on_log_toggled)
        self._scores = TickBox("Accuracy")
        self._scores.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._scores.toggled.connect(self._on_scores_toggled)
        self._scores.hide()
        self._score = ""
        """What a score of this run is: accuracy or r2; nothing where no rows are held out."""
        self._place = Absence(self._plot, "No loss to draw")
        self._key = LaneKey()
        self._note = ""
        self._history: History | None = None
        self._step = 0
        self._names: tuple[str, ...] = ()
        self._marks: list[LiveMark] = []
        self._lost: dict[int, int] = {}
        """The step from which on an optimiser has no finite loss."""
        self._frame: tuple[float, float, float] | None = None
        self._frame_seen: Any = None
        self._arrange()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 0)
        head.setSpacing(12)
        head.addWidget(self._key, 1)
        head.addWidget(self._scores, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._log, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._place, 1)

    @property
    def log_scale(self) -> bool:
        """Whether the loss axis is logarithmic."""
        return self._log.isChecked()

    @property
    def shows_scores(self) -> bool:
        """Whether the scores are drawn in the place of the losses."""
        return bool(self._score) and self._scores.isChecked()

    def set_shows_scores(self, on: bool) -> None:
        """Choose between losses and scores; without rows held out there are losses alone."""
        self._scores.setChecked(on)

    @property
    def _is_log(self) -> bool:
        return self.log_scale and not self.shows_scores

    def set_log_scale(self, on: bool) -> None:
        """Choose the loss axis."""
        self._log.setChecked(on)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._plot.set_theme(theme)
        self._key.set_theme(theme)
        self._draw()

    def begin_run(self, experiment: Experiment) -> None:
        self._names = optimizer_names(experiment)
        self._history, self._step, self._frame = None, 0, None
        self._place.explain("")
        names = figure_names(experiment)
        self._score = names[-1].removeprefix("validation_") if names else ""
        self._scores.setVisible(bool(names))
        what = "The share of right answers" if self._score == "accuracy" else "R², 1 for a perfect prediction,"
        self._scores.setText("Accuracy" if self._score == "accuracy" else "R²")
        self._scores.setToolTip(f"{what} of the rows trained on and of those held out, in the place of the losses.")
        self._choose_axis()
        self._draw()

    def show_settings(self, experiment: Experiment) -> None:
        self._names = optimizer_names(experiment)
        self._draw()

    def _sign(self, index: int) -> LaneSign:
        return lane_sign(self.theme, index, len(self._names))

    def show_history(self, history: History, step: int) -> None:
        self._history, self._step = history, step
        self._draw()

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        return (Locate(),)

    def show_answer(self, answer: Answer) -> None:
        places = answer.value
        if isinstance(places, Places) and places.no_loss != self._place.sentence:
            self._place.explain(places.no_loss)
            self._choose_axis()
            self._draw()

    def _on_log_toggled(self) -> None:
        self._choose_axis()
        self._draw()

    def _on_scores_toggled(self) -> None:
        self._choose_axis()
        self._draw()

    def _choose_axis(self) -> None:
        """What stands at the left, and whether it may be logarithmic: scores may be 0 or less."""
        item, name = self._plot.getPlotItem(), {"accuracy": "share right", "r2": "R²"}.get(self._score, "")
        self._log.setVisible(not self._place.sentence and not self.shows_scores)
        item.getAxis("left").setLogMode(self._is_log)
        item.setLabel("left", name if self.shows_scores else "loss")
        self._frame = None

    def _draw(self) -> None:
        history = self._history
        if history is None or not len(history) or self._place.sentence:
            self._note, self._marks, self._lost = "", [], {}
            self._key.show_pieces(self._words().named() if history is None else ())
            self._plot.show_live([])
            return
        solid, dashed = both = series_of(history, bool(self._score), self.shows_scores)
        points = [solid.points(k, self._is_log) for k in range(solid.curves)]
        held = [dashed.points(k, self._is_log) for k in range(dashed.curves)]
        signs = [self._sign(k) for k in range(len(points))]
        zeros = solid.zeros() if self._is_log else {}
        self._marks = [LiveMark(x, y, signs[k].colour) for k, (x, y) in zeros.items()]
        self._lost = lost_since(history.losses)
        curves = _curves(points, signs, held, is_alone=len(history) == 1)
        self._fit_frame(len(history), both)
        self._note, pieces = self._words().written(history)
        self._key.show_pieces(pieces)
        ends = [(k, points[k][-1].tolist()) for k in self._lost if len(points[k])]
        crosses = [LiveMark(x, y, signs[k].colour, is_cross=True) for k, (x, y) in ends]
        self._plot.show_live(curves, self._marks + crosses, self._step)

    def _words(self) -> CurveKey:
        held_out = LaneSign(self.theme.muted, "")
        parts = self._score, self.shows_scores, self._step, self._lost, bool(self._marks)
        return CurveKey(self._names, self._sign, held_out, *parts)

    def _fit_frame(self, length: int, both: tuple[Series, Series]) -> None:
        """Axes that hold all curves, in stages: an axis that stays as it was costs nothing.

        A user who has moved or zoomed the plot keeps what they chose until the next run.
        """
        box = self._plot.getPlotItem().getViewBox()
        if self._frame is not None and box.viewRange() != self._frame_seen:
            return
        bottom, top = limits(both, self._is_log)
        known, across = self._frame, max(LEAST_STEPS, stage(length - 1))
        if known is not None and across == known[0] and known[1] <= bottom and top <= known[2]:
            return
        room = 0.06 * (top - bottom) or 0.5
        self._frame = (across, bottom - room, top + room)
        box.setRange(xRange=(-0.02 * across, 1.03 * across), yRange=self._frame[1:], padding=0)
        self._frame_seen = box.viewRange()

    def drawn(self) -> dict[str, object]:
        return {
            "points": [len(curve.points) for curve in self._plot.live()],
            "log": self.log_scale,
            "scores": self.shows_scores,
            "dashed": sum(curve.is_dashed for curve in self._plot.live()),
            "note": self._note,
            "absence": self._place.sentence,
            "zeros": [(mark.x, mark.y) for mark in self._marks],
            "step": self._step,
            "names": list(self._names) if len(self._names) > 1 else [],
            "key": [f"{piece.text} {piece.number}".strip() for piece in self._key.pieces],
            "diverged": dict(self._lost),
        }


def _curves(points: list[Floats], signs: list[LaneSign], held: list[Floats], is_alone: bool) -> list[LiveCurve]:
    """Solid of the rows trained on, dashed above them of those held out. One point has no line: it is marked."""
    races = len(points) > 1
    curves = [
        LiveCurve(line, sign.colour, has_end_mark=is_alone, sign=sign if races else None)
        for line, sign in zip(points, signs, strict=True)
    ]
    has_edge = len(held) == 1  # of a race the edges would hide each other's curves
    return curves + [
        LiveCurve(line, sign.colour, WIDTH_HELD, is_alone, is_dashed=True, has_edge=has_edge)
        for line, sign in zip(held, signs, strict=False)
    ]
