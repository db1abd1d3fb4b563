"""The graph of an experiment's loss at the parameters where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gradviz.core.tape.backward_pass import BackwardPass
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.structure import UNTRACKED, NodeKind, TapeStructure
from gradviz.core.words import SILENCE, Words
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.tape.naming import Names, names_of
from gradviz.engine.tape.passes import gradients_with_graph, take_apart, trace_of_gradient
from gradviz.engine.tape.tracing import trace
from gradviz.engine.tape.watch import Watch, watching

Begun = Mapping[int, Tensor | None] | None
"""By id of a parameter what its `.grad` held before the run's own evaluation at this step."""


@dataclass(slots=True)
class Evaluation:
    """One evaluation, watched: the loss, its named values, and those of them without a graph.

    `gradients` has each leaf with its gradient and the graph of that, where it was wanted, and `no_gradients` says why
    there are none.
    """

    loss: Tensor
    watch: Watch
    values: list[tuple[Tensor, str]]
    gradients: Sequence[tuple[Tensor, Tensor]] = ()
    no_gradients: Words = SILENCE

    @property
    def named(self) -> list[Tensor]:
        """Everything along the way that keeps a gradient, or has a hook, has a name."""
        return [self.loss, *(value for value, _ in self.values)]


class ObjectiveTracing:
    """Traces one objective step by step. As long as a structure stays the same it is the same object."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._known: TapeStructure | None = None

    def trace(self, begun_with: Begun = None, with_jacobians: bool = True) -> TracedGraph:
        """Evaluate once, watched, and replay the backward pass by autograd: no `.grad` changes.

        `begun_with` has by id of a parameter what its `.grad` held before the run's own evaluation at this step, whose
        gradient is in it now. The random state is the caller's business.
        """
        return self._same(trace_objective(self._objective, begun_with, with_jacobians))

    def take_apart(
        self, begun_with: Begun = None, retain_graph: bool = False, twice: bool = False, create_graph: bool = False
    ) -> BackwardPass:
        """Evaluate once, watched, and go backwards through that graph as backward() would: no `.grad` changes."""
        objective = self._objective
        retained = {name: value.grad for name, value in objective.retained()}
        made = _evaluated(objective, create_graph)
        graph = self._same(_traced(objective, made, begun_with, retained, with_jacobians=True))
        found = replace(
            take_apart(graph, [made.loss], [objective.upstream], retain_graph, twice, made.named),
            no_gradient=made.no_gradients,
        )
        return replace(found, of_gradient=_of_gradient(objective, made)) if made.gradients else found

    def _same(self, graph: TracedGraph) -> TracedGraph:
        if self._known is None or not graph.structure.is_like(self._known):
            self._known = graph.structure
        return replace(graph, structure=self._known)


def trace_objective(objective: Objective, begun_with: Begun = None, with_jacobians: bool = True) -> TracedGraph:
    """The graph of one evaluation; see `ObjectiveTracing.trace`."""
    retained = {name: value.grad for name, value in objective.retained()}
    return _traced(objective, _evaluated(objective), begun_with, retained, with_jacobians)


def _evaluated(objective: Objective, create_graph: bool = False) -> Evaluation:
    by_hand, objective.by_hand = objective.by_hand, False
    gradients: list[tuple[Tensor, Tensor]] = []
    refused = SILENCE
    try:
        with (
            watching(objective.modules, with_lines=False, keeps_tensors=not create_graph) as watch,
            torch.enable_grad(),
        ):
            loss = objective.loss()
            if create_graph:
                gradients, refused = gradients_with_graph(loss, objective.upstream)
    finally:
        objective.by_hand = by_hand
    return Evaluation(loss, watch, list(objective.named_values()), gradients, refused)


def _traced(
    objective: Objective,
    made: Evaluation,
    begun_with: Begun,
    retained: Mapping[str, Tensor | None],
    with_jacobians: bool,
) -> TracedGraph:
    loss, values, names = made.loss, made.values, _names(objective, made)
    loose = [
        (value, name)
        for value, name in values
        if not value.requires_grad and (loss.requires_grad or value.data_ptr() != loss.data_ptr())
    ]
    graph = trace(
        [loss],
        names,
        made.watch,
        [objective.upstream],
        loose=loose,
        begun_with=begun_with or {},
        with_jacobians=with_jacobians,
    )
    for name, value in objective.retained():  # the same values, evaluated again: what the run's own ones kept
        value.grad = retained.get(name)
    untracked = {name for value, name in values if not value.requires_grad}
    structure = _with_untracked(graph.structure, untracked)
    return replace(graph, structure=_with_flows(structure, objective))


def _names(objective: Objective, made: Evaluation) -> Names:
    names = names_of(dict(objective.parameters), objective.data_values())
    names.add((name, value) for value, name in made.values)
    names.are_all = True
    if made.loss.grad_fn is None:  # as a scalar it may be another tensor over the same number
        names.add((name, made.loss) for value, name in made.values if value.data_ptr() == made.loss.data_ptr())
    return names


def _of_gradient(objective: Objective, made: Evaluation) -> TracedGraph:
    names = _names(objective, made)
    of = names.of_output(made.loss.grad_fn, made.loss.output_nr) or "loss"
    return trace_of_gradient(made.gradients, names, made.watch, of)


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
