"""The docked card: all that is known of the chosen node, or of the one that is pinned."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, QUrl, Signal
from PySide6.QtGui import QColor, QCursor, QImage, QKeyEvent, QPainter, QTextDocument
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QTextBrowser, QToolButton, QToolTip, QVBoxLayout, QWidget

from gradviz.core.numbers import short_number
from gradviz.core.tape.captions import title
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.tensor_numbers import Spread, TensorNumbers
from gradviz.views.graph.card_html import entry_text, group_html, node_html, tensors_of
from gradviz.views.graph.graph_state import Folds, Spot
from gradviz.views.graph.tensor_maps import TensorMaps
from gradviz.views.kit.theme import LIGHT, Theme

BARS_HEIGHT, BAR_WIDTH = 44, 11
LEGEND_HEIGHT = 14


class NodeCardPanel(QWidget):
    """Text that can be scrolled and copied by keyboard. It belongs to the view, which tells it what to show."""

    pinned = Signal(bool)
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.language = "en"
        self._theme = LIGHT
        self._shown: tuple[object, Spot | None] = (None, None)
        self._title = QLabel(self)
        self._title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self.pin = QToolButton(self)
        self.pin.setText("Pin")
        self.pin.setCheckable(True)
        self.pin.setToolTip("Keep this card while other nodes are chosen (I)")
        self.pin.toggled.connect(self.pinned)
        close = QToolButton(self)
        close.setText("×")
        close.setAccessibleName("Close the card")
        close.setToolTip("Close the card (K)")
        close.clicked.connect(self.left)
        for button in (self.pin, close):
            button.setAutoRaise(True)
        self._text = _CardText(self)
        self._text.installEventFilter(self)
        self.maps = TensorMaps(self._theme, self)
        self.maps.view.installEventFilter(self)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self.pin)
        head.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 4, 4)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.maps)
        self.setMinimumSize(160, 90)
        self.setAccessibleName("Node card")

    def show_spot(self, graph: TracedGraph | None, shown: Folds | None, spot: Spot | None, theme: Theme) -> None:
        """The card of a node or of a group; where it is scrolled to stays while it is the same one."""
        bar = self._text.verticalScrollBar()
        place = bar.value() if self._shown[1] == spot else 0
        self._shown, self._theme = (graph, spot), theme
        self.maps.show_tensors(_labelled(graph, spot), theme)
        if graph is None or shown is None or spot is None:
            self._title.setText("")
            self._text.setHtml(f"<p style='color:{theme.muted}'>Choose a node: by a click, or with the arrow keys.</p>")
            return
        if isinstance(spot, str):
            label = next((group.label for group in shown.grouping.groups if group.key == spot), spot)
            self._title.setText(label)
            self._text.show_card(group_html(graph, shown, spot, theme), {}, theme)
        else:
            images = {name: numbers for _, name, numbers in tensors_of(graph, spot)}
            self._title.setText(title(graph.structure, spot))
            self._text.show_card(node_html(graph, spot, theme, self.language), images, theme)
        bar.setValue(place)

    def set_pinned(self, is_pinned: bool) -> None:
        """Show whether it stays, without saying so again."""
        self.pin.blockSignals(True)
        self.pin.setChecked(is_pinned)
        self.pin.blockSignals(False)

    def take_focus(self) -> None:
        """So that the arrow keys scroll it."""
        self._text.setFocus()

    def drawn(self) -> dict[str, object]:
        """What the card says."""
        return {
            "title": self._title.text(),
            "text": self._text.toPlainText(),
            "pinned": self.pin.isChecked(),
            "maps": self.maps.drawn(),
        }

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return True
        return super().eventFilter(watched, event)


def _labelled(graph: TracedGraph | None, spot: Spot | None) -> list[tuple[str, TensorNumbers]]:
    """The tensors of a node with a label each: of several outputs the number of the output, too."""
    if graph is None or not isinstance(spot, int):
        return []
    begin, several = int(graph.structure.ports[spot]), len(graph.structure.shapes_of(spot)) > 1
    return [
        (f"{label} {int(name.split(':')[1]) - begin}" if several else label, numbers)
        for label, name, numbers in tensors_of(graph, spot)
    ]


class _CardText(QTextBrowser):
    """Paints the histograms that its text names."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._images: dict[str, TensorNumbers] = {}
        self._theme = LIGHT
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        # By keyboard nobody would get past some hundred links.
        selectable = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        self.setTextInteractionFlags(selectable | Qt.TextInteractionFlag.LinksAccessibleByMouse)
        self.highlighted.connect(self._on_pointed)
        self.setAccessibleName("What is known of the node")

    def show_card(self, html: str, images: dict[str, TensorNumbers], theme: Theme) -> None:
        """Other text, with the tensors of its images."""
        self._images, self._theme = images, theme
        self.setHtml(html)

    def _on_pointed(self, link: QUrl) -> None:
        """Index and number of the entry under the pointer."""
        QToolTip.showText(QCursor.pos(), entry_text(self._images, link.toString()), self)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        called = name if isinstance(name, str) else name.toString()
        numbers = self._images.get(called)
        spread = None if numbers is None else numbers.spread
        if kind != QTextDocument.ResourceType.ImageResource.value or spread is None:
            return super().loadResource(kind, name)
        return histogram_image(spread, self._theme, called.endswith("gradient"), self.devicePixelRatioF())


def histogram_image(spread: Spread, theme: Theme, is_gradient: bool, ratio: float) -> QImage:
    """Bars from the least to the largest finite number, with both written below."""
    width = max(len(spread.histogram), 1) * BAR_WIDTH
    image = QImage(int(width * ratio), int((BARS_HEIGHT + LEGEND_HEIGHT) * ratio), QImage.Format.Format_ARGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    most = max(spread.histogram, default=0)
    with QPainter(image) as painter:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.gradient if is_gradient else theme.value))
        for place, count in enumerate(spread.histogram):
            height = max(BARS_HEIGHT * count / most, 1.0) if count else 0.0
            painter.drawRect(QRectF(place * BAR_WIDTH, BARS_HEIGHT - height, BAR_WIDTH - 2, height))
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        painter.setPen(QColor(theme.muted))
        legend = QRectF(0, BARS_HEIGHT, width - 2, LEGEND_HEIGHT)
        painter.drawText(legend, Qt.AlignmentFlag.AlignLeft, short_number(spread.low, 4))
        painter.drawText(legend, Qt.AlignmentFlag.AlignRight, short_number(spread.high, 4))
    return image
