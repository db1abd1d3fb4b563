"""The parts of a graph view that its keys and its menu act on."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.views.graph.card_dock import CardDock
from gradviz.views.graph.finding import Finding
from gradviz.views.graph.folding_actions import FoldingActions
from gradviz.views.graph.graph_colours import GraphColours
from gradviz.views.graph.graph_content import GraphContent
from gradviz.views.graph.graph_plane import GraphPlane
from gradviz.views.graph.placing_apart import PlacingApart
from gradviz.views.graph.walking import Walking


@dataclass(frozen=True, slots=True, eq=False)
class GraphParts:
    """Each has one subject, and none knows the view."""

    plane: GraphPlane
    shown: GraphContent
    dock: CardDock
    folding: FoldingActions
    finding: Finding
    colours: GraphColours
    walking: Walking
    placing: PlacingApart
