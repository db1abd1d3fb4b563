"""Mixed precision: what forward pass and loss of a fit are computed in. Adding one: a class and its name below."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting


class Autocast(Alternative):
    """torch.autocast around forward pass and loss; the parameters stay as they are."""

    dtype: ClassVar[str] = ""
    """What matrix products and convolutions are computed in; empty where nothing is cast."""
    scales: ClassVar[bool] = False
    """Whether the loss is scaled for backward, and the gradient back for the update."""


class NoAutocast(Autocast):
    label: ClassVar[str] = "Off"
    about: ClassVar[str] = "Everything is computed in the precision of the parameters."
    kind: Literal["off"] = "off"


class BFloat16(Autocast):
    label: ClassVar[str] = "bfloat16"
    about: ClassVar[str] = "torch.autocast in bfloat16: the range of float32, and about 3 digits."
    dtype: ClassVar[str] = "bfloat16"
    kind: Literal["bfloat16"] = "bfloat16"


class Float16(Autocast):
    label: ClassVar[str] = "float16"
    about: ClassVar[str] = (
        "torch.autocast in float16 with torch.amp.GradScaler: numbers below 6e-8 are 0, so backward begins with a loss "
        "that is scaled up. A step whose gradient overflows is left out, and the scale halved."
    )
    dtype: ClassVar[str] = "float16"
    scales: ClassVar[bool] = True
    kind: Literal["float16"] = "float16"
    init_scale: float = setting(
        65536.0, title="First scale", description="What the loss is multiplied by at first.", gt=0, le=2.0**40
    )
    growth_interval: int = setting(
        2000,
        title="Grows after",
        description="Steps without an overflow after which the scale is doubled.",
        ge=1,
        le=10**9,
    )


AnyAutocast = Annotated[NoAutocast | BFloat16 | Float16, Field(discriminator="kind")]
AUTOCASTS: tuple[type[Autocast], ...] = alternatives(AnyAutocast)
