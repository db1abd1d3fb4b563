"""What a pane is: its key, title and place, who makes it, and what is connected to it; and all of them together."""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from gradviz.app.window.places import Place

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from gradviz.app.window.window_controller import WindowController

W = TypeVar("W", bound="QWidget")
P = TypeVar("P", bound="Pane[Any]")


class Pane(ABC, Generic[W]):
    """A place of the window with a widget in it. Adding one: a module of this folder with a subclass.

    What a module of a pane imports at its top is imported before the window is painted: its widget is imported where
    it is made.
    """

    key: ClassVar[str]
    """Names the pane in stored layouts, in files, and in `Place.other`."""
    title: ClassVar[str]
    rank: ClassVar[int]
    """Its place among the others in menus."""
    place: ClassVar[Place]

    def __init__(self) -> None:
        self._widget: W | None = None

    @abstractmethod
    def made(self, opengl_fault: str) -> W:
        """The widget, made now. `opengl_fault` is why there is no third dimension, or empty."""

    def connect(self, controller: WindowController) -> None:
        """Connect the widget to what the window does."""

    def make(self, opengl_fault: str) -> W:
        """Make the widget, once."""
        self._widget = self.made(opengl_fault)
        return self._widget

    @property
    def widget(self) -> W:
        """What stands in the pane, once it is made."""
        assert self._widget is not None, f"{self.key} is not made yet"
        return self._widget


class Panes:
    """One of each kind, in the order of their ranks."""

    def __init__(self) -> None:
        self._panes = {kind: kind() for kind in _kinds()}

    def __iter__(self) -> Iterator[Pane[Any]]:
        return iter(self._panes.values())

    def __getitem__(self, kind: type[P]) -> P:
        found = self._panes[kind]
        assert isinstance(found, kind)
        return found


def _kinds() -> list[type[Pane[Any]]]:
    """Every subclass in the modules of this folder."""
    folder = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"{__package__}.{module.name}")
    return sorted(Pane.__subclasses__(), key=lambda kind: kind.rank)
