"""The geometry of the surface: each map with its inverse, ticks, interpolation, gaps and picking."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradviz.core.questions.basins import BasinMap
from gradviz.core.questions.surface import SurfaceGrid
from gradviz.views.kit.colours import BASINS, basin_table
from gradviz.views.surface.surface_geometry import (
    HEIGHT,
    SurfaceBox,
    height_ticks,
    interpolate,
    mesh,
    nice_ticks,
    pick,
    roundest,
)


def grid(heights: np.ndarray | None = None, nx: int = 33, ny: int = 25) -> SurfaceGrid:
    x, y = np.linspace(-3, 5, nx), np.linspace(-2, 2, ny)
    if heights is None:
        a, b = np.meshgrid(x, y)
        heights = (a - 1) ** 2 + 2 * b**2 + 0.5
    return SurfaceGrid(x, y, heights, "x", "y", ((1.0, 0.0),), "", True)


def box(log: bool = False) -> SurfaceBox:
    return SurfaceBox(grid(), log)


FINITE = st.floats(-1e9, 1e9, allow_nan=False)


@given(low=FINITE, width=st.floats(1e-6, 1e9), most=st.integers(2, 12))
def test_ticks_are_round_few_and_within(low: float, width: float, most: int) -> None:
    high = low + width
    if not high > low or width < 1e-9 * abs(low):
        return
    ticks = nice_ticks(low, high, most)
    slack = 1e-6 * (high - low) + 1e-12
    assert all(low - slack <= tick <= high + slack for tick in ticks)
    assert len(ticks) <= most + 1
    assert len(ticks) >= most // 3
    apart = np.diff(ticks)
    if len(apart) and width > 1e-4:
        assert np.allclose(apart, apart[0], rtol=1e-3)
        mantissa = apart[0] / 10.0 ** np.floor(np.log10(apart[0]) + 1e-6)
        assert min(abs(mantissa - nice) for nice in (1, 2, 5, 10)) < 0.01


def test_ticks_of_nothing() -> None:
    assert nice_ticks(3.0, 3.0) == [3.0]
    assert nice_ticks(-6, 6) == [-6, -4, -2, 0, 2, 4, 6]
    assert "-0.0" not in str(nice_ticks(-1, 1))


@pytest.mark.parametrize("log", [False, True])
@given(share=st.floats(0, 1))
def test_level_and_loss_are_inverse(log: bool, share: float) -> None:
    made = box(log)
    loss = made.lowest + share * (made.highest - made.lowest)
    assert made.loss_of(float(made.level(np.array(loss)))) == pytest.approx(loss, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("log", [False, True])
def test_level_rises_from_0_to_1_and_is_cut_off(log: bool) -> None:
    made = box(log)
    levels = made.level(np.linspace(made.lowest, made.highest, 200))
    assert levels[0] == 0
    assert levels[-1] == pytest.approx(1)
    assert (np.diff(levels) > 0).all()
    assert made.level(np.array([-1e9, 1e9])).tolist() == [0, pytest.approx(1)]
    assert np.isnan(made.level(np.array(np.nan)))


@given(x=st.floats(-3, 5), y=st.floats(-2, 2))
def test_plane_and_data_are_inverse(x: float, y: float) -> None:
    a, b = box().plane(np.array(x), np.array(y))
    assert -1 - 1e-9 <= float(a) <= 1 + 1e-9
    assert box().data(float(a), float(b)) == pytest.approx((x, y), abs=1e-9)


def test_interpolation_is_exact_on_the_grid_points() -> None:
    made = grid()
    a, b = np.meshgrid(made.x, made.y)
    assert np.allclose(interpolate(made, a.ravel(), b.ravel()), made.heights.ravel(), atol=1e-4)
    inner = interpolate(made, made.x[:-1].repeat(1), np.full(len(made.x) - 1, made.y[3]))
    assert inner == pytest.approx(made.heights[3, :-1], abs=1e-12)


@given(u=st.floats(0, 0.999), v=st.floats(0, 0.999), r=st.integers(0, 23), c=st.integers(0, 31))
def test_interpolation_stays_between_its_corners(u: float, v: float, r: int, c: int) -> None:
    made = grid()
    x = made.x[c] + u * (made.x[1] - made.x[0])
    y = made.y[r] + v * (made.y[1] - made.y[0])
    corners = made.heights[r : r + 2, c : c + 2]
    value = interpolate(made, np.array([x]), np.array([y]))[0]
    assert corners.min() - 1e-6 <= value <= corners.max() + 1e-6


def test_a_flat_surface_and_one_of_gaps_have_a_box() -> None:
    flat = SurfaceBox(grid(np.full((25, 33), 7.0)), True)
    assert flat.highest > flat.lowest == 7
    gaps = SurfaceBox(grid(np.full((25, 33), np.nan)), True)
    assert (gaps.lowest, gaps.highest) == (0, 1)
    for made in (flat, gaps):
        vertices, _, colours = mesh(made)
        assert np.isfinite(vertices).all()
        assert np.isfinite(colours).all()
        assert height_ticks(made)


def test_faces_at_a_gap_are_dropped_and_no_other() -> None:
    heights = grid().heights.copy()
    heights[10, 12] = np.nan
    heights[0, 0] = np.inf
    whole = mesh(box())[1]
    vertices, faces, _ = mesh(SurfaceBox(grid(heights), False))
    gap = 10 * 33 + 12
    assert gap not in faces
    assert len(whole) == 2 * 32 * 24
    touching = (whole == gap).any(axis=1).sum()
    assert len(faces) >= len(whole) - touching - 2
    assert np.isfinite(vertices).all()


@pytest.mark.parametrize("every", [1, 2, 3])
def test_mesh_spans_the_box(every: int) -> None:
    vertices, faces, colours = mesh(box(True), every)
    assert vertices[:, :2].min() == -1
    assert vertices[:, :2].max() == 1
    assert 0 <= vertices[:, 2].min() <= vertices[:, 2].max() <= HEIGHT + 1e-6
    assert faces.max() < len(vertices)
    assert colours.shape == (len(vertices), 4)
    assert ((colours >= 0) & (colours <= 1)).all()
    a, b, c = (vertices[faces[:, k]][:, :2] for k in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert abs(area).sum() / 2 == pytest.approx(4, rel=1e-5), "the faces cover the floor once"


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("lowest", [0.0, -5.0, 1e-9, 1e6])
def test_height_ticks_are_apart_and_tell_the_loss(log: bool, lowest: float) -> None:
    heights = lowest + (grid().heights - grid().heights.min()) * 100
    made = SurfaceBox(grid(heights), log)
    ticks = height_ticks(made)
    assert 2 <= len(ticks) <= 7
    levels = [level for level, _ in ticks]
    assert all(0 <= level <= 1 + 1e-9 for level in levels)
    assert (np.diff(levels) >= 0.17 - 1e-9).all()
    for level, text in ticks:
        span = made.highest - made.lowest
        assert made.loss_of(level) == pytest.approx(float(text), abs=0.02 * span, rel=0.01)


def test_points_lie_on_the_surface_and_outside_ones_are_dropped() -> None:
    made = box()
    path = np.array([[1.0, 0.0], [99.0, 0.0], [-3.0, 2.0], [np.nan, 0.0]])
    assert made.inside(path).tolist() == [True, False, True, False]
    points = made.points(path[made.inside(path)], lift=0.0)
    assert points[0, 2] == pytest.approx(0, abs=0.02)
    assert points[1, :2] == pytest.approx([-1, 1])


@given(x=st.floats(-2.8, 4.8), y=st.floats(-1.8, 1.8), azimuth=st.floats(0, 6.28), log=st.booleans())
def test_picking_is_the_inverse_of_placing(x: float, y: float, azimuth: float, log: bool) -> None:
    """A ray from above through a point of a bowl that nothing hides meets the bowl there."""
    made = box(log)
    target = made.points(np.array([[x, y]]), lift=0.0)[0]
    direction = -np.array([0.2 * np.cos(azimuth), 0.2 * np.sin(azimuth), 1.0])
    found = pick(made, target - 2 * direction, direction)
    assert found is not None
    assert found == pytest.approx((x, y), abs=0.12)


def test_a_ray_that_passes_by_finds_nothing() -> None:
    made = box()
    assert pick(made, np.array([5.0, 5.0, 1.0]), np.array([1.0, 0.0, 0.0])) is None
    assert pick(made, np.array([0.0, 0.0, 5.0]), np.array([0.0, 0.0, 1.0])) is None
    gaps = SurfaceBox(grid(np.full((25, 33), np.nan)), False)
    assert pick(gaps, np.array([0.0, 0.0, 5.0]), np.array([0.0, 0.0, -1.0])) is None


def test_basins_colour_the_points_that_lie_in_them() -> None:
    labels = np.zeros((10, 20), dtype=np.int64)
    labels[:, 10:], labels[0, 0] = 1, -1
    known = grid()
    basins = BasinMap(np.linspace(-3, 5, 20), np.linspace(-2, 2, 10), labels, np.zeros((2, 2)), 5, "")
    coloured = SurfaceBox(known, False, basins).colours()[..., :3].astype(float)
    table = basin_table()[:, :3].astype(float)
    hues = {-1: table[len(BASINS)], 0: table[0], 1: table[1]}
    at = {-1: (0, 0), 0: (12, 8), 1: (12, 20)}
    for label, place in at.items():
        distances = {other: np.ptp(coloured[place] - hue) for other, hue in hues.items()}
        assert min(distances, key=lambda other: distances[other]) == label
    assert not np.array_equal(SurfaceBox(known, False).colours()[..., :3], coloured)


@given(low=st.floats(-1e6, 1e6), width=st.floats(1e-6, 1e9), log=st.booleans())
def test_height_ticks_are_losses_that_differ_and_stand_where_they_say(low: float, width: float, log: bool) -> None:
    """Never offsets above the lowest, and never one text five times."""
    assume(width > 1e-8 * abs(low))
    made = grid()
    span = made.heights.max() - made.heights.min()
    drawn = SurfaceBox(grid(low + (made.heights - made.heights.min()) * (width / span)), log)
    ticks = height_ticks(drawn)
    texts = [text for _, text in ticks]
    assert len(set(texts)) == len(texts)
    assert len(texts) >= 2
    for level, text in ticks:
        assert drawn.height_of(float(text)) / HEIGHT == pytest.approx(level, abs=0.02)


@given(low=st.floats(-1e9, 1e9), width=st.floats(1e-3, 1e9))
def test_the_roundest_number_is_within_and_takes_no_more_digits_than_another(low: float, width: float) -> None:
    found = roundest(low, low + width)
    assert low <= found <= low + width
    digits = len(f"{found:.12g}".split("e")[0].replace(".", "").strip("-0"))
    for other in np.linspace(low, low + width, 9):
        rounded = float(f"{other:.{max(digits - 1, 1)}g}")
        if digits > 1 and low < rounded < low + width:
            assert len(f"{rounded:.12g}".split("e")[0].replace(".", "").strip("-0")) >= digits


@given(share=st.floats(-1e-3, 1), log=st.booleans())
def test_the_height_of_a_mark_gives_its_loss_back_even_under_the_lowest_point(share: float, log: bool) -> None:
    made = box(log)
    span = made.highest - made.lowest
    loss = made.lowest + share * span
    assert made.loss_of(made.height_of(loss) / HEIGHT) == pytest.approx(loss, abs=1e-12 * span)


def test_a_mark_out_of_all_proportion_stays_at_the_box() -> None:
    for log in (False, True):
        assert box(log).height_of(-1e30) == pytest.approx(-0.15 * HEIGHT)
        assert box(log).height_of(1e30) == HEIGHT
