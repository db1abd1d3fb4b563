"""The exception that all of gradviz's own are: what a user asked for and cannot have, in a sentence."""

from __future__ import annotations

from gradviz.core.words import escaped

LONGEST = 300


class GradvizError(Exception):
    """A setting, a file, a script or an experiment that cannot be used; its text says why, for a person.

    Each layer raises a kind of its own, so that `except gradviz.GradvizError` is enough. The text has at most 300
    characters, and what it repeats of a refused value is written out where it cannot be printed.
    """

    def __init__(self, sentence: str = "") -> None:
        whole = escaped(sentence)
        super().__init__(whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…")
