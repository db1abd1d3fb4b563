"""What was done to a tensor besides computing it: hooks, changes in place, and where it was cut from the graph."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from gradviz.core.words import Words


class RemarkKind(StrEnum):
    """What a remark is about, in PyTorch's own terms."""

    HOOK = "hook"
    DETACHED = "detach"
    NO_GRAD = "no_grad"
    IN_PLACE = "in-place"


class Remark(NamedTuple):
    """One thing that was seen at a tensor, as a sentence."""

    kind: RemarkKind
    words: Words
