"""Parameter groups: the learned parameters of an objective as torch's optimisers take them, and what each group has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from gradviz.core.layers.learning import USUAL, Learning
from gradviz.core.optimizers.optimizer import Optimizer
from gradviz.engine.objectives.objective import Objective


class Groups:
    """How the learned parameters are dealt out: those that learn as the optimiser says are the first group."""

    __slots__ = ("_dealt", "learnings")

    def __init__(self, objective: Objective) -> None:
        dealt: dict[Learning, list[nn.Parameter]] = {}
        for name, parameter in objective.learned.items():
            dealt.setdefault(objective.learnings.get(name, USUAL), []).append(parameter)
        self._dealt = dict(sorted(dealt.items(), key=lambda pair: not pair[0].is_usual))
        self.learnings = tuple(self._dealt)
        """Of each group."""

    @property
    def is_one(self) -> bool:
        """Whether all learn as the optimiser says."""
        return all(learning.is_usual for learning in self.learnings)

    def given(self, declared: Optimizer) -> list[Any]:
        """What torch's optimiser takes: parameters, or groups of them with their keywords."""
        if self.is_one:
            return [parameter for group in self._dealt.values() for parameter in group]
        return [
            {"params": group, **keywords}
            for group, keywords in zip(self._dealt.values(), self.over(declared, declared.keywords), strict=True)
        ]

    def over(self, declared: Optimizer, keywords: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Keywords of the optimiser as each group has them."""
        factor = declared.mistake.rate_factor
        return [learning.over(keywords, factor) for learning in self.learnings]
