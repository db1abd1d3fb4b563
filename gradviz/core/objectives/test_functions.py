"""Test functions of two variables with known minima.

Adding one: a frozen class here and its name in `AnyTestFunction`. Formulas and minima are those of
https://en.wikipedia.org/wiki/Test_functions_for_optimization unless a docstring says otherwise.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting

if TYPE_CHECKING:
    from torch import Tensor

Point = tuple[float, float]


class TestFunction(Alternative):
    """f(x, y) with the domain that is drawn and the minima that are known.

    `formula` is f in the notation of a formula experiment, and `gradient` its derivatives by x and by y, by hand.
    `minima` may be empty (a saddle).
    """

    __test__: ClassVar[bool] = False
    formula: ClassVar[str] = ""
    gradient: ClassVar[tuple[str, str]] = ("", "")
    domain: ClassVar[tuple[Point, Point]] = ((-6.0, 6.0), (-6.0, 6.0))
    minima: ClassVar[tuple[Point, ...]] = ()

    def evaluate(self, x: Tensor, y: Tensor) -> Tensor:
        """f at x and y, elementwise; x and y may have any one shape."""
        raise NotImplementedError


class Himmelblau(TestFunction):
    """Four minima of equal depth: which one is found depends on the start."""

    label: ClassVar[str] = "Himmelblau"
    about: ClassVar[str] = "Four minima of equal depth: which one is found depends on the start."
    formula: ClassVar[str] = "(x**2 + y - 11)**2 + (x + y**2 - 7)**2"
    gradient: ClassVar[tuple[str, str]] = (
        "4*x*(x**2 + y - 11) + 2*(x + y**2 - 7)",
        "2*(x**2 + y - 11) + 4*y*(x + y**2 - 7)",
    )
    minima: ClassVar[tuple[Point, ...]] = (
        (3.0, 2.0),
        (-2.805118, 3.131312),
        (-3.779310, -3.283186),
        (3.584428, -1.848126),
    )
    kind: Literal["himmelblau"] = "himmelblau"

    def evaluate(self, x: Tensor, y: Tensor) -> Tensor:
        return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


class Rosenbrock(TestFunction):
    label: ClassVar[str] = "Rosenbrock"
    about: ClassVar[str] = "A curved valley: quick to enter, slow to follow."
    formula: ClassVar[str] = "(1 - x)**2 + 100*(y - x**2)**2"
    gradient: ClassVar[tuple[str, str]] = ("-2*(1 - x) - 400*x*(y - x**2)", "200*(y - x**2)")
    domain: ClassVar[tuple[Point, Point]] = ((-2.0, 2.0), (-1.0, 3.0))
    minima: ClassVar[tuple[Point, ...]] = ((1.0, 1.0),)
    kind: Literal["rosenbrock"] = "rosenbrock"

    def evaluate(self, x: Tensor, y: Tensor) -> Tensor:
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2


class Beale(TestFunction):
    label: ClassVar[str] = "Beale"
    about: ClassVar[str] = "Flat plains between steep walls."
    formula: ClassVar[str] = "(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2"
    gradient: ClassVar[tuple[str, str]] = (
        "2*(1.5 - x + x*y)*(y - 1) + 2*(2.25 - x + x*y**2)*(y**2 - 1) + 2*(2.625 - x + x*y**3)*(y**3 - 1)",
        "2*x*(1.5 - x + x*y) + 4*x*y*(2.25 - x + x*y**2) + 6*x*y**2*(2.625 - x + x*y**3)",
    )
    domain: ClassVar[tuple[Point, Point]] = ((-4.5, 4.5), (-4.5, 4.5))
    minima: ClassVar[tuple[Point, ...]] = ((3.0, 0.5),)
    kind: Literal["beale"] = "beale"

    def evaluate(self, x: Tensor, y: Tensor) -> Tensor:
        first = (1.5 - x + x * y) ** 2
        return first + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


class Booth(TestFunction):
    label: ClassVar[str] = "Booth"
    about: ClassVar[str] = "A tilted bowl with one minimum."
    formula: ClassVar[str] = "(x + 2*y - 7)**2 + (2*x + y - 5)**2"
    gradient: ClassVar[tuple[str, str]] = ("2*(x + 2*y - 7) + 4*(2*x + y - 5)", "4*(x + 2*y - 7) + 2*(2*x + y - 5)")
    domain: ClassVar[tuple[Point, Point]] = ((-10.0, 10.0), (-10.0, 10.0))
    minima: ClassVar[tuple[Point, ...]] = ((1.0, 3.0),)
    kind: Literal["booth"] = "booth"

    def evaluate(self, x: Tensor, y: Tensor) -> Tensor:
        return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2


class Rastrigin(TestFunction):
    label: ClassVar[str] = "Rastrigin"
    about: ClassVar[str] = "A bowl covered in local minima."
    formula: ClassVar[str] = "20 + x**2 - 10*cos(2*pi*x) + y**2 - 10*cos(2*pi*y)"
    gradient: ClassVar[tuple[str, str]] = ("2*x + 20*pi*sin(2*pi*x)", "2*y + 20*pi*sin(2*pi*y)")
    domain: ClassVar[tuple[Point, Point]] = ((-5.12, 5.12), (-5.12, 5.12))
    minima: ClassVar[tuple[Point, ...]] = ((0.0, 0.0),)
    kind: Literal["rastrigin"] = "rastrigin"

    def evaluate(self, x: Tensor, y: Tensor) -> Tensor:
        turn = 2 * math.pi
        return 20 + x**2 - 10 * (turn * x).cos() + y**2 - 10 * (turn * y).cos()


class Ackley(TestFunction):
    label: ClassVar[str] = "Ackley"
    about: ClassVar[str] = "Nearly flat outside, a deep hole in the middle; its gradient at the minimum is NaN."
    formula: ClassVar[str] = "20 + e - 20*exp(-0.2*sqrt(0.5*(x**2 + y**2))) - exp(0.5*(cos(2*pi*x) + cos(2*pi*y)))"
    gradient: ClassVar[tuple[str, str]] = (
        "2*x*exp(-0.2*sqrt(0.5*(x**2 + y**2)))/sqrt(0.5*(x**2 + y**2))"
        " + pi*sin(2*pi*x)*exp(0.5*(cos(2*pi*x) + cos(2*pi*y)))",
        "2*y*exp(-0.2*sqrt(0.5*(x**2 + y**2)))/sqrt(0.5*(x**2 + y**2))"
        " + pi*sin(2*pi*y)*exp(0.5*(cos(2*pi*x) + cos(2*pi*y)))",
    )
    domain: ClassVar[tuple[Point, Point]] = ((-5.0, 5.0), (-5.0, 5.0))
    minima: ClassVar[tuple[Point, ...]] = ((0.0, 0.0),)
    kind: Literal["ackley"] = "ackley"

    def evaluate(self, x: Tensor, y: Tensor) -> Tensor:
        turn = 2 * math.pi
        hole = 20 * (-0.2 * (0.5 * (x**2 + y**2)).sqrt()).exp()
        return 20 + math.e - hole - (0.5 * ((turn * x).cos() + (turn * y).cos())).exp()


class Quadratic(TestFunction):
    label: ClassVar[str] = "Quadratic bowl"
    about: ClassVar[str] = "The condition number is the ratio of its curvatures: the higher, the more SGD zigzags."
    formula: ClassVar[str] = "0.5*(x**2 + condition*y**2)"
    gradient: ClassVar[tuple[str, str]] = ("x", "condition*y")
    domain: ClassVar[tuple[Point, Point]] = ((-3.0, 3.0), (-3.0, 3.0))
    minima: ClassVar[tuple[Point, ...]] = ((0.0, 0.0),)
    kind: Literal["quadratic"] = "quadratic"
    condition: float = setting(
        10.0, title="Condition number", description="Curvature along y over curvature along x.", gt=0, le=1e6
    )

    def evaluate(self, x: Tensor, y: Tensor) -> Tensor:
        return 0.5 * (x**2 + self.condition * y**2)


class Saddle(TestFunction):
    label: ClassVar[str] = "Saddle"
    about: ClassVar[str] = "Falls without end along y: the gradient at the origin is zero, and yet no minimum."
    formula: ClassVar[str] = "x**2 - y**2"
    gradient: ClassVar[tuple[str, str]] = ("2*x", "-2*y")
    domain: ClassVar[tuple[Point, Point]] = ((-2.0, 2.0), (-2.0, 2.0))
    kind: Literal["saddle"] = "saddle"

    def evaluate(self, x: Tensor, y: Tensor) -> Tensor:
        return x**2 - y**2


AnyTestFunction = Annotated[
    Himmelblau | Rosenbrock | Beale | Booth | Rastrigin | Ackley | Quadratic | Saddle,
    Field(discriminator="kind"),
]
TEST_FUNCTIONS: tuple[type[TestFunction], ...] = alternatives(AnyTestFunction)
