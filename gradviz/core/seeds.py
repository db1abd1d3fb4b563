"""Random numbers from a seed: numpy's RandomState, which every dialect of a script can draw from."""

from __future__ import annotations

import numpy as np
from numpy.random import RandomState

_HALF = 2**32


def random_state(seed: int) -> RandomState:
    """The generator of `seed`, 0 to 2**63 - 1; one above 32 bits goes in as two halves, as numpy asks."""
    return np.random.RandomState(_seeding(seed))


def random_state_code(seed: int) -> str:
    """The expression that gives the same generator."""
    return f"np.random.RandomState({_seeding(seed)})"


def _seeding(seed: int) -> int | list[int]:
    return seed if seed < _HALF else [seed % _HALF, seed // _HALF]
