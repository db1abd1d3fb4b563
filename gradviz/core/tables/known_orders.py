"""The order in which a person would put some texts: days, months, sizes, grades; else that of numbers and letters."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ORDERS: tuple[tuple[str, ...], ...] = (
    ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
     "december"),
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    ("spring", "summer", "autumn", "fall", "winter"),
    ("very low", "low", "medium", "mid", "middle", "moderate", "high", "very high"),
    ("tiny", "small", "medium", "large", "huge"),
    ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl"),
    ("never", "rarely", "sometimes", "often", "usually", "always"),
    ("none", "mild", "moderate", "severe"),
    ("very bad", "bad", "poor", "fair", "average", "good", "very good", "excellent"),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("cold", "cool", "mild", "warm", "hot"),
    ("first", "second", "third", "fourth", "fifth"),
    ("child", "teenager", "adult", "senior"),
    ("primary", "secondary", "tertiary"),
)  # fmt: skip
_DIGITS = re.compile(r"(\d+)")


def in_order(texts: Sequence[str]) -> list[str]:
    """The texts by a known order that has all of them, else by letters, with the numbers in them by their size."""
    plain = {text: text.strip().lower() for text in texts}
    for order in _ORDERS:
        if set(plain.values()) <= set(order):
            return sorted(texts, key=lambda text: order.index(plain[text]))
    return sorted(texts, key=_by_numbers)


def _by_numbers(text: str) -> tuple[list[tuple[int, int, str]], str]:
    """A key by which 9 mm comes before 10 mm."""
    parts = _DIGITS.split(text)
    return [(0, int(part[:18]), "") if part.isdecimal() else (1, 0, part) for part in parts if part], text
