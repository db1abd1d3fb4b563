"""Modules that torch.nn lacks. They import torch, so only a builder imports them, and only when it builds."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Line(nn.Module):
    """w * x + b with two scalar parameters named as in a textbook."""

    def __init__(self, w: float, b: float, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(w, dtype=dtype))
        self.b = nn.Parameter(torch.tensor(b, dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        return self.w * x + self.b


class LastLSTM(nn.LSTM):
    """The hidden state (rows, features) after the last step of a sequence (rows, length, inputs)."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        out: Tensor = super().forward(x)[0]
        return out[:, -1]


class AllLSTM(nn.LSTM):
    """The hidden states (rows, length, features) of all steps."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        out: Tensor = super().forward(x)[0]
        return out


class LastGRU(nn.GRU):
    """As `LastLSTM`, of a GRU."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        out: Tensor = super().forward(x)[0]
        return out[:, -1]


class AllGRU(nn.GRU):
    """As `AllLSTM`, of a GRU."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        out: Tensor = super().forward(x)[0]
        return out


class LastRNN(nn.RNN):
    """As `LastLSTM`, of a plain RNN."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        out: Tensor = super().forward(x)[0]
        return out[:, -1]


class AllRNN(nn.RNN):
    """As `AllLSTM`, of a plain RNN."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        out: Tensor = super().forward(x)[0]
        return out
