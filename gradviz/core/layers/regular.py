"""Layers that keep training in bounds: Dropout, BatchNorm, LayerNorm."""

from __future__ import annotations

from typing import ClassVar, Literal

from gradviz.core.declaration import setting
from gradviz.core.layers.layer import Layer, Shape, ShapeError, written
from gradviz.core.layers.learning import AnyLearning, learning_setting
from gradviz.core.layers.torch_call import TorchCall, differing


class Dropout(Layer):
    label: ClassVar[str] = "Dropout"
    about: ClassVar[str] = "torch.nn.Dropout: sets a share of the values to 0 in training, and scales up the rest."
    is_random: ClassVar[bool] = True
    kind: Literal["dropout"] = "dropout"
    p: float = setting(0.5, title="Share", description="Probability with which a value becomes 0.", ge=0, lt=1)

    def call(self, shape_in: Shape) -> TorchCall:
        return TorchCall("Dropout", (self.p,))


class BatchNorm1d(Layer):
    label: ClassVar[str] = "BatchNorm1d"
    about: ClassVar[str] = "torch.nn.BatchNorm1d: every feature to mean 0 and deviation 1 over the batch."
    kind: Literal["batch_norm1d"] = "batch_norm1d"
    momentum: float = setting(
        0.1, title="Momentum", description="Share of a new batch in the running mean that eval mode uses.", gt=0, le=1
    )
    eps: float = setting(1e-5, title="Epsilon", description="Keeps the denominator above 0.", gt=0, le=1)
    affine: bool = setting(True, title="Scale and shift", description="Whether a trained weight and bias follow.")
    learning: AnyLearning = learning_setting()

    def shape_out(self, shape_in: Shape) -> Shape:
        if len(shape_in) not in (1, 2):
            raise ShapeError(
                f"BatchNorm1d takes features, or (channels, length), but gets {written(shape_in)}: "
                "put Flatten before it"
            )
        return shape_in

    def parameter_count(self, shape_in: Shape) -> int:
        return 2 * shape_in[0] if self.affine else 0

    def least_rows(self, shape_in: Shape) -> int:
        return 1 if len(shape_in) == 2 and shape_in[1] > 1 else 2

    def call(self, shape_in: Shape) -> TorchCall:
        keywords = differing(eps=(self.eps, 1e-5), momentum=(self.momentum, 0.1), affine=(self.affine, True))
        return TorchCall("BatchNorm1d", (shape_in[0],), keywords)

    def has_numbers(self, shape_in: Shape) -> bool:
        return True


class LayerNorm(Layer):
    label: ClassVar[str] = "LayerNorm"
    about: ClassVar[str] = "torch.nn.LayerNorm: the features of a row to mean 0 and deviation 1."
    kind: Literal["layer_norm"] = "layer_norm"
    eps: float = setting(1e-5, title="Epsilon", description="Keeps the denominator above 0.", gt=0, le=1)
    affine: bool = setting(True, title="Scale and shift", description="Whether a trained weight and bias follow.")
    learning: AnyLearning = learning_setting()

    def shape_out(self, shape_in: Shape) -> Shape:
        if not shape_in:
            raise ShapeError("LayerNorm takes features, but gets a single number")
        return shape_in

    def parameter_count(self, shape_in: Shape) -> int:
        return 2 * shape_in[-1] if self.affine else 0

    def call(self, shape_in: Shape) -> TorchCall:
        keywords = differing(eps=(self.eps, 1e-5), elementwise_affine=(self.affine, True))
        return TorchCall("LayerNorm", (shape_in[-1],), keywords)
