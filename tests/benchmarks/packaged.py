"""From the start of the built program to its first painted window, over the same from source, in one run."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from figures import Figure

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from program import ROOT, SOURCE, Program

PAINTED = "The window was painted."


def packaged_figures(repeats: int) -> list[Figure]:
    """The ratio, and the times behind it; nothing where there is no built program. The two alternate."""
    built = Path(os.environ.get("GRADVIZ_BUILT", ROOT / "dist" / "gradviz" / "gradviz"))
    if not built.is_file():
        sys.stderr.write("no built program: make package makes it\n")
        return []
    packaged, source = [], []
    for turn in range(repeats + 1):
        times = _seconds_to_paint((str(built),)), _seconds_to_paint(SOURCE)
        if turn:  # the first reads both from the disk
            packaged.append(times[0])
            source.append(times[1])
    median = statistics.median
    return [
        Figure("first painted window, packaged / from source", median(packaged) / median(source), "", "<= 1.2"),
        Figure("start to first painted window, packaged", median(packaged), "s"),
        Figure("start to first painted window, from source", median(source), "s"),
    ]


def _seconds_to_paint(command: tuple[str, ...]) -> float:
    """From the start of the process to the line in its session's log; the log is looked at every millisecond."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        own = {"GRADVIZ_DATA": folder, "GRADVIZ_CONFIG": str(Path(folder) / "config")}
        with Program(Path(folder), command=command, **own) as program:
            while PAINTED not in program.log:
                if program.process.poll() is not None:
                    raise RuntimeError("the program ended before its window was painted")
                time.sleep(0.001)
            return time.perf_counter() - begin
