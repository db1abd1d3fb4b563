"""Layers of a model. Adding one: a frozen class here and its name in `AnyLayer`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting

if TYPE_CHECKING:
    from torch import dtype, nn


class Initialisation(Alternative):
    """How the parameters of a Linear layer start."""

    def apply(self, layer: nn.Linear) -> None:
        """Set the parameters of `layer` in place."""
        raise NotImplementedError


class DefaultInitialisation(Initialisation):
    label: ClassVar[str] = "PyTorch's own"
    about: ClassVar[str] = "What torch.nn draws from the seed: uniform within 1/sqrt(inputs)."
    kind: Literal["default"] = "default"

    def apply(self, layer: nn.Linear) -> None:
        pass


class ConstantInitialisation(Initialisation):
    label: ClassVar[str] = "Constant"
    about: ClassVar[str] = "The same weight everywhere, and the same bias."
    kind: Literal["constant"] = "constant"
    weight: float = setting(1.0, title="Weight", description="Value of each weight.", ge=-1e6, le=1e6)
    bias: float = setting(0.0, title="Bias", description="Value of each bias.", ge=-1e6, le=1e6)

    def apply(self, layer: nn.Linear) -> None:
        from torch.nn import init

        init.constant_(layer.weight, self.weight)
        if layer.bias is not None:
            init.constant_(layer.bias, self.bias)


class NormalInitialisation(Initialisation):
    label: ClassVar[str] = "Normal"
    about: ClassVar[str] = "Weights drawn from a normal distribution around 0; biases 0."
    kind: Literal["normal"] = "normal"
    deviation: float = setting(1.0, title="Standard deviation", description="Spread of the weights.", gt=0, le=1e6)

    def apply(self, layer: nn.Linear) -> None:
        from torch.nn import init

        init.normal_(layer.weight, std=self.deviation)
        if layer.bias is not None:
            init.zeros_(layer.bias)


AnyInitialisation = Annotated[
    DefaultInitialisation | ConstantInitialisation | NormalInitialisation, Field(discriminator="kind")
]
INITIALISATIONS: tuple[type[Initialisation], ...] = alternatives(AnyInitialisation)


class Layer(Alternative):
    """One layer: the features that it gives, its parameter count, and the module that it builds."""

    def features_out(self, features_in: int) -> int:
        """Number of features of the output, for that of the input."""
        return features_in

    def parameter_count(self, features_in: int) -> int:
        """Number of trained numbers, known before anything is built."""
        return 0

    def build(self, features_in: int, dtype: dtype) -> nn.Module:
        """The module, on the CPU, drawing from torch's current random state."""
        raise NotImplementedError


class LineLayer(Layer):
    label: ClassVar[str] = "Line w*x + b"
    about: ClassVar[str] = "One scalar w and one scalar b, as a beginner writes it."
    kind: Literal["line"] = "line"
    w: float = setting(1.0, title="w", description="The slope at the start.", ge=-1e6, le=1e6)
    b: float = setting(0.0, title="b", description="The intercept at the start.", ge=-1e6, le=1e6)

    def parameter_count(self, features_in: int) -> int:
        return 2

    def build(self, features_in: int, dtype: dtype) -> nn.Module:
        from gradviz.core.line_module import Line

        return Line(self.w, self.b, dtype)


class LinearLayer(Layer):
    label: ClassVar[str] = "Linear"
    about: ClassVar[str] = "torch.nn.Linear: a matrix product, plus a bias."
    kind: Literal["linear"] = "linear"
    features: int = setting(1, title="Outputs", description="Number of outputs (neurons).", ge=1, le=10**9)
    bias: bool = setting(True, title="Bias", description="Whether a bias is added.")
    init: AnyInitialisation = setting(
        DefaultInitialisation(), title="Initialisation", description="How the parameters start."
    )

    def features_out(self, features_in: int) -> int:
        return self.features

    def parameter_count(self, features_in: int) -> int:
        return self.features * (features_in + int(self.bias))

    def build(self, features_in: int, dtype: dtype) -> nn.Module:
        from torch import nn

        layer = nn.Linear(features_in, self.features, bias=self.bias, dtype=dtype)
        self.init.apply(layer)
        return layer


class Activation(Layer):
    """An elementwise function; the class of torch.nn has the name `module`."""

    module: ClassVar[str]

    def build(self, features_in: int, dtype: dtype) -> nn.Module:
        from torch import nn

        built: nn.Module = getattr(nn, self.module)()
        return built


class Sigmoid(Activation):
    label: ClassVar[str] = "Sigmoid"
    about: ClassVar[str] = "1 / (1 + exp(-x)): squeezes into (0, 1)."
    module: ClassVar[str] = "Sigmoid"
    kind: Literal["sigmoid"] = "sigmoid"


class Tanh(Activation):
    label: ClassVar[str] = "Tanh"
    about: ClassVar[str] = "Squeezes into (-1, 1), and keeps 0 at 0."
    module: ClassVar[str] = "Tanh"
    kind: Literal["tanh"] = "tanh"


class ReLU(Activation):
    label: ClassVar[str] = "ReLU"
    about: ClassVar[str] = "max(x, 0): its gradient is 0 or 1."
    module: ClassVar[str] = "ReLU"
    kind: Literal["relu"] = "relu"


class Softplus(Activation):
    label: ClassVar[str] = "Softplus"
    about: ClassVar[str] = "log(1 + exp(x)): a ReLU with a round corner."
    module: ClassVar[str] = "Softplus"
    kind: Literal["softplus"] = "softplus"


AnyLayer = Annotated[LineLayer | LinearLayer | Sigmoid | Tanh | ReLU | Softplus, Field(discriminator="kind")]
LAYERS: tuple[type[Layer], ...] = alternatives(AnyLayer)
