"""Loss curves: every step, linear or log, drawn from the pyramid of the history."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gradviz.core.document.experiment import Experiment, optimizer_names
from gradviz.core.numbers import Floats, short_number
from gradviz.core.questions.place import Locate, Places
from gradviz.core.questions.question import Answer, Question
from gradviz.core.runs.history import History
from gradviz.core.runs.standings import lost_since
from gradviz.core.words import say
from gradviz.views.kit.absence import Absence
from gradviz.views.kit.lane_key import LaneKey, Piece
from gradviz.views.kit.lanes import LaneSign, lane_sign
from gradviz.views.kit.quiet_plot import LiveCurve, LiveMark, QuietPlot
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.tick_box import TickBox
from gradviz.views.kit.view import View

PIXELS = 420
FEW = 3
"""So many losses are written in full; the note of a larger race has three digits of each."""
STAGES = (1, 1.1, 1.2, 1.35, 1.5, 1.75, 2, 2.25, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10)
LEAST_STEPS = 2.0
"""The shortest axis of steps."""


class CurvesView(View):
    """Loss over steps, one curve an optimiser. A loss of exactly 0 is marked on the log axis, which cannot hold it."""

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
        head.addWidget(self._key, 1)
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
        self._log.setVisible(True)
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
            self._log.setVisible(not places.no_loss)
            self._draw()

    def _on_log_toggled(self, on: bool) -> None:
        self._plot.getPlotItem().getAxis("left").setLogMode(on)
        self._frame = None
        self._draw()

    def _draw(self) -> None:
        history = self._history
        if history is None or not len(history) or self._place.sentence:
            self._note, self._marks, self._lost = "", [], {}
            self._key.show_pieces(self._named() if history is None else ())
            self._plot.show_live([])
            return
        steps, low, high = history.extremes(0, len(history), PIXELS)
        points = [self._points(steps, low, high, k) for k in range(low.shape[1])]
        is_alone = len(steps) == 1  # one point has no line: it is marked
        signs = [self._sign(k) for k in range(len(points))]
        curves = [
            LiveCurve(p, sign.colour, has_end_mark=is_alone, sign=sign if len(points) > 1 else None)
            for p, sign in zip(points, signs, strict=True)
        ]
        self._marks = self._zero_marks(steps, low)
        self._lost = lost_since(history.losses)
        self._fit_frame(len(history), low, high)
        self._say(history)
        ends = [(k, points[k][-1].tolist()) for k in self._lost if len(points[k])]
        crosses = [LiveMark(x, y, signs[k].colour, is_cross=True) for k, (x, y) in ends]
        self._plot.show_live(curves, self._marks + crosses, self._step)

    def _points(self, steps: Floats, low: Floats, high: Floats, index: int) -> Floats:
        """Each block as its smallest and its largest loss, on the axis' own scale; what is not finite is left out."""
        y = np.column_stack((low[:, index], high[:, index])).reshape(-1)
        if self.log_scale:
            with np.errstate(invalid="ignore", divide="ignore"):
                y = np.where(y > 0, np.log10(y), np.nan)
        finite = np.isfinite(y)
        return np.column_stack((np.repeat(steps, 2)[finite], y[finite]))

    def _zero_marks(self, steps: Floats, low: Floats) -> list[LiveMark]:
        """A log axis has no zero: mark the first exact zero of each curve at the lowest positive loss."""
        positive = low[low > 0]
        if not self.log_scale or not (low == 0).any():
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
        if self.log_scale:
            lows, highs = np.log10(lows[lows > 0]), np.log10(highs[highs > 0])
        return (float(lows.min()), float(highs.max())) if lows.size and highs.size else (0.0, 1.0)

    def _say(self, history: History) -> None:
        last = history.losses[min(self._step, len(history) - 1)]
        digits = 7 if len(last) <= FEW else 3
        text = ", ".join(short_number(float(loss), digits) for loss in last)
        zero = f"▲ exactly 0 {self._zero_words(history.losses)}" if self._marks else ""
        self._note = f"loss {text} at step {self._step:,}" + (f";  {zero}" if zero else "")
        if len(self._names) > 1:
            pieces = [Piece(f"step {self._step:,}"), *self._named(last), Piece(zero)]
        else:
            pieces = [Piece(f"loss {text} at step {self._step:,}"), Piece(zero)]
            pieces += [Piece(self._lost_words(step), self._sign(k), is_fault=True) for k, step in self._lost.items()]
        self._key.show_pieces([piece for piece in pieces if piece.text])

    def _named(self, losses: Floats | None = None) -> list[Piece]:
        """Everybody who races, with the loss of the step; who diverged, and when."""
        pieces = []
        for k, name in enumerate(self._names if len(self._names) > 1 else ()):
            if k in self._lost:
                pieces.append(Piece(f"{name} {self._lost_words(self._lost[k])}", self._sign(k), is_fault=True))
            else:
                pieces.append(Piece(name, self._sign(k), "" if losses is None else short_number(float(losses[k]), 3)))
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
