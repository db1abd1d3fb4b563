"""The plane on which a graph is drawn: one self-painted widget that is moved and zoomed, with the map in its corner."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPicture, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from gradviz.core.tape.drawing import Drawing
from gradviz.views.graph.camera import LEGEND, Camera
from gradviz.views.graph.graph_arrays import GraphArrays
from gradviz.views.graph.graph_canvas import GraphCanvas
from gradviz.views.graph.minimap import Minimap
from gradviz.views.graph.node_lettering import LABEL_SCALE, TEXT_SCALE, THREE_LINES_SCALE
from gradviz.views.graph.stress import Stress
from gradviz.views.kit.picture_label import PictureLabel
from gradviz.views.kit.theme import Theme

MARGIN = 16.0
MAPPED_BOXES = 60
"""A graph of fewer boxes needs no map."""
READABLE_SCALE = 0.6
"""How near one goes to a box that could not be read."""
BETWEEN = "  ·  "


class GraphPlane(QWidget):
    """Drag to move, wheel to zoom. What is chosen and what is open is not known here: boxes are pressed."""

    pressed = Signal(int, bool)
    """A box, -1 for none, and whether it was to be marked (Ctrl)."""
    released = Signal(int)
    """A box on which the mouse went down and up without having moved the graph."""
    double_clicked = Signal(int)
    resized = Signal()

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self._canvas = GraphCanvas(theme)
        self.camera = Camera()
        self.drawing: Drawing | None = None
        self.arrays: GraphArrays | None = None
        self.stress = Stress()
        self._words, self._head = "", ["step 0"]
        self._legend: list[str] = []
        self._taken = 0
        self._pressed_box, self._is_dragged = -1, False
        self._dragged_from: QPointF | None = None
        self.painted = 0
        """How many boxes were painted last."""
        self.details: Callable[[int], str] = str
        """All that is known of a box, as lines."""
        self.setMinimumSize(120, 90)
        self._base = PictureLabel(self, opaque=True)
        self._numbers = PictureLabel(self)
        self.map = Minimap(self, theme)
        self.map.hide()
        self.map.wanted.connect(self.centre_on)

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme, self._canvas = theme, GraphCanvas(theme)
        self._remap()
        self.redraw()

    def show_words(self, words: str) -> None:
        """A sentence in the place of a graph."""
        self.drawing, self.arrays, self._words = None, None, words
        self.redraw()

    def show_drawing(self, drawing: Drawing, stress: Stress, keep: tuple[int, QPointF] | None = None) -> None:
        """Another drawing. `keep` is a box of it and the place where it stays on the widget."""
        self.drawing, self.arrays, self.stress = drawing, GraphArrays(drawing), stress
        self._remap()
        if keep is not None and not self.camera.is_fitted:
            place = QPointF(*drawing.places[keep[0]].tolist())
            self.camera = Camera(self.camera.scale, keep[1] - place * self.camera.scale, is_fitted=False)
        if self.camera.is_fitted or not len(self.arrays.nodes_in(self.seen())):
            self.fit()
        else:
            self.redraw()

    def show_stress(self, stress: Stress) -> None:
        """Other boxes stand out; where colours come or go, a graph that is fitted makes room for their legend."""
        before, self.stress = self._foot(), stress
        if self.camera.is_fitted and self._foot() != before:
            self.fit()
        else:
            self.redraw()

    def show_numbers(self, drawing: Drawing) -> None:
        """The same drawing with the numbers of another step."""
        self.drawing = drawing
        self.redraw_numbers()

    def set_head(self, head: list[str], legend: list[str], taken: int = 0) -> None:
        """What stands at the top: as much of it as has room, whole; `legend` comes after what a zoom leaves out.

        `taken` pixels at the right are taken already.
        """
        self._head, self._legend, self._taken = head, legend, taken

    def seen(self) -> QRectF:
        """The part of the scene that is seen."""
        return self.camera.seen(self.rect())

    def place_of(self, box: int) -> QPointF:
        """Where the middle of a box is on the widget."""
        assert self.drawing is not None
        return QPointF(*self.drawing.places[box].tolist()) * self.camera.scale + self.camera.offset

    def box_at(self, point: QPointF) -> int:
        """The box at a point of the widget; -1 for none."""
        if self.arrays is None:
            return -1
        scene = self.camera.to_scene(point)
        return self.arrays.node_at(scene.x(), scene.y())

    def fit(self) -> None:
        """Zoom so that the whole graph is seen."""
        scene = self.scene()
        self._look(Camera() if scene.isEmpty() else Camera.fitting(scene, self.size(), self._foot()))

    def _foot(self) -> float:
        """Pixels at the bottom that the legend of colours takes."""
        return 0.0 if self.stress.shading is None else LEGEND

    def scene(self) -> QRectF:
        """All of the graph with a margin; empty where there is none."""
        if self.drawing is None or self.arrays is None or not len(self.drawing.folded):
            return QRectF()
        left, top, right, bottom = self.arrays.bounds.tolist()
        return QRectF(left - MARGIN, top - MARGIN, right - left + 2 * MARGIN, bottom - top + 2 * MARGIN)

    def zoom(self, factor: float, about: QPointF | None = None) -> None:
        """Zoom by `factor`, keeping the point `about` of the widget, else its middle, where it is."""
        self._look(self.camera.zoomed(factor, QPointF(self.rect().center()) if about is None else about))

    def pan(self, by: QPointF) -> None:
        """Move the graph by so many pixels."""
        self._look(self.camera.moved(by))

    def centre_on(self, place: QPointF) -> None:
        """Have a point of the scene in the middle."""
        self._look(self.camera.centred(place, self.size()))

    def go_to(self, box: int) -> None:
        """Have a box in sight, large enough to be read."""
        assert self.drawing is not None
        place = QPointF(*self.drawing.places[box].tolist())
        if self.camera.scale < TEXT_SCALE:
            self._look(self.camera.centred(place, self.size(), READABLE_SCALE))
        elif not self.seen().adjusted(90, 60, -90, -60).contains(place):
            self.centre_on(place)

    def follow(self, box: int) -> None:
        """Have a box in sight at the same zoom."""
        assert self.drawing is not None
        place = QPointF(*self.drawing.places[box].tolist())
        if not self.camera.is_fitted and not self.seen().adjusted(60, 30, -60, -30).contains(place):
            self.centre_on(place)

    def _look(self, camera: Camera) -> None:
        self.camera = camera
        self.redraw()

    def _remap(self) -> None:
        if self.drawing is not None and self.arrays is not None and len(self.drawing.folded) >= MAPPED_BOXES:
            self.map.show_drawing(self.drawing, self.arrays, self.scene(), self._theme)

    def _place_map(self) -> None:
        """In the corner, where it is not in the way and there is more than what is seen."""
        is_large = self.drawing is not None and len(self.drawing.folded) >= MAPPED_BOXES
        has_room = self.width() > 2 * self.map.width() and self.height() > 2 * self.map.height()
        self.map.setVisible(is_large and has_room and not self.camera.is_fitted)
        self.map.move(self.width() - self.map.width() - 8, self.height() - self.map.height() - 8)
        if self.map.isVisible():
            self.map.show_seen(self.seen())

    def redraw(self) -> None:
        """Paint all that is to be seen: many small boxes at once; else labels fill the pixels without Python's lock."""
        if self.drawing is None or self.arrays is None or not len(self.drawing.folded):
            self.painted = 0
            self._base.show_picture(self._canvas.words(self.rect(), self._words))
        else:
            self.painted = self._canvas.paint(self._base, self.drawing, self.arrays, self.camera, self.stress)
        self._place_map()
        self.redraw_numbers()

    def redraw_numbers(self) -> None:
        """Record what changes from step to step."""
        if self.drawing is None or self.arrays is None or not len(self.drawing.folded):
            self._numbers.show_picture(QPicture())
        else:
            self._canvas.write(self._numbers, self.drawing, self.arrays, self.camera, self.stress, self.header())

    def header(self) -> str:
        """What stands at the top, as much as has room, whole."""
        parts = [*self._head, *self._signs()]
        while len(parts) > 1 and self.fontMetrics().horizontalAdvance(BETWEEN.join(parts)) > self.room_of_header():
            parts.pop()
        return BETWEEN.join(parts)

    def room_of_header(self) -> int:
        """Its pixels, beside what is taken at the right."""
        return self.width() - 20 - self._taken

    def _signs(self) -> list[str]:
        """What the signs of this zoom mean, and how to see what it leaves out."""
        if self.camera.scale < TEXT_SCALE:
            return ["zoom in for the numbers"]
        if self.camera.scale < THREE_LINES_SCALE:
            is_of_gradient = self.stress.with_gradients
            return ["gradient", "zoom in for the values"] if is_of_gradient else ["value", "zoom in for the gradients"]
        return [*([] if self.camera.scale >= LABEL_SCALE else ["value, gradient"]), *self._legend]

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._base.setGeometry(self.rect())
        self._numbers.setGeometry(self.rect())
        if self.camera.is_fitted:
            self.fit()
        else:
            self.redraw()
        self.resized.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragged_from, self._is_dragged = event.position(), False
        self._pressed_box = self.box_at(event.position())
        is_marked = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        self.pressed.emit(self._pressed_box, is_marked)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is None or not event.buttons():
            return
        way = event.position() - self._dragged_from
        if self._is_dragged or way.manhattanLength() >= QApplication.startDragDistance():
            self._is_dragged, self._dragged_from = True, event.position()
            self.pan(way)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = None
        if not self._is_dragged and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.released.emit(self._pressed_box)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._is_dragged = True  # the second release is no click of its own
        # A card that opened at the first click may have moved the graph since: the box is the one pressed then.
        self.double_clicked.emit(self._pressed_box if self._pressed_box >= 0 else self.box_at(event.position()))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.details(self.box_at(QPointF(event.pos()))), self)
            return True
        return super().event(event)
