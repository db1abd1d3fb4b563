"""JSON as a file from a stranger deserves it: no key twice, no abyss, no number that hangs."""

from __future__ import annotations

import json
import math
from typing import Any

from gradviz.storage.experiments.pieces import Pieces, in_one
from gradviz.storage.problems import FileError

MAX_BYTES = 8 * 2**20
MAX_DEPTH = 64
MAX_DIGITS = 300
MAX_VALUES = 200_000
"""Far more than any document has; millions would take seconds to read, and to refuse."""
MOST_AT_ONCE = 2**18
"""Characters that Python's own parser, which holds its lock from end to end, reads in some 5 ms."""
NEXT_STEP = "Correct the file, or choose another one."


def loads(text: str | bytes) -> Any:
    """The plain data of a JSON text; FileError says what is wrong with it.

    NaN, Infinity and integers beyond every float come back as NaN or infinity: the setting that receives
    one refuses it with its own name.
    """
    return in_one(parsing(text, 0.0, 1.0))


def parsing(text: str | bytes, begin: float, end: float) -> Pieces[Any]:
    """The same in pieces. Python's lock is free between two values of a long text, too."""
    if len(text) > MAX_BYTES:
        raise FileError(f"The JSON text is longer than {MAX_BYTES // 2**20} MiB.", NEXT_STEP)
    decoded = _decoded(text)
    # commas in texts count too: nobody writes so many
    if sum(map(decoded.count, ",[{")) > MAX_VALUES:
        raise FileError(f"The JSON text has more than {MAX_VALUES:,} values.", NEXT_STEP)
    yield begin + 0.3 * (end - begin)
    try:
        data = _decoder_for(decoded).decode(decoded)
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise FileError(f"Line {error.lineno}, column {error.colno} is not JSON: {error.msg}.", NEXT_STEP) from None
    yield begin + 0.8 * (end - begin)
    if is_deeper(data, MAX_DEPTH):
        raise _too_deep()
    return data


class _InTurns(json.JSONDecoder):
    """The parser that Python has for where its C one is missing: four times as slow, and others have their turn."""

    def __init__(self, **hooks: Any) -> None:
        super().__init__(**hooks)
        self.parse_object = json.decoder.JSONObject  # type: ignore[attr-defined]
        self.parse_array = json.decoder.JSONArray  # type: ignore[attr-defined]
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]


def _decoder_for(text: str) -> json.JSONDecoder:
    kind = json.JSONDecoder if len(text) <= MOST_AT_ONCE else _InTurns
    return kind(object_pairs_hook=_without_duplicates, parse_int=_bounded_integer)


def _decoded(text: str | bytes) -> str:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"The text is not UTF-8: byte {error.start} is wrong.", "Save it as UTF-8.") from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise FileError(f"The key {key[:80]!r} appears twice.", NEXT_STEP)
            seen.add(key)
    return data


def _bounded_integer(digits: str) -> int | float:
    """Python's int() takes quadratic time, and refuses 4,300 digits without naming the field."""
    if len(digits) <= MAX_DIGITS:
        return int(digits)
    return -math.inf if digits.startswith("-") else math.inf


def is_deeper(data: Any, limit: int) -> bool:
    """Whether lists and objects nest deeper than `limit`: level by level, since recursion would overflow."""
    level = [data]
    for _ in range(limit):
        level = [child for item in level if isinstance(item, dict | list) for child in _children(item)]
        if not level:
            return False
    return True


def _children(item: dict[str, Any] | list[Any]) -> list[Any]:
    return list(item.values()) if isinstance(item, dict) else item


def _too_deep() -> FileError:
    return FileError(f"The JSON text nests deeper than {MAX_DEPTH} levels.", NEXT_STEP)
