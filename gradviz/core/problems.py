"""The exception that all of gradviz's own are: what a user asked for and cannot have, in a sentence."""

from __future__ import annotations


class GradvizError(Exception):
    """A setting, a file, a script or an experiment that cannot be used; its text says why, for a person.

    Each layer raises a kind of its own, so that `except gradviz.GradvizError` is enough.
    """
