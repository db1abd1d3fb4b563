"""The history, its pyramid and the thinned path, against brute force over all that was ever recorded."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gradviz.core.numbers import Floats
from gradviz.core.runs import history as history_module
from gradviz.core.runs.figures import COUNT, latest
from gradviz.core.runs.history import BRANCH, LAG, History
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.trajectory import Trajectory

SEEDS = st.integers(0, 2**32 - 1)
LENGTHS = st.one_of(
    st.integers(0, 40),
    st.integers(0, 700),
    st.sampled_from([BRANCH - 1, BRANCH, BRANCH + 1, BRANCH**2 - 1, BRANCH**2, BRANCH**2 + 1, BRANCH**3, 5000]),
)


def losses_of(seed: int, rows: int, width: int, not_finite: float) -> Floats:
    random = np.random.default_rng(seed)
    losses = random.normal(size=(rows, width))
    losses[random.random((rows, width)) < not_finite] = np.nan
    losses[random.random((rows, width)) < not_finite / 4] = np.inf
    return losses


def block(start: int, losses: Floats, positions: Floats | None = None) -> RecordBlock:
    rows, width = losses.shape
    return RecordBlock(start, losses, np.empty((rows, width, 0)) if positions is None else positions)


def reduced(losses: Floats) -> tuple[Floats, Floats]:
    """Smallest and largest by column, NaN only where there is nothing else."""
    nothing = np.isnan(losses).all(axis=0)
    low = np.where(np.isnan(losses), np.inf, losses).min(axis=0)
    high = np.where(np.isnan(losses), -np.inf, losses).max(axis=0)
    return np.where(nothing, np.nan, low), np.where(nothing, np.nan, high)


def assert_extremes(history: History, losses: Floats, start: int, stop: int, pixels: int) -> None:
    """Each block holds exactly its own extremes; the last may reach beyond `stop` by less than its width."""
    steps, low, high = history.extremes(start, stop, pixels)
    assert len(steps) == len(low) == len(high) <= pixels
    begin, end = max(0, start), min(len(losses), stop)
    if begin >= end:
        assert not len(steps)
        return
    edges = [int(step) for step in steps]
    assert edges == sorted(set(edges))
    assert edges[0] <= begin
    width = edges[1] - edges[0] if len(edges) > 1 else len(losses)
    assert begin - edges[0] < max(width, 1)
    for number, edge in enumerate(edges[:-1]):
        expected = reduced(losses[edge : edges[number + 1]])
        np.testing.assert_array_equal((low[number], high[number]), expected)
    reach = losses[edges[-1] : end + width]
    lows, highs = (ufunc.accumulate(reach, axis=0)[end - edges[-1] - 1 :] for ufunc in (np.fmin, np.fmax))
    assert any(np.array_equal((low[-1], high[-1]), ends, equal_nan=True) for ends in zip(lows, highs, strict=True))
    if end == len(losses):
        np.testing.assert_array_equal((low[-1], high[-1]), reduced(losses[edges[-1] :]))


class HistoryMachine(RuleBasedStateMachine):
    """A run that goes on and goes back at will; `losses` and `positions` are the plain truth."""

    @initialize(width=st.integers(1, 3), with_positions=st.booleans())
    def begin(self, width: int, with_positions: bool) -> None:
        self.width, self.with_positions = width, with_positions
        self.history = History(width)
        self.losses = np.empty((0, width))
        self.positions = np.empty((0, width, 2))

    def _extend(self, start: int, seed: int, rows: int, not_finite: float) -> None:
        losses = losses_of(seed, rows, self.width, not_finite)
        positions = np.random.default_rng(seed).normal(size=(rows, self.width, 2))
        self.history.extend(block(start, losses, positions if self.with_positions else None))
        self.losses = np.concatenate([self.losses[:start], losses])
        self.positions = np.concatenate([self.positions[:start], positions])

    @rule(seed=SEEDS, rows=LENGTHS, not_finite=st.sampled_from([0.0, 0.1, 0.9, 1.0]))
    def go_on(self, seed: int, rows: int, not_finite: float) -> None:
        self._extend(len(self.losses), seed, rows, not_finite)

    @rule(data=st.data(), seed=SEEDS, rows=st.integers(1, 600))
    def go_back(self, data: st.DataObject, seed: int, rows: int) -> None:
        start = data.draw(st.integers(0, len(self.losses)))
        rewrites = self.history.rewrites + (start < len(self.losses))
        self._extend(start, seed, rows, 0.1)
        assert self.history.rewrites == rewrites

    @rule(gap=st.integers(1, 5))
    def leave_a_gap(self, gap: int) -> None:
        with pytest.raises(ValueError, match="ends at"):
            self.history.extend(block(len(self.losses) + gap, np.ones((1, self.width))))

    @rule(data=st.data(), pixels=st.integers(1, 300))
    def look_at_a_part(self, data: st.DataObject, pixels: int) -> None:
        start = data.draw(st.integers(-5, len(self.losses) + 5))
        stop = data.draw(st.integers(start - 2, len(self.losses) + 5))
        assert_extremes(self.history, self.losses, start, stop, pixels)

    @rule(pixels=st.integers(1, 2000))
    def look_at_all(self, pixels: int) -> None:
        assert_extremes(self.history, self.losses, 0, len(self.losses), pixels)

    @invariant()
    def no_step_is_lost(self) -> None:
        assert len(self.history) == len(self.losses)
        np.testing.assert_array_equal(self.history.losses, self.losses)
        if self.with_positions:
            np.testing.assert_array_equal(self.history.positions, self.positions)
        else:
            assert self.history.positions.shape == (0, self.width, 2)
        assert not self.history.losses.flags.writeable


HistoryMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestHistory = HistoryMachine.TestCase


@pytest.mark.parametrize("rows", [1, BRANCH - 1, BRANCH, BRANCH + 1, BRANCH**2, BRANCH**2 + 1])
@pytest.mark.parametrize("back_to", [BRANCH, BRANCH + 1, BRANCH**2, BRANCH**2 + 1, BRANCH**3])
def test_levels_appear_and_vanish_at_their_boundaries(rows: int, back_to: int) -> None:
    """A level that appears must hold the old rows, and one that vanished must not be asked any more."""
    history = History(1)
    losses = np.random.default_rng(rows).normal(size=(BRANCH**3 + 2 * BRANCH**2, 1)) + 100
    for start in range(0, len(losses), rows):
        history.extend(block(start, losses[start : start + rows]))
        if start + rows in range(BRANCH - 2, BRANCH**2 + BRANCH + 2):
            assert_extremes(history, losses[: start + rows], 0, start + rows, 1)
    assert_extremes(history, losses, 0, len(losses), 1)
    start = back_to - 10
    shorter = np.concatenate([losses[:start], losses[:10] - 200])
    history.extend(block(start, shorter[start:]))
    for pixels in (1, 2, 5, BRANCH, 300):
        assert_extremes(history, shorter, 0, len(shorter), pixels)
    longer = np.concatenate([shorter, losses[: BRANCH**2] + 50])
    history.extend(block(len(shorter), longer[len(shorter) :]))
    for pixels in (1, 2, 5, BRANCH, 300):
        assert_extremes(history, longer, 0, len(longer), pixels)


@pytest.fixture
def rows_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each reduction of the pyramid has read."""
    read: list[int] = []
    reduce = history_module._reduce

    def counted(rows: Floats, *rest: Any) -> Floats:
        read.append(len(rows))
        return reduce(rows, *rest)

    monkeypatch.setattr(history_module, "_reduce", counted)
    return read


