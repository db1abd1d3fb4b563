"""Loss curves: every step, linear or log, drawn from the pyramid of the history; those of rows held out are dashed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gradviz.core.document.experiment import Experiment, figure_names, optimizer_names
from gradviz.core.numbers import Floats, short_number
from gradviz.core.questions.place import Locate, Places
from gradviz.core.questions.question import Answer, Question
from gradviz.core.runs.figures import COUNT, TRAINING_SCORE, VALIDATION_LOSS, VALIDATION_SCORE, latest, score_text
from gradviz.core.runs.history import History
from gradviz.core.runs.standings import lost_since
from gradviz.core.words import say
from gradviz.views.kit.absence import Absence
from gradviz.views.kit.lane_key import BETWEEN, LaneKey, Piece
from gradviz.views.kit.lanes import LaneSign, lane_sign
from gradviz.views.kit.quiet_plot import LiveCurve, LiveMark, QuietPlot
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.tick_box import TickBox
from gradviz.views.kit.view import View

PIXELS = 420
WIDTH_HELD = 2.0
"""Of the dashed curves: a gap takes from a line what makes it seen."""
FEW = 3
"""So many losses are written in full; the note of a larger race has three digits of each."""
STAGES = (1, 1.1, 1.2, 1.35, 1.5, 1.75, 2, 2.25, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10)
LEAST_STEPS = 2.0
"""The shortest axis of steps."""


class _Series(NamedTuple):
    """Blocks of values to be drawn: steps (k,), smallest and largest (k, optimisers)."""

    steps: Floats
    low: Floats
    high: Floats


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
            self._key.show_pieces(self._named() if history is None else ())
            self._plot.show_live([])
            return
        solid, dashed = self._series(history)
        points = [self._points(solid, k) for k in range(solid.low.shape[1])]
        held = [self._points(dashed, k) for k in range(dashed.low.shape[1])]
        signs = [self._sign(k) for k in range(len(points))]
        self._marks = self._zero_marks(solid.steps, solid.low)
        self._lost = lost_since(history.losses)
        curves = _curves(points, signs, held, is_alone=len(history) == 1)
        low, high = (
            np.concatenate([part.ravel() for part in both])
            for both in zip((solid.low, solid.high), (dashed.low, dashed.high), strict=True)
        )
        self._fit_frame(len(history), low, high)
        self._say(history)
        ends = [(k, points[k][-1].tolist()) for k in self._lost if len(points[k])]
        crosses = [LiveMark(x, y, signs[k].colour, is_cross=True) for k, (x, y) in ends]
        self._plot.show_live(curves, self._marks + crosses, self._step)

    def _series(self, history: History) -> tuple[_Series, _Series]:
        """What is drawn solid, of the rows trained on, and what dashed, of those held out; one column an optimiser."""
        steps, low, high = (
            history.figure_extremes(0, len(history), PIXELS)
            if self._score
            else (np.empty(0), *(np.empty((0, 0, COUNT)) for _ in range(2)))
        )
        shown = VALIDATION_SCORE if self.shows_scores else VALIDATION_LOSS
        dashed = _Series(steps, low[:, :, shown], high[:, :, shown])
        if self.shows_scores:
            return _Series(steps, low[:, :, TRAINING_SCORE], high[:, :, TRAINING_SCORE]), dashed
        return _Series(*history.extremes(0, len(history), PIXELS)), dashed

    def _points(self, series: _Series, index: int) -> Floats:
        """Each block as its smallest and its largest value, on the axis' own scale; what is not finite is left out."""
        y = np.column_stack((series.low[:, index], series.high[:, index])).reshape(-1)
        if self._is_log:
            with np.errstate(invalid="ignore", divide="ignore"):
                y = np.where(y > 0, np.log10(y), np.nan)
        finite = np.isfinite(y)
        return np.column_stack((np.repeat(series.steps, 2)[finite], y[finite]))

    def _zero_marks(self, steps: Floats, low: Floats) -> list[LiveMark]:
        """A log axis has no zero: mark the first exact zero of each curve at the lowest positive loss."""
        positive = low[low > 0]
        if not self._is_log or not (low == 0).any():
            return []
        floor = float(np.log10(positive.min())) if positive.size else 0.0
        firsts = [(k, np.flatnonzero(low[:, k] == 0)) for k in range(low.shape[1])]
        return [LiveMark(float(steps[found[0]]), floor, self._sign(k).colour) for k, found in firsts if found.size]

    def _fit_frame(self, length: int, low: Floats, high: Floats) -> None:
        """Axes that hold all curves, in stages: an axis that stays as it was costs nothing.

        A user who has moved or zoomed the plot keeps what they chose until the next run.
        """
        box = self._plot.getPlotItem().getViewBox()
        if self._frame is not None and box.viewRange() != self._frame_seen:
            return
        bottom, top = self._limits(low, high)
        known, across = self._frame, max(LEAST_STEPS, _stage(length - 1))
        if known is not None and across == known[0] and known[1] <= bottom and top <= known[2]:
            return
        room = 0.06 * (top - bottom) or 0.5
        self._frame = (across, bottom - room, top + room)
        box.setRange(xRange=(-0.02 * across, 1.03 * across), yRange=self._frame[1:], padding=0)
        self._frame_seen = box.viewRange()

    def _limits(self, low: Floats, high: Floats) -> tuple[float, float]:
        """The smallest and largest value on the loss axis, as that axis counts."""
        lows, highs = low[np.isfinite(low)], high[np.isfinite(high)]
        if self._is_log:
            lows, highs = np.log10(lows[lows > 0]), np.log10(highs[highs > 0])
        return (float(lows.min()), float(highs.max())) if lows.size and highs.size else (0.0, 1.0)

    def _say(self, history: History) -> None:
        last = history.losses[min(self._step, len(history) - 1)]
        digits = 7 if len(last) <= FEW else 3
        text = ", ".join(short_number(float(loss), digits) for loss in last)
        zero = f"▲ exactly 0 {self._zero_words(history.losses)}" if self._marks else ""
        self._note = f"loss {text} at step {self._step:,}" + (f";  {zero}" if zero else "")
        held = [latest(history.figures[:, k], self._step) if self._score else None for k in range(len(last))]
        if len(self._names) > 1:
            dashed = (
                [Piece("held out", LaneSign(self.theme.muted, ""), has_mark=False, is_dashed=True)] if any(held) else []
            )
            pieces = [Piece(f"step {self._step:,}"), *self._named(last, held), *dashed, Piece(zero)]
        else:
            shown = [Piece(f"loss {text} at step {self._step:,}")] if held[0] is None else self._both(text, held[0])
            pieces = [*shown, Piece(zero)]
            pieces += [Piece(self._lost_words(step), self._sign(k), is_fault=True) for k, step in self._lost.items()]
        self._key.show_pieces([piece for piece in pieces if piece.text])

    def _both(self, loss: str, held: tuple[int, Floats]) -> list[Piece]:
        """Of one optimiser: the line of the rows trained on and that of those held out, each with its number."""
        step, figures = held
        validation = short_number(float(figures[VALIDATION_LOSS]), 7)
        self._note = f"loss {loss}, validation {validation} at step {self._step:,}"
        shown = f"loss {loss}"
        if self.shows_scores:
            shown, validation = (self._score_text(figures, place) for place in (TRAINING_SCORE, VALIDATION_SCORE))
            shown = f"trained on {shown}"
        of = f" of step {step:,}" if step != self._step else ""
        sign = self._sign(0)
        held_out = Piece(f"held out {validation}{of}", sign, has_mark=False, is_dashed=True)
        return [Piece(shown, sign, has_mark=False), held_out, Piece(f"at step {self._step:,}")]

    def _score_text(self, figures: Floats, place: int) -> str:
        return score_text(float(figures[place]), self._score == "accuracy")

    def _named(self, losses: Floats | None = None, held: Sequence[tuple[int, Floats] | None] = ()) -> list[Piece]:
        """Everybody who races, with the loss of the step and that of the rows held out; who diverged, and when."""
        pieces = []
        for k, name in enumerate(self._names if len(self._names) > 1 else ()):
            if k in self._lost:
                pieces.append(Piece(f"{name} {self._lost_words(self._lost[k])}", self._sign(k), is_fault=True))
                continue
            numbers = [] if losses is None else [float(losses[k])]
            found = held[k] if held else None
            if found is not None:
                scores = [float(found[1][place]) for place in (TRAINING_SCORE, VALIDATION_SCORE)]
                numbers = scores if self.shows_scores else [*numbers, float(found[1][VALIDATION_LOSS])]
            number = BETWEEN.join(short_number(value, 3) for value in numbers)
            pieces.append(Piece(name, self._sign(k), number))
        return pieces

    @staticmethod
    def _lost_words(step: int) -> str:
        return spoken(say("diverged at step {step:,}", step=step))

    def _zero_words(self, losses: Floats) -> str:
        """Where: at the step that is marked, and whether it stays there. With several optimisers the marks tell."""
        if losses.shape[1] > 1:
            return "at the marks"
        first = int(np.flatnonzero(losses[:, 0] == 0)[0])
        stays = not losses[first:, 0].any()
        return f"from step {first:,} on" if stays else f"at step {first:,}"

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


def _stage(length: int) -> float:
    """The next of a few round numbers, which leaves a sixth of the axis free at most."""
    power = 10.0 ** np.floor(np.log10(max(length, 1)))
    return next(float(power * factor) for factor in STAGES if power * factor >= length * (1 - 1e-12))


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
