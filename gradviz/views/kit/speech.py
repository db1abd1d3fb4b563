"""The one place where words become text in the window."""

from __future__ import annotations

from gradviz.core.words import Words


def spoken(words: Words) -> str:
    """The words as their reader sees them."""
    return str(words)
