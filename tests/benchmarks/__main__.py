"""``make bench``: prints a table of what was measured beside what was aimed at, and writes it as JSON.

Every figure is a ratio or a time within one run, a median over repetitions. Nothing here is asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from figures import Figure, table  # noqa: E402 - found beside this file

RESULTS = FOLDER / "results"
ALL = ("start", "packaged", "engine", "scripts", "seek", "watch", "graph", "step")


def measure(chosen: set[str], seconds: float, repeats: int) -> list[Figure]:
    """Run the chosen benchmarks, those that need a fresh process first."""
    figures: list[Figure] = []
    if "start" in chosen:
        from startup import startup_figures

        figures += startup_figures(repeats)
    if "packaged" in chosen:
        from packaged import packaged_figures

        figures += packaged_figures(repeats)
    if "engine" in chosen:
        from engine_costs import engine_figures

        figures += engine_figures()
    if "scripts" in chosen:
        from script_loops import script_figures

        figures += script_figures()
    if "seek" in chosen:
        from seeking import seek_figures

        figures += seek_figures()
    if "graph" in chosen:
        from graph_drawing import graph_figures
        from tracing import tracing_figures

        figures += tracing_figures()
        figures += graph_figures()
    if "step" in chosen:
        from stepping import stepping_figures

        figures += stepping_figures()
    if "watch" in chosen:
        from watching import watching_figures

        figures += watching_figures(seconds)
    return figures


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("which", nargs="*", default=list(ALL), help=", ".join(ALL))
    parser.add_argument("--seconds", type=float, default=60.0, help="of each watched and unwatched run")
    parser.add_argument("--repeats", type=int, default=7, help="of each start")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as settings:
        os.environ["GRADVIZ_CONFIG"] = settings
        figures = measure(set(arguments.which), arguments.seconds, arguments.repeats)
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}")
    print(table(figures))
    RESULTS.mkdir(exist_ok=True)
    written = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    data = {"cores": os.cpu_count(), "figures": [figure.as_data() for figure in figures]}
    written.write_text(json.dumps(data, indent=2))
    print(f"Wrote {written}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
