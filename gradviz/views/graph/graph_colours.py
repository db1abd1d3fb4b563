"""What the boxes of a graph are coloured by, as a choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gradviz.core.graph.measures import CHOICES, Measure
from gradviz.views.graph.graph_content import GraphContent


class GraphColours:
    """One of the choices, or none; `changed` is called with each."""

    def __init__(self, content: GraphContent, changed: Callable[[], None]) -> None:
        self._content, self._changed = content, changed

    def by(self, measure: Measure | None) -> None:
        """Colour the boxes by a number."""
        self._content.state = replace(self._content.state, measure=measure)
        self._changed()
        self._content.show_stress()

    def next(self) -> None:
        """The next choice; after the last there are no colours."""
        choices = (None, *CHOICES, *[Measure.OWN] * self.has_own())
        self.by(choices[(choices.index(self._content.state.measure) + 1) % len(choices)])

    def has_own(self) -> bool:
        """Whether a person gave numbers for this graph."""
        return bool(self._content.state.own)

    def are_by(self, measure: Measure | None) -> bool:
        """Whether this is the choice."""
        return self._content.state.measure is measure
