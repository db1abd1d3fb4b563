"""A class of torch.nn with its arguments: built by the engine, written down in a script, from one declaration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import dtype, nn


@dataclass(frozen=True)
class TorchCall:
    """``nn.Name(arguments, keywords)``; `is_ours` where the class is one of `gradviz.core.layers.modules`."""

    name: str
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    is_ours: bool = False

    def build(self, dtype: dtype | None = None) -> nn.Module:
        """The module on the CPU; `dtype` is for classes that have parameters."""
        from torch import nn

        from gradviz.core.layers import modules

        extra = {} if dtype is None else {"dtype": dtype}
        built: nn.Module = getattr(modules if self.is_ours else nn, self.name)(
            *self.arguments, **self.keywords, **extra
        )
        return built

    @property
    def code(self) -> str:
        """The expression that a person would write for it."""
        parts = [_written(value) for value in self.arguments]
        parts += [f"{name}={_written(value)}" for name, value in self.keywords.items()]
        return f"{'' if self.is_ours else 'nn.'}{self.name}({', '.join(parts)})"


def differing(**pairs: tuple[Any, Any]) -> dict[str, Any]:
    """From ``name=(value, torch's default)`` those keywords that need to be written."""
    return {name: value for name, (value, default) in pairs.items() if value != default}


def _written(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
