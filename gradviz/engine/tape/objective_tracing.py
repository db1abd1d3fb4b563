"""The graph of an experiment's loss at the parameters where it stands."""

from __future__ import annotations

import torch

from gradviz.core.tape.ledger import TracedGraph
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.tape.naming import names_of
from gradviz.engine.tape.tracing import trace
from gradviz.engine.tape.watch import watching


def trace_objective(objective: Objective) -> TracedGraph:
    """Evaluate once, watched, and replay the backward pass by autograd: no `.grad` changes.

    Where the step was evaluated before, its gradient is in the `.grad` of parameters already, with whatever was not
    zeroed. The random state is the caller's business.
    """
    by_hand, objective.by_hand = objective.by_hand, False
    try:
        with watching(objective.modules) as watch, torch.enable_grad():
            loss = objective.loss()
    finally:
        objective.by_hand = by_hand
    values = list(objective.named_values())
    names = names_of(dict(objective.parameters), objective.data_values())
    names.add((name, value) for value, name in values)
    loose = [(value, name) for value, name in values if not value.requires_grad and value is not loss]
    return trace([loss], names, watch, [objective.upstream], loose=loose, is_accumulated=not by_hand)
