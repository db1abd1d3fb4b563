"""Labelled points of the plane: blobs, two moons, spirals, circles. Rows take turns between the classes."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np

from gradviz.core.data.dataset import Arrays, Dataset
from gradviz.core.declaration import setting
from gradviz.core.layers.layer import Shape
from gradviz.core.seeds import random_state, random_state_code


def _points() -> Any:
    return setting(200, title="Points", description="Number of points of all classes together.", ge=20, le=1_000_000)


def _classes(default: int) -> Any:
    return setting(default, title="Classes", description="Number of classes.", ge=2, le=10)


def _noise(default: float) -> Any:
    return setting(default, title="Noise", description="Standard deviation of both coordinates.", ge=0, le=100)


class LabelledPoints(Dataset):
    """Points (x1, x2) with the number of their class."""

    @property
    def input_shape(self) -> Shape:
        return (2,)

    @property
    def is_labelled(self) -> bool:
        return True


class Blobs(LabelledPoints):
    label: ClassVar[str] = "Blobs"
    about: ClassVar[str] = "Round clouds around centres on a circle of radius 3; a linear model tells them apart."
    kind: Literal["blobs"] = "blobs"
    points: int = _points()
    classes: int = _classes(3)
    noise: float = _noise(0.8)

    @property
    def rows(self) -> int:
        return self.points

    @property
    def outputs(self) -> int:
        return self.classes

    def arrays(self, seed: int) -> Arrays:
        random = random_state(seed)
        y = np.arange(self.points) % self.classes
        angle = 2 * np.pi * y / self.classes
        x = 3 * np.column_stack((np.cos(angle), np.sin(angle)))
        return x + self.noise * random.randn(self.points, 2), y

    def code(self, seed: int) -> tuple[str, ...]:
        return (
            f"random = {random_state_code(seed)}",
            f"y = np.arange({self.points}) % {self.classes}",
            f"angle = 2 * np.pi * y / {self.classes}",
            "x = 3 * np.column_stack((np.cos(angle), np.sin(angle)))",
            f"x = x + {self.noise!r} * random.randn({self.points}, 2)",
        )


class TwoMoons(LabelledPoints):
    label: ClassVar[str] = "Two moons"
    about: ClassVar[str] = "Two half circles that reach into each other: no straight line tells them apart."
    kind: Literal["moons"] = "moons"
    points: int = _points()
    noise: float = _noise(0.1)

    @property
    def rows(self) -> int:
        return self.points

    @property
    def outputs(self) -> int:
        return 2

    def arrays(self, seed: int) -> Arrays:
        random = random_state(seed)
        y = np.arange(self.points) % 2
        angle = np.pi * random.rand(self.points)
        x = np.column_stack((np.cos(angle), np.sin(angle)))
        x[y == 1] = [1, 0.5] - x[y == 1]
        return x + self.noise * random.randn(self.points, 2), y

    def code(self, seed: int) -> tuple[str, ...]:
        return (
            f"random = {random_state_code(seed)}",
            f"y = np.arange({self.points}) % 2",
            f"angle = np.pi * random.rand({self.points})",
            "x = np.column_stack((np.cos(angle), np.sin(angle)))",
            "x[y == 1] = [1, 0.5] - x[y == 1]",
            f"x = x + {self.noise!r} * random.randn({self.points}, 2)",
        )


class Spirals(LabelledPoints):
    label: ClassVar[str] = "Spirals"
    about: ClassVar[str] = "Arms that wind around each other: a hard case for a small network."
    kind: Literal["spirals"] = "spirals"
    points: int = _points()
    classes: int = _classes(2)
    turns: float = setting(1.0, title="Turns", description="How often an arm winds around the middle.", gt=0, le=10)
    noise: float = _noise(0.02)

    @property
    def rows(self) -> int:
        return self.points

    @property
    def outputs(self) -> int:
        return self.classes

    def arrays(self, seed: int) -> Arrays:
        random = random_state(seed)
        y = np.arange(self.points) % self.classes
        radius = np.sqrt(random.rand(self.points))
        angle = 2 * np.pi * (self.turns * radius + y / self.classes)
        x = np.column_stack((radius * np.cos(angle), radius * np.sin(angle)))
        return x + self.noise * random.randn(self.points, 2), y

    def code(self, seed: int) -> tuple[str, ...]:
        return (
            f"random = {random_state_code(seed)}",
            f"y = np.arange({self.points}) % {self.classes}",
            f"radius = np.sqrt(random.rand({self.points}))",
            f"angle = 2 * np.pi * ({self.turns!r} * radius + y / {self.classes})",
            "x = np.column_stack((radius * np.cos(angle), radius * np.sin(angle)))",
            f"x = x + {self.noise!r} * random.randn({self.points}, 2)",
        )


class Circles(LabelledPoints):
    label: ClassVar[str] = "Circles"
    about: ClassVar[str] = "Rings around one middle, radii evenly up to 1."
    kind: Literal["circles"] = "circles"
    points: int = _points()
    classes: int = _classes(2)
    noise: float = _noise(0.05)

    @property
    def rows(self) -> int:
        return self.points

    @property
    def outputs(self) -> int:
        return self.classes

    def arrays(self, seed: int) -> Arrays:
        random = random_state(seed)
        y = np.arange(self.points) % self.classes
        radius = (y + 1) / self.classes
        angle = 2 * np.pi * random.rand(self.points)
        x = np.column_stack((radius * np.cos(angle), radius * np.sin(angle)))
        return x + self.noise * random.randn(self.points, 2), y

    def code(self, seed: int) -> tuple[str, ...]:
        return (
            f"random = {random_state_code(seed)}",
            f"y = np.arange({self.points}) % {self.classes}",
            f"radius = (y + 1) / {self.classes}",
            f"angle = 2 * np.pi * random.rand({self.points})",
            "x = np.column_stack((radius * np.cos(angle), radius * np.sin(angle)))",
            f"x = x + {self.noise!r} * random.randn({self.points}, 2)",
        )
