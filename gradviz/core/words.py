"""Sentences for a person."""

from __future__ import annotations


def one_line(text: str, limit: int) -> str:
    """One line of printable characters, with an ellipsis where it was cut."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
