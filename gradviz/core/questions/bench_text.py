"""The bench in plain text: one table for the command line and for what is copied from the window."""

from __future__ import annotations

import math

import numpy as np

from gradviz.core.numbers import short_number
from gradviz.core.questions.bench import BenchReport, BenchRow, Verdict

COLUMNS = ("Parameter", "Method", "Verdict", "Values", "Difference", "Relative", "Step size", "dtype")
MARKS = {
    Verdict.REFERENCE: "=",
    Verdict.AGREES: "✓",
    Verdict.KINK: "∧",
    Verdict.CUT: "✂",
    Verdict.ROUNDING: "≈",
    Verdict.NO_VALUE: "∄",
    Verdict.UNUSED: "○",
    Verdict.UNSURE: "?",
    Verdict.MISSING: "–",
}
FAULT_MARK = "✗"


def mark_of(verdict: Verdict) -> str:
    """A sign for a verdict, so that it is not told by colour alone."""
    return MARKS.get(verdict, FAULT_MARK)


def method_text(row: BenchRow) -> str:
    """The method; the row in the run's own dtype follows that of backward in float64."""
    return str(row.method) if row.dtype == "float64" else f"the same in {row.dtype}"


def values_text(row: BenchRow, most: int = 2) -> str:
    """The numbers of a gradient, or the first of them."""
    if row.values is None:
        return "None" if row.verdict is Verdict.UNUSED else "–"
    flat = row.values.reshape(-1)
    if flat.size == 1:
        return short_number(float(flat[0]))
    shown = ", ".join(short_number(float(value), 4) for value in flat[:most])
    return f"[{shown}, …]" if flat.size > most else f"[{shown}]"


def difference_text(value: float) -> str:
    """A difference to two digits; a dash where there is nothing to compare."""
    return "–" if math.isnan(value) else short_number(value, 2)


def row_texts(row: BenchRow) -> tuple[str, ...]:
    """The row under `COLUMNS`."""
    return (
        row.parameter,
        method_text(row),
        f"{mark_of(row.verdict)} {row.verdict}",
        values_text(row),
        difference_text(row.absolute),
        difference_text(row.relative),
        difference_text(row.step_size),
        row.dtype,
    )


def report_text(report: BenchReport) -> str:
    """The whole report: a table, the derivatives in symbols, what is wrong in words, and notes."""
    parts = [f"Step {report.step:,}, loss {short_number(report.loss)}. {report.summary}"]
    if report.rows:
        parts.append(_table([COLUMNS, *map(row_texts, report.rows)]))
    texts = [row.expression for row in report.rows if row.expression]
    if texts:
        parts.append("\n".join(texts))
    parts.append("\n".join([*_told(report), *report.notes]))
    return "\n\n".join(part for part in parts if part)


def _told(report: BenchReport) -> list[str]:
    """What is said of the rows that do more than agree: methods of which the same is said share a line."""
    told: dict[tuple[str, str], list[str]] = {}
    for row in report.rows:
        if row.verdict not in (Verdict.REFERENCE, Verdict.AGREES):
            told.setdefault((row.parameter, row.sentence), []).append(_method_name(row))
    return [f"{name}, {', '.join(methods)}: {sentence}" for (name, sentence), methods in told.items()]


def _method_name(row: BenchRow) -> str:
    return str(row.method) if row.dtype == "float64" else f"{row.method} in {row.dtype}"


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def report_data(report: BenchReport) -> dict[str, object]:
    """The report as plain JSON data; the values of what was compared, in full."""
    return {
        "agrees": report.agrees,
        "step": report.step,
        "loss": report.loss,
        "summary": report.summary,
        "fault": report.fault,
        "notes": list(report.notes),
        "seconds": round(report.seconds, 3),
        "rows": [_row_data(row) for row in report.rows],
    }


def _row_data(row: BenchRow) -> dict[str, object]:
    return {
        "parameter": row.parameter,
        "method": str(row.method),
        "dtype": row.dtype,
        "shape": list(row.shape),
        "values": None if row.values is None else np.asarray(row.values).tolist(),
        "coordinates": None if row.coordinates is None else list(row.coordinates),
        "in_graph": row.verdict is not Verdict.UNUSED,
        "absolute": _or_none(row.absolute),
        "relative": _or_none(row.relative),
        "step_size": _or_none(row.step_size),
        "verdict": str(row.verdict),
        "sentence": row.sentence,
        "expression": row.expression,
    }


def _or_none(value: float) -> float | None:
    """A figure that there is; None where there was nothing to compare, which is not the same as nan."""
    return None if math.isnan(value) else value
