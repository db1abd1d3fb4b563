"""The module of `LineLayer`. It imports torch, so only a builder imports it, and only when it builds."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Line(nn.Module):
    """w * x + b with two scalar parameters named as in a textbook."""

    def __init__(self, w: float, b: float, dtype: torch.dtype) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(w, dtype=dtype))
        self.b = nn.Parameter(torch.tensor(b, dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        return self.w * x + self.b
