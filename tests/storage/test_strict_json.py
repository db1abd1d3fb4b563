"""The JSON reader against the faults that Python's own lets through."""

from __future__ import annotations

import json
import math
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.storage.experiments.strict_json import MAX_BYTES, MAX_DEPTH, MAX_DIGITS, MOST_AT_ONCE, loads
from gradviz.storage.problems import FileError, NewerFormatError

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda child: st.lists(child, max_size=4) | st.dictionaries(st.text(), child, max_size=4),
    max_leaves=20,
)


@given(data=PLAIN)
def test_good_json_is_read_as_json_reads_it(data: object) -> None:
    text = json.dumps(data)
    assert loads(text) == data
    assert loads(b"\xef\xbb\xbf" + text.encode()) == data


def test_a_long_text_is_read_as_a_short_one_in_turns_with_other_threads() -> None:
    data = {"values": [0.1 * number for number in range(20_000)], "deep": [[{"a": None}, True], "\u2028", {}, -3]}
    text = json.dumps(data, indent=1)
    assert len(text) > MOST_AT_ONCE
    called: set[str] = set()
    profile = sys.getprofile()
    sys.setprofile(lambda frame, *_: called.add(frame.f_code.co_name))
    try:
        found = loads(text)
    finally:
        sys.setprofile(profile)
    assert found == data
    assert "JSONArray" in called, "one call into C, which holds Python's lock from end to end"
    for place, fault in (('"a": 1, "a": 2', "'a' appears twice"), ('"a": nothing', "Line 20007")):
        with pytest.raises(FileError, match=fault):
            loads(text.replace('"a": null', place))


def test_a_duplicate_key_is_named() -> None:
    with pytest.raises(FileError, match="'lr' appears twice"):
        loads('{"a": {"lr": 1, "b": 2, "lr": 1}}')


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "Line 1, column 2"), ("", "not JSON"), ('{"a": 1,\n x}', "Line 2"), (b'{"a": "\xff"}', "not UTF-8")],
)
def test_what_is_not_json_is_located(text: str | bytes, words: str) -> None:
    with pytest.raises(FileError, match=words):
        loads(text)


def test_depth_is_limited_exactly() -> None:
    assert loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 900, 100_000):
        with pytest.raises(FileError, match="deeper"):
            loads("[" * depth + "]" * depth)


def test_length_is_limited_exactly() -> None:
    assert loads(" " * (MAX_BYTES - 1) + "1") == 1
    with pytest.raises(FileError, match="longer"):
        loads(" " * MAX_BYTES + "1")


def test_long_integers_become_infinite_in_no_time() -> None:
    assert loads("9" * MAX_DIGITS) == 10**MAX_DIGITS - 1
    assert loads("9" * (MAX_DIGITS + 1)) == math.inf
    started = time.thread_time()
    positive, negative, whole = loads(f"[{'9' * 5000}, -{'9' * 4_000_000}, {'9' * 200}]")
    assert time.thread_time() - started < 1.0
    assert (positive, negative, whole) == (math.inf, -math.inf, 10**200 - 1)


def test_constants_are_left_to_the_settings() -> None:
    low, none, high = loads("[-Infinity, NaN, 1e999]")
    assert (low, high) == (-math.inf, math.inf)
    assert math.isnan(none)


def test_a_long_cause_is_cut_so_that_the_next_step_is_read() -> None:
    error = FileError("x\n\x1b\0" * 1000, "Do this.")
    assert len(str(error)) == 300
    assert str(error).endswith("… Do this.")
    assert str(error).isprintable()
    assert len(str(NewerFormatError(10**250, 1))) <= 300
