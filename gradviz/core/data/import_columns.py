"""A column of a sheet as numbers for a model: as they stand, as moments, as columns of 0 and 1, or in an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats, plural
from gradviz.core.tables.cells import CellFault
from gradviz.core.tables.column_profiles import ColumnProfile
from gradviz.core.tables.known_orders import in_order
from gradviz.core.tables.moments import Moments, Order, compact_parts, read_moments
from gradviz.core.tables.sheets import MOST_TEXTS, Sheet
from gradviz.core.tables.tables import LONGEST_NAME
from gradviz.core.words import SILENCE, Words, say, verbatim

How = Literal["numbers", "moments", "day_first", "month_first", "indicators", "ordered", "seen"]
HOWS: dict[How, str] = {
    "numbers": "As numbers",
    "moments": "As dates and times",
    "day_first": "As dates, day first",
    "month_first": "As dates, month first",
    "indicators": "A column of 0 and 1 for each",
    "ordered": "0, 1, 2, … in order",
    "seen": "0, 1, 2, … as they come",
}
MOST_INDICATORS = 200
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


class ImportRefusedError(ValueError):
    """What is in the way of an import."""


@dataclass(frozen=True)
class Block:
    """The columns that one column of a sheet becomes: (rows, names) numbers, of which the bad are NaN."""

    names: tuple[str, ...]
    values: Floats
    words: Words = SILENCE
    """What the numbers are, where they are not those of the file."""

    @property
    def bad(self) -> Mask:
        """Rows without a number."""
        return np.asarray(np.isnan(self.values).any(axis=1))


def usual_how(profile: ColumnProfile) -> How:
    """How a column is read unless its person says otherwise."""
    if profile.is_compact or profile.is_moment:
        return "moments"
    return "indicators" if profile.is_text else "numbers"


def possible_hows(profile: ColumnProfile) -> tuple[How, ...]:
    """The ways in which a column can be read."""
    dates: tuple[How, ...] = ("moments", "day_first", "month_first")
    found: tuple[How, ...] = ("numbers",) if profile.numbers else ()
    found += dates if profile.moments else ("moments",) if profile.is_compact else ()
    return (*found, "indicators", "ordered", "seen") if profile.texts or profile.is_whole else found


def quoted(name: str) -> str:
    """The name of a column in a sentence."""
    return f"“{name[:60]}”"


def block_of(sheet: Sheet, place: int, how: How) -> Block:
    """A column as numbers; ImportRefusedError where it cannot be read so."""
    name = sheet.names[place]
    if how == "numbers":
        return _numbers(sheet, place)
    if how in ("moments", "day_first", "month_first"):
        order: Order = {"day_first": "day", "month_first": "month"}.get(how, "")  # type: ignore[assignment]
        moments = _moments(sheet, place, order)
        return Block((name,), moments.values.reshape(-1, 1), moments.words)
    codes, names = classes_of(sheet, place)
    if how == "indicators":
        return _indicators(name, codes, names)
    order_of = names if how == "ordered" else _as_seen(codes, names)
    ranks = np.array([order_of.index(text) for text in names], dtype=np.float64)
    values = np.where(codes >= 0, ranks[codes], np.nan).reshape(-1, 1)
    return Block((name,), values, say("{order}: 0, 1, 2, …", order=", ".join(order_of)[:80]))


def words_of(sheet: Sheet, place: int, how: How) -> Words:
    """What the numbers of a column are; nothing where they stand in the file so, or cannot be had."""
    if how == "numbers":
        return _signs(sheet, place)
    try:
        return block_of(sheet, place, how).words
    except ImportRefusedError:
        return SILENCE


def _numbers(sheet: Sheet, place: int) -> Block:
    if not sheet.counts[place, CellFault.NONE]:
        raise ImportRefusedError(f"Column {quoted(sheet.names[place])} holds no numbers: leave it out.")
    return Block((sheet.names[place],), sheet.values[:, [place]], _signs(sheet, place))


def _signs(sheet: Sheet, place: int) -> Words:
    """The unit of a column, by the signs beside its numbers or by what stands below its name."""
    if not sheet.profiles:
        return SILENCE
    profile = sheet.profiles[place]
    signs = " and ".join(sign for sign in profile.signs if sign)
    if not signs:
        return verbatim(profile.unit)
    return say("in {signs}, some without", signs=signs) if "" in profile.signs else say("in {signs}", signs=signs)


def _moments(sheet: Sheet, place: int, order: Order) -> Moments:
    parts = sheet.moments.get(place)
    if parts is None:
        parts = compact_parts(sheet.values[:, place])
    if parts is None:
        raise ImportRefusedError(f"Column {quoted(sheet.names[place])} holds no dates: leave it out.")
    return read_moments(parts, order, sheet.usual_order)


def _indicators(name: str, codes: Codes, names: Sequence[str]) -> Block:
    """Columns of 0 and 1, one for each text; of two texts the second alone, for the first is what it is not."""
    if len(names) > MOST_INDICATORS:
        raise ImportRefusedError(
            f"Column {quoted(name)} has {len(names):,} different texts, at most {MOST_INDICATORS} can be columns of 0 "
            "and 1: take it in order, or leave it out."
        )
    if len(names) == int((codes >= 0).sum()) and len(names) > 2:
        raise ImportRefusedError(f"Column {quoted(name)} has another text in every row: leave it out.")
    if len(names) < 2:
        raise ImportRefusedError(f"Column {quoted(name)} is always the same: leave it out.")
    shown = range(1, 2) if len(names) == 2 else range(len(names))
    values = np.where(codes[:, None] >= 0, codes[:, None] == np.array(shown), np.nan)
    made = tuple(_named(name, names[place]) for place in shown)
    words = say("1 for {one}, 0 for {other}", one=names[1][:40], other=names[0][:40])
    if len(names) > 2:
        words = say("{count:column|columns} of 0 and 1", count=len(names))
    return Block(made, values.astype(np.float64), words)


def _named(column: str, text: str) -> str:
    """The name of a column of 0 and 1."""
    kept = class_name(text)
    room = LONGEST_NAME - 3
    stem = column[: max(room - len(kept), room // 2)]
    return f"{stem} = {kept}"[:LONGEST_NAME]


def classes_of(sheet: Sheet, place: int, most: int = MOST_TEXTS) -> tuple[Codes, tuple[str, ...]]:
    """The class of every row, -1 where there is none, and the names: numbers by their size, then texts in order."""
    faults, values, name = sheet.faults[:, place], sheet.values[:, place], sheet.names[place]
    texts = sheet.texts[place]
    if texts is None:
        raise ImportRefusedError(f"Column {quoted(name)} has more than {MOST_TEXTS:,} different texts: no classes.")
    is_number, is_text = faults == CellFault.NONE, faults == CellFault.TEXT
    numbers, number_places = np.unique(values[is_number], return_inverse=True)
    if len(numbers) > most:
        raise ImportRefusedError(
            f"Column {quoted(name)} has {len(numbers):,} different numbers: take it as values instead."
        )
    codes = np.full(sheet.rows, -1, dtype=np.int64)
    codes[is_number] = number_places
    names = [f"{number:.15g}" for number in numbers.tolist()]
    if is_text.any():
        of_rows = sheet.codes[place][is_text]
        used = in_order([texts[code] for code in np.unique(of_rows).tolist()])
        order = {text: len(numbers) + index for index, text in enumerate(used)}
        codes[is_text] = np.array([order.get(text, 0) for text in texts])[of_rows]
        names += [class_name(text) for text in used]
    if len(names) > most:
        raise ImportRefusedError(f"Column {quoted(name)} has more than {plural(most, 'class', 'classes')}.")
    return codes, tuple(names)


def _as_seen(codes: Codes, names: Sequence[str]) -> tuple[str, ...]:
    """The names in the order in which their rows come."""
    found, first = np.unique(codes, return_index=True)
    return tuple(names[code] for code in found[np.argsort(first)].tolist() if code >= 0)


def class_name(text: str) -> str:
    """The name of a class that may stand in an experiment."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text)
    return kept if len(kept) <= LONGEST_NAME else kept[: LONGEST_NAME - 1] + "…"
