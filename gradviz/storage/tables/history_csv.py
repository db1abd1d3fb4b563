"""The history of a run as CSV, with every number exact."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from gradviz.core.numbers import Floats, plural
from gradviz.storage.atomic_write import write_bytes

ROWS_PER_CHUNK = 4096


def write_history(
    path: Path,
    losses: Floats,
    positions: Floats,
    labels: tuple[str, ...],
    names: tuple[str, ...] = (),
    figures: Floats | None = None,
    figure_names: tuple[str, ...] = (),
) -> None:
    """Write step, loss and, where there are positions, the numbers that are trained by their `names`; one row a step.

    `losses` is (steps, optimisers) and `positions` (steps, optimisers, 2 or 1), or without elements. With several
    optimisers the label of each ends the names of its columns. Numbers read back to the same float. `figures`
    (steps, optimisers, k) of the rows held out come last, with a name each; one that is not known is an empty cell.
    """
    if len(labels) != losses.shape[1]:
        raise ValueError(f"{plural(len(labels), 'label')} for {plural(losses.shape[1], 'optimiser')}")
    if positions.size and positions.shape not in ((*losses.shape, 2), (*losses.shape, 1)):
        raise ValueError(f"positions {positions.shape} do not fit losses {losses.shape}")
    endings = _endings(labels)
    heads = ["step", *(f"loss{ending}" for ending in endings)]
    if positions.size:
        known = names if len(names) == positions.shape[2] else ("x", "y")[: positions.shape[2]]
        heads += [f"{name}{ending}" for ending in endings for name in known]
    known_figures = figures if figures is not None and figures.size else None
    if known_figures is not None:
        if known_figures.shape != (*losses.shape, len(figure_names)):
            raise ValueError(f"figures {known_figures.shape} do not fit losses {losses.shape}")
        heads += [f"{name}{ending}" for ending in endings for name in figure_names]
    write_bytes(path, _chunks(heads, losses, positions if positions.size else None, known_figures))


def _endings(labels: tuple[str, ...]) -> tuple[str, ...]:
    """What tells the columns of one optimiser from those of another, also where two have one label."""
    if len(labels) == 1:
        return ("",)
    endings: list[str] = []
    for label in labels:
        ending, count = f"_{label}", 1
        while ending in endings:
            count += 1
            ending = f"_{label}_{count}"
        endings.append(ending)
    return tuple(endings)


def _chunks(heads: list[str], losses: Floats, positions: Floats | None, figures: Floats | None) -> Iterator[bytes]:
    yield _csv_bytes([heads])
    for start in range(0, len(losses), ROWS_PER_CHUNK):
        stop = min(start + ROWS_PER_CHUNK, len(losses))
        rows: list[list[object]] = losses[start:stop].tolist()
        if positions is not None:
            places = positions[start:stop].reshape(stop - start, -1).tolist()
            rows = [row + place for row, place in zip(rows, places, strict=True)]
        if figures is not None:
            seen = figures[start:stop].reshape(stop - start, -1).tolist()
            known = [["" if math.isnan(figure) else figure for figure in row] for row in seen]
            rows = [row + more for row, more in zip(rows, known, strict=True)]
        yield _csv_bytes([[step, *row] for step, row in enumerate(rows, start)])


def _csv_bytes(rows: Sequence[Sequence[object]]) -> bytes:
    # the csv module writes a float as repr does: the shortest text that reads back to it
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
