"""Numbers of a person's own for the nodes of a graph, by what the graph calls them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.core.problems import GradvizError
from gradviz.core.tape.structure import TapeStructure

MOST_TOLD = 5


class OwnNumberError(GradvizError):
    """Numbers for a node that is not there."""


def own_numbers(structure: TapeStructure, given: Mapping[str | int, float]) -> Floats:
    """By node (n) its number, NaN where it has none. A key is a node's name, of all uses of a leaf, or its id; that of
    a module stands for all nodes that were made in it and have no number of their own.

    OwnNumberError where nothing is called so, or what is given is no number.
    """
    found = np.full(len(structure), math.nan)
    named: dict[str, list[int]] = {}
    for row, name in enumerate(structure.names):
        named.setdefault(name, []).append(row)
    for key in sorted(
        given, key=lambda key: key in named or isinstance(key, int)
    ):  # modules first: names overrule them
        rows = _rows(structure, named, key)
        if not rows:
            known = ", ".join(list(filter(None, named))[:MOST_TOLD])
            raise OwnNumberError(f"No node of this graph is called {key!r}. There are {known or 'no names'}.")
        found[rows] = _number(key, given[key])
    return found


def _rows(structure: TapeStructure, named: Mapping[str, list[int]], key: str | int) -> list[int]:
    if isinstance(key, int):
        return [key] if 0 <= key < len(structure) else []
    if key in named and key:
        return named[key]
    inner = f"{key}."
    return [row for row, path in enumerate(structure.modules) if key and (path == key or path.startswith(inner))]


def _number(key: str | int, given: object) -> float:
    try:
        return float(given)  # type: ignore[arg-type]  # a tensor of one element is a number too
    except (TypeError, ValueError, RuntimeError):
        raise OwnNumberError(f"The colour of {key!r} is a number, not {given!r:.60}.") from None
