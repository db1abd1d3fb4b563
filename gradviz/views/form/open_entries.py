"""Which entries of the form's lists are open, while entries move, go and come."""

from __future__ import annotations


class OpenEntries:
    """Known by the path of their list and their index. An entry is at a path such as ``optimizers.0``."""

    def __init__(self) -> None:
        self._open: dict[str, set[int]] = {}

    def holds(self, path: str, index: int) -> bool:
        """Whether an entry is open."""
        return index in self._open.get(path, ())

    def set(self, at: str, on: bool) -> None:
        """Open or close the entry at a path."""
        path, _, index = at.rpartition(".")
        opened = self._open.setdefault(path, set())
        opened.add(int(index)) if on else opened.discard(int(index))

    def open_alone(self, path: str, index: int) -> None:
        """Of its list this one and no other."""
        self._open[path] = {index}

    def exchange(self, path: str, a: int, b: int) -> None:
        """Two entries stand in each other's place."""
        self._open[path] = {{a: b, b: a}.get(index, index) for index in self._open.get(path, ())}

    def remove(self, path: str, index: int) -> None:
        """An entry is gone, and those after it have moved up."""
        self._open[path] = {other - (other > index) for other in self._open.get(path, ()) if other != index}
