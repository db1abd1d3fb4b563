"""Dates and times in cells of text, as numbers: days, months, quarters or hours since the first of a column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats
from gradviz.core.words import Words, say

Order = Literal["", "day", "month"]
"""Which number comes first in 03/04/2024; empty where the column itself shall tell."""
Parts = NDArray[np.int32]
PARTS = 6
"""A cell's form, three numbers of its date, milliseconds of its day, and minutes that its zone is ahead of UTC."""
LONGEST_MOMENT = 48
FIRST_COMPACT, LAST_COMPACT = 19_000_101, 21_001_231
YMD, TWO_WAY, MONTH, TIME, DOTTED, QUARTER = range(1, 7)
_MS = 86_400_000
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = (
    r"(?P<name>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|"
    r"Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?\s?(?P<half>[AaPp]\.?[Mm]\.?)?"
)
_ZONE = r"\s?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?"
_AFTER = rf"(?:(?:[T,]\s?|\s+){_CLOCK}{_ZONE})?"
_WEEKDAY = r"(?:(?:Mon|Tue(?:s)?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?[.,]?\s+)?"
_FORMS = tuple(
    (form, re.compile(pattern, re.ASCII | re.IGNORECASE))
    for form, pattern in (
        (YMD, rf"(?P<a>\d{{4}})(?P<s>[-/.])(?P<b>\d{{1,2}})(?P=s)(?P<c>\d{{1,2}}){_AFTER}"),
        (TWO_WAY, rf"{_WEEKDAY}(?P<a>\d{{1,2}})(?P<s>[-/])(?P<b>\d{{1,2}})(?P=s)(?P<c>\d{{4}}){_AFTER}"),
        (DOTTED, rf"(?P<a>\d{{1,2}})\.(?P<b>\d{{1,2}})\.(?P<c>\d{{4}}){_AFTER}"),
        (TIME, _CLOCK),
        (DOTTED, r"(?P<a>\d{1,2})\.(?P<b>\d\d)\.(?P<c>\d\d)"),
        (TWO_WAY, rf"(?P<a>\d{{1,2}})(?P<s>[-/])(?P<b>\d{{1,2}})(?P=s)(?P<c>\d\d){_AFTER}"),
        (YMD, rf"{_WEEKDAY}(?P<c>\d{{1,2}})(?:st|nd|rd|th)?[-/., ]\s?{_NAME}[-/., ]\s?(?P<a>\d{{4}}|\d\d){_AFTER}"),
        (YMD, rf"{_WEEKDAY}{_NAME}\s(?P<c>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<a>\d{{4}}){_AFTER}"),
        (YMD, rf"(?P<a>\d{{4}})[-/ ]{_NAME}[-/ ](?P<c>\d{{1,2}}){_AFTER}"),
        (YMD, rf"(?P<a>\d{{4}})年(?P<b>\d{{1,2}})月(?P<c>\d{{1,2}})日(?:\s?{_CLOCK})?"),
        (YMD, r"(?P<a>\d{4})(?P<b>\d\d)(?P<c>\d\d)T(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?P<zone>Z)?"),
        (MONTH, r"(?P<a>\d{4})[-/](?P<b>\d{1,2})"),
        (MONTH, r"(?P<b>\d{1,2})/(?P<a>\d{4})"),
        (MONTH, rf"{_NAME}[-/., ]\s?'?(?P<a>\d{{4}}|\d\d)"),
        (MONTH, rf"(?P<a>\d{{4}})[-/ ]{_NAME}"),
        (MONTH, r"(?P<a>\d{4})年(?P<b>\d{1,2})月"),
        (MONTH, r"(?P<a>\d{4})M(?P<b>\d\d)"),
        (QUARTER, r"(?P<a>\d{4})[- ]?Q(?P<b>[1-4])"),
        (QUARTER, r"Q(?P<b>[1-4])[-/ ](?P<a>\d{4})"),
    )
)
_PLAIN = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_DIGIT = re.compile(r"\d", re.ASCII)


def moment_parts(text: str) -> tuple[int, ...] | None:
    """What a cell says of a date or a time, as PARTS numbers; None where it says nothing of that kind."""
    cell = text.strip()
    plain = _PLAIN.fullmatch(cell)
    if plain is not None:
        year, month, day = plain.groups()
        return (YMD, int(year), int(month), int(day), 0, 0)
    if not cell or len(cell) > LONGEST_MOMENT or _DIGIT.search(cell) is None:
        return None
    for form, pattern in _FORMS:
        found = pattern.fullmatch(cell)
        if found is not None:
            return _parts_of(form, found)
    return None


