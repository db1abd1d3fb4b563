"""The layered drawing of the graph: what must hold for any graph, and the looks of a few that are known."""

from __future__ import annotations

from itertools import combinations, groupby, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.core.layout import layering, wrapping
from gradviz.core.layout.layering import MAX_WAYPOINTS, layered
from gradviz.core.layout.ordering import crossings, ordered, start_order
from gradviz.core.layout.placement import Direction, LayoutCancelled, Placement, place, placing
from gradviz.core.layout.reinsertion import MOST_VERTICES, THOROUGH, reinserted, untangled
from gradviz.core.numbers import Floats

WIDTH, HEIGHT = 168.0, 74.0
GAP = 26.0

Graph = tuple[int, list[tuple[int, int]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A random acyclic graph, its nodes numbered in no particular order; parallel edges occur."""
    count = draw(st.integers(1, 24))
    number = draw(st.permutations(range(count)))
    pair = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda edge: edge[0] < edge[1])
    edges = draw(st.lists(pair, max_size=40)) if count > 1 else []
    return count, [(number[source], number[target]) for source, target in edges]


def binary_tree(leaves: int) -> Graph:
    """Leaves first; every node joins two, down to the root."""
    edges = [(2 * index + side, leaves + index) for index in range(leaves - 1) for side in (0, 1)]
    return 2 * leaves - 1, edges


def chain_with_chips(length: int) -> Graph:
    """x times w0 times w1 ...: node 0 is x, the odd ones are parameters."""
    edges = [edge for step in range(length) for edge in ((2 * step, 2 * step + 2), (2 * step + 1, 2 * step + 2))]
    return 2 * length + 1, edges


def lattice(rows: int, columns: int) -> Graph:
    """Every node has consumers below and to the right of it, as an unrolled recurrent network of several layers has."""
    down = [(row * columns + c, (row + 1) * columns + c) for row in range(rows - 1) for c in range(columns)]
    across = [(row * columns + c, row * columns + c + 1) for row in range(rows) for c in range(columns - 1)]
    return rows * columns, down + across


def least_distance(placement: Placement) -> float:
    """The least distance between centres of boxes in one layer."""
    x, y = placement.places.T
    order = np.lexsort((x, y))
    same = np.diff(y[order]) == 0
    return float(np.diff(x[order])[same].min(initial=np.inf))


def crossing_count(placement: Placement, edges: list[tuple[int, int]]) -> int:
    """Pairs of edges between adjacent layers that cross, by comparing each with each."""
    x, y = placement.places.T
    return (
        sum(y[a] == y[c] and y[b] == y[d] and (x[a] - x[c]) * (x[b] - x[d]) < 0 for a, b in edges for c, d in edges)
        // 2
    )


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_a_drawing_of_any_graph_is_sound(graph: Graph) -> None:
    count, edges = graph
    placement = place(count, edges)
    places = placement.places
    assert places.shape == (count, 2)
    assert len(placement.routes) == len(edges)
    assert places.min(axis=0) == pytest.approx([WIDTH / 2, HEIGHT / 2])
    assert least_distance(placement) >= WIDTH + GAP - 1e-6
    for (source, target), route in zip(edges, placement.routes, strict=True):
        assert places[source, 1] + HEIGHT / 2 < places[target, 1] - HEIGHT / 2
        assert route[[0, -1], 1] == pytest.approx([places[source, 1] + HEIGHT / 2, places[target, 1] - HEIGHT / 2])
        assert np.all(np.abs(route[[0, -1], 0] - places[[source, target], 0]) < WIDTH / 2)
        assert np.all(np.diff(route[:, 1]) > 0)


def curve(route: Floats, is_upright: bool) -> Floats:
    """Points of a route as it is painted: cubic curves that leave and arrive along the direction."""
    axis = 1 if is_upright else 0
    t = np.linspace(0, 1, 24)[:, None]
    pieces = []
    for begin, end in pairwise(route):
        first, second = begin.copy(), end.copy()
        first[axis] = second[axis] = (begin[axis] + end[axis]) / 2
        pieces.append((1 - t) ** 3 * begin + 3 * t * (1 - t) ** 2 * first + 3 * t**2 * (1 - t) * second + t**3 * end)
    return np.concatenate(pieces)


def through_boxes(placement: Placement, size: tuple[float, float]) -> list[tuple[int, int]]:
    """Each edge and box that it runs through, as painted, by comparing each with each."""
    found = []
    for edge, route in enumerate(placement.routes):
        away = np.abs(curve(route, placement.direction.is_upright)[:, None] - placement.places[None])
        inside = (away < np.array(size) / 2 - 0.5).all(axis=2).any(axis=0)
        found += [(edge, int(box)) for box in np.flatnonzero(inside)]
    return found


def overlaps(placement: Placement, size: tuple[float, float]) -> int:
    away = np.abs(placement.places[:, None] - placement.places[None])
    return int(((away < np.array(size) - 1e-6).all(axis=2)).sum()) - len(placement.places)


@settings(max_examples=150, deadline=None)
@given(graphs(), st.sampled_from(Direction), st.sampled_from([None, 0.5, 2.0, 8.0]), st.sampled_from([0, 3, 40_000]))
def test_no_edge_as_painted_runs_through_a_box_and_no_boxes_overlap(
    graph: Graph, direction: Direction, aspect: float | None, waypoints: int
) -> None:
    """In columns as well, of two layers here, and where edges have no waypoints."""
    count, edges = graph
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wrapping, "LEAST_LAYERS", 2)
        patch.setattr(layering, "MAX_WAYPOINTS", waypoints)
        placement = place(count, edges, (WIDTH, HEIGHT), direction=direction, aspect=aspect)
        again = place(count, edges, (WIDTH, HEIGHT), direction=direction, aspect=aspect)
    assert through_boxes(placement, (WIDTH, HEIGHT)) == []
    assert overlaps(placement, (WIDTH, HEIGHT)) == 0
    for one, other in zip(placement.routes, again.routes, strict=True):
        assert np.array_equal(one, other)
    axis, extent = (1, HEIGHT) if direction.is_upright else (0, WIDTH)
    sign = 1 if direction in (Direction.DOWN, Direction.RIGHT) else -1
    for (source, target), route in zip(edges, placement.routes, strict=True):
        out, into = route[0] - placement.places[source], route[-1] - placement.places[target]
        assert (out[axis], into[axis]) == pytest.approx((sign * extent / 2, -sign * extent / 2))
        across = (WIDTH if direction.is_upright else HEIGHT) / 2
        assert max(abs(out[1 - axis]), abs(into[1 - axis])) < across


@settings(max_examples=80, deadline=None)
@given(graphs())
def test_each_input_of_a_node_has_a_port_of_its_own_and_ports_do_not_cross(graph: Graph) -> None:
    count, edges = graph
    placement = place(count, edges)
    for node in range(count):
        into = [route for (_, target), route in zip(edges, placement.routes, strict=True) if target == node]
        ports = [float(route[-1, 0]) for route in into]
        assert len(set(ports)) == len(ports)
        comes = [float(route[-2, 0]) for route in into]
        for a, b in combinations(range(len(into)), 2):
            assert (comes[a] - comes[b]) * (ports[a] - ports[b]) >= -1e-6 or abs(comes[a] - comes[b]) <= 60


def test_a_tall_graph_is_cut_into_columns_of_about_the_shape_that_is_asked_for() -> None:
    count, edges = chain_with_chips(400)
    tall, wrapped = place(count, edges), place(count, edges, aspect=1.6)
    assert np.ptp(tall.places[:, 1]) > 50 * np.ptp(tall.places[:, 0])
    width, height = np.ptp(wrapped.places, axis=0)
    assert 0.8 < width / height < 3.2
    assert through_boxes(wrapped, (WIDTH, HEIGHT)) == []


def test_a_small_graph_stays_in_one_piece() -> None:
    count, edges = chain_with_chips(20)
    assert np.array_equal(place(count, edges).places, place(count, edges, aspect=1.6).places)


def test_whoever_no_longer_wants_it_gets_nothing() -> None:
    asked = []

    def unwanted() -> bool:
        asked.append(True)
        return len(asked) == 3

    with pytest.raises(LayoutCancelled):
        place(*chain_with_chips(300), is_unwanted=unwanted)
    assert len(asked) == 3


def test_the_shares_of_the_work_grow_to_the_end() -> None:
    shares = list(placing(*lattice(20, 5)))
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1
    assert len(shares) > 10


def test_a_long_sum_does_not_drift_apart() -> None:
    """Each addition has a branch of 6 layers beside it: straight ones would stand ever further out."""
    edges, trunk, number = [], 0, 1
    for _ in range(150):
        chain = list(range(number, number + 6))
        edges += [*pairwise(chain), (chain[-1], number + 6), (trunk, number + 6)]
        trunk = number + 6
        number += 7
    placement = place(number, edges)
    assert np.ptp(placement.places[:, 0]) < 60 * (WIDTH + GAP), "straight branches would take 300 columns"
    assert through_boxes(placement, (WIDTH, HEIGHT)) == []
    assert least_distance(placement) >= WIDTH + GAP - 1e-6


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_ordering_never_adds_crossings_and_repeats_itself(graph: Graph) -> None:
    layers = layered(*graph)
    rows = ordered(layers)
    assert crossings(layers, rows) <= crossings(layers, start_order(layers))
    assert [sorted(row) for row in rows] == layers.rows()
    assert np.array_equal(place(*graph).places, place(*graph).places)


def unrolled(steps: int) -> Graph:
    """A recurrent cell whose state and whose output are both used again, and whose outputs meet in the end."""
    edges, inputs = [], 0
    state, output, count, outputs = 1, 2, 3, []
    for _ in range(steps):
        gate, other, new, made = range(count, count + 4)
        edges += [(inputs, gate), (output, gate), (gate, other), (gate, new), (state, new), (new, made), (other, made)]
        state, output, count = new, made, count + 4
        outputs.append(made)
    return count + 1, [*edges, *((made, count) for made in outputs)]


def test_an_unrolled_cell_crosses_once_a_step_at_most_as_in_dot() -> None:
    for steps in (3, 6, 10):
        layers = layered(*unrolled(steps))
        assert crossings(layers, ordered(layers)) <= steps


def dense(layers: int) -> Graph:
    """Each layer joins what all before it gave; of four nodes, with two parameters."""
    edges, count, given = [], 1, [0]
    for _ in range(layers):
        joined, weight, product, bias, end = range(count, count + 5)
        edges += [*((one, joined) for one in given), (joined, product), (weight, product), (product, end), (bias, end)]
        given.append(end)
        count += 5
    return count, edges


def test_a_large_tangle_is_untangled_as_long_as_the_effort_lasts_and_always_alike() -> None:
    layers = layered(*dense(26))
    assert len(layers.layer) > MOST_VERTICES
    left = [crossings(layers, ordered(layers, effort)) for effort in (0, 30_000, THOROUGH // 4)]
    assert left[2] < left[1] < left[0]
    assert left[2] < 0.9 * left[0]
    rows = ordered(layers, 30_000)
    assert rows == ordered(layers, 30_000)
    assert [sorted(row) for row in rows] == layers.rows()


@settings(max_examples=50, deadline=None)
@given(graphs(), st.integers(0, 300))
def test_untangling_ends_when_the_effort_is_spent_and_saves_what_it_says(graph: Graph, effort: int) -> None:
    layers = layered(*graph)
    rows = start_order(layers)
    before, work = crossings(layers, rows), untangled(layers, rows, effort)
    pieces = 0
    while True:
        try:
            next(work)
            pieces += 1
        except StopIteration as end:
            saved = end.value
            break
    assert pieces <= effort
    assert before - crossings(layers, rows) == saved >= 0


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_an_edge_put_back_where_it_crosses_least_saves_what_it_says(graph: Graph) -> None:
    layers = layered(*graph)
    rows = start_order(layers)
    before, work = crossings(layers, rows), reinserted(layers, rows)
    saved = 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            saved = end.value
            break
    assert before - crossings(layers, rows) == saved >= 0
    assert [sorted(row) for row in rows] == layers.rows()
    for row in rows:
        own = [layers.component[vertex] for vertex in row]
        assert len({label for label, _ in groupby(own)}) == len(list(groupby(own))), "components stay apart"


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_crossings_are_counted_as_one_by_one(graph: Graph) -> None:
    layers = layered(*graph)
    rows = start_order(layers)
    position = {vertex: index for row in rows for index, vertex in enumerate(row)}
    pieces = layers.pieces.tolist()
    expected = sum(
        layers.layer[a] == layers.layer[c] and (position[a] - position[c]) * (position[b] - position[d]) < 0
        for a, b in pieces
        for c, d in pieces
    )
    assert crossings(layers, rows) == expected // 2


def test_nothing_and_a_single_node() -> None:
    assert place(0, []).places.shape == (0, 2)
    assert place(0, []).routes == ()
    assert place(1, []).places.tolist() == [[WIDTH / 2, HEIGHT / 2]]


@pytest.mark.parametrize("edges", [[(0, 1), (1, 0)], [(0, 0)], [(0, 1), (1, 2), (2, 1)]])
def test_a_cycle_is_refused(edges: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="cycle"):
        place(3, edges)


def test_an_edge_to_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        place(2, [(0, 2)])


def test_a_chain_is_straight() -> None:
    placement = place(50, [(node, node + 1) for node in range(49)])
    assert np.ptp(placement.places[:, 0]) == 0
    assert all(len(route) == 2 and np.ptp(route[:, 0]) == 0 for route in placement.routes)


def test_parameters_stand_beside_the_step_that_uses_them() -> None:
    places = place(*chain_with_chips(200)).places
    steps, parameters = places[2::2], places[1::2]
    assert np.ptp(steps[:, 0]) == 0
    assert np.all(steps[:, 1] - parameters[:, 1] == HEIGHT + 46)
    assert np.abs(parameters[1:, 0] - steps[1:, 0]) == pytest.approx(WIDTH + GAP)


def test_what_is_made_of_a_parameter_alone_stands_near_its_use() -> None:
    # 0 -> 1 -> 2 -> 3 is the network; 4 -> 5 -> 3 a weight, transposed, used last.
    y = place(6, [(0, 1), (1, 2), (2, 3), (4, 5), (5, 3)]).places[:, 1]
    assert y[5] == y[2]
    assert y[4] == y[1]


def test_a_binary_tree_has_no_crossing_and_centred_parents() -> None:
    count, edges = binary_tree(32)
    placement = place(count, edges)
    x = placement.places[:, 0]
    assert crossing_count(placement, edges) == 0
    for node in range(32, count):
        assert x[node] == pytest.approx(np.mean([x[source] for source, target in edges if target == node]))


def test_a_diamond_is_symmetric() -> None:
    x = place(4, [(0, 1), (0, 2), (1, 3), (2, 3)]).places[:, 0]
    assert x[0] == pytest.approx(x[3])
    assert x[1] + x[2] == pytest.approx(2 * x[0])
    assert abs(x[1] - x[2]) == pytest.approx(WIDTH + GAP)


def test_parallel_edges_are_apart() -> None:
    one, two = place(2, [(0, 1), (0, 1)]).routes
    assert np.all(np.abs(one[:, 0] - two[:, 0]) > 5)
    crowd = place(2, [(0, 1)] * 40).routes
    assert len({float(route[0, 0]) for route in crowd}) == 40


def test_beside_parallel_edges_all_others_of_a_box_leave_apart_in_their_order() -> None:
    edges = [(0, 1), (0, 2), (0, 1), (1, 3), (2, 3)]
    placement = place(4, edges)
    leaves = [float(route[0, 0]) for route in placement.routes[:3]]
    arrives = [float(route[-1, 0]) for route in placement.routes[:3]]
    assert np.argsort(leaves).tolist() == np.argsort(arrives).tolist(), "none crosses another"
    assert len(set(leaves)) == 3
    fan = [(0, target) for target in range(1, 31)]
    crowd = place(31, [*fan, (0, 1)])
    ends = np.array([route[0, 0] for route in crowd.routes])
    assert np.abs(ends - crowd.places[0, 0]).max() < WIDTH / 2
    assert {float(route[0, 0]) for route in place(31, fan).routes} == {float(place(31, fan).places[0, 0])}


def test_a_skip_is_upright_past_the_layers_between() -> None:
    route = place(6, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 5)]).routes[5]
    assert len(route) == 4
    assert route[1, 0] == route[2, 0]


def test_components_stand_side_by_side() -> None:
    places = place(7, [(0, 1), (1, 2), (3, 5), (4, 5)]).places
    assert places[:3, 0].max() + WIDTH + GAP <= places[3:6, 0].min() + 1e-6
    assert places[6, 0] == pytest.approx(places[3:6, 0].max() + WIDTH + GAP)


def test_what_comes_out_is_read_only() -> None:
    placement = place(2, [(0, 1)])
    assert not placement.places.flags.writeable
    assert not placement.routes[0].flags.writeable


def test_enormous_spans_stay_bounded() -> None:
    # One parameter used at each of 2,000 steps would need two million waypoints.
    steps = 2000
    edges = [(step, step + 1) for step in range(steps)] + [(steps + 1, step) for step in range(1, steps + 1)]
    placement = place(steps + 2, edges)
    assert len(placement.routes) == len(edges)
    assert len(layered(steps + 2, edges).layer) <= steps + 2 + MAX_WAYPOINTS


@pytest.mark.parametrize("graph", [chain_with_chips(2000), lattice(400, 10), binary_tree(2048)])
def test_large_graphs_do_not_drift_apart(graph: Graph) -> None:
    placement = place(*graph)
    widest = np.unique(placement.places[:, 1], return_counts=True)[1].max()
    assert least_distance(placement) >= WIDTH + GAP - 1e-6
    assert np.ptp(placement.places[:, 0]) <= 1.5 * widest * (WIDTH + GAP)


@pytest.mark.benchmark(group="layout")
@pytest.mark.parametrize("graph", [chain_with_chips(5), chain_with_chips(5000), lattice(1000, 10)])
def test_speed(benchmark, graph: Graph) -> None:
    benchmark(place, *graph)
