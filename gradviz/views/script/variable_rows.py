"""Variables as the rows of a table: what of each is written in which column, and which of it a line changed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gradviz.core.numbers import short_number
from gradviz.core.stepping.catalogue import shape_text
from gradviz.core.stepping.events import MODULE, State
from gradviz.core.stepping.variable_state import Entry, Numbers, Summary, VariableState
from gradviz.core.words import one_line

COLUMNS = ("Name", "Value", ".grad", "Shape", "dtype", "requires_grad", "Leaf", "grad_fn", "Version", "Shares with")
MOST_WRITTEN = 6
"""Numbers of a tensor that are written in full."""
LONGEST_TEXT = 120
NONE_YET = "None"


@dataclass(frozen=True, slots=True)
class Row:
    """A variable; `cells` are its texts by `COLUMNS`, `changed` the columns that the line at work changed.

    `frame` is the number of the function call that it belongs to, 0 for the script's own lines; `whole` is all that is
    known of it, in lines.
    """

    frame: int
    name: str
    cells: tuple[str, ...]
    changed: frozenset[int] = frozenset()
    whole: str = ""


def rows_of(state: State | None, before: State | None) -> tuple[Row, ...]:
    """The variables at an event: those of the function at work first, the script's own last."""
    if state is None:
        return ()
    functions = {frame.number: frame.function for frame in state.frames}
    scopes = [*functions, *([] if MODULE in functions else [MODULE])]
    ranks = {scope: rank for rank, scope in enumerate(scopes)}
    seen = sorted((key for key in state.variables if key[0] in ranks), key=lambda key: ranks[key[0]])
    return tuple(_row(state, before, key, functions) for key in seen)


def _row(state: State, before: State | None, key: tuple[int, str], functions: dict[int, str]) -> Row:
    scope, name = key
    variable = state.variables[key]
    shown = name if scope == MODULE else f"{functions.get(scope, '')} · {name}"
    cells = (shown, *_cells(variable), ", ".join(state.sharing(scope, name)))
    changed: set[int] = set()
    if key in state.event.changed:
        was = None if before is None else before.variables.get(key)
        old = (shown, *_cells(was), "") if was is not None else ("",) * len(COLUMNS)
        changed = {column for column in range(len(COLUMNS) - 1) if cells[column] != old[column]}
        if was is not None and (was.numbers, was.grad) != (variable.numbers, variable.grad):
            changed |= {1} if was.numbers != variable.numbers else {2}
    whole = "\n".join(f"{title}: {cell}" for title, cell in zip(COLUMNS, cells, strict=True) if cell)
    return Row(scope, name, cells, frozenset(changed), whole)


def _cells(variable: VariableState) -> tuple[str, ...]:
    """All columns but the first and the last."""
    if variable.kind == "plain":
        return _plain_text(variable.value), "", "", variable.type, "", "", "", ""
    if variable.kind == "object":
        return one_line(variable.text, LONGEST_TEXT), "", "", variable.type, "", "", "", ""
    value, shape = numbers_text(variable.numbers, variable.shape), shape_text(variable.shape)
    if variable.kind == "array":
        return value, "", shape, f"{variable.dtype} (NumPy)", "", "", "", ""
    grad = numbers_text(variable.grad, variable.shape) if variable.has_grad else ""
    if not grad and variable.requires_grad and variable.is_leaf:
        grad = NONE_YET
    dtype = variable.dtype if variable.device in ("", "cpu") else f"{variable.dtype}, {variable.device}"
    return (
        value, grad, shape, dtype, "yes" if variable.requires_grad else "no", "yes" if variable.is_leaf else "no",
        variable.grad_fn or "", str(variable.version),
    )  # fmt: skip


def _plain_text(value: object) -> str:
    return _number(value) if isinstance(value, float) else one_line(repr(value), LONGEST_TEXT)


def numbers_text(numbers: Numbers, shape: tuple[int, ...]) -> str:
    """Few numbers in full, in the brackets of their shape; else their range and mean, and how many are not finite."""
    if numbers is None:
        return "not read"
    if isinstance(numbers, Summary):
        return _spread(numbers.low, numbers.high, numbers.mean, numbers.not_finite)
    if len(numbers) <= MOST_WRITTEN:
        return _nested(numbers, shape)
    if any(isinstance(one, complex) for one in numbers):
        return f"{', '.join(_number(one) for one in numbers[:3])}, …"
    real = [float(one) for one in numbers if not isinstance(one, complex)]
    finite = [one for one in real if math.isfinite(one)]
    if not finite:
        return _spread(None, None, None, len(real))
    return _spread(min(finite), max(finite), math.fsum(finite) / len(finite), len(real) - len(finite))


def _spread(low: float | None, high: float | None, mean: float | None, not_finite: int) -> str:
    parts = []
    if low is not None and high is not None:
        parts.append(f"{short_number(low, 4)} … {short_number(high, 4)}")
    if mean is not None:
        parts.append(f"mean {short_number(mean, 4)}")
    if not_finite:
        parts.append(f"{not_finite:,} NaN or infinite")
    return ", ".join(parts) or "empty"


def _nested(entries: tuple[Entry, ...], shape: tuple[int, ...]) -> str:
    if not shape:
        return _number(entries[0]) if entries else "empty"
    size = math.prod(shape[1:])
    return f"[{', '.join(_nested(entries[k * size : (k + 1) * size], shape[1:]) for k in range(shape[0]))}]"


def _number(value: object) -> str:
    if isinstance(value, bool | complex) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return str(value)
    return short_number(value) if math.isfinite(value) else str(value)