def _parts_of(form: int, found: re.Match[str]) -> tuple[int, ...] | None:
    said = found.groupdict()
    name = said.get("name")
    month = _MONTHS.index(name[:3].lower()) + 1 if name else int(said.get("b") or 0)
    first, third = int(said.get("a") or 0), int(said.get("c") or 0)
    if form in (YMD, MONTH) and first < 100 and len(said.get("a") or "") == 2:
        first = _full_year(first)
    if form == TWO_WAY and len(said.get("c") or "") == 2:
        third = _full_year(third)
    clock = _milliseconds(said)
    return None if clock is None else (form, first, month, third, clock, _zone_minutes(said.get("zone") or ""))


def _full_year(year: int) -> int:
    """As POSIX reads two digits: 69 to 99 are of the last century."""
    return year + (1900 if year >= 69 else 2000)


def _milliseconds(said: dict[str, str | None]) -> int | None:
    """The time of day; None where there is no such time."""
    hour, minute, second = (int(said.get(part) or 0) for part in ("hour", "minute", "second"))
    half = (said.get("half") or "").lower()
    if minute > 59 or second > 59 or hour > 24 or (half and not 1 <= hour <= 12):
        return None
    if half:
        hour = hour % 12 + 12 * half.startswith("p")
    return ((hour * 60 + minute) * 60 + second) * 1000 + int((said.get("part") or "0").ljust(3, "0")[:3])


def _zone_minutes(zone: str) -> int:
    if zone[:1] not in ("+", "-"):
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return -minutes if zone[0] == "-" else minutes


def compact_parts(values: Floats) -> Parts | None:
    """The parts of numbers such as 20240131; None unless every finite one is a date of the years 1900 to 2100."""
    good = np.isfinite(values)
    if not good.any():
        return None
    whole = np.where(good, values, float(FIRST_COMPACT))
    if ((whole != np.rint(whole)) | (whole < FIRST_COMPACT) | (whole > LAST_COMPACT)).any():
        return None
    days = whole.astype(np.int32)
    parts = np.zeros((len(values), PARTS), dtype=np.int32)
    parts[:, 0] = np.where(good, YMD, 0)
    parts[:, 1], parts[:, 2], parts[:, 3] = days // 10_000, days // 100 % 100, days % 100
    return parts if _days(parts[:, 1], parts[:, 2], parts[:, 3])[1][good].all() else None


@dataclass(frozen=True)
class Moments:
    """Numbers of a column's moments, NaN where there is none; what they count, from when, and in which order read."""

    values: Floats
    unit: str
    origin: str
    order: Order = ""

    @property
    def words(self) -> Words:
        """What the numbers are, such as "days since 2024-01-01"."""
        if not self.origin:
            return say("hours of the day")
        since = say("{unit} since {origin}", unit=self.unit, origin=self.origin)
        if not self.order:
            return since
        return say("{since}, {order} first", since=since, order=self.order)


def read_moments(parts: Parts, order: Order = "", usual: Order = "month") -> Moments:
    """Numbers of a column; cells of another form than most are NaN.

    Without an `order` the column tells it, and where it cannot, days come first between points, and else `usual` does.
    """
    forms = parts[:, 0]
    kind = _main_kind(parts, order)
    if kind == TIME:
        return Moments(_hours(parts), "hours", "")
    if kind in (MONTH, QUARTER):
        per_year = 12 if kind == MONTH else 4
        good = (forms == kind) & (parts[:, 2] >= 1) & (parts[:, 2] <= per_year)
        return _since_first(np.where(good, parts[:, 1] * per_year + parts[:, 2] - 1, np.nan), kind)
    both = np.isin(forms, (TWO_WAY, DOTTED))
    order = (order or _found_order(parts[both], usual)) if both.any() else ""
    return _since_first_day(parts, order)


