"""What every kind of objective tells before it is built."""

from __future__ import annotations

from gradviz.core.declaration import Alternative


class DeclaredObjective(Alternative):
    """What is minimised."""

    @property
    def parameter_count(self) -> int:
        """Number of trained numbers, known before anything is built."""
        raise NotImplementedError