def test_to_add_or_draw_steps_reads_few_of_a_million(rows_read: list[int]) -> None:
    """What was added is read once, and at each of 5 levels a block beside it; what is drawn, a few blocks a pixel."""
    losses = np.random.default_rng(1).normal(size=(1_000_000, 2))
    history, read = History(2), 0
    for start in range(0, len(losses), 1000):
        rows_read.clear()
        history.extend(block(start, losses[start : start + 1000]))
        assert sum(rows_read) <= 2 * ((LAG + 1000) * BRANCH / (BRANCH - 1) + 5 * 2 * BRANCH)
        read += sum(rows_read)
    history.extremes(0, 1, 1)  # brings the last ones in
    assert read <= 2 * (len(losses) * BRANCH / (BRANCH - 1) + len(losses) / LAG * 5 * 2 * BRANCH)
    for pixels in (100, 1000, 2000):
        rows_read.clear()
        steps, low, high = history.extremes(0, len(losses), pixels)
        assert pixels / BRANCH < len(steps) <= pixels
        assert 0 < sum(rows_read) <= 2 * (BRANCH * pixels + 1)
        np.testing.assert_array_equal((low.min(axis=0), high.max(axis=0)), (losses.min(axis=0), losses.max(axis=0)))


def path_of(seed: int, rows: int, reach: float, not_finite: float) -> Floats:
    random = np.random.default_rng(seed)
    path = np.cumsum(random.normal(scale=reach, size=(rows, 2)), axis=0)
    path[random.random(rows) < not_finite] = np.nan
    return path