def _main_kind(parts: Parts, order: Order) -> int:
    """What most cells are. 01.30.00 is a time unless every such cell is a day; the 24.12.31 of a year is one."""
    forms = parts[:, 0]
    kinds = np.bincount(forms, minlength=PARTS + 1)
    dotted = parts[forms == DOTTED]
    if len(dotted) and not _is_dates(dotted, order):
        kinds[TIME] += kinds[DOTTED]
        kinds[DOTTED] = 0
    kinds[YMD] += kinds[TWO_WAY] + kinds[DOTTED]
    kinds[0] = kinds[TWO_WAY] = kinds[DOTTED] = 0
    return int(np.argmax(kinds))


def _is_dates(dotted: Parts, order: Order) -> bool:
    tried: tuple[Order, ...] = (order,) if order else ("day", "month")
    return any(_dates(dotted, one)[1].all() for one in tried)


def _dates(parts: Parts, order: Order) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Days since 1970 of every row with a date in this order, and which rows have one."""
    forms, first, second, third = (parts[:, place].astype(np.int64) for place in range(4))
    two_way = (forms == TWO_WAY) | (forms == DOTTED)
    year = np.where(two_way, third, first)
    year = np.where((forms == DOTTED) & (year < 100), np.where(year >= 69, 1900, 2000) + year, year)
    month = np.where(two_way, second if order != "month" else first, second)
    day = np.where(two_way, first if order != "month" else second, third)
    days, is_date = _days(year, month, day)
    return days, is_date & ((forms == YMD) | two_way)


def _days(
    year: NDArray[np.integer], month: NDArray[np.integer], day: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Days since 1970, and whether there is such a day."""
    is_month = (month >= 1) & (month <= 12)
    months = (year.astype(np.int64) - 1970) * 12 + np.where(is_month, month, 1) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    length = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - first
    return first + day - 1, is_month & (day >= 1) & (day <= length)


def _found_order(parts: Parts, usual: Order) -> Order:
    """The order in which all cells are days; where both would do, the one in which the column goes on evenly."""
    orders: tuple[Order, ...] = ("month", "day")
    readings = {order: _dates(parts, order) for order in orders}
    counts = {order: int(good.sum()) for order, (_, good) in readings.items()}
    if counts["day"] != counts["month"]:
        return max(orders, key=counts.__getitem__)
    if (parts[:, 0] == DOTTED).all():
        return "day"
    for is_even in (_has_one_step, _is_rising):
        even = [order for order in orders if is_even(readings[order][0][readings[order][1]])]
        if len(even) == 1:
            return even[0]
    return usual


def _has_one_step(days: NDArray[np.int64]) -> bool:
    return len(days) > 2 and bool((np.diff(days) == days[1] - days[0]).all())


def _is_rising(days: NDArray[np.int64]) -> bool:
    return bool((np.diff(days) >= 0).all())


def _since_first_day(parts: Parts, order: Order) -> Moments:
    days, good = _dates(parts, order)
    moments = days * _MS + parts[:, 4] - parts[:, 5].astype(np.int64) * 60_000
    if not good.any():
        return Moments(np.full(len(parts), np.nan), "days", "", order)
    origin = int(moments[good].min() // _MS)
    values = np.where(good, (moments - origin * _MS) / _MS, np.nan)
    return Moments(values, "days", str(np.datetime64(origin, "D")), order)


def _since_first(values: Floats, kind: int) -> Moments:
    if np.isnan(values).all():
        return Moments(values, "months", "")
    origin = int(np.nanmin(values))
    if kind == MONTH:
        return Moments(values - origin, "months", f"{origin // 12}-{origin % 12 + 1:02}")
    return Moments(values - origin, "quarters", f"{origin // 4} Q{origin % 4 + 1}")


def _hours(parts: Parts) -> Floats:
    """Hours of the day, of 01:30:00 and of 01.30.00 alike."""
    forms, hour, minute, second = (parts[:, place].astype(np.float64) for place in range(4))
    dotted = (forms == DOTTED) & (hour <= 24) & (minute <= 59) & (second <= 59)
    clock = np.where(forms == TIME, parts[:, 4] / 3_600_000, np.nan)
    return np.where(dotted, hour + minute / 60 + second / 3600, clock)


def moments_in(cells: Iterator[str] | list[str]) -> Parts:
    """The parts of many cells, (cells, PARTS); a form of 0 where a cell is no moment."""
    rows = [moment_parts(cell) or (0,) * PARTS for cell in cells]
    return np.array(rows, dtype=np.int32).reshape(-1, PARTS)
