"""Panes: found by themselves, in places that exist, each made once; and the menus know whom they call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication

import gradviz.app.panes
from gradviz.app.opening.actions import ACTIONS, SEPARATED_BEFORE
from gradviz.app.opening.owners import Owners
from gradviz.app.panes.graph import GraphPane
from gradviz.app.panes.pane import Panes
from gradviz.app.panes.surface import SurfacePane
from gradviz.app.window.main_window import MainWindow
from gradviz.app.window.places import Where
from gradviz.views.graph.graph_view import GraphView
from gradviz.views.kit.theme import LIGHT
from gradviz.views.kit.view import View

TO_ANOTHER = {Where.BESIDE, Where.BELOW, Where.BEHIND}


def test_every_module_of_the_folder_is_one_pane() -> None:
    folder = Path(gradviz.app.panes.__path__[0])
    modules = {path.stem for path in folder.glob("[a-z]*.py")} - {"pane"}
    panes = list(Panes())
    assert {pane.key for pane in panes} == modules
    assert len({pane.title for pane in panes}) == len({pane.rank for pane in panes}) == len(panes) == len(modules)
    assert [pane.rank for pane in panes] == sorted(pane.rank for pane in panes)


def test_every_place_is_one_that_there_is() -> None:
    keys = {pane.key for pane in Panes()}
    for pane in Panes():
        assert (pane.place.where in TO_ANOTHER) == bool(pane.place.other), pane.key
        assert not pane.place.other or pane.place.other in keys - {pane.key}, pane.key


def test_a_pane_is_got_by_its_kind_and_has_its_widget_once_it_is_made(qapp: QApplication) -> None:
    panes = Panes()
    with pytest.raises(AssertionError, match="not made yet"):
        _ = panes[GraphPane].widget
    made = panes[GraphPane].make("")
    assert panes[GraphPane].widget is made
    assert isinstance(made, GraphView)
    assert panes[SurfacePane].make("none here").opengl_fault == "none here"
    made.deleteLater()
    panes[SurfacePane].widget.deleteLater()


def test_the_view_in_a_pane_bears_its_key_and_title(qapp: QApplication) -> None:
    for pane in Panes():
        widget = pane.make("")
        if isinstance(widget, View):
            assert (widget.key, widget.title) == (pane.key, pane.title)
        widget.deleteLater()


def test_the_first_layout_is_what_the_places_say(shown: Callable[..., Any]) -> None:
    panes = Panes()
    window = shown(MainWindow(LIGHT, tuple(panes)), 1480, 940)
    places = {key: dock.geometry() for key, dock in window.docks.items() if not dock.visibleRegion().isEmpty()}
    for pane in panes:
        place, here = pane.place, places.get(pane.key, QRect())
        if place.where is Where.BEHIND:
            assert window.docks[pane.key] in window.tabifiedDockWidgets(window.docks[place.other]), pane.key
        elif place.where is Where.BELOW and here and places.get(place.other):
            assert here.top() > places[place.other].bottom(), pane.key
        elif place.where is Where.BESIDE:
            assert here.left() > places[place.other].right(), pane.key


def test_every_action_calls_a_method_of_one_of_the_owners() -> None:
    names = [spec.name for spec in ACTIONS]
    assert len(names) == len(set(names))
    assert set(names) >= SEPARATED_BEFORE
    owners = Owners(*(_Named() for _ in Owners.__dataclass_fields__))  # type: ignore[arg-type]
    assert [spec.method(owners) for spec in ACTIONS] == names, "an action is called as the method that it calls"


class _Named:
    """Gives back the name of whatever is read of it."""

    def __getattr__(self, name: str) -> str:
        return name
