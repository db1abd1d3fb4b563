"""Modules that torch.nn lacks. They import torch, so only a builder imports them, and only when it builds."""

from __future__ import annotations

from typing import Any

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


class Recurrent(nn.RNNBase):
    """Only the outputs of torch's recurrent modules, without their states.

    Where `is_unrolled`, step by step from matrix products: torch.func can neither map the fused kernels
    over many parameters nor differentiate them forward.
    """

    is_unrolled = False

    def outputs(self, x: Tensor) -> Tensor:
        """The hidden states (rows, length, features) of all steps."""
        if self.is_unrolled:
            return _unrolled(self, x)
        out: Tensor = super().forward(x)[0]
        return out


class _Last(Recurrent):
    def forward(self, x: Tensor) -> Tensor:
        return self.outputs(x)[:, -1]


class _All(Recurrent):
    def forward(self, x: Tensor) -> Tensor:
        return self.outputs(x)


class LastLSTM(_Last, nn.LSTM):  # type: ignore[misc]
    """The hidden state (rows, features) after the last step of a sequence (rows, length, inputs)."""


class AllLSTM(_All, nn.LSTM):  # type: ignore[misc]
    """The hidden states (rows, length, features) of all steps."""


class LastGRU(_Last, nn.GRU):  # type: ignore[misc]
    """As `LastLSTM`, of a GRU."""


class AllGRU(_All, nn.GRU):  # type: ignore[misc]
    """As `AllLSTM`, of a GRU."""


class LastRNN(_Last, nn.RNN):  # type: ignore[misc]
    """As `LastLSTM`, of a plain RNN."""


class AllRNN(_All, nn.RNN):  # type: ignore[misc]
    """As `AllLSTM`, of a plain RNN."""


def _unrolled(module: nn.RNNBase, x: Tensor) -> Tensor:
    cell = {"LSTM": _lstm_step, "GRU": _gru_step}.get(module.mode, _rnn_step)
    for level in range(module.num_layers):
        weights = [getattr(module, f"weight_{part}_l{level}") for part in ("ih", "hh")]
        biases = [getattr(module, f"bias_{part}_l{level}", None) for part in ("ih", "hh")]
        state: Any = None
        outputs = []
        for step in range(x.shape[1]):
            hidden = x.new_zeros(x.shape[0], module.hidden_size) if state is None else state[0]
            arriving = nn.functional.linear(x[:, step], weights[0], biases[0])
            carried = nn.functional.linear(hidden, weights[1], biases[1])
            state = cell(arriving, carried, hidden, state, module.mode)
            outputs.append(state[0])
        x = torch.stack(outputs, dim=1)
    return x


def _lstm_step(arriving: Tensor, carried: Tensor, hidden: Tensor, state: Any, mode: str) -> tuple[Tensor, Tensor]:
    enter, keep, new, leave = (arriving + carried).chunk(4, dim=1)
    memory = enter.sigmoid() * new.tanh()
    if state is not None:
        memory = memory + keep.sigmoid() * state[1]
    return leave.sigmoid() * memory.tanh(), memory


def _gru_step(arriving: Tensor, carried: Tensor, hidden: Tensor, state: Any, mode: str) -> tuple[Tensor]:
    reset, update, new = arriving.chunk(3, dim=1)
    reset_carried, update_carried, new_carried = carried.chunk(3, dim=1)
    candidate = (new + (reset + reset_carried).sigmoid() * new_carried).tanh()
    share = (update + update_carried).sigmoid()
    return ((1 - share) * candidate + share * hidden,)


def _rnn_step(arriving: Tensor, carried: Tensor, hidden: Tensor, state: Any, mode: str) -> tuple[Tensor]:
    total = arriving + carried
    return (total.tanh() if mode == "RNN_TANH" else total.relu(),)