def history_of(path: Floats) -> History:
    history = History(1)
    history.extend(block(0, np.ones((len(path), 1)), path[:, None]))
    return history


@given(
    seed=SEEDS, rows=st.integers(1, 2000), reach=st.sampled_from([0.01, 0.3, 3.0]), cuts=st.lists(LENGTHS, max_size=6)
)
def test_a_path_is_thinned_by_its_length(seed: int, rows: int, reach: float, cuts: list[int]) -> None:
    """First and last point stay; what is left out is never farther than the spacing from what was kept before."""
    path, spacing = path_of(seed, rows, reach, 0.0), 1.0
    history, trajectory = history_of(path), Trajectory(0, spacing)
    for step in sorted(min(cut, rows - 1) for cut in cuts):
        trajectory = trajectory.after(history, step)
        np.testing.assert_array_equal(trajectory.path[-1], path[step])
    kept = trajectory.after(history, rows - 1).path
    np.testing.assert_array_equal(kept[0], path[0])
    np.testing.assert_array_equal(kept[-1], path[-1])
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    assert len(kept) <= lengths[-1] / spacing + 3
    places = [int(np.flatnonzero((path == point).all(axis=1))[0]) for point in kept]
    assert places == sorted(places)
    for step in range(rows):
        before = max(place for place in places if place <= step)
        assert lengths[step] - lengths[before] <= spacing + 1e-9


@given(seed=SEEDS, rows=st.integers(1, 500), not_finite=st.sampled_from([0.2, 1.0]), data=st.data())
def test_a_path_leaves_out_what_is_not_finite(seed: int, rows: int, not_finite: float, data: st.DataObject) -> None:
    path = path_of(seed, rows, 0.5, not_finite)
    history, trajectory = history_of(path), Trajectory(0, 0.1)
    for _ in range(4):
        step = data.draw(st.integers(0, rows - 1))
        trajectory = trajectory.after(history, step)
        kept = trajectory.path
        finite = path[: step + 1][np.isfinite(path[: step + 1]).all(axis=1)]
        assert np.isfinite(kept).all()
        assert (len(kept) > 0) == (len(finite) > 0)
        if len(finite):
            np.testing.assert_array_equal(kept[-1], finite[-1])


