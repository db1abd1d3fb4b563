"""How the columns of a table are scaled before a model sees them. Adding one: a frozen class and its name."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting
from gradviz.core.numbers import Floats


class Scaling(Alternative):
    """Each column by itself, from all of its rows, or from those that are trained on."""

    suffix: ClassVar[str] = ""
    """What is written behind the name of a column whose numbers are scaled so."""

    def named(self, name: str) -> str:
        """The name of a column whose scaled numbers are shown."""
        return f"{name}{self.suffix}"

    def apply(self, columns: Floats, seen: Floats) -> Floats:
        """The scaled columns, (rows, columns), by what the rows `seen` tell."""
        shift, spread = self.terms(seen)
        return np.asarray((columns - shift) / spread)

    def terms(self, columns: Floats) -> tuple[Floats, Floats]:
        """What is taken off each column, and what it is divided by then: (columns,) each."""
        raise NotImplementedError

    def code(self, name: str, seen: Floats, of: str) -> tuple[str, ...]:
        """Lines of numpy that do the same to the array called `name`; `of` is how the rows `seen` are written."""
        raise NotImplementedError


class NoScaling(Scaling):
    label: ClassVar[str] = "As they are"
    about: ClassVar[str] = "The numbers of the table."
    kind: Literal["none"] = "none"

    def apply(self, columns: Floats, seen: Floats) -> Floats:
        return columns

    def terms(self, columns: Floats) -> tuple[Floats, Floats]:
        return np.zeros(columns.shape[1]), np.ones(columns.shape[1])

    def code(self, name: str, seen: Floats, of: str) -> tuple[str, ...]:
        return ()


class Standardise(Scaling):
    label: ClassVar[str] = "Standardise"
    about: ClassVar[str] = "Minus the mean, divided by the standard deviation: mean 0, deviation 1."
    kind: Literal["standardise"] = "standardise"
    suffix: ClassVar[str] = ", standardised"

    def terms(self, columns: Floats) -> tuple[Floats, Floats]:
        deviation = columns.std(axis=0)
        spread = np.where(self._varies(columns, deviation), deviation, 1.0)
        return columns.mean(axis=0), _finite(spread)

    @staticmethod
    def _varies(columns: Floats, deviation: Floats) -> NDArray[np.bool_]:
        """Rounding gives a constant column a deviation that is tiny, not 0, and underflow one of 0 where it varies."""
        return np.asarray((np.ptp(columns, axis=0) > 0) & (deviation > 0))

    def code(self, name: str, seen: Floats, of: str) -> tuple[str, ...]:
        if self._varies(seen, seen.std(axis=0)).all():
            return (f"{name} = ({name} - {of}.mean(axis=0)) / {of}.std(axis=0)",)
        return (
            f"deviation = {of}.std(axis=0)",
            f"spread = np.where((np.ptp({of}, axis=0) > 0) & (deviation > 0), deviation, 1.0)",
            f"{name} = ({name} - {of}.mean(axis=0)) / spread",
        )


class MinMax(Scaling):
    label: ClassVar[str] = "From 0 to 1"
    about: ClassVar[str] = "Minus the smallest, divided by the range: from 0 to 1."
    kind: Literal["min_max"] = "min_max"
    suffix: ClassVar[str] = ", from 0 to 1"

    def terms(self, columns: Floats) -> tuple[Floats, Floats]:
        spread = np.ptp(columns, axis=0)
        return columns.min(axis=0), _finite(np.where(spread > 0, spread, 1.0))

    def code(self, name: str, seen: Floats, of: str) -> tuple[str, ...]:
        if (np.ptp(seen, axis=0) > 0).all():
            return (f"{name} = ({name} - {of}.min(axis=0)) / np.ptp({of}, axis=0)",)
        return (
            f"spread = np.ptp({of}, axis=0)",
            f"{name} = ({name} - {of}.min(axis=0)) / np.where(spread > 0, spread, 1.0)",
        )


class DivideBy(Scaling):
    label: ClassVar[str] = "Divide by"
    about: ClassVar[str] = "Every number divided by the same one, such as 255 for pixels."
    kind: Literal["divide"] = "divide"
    divisor: float = setting(10.0, title="Divisor", description="What is divided by.", gt=0, le=1e12)

    def terms(self, columns: Floats) -> tuple[Floats, Floats]:
        return np.zeros(columns.shape[1]), np.full(columns.shape[1], self.divisor)

    def named(self, name: str) -> str:
        return f"{name} / {self.divisor:g}"

    def code(self, name: str, seen: Floats, of: str) -> tuple[str, ...]:
        return (f"{name} = {name} / {self.divisor!r}",)


def _finite(spread: Floats) -> Floats:
    """NaN where a spread overflowed: what is divided by infinity would be 0, and look like data."""
    return np.where(np.isfinite(spread), spread, np.nan)


AnyScaling = Annotated[NoScaling | Standardise | MinMax | DivideBy, Field(discriminator="kind")]
SCALINGS: tuple[type[Scaling], ...] = alternatives(AnyScaling)
