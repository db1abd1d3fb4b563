"""One backward pass replayed, overheard at every node: the gradient of each, and what each passes to its inputs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress, repeat
from operator import is_

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from gradviz.core.words import SILENCE, Words, one_line, say
from gradviz.engine.tape.walk import Walk

REENTRANT = "CheckpointFunctionBackward"
Gradients = Sequence[Tensor | None]


@dataclass(slots=True)
class Replay:
    """By operation what arrived at its outputs and what it gave back to its inputs; by leaf the whole gradient.

    Everything is None, with a `note`, where the pass could not be replayed.
    """

    arrived: list[Gradients | None]
    given: list[Gradients | None]
    leaves: list[Tensor | None]
    note: Words = SILENCE
    is_over: bool = False
    """Whether that is because backward() has been there and freed what the operations had saved."""


def replay(
    walk: Walk,
    losses: Sequence[Tensor],
    upstream: Sequence[Tensor | None],
    made: Sequence[Tensor] | None = None,
) -> Replay:
    """Replay the backward pass of all `losses` together. No `.grad` is touched, and the graph is retained.

    A user's own hooks on tensors and nodes are called, as in any backward pass. `made` are the tensors along the way
    whose `.grad` may be retained, where the caller has them all: else all that live are looked through.
    """
    count = len(walk.operations)
    found = Replay([None] * count, [None] * count, [None] * len(walk.leaves))
    found.note = _refusal(walk, losses, upstream)
    ends = walk.ends()
    if found.note or not walk.leaves + ends:
        return found
    inputs = [*walk.leaves, *(GradientEdge(node, 0) for node in ends)]
    handles = [node.register_hook(_overhear(found, number)) for number, node in enumerate(walk.operations)]
    try:
        with _retained_grads_kept(walk, made):
            whole = torch.autograd.grad(losses, inputs, upstream, retain_graph=True, allow_unused=True)  # type: ignore[arg-type]
    except Exception as error:  # a custom Function raises what it likes
        nothing = Replay([None] * count, [None] * count, [None] * len(walk.leaves), _why(error))
        nothing.is_over = "second time" in str(error)
        return nothing
    finally:
        for handle in handles:
            handle.remove()
    found.leaves = list(whole[: len(walk.leaves)])
    for node, gradient in zip(ends, whole[len(walk.leaves) :], strict=True):
        found.arrived[walk.number_of[node]] = (gradient,)  # it is not run, for nobody needs what it gives
    return found


@contextmanager
def _retained_grads_kept(walk: Walk, made: Sequence[Tensor] | None) -> Iterator[None]:
    """After retain_grad() a tensor's `.grad` is added to by any backward pass: each gets back what it had.

    No node tells whose tensor it is: where `made` does not either, they are looked for among all that live.
    """
    tensors = _all_tensors() if made is None else made
    retained = [tensor for tensor in tensors if tensor.grad_fn in walk.number_of and tensor.retains_grad]
    kept = [(tensor, tensor.grad) for tensor in retained]
    try:
        yield
    finally:
        for tensor, gradient in kept:
            tensor.grad = gradient


def _all_tensors() -> list[Tensor]:
    """Of a bare script 170,000 objects are looked at: by no loop of Python's own."""
    everything = gc.get_objects()
    return list(compress(everything, map(is_, map(type, everything), repeat(Tensor))))


def _overhear(found: Replay, number: int) -> Callable[[Gradients, Gradients], None]:
    """A hook that keeps what it hears and returns nothing, so that it changes nothing.

    References are enough until the pass is over: autograd adds in place only to what nobody else holds.
    """

    def keep(given: Gradients, arrived: Gradients) -> None:
        found.given[number] = given
        found.arrived[number] = arrived

    return keep


def _refusal(walk: Walk, losses: Sequence[Tensor], upstream: Sequence[Tensor | None]) -> Words:
    """Why no pass is tried; silence where it is."""
    if not any(loss.requires_grad for loss in losses):
        return say("No gradient: autograd does not follow this loss, for nothing that it is made of requires one.")
    for loss, given in zip(losses, upstream, strict=True):
        if given is None and loss.requires_grad and (loss.numel() != 1 or loss.is_complex()):
            return say("No gradients: the loss is not one real number. Give its upstream gradient.")
    if any(node.name() == REENTRANT for node in walk.operations):
        return say(
            "No gradients: a checkpoint with use_reentrant=True runs its backward pass into the .grad of its "
            "parameters. With use_reentrant=False it can be followed."
        )
    return SILENCE


def _why(error: Exception) -> Words:
    told = str(error)
    if "second time" in told:
        return say("No gradients along the way: backward() has freed what the operations had saved.")
    return say("No gradients: PyTorch refuses the backward pass ({told})", told=one_line(told, 200))