@given(seed=SEEDS, data=st.data())
def test_a_path_that_was_rewritten_equals_one_read_afresh(seed: int, data: st.DataObject) -> None:
    path = path_of(seed, 400, 0.3, 0.0)
    history, trajectory = history_of(path), Trajectory(0, 0.5)
    trajectory = trajectory.after(history, 399)
    start = data.draw(st.integers(0, 399))
    rows = data.draw(st.integers(1, 400))
    fresh = path_of(seed + 1, rows, 0.3, 0.0)
    history.extend(block(start, np.ones((rows, 1)), fresh[:, None]))
    last = len(history) - 1
    kept = trajectory.after(history, last).path
    np.testing.assert_array_equal(kept, Trajectory(0, 0.5).after(history, last).path)
    np.testing.assert_array_equal(kept[-1], fresh[-1])


def test_a_path_of_steps_gone_by_ends_at_the_step_that_is_shown() -> None:
    path = path_of(5, 10_000, 0.1, 0.0)
    history, trajectory = history_of(path), Trajectory(0, 0.5)
    trajectory = trajectory.after(history, 9_999)
    whole = trajectory.path
    for step in (0, 1, 17, 5000, 9_998):
        trajectory = trajectory.after(history, step)
        part = trajectory.path
        np.testing.assert_array_equal(part[0], path[0])
        np.testing.assert_array_equal(part[-1], path[step])
        assert len(part) <= 8002
    np.testing.assert_array_equal(trajectory.after(history, 9_999).path, whole)


def test_a_trajectory_that_knows_the_step_is_read_no_further() -> None:
    history = history_of(path_of(5, 100, 0.1, 0.0))
    whole = Trajectory(0, 0.5).after(history, 500)
    assert whole.after(history, 99) is whole
    early = whole.after(history, 20)
    assert early is not whole
    assert early.after(history, 20) is early
    history.extend(block(99, np.ones((1, 1)), np.zeros((1, 1, 2))))
    np.testing.assert_array_equal(whole.after(history, 99).path[-1], [0, 0])


def test_each_optimiser_has_a_path_of_its_own_and_none_without_positions() -> None:
    history = History(2)
    positions = np.random.default_rng(0).normal(size=(50, 2, 2))
    history.extend(block(0, np.ones((50, 2)), positions))
    for lane in range(2):
        np.testing.assert_array_equal(Trajectory(lane, 1e-9).after(history, 49).path[:-1], positions[:, lane])
    bare: Any = History(1)
    bare.extend(block(0, np.ones((50, 1))))
    assert Trajectory(0, 1.0).after(bare, 49).path.shape == (0, 2)


def test_figures_are_held_by_step_rewritten_with_their_steps_and_drawn_by_their_extremes() -> None:
    random = np.random.RandomState(0)
    figures = random.randn(5000, 2, COUNT)
    figures[random.rand(5000) < 0.7] = np.nan
    made = History(2)
    made.extend(RecordBlock(0, np.ones((3000, 2)), np.empty((3000, 2, 0)), figures=figures[:3000] + 9))
    made.extend(RecordBlock(2000, np.ones((3000, 2)), np.empty((3000, 2, 0)), figures=figures[2000:]))
    wanted = np.concatenate((figures[:2000] + 9, figures[2000:]))
    np.testing.assert_array_equal(made.figures, wanted)
    steps, low, high = made.figure_extremes(0, 5000, 100)
    edges = [*steps.astype(int).tolist(), 5000]
    for k, (first, last) in enumerate(pairwise(edges)):
        np.testing.assert_array_equal(low[k], np.fmin.reduce(wanted[first:last]))
        np.testing.assert_array_equal(high[k], np.fmax.reduce(wanted[first:last]))
    np.testing.assert_array_equal(made.block(77).figures, wanted[:78])
    for step in (0, 3, 2500, 4999):
        known = [k for k in range(step + 1) if not np.isnan(wanted[k, 1, 0])]
        found = latest(made.figures[:, 1], step)
        assert (None if found is None else found[0]) == (known[-1] if known else None)
    assert History(1).block(0).figures is None
