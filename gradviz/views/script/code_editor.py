"""The editor of a script: line numbers, breakpoints in the margin, the line at work, lines with findings."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPolygonF,
    QResizeEvent,
    QTextBlock,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from gradviz.views.kit.python_colours import PythonHighlighter
from gradviz.views.kit.theme import LIGHT, Theme, mix, monospace

INDENT = "    "
MARK_WIDTH = 18
"""Pixels left of the numbers, for a breakpoint."""
ARROW_WIDTH = 12


@dataclass(frozen=True, slots=True)
class Marks:
    """Lines from 1, 0 of none: `ran` is the one at work, `next` the one that runs after it.

    `has_failed` says that the one at work raised the error that ended the script."""

    ran: int = 0
    next: int = 0
    has_failed: bool = False
    breakpoints: frozenset[int] = frozenset()
    faults: frozenset[int] = frozenset()
    remarks: frozenset[int] = frozenset()


class _Margin(QWidget):
    """Left of the text: breakpoints, numbers, the arrow of the line at work."""

    def __init__(self, editor: CodeEditor) -> None:
        super().__init__(editor)
        self._editor = editor
        self.setToolTip("Click beside a line for a breakpoint (B)")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(self._editor.margin_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._editor.paint_margin(painter, event.rect(), self.width())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            line = self._editor.line_at(round(event.position().y()))
            if line:
                self._editor.breakpoint_wanted.emit(line)


class CodeEditor(QPlainTextEdit):
    """Plain text with a margin. Tab indents, Shift+Tab takes it back, Enter keeps the indent."""

    breakpoint_wanted = Signal(int)
    lines_moved = Signal(int, int)
    """Below this line all lines moved by so many."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.marks = Marks()
        self.theme = LIGHT
        self._blocks = 1
        self.setAccessibleName("Script")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFont(monospace(10))
        self.setTabStopDistance(4 * self.fontMetrics().horizontalAdvance(" "))
        self.setAcceptDrops(False)  # what is dropped anywhere is for the window
        self._colours = PythonHighlighter(self.document())
        self._margin = _Margin(self)
        self.blockCountChanged.connect(self._on_block_count_changed)
        self.updateRequest.connect(self._on_update_request)
        self._make_room()

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self.theme = theme
        self._colours.set_theme(theme)
        self._paint_lines()
        self._margin.update()

    def show_marks(self, marks: Marks) -> None:
        """Mark lines; the one at work is scrolled into sight."""
        moved = (marks.ran, marks.next) != (self.marks.ran, self.marks.next)
        if marks == self.marks:
            return
        self.marks = marks
        self._paint_lines()
        self._margin.update()
        if moved and marks.ran:
            self.reveal(marks.ran)

    @property
    def line(self) -> int:
        """The line of the cursor."""
        return self.textCursor().blockNumber() + 1

    def go_to_line(self, line: int) -> None:
        """Put the cursor there."""
        self.setTextCursor(QTextCursor(self.document().findBlockByNumber(max(line - 1, 0))))
        self.centerCursor()

    def reveal(self, line: int) -> None:
        """Scroll as little as lets a line and its neighbours be seen."""
        bar = self.verticalScrollBar()
        rows = max(self.viewport().height() // max(self.fontMetrics().lineSpacing(), 1), 1)
        first, row = bar.value(), line - 1
        if row < first + 1 or row > first + rows - 3:
            bar.setValue(max(row - rows // 3, 0))

    def _paint_lines(self) -> None:
        at_work = self.theme.fault if self.marks.has_failed else self.theme.accent
        colours = [(self.marks.ran, mix(at_work, self.theme.base, 0.78))]
        colours += [(line, mix(self.theme.fault, self.theme.base, 0.82)) for line in sorted(self.marks.faults)]
        selections = []
        for line, colour in reversed(colours):
            block = self.document().findBlockByNumber(line - 1)
            if line and block.isValid():
                selection = QTextEdit.ExtraSelection()
                selection.format.setBackground(QColor(colour))
                selection.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
                selection.cursor = QTextCursor(block)
                selections.append(selection)
        self.setExtraSelections(selections)

    # The margin

    def margin_width(self) -> int:
        """Pixels."""
        digits = max(len(str(self.blockCount())), 2)
        return MARK_WIDTH + digits * self.fontMetrics().horizontalAdvance("9") + ARROW_WIDTH + 4

    def _make_room(self) -> None:
        self.setViewportMargins(self.margin_width(), 0, 0, 0)

    def _on_block_count_changed(self, count: int) -> None:
        self._make_room()
        moved, self._blocks = count - self._blocks, count
        self.lines_moved.emit(self.textCursor().blockNumber() + 1 - max(moved, 0), moved)

    def _on_update_request(self, rect: QRect, scrolled: int) -> None:
        if scrolled:
            self._margin.scroll(0, scrolled)
        else:
            self._margin.update(0, rect.y(), self._margin.width(), rect.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._margin.setGeometry(inside.left(), inside.top(), self.margin_width(), inside.height())
        if self.marks.ran:
            self.reveal(self.marks.ran)

    def line_at(self, y: int) -> int:
        """The line at a height of the margin; 0 below the last."""
        for line, top, height in self._seen():
            if top <= y < top + height:
                return line
        return 0

    def _seen(self) -> list[tuple[int, float, float]]:
        """The lines that can be seen, with top and height in pixels."""
        found = []
        block: QTextBlock = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= self.viewport().height():
            height = self.blockBoundingRect(block).height()
            found.append((block.blockNumber() + 1, top, height))
            top += height
            block = block.next()
        return found

    def paint_margin(self, painter: QPainter, area: QRect, width: int) -> None:
        """Draw the margin."""
        painter.fillRect(area, QColor(self.theme.panel))
        painter.setFont(self.font())
        for line, top, height in self._seen():
            if top > area.bottom() or top + height < area.top():
                continue
            self._paint_dot(painter, line, top + height / 2)
            at_work = line == self.marks.ran
            painter.setPen(QColor(self.theme.text if at_work else self.theme.muted))
            numbers = QRectF(MARK_WIDTH, top, width - MARK_WIDTH - ARROW_WIDTH - 2, height)
            painter.drawText(numbers, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(line))
            if line == self.marks.next:
                self._paint_arrow(painter, width - ARROW_WIDTH, top + height / 2, is_full=False)
            if at_work:
                self._paint_arrow(painter, width - ARROW_WIDTH, top + height / 2, is_full=True)

    def _paint_dot(self, painter: QPainter, line: int, middle: float) -> None:
        """A breakpoint is a dot; a line with an error or a remark has a bar at the edge."""
        painter.setPen(Qt.PenStyle.NoPen)
        if line in self.marks.faults or line in self.marks.remarks:
            colour = self.theme.fault if line in self.marks.faults else self.theme.gradient
            painter.fillRect(QRectF(0, middle - 8, 3, 16), QColor(colour))
        if line in self.marks.breakpoints:
            painter.setBrush(QColor(self.theme.fault))
            painter.drawEllipse(QPointF(MARK_WIDTH / 2 + 1, middle), 4.5, 4.5)

    def _paint_arrow(self, painter: QPainter, left: float, middle: float, is_full: bool) -> None:
        colour = QColor(self.theme.fault if is_full and self.marks.has_failed else self.theme.accent)
        painter.setPen(colour)
        painter.setBrush(colour if is_full else Qt.BrushStyle.NoBrush)
        tip = [QPointF(left, middle - 4), QPointF(left + 7, middle), QPointF(left, middle + 4)]
        painter.drawPolygon(QPolygonF(tip))

    # Writing

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if self.isReadOnly():
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Tab and plain:
            self._indent()
        elif event.key() == Qt.Key.Key_Backtab:
            self._outdent()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self._break_line()
        else:
            super().keyPressEvent(event)

    def _break_line(self) -> None:
        cursor = self.textCursor()
        before = cursor.block().text()[: cursor.positionInBlock()]
        indent = before[: len(before) - len(before.lstrip())]
        cursor.insertText("\n" + indent + (INDENT if before.rstrip().endswith(":") else ""))
        self.ensureCursorVisible()

    def _indent(self) -> None:
        cursor = self.textCursor()
        if not cursor.hasSelection():
            cursor.insertText(INDENT[: 4 - cursor.positionInBlock() % 4])
            return
        self._at_each_line(lambda line: line.insertText(INDENT))

    def _outdent(self) -> None:
        def take(line: QTextCursor) -> None:
            text = line.block().text()
            blanks = min(len(text) - len(text.lstrip(" ")), 4)
            line.movePosition(QTextCursor.MoveOperation.Right, QTextCursor.MoveMode.KeepAnchor, blanks)
            line.removeSelectedText()

        self._at_each_line(take)

    def _at_each_line(self, change: object) -> None:
        """Change the beginning of every selected line, as one step of undo."""
        assert callable(change)
        cursor = self.textCursor()
        first = self.document().findBlock(cursor.selectionStart()).blockNumber()
        last = self.document().findBlock(max(cursor.selectionEnd() - 1, cursor.selectionStart())).blockNumber()
        cursor.beginEditBlock()
        for number in range(first, last + 1):
            change(QTextCursor(self.document().findBlockByNumber(number)))
        cursor.endEditBlock()
