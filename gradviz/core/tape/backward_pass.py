"""What a backward pass did, as torch was seen to do it: what it freed, what a second one met, the gradient's graph."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.tensor_numbers import Ints
from gradviz.core.words import SILENCE, Words


@dataclass(frozen=True, slots=True)
class Failure:
    """A pass that PyTorch refused: `told` is its own sentence, `why` ours, and `row` the node at which it happened.

    `row` is -1 where no node had begun, and `why` is silent where nothing more is known.
    """

    told: str
    why: Words = SILENCE
    row: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class SecondPass:
    """backward() called again on the same graph. `ran` is like that of a ledger, of this pass; a pass that fails has
    run the nodes before its failure. `is_equal` says whether the leaves got the very gradients of the first.
    """

    ran: Ints
    failure: Failure | None = None
    is_equal: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class BackwardPass:
    """A graph and the passes through it. `graph` has the order of the first in its ledger.

    `freed` has by node how many nodes had run when what it had saved was found gone, -1 where that was never so, and
    nothing at all where nobody looked. `failure` is that of the first pass. `of_gradient` is the graph that
    create_graph=True makes of the gradients of all leaves, `no_gradient` why there is none though it was asked for.
    """

    graph: TracedGraph
    retains: bool = True
    freed: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    failure: Failure | None = None
    second: SecondPass | None = None
    of_gradient: TracedGraph | None = None
    no_gradient: Words = SILENCE
