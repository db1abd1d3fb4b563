"""Numbers as people paste and type them: a column of a sheet, a row with commas, what numpy or torch prints."""

from __future__ import annotations

import math
import re

from gradviz.core.formulas.scalar_formula import scalar_value
from gradviz.core.formulas.text import FormulaError, normalise

Row = tuple[float, ...]
Numbers = float | Row | tuple[Row, ...]
MOST_NUMBERS = 1_000_000
_PRINTED = re.compile(r"(?:np\.|numpy\.|torch\.)?(?:array|tensor|asarray)\s*\((.*)\)", re.DOTALL)
_KEYWORDS = re.compile(r",\s*(?:dtype|device|requires_grad|grad_fn)\s*=\s*[^,\[\]]*")
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_PLAIN = re.compile(rf"[\s,;\[\]()|]*{_NUMBER}(?:[\s,;\[\]()|]+{_NUMBER})*[\s,;\[\]()|]*")
_COMMA_INSIDE = re.compile(r"(?<![\w.,])[-+]?\d+,\d+(?![\w.,])")


def typed_numbers(text: str) -> Numbers | None:
    """The number, vector or matrix that `text` holds; None where it is something else.

    Lines, semicolons or inner brackets are the rows of a matrix; a column is a vector. ValueError where it is numbers,
    but not which.
    """
    plain = normalise(text).replace("\t", " ").strip()
    printed = _PRINTED.fullmatch(plain)
    plain = _KEYWORDS.sub("", printed[1] if printed else plain).strip()
    if any(plain.count(left) != plain.count(right) for left, right in ("[]", "()")):
        return None
    if _PLAIN.fullmatch(plain):
        return _of_rows(_rows(plain), plain)
    return _of_constants(plain)


def _rows(text: str) -> list[Row]:
    """The numbers line by line."""
    _refuse_comma(text)
    inner = re.findall(r"[\[(]([^\[\]()]*)[\])]", text)
    parts = inner if len(inner) > 1 else re.split(r"[;\n\r]+", text)
    rows = [tuple(float(one) for one in re.findall(_NUMBER, part)) for part in parts]
    return [row for row in rows if row]


def _refuse_comma(text: str) -> None:
    """2,9 5,1 is two numbers or four: nobody but the writer knows."""
    separated = re.split(r"[;\s]+", text.strip(" []()"))
    found = [part for part in separated if _COMMA_INSIDE.fullmatch(part)]
    if len(found) == len(separated):
        left, _, right = found[0].partition(",")
        raise ValueError(f"is {found[0]} one number or two? Write {left}.{right} with a point, or [{left}, {right}]")


def _of_rows(rows: list[Row], text: str) -> Numbers:
    if not all(math.isfinite(number) for row in rows for number in row):
        raise ValueError("a number is too large for a double")
    if sum(map(len, rows)) > MOST_NUMBERS:
        raise ValueError(f"these are more than {MOST_NUMBERS:,} numbers")
    widths = {len(row) for row in rows}
    if len(rows) == 1:
        is_matrix = re.match(r"[\[(]\s*[\[(]", text) is not None
        is_one = len(rows[0]) == 1 and not re.search(r"[\[(,;]", text)
        return rows[0][0] if is_one else (rows[0],) if is_matrix else rows[0]
    if widths == {1} and not re.match(r"[\[(]\s*[\[(]", text):
        return tuple(row[0] for row in rows)
    if len(widths) > 1:
        raise ValueError(f"the rows of a matrix have one length, and these have {', '.join(map(str, sorted(widths)))}")
    return tuple(rows)


def _of_constants(text: str) -> Numbers | None:
    """0, pi/2, pi: formulas of constants with commas between them."""
    inner = text[1:-1] if re.fullmatch(r"\[[^\[\]]*\]", text) else text
    parts = [part for part in inner.split(",") if part.strip()]
    if not parts or len(text) > 4000 or not all(re.fullmatch(r"[-+*/. \w]+", part) for part in parts):
        return None
    try:
        numbers = tuple(map(scalar_value, parts))
    except FormulaError:
        return None
    return numbers[0] if inner == text and len(numbers) == 1 and "," not in text else numbers
