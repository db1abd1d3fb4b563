"""Functions between the layers: elementwise ones, and the two softmaxes."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from gradviz.core.declaration import setting
from gradviz.core.layers.layer import Layer, Shape, ShapeError
from gradviz.core.layers.torch_call import TorchCall, differing


class Activation(Layer):
    """A function without parameters; the class of torch.nn has the name `torch_name`."""

    torch_name: ClassVar[str]

    @property
    def keywords(self) -> dict[str, Any]:
        """What is not torch's default."""
        return {}

    def call(self, shape_in: Shape) -> TorchCall:
        return TorchCall(self.torch_name, keywords=self.keywords)


class Sigmoid(Activation):
    label: ClassVar[str] = "Sigmoid"
    about: ClassVar[str] = "1 / (1 + exp(-x)): squeezes into (0, 1)."
    torch_name: ClassVar[str] = "Sigmoid"
    gives_shares: ClassVar[bool] = True
    kind: Literal["sigmoid"] = "sigmoid"


class Tanh(Activation):
    label: ClassVar[str] = "Tanh"
    about: ClassVar[str] = "Squeezes into (-1, 1), and keeps 0 at 0."
    torch_name: ClassVar[str] = "Tanh"
    kind: Literal["tanh"] = "tanh"


class ReLU(Activation):
    label: ClassVar[str] = "ReLU"
    about: ClassVar[str] = "max(x, 0): its gradient is 0 or 1."
    torch_name: ClassVar[str] = "ReLU"
    kind: Literal["relu"] = "relu"


class LeakyReLU(Activation):
    label: ClassVar[str] = "Leaky ReLU"
    about: ClassVar[str] = "x above 0, slope*x below: no neuron dies."
    torch_name: ClassVar[str] = "LeakyReLU"
    kind: Literal["leaky_relu"] = "leaky_relu"
    slope: float = setting(0.01, title="Slope", description="The slope below 0.", ge=0, le=1)

    @property
    def keywords(self) -> dict[str, Any]:
        return differing(negative_slope=(self.slope, 0.01))


class ELU(Activation):
    label: ClassVar[str] = "ELU"
    about: ClassVar[str] = "x above 0, alpha*(exp(x) - 1) below."
    torch_name: ClassVar[str] = "ELU"
    kind: Literal["elu"] = "elu"
    alpha: float = setting(1.0, title="Alpha", description="What it goes to, negated, far below 0.", gt=0, le=100)

    @property
    def keywords(self) -> dict[str, Any]:
        return differing(alpha=(self.alpha, 1.0))


class GELU(Activation):
    label: ClassVar[str] = "GELU"
    about: ClassVar[str] = "x times the normal distribution function of x."
    torch_name: ClassVar[str] = "GELU"
    kind: Literal["gelu"] = "gelu"
    approximate: Literal["none", "tanh"] = setting(
        "none", title="Approximation", description="None is exact; tanh is the faster formula of GPT-2."
    )

    @property
    def keywords(self) -> dict[str, Any]:
        return differing(approximate=(self.approximate, "none"))


class SiLU(Activation):
    label: ClassVar[str] = "SiLU"
    about: ClassVar[str] = "x * sigmoid(x), also called swish."
    torch_name: ClassVar[str] = "SiLU"
    kind: Literal["silu"] = "silu"


class Softplus(Activation):
    label: ClassVar[str] = "Softplus"
    about: ClassVar[str] = "log(1 + exp(beta*x)) / beta: a ReLU with a round corner."
    torch_name: ClassVar[str] = "Softplus"
    kind: Literal["softplus"] = "softplus"
    beta: float = setting(1.0, title="Beta", description="The larger, the sharper the corner.", gt=0, le=100)

    @property
    def keywords(self) -> dict[str, Any]:
        return differing(beta=(self.beta, 1.0))


class _OverFeatures(Activation):
    """A function over the last dimension, which has to be there."""

    def shape_out(self, shape_in: Shape) -> Shape:
        if not shape_in:
            raise ShapeError(f"{type(self).label} takes features, but gets a single number")
        return shape_in

    @property
    def keywords(self) -> dict[str, Any]:
        return {"dim": -1}


class Softmax(_OverFeatures):
    label: ClassVar[str] = "Softmax"
    about: ClassVar[str] = "exp(x) over its sum: probabilities over the last dimension. Cross entropy has it built in."
    torch_name: ClassVar[str] = "Softmax"
    gives_shares: ClassVar[bool] = True
    kind: Literal["softmax"] = "softmax"


class LogSoftmax(_OverFeatures):
    label: ClassVar[str] = "Log softmax"
    about: ClassVar[str] = "The logarithm of softmax, computed safely; what the loss NLL wants."
    torch_name: ClassVar[str] = "LogSoftmax"
    kind: Literal["log_softmax"] = "log_softmax"
