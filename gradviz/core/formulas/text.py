"""The text of a formula before it is parsed: look-alike characters made plain, and anything slow or deep refused."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 4000
MAX_LINES = 100
MAX_DEPTH = 40
MAX_SIGNS = 20
MAX_TERMS = 250


class FormulaError(ValueError):
    """What is wrong with a formula, at a line and a column that both count from 1.

    `unknown` is the name that nothing has, where that is what is wrong and a tensor could have it.
    """

    def __init__(self, reason: str, line: int = 1, column: int = 1, unknown: str = "") -> None:
        super().__init__(f"line {line}, column {column}: {reason}")
        self.reason = reason
        self.line = line
        self.column = column
        self.unknown = unknown


_LOOKALIKES = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "÷": "/", "≤": "≤", "，": ",", "。": "."})
_DEEP = re.compile(r"[()\[\]{}]")
_SIGNS = re.compile(r"(?:[-+~]\s*){" + str(MAX_SIGNS + 1) + ",}")
_TERMS = re.compile(r"[-+*/%@<>=,]+|\[|\[|\b(?:not|and|or|if|for|lambda)\b")


def normalise(text: str) -> str:
    """Full-width and look-alike characters as ASCII, one for one, so that columns stay true.

    Others stay as they are and are refused: a raised 2 must not become the digit 2.
    """
    return "".join(_normal_character(character) for character in text.translate(_LOOKALIKES))


def _normal_character(character: str) -> str:
    if character < "\x80":
        return character
    is_wide = unicodedata.decomposition(character).startswith(("<wide>", "<narrow>"))
    return unicodedata.normalize("NFKC", character) if is_wide else character


def measure(text: str) -> None:
    """Refuse what would be slow or deep before any parser sees it."""
    if "\x00" in text:
        raise FormulaError("a NUL character cannot stand in a formula", *_place(text, text.index("\x00")))
    if len(text) > MAX_CHARACTERS:
        raise FormulaError(f"the formula is too long: {len(text)} characters, at most {MAX_CHARACTERS}")
    if text.count("\n") >= MAX_LINES:
        raise FormulaError(f"the formula has too many lines, at most {MAX_LINES}")
    signs = _SIGNS.search(text)
    if signs:
        raise FormulaError(f"more than {MAX_SIGNS} signs in a row", *_place(text, signs.start()))
    depth = 0
    for bracket in _DEEP.finditer(text):
        depth += 1 if bracket.group() in "([{" else -1
        if depth > MAX_DEPTH:
            place = _place(text, bracket.start())
            raise FormulaError(f"brackets are nested deeper than {MAX_DEPTH}", *place)
    if sum(1 for _ in _TERMS.finditer(text)) > MAX_TERMS:
        raise FormulaError(f"the formula has more than {MAX_TERMS} operations")


def _place(text: str, index: int) -> tuple[int, int]:
    """Line and column, from 1, of the character at `index`."""
    before = text[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1
