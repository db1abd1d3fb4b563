"""`gradviz.show`: a traced graph in a window, which is a process of its own, so that whoever shows it goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradviz
from gradviz.app.process.display import display_fault
from gradviz.app.tracing.functions import traced_graph
from gradviz.app.tracing.graph import Graph
from gradviz.app.tracing.graph_window import ARGUMENT
from gradviz.core.graph.own_numbers import own_numbers
from gradviz.core.problems import GradvizError
from gradviz.core.tape.plain_graph import plain_graph
from gradviz.storage.user.handed_graphs import hand_over, remove

if TYPE_CHECKING:
    from gradviz.engine.tape.watch import Watch

Tensor = Any
"""torch.Tensor: this layer knows no torch."""
_CODE = """import sys
sys.path.insert(0, sys.argv.pop(1))
from gradviz.app.main import main
sys.exit(main())"""
_windows: list[subprocess.Popen[bytes]] = []
"""The windows that this process opened and that may be open still."""


class ShowError(GradvizError):
    """No window can be opened."""


def show(
    loss: Graph | Tensor | Sequence[Tensor],
    names: object = None,
    *,
    watch: Watch | None = None,
    upstream: Tensor | Sequence[Tensor | None] | None = None,
    gradients: bool = True,
    colours: Mapping[str | int, float] | None = None,
) -> None:
    """Open a window on the graph below a loss, or on one that `trace` gave, and return at once.

    `colours` are numbers by the name of a node, its id, or the path of a module: the nodes are coloured by them, and
    the window offers that beside its own choices. OwnNumberError where nothing is called so. All else is as in `trace`.
    The window is a process of its own and stays open when this one ends; what it shows is the graph as it is now.
    Nothing but plain numbers and text is handed to it. ShowError where there is no display.
    """
    fault = display_fault()
    if fault:
        raise ShowError(f"{fault} gradviz.trace(...).save('graph.html') needs none.")
    graph = loss if isinstance(loss, Graph) else traced_graph(loss, names, watch, upstream, gradients, depth=2)
    own = [] if colours is None else own_numbers(graph.traced.structure, colours).tolist()
    by_hand = [[list(rows), label] for rows, label in graph.by_hand]
    opened = None if graph.opened is None else sorted(graph.opened)
    title = f"gradviz: {graph.traced.operations():,} operations"
    plain, arrays = plain_graph(graph.traced)
    handed = {"graph": plain, "opened": opened, "by_hand": by_hand, "title": title, "colours": own}
    path = hand_over(handed, arrays)
    _windows[:] = [window for window in _windows if window.poll() is None]
    _windows.append(_opened(path))


def _opened(path: Path) -> subprocess.Popen[bytes]:
    """The process of a window that takes the graph at `path`."""
    try:
        return subprocess.Popen(
            [*_command(), ARGUMENT, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl+C at the prompt is not meant for it
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            cwd=os.path.expanduser("~") if os.path.isdir(os.path.expanduser("~")) else None,
        )
    except OSError as error:
        remove(path)
        raise ShowError(f"The window was not opened: {error.strerror}.") from None


def _command() -> list[str]:
    """This Python with this gradviz; the packaged program is its own Python."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, "-c", _CODE, str(Path(gradviz.__file__).parents[1])]
