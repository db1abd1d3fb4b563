"""Data and prediction in one picture."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from gradviz.core.document.experiment import Experiment, figure_names, optimizer_names
from gradviz.core.numbers import plural, short_number
from gradviz.core.questions.fit import CurveFit, FitSnapshot, PlaneFit, Predict, TableFit
from gradviz.core.questions.question import Answer, Question, Refusal
from gradviz.core.runs.figures import score_text
from gradviz.core.words import say
from gradviz.views.kit.absence import Absence
from gradviz.views.kit.lane_key import LaneKey, Piece
from gradviz.views.kit.lanes import LaneSign
from gradviz.views.kit.readout import Readout
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.view import View
from gradviz.views.plots.class_table import ClassTable
from gradviz.views.plots.fit_plot import FitPlot, axis_titles

NO_DATA = "This experiment fits no data: choose Fit as its objective, or import a table."
NO_PREDICTION = say("no line: give the prediction a line of its own, such as  p = w*x + b")


class FitView(View):
    """One input: the points, and each optimiser's curve through them. Two inputs: the plane with its points.

    More inputs: prediction against target, or the table of classes.
    """

    key: ClassVar[str] = "fit"
    title: ClassVar[str] = "Fit"
    content: ClassVar[str] = "points"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = FitPlot(self)
        self._table = ClassTable(self)
        self._place = Absence(self._plot, "No data to fit")
        self._pages = QStackedLayout()
        self._pages.addWidget(self._place)
        self._pages.addWidget(self._table)
        self._key = LaneKey(1, "000")
        self._key.hide()
        self._note = Readout(0, Qt.AlignmentFlag.AlignLeft, muted=True)
        self._fit: FitSnapshot | None = None
        self._has_data = False
        self._names: tuple[str, ...] = ()
        self._which = ""
        """Which of the points are shown, where some are held out."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 0)
        head.addWidget(self._note)
        layout.addLayout(head)
        key = QHBoxLayout()
        key.setContentsMargins(8, 0, 8, 0)
        key.addWidget(self._key)
        layout.addLayout(key)
        layout.addLayout(self._pages, 1)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._plot.set_theme(theme)
        self._key.set_theme(theme)
        self._show_key()
        self._table.set_theme(theme)

    def begin_run(self, experiment: Experiment) -> None:
        self._fit = None
        self._names = optimizer_names(experiment)
        self._has_data = experiment.objective.has_fit
        self._which = " trained on" if figure_names(experiment) else ""
        self._note.setText("")
        self._place.explain("" if self._has_data else NO_DATA)
        self._pages.setCurrentWidget(self._place)
        self._plot.clear_fit()
        self._show_key()

    def show_settings(self, experiment: Experiment) -> None:
        self._names = optimizer_names(experiment)

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        return (Predict(),) if self._has_data else ()

    def show_answer(self, answer: Answer) -> None:
        if isinstance(answer.value, Refusal):
            self._note.setText(spoken(answer.value.why))
            return
        fit = self._fit = answer.value
        if isinstance(fit, TableFit):
            self._pages.setCurrentWidget(self._table)
            names = fit.score.names
            self._table.show_counts(fit.counts, names.classes, names.targets[0] if len(names.targets) == 1 else "")
        else:
            self._pages.setCurrentWidget(self._place)
            self._plot.show_fit(fit)
        self._show_key()
        self._note.setText(self._text(fit, answer.step))
        self._note.setToolTip(self._explanation(fit))

    def _show_key(self) -> None:
        """Which points are trained on, and which are held out, where any are."""
        fit = self._fit
        held = None if fit is None or isinstance(fit, TableFit) else fit.held
        self._key.setVisible(held is not None)
        if fit is not None and held is not None:
            has_colours = fit.score.classes > 0 or not isinstance(fit, CurveFit)
            sign = LaneSign(self.theme.muted if has_colours else self.theme.accent, "circle")
            full = Piece("trained on", sign, f"{fit.score.rows:,}", has_line=False)
            self._key.show_pieces([full, Piece("held out", sign, f"{held.rows:,}", is_off=True)])

    def _text(self, fit: FitSnapshot, step: int) -> str:
        score = fit.score
        rows = (
            plural(score.rows, "point")
            if score.shown == score.rows
            else f"{score.shown:,} of {plural(score.rows, 'point')}"
        )
        if isinstance(fit, CurveFit) and not len(fit.curves):
            return f"{rows}, {spoken(NO_PREDICTION)}"
        values = [score_text(value, score.classes > 0) for value in score.values]
        if len(values) > 1:
            values = [f"{name} {value}" for name, value in zip(self._names, values, strict=False)]
        told = ", ".join(values[:4]) if all(map(math.isfinite, score.values)) else ""
        return f"{rows}{self._which}, prediction of step {step:,}{self._owner(fit)}" + (f": {told}" if told else "")

    def _owner(self, fit: FitSnapshot) -> str:
        """Whose prediction it is, where several optimisers race and only one has room."""
        if isinstance(fit, CurveFit) or len(self._names) < 2:
            return ""
        return f" of {self._names[fit.optimizer]}"

    def _explanation(self, fit: FitSnapshot) -> str:
        """What the picture shows and how to read it, in full."""
        has_hollow = not isinstance(fit, TableFit) and fit.held is not None
        return self._reading(fit) + (" Hollow points are rows held out." if has_hollow else "")

    def _reading(self, fit: FitSnapshot) -> str:
        if isinstance(fit, PlaneFit) and fit.score.classes:
            return "The colour is the class that the model answers, paler where it is less certain."
        if isinstance(fit, PlaneFit):
            low, high = short_number(float(fit.targets.min())), short_number(float(fit.targets.max()))
            return f"The colour is the predicted value, from {low} (dark) to {high} (light), and of a point its target."
        if isinstance(fit, TableFit):
            return "Each row of the table is a class, each column an answer; the diagonal is right."
        if isinstance(fit, CurveFit) and fit.score.classes == 2:
            return "The points are the data, each curve is the probability P that one optimiser's model gives."
        if isinstance(fit, CurveFit):
            return "The points are the data, each curve is the prediction of one optimiser."
        return "Each point is one output of one row; on the diagonal the prediction equals the target."

    def drawn(self) -> dict[str, object]:
        fit = self._fit
        note = self._note.text() or self._place.sentence
        if fit is None:
            return {"points": 0, "curve": [], "note": note}
        shown: dict[str, object] = {"points": fit.score.shown, "note": note, "kind": type(fit).__name__}
        if not isinstance(fit, TableFit) and fit.held is not None:
            hollow = sum(len(dots.points) for dots in self._plot.live_dots() if dots.hole)
            shown |= {"held_out": hollow, "key": [f"{piece.text} {piece.number}" for piece in self._key.pieces]}
        if isinstance(fit, CurveFit):
            shown["curve"] = fit.curves[0].tolist() if len(fit.curves) else []
        elif isinstance(fit, PlaneFit):
            shown["field"] = np.round(fit.field[:: max(1, len(fit.y) // 8), :: max(1, len(fit.x) // 8)], 6).tolist()
        elif isinstance(fit, TableFit):
            shown["counts"] = fit.counts.tolist()
            shown["classes"] = fit.score.names.classes
        if not isinstance(fit, TableFit):
            shown["axes"] = axis_titles(fit)
        return shown
