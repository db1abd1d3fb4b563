"""The list of a box that letters are typed at: they find any word of an entry, not only its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QListView

SPACE = " "


class WordList(QListView):
    """For `QComboBox.setView`; what is typed without a pause is one word."""

    def __init__(self) -> None:
        super().__init__()
        self._typed = ""
        self._typed_at = 0.0

    def keyboardSearch(self, search: str) -> None:
        """Go to the entry that is meant by the letters typed so far."""
        now, pause = monotonic(), QApplication.keyboardInputInterval() / 1000
        self._typed = self._typed + search if now - self._typed_at < pause else search
        self._typed_at = now
        texts = [self._text(row) for row in range(self.model().rowCount())]
        found = meant(texts, self._typed, self.currentIndex().row())
        if found is not None:
            self.setCurrentIndex(self.model().index(found, self.modelColumn()))

    def _text(self, row: int) -> str:
        """What an entry says; nothing of one that cannot be chosen."""
        index = self.model().index(row, self.modelColumn())
        return str(index.data() or "") if index.flags() & Qt.ItemFlag.ItemIsEnabled else ""


def meant(texts: Sequence[str], typed: str, current: int) -> int | None:
    """The entry that begins with `typed`, else that with such a word, else that with such letters anywhere.

    Of several it is the first from the current one on; a letter alone, or typed again, goes on to the next.
    """
    letters = typed.lower()
    is_again = len(set(letters)) == 1
    rows = [(current + shift) % len(texts) for shift in range(len(texts))] if texts else []
    for wanted, order in ((letters, rows), (letters[:1] if is_again else "", rows[1:] + rows[:1])):
        for fits in (_begins, _has_word, _has):
            found = next((row for row in order if wanted and fits(texts[row].lower(), wanted)), None)
            if found is not None and (found != current or len(wanted) > 1):
                return found
    return None


def _begins(text: str, letters: str) -> bool:
    return text.startswith(letters)


def _has_word(text: str, letters: str) -> bool:
    return f"{SPACE}{letters}" in text


def _has(text: str, letters: str) -> bool:
    return letters in text
