"""What may be posted to the training thread."""

from __future__ import annotations

from dataclasses import dataclass, field

from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import Range
from gradviz.core.runs.result import RunResult


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which parts of a snapshot are asked for; the graph is that of the optimiser `optimizer`."""

    graph: bool = False
    parameters: bool = False
    fit: bool = False
    optimizer: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """Start run number `run` of an experiment, at step 0 or where `result` ended."""

    run: int
    experiment: Experiment
    result: RunResult | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Take over live settings between two steps."""

    experiment: Experiment


@dataclass(frozen=True, slots=True)
class Run:
    """Run to the end, at most `pace` steps a second (None: as fast as it goes)."""

    pace: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop after the current step."""


@dataclass(frozen=True, slots=True)
class Step:
    """`count` steps, then pause."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Seek:
    """Go to a step, and pause there."""

    step: int


@dataclass(frozen=True, slots=True)
class Look:
    """Ask for a snapshot of the current step."""

    wanted: Wanted = field(default_factory=Wanted)


@dataclass(frozen=True, slots=True)
class Survey:
    """Ask for the surface; `domain` None lets the engine choose, `recentre` moves a slice to the current step."""

    resolution: int = 128
    domain: tuple[Range, Range] | None = None
    recentre: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """Ask for the gradient bench at the current step, of the optimiser `optimizer`; a bench under way is dropped."""

    optimizer: int = 0


@dataclass(frozen=True, slots=True)
class CancelCheck:
    """Drop the bench that is under way."""


@dataclass(frozen=True, slots=True)
class MapBasins:
    """Ask for the map of basins over `domain`; None drops the one under way."""

    domain: tuple[Range, Range] | None


@dataclass(frozen=True, slots=True)
class Collect:
    """Ask for the result of the run so far, to be saved."""


@dataclass(frozen=True, slots=True)
class FindStart:
    """Ask for what the experiment starts from, for its scripts."""


@dataclass(frozen=True, slots=True)
class Close:
    """End the thread."""


Command = (
    Load
    | Edit
    | Run
    | Pause
    | Step
    | Seek
    | Look
    | Survey
    | Check
    | CancelCheck
    | MapBasins
    | Collect
    | FindStart
    | Close
)
