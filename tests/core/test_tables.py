"""Tables as values: equality, digest, JSON small and large, and what is refused."""

from __future__ import annotations

import copy
import gc
import hashlib
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gradviz.core.declaration import Declaration
from gradviz.core.tables.tables import MOST_INLINE, Table, known_table


class Holder(Declaration):
    table: Table


def small() -> Table:
    return Table(("a", "中 文"), np.array([[1.0, -0.0], [1e-310, 1e308]]))


def large(first: float = 0.5) -> Table:
    values = np.full((MOST_INLINE, 2), first)
    values[3, 1] = math.pi
    return Table(("a", "b"), values)


def test_equal_content_is_equal_and_any_difference_is_not() -> None:
    assert small() == small()
    assert hash(small()) == hash(small())
    assert small() != Table(("a", "b"), small().values)
    assert small() != Table(("a", "中 文"), np.array([[1.0, 0.0], [1e-310, 1e308]])), "the sign of zero is kept"
    assert Table(("ab", "c"), np.ones((1, 2))) != Table(("a", "bc"), np.ones((1, 2)))
    assert Table(("a",), np.ones((2, 1))) != Table(("a", "b"), np.ones((1, 2)))
    assert small() != "table"


def test_the_digest_is_sha256_of_names_shape_and_bytes() -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    raw = b"\1\0\0\0x" + b"\2\0\0\0yz" + (3).to_bytes(8, "little") + (2).to_bytes(8, "little") + values.tobytes()
    assert Table(("x", "yz"), values).digest == hashlib.sha256(raw).hexdigest()


def test_nobody_can_write_into_a_table() -> None:
    mine = np.ones((2, 1))
    table = Table(("a",), mine)
    mine[0, 0] = 7.0
    assert table.values[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        table.values[0, 0] = 2.0
    assert copy.deepcopy(table) is table
    assert Table(("a",), np.ones((4, 2))[:, ::2].copy(order="F")).values.flags.c_contiguous


@given(
    st.lists(
        st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False)),
        min_size=1,
        max_size=8,
    )
)
def test_a_small_table_goes_through_json_bit_for_bit(rows: list[tuple[float, float]]) -> None:
    holder = Holder(table=Table(("a", "b"), np.array(rows)))
    data = holder.model_dump(mode="json")
    assert data["table"] == {"columns": ["a", "b"], "rows": [list(row) for row in rows]}
    again = Holder.model_validate_json(holder.model_dump_json())
    assert again.table.values.tobytes() == holder.table.values.tobytes()
    assert again == holder


def test_a_large_table_is_its_digest_as_long_as_it_is_held() -> None:
    holder = Holder(table=large())
    data = holder.model_dump(mode="json")
    assert data["table"] == {"digest": holder.table.digest, "columns": ["a", "b"], "rows": MOST_INLINE}
    assert Holder.model_validate(data).table is holder.table
    for wrong in ({"rows": 3}, {"columns": ["a", "c"]}, {"digest": "0" * 64}, {"digest": 7}):
        with pytest.raises(ValidationError, match=r"other columns|not in this file"):
            Holder.model_validate({"table": {**data["table"], **wrong}})
    digest = holder.table.digest
    del holder
    gc.collect()
    assert known_table(digest) is None, "a table that nobody holds stays in memory"
    with pytest.raises(ValidationError, match="not in this file"):
        Holder.model_validate(data)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (3, "an object"),
        ({}, "needs columns and rows"),
        ({"columns": ["a"], "rows": [[1]], "more": 1}, "nothing else"),
        ({"columns": [], "rows": [[]]}, "at least one column"),
        ({"columns": ["a"], "rows": []}, "one for each column|at least one row"),
        ({"columns": ["a", "a"], "rows": [[1, 2]]}, "two columns are called 'a'"),
        ({"columns": ["a"], "rows": [[1], [2, 3]]}, "row 2 has 2 numbers"),
        ({"columns": ["a"], "rows": [[True]]}, "row 1 holds something"),
        ({"columns": ["a"], "rows": [["1"]]}, "row 1 holds something"),
        ({"columns": ["a"], "rows": [[1], [math.nan]]}, "row 2 of column 'a'"),
        ({"columns": ["a"], "rows": [[math.inf]]}, "not a finite number"),
        ({"columns": ["a"], "rows": [[10**400]]}, "too large"),
        ({"columns": ["a"], "rows": [1]}, "row 1 is not a list"),
        ({"columns": ["a"], "rows": "12"}, "a list of rows"),
        ({"columns": ["a", "b"], "rows": [[1]]}, "2 numbers each"),
        ({"columns": ["\0"], "rows": [[1]]}, "printable"),
        ({"columns": ["a" * 200], "rows": [[1]]}, "1 to 120"),
        ({"columns": [f"{k}" for k in range(10_001)], "rows": [[1]]}, "10,001 columns"),
        ({"columns": ["a"], "rows": [[1]] * 10_001}, "10,001 rows"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(value: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        Holder.model_validate({"table": value})
    assert len(caught.value.errors()[0]["msg"]) <= 300


def test_arrays_that_are_no_table_are_refused() -> None:
    with pytest.raises(ValueError, match="row 2 of column 'b' is not a finite number"):
        Table(("a", "b"), np.array([[1.0, 2.0], [1.0, np.nan]]))
    for values in (np.ones(2), np.ones((2, 2), dtype=np.float32), np.ones((2, 3))):
        with pytest.raises(ValueError, match="2 numbers each"):
            Table(("a", "b"), values)
