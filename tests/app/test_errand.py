"""Errands: work in a thread of its own, a piece at a time, while the GUI thread goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gradviz.app.process.errand import Errand, Feed, Work


def pieces(count: int, seen: list[int], closed: list[bool]) -> Work[str]:
    try:
        for index in range(count):
            seen.append(threading.get_ident())
            time.sleep(0.01)
            yield index / count
    finally:
        closed.append(True)
    return "done"


def test_the_work_is_done_elsewhere_and_told_here(qtbot: Any) -> None:
    seen: list[int] = []
    shares: list[float] = []
    errand: Errand[str] = Errand(pieces(20, seen, []))
    errand.progressed.connect(shares.append)
    with qtbot.waitSignal(errand.ended, timeout=5000):
        errand.start()
    assert errand.result() == "done"
    assert len(seen) == 20
    assert threading.get_ident() not in seen
    assert shares == sorted(shares)
    assert 0 < shares[-1] < 1


def test_what_is_short_has_ended_when_start_returns(qtbot: Any) -> None:
    ended: list[bool] = []

    def work() -> Work[int]:
        yield 0.5
        return 7

    errand: Errand[int] = Errand(work())
    errand.ended.connect(lambda: ended.append(True))
    errand._thread.start()
    errand._is_done.wait(5)
    errand._thread = threading.Thread(target=lambda: None)
    errand.start()
    assert ended == [True]
    assert errand.result() == 7


def test_a_failure_is_raised_where_the_result_is_asked_for(qtbot: Any) -> None:
    def work() -> Work[int]:
        yield 0.1
        raise ValueError("it broke")

    errand: Errand[int] = Errand(work())
    with qtbot.waitSignal(errand.ended, timeout=5000):
        errand.start()
    with pytest.raises(ValueError, match="it broke"):
        errand.result()


def test_what_is_cancelled_stops_after_its_piece_and_is_heard_of_no_more(qtbot: Any) -> None:
    seen: list[int] = []
    closed: list[bool] = []
    told: list[str] = []
    errand: Errand[str] = Errand(pieces(1000, seen, closed))
    errand.ended.connect(lambda: told.append("ended"))
    errand.start()
    qtbot.waitUntil(lambda: len(seen) > 3, timeout=5000)
    errand.cancel()
    qtbot.waitUntil(lambda: bool(closed), timeout=5000)
    assert len(seen) < 1000
    qtbot.wait(50)
    assert told == []


def numbers(count: int, closed: list[bool]) -> Iterator[int]:
    try:
        yield from range(count)
    finally:
        closed.append(True)


def test_a_feed_gives_the_newest_and_always_the_last() -> None:
    closed: list[bool] = []
    found = list(Feed(numbers(50, closed)))
    assert found == sorted(found)
    assert found[-1] == 49
    assert closed == [True]


def test_a_feed_repeats_itself_where_nothing_is_new() -> None:
    gate = threading.Event()

    def slow() -> Iterator[str]:
        yield "first"
        gate.wait(5)
        yield "second"

    feed = Feed(slow())
    assert [next(feed) for _ in range(3)] == ["first"] * 3
    gate.set()
    assert list(feed)[-1] == "second"


def test_a_feed_raises_what_its_source_raised() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("it broke")

    with pytest.raises(ValueError, match="it broke"):
        list(Feed(broken()))


def test_a_feed_that_nobody_wants_is_closed(qtbot: Any) -> None:
    closed: list[bool] = []
    feed = Feed(numbers(10**9, closed))
    next(feed)
    feed.close()
    qtbot.waitUntil(lambda: bool(closed), timeout=5000)
