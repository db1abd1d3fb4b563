"""The lines of the menu of a graph view."""

from __future__ import annotations

from functools import partial

from gradviz.core.graph.measures import CHOICES, Measure
from gradviz.views.graph.graph_menu import Entry
from gradviz.views.graph.graph_parts import GraphParts


def entries(parts: GraphParts) -> tuple[Entry, ...]:
    """Folding, colours, and what else there is, each with its key."""
    line = Entry("", "", lambda: None)
    folding, colours = parts.folding, parts.colours
    measures = [
        Entry(f"Colour by {measure}", "V", partial(colours.by, measure), partial(colours.are_by, measure))
        for measure in CHOICES
    ]
    return (
        Entry("Open all groups", "O", folding.open_all),
        Entry("Close all groups", "C", folding.close_all),
        Entry("Close the group around", "Backspace", folding.close_group),
        Entry("Mark the chosen node", "X", folding.mark),
        Entry("Group what is marked", "G", folding.group_marked),
        Entry("Take the group apart", "Delete", folding.take_apart),
        Entry("Undo the last grouping", "Z", folding.undo),
        line,
        Entry("Shared parameters once", "S", folding.toggle_once, lambda: parts.shown.state.once),
        Entry("No colours", "V", partial(colours.by, None), partial(colours.are_by, None)),
        *measures,
        Entry(
            "Colour by own numbers",
            "V",
            partial(colours.by, Measure.OWN),
            partial(colours.are_by, Measure.OWN),
            colours.has_own,
        ),
        line,
        Entry("Node card", "K", parts.dock.toggle, lambda: parts.shown.state.has_card),
        Entry("Step through", "W", parts.walking.toggle, lambda: parts.walking.is_open),
        Entry("Find", "Ctrl+F", parts.finding.open),
        Entry("Turn", "R", folding.turn),
        Entry("Fit", "F", parts.plane.fit),
    )
