"""Batches: which rows of the data a step looks at. Adding one: a frozen class here and its name in `AnyBatch`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting
from gradviz.core.seeds import random_state

Order = NDArray[np.int64]
USUAL_SIZE = 32


class Batch(Alternative):
    """The rows of a step's evaluation."""

    def size_of(self, rows: int) -> int:
        """Rows of a batch of `rows` in all; the last one of an epoch may be smaller."""
        return rows

    @property
    def per_update(self) -> int:
        """Batches whose gradients are added up before an update; the last one of an epoch may have fewer."""
        return 1

    def rows_of_step(self, rows: int) -> int:
        """Rows that one update looks at, of `rows` in all."""
        return min(self.size_of(rows) * self.per_update, rows)

    def least(self, rows: int) -> int:
        """Rows of the smallest batch of an epoch."""
        size = self.size_of(rows)
        return rows % size or size


class FullBatch(Batch):
    label: ClassVar[str] = "All rows"
    about: ClassVar[str] = "Batch gradient descent: every step looks at all data."
    kind: Literal["full"] = "full"


class MiniBatch(Batch):
    label: ClassVar[str] = "Mini-batch"
    about: ClassVar[str] = "Every step looks at a few rows; of size 1 it is stochastic gradient descent."
    kind: Literal["mini"] = "mini"
    size: int = setting(USUAL_SIZE, title="Size", description="Rows of one batch.", ge=1, le=10**9)
    shuffle: bool = setting(
        True, title="Shuffle", description="Whether every epoch takes the rows in a new order, drawn from the seed."
    )

    accumulate: int = setting(
        1,
        title="Batches a step",
        description="Gradient accumulation: so many batches are evaluated one after the other, each loss divided by "
        "their number, before the parameters are updated once. The last step of an epoch takes those that are left.",
        ge=1,
        le=100_000,
    )

    def size_of(self, rows: int) -> int:
        return self.size

    @property
    def per_update(self) -> int:
        return self.accumulate


AnyBatch = Annotated[FullBatch | MiniBatch, Field(discriminator="kind")]
BATCHES: tuple[type[Batch], ...] = alternatives(AnyBatch)


class EpochOrders:
    """The order of the rows in every epoch: the e-th permutation of one generator, for any e in any order.

    Going on costs one permutation an epoch; any jump over known epochs costs at most `stride` of them, because the
    generator's state is kept every `stride` epochs: at most 64 states of 2.5 kB, and the stride doubles when they are
    full.
    """

    MOST = 64

    def __init__(self, rows: int, seed: int) -> None:
        self._rows = rows
        self._random = random_state(seed)
        self._next = 0
        self.stride = 1
        self._states: dict[int, Any] = {}

    def order(self, epoch: int) -> Order:
        """The permutation (rows,) of an epoch."""
        if epoch != self._next:
            self._jump(epoch)
        while self._next < epoch:
            self._draw()
        return self._draw()

    def _jump(self, epoch: int) -> None:
        """Go to the last known state at or before `epoch`, unless what comes next lies between the two."""
        nearest = max((known for known in self._states if known <= epoch), default=0)
        if not nearest <= self._next <= epoch:
            self._next = nearest
            self._random.set_state(self._states[nearest])

    def _draw(self) -> Order:
        if self._next % self.stride == 0 and self._next not in self._states:
            self._keep()
        self._next += 1
        drawn: Order = self._random.permutation(self._rows).astype(np.int64, copy=False)
        return drawn

    def _keep(self) -> None:
        self._states[self._next] = self._random.get_state()
        if len(self._states) > self.MOST:
            self.stride *= 2
            self._states = {epoch: state for epoch, state in self._states.items() if epoch % self.stride == 0}
