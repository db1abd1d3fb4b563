"""A measured figure beside its bar."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """What was measured (`value`), in which unit, and what it is to reach; `bar` is text such as "<= 0.35"."""

    name: str
    value: float
    unit: str
    bar: str = ""
    note: str = ""

    def as_data(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def table(figures: list[Figure]) -> str:
    """The figures in columns."""
    rows = [(f.name, f"{f.value:.3f} {f.unit}".strip(), f.bar, f.note) for f in figures]
    rows.insert(0, ("figure", "measured", "bar", ""))
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
