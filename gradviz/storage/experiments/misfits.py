"""The refusal of a result that does not fit its experiment, which can be opened without it."""

from __future__ import annotations

from gradviz.storage.problems import FileError


class MisfitError(FileError):
    """The experiment of the file is good, its result is not; `clause` says what of it."""

    def __init__(self, clause: str) -> None:
        self.clause = clause
        super().__init__(f"The result in this file cannot be used: {clause}.", "Open it without its run.")
