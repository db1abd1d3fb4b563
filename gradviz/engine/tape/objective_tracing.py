"""The graph of an experiment's loss at the parameters where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.structure import UNTRACKED, NodeKind, TapeStructure
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.tape.naming import names_of
from gradviz.engine.tape.tracing import trace
from gradviz.engine.tape.watch import watching


class ObjectiveTracing:
    """Traces one objective step by step. As long as a structure stays the same it is the same object."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._known: TapeStructure | None = None

    def trace(self, begun_with: Mapping[int, Tensor | None] | None = None, with_jacobians: bool = True) -> TracedGraph:
        """Evaluate once, watched, and replay the backward pass by autograd: no `.grad` changes.

        `begun_with` has by id of a parameter what its `.grad` held before the run's own evaluation at this step, whose
        gradient is in it now. The random state is the caller's business.
        """
        graph = trace_objective(self._objective, begun_with, with_jacobians)
        if self._known is None or not graph.structure.is_like(self._known):
            self._known = graph.structure
        return TracedGraph(self._known, graph.ledger)


def trace_objective(
    objective: Objective, begun_with: Mapping[int, Tensor | None] | None = None, with_jacobians: bool = True
) -> TracedGraph:
    """The graph of one evaluation; see `ObjectiveTracing.trace`."""
    retained = {name: value.grad for name, value in objective.retained()}
    by_hand, objective.by_hand = objective.by_hand, False
    try:
        with watching(objective.modules, with_lines=False) as watch, torch.enable_grad():
            loss = objective.loss()
    finally:
        objective.by_hand = by_hand
    values = list(objective.named_values())
    names = names_of(dict(objective.parameters), objective.data_values())
    names.add((name, value) for value, name in values)
    if loss.grad_fn is None:  # as a scalar it may be another tensor over the same number
        names.add((name, loss) for value, name in values if value.data_ptr() == loss.data_ptr())
    loose = [
        (value, name)
        for value, name in values
        if not value.requires_grad and (loss.requires_grad or value.data_ptr() != loss.data_ptr())
    ]
    graph = trace(
        [loss],
        names,
        watch,
        [objective.upstream],
        loose=loose,
        begun_with=begun_with or {},
        with_jacobians=with_jacobians,
    )
    for name, value in objective.retained():  # the same values, evaluated again: what the run's own ones kept
        value.grad = retained.get(name)
    untracked = {name for value, name in values if not value.requires_grad}
    structure = _with_untracked(graph.structure, untracked)
    return TracedGraph(_with_flows(structure, objective), graph.ledger)


def _with_untracked(structure: TapeStructure, names: set[str]) -> TapeStructure:
    """Values of the experiment's own lines that have no grad_fn are told from its data and numbers."""
    constants = {row for row, kind in enumerate(structure.kinds) if kind is NodeKind.CONSTANT}
    untracked = {row for row in constants if structure.names[row] in names or row in structure.roots}
    if not untracked:
        return structure
    return replace(structure, ops=tuple(UNTRACKED if row in untracked else op for row, op in enumerate(structure.ops)))


def _with_flows(structure: TapeStructure, objective: Objective) -> TapeStructure:
    """The ways of numbers from a named value to one that is made of it, where one of the two has no grad_fn."""
    places: dict[str, int] = {}
    for row, name in enumerate(structure.names):
        if name:
            places.setdefault(name, row)
    joined = set(zip(structure.producers.tolist(), structure.consumers.tolist(), strict=True))
    pairs = [(places[part], places[whole]) for part, whole in objective.flows() if {part, whole} <= places.keys()]
    flows = tuple(
        pair for pair in pairs if pair not in joined and any(structure.kinds[row] is NodeKind.CONSTANT for row in pair)
    )
    return replace(structure, flows=flows) if flows else structure
