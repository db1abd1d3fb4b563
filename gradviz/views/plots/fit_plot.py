"""The plot of a fit: points with curves, the plane with its points, or prediction against target."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from gradviz.core.numbers import Floats
from gradviz.core.questions.fit import CurveFit, PlaneFit, ScatterFit
from gradviz.core.words import one_line
from gradviz.views.kit.colours import class_colour, colour_table
from gradviz.views.kit.lanes import lane_sign
from gradviz.views.kit.live_dots import SYMBOLS, LiveDots
from gradviz.views.kit.quiet_plot import LiveCurve, QuietPlot
from gradviz.views.kit.theme import Theme, mix

VALUE_STEP = 16
"""Of the 256 colours of values, every 16th is used for points."""
MANY_POINTS = 500
HOLLOW = 1.5
"""Pixels by which a hollow point is larger: its ring is as much ink as a full one's disc."""
LONGEST_TITLE = 40
PlotFit = CurveFit | PlaneFit | ScatterFit


class FitPlot(QuietPlot):
    """Wheel to zoom, drag to move. The frame is that of the data; a wild prediction leaves it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        item = self.getPlotItem()
        item.getViewBox().setDefaultPadding(0.0)
        self._image = pg.ImageItem(axisOrder="row-major")
        item.addItem(self._image)
        self._shown: PlotFit | None = None
        self._data_dots: list[LiveDots] = []

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        super().set_theme(theme)
        shown, self._shown = self._shown, None
        if shown is not None:
            self.show_fit(shown)

    def clear_fit(self) -> None:
        """Nothing is shown until the next fit."""
        self._shown = None
        self._image.clear()
        self.show_live([])
        self.redraw()

    def show_fit(self, fit: PlotFit) -> None:
        """Show one step. What does not move with the run is laid out once."""
        is_new = _data_of(fit) != _data_of(self._shown)
        self._shown = fit
        if is_new:
            self._image.clear()
            self._label_axes(fit)
            self._frame(fit)
            self._data_dots = self._dots_of(fit)
        if isinstance(fit, CurveFit):
            self.show_live(self._curves_of(fit), dots=self._data_dots)
        elif isinstance(fit, PlaneFit):
            self._show_plane(fit)
        else:
            ends = np.array(_around(_heights(fit), 1.0))
            diagonal = LiveCurve(np.column_stack((ends, ends)), self.theme.muted, 1.5)
            self.show_live([diagonal], dots=[*_scattered(fit, self.theme), *_held(fit, self.theme)])
        if is_new or isinstance(fit, PlaneFit):
            self.redraw()

    def _label_axes(self, fit: PlotFit) -> None:
        names = axis_titles(fit)
        item, has_grid = self.getPlotItem(), not isinstance(fit, PlaneFit)
        item.setLabel("bottom", names[0])
        item.setLabel("left", names[1])
        item.showGrid(x=has_grid, y=has_grid, alpha=0.15)

    def _frame(self, fit: PlotFit) -> None:
        if isinstance(fit, CurveFit):
            x, y = (fit.curve_x[0], fit.curve_x[-1]), _around(_heights(fit), 0.25)
        elif isinstance(fit, PlaneFit):
            x, y = (fit.x[0], fit.x[-1]), (fit.y[0], fit.y[-1])
        else:
            x = y = _around(_heights(fit), 0.08)
        self.getPlotItem().getViewBox().setRange(xRange=tuple(map(float, x)), yRange=tuple(map(float, y)), padding=0)

    def _dots_of(self, fit: PlotFit) -> list[LiveDots]:
        """The data, which stays where it is: the rows held out are hollow, and above the others, for they are fewer."""
        if isinstance(fit, ScatterFit):
            return []
        return [*self._known_dots(fit), *_held(fit, self.theme)]

    def _known_dots(self, fit: CurveFit | PlaneFit) -> list[LiveDots]:
        points = fit.points if isinstance(fit, PlaneFit) else np.column_stack((fit.inputs, fit.targets))
        if fit.score.classes:
            return _kinds(points, fit.targets, self.theme.text)
        if isinstance(fit, PlaneFit):
            return _levelled(points, fit.targets, fit.targets)
        return [LiveDots(points, self.theme.accent, self.theme.base)]

    def _curves_of(self, fit: CurveFit) -> list[LiveCurve]:
        signs = [lane_sign(self.theme, k, len(fit.curves)) for k in range(len(fit.curves))]
        return [
            LiveCurve(
                np.column_stack((fit.curve_x, curve))[np.isfinite(curve)],
                sign.colour,
                2.0,
                sign=sign if len(signs) > 1 else None,
            )
            for sign, curve in zip(signs, fit.curves, strict=True)
        ]

    def _show_plane(self, fit: PlaneFit) -> None:
        picture = class_picture(fit, self.theme) if fit.score.classes else value_picture(fit, self.theme)
        self._image.setImage(picture, autoLevels=False)
        x, y = fit.x, fit.y
        half_x, half_y = (x[1] - x[0]) / 2, (y[1] - y[0]) / 2
        self._image.setRect(QRectF(x[0] - half_x, y[0] - half_y, x[-1] - x[0] + 2 * half_x, y[-1] - y[0] + 2 * half_y))
        self.show_live([], dots=self._data_dots)

    def picture(self) -> NDArray[np.uint8] | None:
        """The colours of the plane, if one is shown."""
        image: NDArray[np.uint8] | None = self._image.image
        return image


def axis_titles(fit: PlotFit) -> tuple[str, str]:
    """What is written along x and y: the columns' own names, where they have some."""
    score, given = fit.score, fit.score.names
    inputs = [one_line(name, LONGEST_TITLE) for name in given.inputs]
    target = one_line(given.targets[0], LONGEST_TITLE) if len(given.targets) == 1 else ""
    if isinstance(fit, PlaneFit):
        return (inputs[0], inputs[1]) if len(inputs) == 2 else ("input 1", "input 2")
    if isinstance(fit, ScatterFit):
        return (target or "target", f"prediction of {target}" if target else "prediction")
    across = inputs[0] if inputs else "input"
    if score.classes == 2:
        named = given.of_class(1) if given.classes else f"{target} = 1" if target else "class 1"
        return across, f"P({one_line(named, LONGEST_TITLE)})"
    return across, target or ("class" if score.classes else "target")


