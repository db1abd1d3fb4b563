"""All that the engine has to say since the last time."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.core.questions.basins import BasinMap
from gradviz.core.questions.bench import BenchProgress, BenchReport
from gradviz.core.questions.snapshot import Snapshot
from gradviz.core.questions.start import Start
from gradviz.core.questions.surface import SurfaceGrid
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState


@dataclass(frozen=True, slots=True)
class Update:
    """All that the engine has to say since the last one. `run` counts the runs: views ignore an older one.

    `device` is where the run is, `devices` are all that this machine has. `basins` may be a sentence: how far the map
    is, or why there is none.
    """

    run: int
    state: RunState
    step: int
    message: str
    notice: str
    steps_per_s: float
    records: RecordBlock | None
    device: str
    devices: tuple[str, ...]
    snapshot: Snapshot | None
    surface: SurfaceGrid | None
    result: RunResult | None
    start: Start | None = None
    bench: BenchReport | BenchProgress | None = None
    basins: BasinMap | str | None = None
