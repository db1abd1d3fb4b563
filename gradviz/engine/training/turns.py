"""Turns at what torch has once for all: its random generator and its number of threads.

Several trainers may live at once: each finds both as it left them. Who only looks, such as a bench or a snapshot, puts
the generator back by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import torch
from torch import Tensor


class Turn:
    """A trainer's share: `take` it before torch is used. It costs a comparison while nobody else has taken one."""

    __slots__ = ("_threads", "random")

    _present: ClassVar[Turn | None] = None

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self.random: Tensor | None = None

    def take(self) -> None:
        """Exchange the generator's state and the number of threads, unless it is this one's turn already."""
        before = Turn._present
        if before is self:
            return
        if before is not None:
            before.random = torch.get_rng_state()
        torch.set_num_threads(self._threads)
        if self.random is not None:
            torch.set_rng_state(self.random)
        Turn._present = self


@contextmanager
def undisturbed() -> Iterator[None]:
    """Whatever trains inside: afterwards the generator and the number of threads are what they were."""
    threads, random = torch.get_num_threads(), torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(random)
