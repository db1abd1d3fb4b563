"""Datasets of values: points on a line or a parabola, and the regression from ten inputs to two outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from gradviz.core.data.dataset import Arrays, Dataset
from gradviz.core.declaration import setting
from gradviz.core.layers.layer import Shape
from gradviz.core.seeds import random_state, random_state_code

if TYPE_CHECKING:
    from torch import Tensor, dtype


def _noise() -> Any:
    return setting(0.0, title="Noise", description="Standard deviation of the noise.", ge=0, le=1e6)


class Temperatures(Dataset):
    """The eleven points: one temperature read on two scales (cases.md, B)."""

    label: ClassVar[str] = "Eleven temperatures"
    about: ClassVar[str] = "Eleven readings of two thermometers: an unknown unit in, degrees Celsius out."
    kind: Literal["temperatures"] = "temperatures"
    scale: float = setting(
        1.0,
        title="Input scale",
        description="The inputs are multiplied by this; 0.1 brings both gradients to one size.",
        gt=0,
        le=1e6,
    )
    inputs: ClassVar[tuple[float, ...]] = (35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4)
    targets: ClassVar[tuple[float, ...]] = (0.5, 14.0, 15.0, 28.0, 11.0, 8.0, 3.0, -4.0, 6.0, 13.0, 21.0)

    @property
    def rows(self) -> int:
        return len(self.inputs)

    def arrays(self, seed: int) -> Arrays:
        return np.array(self.inputs).reshape(-1, 1), np.array(self.targets).reshape(-1, 1)

    @property
    def input_scale(self) -> float:
        return self.scale

    def build(self, seed: int, dtype: dtype) -> tuple[Tensor, Tensor]:
        """Scaled in `dtype`, as the tutorial does: in float32 the last bits differ from those of the arrays."""
        import torch

        inputs, targets = (torch.tensor(values, dtype=dtype).unsqueeze(1) for values in (self.inputs, self.targets))
        return inputs * self.scale, targets

    def code(self, seed: int) -> tuple[str, ...]:
        return (
            f"x = np.array({list(self.inputs)}).reshape(-1, 1)",
            f"y = np.array({list(self.targets)}).reshape(-1, 1)",
        )


class Parabola(Dataset):
    """Equidistant points on a parabola (cases.md, G)."""

    label: ClassVar[str] = "Points on a parabola"
    about: ClassVar[str] = "y = a*x^2 + b*x + c at equidistant x, without noise."
    kind: Literal["parabola"] = "parabola"
    points: int = setting(10, title="Points", description="Number of points.", ge=2, le=1_000_000)
    lower: float = setting(0.0, title="From", description="The first x.", ge=-1e6, le=1e6)
    upper: float = setting(1.0, title="To", description="The last x.", ge=-1e6, le=1e6)
    a: float = setting(1.0, title="a", description="Coefficient of x^2.", ge=-1e6, le=1e6)
    b: float = setting(-0.5, title="b", description="Coefficient of x.", ge=-1e6, le=1e6)
    c: float = setting(1.5625, title="c", description="The constant.", ge=-1e6, le=1e6)

    @property
    def rows(self) -> int:
        return self.points

    def arrays(self, seed: int) -> Arrays:
        x = np.linspace(self.lower, self.upper, self.points).reshape(-1, 1)
        return x, self.a * x**2 + self.b * x + self.c

    def code(self, seed: int) -> tuple[str, ...]:
        return (
            f"x = np.linspace({self.lower!r}, {self.upper!r}, {self.points}).reshape(-1, 1)",
            f"y = {self.a!r} * x**2 + {self.b!r} * x + {self.c!r}",
        )


class NoisyLine(Dataset):
    """A straight line at random x, with normal noise (cases.md, C, has none)."""

    label: ClassVar[str] = "Straight line"
    about: ClassVar[str] = "y = slope*x + intercept at x uniform in [0, 1), plus normal noise."
    kind: Literal["line"] = "line"
    points: int = setting(500, title="Points", description="Number of points.", ge=2, le=1_000_000)
    slope: float = setting(3.0, title="Slope", description="The w to be found.", ge=-1e6, le=1e6)
    intercept: float = setting(0.8, title="Intercept", description="The b to be found.", ge=-1e6, le=1e6)
    noise: float = _noise()

    @property
    def rows(self) -> int:
        return self.points

    def arrays(self, seed: int) -> Arrays:
        random = random_state(seed)
        x = random.rand(self.points, 1)
        y = self.slope * x + self.intercept
        if self.noise:
            y = y + self.noise * random.randn(self.points, 1)
        return x, y

    def code(self, seed: int) -> tuple[str, ...]:
        noise = (f"y = y + {self.noise!r} * random.randn({self.points}, 1)",) if self.noise else ()
        return (
            f"random = {random_state_code(seed)}",
            f"x = random.rand({self.points}, 1)",
            f"y = {self.slope!r} * x + {self.intercept!r}",
            *noise,
        )


class Regression(Dataset):
    """Targets that are exactly linear in the inputs, by a matrix of whole numbers (cases.md, F)."""

    label: ClassVar[str] = "Ten inputs, two outputs"
    about: ClassVar[str] = "y = x @ W: x standard normal, W whole numbers from 0 to 19."
    kind: Literal["regression"] = "regression"
    generator: Literal["numpy", "torch"] = setting(
        "numpy", title="Generator", description="Whose random numbers are drawn: numpy's or torch's."
    )
    points: int = setting(1000, title="Rows", description="Number of rows.", ge=2, le=1_000_000)
    inputs: int = setting(10, title="Inputs", description="Numbers of a row's input.", ge=1, le=10_000)
    targets: int = setting(2, title="Outputs", description="Numbers of a row's target.", ge=1, le=10_000)
    noise: float = _noise()

    @property
    def rows(self) -> int:
        return self.points

    @property
    def input_shape(self) -> Shape:
        return (self.inputs,)

    @property
    def outputs(self) -> int:
        return self.targets

    def arrays(self, seed: int) -> Arrays:
        return self._from_torch(seed) if self.generator == "torch" else self._from_numpy(seed)

    def _from_numpy(self, seed: int) -> Arrays:
        random = random_state(seed)
        x = random.randn(self.points, self.inputs)
        W = random.randint(0, 20, (self.inputs, self.targets), dtype=np.int64)
        y = x @ W
        if self.noise:
            y = y + self.noise * random.randn(self.points, self.targets)
        return x, y

    def _from_torch(self, seed: int) -> Arrays:
        """As after ``torch.manual_seed(seed)``, whose generator is left alone."""
        import torch

        random = torch.Generator().manual_seed(seed)
        x = torch.randn(self.points, self.inputs, generator=random, dtype=torch.float32).double().numpy()
        W = torch.randint(0, 20, (self.inputs, self.targets), generator=random).numpy()
        y = x @ W
        if self.noise:
            y = (
                y
                + self.noise
                * torch.randn(self.points, self.targets, generator=random, dtype=torch.float32).double().numpy()
            )
        return x, y

    def code(self, seed: int) -> tuple[str, ...]:
        if self.generator == "torch":
            lines = (
                f"torch.manual_seed({seed})",
                f"x = torch.randn({self.points}, {self.inputs}, dtype=torch.float32).double().numpy()",
                f"W = torch.randint(0, 20, ({self.inputs}, {self.targets})).numpy()",
            )
            drawn = f"torch.randn({self.points}, {self.targets}, dtype=torch.float32).double().numpy()"
        else:
            lines = (
                f"random = {random_state_code(seed)}",
                f"x = random.randn({self.points}, {self.inputs})",
                f"W = random.randint(0, 20, ({self.inputs}, {self.targets}), dtype=np.int64)",
            )
            drawn = f"random.randn({self.points}, {self.targets})"
        noise = (f"y = y + {self.noise!r} * {drawn}",) if self.noise else ()
        return (*lines, "y = x @ W", *noise)
