"""The data of a fit on its device: shared by all lanes, and dealt out batch by batch."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn

from gradviz.core.data.batches import EpochOrders, MiniBatch
from gradviz.core.data.dataset import DataError
from gradviz.core.objectives.fit import FitObjective
from gradviz.engine.problems import EngineError


@dataclass(frozen=True, eq=False)
class FitData:
    """Inputs and targets of the rows trained on; `targets` as the loss wants them, `given` as the data has them."""

    inputs: Tensor
    targets: Tensor
    given: Tensor
    held: FitData | None = None
    """The same of the rows held out."""


_SHARED: WeakValueDictionary[object, FitData] = WeakValueDictionary()


def fit_data(declared: FitObjective, seed: int, dtype: torch.dtype, device: torch.device) -> FitData:
    """The data of a fit; lanes that race get the same tensors, which nobody changes.

    EngineError where the data is not what it says of itself.
    """
    key = (declared.data, declared.loss.wants, seed, dtype, device)
    known = _SHARED.get(key)
    if known is None:
        try:
            inputs, given = declared.data.build(seed, dtype)
            labels = given.numpy() if declared.data.is_labelled else None
            held = torch.from_numpy(declared.data.held_out(labels))
        except DataError as error:
            raise EngineError(f"The data cannot be used: {error}.") from None
        whole = (inputs, _targets_for(declared, given, dtype), given)
        known = _parted(whole, held, device) if declared.data.validation.holds_out else _on(device, whole)
        _SHARED[key] = known
    return known


def _on(device: torch.device, rows: tuple[Tensor, ...], held: FitData | None = None) -> FitData:
    inputs, targets, given = (part.to(device) for part in rows)
    return FitData(inputs, targets, given, held)


def _parted(rows: tuple[Tensor, ...], held: Tensor, device: torch.device) -> FitData:
    """The rows trained on, in their order, and those held out."""
    return _on(device, tuple(part[~held] for part in rows), _on(device, tuple(part[held] for part in rows)))


def _targets_for(declared: FitObjective, given: Tensor, dtype: torch.dtype) -> Tensor:
    """Labels as the loss wants them: as they are, one-hot, or as a column of 0 and 1."""
    if not declared.data.is_labelled or declared.loss.wants == "labels":
        return given
    if declared.loss.wants == "binary":
        return given.to(dtype).unsqueeze(1)
    return nn.functional.one_hot(given, declared.data.outputs).to(dtype)


class StepBatches:
    """The rows of every step, in any order of steps: step k is part k % parts of epoch k // parts.

    A new epoch gathers all rows in its order once, so that a step is only a slice.
    """

    def __init__(self, batch: MiniBatch, data: FitData, seed: int) -> None:
        self._data = data
        rows = len(data.inputs)
        self._size = batch.rows_of_step(rows)
        self.per_epoch = -(-rows // self._size)
        self._orders = EpochOrders(rows, seed) if batch.shuffle else None
        self._epoch = -1
        self._inputs, self._targets = data.inputs, data.targets

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Inputs and targets of a step."""
        epoch, index = divmod(step, self.per_epoch)
        if self._orders is not None and epoch != self._epoch:
            order = torch.from_numpy(self._orders.order(epoch)).to(self._data.inputs.device)
            self._inputs, self._targets = self._data.inputs[order], self._data.targets[order]
            self._epoch = epoch
        first = index * self._size
        return self._inputs[first : first + self._size], self._targets[first : first + self._size]
