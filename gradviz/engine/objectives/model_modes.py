"""A model in another mode for a moment: as a pure function of its parameters, or in eval mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from gradviz.core.layers.modules import Recurrent


class Modes:
    """Sets a model to train or eval mode, and changes it for the length of a ``with`` only."""

    def __init__(self, model: nn.Module, trains: bool) -> None:
        model.train(trains)
        self._model = model
        self._trains = trains
        self._norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
        self._recurrent = [module for module in model.modules() if isinstance(module, Recurrent)]
        dropouts = [module for module in model.modules() if isinstance(module, nn.Dropout)]
        self.matter = trains and bool(self._norms or dropouts)
        """Whether training and eval mode differ."""

    @contextmanager
    def pure(self) -> Iterator[None]:
        """No buffer is written, and torch.func can map and differentiate every layer."""
        self._set_pure(True)
        try:
            yield
        finally:
            self._set_pure(False)

    def _set_pure(self, is_pure: bool) -> None:
        for norm in self._norms:
            norm.track_running_stats = not is_pure
        for recurrent in self._recurrent:
            recurrent.is_unrolled = is_pure

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Eval mode: no Dropout, and the running mean and deviation of BatchNorm."""
        if not self.matter:
            yield
            return
        self._model.eval()
        try:
            yield
        finally:
            self._model.train(self._trains)
