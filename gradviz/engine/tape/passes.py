"""Passes through a graph, watched: what each frees and when, what a second one meets, the graph of the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from gradviz.core.tape.backward_pass import BackwardPass, Failure, SecondPass
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.refusals import explained
from gradviz.core.tape.structure import SavedState, TapeStructure
from gradviz.core.tape.tensor_numbers import Ints
from gradviz.core.words import SILENCE, Words, say
from gradviz.engine.tape.naming import Names
from gradviz.engine.tape.replay import Gradients, is_reentrant, leaves_overheard, retained_grads_kept
from gradviz.engine.tape.saved import kept_of
from gradviz.engine.tape.tracing import places, trace
from gradviz.engine.tape.walk import Walk
from gradviz.engine.tape.watch import Watch


class Passes:
    """The passes through one graph that nobody else needs: without `retain_graph` it is used up. No `.grad` changes.

    What torch frees is found by asking each node that had saved something, when the next one begins.
    """

    def __init__(
        self,
        losses: Sequence[Tensor],
        upstream: Sequence[Tensor | None],
        structure: TapeStructure,
        living: Sequence[Tensor] | None,
    ) -> None:
        self._losses, self._upstream, self._structure = losses, upstream, structure
        self._walk = Walk(losses)
        self._living = self._walk.living() if living is None else living
        self._alive = {
            row for row in range(len(self._walk.operations)) if any(map(_is_alive, structure.saved[row]))
        }  # fmt: skip
        self._freed = np.full(len(structure), -1, np.int64)
        self._begun: list[int] = []

    @property
    def is_possible(self) -> bool:
        """Whether a pass leaves everything as it is: that of a reentrant checkpoint fills `.grad`."""
        return not is_reentrant(self._walk)

    @property
    def freed(self) -> Ints:
        """By node how many had run when what it had saved was found gone, -1 where that is not so."""
        return self._freed

    def run(self, retain_graph: bool) -> tuple[Ints, Failure | None, Gradients]:
        """The order of one pass as a ledger has it, how it failed, and the gradients of the leaves."""
        self._begun = []
        failure: Failure | None = None
        gradients: Gradients = ()
        try:
            gradients = self._passed(retain_graph)
        except Exception as error:  # a custom Function raises what it likes
            told = str(error)
            failure = Failure(told, explained(told), self._row_begun())
            del self._begun[-1:]
        self._look(len(self._begun), sorted(self._alive))
        return places(self._structure, self._begun), failure, gradients

    def _passed(self, retain_graph: bool) -> Gradients:
        walk = self._walk
        ends = [GradientEdge(node, 0) for node in walk.ends()]
        inputs: Any = [*walk.leaves, *ends] or self._losses
        handles = [node.register_prehook(partial(self._begin, number)) for number, node in enumerate(walk.operations)]
        try:
            with retained_grads_kept(walk, self._living), leaves_overheard(walk, self._begin):
                found: Gradients = torch.autograd.grad(
                    self._losses, inputs, self._upstream, retain_graph=retain_graph, allow_unused=True
                )
        finally:
            for handle in handles:
                handle.remove()
        return found[: len(walk.leaves)]

    def _row_begun(self) -> int:
        """The row of the node that began last, -1 where none did; of a leaf its first use."""
        last = self._begun[-1] if self._begun else None
        if last is None:
            return -1
        return last if last >= 0 else int(np.flatnonzero(self._structure.leaf_of == ~last)[0])

    def _begin(self, event: int, _gradients: Any = None) -> None:
        """A node begins: whatever the one before had saved is looked at."""
        self._look(len(self._begun), [row for row in self._begun[-1:] if row in self._alive])
        self._begun.append(event)

    def _look(self, place: int, rows: Sequence[int]) -> None:
        for row in rows:
            saved = kept_of(self._walk.operations[row]).saved
            if any(one.state is SavedState.FREED for one in saved):
                self._freed[row] = place
                self._alive.discard(row)


def _is_alive(saved: Any) -> bool:
    return saved.state is SavedState.ALIVE


def take_apart(
    graph: TracedGraph,
    losses: Sequence[Tensor],
    upstream: Sequence[Tensor | None],
    retain_graph: bool = False,
    twice: bool = False,
    living: Sequence[Tensor] | None = None,
) -> BackwardPass:
    """What backward() does with the `graph` that was traced of these losses; they are used up, if not retained.

    Hooks of a user are called at each pass. No `.grad` changes. `living` are the tensors along the way whose `.grad`
    may be retained, where the caller has them all: else all that live are looked through.
    """
    with torch.inference_mode(False), torch.no_grad():
        passes = Passes(losses, upstream, graph.structure, living)
        if not passes.is_possible:
            return BackwardPass(graph, retain_graph)
        ran, failure, first = passes.run(retain_graph)
        graph = graph if failure is None else replace(graph, ledger=replace(graph.ledger, ran=ran))
        freed = passes.freed.copy()
        second = None
        if twice and failure is None:
            again, refused, gradients = passes.run(retain_graph)
            second = SecondPass(again, refused, refused is None and all(map(_are_same, first, gradients)))
    return BackwardPass(graph, retain_graph, freed, failure, second)


def _are_same(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    dense, wanted = (tensor.to_dense() if tensor.is_sparse else tensor for tensor in (one, other))
    return torch.allclose(dense, wanted, rtol=0.0, atol=0.0, equal_nan=True)


def gradients_with_graph(loss: Tensor, upstream: Tensor | None) -> tuple[list[tuple[Tensor, Tensor]], Words]:
    """Each leaf with its gradient, made with create_graph=True; or why there is none. No `.grad` changes."""
    leaves = Walk([loss]).leaves
    if not leaves:
        return [], say("No graph of the gradient: the loss has no gradient.")
    try:
        found = torch.autograd.grad([loss], leaves, [upstream], create_graph=True, allow_unused=True)
    except Exception as error:  # a custom Function raises what it likes
        told = str(error)
        return [], say("No graph of the gradient. PyTorch: {told}. {why}", told=told.rstrip("."), why=explained(told))
    pairs = [(leaf, gradient) for leaf, gradient in zip(leaves, found, strict=True) if gradient is not None]
    if not any(gradient.requires_grad for _, gradient in pairs):
        return [], say("No graph of the gradient: it is the same wherever the parameters are.")
    return pairs, SILENCE


def trace_of_gradient(
    pairs: Sequence[tuple[Tensor, Tensor]], names: Names, watch: Watch | None, of: str
) -> TracedGraph:
    """The graph that leads from the leaves to their gradients. Its own backward pass begins with 1 at each of them,
    so that it gives the Hessian times a vector of ones."""
    named = [(f"∂{of}/∂{names.of_tensor(leaf) or 'leaf'}", gradient) for leaf, gradient in pairs]
    names.add(named)
    followed = [gradient for _, gradient in pairs if gradient.requires_grad]
    loose = [(gradient, name) for name, gradient in named if not gradient.requires_grad]
    return trace(followed, names, watch, [torch.ones_like(one) for one in followed], loose=loose)
