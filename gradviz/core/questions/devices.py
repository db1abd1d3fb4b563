"""Where a run is, and where it could be."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.core.questions.question import Question


@dataclass(frozen=True, slots=True)
class Devices:
    """`device` is that of the run, `available` are all that PyTorch reports on this machine."""

    device: str
    available: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListDevices(Question[Devices]):
    """The devices of this machine, and the one of this run."""
