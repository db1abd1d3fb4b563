"""What every cause of a run's end is: a class in a module of its own, found by its folder."""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from types import ModuleType
from typing import ClassVar

from gradviz.core.questions.explanation import Reason
from gradviz.engine.evidence.evidence import Evidence


class Cause(ABC):
    """Recognises one way of failing or standing still. Adding one: a module with a subclass in a folder of causes.

    The causes are asked in the order of their ranks, and the first that recognises itself is told.
    """

    kind: ClassVar[str]
    rank: ClassVar[int]

    @abstractmethod
    def reason(self, evidence: Evidence) -> Reason | None:
        """The reason, if it is this; None else."""


def causes_in(*folders: ModuleType) -> tuple[Cause, ...]:
    """One of each kind in the modules of these folders, by rank."""
    found: list[type[Cause]] = []
    for folder in folders:
        for module in pkgutil.iter_modules(folder.__path__):
            loaded = importlib.import_module(f"{folder.__name__}.{module.name}")
            own = (one for one in vars(loaded).values() if isinstance(one, type) and one.__module__ == loaded.__name__)
            found += [one for one in own if issubclass(one, Cause)]
    return tuple(kind() for kind in sorted(found, key=lambda kind: kind.rank))
