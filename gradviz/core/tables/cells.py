"""The cells of a table as text, and the numbers in them: what is not plainly a number is named, never guessed."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from enum import IntEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

FEW_CELLS = 16
LONGEST_NUMBER = 60
_PLAIN = "0123456789+-.eE \n"
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(
    r"[+-]?\d{1,3}(?:[ ,.'_\u00a0\u202f\u2019]\d{3})+(?:[.,]\d+)?|[+-]?\d+(?:_\d+)+(?:[.,]\d+)?", re.ASCII
)
_MISSING = frozenset({"na", "n/a", "#n/a", "null", "-", "?"})
_CURRENCY = (
    r"[$€£¥₹₽₩₺₫₪฿₴₦￥]|US\$|USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|KRW|BRL|RUB|ZAR|"
    r"TRY|MXN|SGD|HKD|Fr\.|kr\.?|zł|Rs\.?|元|円|원"
)
_SIGNED = re.compile(
    rf"(?P<open>\(?)\s*(?P<minus>[+-]?)\s*(?P<before>{_CURRENCY})?\s*(?P<inner>[+-]?)"
    rf"(?P<digits>[\d.,'\u2019\u00a0\u202f_ ]*\d[.,]?)\s*(?P<after>{_CURRENCY}|[%‰％])?\s*(?P<close>\)?)",
    re.ASCII,
)
SIGNS = re.compile(rf"[%‰％]|{_CURRENCY}")
"""Finds in many cells at once whether any may have a sign of currency or percent."""
GROUPINGS = {"": "None", ",": "Comma", ".": "Point", " ": "Blank", "'": "Apostrophe"}
_SPACES = " \u00a0\u202f\u2009"
_NAN = frozenset({"nan", "+nan", "-nan", "#num!", "#div/0!"})
_INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "∞", "+∞", "-∞"})


class CellFault(IntEnum):
    """Why a cell holds no number that can be used; NONE where it does."""

    NONE = 0
    EMPTY = 1
    MISSING = 2
    NAN = 3
    INFINITE = 4
    GROUPED = 5
    FOREIGN_DIGITS = 6
    TEXT = 7

    @property
    def sentence(self) -> str:
        """What is wrong with one such cell."""
        return _SENTENCES[self]

    @property
    def word(self) -> str:
        """The fault in a count, such as "3 empty"."""
        return _WORDS[self]


_SENTENCES = {
    CellFault.NONE: "",
    CellFault.EMPTY: "The cell is empty.",
    CellFault.MISSING: "The cell is marked as missing, as n/a, null, - or ? do.",
    CellFault.NAN: "nan is not a number that can be trained on.",
    CellFault.INFINITE: "The number is infinite, or too large for a float64.",
    CellFault.GROUPED: "Digits are grouped as in 1_000: write 1000.",
    CellFault.FOREIGN_DIGITS: "These digits are not 0 to 9.",
    CellFault.TEXT: "This is text, not a number.",
}
_WORDS = {
    CellFault.NONE: "fine",
    CellFault.EMPTY: "empty",
    CellFault.MISSING: "marked as missing",
    CellFault.NAN: "nan",
    CellFault.INFINITE: "infinite",
    CellFault.GROUPED: "with grouped digits",
    CellFault.FOREIGN_DIGITS: "with foreign digits",
    CellFault.TEXT: "text",
}


def cell_number(text: str, decimal: str = ".", grouping: str = "") -> tuple[float, CellFault]:
    """The number of a cell, or NaN and why there is none. A sign of currency or percent beside it is no part of it."""
    cell = text.strip().replace("\u2212", "-")  # a minus of typography is one that somebody pasted
    number = _number_in(cell, decimal, grouping)
    if math.isnan(number):
        bare, _sign = split_sign(cell)
        cell = bare or cell
        number = _number_in(bare, decimal, grouping)
    if math.isnan(number):
        return math.nan, _fault_of(cell)
    return (number, CellFault.NONE) if math.isfinite(number) else (math.nan, CellFault.INFINITE)


def _number_in(cell: str, decimal: str, grouping: str) -> float:
    """The number that a cell is in full; NaN where it is none."""
    if grouping and _grouped_pattern(decimal, grouping).fullmatch(cell):
        cell = _ungrouped(cell, grouping)
    if decimal == ",":
        cell = "" if "." in cell else cell.replace(",", ".")
    return float(cell) if _NUMBER.fullmatch(cell) else math.nan


def split_sign(cell: str) -> tuple[str, str]:
    """The number of "$-5", "5 %" or "($5)" as text, and its sign of currency or percent; empty where there is none."""
    # a long text is no number, and would cost a pattern with blanks dearly
    found = _SIGNED.fullmatch(cell) if len(cell) <= LONGEST_NUMBER else None
    if found is None or bool(found["open"]) != bool(found["close"]):
        return "", ""
    sign = found["before"] or found["after"] or ""
    is_double = bool(found["before"] and found["after"]) or bool(found["minus"] and found["inner"])
    if not sign or is_double:
        return "", ""
    minus = "-" if found["open"] else found["minus"] or found["inner"]
    return f"{minus}{found['digits'].strip()}", sign


@cache
def _grouped_pattern(decimal: str, grouping: str) -> re.Pattern[str]:
    """Digits in threes; with commas also in twos before the last three, as in India."""
    group = _group_class(grouping)
    twos = rf"|\d{{1,2}}(?:{group}\d\d)*{group}\d{{3}}" if grouping == "," else ""
    return re.compile(rf"[+-]?(?:\d{{1,3}}(?:{group}\d{{3}})+{twos})(?:{re.escape(decimal)}\d+)?", re.ASCII)


def _group_class(grouping: str) -> str:
    return {" ": f"[{_SPACES}]", "'": "['\u2019]"}.get(grouping, re.escape(grouping))


def _ungrouped(cell: str, grouping: str) -> str:
    for letter in {" ": _SPACES, "'": "'\u2019"}.get(grouping, grouping):
        cell = cell.replace(letter, "")
    return cell


def is_grouped(cell: str, decimal: str, grouping: str) -> bool:
    """Whether a cell is a number whose digits are grouped by this letter."""
    return grouping != decimal and _grouped_pattern(decimal, grouping).fullmatch(cell) is not None


def _fault_of(cell: str) -> CellFault:
    word = cell.lower()
    if not word:
        return CellFault.EMPTY
    if word in _MISSING:
        return CellFault.MISSING
    if word in _NAN:
        return CellFault.NAN
    if word in _INFINITE:
        return CellFault.INFINITE
    if _GROUPED.fullmatch(cell):
        return CellFault.GROUPED
    if _has_foreign_digits(cell):
        return CellFault.FOREIGN_DIGITS
    return CellFault.TEXT


def _has_foreign_digits(cell: str) -> bool:
    """Whether the cell would be a number if its digits were 0 to 9: Arabic or full-width ones, say."""
    if cell.isascii() or not any(letter.isdecimal() and not letter.isascii() for letter in cell):
        return False
    digits = "".join(str(int(letter)) if letter.isdecimal() else letter for letter in cell)
    points = digits.replace("\u066b", ".").replace("\u066c", "").replace("．", ".").replace("－", "-")
    return _NUMBER.fullmatch(points.replace(",", ".")) is not None


def cell_numbers(
    rows: Sequence[Sequence[str]], decimal: str, grouping: str = ""
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """The numbers of rows of one length, NaN where there is none, and the faults; both (rows, columns)."""
    height, width = len(rows), len(rows[0]) if rows else 0
    values = np.empty((height, width))
    faults = np.zeros((height, width), dtype=np.uint8)
    if not _fill_plain(values.reshape(-1), [cell for row in rows for cell in row], decimal):
        # along the longer side, so that a single bad cell costs one line of the block and no more calls than needed
        if width > height:
            for index, row in enumerate(rows):
                _fill(values[index], faults[index], row, decimal, grouping)
        else:
            for index, column in enumerate(zip(*rows, strict=True)):
                _fill(values[:, index], faults[:, index], column, decimal, grouping)
    return values, faults


def _fill(
    values: NDArray[np.float64], faults: NDArray[np.uint8], cells: Sequence[str], decimal: str, grouping: str
) -> None:
    """Halve until the bad cells are alone: one among thousands then costs little more than none."""
    if _fill_plain(values, cells, decimal):
        return
    half = len(cells) // 2
    if half >= FEW_CELLS:
        _fill(values[:half], faults[:half], cells[:half], decimal, grouping)
        _fill(values[half:], faults[half:], cells[half:], decimal, grouping)
        return
    pairs = [cell_number(cell, decimal, grouping) for cell in cells]
    values[:] = [number for number, _ in pairs]
    faults[:] = [fault for _, fault in pairs]


def _fill_plain(values: NDArray[np.float64], cells: Sequence[str], decimal: str) -> bool:
    """Whether all cells were plain finite numbers, which is the rule and ten times faster than one by one.

    float() alone would also take 1_000, nan, and the digits of every script: only the letters of plain numbers
    are let through to it.
    """
    together = "\n".join(cells)
    if decimal == ",":
        if "." in together:
            return False
        together = together.replace(",", ".")
        cells = together.split("\n")
    if len(cells) != len(values) or together.strip(_PLAIN):
        return False
    try:
        values[:] = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        return False
    return bool(np.isfinite(values).all())
