"""Who is ahead in a race, against a plain search through all losses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.runs.history import History
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.standings import LEVELS, NEVER, Race, Standings, lost_since


def history_of(losses: np.ndarray, cuts: tuple[int, ...] = ()) -> tuple[History, Standings]:
    """A history that came in blocks, with the standings that followed it."""
    history, standings = History(losses.shape[1]), Standings(losses.shape[1])
    for begin, end in zip((0, *cuts), (*cuts, len(losses)), strict=True):
        block = losses[begin:end]
        history.extend(RecordBlock(begin, block, np.empty((*block.shape, 0))))
        standings = standings.after(history)
    return history, standings


def searched(losses: np.ndarray, step: int) -> Race:
    """The same by looking at everything."""
    known = losses[: step + 1]

    def first(level: float, k: int) -> float:
        found = [n for n, loss in enumerate(known[:, k]) if loss <= level]
        return found[0] if found else math.inf

    lanes = range(losses.shape[1])
    levels = [level for level in LEVELS if any(first(level, k) < math.inf for k in lanes)]
    steps = [first(levels[-1], k) if levels else math.inf for k in lanes]
    now = [loss if math.isfinite(loss) else math.inf for loss in known[-1]]
    order = tuple(sorted(lanes, key=lambda k: (math.isinf(now[k]), steps[k], now[k], k)))
    goal = float(levels[-1]) if levels and min(steps) > 0 else None
    return Race(order, goal, tuple(NEVER if math.isinf(s) else int(s) for s in steps))


LOSS = st.one_of(st.floats(1e-14, 1e13), st.sampled_from([0.0, -1.0, math.nan, math.inf, -math.inf, 1e-6]))


@given(st.lists(st.tuples(LOSS, LOSS, LOSS), min_size=1, max_size=12), st.data())
def test_a_race_stands_as_a_search_through_all_losses_says(rows: list[tuple[float, ...]], data: st.DataObject) -> None:
    losses = np.array(rows)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(rows) - 1)))) if len(rows) > 1 else []
    history, standings = history_of(losses, tuple(cuts))
    for step in range(len(losses)):
        assert standings.at(history, step) == searched(losses, step)


def test_who_reached_a_millionth_and_when() -> None:
    losses = np.array([[1.0, 1.0, 1.0], [1e-2, 0.5, 1e-3], [1e-6, 0.4, 2e-5], [1e-6, math.nan, 9e-7]])
    history, standings = history_of(losses)
    assert standings.at(history, 3) == Race((0, 2, 1), 1e-6, (2, NEVER, 3)), "9e-7 is a millionth, and came later"
    assert standings.at(history, 1) == Race((2, 0, 1), 1e-3, (NEVER, NEVER, 1)), "as it stood then"
    assert standings.at(history, 0).goal is None, "nobody has gone"


def test_a_history_that_was_rewritten_is_read_again() -> None:
    history, standings = history_of(np.array([[1.0, 1.0], [1e-5, 1.0], [1e-9, 1.0]]))
    history.extend(RecordBlock(1, np.array([[0.5, 1e-3]]), np.empty((1, 2, 0))))
    assert standings.after(history).at(history, 1) == Race((1, 0), 1e-3, (NEVER, 1))


def test_nothing_new_costs_nothing() -> None:
    history, standings = history_of(np.array([[1.0, 2.0]]))
    assert standings.after(history) is standings


@pytest.mark.parametrize(
    ("column", "since"), [([1, math.nan], 1), ([math.inf, math.inf], 0), ([1, math.nan, 2], None), ([1, 2], None)]
)
def test_since_when_one_is_lost(column: list[float], since: int | None) -> None:
    assert lost_since(np.array(column)[:, None]).get(0) == since
