"""Records on their way between two threads: all come, in order, in blocks that follow one another."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.runs.records import RecordBlock, StepRecord
from gradviz.engine.runs import record_queue
from gradviz.engine.runs.record_queue import RecordQueue


def _record(step: int, optimizers: int, has_position: bool, salt: int = 0) -> StepRecord:
    losses = tuple(float(step + index + salt) for index in range(optimizers))
    return StepRecord(step, losses, tuple(float(step * 10 + index) for index in range(2 * optimizers * has_position)))


def _rows(block: RecordBlock) -> list[StepRecord]:
    pairs = zip(block.losses.tolist(), block.positions.reshape(len(block.losses), -1).tolist(), strict=True)
    return [
        StepRecord(block.start + row, tuple(losses), tuple(position)) for row, (losses, position) in enumerate(pairs)
    ]


def _everything(queue: RecordQueue) -> list[StepRecord]:
    found: list[StepRecord] = []
    while True:
        block, is_all = queue.take()
        found += [] if block is None else _rows(block)
        if is_all:
            return found


@given(
    st.integers(1, 3),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.booleans())),
    st.data(),
)
def test_all_records_come_in_order_and_each_block_follows_on(optimizers, has_position, stretches, data) -> None:
    queue, put, got = RecordQueue(optimizers), [], []
    for salt, (first, count, is_drained) in enumerate(stretches):
        for step in range(first, first + count):
            put.append(_record(step, optimizers, has_position, salt))
            queue.append(put[-1])
        if is_drained:
            got += _everything(queue)
    assert got + _everything(queue) == put


def test_a_block_ends_where_the_run_went_back() -> None:
    queue = RecordQueue(1)
    for step in (0, 1, 2, 1, 2, 3):
        queue.append(_record(step, 1, True))
    first, is_all = queue.take()
    assert first is not None
    assert (first.start, len(first.losses), is_all) == (0, 3, False)
    second, is_all = queue.take()
    assert second is not None
    assert (second.start, len(second.losses), is_all) == (1, 3, True)
    assert queue.take() == (None, True)


def test_blocks_cannot_be_written_to() -> None:
    queue = RecordQueue(1)
    queue.append(_record(0, 1, True))
    block, _ = queue.take()
    assert block is not None
    with pytest.raises(ValueError, match="read-only"):
        block.losses[0, 0] = 1.0


def test_a_long_run_lets_go_of_what_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_queue, "FULL", 8)
    queue, put = RecordQueue(2), []
    for step in range(100):
        put.append(_record(step, 2, False))
        queue.append(put[-1])
    assert len(queue._stretches) == 13
    block, is_all = queue.take()
    assert block is not None
    assert _rows(block) == put
    assert is_all
    assert len(queue._stretches) == 1


def test_two_threads_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_queue, "FULL", 64)
    queue, count = RecordQueue(1), 30_000
    thread = threading.Thread(target=lambda: [queue.append(_record(step, 1, True)) for step in range(count)])
    thread.start()
    got = np.empty(0)
    while len(got) < count:
        block, _ = queue.take()
        if block is not None:
            assert block.start == len(got)
            assert (block.positions[:, 0, 0] == block.losses[:, 0] * 10).all()
            got = np.concatenate((got, block.losses[:, 0]))
    thread.join()
    assert got.tolist() == list(range(count))


def test_figures_of_rows_held_out_go_along_whatever_is_taken_together() -> None:
    """Over the seam of two stretches, in one take and in several."""
    full = record_queue.FULL
    for taken in ({}, {3}, {full - 1, full + 2}):
        queue, found = RecordQueue(2), []
        for step in range(full + 5):
            queue.append(StepRecord(step, (1.0, 2.0), (), tuple(float(6 * step + k) for k in range(6))))
            if step in taken:
                found.append(queue.take()[0])
        found.append(queue.take()[0])
        figures = [block.figures for block in found if block is not None and block.figures is not None]
        whole = np.concatenate(figures)
        assert np.array_equal(whole, np.arange(6.0 * (full + 5)).reshape(-1, 2, 3))
        assert not figures[-1].flags.writeable
