"""What every kind of objective tells before it is built."""

from __future__ import annotations

from gradviz.core.declaration import Alternative


class DeclaredObjective(Alternative):
    """What is minimised."""

    @property
    def parameter_count(self) -> int:
        """Number of trained numbers, known before anything is built."""
        raise NotImplementedError

    @property
    def steps_per_epoch(self) -> int:
        """Steps in which all data is looked at once."""
        return 1

    @property
    def has_fit(self) -> bool:
        """Whether there is data, with a prediction of it."""
        return False
