"""Datasets: what a fit is fitted to. Adding one: a frozen class here and its name in `AnyDataset`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting

if TYPE_CHECKING:
    from torch import Tensor, dtype


class Dataset(Alternative):
    """Rows of inputs and targets, made on the CPU."""

    @property
    def rows(self) -> int:
        """Number of rows, known before anything is built."""
        raise NotImplementedError

    def build(self, seed: int, dtype: dtype) -> tuple[Tensor, Tensor]:
        """Inputs of shape (rows, 1) and targets of shape (rows, 1)."""
        raise NotImplementedError


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

    def build(self, seed: int, dtype: dtype) -> tuple[Tensor, Tensor]:
        import torch

        inputs = torch.tensor(self.inputs, dtype=dtype).unsqueeze(1)
        return inputs * self.scale, torch.tensor(self.targets, dtype=dtype).unsqueeze(1)


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

    def build(self, seed: int, dtype: dtype) -> tuple[Tensor, Tensor]:
        import torch

        x = torch.linspace(self.lower, self.upper, self.points, dtype=dtype).unsqueeze(1)
        return x, self.a * x**2 + self.b * x + self.c


class NoisyLine(Dataset):
    """A straight line at random x, with normal noise (cases.md, C, has none)."""

    label: ClassVar[str] = "Straight line"
    about: ClassVar[str] = "y = slope*x + intercept at x uniform in [0, 1), plus normal noise."
    kind: Literal["line"] = "line"
    points: int = setting(500, title="Points", description="Number of points.", ge=2, le=1_000_000)
    slope: float = setting(3.0, title="Slope", description="The w to be found.", ge=-1e6, le=1e6)
    intercept: float = setting(0.8, title="Intercept", description="The b to be found.", ge=-1e6, le=1e6)
    noise: float = setting(0.0, title="Noise", description="Standard deviation of the noise.", ge=0, le=1e6)

    @property
    def rows(self) -> int:
        return self.points

    def build(self, seed: int, dtype: dtype) -> tuple[Tensor, Tensor]:
        import torch

        generator = torch.Generator().manual_seed(seed)
        x = torch.rand((self.points, 1), generator=generator, dtype=dtype)
        noise = torch.randn((self.points, 1), generator=generator, dtype=dtype)
        return x, self.slope * x + self.intercept + self.noise * noise


AnyDataset = Annotated[Temperatures | Parabola | NoisyLine, Field(discriminator="kind")]
DATASETS: tuple[type[Dataset], ...] = alternatives(AnyDataset)
