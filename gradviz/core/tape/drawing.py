"""Where a folded graph lies: the fourth of its values."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.core.layout.placement import Direction
from gradviz.core.numbers import Floats
from gradviz.core.tape.folding import FoldedGraph
from gradviz.core.tape.grouping import Grouping
from gradviz.core.tape.ledger import TracedGraph


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """`places` (n, 2) are the centres of the boxes of `folded`, all of one `size`, in scene units, y downwards.

    `routes` holds one polyline (k, 2) an edge of `folded`, from the side of the producer that looks along `direction`
    to the opposite side of the consumer, and `flow_routes` one for each of its flows.
    """

    graph: TracedGraph
    grouping: Grouping
    folded: FoldedGraph
    places: Floats
    routes: tuple[Floats, ...]
    size: tuple[float, float]
    flow_routes: tuple[Floats, ...] = ()
    direction: Direction = Direction.DOWN
