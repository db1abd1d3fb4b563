"""Reading in pieces: a generator that yields the share that is done, so that a window answers between two of them."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Pieces = Generator[float, None, T]
"""Yields shares from 0 to 1 and returns what was read. Whoever wants it at once asks `in_one`."""


def in_one(pieces: Pieces[T]) -> T:
    """What comes of all pieces."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            value: T = end.value
            return value
