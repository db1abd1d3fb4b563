"""What autograd built: nodes, edges and their places, the same at every step of a run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gradviz.core.layout.placement import Direction, Placement
from gradviz.core.numbers import Floats

UNTRACKED = "no grad_fn"


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node of the graph: an operation (`op` is the name of its grad_fn), one use of a leaf, or a named value
    that autograd does not know (`op` is UNTRACKED): it has no grad_fn, and no edge leads to it or from it. Flows do,
    where it is known what it is made of, and what is made of it.

    `name` is what the experiment calls its value ("u", "0.weight") or empty; `module` the layer it is part of.
    """

    op: str
    name: str
    module: str
    is_leaf: bool


@dataclass(frozen=True, slots=True)
class GraphStructure:
    """Nodes, edges (from producer to consumer) and their places, the same for every step of a run.

    `places` (n, 2) are the centres of nodes and `size` their common width and height, in scene units.
    `routes` holds one polyline (k, 2) an edge, in the order of `edges`. `flows`, with `flow_routes`, are the ways of
    numbers to values without a grad_fn and from them: no gradient goes along them.
    """

    nodes: tuple[GraphNode, ...]
    edges: tuple[tuple[int, int], ...]
    places: Floats
    routes: tuple[Floats, ...]
    size: tuple[float, float]
    flows: tuple[tuple[int, int], ...] = ()
    flow_routes: tuple[Floats, ...] = ()
    direction: Direction = Direction.DOWN

    @property
    def is_placed(self) -> bool:
        """Whether it has been laid out: that of a large graph is left to whoever shows it."""
        return len(self.places) == len(self.nodes)

    @property
    def lines(self) -> tuple[tuple[int, int], ...]:
        """All that leads from node to node, and is laid out: the edges, and then the flows."""
        return (*self.edges, *self.flows)

    def placed(self, placement: Placement) -> GraphStructure:
        """The same nodes, drawn elsewhere; the placement is of all its lines."""
        routes, flow_routes = placement.routes[: len(self.edges)], placement.routes[len(self.edges) :]
        return replace(
            self, places=placement.places, routes=routes, flow_routes=flow_routes, direction=placement.direction
        )
