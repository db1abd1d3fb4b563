"""One backward pass replayed, overheard at every node: the gradient of each, and what each passes to its inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from gradviz.core.tape.refusals import explained
from gradviz.core.words import SILENCE, Words, one_line, say
from gradviz.engine.tape.walk import Walk

REENTRANT = "CheckpointFunctionBackward"
Gradients = Sequence[Tensor | None]


@dataclass(slots=True)
class Replay:
    """By operation what arrived at its outputs and what it gave back to its inputs; by leaf the whole gradient.

    Everything is None, with a `note`, where the pass could not be replayed. `events` are the nodes in the order in
    which torch's engine ran them: k for operation k, ~k for leaf k.
    """

    arrived: list[Gradients | None]
    given: list[Gradients | None]
    leaves: list[Tensor | None]
    note: Words = SILENCE
    is_over: bool = False
    """Whether that is because backward() has been there and freed what the operations had saved."""
    events: list[int] = field(default_factory=list)


def replay(
    walk: Walk,
    losses: Sequence[Tensor],
    upstream: Sequence[Tensor | None],
    made: Sequence[Tensor] = (),
) -> Replay:
    """Replay the backward pass of all `losses` together. No `.grad` is touched, and the graph is retained.

    A user's own hooks on tensors and nodes are called, as in any backward pass. `made` are the tensors along the way
    whose `.grad` may be retained.
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
        with retained_grads_kept(walk, made), leaves_overheard(walk, found.events.append):
            whole = torch.autograd.grad(losses, inputs, upstream, retain_graph=True, allow_unused=True)  # type: ignore[arg-type]
    except Exception as error:  # a custom Function raises what it likes
        nothing = Replay([None] * count, [None] * count, [None] * len(walk.leaves), _why(error))
        nothing.is_over = "second time" in str(error)
        return nothing  # also no order: of a pass that fails there is no first and last
    finally:
        for handle in handles:
            handle.remove()
    found.leaves = list(whole[: len(walk.leaves)])
    for node, gradient in zip(ends, whole[len(walk.leaves) :], strict=True):
        found.arrived[walk.number_of[node]] = (gradient,)  # it is not run, for nobody needs what it gives
    return found


@contextmanager
def retained_grads_kept(walk: Walk, made: Sequence[Tensor]) -> Iterator[None]:
    """After retain_grad() a tensor's `.grad` is added to by any backward pass: each gets back what it had."""
    retained = [tensor for tensor in made if tensor.retains_grad and tensor.grad_fn in walk.number_of]
    kept = [(tensor, tensor.grad) for tensor in retained]
    try:
        yield
    finally:
        for tensor, gradient in kept:
            tensor.grad = gradient


@contextmanager
def leaves_overheard(walk: Walk, heard: Callable[[int], object]) -> Iterator[None]:
    """Say ~k when leaf k has its whole gradient; afterwards the leaves are as they were."""
    bare = [leaf for leaf in walk.leaves if leaf._backward_hooks is None]  # noqa: SLF001 - torch tells it nowhere else
    handles = [leaf.register_hook(partial(_say, heard, ~number)) for number, leaf in enumerate(walk.leaves)]  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        for leaf in bare:
            leaf._backward_hooks = None  # noqa: SLF001 - an empty dictionary stays behind


def _say(heard: Callable[[int], object], event: int, _gradient: Any) -> None:
    heard(event)


def _overhear(found: Replay, number: int) -> Callable[[Gradients, Gradients], None]:
    """A hook that keeps what it hears and returns nothing, so that it changes nothing.

    References are enough until the pass is over: autograd adds in place only to what nobody else holds.
    """

    given_by, arrived_at, heard = found.given, found.arrived, found.events.append

    def keep(given: Gradients, arrived: Gradients) -> None:
        given_by[number] = given
        arrived_at[number] = arrived
        heard(number)

    return keep


def _refusal(walk: Walk, losses: Sequence[Tensor], upstream: Sequence[Tensor | None]) -> Words:
    """Why no pass is tried; silence where it is."""
    if not any(loss.requires_grad for loss in losses):
        return say("No gradient: autograd does not follow this loss, for nothing that it is made of requires one.")
    for loss, given in zip(losses, upstream, strict=True):
        if given is None and loss.requires_grad and (loss.numel() != 1 or loss.is_complex()):
            return say("No gradients: the loss is not one real number. Give its upstream gradient.")
    if is_reentrant(walk):
        return say(
            "No gradients: a checkpoint with use_reentrant=True runs its backward pass into the .grad of its "
            "parameters. With use_reentrant=False it can be followed."
        )
    return SILENCE


def is_reentrant(walk: Walk) -> bool:
    """Whether a pass fills the `.grad` of leaves in any case: a checkpoint runs one within its own."""
    kinds = set(map(type, walk.operations))
    return any(kind.__name__ == REENTRANT for kind in kinds)


def _why(error: Exception) -> Words:
    told = str(error)
    if "second time" in told:
        return say("No gradients along the way: backward() has freed what the operations had saved.")
    words = say("No gradients: PyTorch refuses the backward pass ({told})", told=one_line(told, 200))
    why = explained(told)
    return say("{words} {why}", words=words, why=why) if why else words
