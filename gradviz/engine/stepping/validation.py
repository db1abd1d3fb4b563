"""What came over the wire, looked at before it is believed: a script shares its process with the recorder."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gradviz.engine.problems import EngineError

LONGEST_NAME = 400
LONGEST_TEXT = 4096
MOST_ENTRIES = 100
MOST_OUTPUT = 1_000_000
WHOLE = 1 << 65
"""Sequence numbers, addresses and ids are below it."""


class WireError(EngineError):
    """What the child sent is not what a recorder sends."""


def _fail(what: str) -> None:
    raise WireError(f"The process that ran the script sent {what} that cannot be read. Run it again.")


def whole(value: Any) -> int:
    """A whole number."""
    if type(value) is not int or abs(value) >= WHOLE:
        _fail("a number")
    return int(value)


def text(value: Any, longest: int = LONGEST_TEXT) -> str:
    """A text that is not too long."""
    if type(value) is not str or len(value) > longest:
        _fail("a text")
    return str(value)


def listed(value: Any, length: int | None = None) -> list[Any]:
    """A list, of that length where one is given."""
    if type(value) is not list or (length is not None and len(value) != length):
        _fail("a list")
    return list(value)


def check_event(event: Any) -> None:
    """WireError unless it is an event in the recorder's short form."""
    if type(event) is not list or not 5 <= len(event) <= 6:
        _fail("an event")
    for one in event[:4]:
        whole(one)
    for change in listed(event[4]):
        if type(change) is not list or len(change) != 3:
            _fail("a variable")
        whole(change[0])
        text(change[1], LONGEST_NAME)
        check_variable(change[2])
    if len(event) == 6:
        _check_more(event[5])


def check_variable(told: Any) -> None:
    """WireError unless it is a variable in the recorder's short form."""
    check = _VARIABLES.get(told[0]) if type(told) is list and told and type(told[0]) is str else None
    if check is None:
        _fail("a variable")
    else:
        check(told)


def _check_plain(told: list[Any]) -> None:
    text(listed(told, 3)[1], 80)
    if not (told[2] is None or type(told[2]) in (int, float, bool) or (type(told[2]) is str and len(told[2]) < 400)):
        _fail("a value")


def _check_object(told: list[Any]) -> None:
    text(listed(told, 3)[1], 80)
    text(told[2], LONGEST_NAME)


def _check_array(told: list[Any]) -> None:
    shape = _checked_shape(listed(told, 5)[1])
    text(told[2], 80)
    _check_numbers(told[3], math.prod(shape))
    whole(told[4])


def _check_tensor(told: list[Any]) -> None:
    shape = _checked_shape(listed(told, 12)[1])
    text(told[2], 40)
    whole(told[3])
    if told[4] is not None:
        text(told[4], LONGEST_NAME)
    whole(told[5])
    _check_numbers(told[6], math.prod(shape))
    if told[7] is not None:
        _check_numbers(listed(told[7], 1)[0], None)
    whole(told[8])
    whole(told[9])
    text(told[10], 40)
    text(told[11], LONGEST_NAME)


_VARIABLES: dict[str, Callable[[list[Any]], None]] = {
    "t": _check_tensor, "n": _check_array, "p": _check_plain, "o": _check_object,
}  # fmt: skip


def _checked_shape(shape: Any) -> list[int]:
    if type(shape) is not list or len(shape) > 64:
        _fail("a shape")
    for size in shape:
        if type(size) is not int or not 0 <= size < 1 << 48:
            _fail("a shape")
    return list(shape)


def _check_numbers(numbers: Any, count: int | None) -> None:
    if numbers is None:
        return
    if type(numbers) is list:
        if len(numbers) > MOST_ENTRIES or (count is not None and len(numbers) != count):
            _fail("numbers")
        for one in numbers:
            if type(one) not in (float, int, bool):
                _check_pair(one)
        return
    if type(numbers) is not dict:
        _fail("numbers")
    text(numbers.get("digest"), 32)
    whole(numbers.get("not_finite"))
    for name in ("min", "max", "mean", "norm"):
        if type(numbers.get(name, 0.0)) is not float:
            _fail("a summary")
    histogram = numbers.get("histogram", [])
    if type(histogram) is not list or len(histogram) > 64 or any(type(one) is not int for one in histogram):
        _fail("a histogram")


def _check_pair(pair: Any) -> None:
    if type(pair) is not list or len(pair) != 2 or any(type(one) is not float for one in pair):
        _fail("numbers")


def _check_more(more: Any) -> None:
    if type(more) is not dict or not set(more) <= set("raglsfop"):
        _fail("an event")
    for one in more.get("r", ()):
        whole(listed(one, 2)[0])
        text(one[1], LONGEST_NAME)
    for row in more.get("a", ()):
        _check_node(row)
    for letter in "sglp":
        for one in listed(more.get(letter, [])):
            whole(one)
    text(more.get("o", ""), MOST_OUTPUT)
    for fact in listed(more.get("f", [])):
        text(listed(fact)[0] if fact else None, 40)
        check_plain(fact, 4)


def _check_node(row: Any) -> None:
    if type(row) is not list or not 4 <= len(row) <= 5:
        _fail("a node")
    whole(row[0])
    text(row[1], LONGEST_NAME)
    whole(row[2])
    for below in listed(row[3]):
        whole(below)
    if len(row) == 5:
        _checked_shape(row[4])


def check_plain(value: Any, depth: int) -> None:
    """WireError unless it is made of lists, short texts, numbers, True, False and None."""
    if type(value) is list and depth:
        for one in value:
            check_plain(one, depth - 1)
    elif type(value) is str:
        text(value)
    elif type(value) not in (int, float, bool, type(None)):
        _fail("a fact")
