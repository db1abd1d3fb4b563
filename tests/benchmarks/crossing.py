"""Crossings of a drawing, ours and Graphviz', by one counter that looks at the curves as they are painted."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Points = np.ndarray
POINTS_A_CURVE = 8
WIDTH, HEIGHT = 192.0, 84.0
POINT = 1 / 72
"""Inches a unit: dot's own measure."""


@dataclass(frozen=True)
class Faults:
    """What a drawing should have none of."""

    crossings: int
    overlaps: int
    through: int
    """Boxes that an edge runs through though it neither begins nor ends there."""

    def __str__(self) -> str:
        return f"{self.crossings} crossings, {self.overlaps} overlaps, {self.through} through boxes"


def ours(count: int, edges: list[tuple[int, int]]) -> Faults:
    """Of the program's own layout."""
    from gradviz.core.layout.placement import place

    placed = place(count, edges, (WIDTH, HEIGHT))
    return faults(placed.places, [_upright(route) for route in placed.routes], edges)


def dots(count: int, edges: list[tuple[int, int]], seconds: float = 60.0) -> Faults | str:
    """Of Graphviz' dot with boxes of the same size, or why there is none."""
    if shutil.which("dot") is None:
        return "dot is not installed"
    nodes = f'node[shape=box,fixedsize=true,width={WIDTH * POINT},height={HEIGHT * POINT},label=""]'
    source = "digraph{" + nodes + "".join(f"{node};" for node in range(count))
    source += "".join(f"{a}->{b};" for a, b in edges) + "}"
    try:
        told = subprocess.run(
            ["dot", "-Tplain"], input=source, capture_output=True, text=True, timeout=seconds, check=True
        ).stdout
    except subprocess.TimeoutExpired:
        return f"dot does not end within {seconds:.0f} s"
    return _read(told.replace("\\\n", ""), count)


def _read(told: str, count: int) -> Faults:
    """The format plain: inches, y upwards; an edge is a chain of Bezier curves."""
    places, routes, ends = np.zeros((count, 2)), [], []
    for line in told.splitlines():
        words = line.split()
        if words[0] == "node":
            places[int(words[1])] = float(words[2]), -float(words[3])
        elif words[0] == "edge":
            points = np.array(words[4 : 4 + 2 * int(words[3])], dtype=float).reshape(-1, 2) * (1, -1) / POINT
            curves = [_bezier(points[k : k + 4]) for k in range(0, len(points) - 3, 3)]
            routes.append(np.concatenate(curves))
            ends.append((int(words[1]), int(words[2])))
    return faults(places / POINT, routes, ends)


def _bezier(control: Points) -> Points:
    t = np.linspace(0, 1, POINTS_A_CURVE + 1)[:, None]
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    return sum(weight * point for weight, point in zip(weights, control, strict=True))


def _upright(route: Points) -> Points:
    """As it is painted: curves that leave and arrive vertically."""
    curves = []
    for a, b in pairwise(route):
        middle = (a[1] + b[1]) / 2
        straight = abs(a[0] - b[0]) < 1e-9
        curves.append(np.stack((a, b)) if straight else _bezier(np.array([a, (a[0], middle), (b[0], middle), b])))
    return np.concatenate(curves)


def faults(places: Points, routes: list[Points], edges: list[tuple[int, int]]) -> Faults:
    """Crossings of curves that share no end, overlapping boxes, and boxes that curves run through."""
    apart = np.abs(places[:, None] - places[None])
    overlaps = int(((apart[..., 0] < WIDTH - 1e-6) & (apart[..., 1] < HEIGHT - 1e-6)).sum() - len(places)) // 2
    through = 0
    for route, (a, b) in zip(routes, edges, strict=True):
        inside = (np.abs(route[:, None, 0] - places[None, :, 0]) < WIDTH / 2 - 1) & (
            np.abs(route[:, None, 1] - places[None, :, 1]) < HEIGHT / 2 - 1
        )
        inside[:, [a, b]] = False
        through += int(inside.any(axis=0).sum())
    return Faults(_crossings(routes, edges), overlaps, through)


def _crossings(routes: list[Points], edges: list[tuple[int, int]]) -> int:
    """Pairs of pieces that cross; what meets at a shared box does not count there."""
    begins = np.concatenate([route[:-1] for route in routes])
    ends = np.concatenate([route[1:] for route in routes])
    owner = np.repeat(np.arange(len(routes)), [len(route) - 1 for route in routes])
    low, high = np.minimum(begins, ends), np.maximum(begins, ends)
    order = np.argsort(low[:, 1])
    begins, ends, owner, low, high = begins[order], ends[order], owner[order], low[order], high[order]
    last = np.searchsorted(low[:, 1], high[:, 1], side="right")
    total = 0
    for k in range(len(begins)):
        other = slice(k + 1, last[k])
        near = (low[other, 0] <= high[k, 0]) & (high[other, 0] >= low[k, 0]) & (owner[other] != owner[k])
        found = np.flatnonzero(near) + k + 1
        if not len(found):
            continue
        p, q, r, s = begins[k], ends[k], begins[found], ends[found]
        total += int(((_side(p, q, r) * _side(p, q, s) < 0) & (_side(r, s, p) * _side(r, s, q) < 0)).sum())
    return total


def _side(p: Points, q: Points, r: Points) -> Points:
    return np.sign(
        (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])
    )
