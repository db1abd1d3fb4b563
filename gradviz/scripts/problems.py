"""What a dialect cannot say."""

from __future__ import annotations

from gradviz.core.problems import GradvizError
from gradviz.core.words import one_line

LONGEST_MESSAGE = 300


class ScriptError(GradvizError):
    """A script that is not known in a dialect: what is missing for it, and the next step, in at most 300 characters."""

    def __init__(self, cause: str, next_step: str = "") -> None:
        left = LONGEST_MESSAGE - len(next_step) - 1 if next_step else LONGEST_MESSAGE
        self.cause, self.next_step = one_line(cause, left), next_step
        super().__init__(f"{self.cause} {next_step}".strip())
