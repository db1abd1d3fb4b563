"""A window of a process of its own, that holds one traced graph and nothing else."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradviz.app.process.display import display_fault
from gradviz.core.problems import GradvizError
from gradviz.storage.user.handed_graphs import remove, take

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradviz.views.graph.graph_view import GraphView

ARGUMENT = "--graph"
SIZE = (1120, 760)


def main(arguments: list[str]) -> int:
    """Show the graph of the file that is named, until the window is closed; returns the exit status."""
    path = Path(arguments[0]) if arguments else Path()
    fault = display_fault()
    if fault:
        remove(path)
        print(fault, file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return 1
    from gradviz.app.process.application import Application

    app = Application()
    try:
        view = graph_window(*take(path))
    except GradvizError as error:
        print(error, file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return 1
    app.show_icon()
    view.show()
    return app.exec()


def graph_window(handed: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> GraphView:
    """The view of what was handed over, in the colours of the desktop."""
    from PySide6.QtWidgets import QApplication

    from gradviz.app.process.placing import placed_apart
    from gradviz.core.tape.plain_graph import graph_of
    from gradviz.views.graph.graph_view import GraphView
    from gradviz.views.kit.theme import palette, style_sheet, system_theme

    theme = system_theme()
    app = QApplication.instance()
    if isinstance(app, QApplication):
        app.setPalette(palette(theme))
        app.setStyleSheet(style_sheet(theme))
    view = GraphView()
    view.set_theme(theme)
    view.placing.starter = partial(placed_apart, view)
    view.setWindowTitle(handed["title"])
    view.resize(*SIZE)
    opened = None if handed["opened"] is None else frozenset(handed["opened"])
    by_hand = tuple((tuple(rows), label) for rows, label in handed["by_hand"])
    view.show_graph(graph_of(handed["graph"], arrays), opened, by_hand, tuple(handed.get("colours", ())))
    return view
