"""The syntax tree of a formula: what an expression, a line and a whole formula are."""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType


@dataclass(frozen=True, slots=True)
class Number:
    """A literal; every number is a float."""

    value: float
    column: int


@dataclass(frozen=True, slots=True)
class Name:
    """A tensor, or an earlier line."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Constant:
    """A number of mathematics by its name, where nothing else has that name."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Negative:
    """Minus an operand."""

    operand: Expression
    column: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and one of ``+ - * / ** % @ < <= > >= == !=``; `column` is where the left one begins."""

    operator: str
    left: Expression
    right: Expression
    column: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function of `FUNCTIONS`; `dimension` is None where it reduces over all.

    The settings that a function has of its own, such as the slope of leaky_relu, are its last arguments, as numbers.
    """

    function: str
    arguments: tuple[Expression, ...]
    dimension: int | None
    column: int
    keeps: bool = False
    """Whether the dimension that it reduces stays, with one element."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A part ``start:stop:step`` of a dimension."""

    start: int | None
    stop: int | None
    step: int | None

    @property
    def python(self) -> slice:
        """The same as Python has it."""
        return slice(self.start, self.stop, self.step)


Place = int | Slice | EllipsisType | None
"""What an index says of one dimension; None makes a new one."""


@dataclass(frozen=True, slots=True)
class Index:
    """Elements of an operand by their places: ``w[0]``, ``x[:, 1]``."""

    operand: Expression
    places: tuple[Place, ...]
    column: int

    @property
    def python(self) -> tuple[int | slice | EllipsisType | None, ...]:
        """What numpy and torch take between square brackets."""
        return tuple(place.python if isinstance(place, Slice) else place for place in self.places)

    @property
    def text(self) -> str:
        """What stands between the brackets."""
        return ", ".join(map(_place_text, self.places))


def _place_text(place: Place) -> str:
    if place is Ellipsis:
        return "..."
    if not isinstance(place, Slice):
        return str(place)
    start, stop, step = ("" if part is None else str(part) for part in (place.start, place.stop, place.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")


Expression = Number | Name | Constant | Negative | Binary | Call | Index


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line of a formula. `text` is its right side as the user wrote it."""

    name: str
    expression: Expression
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Formula:
    """The lines in order; the last is the objective. `gradients` maps a parameter to its ``d_`` line."""

    lines: tuple[Assignment, ...]
    gradients: tuple[Assignment, ...]

    @property
    def objective(self) -> Assignment:
        """The line whose value is minimised."""
        return self.lines[-1]
