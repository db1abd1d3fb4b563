"""The exceptions of this layer: a plain sentence with the cause, and one with the next step."""

from __future__ import annotations

import errno

from gradviz.core.problems import GradvizError
from gradviz.core.words import one_line

MAX_MESSAGE = 300

_CAUSES = {
    errno.ENOSPC: "The disk is full.",
    errno.EDQUOT: "The disk quota is used up.",
    errno.EFBIG: "The file would be larger than this disk or account allows.",
    errno.EROFS: "The disk is read-only.",
    errno.EACCES: "You have no permission for this file or its folder.",
    errno.EPERM: "You have no permission for this file or its folder.",
    errno.ENAMETOOLONG: "The name or the path is too long.",
    errno.ENOENT: "There is no such file or folder.",
    errno.ENOTDIR: "A part of the path is a file, not a folder.",
    errno.EISDIR: "This is a folder, not a file.",
    errno.ELOOP: "The links of this path lead in a circle.",
    errno.EIO: "The disk reports an error.",
}


class FileError(GradvizError):
    """What is wrong with a file, in at most 300 characters of plain text.

    A cause that is too long is cut so that the next step is still read.
    """

    def __init__(self, cause: str, next_step: str = "") -> None:
        self.cause = one_line(cause, MAX_MESSAGE - len(next_step) - 1 if next_step else MAX_MESSAGE)
        self.next_step = next_step
        super().__init__(f"{self.cause} {next_step}".strip())


class NewerFormatError(FileError):
    """The file was written by a newer gradviz; `version` is that of its format."""

    def __init__(self, version: int, known: int) -> None:
        super().__init__(
            f"This file has format version {version}; this gradviz knows versions up to {known}.",
            "Open it read-only, or update gradviz.",
        )
        self.version = version


def cause_of(error: OSError) -> str:
    """What the operating system says, as a sentence."""
    return _CAUSES.get(error.errno or 0, f"The system reports: {error.strerror or type(error).__name__}.")
