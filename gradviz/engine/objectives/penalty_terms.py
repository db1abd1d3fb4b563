"""The penalty of a loss as torch computes it: terms over the learned parameters of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from gradviz.core.objectives.penalties import Penalty

SUMS: dict[str, Callable[[Tensor], Tensor]] = {"L1": lambda w: w.abs().sum(), "L2": lambda w: (w**2).sum()}


class PenaltyTerms:
    """Every term of a penalty over the parameters of these names."""

    def __init__(self, declared: Penalty, learned: Mapping[str, Tensor]) -> None:
        self._terms = declared.terms
        self._names = [name for name in learned if declared.covers(name)]

    def parts(self, parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The terms by their names."""
        return {name: weight * self._sum(SUMS[name], parameters) for name, weight in self._terms}

    def _sum(self, of: Callable[[Tensor], Tensor], parameters: Mapping[str, Tensor]) -> Tensor:
        return sum_of([of(parameters[name]) for name in self._names])


def sum_of(terms: list[Tensor]) -> Tensor:
    """Their sum, in their order, without a 0 in the graph."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
