"""The walk from losses down to the leaves, by a stack: a graph of any depth."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

LeafNode: Any = vars(torch._C._functions)["AccumulateGrad"]  # noqa: SLF001 - the class of the nodes of leaves


class Walk:
    """The nodes below some losses, and the edges between them as lists.

    `operations` come in order of discovery, the losses' own first. Of each use of a leaf there is an entry in `uses`:
    (leaf, consumer, slot), of each input that autograd does not follow one in `unfollowed`: (consumer, slot). `inner`
    are the edges between operations: (producer, consumer, slot, output). `leaves` are the tensors, and `inputs` has by
    operation how many inputs it has, followed or not.
    """

    def __init__(self, losses: Sequence[Tensor]) -> None:
        self.operations: list[Any] = []
        self.inputs: list[int] = []
        self.number_of: dict[Any, int] = {}
        self.leaves: list[Tensor] = []
        self.leaf_nodes: list[Any] = []
        self.inner: list[tuple[int, int, int, int]] = []
        self.uses: list[tuple[int, int, int]] = []
        self.unfollowed: list[tuple[int, int]] = []
        self._leaf_numbers: dict[Any, int] = {}
        stack = []
        for loss in losses:
            if loss.grad_fn is not None and loss.grad_fn not in self.number_of:
                self._add(loss.grad_fn)
                stack.append(loss.grad_fn)
        self._descend(stack)

    def _add(self, node: Any) -> int:
        number = self.number_of[node] = len(self.operations)
        self.operations.append(node)
        self.inputs.append(0)
        return number

    def _descend(self, stack: list[Any]) -> None:
        number_of, inner = self.number_of, self.inner
        while stack:
            node = stack.pop()
            consumer = number_of[node]
            below = node.next_functions
            self.inputs[consumer] = len(below)
            for slot, (producer, output) in enumerate(below):
                if producer is None:
                    self.unfollowed.append((consumer, slot))
                    continue
                number = number_of.get(producer)
                if number is None:
                    if type(producer) is LeafNode:
                        self.uses.append((self._leaf(producer), consumer, slot))
                        continue
                    number = self._add(producer)
                    stack.append(producer)
                inner.append((number, consumer, slot, output))

    def _leaf(self, node: Any) -> int:
        number = self._leaf_numbers.get(node)
        if number is None:
            number = self._leaf_numbers[node] = len(self.leaves)
            self.leaves.append(node.variable)
            self.leaf_nodes.append(node)
        return number

    def ends(self) -> list[Any]:
        """Operations with no inputs that autograd follows: a backward pass ends there, though in no leaf."""
        followed = {edge[1] for edge in self.inner} | {use[1] for use in self.uses}
        return [node for number, node in enumerate(self.operations) if number not in followed]

    def living(self) -> list[Tensor]:
        """The tensors made by these operations that anybody keeps.

        No node tells whose tensor it is, so they are looked for among all that live, 170,000 in a bare script. Each
        tensor refers to its class, which Python's collector finds in half the time that a list of all objects takes.
        """
        found = gc.get_referrers(Tensor)
        return self.made_here([tensor for tensor in found if type(tensor) is Tensor])

    def made_here(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Those that these operations made."""
        return [tensor for tensor in tensors if tensor.grad_fn in self.number_of]