def _held(fit: PlotFit, theme: Theme) -> list[LiveDots]:
    """The rows held out: as those trained on, and hollow."""
    held = fit.held
    if held is None:
        return []
    if isinstance(fit, ScatterFit):
        size = (7.0 if len(held.points) <= MANY_POINTS else 4.5) + HOLLOW
        return _kinds(held.points, held.kinds, theme.base, size, theme.base)
    if fit.score.classes:
        return _kinds(held.points, held.kinds, theme.text, 8.0 + HOLLOW, theme.base)
    if isinstance(fit, PlaneFit):
        return _levelled(held.points, held.kinds, fit.targets, 8.0 + HOLLOW, theme.base)
    return [LiveDots(held.points, theme.accent, theme.base, size=7.0 + HOLLOW, hole=theme.base)]


def _heights(fit: CurveFit | ScatterFit) -> Floats:
    """The targets of all rows, those held out among them."""
    held = None if fit.held is None else fit.held.points[:, 1 if isinstance(fit, CurveFit) else 0]
    return fit.targets.reshape(-1) if held is None else np.concatenate((fit.targets.reshape(-1), held))


def _kinds(points: Floats, kinds: Floats, outline: str, size: float = 8.0, hole: str = "") -> list[LiveDots]:
    """Points in the colour and with the symbol of their class."""
    return [
        LiveDots(points[kinds == kind], class_colour(int(kind)), outline, SYMBOLS[int(kind) % len(SYMBOLS)], size, hole)
        for kind in np.unique(kinds)
    ]


def _levelled(points: Floats, values: Floats, targets: Floats, size: float = 8.0, hole: str = "") -> list[LiveDots]:
    """Points in the colour of their value, in a few steps of it, on the scale of the targets trained on."""
    levels = _levels(values, targets) // VALUE_STEP
    colours = [pg.mkColor(*colour.tolist()).name() for colour in colour_table()[::VALUE_STEP]]
    return [
        LiveDots(points[levels == level], colours[int(level)], "#ffffff", size=size, hole=hole)
        for level in np.unique(levels)
    ]


def _scattered(fit: ScatterFit, theme: Theme) -> list[LiveDots]:
    """Prediction over target, each output in a colour of its own."""
    outputs = np.broadcast_to(np.arange(fit.targets.shape[1]), fit.targets.shape)
    finite = np.isfinite(fit.predictions)
    points = np.column_stack((fit.targets[finite], fit.predictions[finite]))
    size = 7.0 if len(points) <= MANY_POINTS else 4.5
    return _kinds(points, outputs[finite].astype(np.float64), theme.base, size)


def _data_of(fit: PlotFit | None) -> object:
    """What the frame and the points hang on: it stays the same for a whole run."""
    if fit is None:
        return None
    inputs = fit.inputs if isinstance(fit, CurveFit) else fit.points if isinstance(fit, PlaneFit) else fit.targets
    held = b"" if fit.held is None else fit.held.points[:, 0].tobytes()
    return type(fit), fit.score.classes, fit.score.names, inputs.tobytes(), fit.targets.tobytes(), held


def class_picture(fit: PlaneFit, theme: Theme) -> NDArray[np.uint8]:
    """Each class in its colour, paler where it is less certain; the ground where there is no answer."""
    table = np.array([_rgb(class_colour(kind)) for kind in range(fit.score.classes)], dtype=np.float64)
    ground = np.array(_rgb(theme.base), dtype=np.float64)
    known = np.isfinite(fit.field)
    colours = table[np.where(known, fit.field, 0).astype(int)]
    least = 1 / fit.score.classes
    share = 0.12 + 0.43 * np.clip((np.nan_to_num(fit.certainty) - least) / (1 - least), 0, 1)
    share = np.where(known, share, 0.0)[..., None]
    return _opaque(ground * (1 - share) + colours * share)


def value_picture(fit: PlaneFit, theme: Theme) -> NDArray[np.uint8]:
    """Values on the scale of the targets; the ground where they are not finite."""
    known = np.isfinite(fit.field)
    colours = colour_table()[_levels(np.where(known, fit.field, 0.0), fit.targets)][..., :3].astype(np.float64)
    colours[~known] = _rgb(mix(theme.base, theme.muted, 0.25))
    return _opaque(colours)


def _levels(values: Floats, targets: Floats) -> NDArray[np.int64]:
    low, high = float(targets.min()), float(targets.max())
    scaled = (values - low) / (high - low or 1.0)
    levels: NDArray[np.int64] = (255 * np.clip(scaled, 0, 1)).astype(np.int64)
    return levels


def _opaque(colours: Floats) -> NDArray[np.uint8]:
    made = np.full((*colours.shape[:2], 4), 255, dtype=np.uint8)
    made[..., :3] = colours.round()
    return made


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue, _ = pg.mkColor(colour).getRgb()
    return red, green, blue


def _around(values: Floats, margin: float) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = margin * (high - low) or 1.0
    return low - room, high + room
