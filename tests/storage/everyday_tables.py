"""Sixty made-up tables of the kinds that people have, what is right of each, and how pandas reads the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Everyday:
    """A text, and by hand what its import is with nothing chosen: columns of the file by role, and columns of numbers.

    `pandas` are the arguments of read_csv that a person would need, `made` turns its frame into the same columns.
    """

    name: str
    text: str
    inputs: str
    target: str
    rows: int
    values: dict[str, list[float]]
    left_out: str = ""
    columns: str = ""
    pandas: dict[str, Any] = field(default_factory=dict)
    made: Callable[[Any, Any], dict[str, Any]] | None = None
    encoding: str = "utf-8"
    target_named: str = ""
    missing: tuple[str, ...] = ()
    used: int = 0


def lines(*rows: str) -> str:
    return "\n".join(rows) + "\n"


def body(count: int, row: Callable[[int], str]) -> list[str]:
    return [row(k) for k in range(1, count + 1)]


def column(count: int, number: Callable[[int], float]) -> list[float]:
    return [float(number(k)) for k in range(1, count + 1)]


def days(pd: Any, texts: Any, **how: Any) -> Any:
    moments = pd.to_datetime(texts, **how)
    if getattr(moments.dt, "tz", None) is not None:
        moments = moments.dt.tz_convert(None)
    return (moments - moments.min().normalize()).dt.total_seconds() / 86400


XY = {"x": column(6, float), "y": column(6, lambda k: 2 * k + 1)}
XY_ROWS = body(6, lambda k: f"{k},{2 * k + 1}")

TABLES = (
    # Title and comment lines, sep=, and what stands below
    Everyday("comments", lines("# made by hand", "# s, V", "x,y", *XY_ROWS), "x", "y", 6, XY, pandas={"comment": "#"}),
    Everyday(
        "percent comments",
        lines("% run 7", "x;y", *[row.replace(",", ";") for row in XY_ROWS]),
        "x",
        "y",
        6,
        XY,
        pandas={"sep": ";", "skiprows": 1},
    ),
    Everyday(
        "names in the last comment",
        lines("# run 7", "# x y", *[row.replace(",", " ") for row in XY_ROWS]),
        "x",
        "y",
        6,
        XY,
        pandas={"sep": " ", "comment": "#", "names": ["x", "y"], "header": None},
    ),
    Everyday(
        "comments between rows",
        lines("# a", "x,y", *XY_ROWS[:3], "# recalibrated", *XY_ROWS[3:]),
        "x",
        "y",
        6,
        XY,
        pandas={"comment": "#"},
    ),
    Everyday(
        "number sign as a name",
        lines("#,x,y", *body(6, lambda k: f"{k},{k + 0.5},{3 * k}")),
        "x",
        "y",
        6,
        {"x": column(6, lambda k: k + 0.5), "y": column(6, lambda k: 3 * k)},
        left_out="#",
    ),
    Everyday("a title", lines("Quarterly report", "", "x,y", *XY_ROWS), "x", "y", 6, XY, pandas={"skiprows": 1}),
    Everyday("a title padded", lines("Quarterly report,", "x,y", *XY_ROWS), "x", "y", 6, XY, pandas={"skiprows": 1}),
    Everyday(
        "titles of several lines",
        lines(
            "Station 7",
            "Place: Bern, Switzerland, Europe",
            "Height 540 m",
            "",
            "t,a,b",
            *body(8, lambda k: f"{k},{k * k},{k + 7}"),
        ),
        "t,a",
        "b",
        8,
        {"a": column(8, lambda k: k * k), "b": column(8, lambda k: k + 7)},
        pandas={"skiprows": 3},
    ),
    Everyday(
        "sep= and a semicolon",
        lines("sep=;", "x;y", *[row.replace(",", ";") for row in XY_ROWS]),
        "x",
        "y",
        6,
        XY,
        pandas={"sep": ";", "skiprows": 1},
    ),
    Everyday(
        "sep= with odd separators",
        lines("sep=|", "x|y", *[row.replace(",", "|") for row in XY_ROWS]),
        "x",
        "y",
        6,
        XY,
        pandas={"sep": "|", "skiprows": 1},
    ),
    Everyday(
        "sep= with a separator that nobody would guess",
        lines("sep=^", "x^y", *[row.replace(",", "^") for row in XY_ROWS]),
        "x",
        "y",
        6,
        XY,
        pandas={"sep": "^", "skiprows": 1},
    ),
    Everyday(
        "some rows end in a separator",
        lines("x,y", *XY_ROWS[:4], *[f"{row}," for row in XY_ROWS[4:]]),
        "x",
        "y",
        6,
        XY,
        pandas={"usecols": [0, 1], "names": ["x", "y", "rest"], "header": 0},
    ),
    Everyday(
        "three names",
        lines("name,x,y", "Ann,1,3", "Ben,2,5", "Cid,3,7"),
        "x",
        "y",
        3,
        {"x": [1, 2, 3], "y": [3, 5, 7]},
        left_out="name",
    ),
    Everyday(
        "a source below",
        lines("x,y", *XY_ROWS, "Source: bureau of made-up numbers"),
        "x",
        "y",
        6,
        XY,
        pandas={"skipfooter": 1, "engine": "python"},
    ),
    Everyday(
        "blank lines and empty rows",
        lines("x,y", "", *XY_ROWS, ",", ","),
        "x",
        "y",
        6,
        XY,
        made=lambda pd, frame: frame.dropna(),
    ),
    # Separators
    Everyday(
        "trailing separators",
        lines("x;y;;", *[f"{row.replace(',', ';')};;" for row in XY_ROWS]),
        "x",
        "y",
        6,
        XY,
        left_out="column 3,column 4",
        columns="x,y",
        pandas={"sep": ";"},
    ),
    Everyday(
        "rows end in a separator, names do not",
        lines("x,y", *[f"{row}," for row in XY_ROWS]),
        "x",
        "y",
        6,
        XY,
        left_out="column 3",
        columns="x,y",
        pandas={"index_col": False},
    ),
    Everyday(
        "blanks, then a tab and a name",
        lines(*body(6, lambda k: f'{k}.0   {k * k}.5   {k + 3}\t"car {k}"')),
        "column 2,column 3",
        "column 1",
        6,
        {"column 1": column(6, float), "column 2": column(6, lambda k: k * k + 0.5)},
        left_out="column 4",
        pandas={"sep": r"\s+", "header": None, "names": ["column 1", "column 2", "column 3", "column 4"]},
    ),
    Everyday(
        "columns laid out with blanks",
        lines("  x     y", *body(6, lambda k: f"{k:>3}{2 * k + 1:>6}")),
        "x",
        "y",
        6,
        XY,
        pandas={"sep": r"\s+"},
    ),
    Everyday(
        "tabs and empty cells",
        lines("x\ty\tz", *body(6, lambda k: f"{k}\t{2 * k + 1}\t{k * k if k != 3 else ''}")),
        "x,y",
        "z",
        6,
        {"z": [1, 4, 16, 25, 36]},
        used=5,
        pandas={"sep": "\t"},
        made=lambda pd, frame: frame.dropna(),
    ),
    Everyday(
        "commas within quotes",
        lines("name,x,y", *body(6, lambda k: f'"Doe, J. {k}",{k},{2 * k + 1}')),
        "x",
        "y",
        6,
        XY,
        left_out="name",
    ),
    Everyday(
        "row names without a head, as R writes",
        lines('"x","y"', *body(6, lambda k: f'"{k}",{k + 0.5},{3 * k}')),
        "x",
        "y",
        6,
        {"x": column(6, lambda k: k + 0.5), "y": column(6, lambda k: 3 * k)},
        left_out="column 1",
    ),
    # Numbers in other dress
    Everyday(
        "grouped by commas",
        lines("x,y", *body(6, lambda k: f'{k},"{1_000_000 + 37_091 * k:,}"')),
        "x",
        "y",
        6,
        {"y": column(6, lambda k: 1_000_000 + 37_091 * k)},
        pandas={"thousands": ","},
    ),
    Everyday(
        "grouped by one comma each",
        lines("x,y", *body(6, lambda k: f'{k},"{1_000 + 91 * k:,}"')),
        "x",
        "y",
        6,
        {"y": column(6, lambda k: 1_000 + 91 * k)},
        pandas={"thousands": ","},
    ),
    Everyday(
        "grouped by points, decimal commas",
        lines("x;y", *body(6, lambda k: f"{k};{k}.234.567,5")),
        "x",
        "y",
        6,
        {"y": column(6, lambda k: k * 1_000_000 + 234_567.5)},
        pandas={"sep": ";", "thousands": ".", "decimal": ","},
    ),
    Everyday(
        "points that group beside decimal commas",
        lines("x;y;z", *body(6, lambda k: f"{k},5;{k}.250;{k}")),
        "x,y",
        "z",
        6,
        {"x": column(6, lambda k: k + 0.5), "y": column(6, lambda k: 1000 * k + 250)},
        pandas={"sep": ";", "thousands": ".", "decimal": ","},
    ),
    Everyday(
        "grouped by blanks",
        lines("x;y", *body(6, lambda k: f"{k};{k} 234 567")),
        "x",
        "y",
        6,
        {"y": column(6, lambda k: k * 1_000_000 + 234_567)},
        pandas={"sep": ";", "thousands": " "},
    ),
    Everyday(
        "grouped by hard blanks",
        lines("x;y", *body(6, lambda k: f"{k};{k}\u202f234,5")),
        "x",
        "y",
        6,
        {"y": column(6, lambda k: k * 1000 + 234.5)},
        pandas={"sep": ";"},
        made=lambda pd, frame: frame.assign(y=frame.y.str.replace("\u202f", "").str.replace(",", ".").astype(float)),
    ),
    Everyday(
        "grouped by apostrophes",
        lines("x;y", *body(6, lambda k: f"{k};{k}'234")),
        "x",
        "y",
        6,
        {"y": column(6, lambda k: k * 1000 + 234)},
        pandas={"sep": ";", "thousands": "'"},
    ),
    Everyday(
        "decimal commas",
        lines("x;y", *body(6, lambda k: f"{k},25;{2 * k + 1},5")),
        "x",
        "y",
        6,
        {"x": column(6, lambda k: k + 0.25), "y": column(6, lambda k: 2 * k + 1.5)},
        pandas={"sep": ";", "decimal": ","},
    ),
    Everyday(
        "thousandths behind a decimal comma",
        lines("x;y", *body(6, lambda k: f"{k};{k},125")),
        "x",
        "y",
        6,
        {"y": column(6, lambda k: k + 0.125)},
        pandas={"sep": ";", "decimal": ","},
    ),
    Everyday(
        "dollars",
        lines("x,y", *body(6, lambda k: f'{k},"${100 + k},500"')),
        "x",
        "y",
        6,
        {"y": column(6, lambda k: (100 + k) * 1000 + 500)},
        made=lambda pd, frame: frame.assign(y=frame.y.str.strip("$").str.replace(",", "").astype(float)),
    ),
    Everyday(
        "euros behind the number",
        lines("x;y", *body(6, lambda k: f"{k};{100 + k},50 €")),
        "x",
        "y",
        6,
        {"y": column(6, lambda k: 100.5 + k)},
        pandas={"sep": ";"},
        made=lambda pd, frame: frame.assign(y=frame.y.str.strip(" €").str.replace(",", ".").astype(float)),
    ),
    Everyday(
        "losses in brackets",
        lines("x,y", *body(6, lambda k: f"{k},{f'(${k})' if k % 2 else f'${k}'}")),
        "x",
        "y",
        6,
        {"y": column(6, lambda k: -k if k % 2 else k)},
        made=lambda pd, frame: frame.assign(
            y=frame.y.str.replace(r"\((.*)\)", r"-\1", regex=True).str.replace("$", "").astype(float)
        ),
    ),
    Everyday(
        "per cent",
        lines("x,y", *body(6, lambda k: f"{k}%,{2 * k + 1} %")),
        "x",
        "y",
        6,
        XY,
        made=lambda pd, frame: frame.apply(lambda one: one.str.strip(" %").astype(float)),
    ),
    Everyday(
        "codes of currencies",
        lines("x,y", *body(6, lambda k: f"{k},USD {2 * k + 1}")),
        "x",
        "y",
        6,
        XY,
        made=lambda pd, frame: frame.assign(y=frame.y.str.removeprefix("USD ").astype(float)),
    ),
    # Dates and times
    Everyday(
        "days",
        lines("date,y", "2024-02-27,1", "2024-02-28,2", "2024-02-29,3", "2024-03-01,4", "2024-03-03,5"),
        "date",
        "y",
        5,
        {"date": [0, 1, 2, 3, 5]},
        made=lambda pd, frame: frame.assign(date=days(pd, frame.date)),
    ),
    Everyday(
        "days first",
        lines("date,y", "11/03/2024,1", "12/03/2024,2", "13/03/2024,3", "02/04/2024,5"),
        "date",
        "y",
        4,
        {"date": [0, 1, 2, 22]},
        made=lambda pd, frame: frame.assign(date=days(pd, frame.date, dayfirst=True)),
    ),
    Everyday(
        "months first",
        lines("date,y", "02/27/2024,1", "02/28/2024,2", "03/01/2024,4"),
        "date",
        "y",
        3,
        {"date": [0, 1, 3]},
        made=lambda pd, frame: frame.assign(date=days(pd, frame.date)),
    ),
    Everyday(
        "days first, as their even steps tell",
        lines("date,y", "01/02/2024,1", "02/02/2024,2", "03/02/2024,3"),
        "date",
        "y",
        3,
        {"date": [0, 1, 2]},
        made=lambda pd, frame: frame.assign(date=days(pd, frame.date, dayfirst=True)),
    ),
    Everyday(
        "points between days",
        lines("tag;y", "1.2.2024;1", "1.3.2024;2", "1.4.2024;3"),
        "tag",
        "y",
        3,
        {"tag": [0, 29, 60]},
        pandas={"sep": ";"},
        made=lambda pd, frame: frame.assign(tag=days(pd, frame.tag, dayfirst=True)),
    ),
    Everyday(
        "moments",
        lines("when,y", "2024-01-01 00:00:00,1", "2024-01-01 06:00:00,2", "2024-01-02 12:00:00,3"),
        "when",
        "y",
        3,
        {"when": [0, 0.25, 1.5]},
        made=lambda pd, frame: frame.assign(when=days(pd, frame.when)),
    ),
    Everyday(
        "moments with zones",
        lines("when,y", "2024-01-01T12:00:00Z,1", "2024-01-01T18:00:00+03:00,2", "2024-01-02T12:00:00Z,3"),
        "when",
        "y",
        3,
        {"when": [0.5, 0.625, 1.5]},
        made=lambda pd, frame: frame.assign(when=days(pd, frame.when, utc=True)),
    ),
    Everyday(
        "names of months",
        lines("day,y", "5 Jan 2024,1", "6 Jan 2024,2", "5 Feb 2024,3"),
        "day",
        "y",
        3,
        {"day": [0, 1, 31]},
        made=lambda pd, frame: frame.assign(day=days(pd, frame.day)),
    ),
    Everyday(
        "months",
        lines("month,y", "1949-01,112", "1949-02,118", "1949-04,129"),
        "month",
        "y",
        3,
        {"month": [0, 1, 3]},
        made=lambda pd, frame: frame.assign(
            month=[(one - pd.Period("1949-01", "M")).n for one in pd.PeriodIndex(frame.month, freq="M")]
        ),
    ),
    Everyday(
        "quarters",
        lines("quarter,y", "2020Q1,1", "2020Q2,2", "2021Q1,3"),
        "quarter",
        "y",
        3,
        {"quarter": [0, 1, 4]},
        made=lambda pd, frame: frame.assign(
            quarter=[(one - pd.Period("2020Q1", "Q")).n for one in pd.PeriodIndex(frame.quarter, freq="Q")]
        ),
    ),
    Everyday(
        "times of the day",
        lines("time,y", "08:30,1", "09:00,2", "21:15:36,3"),
        "time",
        "y",
        3,
        {"time": [8.5, 9, 21.26]},
        made=lambda pd, frame: frame.assign(
            time=pd.to_timedelta(frame.time.where(frame.time.str.len() > 5, frame.time + ":00")).dt.total_seconds()
            / 3600
        ),
    ),
    Everyday(
        "dates of eight digits",
        lines("day,y", "20240131,1", "20240201,2", "20240301,3"),
        "day",
        "y",
        3,
        {"day": [0, 1, 30]},
        made=lambda pd, frame: frame.assign(day=days(pd, frame.day.astype(str), format="%Y%m%d")),
    ),
    # Texts
    Everyday(
        "two texts",
        lines("x,kind,y", *body(6, lambda k: f"{k},{'yes' if k % 2 else 'no'},{k}")),
        "x,kind",
        "y",
        6,
        {"kind = yes": [1, 0, 1, 0, 1, 0]},
        made=lambda pd, frame: {"kind = yes": pd.get_dummies(frame.kind)["yes"].astype(float)},
    ),
    Everyday(
        "three texts",
        lines("x,size,y", *body(9, lambda k: f"{k},{['L', 'S', 'M'][k % 3]},{k}")),
        "x,size",
        "y",
        9,
        {"size = S": [1, 0, 0] * 3, "size = M": [0, 1, 0] * 3, "size = L": [0, 0, 1] * 3},
        made=lambda pd, frame: {
            f"size = {one}": values.astype(float) for one, values in pd.get_dummies(frame["size"]).items()
        },
    ),
    Everyday(
        "classes at the end",
        lines("x,kind", *body(8, lambda k: f"{k},{['red', 'blue'][k % 2]}")),
        "x",
        "kind",
        8,
        {"kind": [0, 1] * 4},
        made=lambda pd, frame: {"kind": frame.kind.astype("category").cat.codes.astype(float)},
    ),
    Everyday(
        "none as a class",
        lines("x,course", *body(8, lambda k: f"{k},{['none', 'completed'][k % 2]}")),
        "x",
        "course",
        8,
        {"course": [0, 1] * 4},
        pandas={"keep_default_na": False},
        made=lambda pd, frame: {"course": frame.course.astype("category").cat.codes.astype(float)},
    ),
    Everyday(
        "none among numbers is missing",
        lines("x,y", *XY_ROWS, "7,none", "8,17"),
        "x",
        "y",
        8,
        {"y": [*XY["y"], 17]},
        used=7,
        pandas={"na_values": ["none"]},
        made=lambda pd, frame: frame.dropna(),
    ),
    Everyday(
        "names last",
        lines("mpg,weight,name", *body(8, lambda k: f'{30 - k},{2000 + 120 * k},"car {k}"')),
        "weight",
        "mpg",
        8,
        {"mpg": column(8, lambda k: 30 - k)},
        left_out="name",
    ),
    Everyday(
        "names first",
        lines("name,x,y", *body(6, lambda k: f"Ann {k},{k},{2 * k + 1}")),
        "x",
        "y",
        6,
        XY,
        left_out="name",
    ),
    Everyday(
        "identifiers",
        lines("customer_id,x,y", *body(6, lambda k: f"{1000 + 7 * k},{k},{2 * k + 1}")),
        "x",
        "y",
        6,
        XY,
        left_out="customer_id",
    ),
    Everyday(
        "row numbers without a name",
        lines(",x,y", *body(6, lambda k: f"{k - 1},{k},{2 * k + 1}")),
        "x",
        "y",
        6,
        XY,
        left_out="column 1",
    ),
    Everyday(
        "row numbers by their name",
        lines("No,x,y", *body(6, lambda k: f"{k},{k * k},{2 * k + 1}")),
        "x",
        "y",
        6,
        {"x": column(6, lambda k: k * k)},
        left_out="No",
    ),
    # Names
    Everyday(
        "names that recur",
        lines("x,x,y", *body(6, lambda k: f"{k},{k * k},{2 * k + 1}")),
        "x,x 2",
        "y",
        6,
        {"x": XY["x"], "x 2": column(6, lambda k: k * k)},
        made=lambda pd, frame: frame.rename(columns={"x.1": "x 2"}),
    ),
    Everyday(
        "a name is missing",
        lines("x,,y", *body(6, lambda k: f"{k},{k * k},{2 * k + 1}")),
        "x,column 2",
        "y",
        6,
        {"column 2": column(6, lambda k: k * k)},
        made=lambda pd, frame: frame.rename(columns={"Unnamed: 1": "column 2"}),
    ),
    Everyday(
        "two rows of names",
        lines(",Sales,,Costs", "year,north,south,all", *body(5, lambda k: f"{2000 + k},{k},{k + 3},{2 * k}")),
        "year,Sales north,Sales south",
        "Costs all",
        5,
        {"Sales south": column(5, lambda k: k + 3)},
        pandas={"skiprows": 1},
        made=lambda pd, frame: frame.rename(
            columns={"north": "Sales north", "south": "Sales south", "all": "Costs all"}
        ),
    ),
    Everyday(
        "units below the names",
        lines("time,voltage", "s,V", *body(6, lambda k: f"{k},{k * 0.5}")),
        "time",
        "voltage",
        6,
        {"voltage": column(6, lambda k: 0.5 * k)},
        pandas={"skiprows": [1]},
    ),
    Everyday(
        "years as names",
        lines("country,1990,1991,1992", *body(6, lambda k: f"C{k},{k},{k * k},{2 * k + 1}")),
        "1990,1991",
        "1992",
        6,
        {"1990": XY["x"], "1992": XY["y"]},
        left_out="country",
    ),
    Everyday(
        "years as names alone",
        lines("1990,1995,2000", *body(6, lambda k: f"{k}.5,{k * k},{2 * k + 1}")),
        "1990,1995",
        "2000",
        6,
        {"1990": column(6, lambda k: k + 0.5), "2000": XY["y"]},
    ),
    Everyday(
        "no names",
        lines(*body(6, lambda k: f"{k}.5,{k * k},{2 * k + 1}")),
        "column 1,column 2",
        "column 3",
        6,
        {"column 3": XY["y"]},
        pandas={"header": None, "names": ["column 1", "column 2", "column 3"]},
    ),
    # What is missing, and other encodings
    Everyday(
        "marks of what is missing",
        lines("x,y", *XY_ROWS, "7,NA", "n/a,3", "9,", "10,?"),
        "x",
        "y",
        10,
        XY,
        used=6,
        pandas={"na_values": ["?"]},
        made=lambda pd, frame: frame.dropna(),
    ),
    Everyday(
        "a mark that a person names",
        lines("x,y", *XY_ROWS, "7,-999", "8,-999.0"),
        "x",
        "y",
        8,
        XY,
        used=6,
        missing=("-999",),
        pandas={"na_values": ["-999", "-999.0"]},
        made=lambda pd, frame: frame.dropna(),
    ),
    Everyday(
        "a column that is mostly missing",
        lines("x,z,y", *body(6, lambda k: f"{k},{'' if k > 2 else k},{2 * k + 1}")),
        "x",
        "y",
        6,
        XY,
        left_out="z",
    ),
    Everyday(
        "UTF-16 with tabs",
        lines("x\ty", *[row.replace(",", "\t") for row in XY_ROWS]),
        "x",
        "y",
        6,
        XY,
        pandas={"sep": "\t", "encoding": "utf-16"},
        encoding="utf-16",
    ),
    Everyday(
        "a target by its name",
        lines("x,y,z", *body(6, lambda k: f"{k},{2 * k + 1},{k * k}")),
        "x,z",
        "y",
        6,
        XY,
        target_named="Y",
    ),
    Everyday(
        "a column called target",
        lines("target,x,z", *body(6, lambda k: f"{2 * k + 1},{k},{k * k}")),
        "x,z",
        "target",
        6,
        {"target": XY["y"]},
    ),
)
