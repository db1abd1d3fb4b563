"""Python in colours: keywords, texts, numbers, comments, names that are defined."""

from __future__ import annotations

import re

from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from gradviz.views.kit.theme import LIGHT, Theme

_TOKENS = re.compile(
    r"(?P<comment>#.*)"
    r"|(?P<opening>[fFrRbBuU]{0,2}(?:\"\"\"|'''))"
    r"|(?P<string>[fFrRbBuU]{0,2}(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'))"
    r"|(?P<number>(?<![\w.])\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?j?\b)"
    r"|(?P<keyword>\b(?:and|as|assert|async|await|break|class|continue|def|del|elif|else|except|False|finally|for|from"
    r"|global|if|import|in|is|lambda|None|nonlocal|not|or|pass|raise|return|True|try|while|with|yield)\b)"
    r"|(?P<name>(?<=\bdef )\w+|(?<=\bclass )\w+|@[\w.]+)"
)
_QUOTES = ('"""', "'''")
"""What a text of several lines begins and ends with; the state of a line that ends within one is its place from 1."""


class PythonHighlighter(QSyntaxHighlighter):
    """Colours of Python in the theme's colours; a text in three quotes reaches over lines."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}
        self.set_theme(LIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Colours by what a word is."""
        colours = {
            "comment": theme.muted,
            "string": theme.value,
            "number": theme.gradient,
            "keyword": theme.keyword,
            "name": theme.accent,
        }
        self._formats = {kind: _format(colour) for kind, colour in colours.items()}
        self._formats["comment"].setFontItalic(True)
        self._formats["keyword"].setFontWeight(QFont.Weight.DemiBold)
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        at = 0
        inside = self.previousBlockState()
        self.setCurrentBlockState(0)
        if inside > 0:
            at = self._text_until(text, 0, 0, inside)
        while 0 <= at < len(text):
            found = _TOKENS.search(text, at)
            if found is None:
                return
            if found.lastgroup == "opening":
                quotes = 1 + _QUOTES.index(found[0][-3:])
                at = self._text_until(text, found.start(), found.end(), quotes)
            else:
                self.setFormat(found.start(), found.end() - found.start(), self._formats[found.lastgroup or "name"])
                at = found.end()

    def _text_until(self, text: str, first: int, after: int, quotes: int) -> int:
        """Colour from `first` to the quotes that end the text, looked for from `after`; -1 where they do not come."""
        end = text.find(_QUOTES[quotes - 1], after)
        end = len(text) if end < 0 else end + 3
        is_open = not text[after:end].endswith(_QUOTES[quotes - 1])
        self.setFormat(first, end - first, self._formats["string"])
        if is_open:
            self.setCurrentBlockState(quotes)
            return -1
        return end


def _format(colour: str) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QColor(colour))
    return made
