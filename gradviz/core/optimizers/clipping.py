"""Clipping: a gradient that is too large is made smaller before the update. Adding one: a class and its name below.

The gradient that is shown is the one before it, and torch.nn.utils clips it, for it is torch's own step in a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting

if TYPE_CHECKING:
    from torch import nn

SMALL = 1e-6
"""torch adds it to the norm that it divides by."""


class Clipping(Alternative):
    """What is done to the gradients between backward and the update."""

    torch_name: ClassVar[str] = ""
    """The function of torch.nn.utils; empty where nothing is done."""
    of_all: ClassVar[bool] = False
    """Whether what a number becomes depends on all the others."""
    needs_gradients: ClassVar[bool] = False
    """Whether torch's function fails where no parameter has a gradient yet."""

    @property
    def told(self) -> str:
        """How it is told in the name of its optimiser; empty where nothing is done."""
        return ""

    @property
    def text(self) -> str:
        """What it does to the gradient g of a parameter, as a line of the rule; empty where nothing is done."""
        return ""

    @property
    def keywords(self) -> dict[str, Any]:
        """The keyword arguments of torch's function."""
        return {}

    def build(self, parameters: Sequence[nn.Parameter]) -> Callable[[], Any] | None:
        """A function that clips what stands in the ``.grad`` of `parameters`; None where nothing is done."""
        if not self.torch_name:
            return None
        from torch.nn import utils

        clip, given, keywords = getattr(utils, self.torch_name), list(parameters), self.keywords

        def clipped() -> None:
            if any(parameter.grad is not None for parameter in given):  # torch's function by value fails without any
                clip(given, **keywords)

        return clipped

    def code(self, parameters: str) -> str:
        """The call in a script; empty where nothing is done."""
        if not self.torch_name:
            return ""
        given = "".join(f", {name}={_written(value)}" for name, value in self.keywords.items())
        return f"torch.nn.utils.{self.torch_name}({parameters}{given})"


class NoClipping(Clipping):
    label: ClassVar[str] = "None"
    about: ClassVar[str] = "The update takes the gradient as it is."
    kind: Literal["none"] = "none"


class ClipByNorm(Clipping):
    label: ClassVar[str] = "By norm"
    about: ClassVar[str] = (
        "torch.nn.utils.clip_grad_norm_: all gradients together are scaled down to the largest norm that is allowed. "
        "Their direction stays."
    )
    torch_name: ClassVar[str] = "clip_grad_norm_"
    of_all: ClassVar[bool] = True
    kind: Literal["norm"] = "norm"
    max_norm: float = setting(
        1.0,
        title="Largest norm",
        description="The norm of all gradients of a step together is at most this after clipping.",
        gt=0,
        le=1e30,
    )
    norm_type: Literal["2", "1", "inf"] = setting(
        "2",
        title="Norm",
        description="2: the root of the sum of squares. 1: the sum of sizes. inf: the largest size.",
    )

    @property
    def told(self) -> str:
        return f"norm clipped at {self.max_norm:g}"

    @property
    def text(self) -> str:
        kind = "" if self.norm_type == "2" else f"{self.norm_type}-"
        return f"g = g*min(1, {self.max_norm:g}/({kind}norm of all g + {SMALL:g}))"

    @property
    def keywords(self) -> dict[str, Any]:
        kind = {} if self.norm_type == "2" else {"norm_type": float(self.norm_type)}
        return {"max_norm": self.max_norm, **kind}


class ClipByValue(Clipping):
    label: ClassVar[str] = "By value"
    about: ClassVar[str] = (
        "torch.nn.utils.clip_grad_value_: every number of the gradient is cut to a range. The direction may change."
    )
    torch_name: ClassVar[str] = "clip_grad_value_"
    needs_gradients: ClassVar[bool] = True
    kind: Literal["value"] = "value"
    clip_value: float = setting(
        1.0,
        title="Largest value",
        description="Every number of the gradient lies between minus this and this after clipping.",
        gt=0,
        le=1e30,
    )

    @property
    def told(self) -> str:
        return f"values clipped at {self.clip_value:g}"

    @property
    def text(self) -> str:
        return f"g = clamp(g, -{self.clip_value:g}, {self.clip_value:g})"

    @property
    def keywords(self) -> dict[str, Any]:
        return {"clip_value": self.clip_value}


def _written(value: float) -> str:
    return f'float("{value}")' if value == float("inf") else repr(value)


AnyClipping = Annotated[NoClipping | ClipByNorm | ClipByValue, Field(discriminator="kind")]
CLIPPINGS: tuple[type[Clipping], ...] = alternatives(AnyClipping)
