"""The lesson of a document: what to look at, what to change, what to expect."""

from __future__ import annotations

import html
import re
from typing import ClassVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from gradviz.core.document.lesson import Lesson
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.view import View

_LEAD = re.compile(r"(\w[\w ]{0,11})[:：]\s*")
_CHINESE = {"objective": "目标", "test function": "测试函数", "formula": "公式", "data": "数据", "model": "模型"}


class LessonView(View):
    """Title, hint and lesson in the chosen language. Paragraphs may begin with a word and a colon, which stands out."""

    original_wanted = Signal(str)
    """The gallery experiment that the lesson is about is asked for."""

    key: ClassVar[str] = "lesson"
    title: ClassVar[str] = "Lesson"
    content: ClassVar[str] = "text"
    is_picture: ClassVar[bool] = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lesson: Lesson | None = None
        self._language = "en"
        self._origin = ""
        self._exchanged: tuple[str, ...] = ()
        self._text = QTextBrowser()
        self._text.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._text.setOpenLinks(False)
        self._text.anchorClicked.connect(lambda _link: self.original_wanted.emit(self._origin))
        self._text.document().setDocumentMargin(12)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._text)
        self.setMinimumSize(160, 80)

    def sizeHint(self) -> QSize:
        return QSize(330, 240)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._redraw()

    def set_language(self, language: str) -> None:
        """``en`` or ``zh``."""
        self._language = language
        self._redraw()

    def show_departure(self, origin: str, exchanged: tuple[str, ...]) -> None:
        """The gallery experiment that the lesson is about, and what the user has exchanged in it since."""
        if (origin, exchanged) != (self._origin, self._exchanged):
            self._origin, self._exchanged = origin, exchanged
            self._redraw()

    def show_lesson(self, lesson: Lesson) -> None:
        """The lesson of the open document."""
        if lesson != self._lesson:
            self._lesson = lesson
            self._redraw()

    def _redraw(self) -> None:
        if self._lesson is not None:
            self._text.setHtml(self._html(self._lesson))

    def _html(self, lesson: Lesson) -> str:
        texts = lesson.in_language(self._language)
        case = f"{html.escape(lesson.case)}&nbsp; " if lesson.case else ""
        parts = [self._departure()] if self._exchanged else []
        parts += [f"<p style='font-size: large'><b>{case}{html.escape(texts.title)}</b></p>"]
        if texts.hint:
            parts.append(f"<p style='color: {self.theme.muted}'>{html.escape(texts.hint)}</p>")
        parts += [self._paragraph(part) for part in re.split(r"\n\s*\n", texts.lesson) if part.strip()]
        return f"<body style='font-weight: 400'>{''.join(parts)}</body>"

    def _departure(self) -> str:
        """Whose experiment this is now, in the language of the lesson, and the way back."""
        if self._language == "zh":
            what = "和".join(_CHINESE[word] for word in self._exchanged)
            words, link = f"你换了{what}：现在这是你自己的实验，下面的课文讲的是原来的。", "打开原来的实验"
        else:
            what = " and the ".join(self._exchanged)
            words = f"You exchanged the {what}: this is your own experiment now, and the lesson tells of the original."
            link = "Open the original"
        style = f"background-color: {self.theme.result}; color: {self.theme.text}"
        way = f"<a href='original' style='color: {self.theme.accent}'>{link}</a>"
        return f"<table width='100%' cellpadding='8' style='{style}'><tr><td>{words} {way}</td></tr></table>"

    def _paragraph(self, text: str) -> str:
        lead = _LEAD.match(text)
        if lead is None:
            return f"<p>{html.escape(text)}</p>"
        word, rest = html.escape(lead.group(1)), html.escape(text[lead.end() :])
        return f"<p><b style='color: {self.theme.accent}'>{word}</b>&nbsp; {rest}</p>"

    def drawn(self) -> dict[str, object]:
        return {"text": self._text.toPlainText()}
