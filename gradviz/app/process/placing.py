"""The layout of a large graph, in a thread of its own: the training and the window go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gradviz.app.process.errand import Errand, Work

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from gradviz.core.layout.placement import Placement


def placed_apart(
    parent: QObject, work: Work[Placement], told: Callable[[float], None], done: Callable[[Placement], None]
) -> Errand[Placement]:
    """Begin it, and tell in the window's thread how far it is and what came of it."""
    errand: Errand[Placement] = Errand(work, parent)
    errand.progressed.connect(told)
    errand.ended.connect(lambda: done(errand.result()))
    errand.ended.connect(errand.deleteLater)
    errand.start()
    return errand
