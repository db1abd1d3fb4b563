"""A fit whose every step adds up the gradients of several batches, one after the other, before the update."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from gradviz.core.objectives.fit import FitObjective
from gradviz.engine.objectives.fit_descent import FitDescent
from gradviz.engine.objectives.objective import Scale
from gradviz.engine.objectives.penalty_terms import sum_of


class AccumulatedFit(FitDescent):
    """The loss of a step is the mean of the losses of its batches.

    A step evaluates and differentiates them one by one, as a loop of torch does. `loss` is the same in one graph: it
    is what is looked at, and its gradient may differ from that of the step in the last bits.
    """

    def __init__(self, declared: FitObjective, seed: int, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__(declared, seed, dtype, device)
        self._size = declared.batch.size_of(len(self.data.inputs))
        self._whole: dict[str, Tensor] = {}
        """The parts of the loss, if it has several, as means over the batches."""

    def _dealt(self) -> Iterator[tuple[Tensor, Tensor]]:
        return zip(torch.split(self._inputs, self._size), torch.split(self._targets, self._size), strict=True)

    @property
    def _count(self) -> int:
        """The batches of this step: the last of an epoch may have fewer."""
        return -(-len(self._inputs) // self._size)

    def _losses(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The prediction of each batch, and its share of the loss."""
        self._begin()
        whole: dict[str, Tensor] = {}
        for inputs, targets in self._dealt():
            share = self._loss_of(inputs, targets) / self._count
            assert self._prediction is not None
            for name, part in self._parts.items():
                whole[name] = whole.get(name, 0.0) + part.detach() / self._count
            yield self._prediction, share
        self._parts, self._whole = {}, whole  # what has a name in the graph belongs to it

    def loss(self) -> Tensor:
        predictions, shares = zip(*self._losses(), strict=True)
        self._prediction, self._loss = torch.cat(predictions), sum_of(list(shares))
        return self._loss

    def evaluate(self) -> Tensor:
        for parameter in self.parameters.values():
            parameter.grad = None
        return self.added()

    def added(self, scale: Scale | None = None) -> Tensor:
        predictions, shares = [], []
        for prediction, share in self._losses():
            self.backward(share if scale is None else scale(share))
            predictions.append(prediction.detach())
            shares.append(share.detach())
        self._prediction, self._loss = torch.cat(predictions), sum_of(shares)
        return self._loss

    def parts(self) -> dict[str, float]:
        return {name: part.item() for name, part in self._whole.items()}

    def loss_at(self, parameters: Mapping[str, Tensor]) -> Tensor:
        if self._mask_seed is not None:
            self._seed_masks(self._mask_seed)
        shares = [self._pure_loss(parameters, *part) / self._count for part in self._dealt()]
        return self._with_penalty(sum_of(shares), parameters)
