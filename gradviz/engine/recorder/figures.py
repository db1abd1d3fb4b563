"""Figures that the script draws with matplotlib: kept as PNG, without a display, without waiting for anybody."""

from __future__ import annotations

import base64
import io
import os
import sys
from typing import Any

MOST_FIGURES = 50
MOST_BYTES = 4_000_000
"""Of one picture."""


class Figures:
    """What ``plt.show()`` does here: every open figure goes to gradviz, and is closed as a window would be."""

    def __init__(self, send: Any, note: Any) -> None:
        self._send = send
        self._note = note
        self._count = 0
        self._pyplot: Any = None
        os.environ["MPLBACKEND"] = "Agg"

    def find(self) -> bool:
        """Take over ``show`` once pyplot is there; True when there is nothing more to do."""
        pyplot: Any = sys.modules.get("matplotlib.pyplot")
        if pyplot is None or not hasattr(pyplot, "show"):
            return False
        self._pyplot = pyplot
        pyplot.show = _function(self.show)
        pyplot.pause = _function(_nothing)  # it shows what there is and leaves it open, and need not wait
        switch = getattr(pyplot, "switch_backend", None)
        pyplot.switch_backend = _function(lambda: switch("agg") if switch is not None else None)
        sys.modules["matplotlib"].use = _function(_nothing)  # type: ignore[attr-defined]
        return True

    def show(self) -> None:
        """Every open figure as PNG."""
        pyplot = self._pyplot
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            self._keep(pyplot.figure(number))
        pyplot.close("all")

    def _keep(self, figure: Any) -> None:
        if self._count >= MOST_FIGURES:
            return
        buffer = io.BytesIO()
        trace = sys.gettrace()
        sys.settrace(None)
        try:
            figure.savefig(buffer, format="png")
        finally:
            sys.settrace(trace)
        data = buffer.getvalue()
        if len(data) <= MOST_BYTES:
            self._send("figure", self._count, base64.b64encode(data).decode("ascii"))
            self._note(self._count)
            self._count += 1


def _function(do: Any) -> Any:
    """A function that takes whatever it is given: matplotlib writes signatures onto its own."""

    def replaced(*_arguments: Any, **_names: Any) -> None:
        do()

    return replaced


def _nothing() -> None:
    """Another backend would need a display."""
