"""How parameters start. Adding one: a frozen class here and its name in `AnyInitialisation`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from gradviz.core.declaration import Alternative, alternatives, setting

if TYPE_CHECKING:
    from torch import nn

Names = tuple[str, ...]
WEIGHT: Names = ("weight",)
BIAS: Names = ("bias",)


class Initialisation(Alternative):
    """How the weights and biases of a layer start: a function of torch.nn.init for the weights, biases a constant."""

    function: ClassVar[str] = ""

    @property
    def keywords(self) -> dict[str, Any]:
        """The keyword arguments of the function of torch.nn.init."""
        return {}

    @property
    def bias_value(self) -> float:
        """What every bias starts as."""
        return 0.0

    def apply(self, module: nn.Module, weights: Names = WEIGHT, biases: Names = BIAS) -> None:
        """Set the parameters of `module` in place, drawing from torch's current random state."""
        from torch.nn import init

        for name in weights:
            getattr(init, self.function)(module.get_parameter(name), **self.keywords)
        for name in biases:
            init.constant_(module.get_parameter(name), self.bias_value)

    def code(self, layer_name: str, weights: Names = WEIGHT, biases: Names = BIAS) -> tuple[str, ...]:
        """Lines that do the same to a layer that the script calls `layer_name`."""
        extra = "".join(
            f', {name}="{value}"' if isinstance(value, str) else f", {name}={value!r}"
            for name, value in self.keywords.items()
        )
        lines = [f"nn.init.{self.function}({layer_name}.{name}{extra})" for name in weights]
        lines += [f"nn.init.constant_({layer_name}.{name}, {self.bias_value!r})" for name in biases]
        return tuple(lines)


class DefaultInitialisation(Initialisation):
    label: ClassVar[str] = "PyTorch's own"
    about: ClassVar[str] = "What torch.nn draws from the seed; for Linear uniform within 1/sqrt(inputs)."
    kind: Literal["default"] = "default"

    def apply(self, module: nn.Module, weights: Names = WEIGHT, biases: Names = BIAS) -> None:
        pass

    def code(self, layer_name: str, weights: Names = WEIGHT, biases: Names = BIAS) -> tuple[str, ...]:
        return ()


class ConstantInitialisation(Initialisation):
    label: ClassVar[str] = "Constant"
    about: ClassVar[str] = "The same weight everywhere, and the same bias."
    function: ClassVar[str] = "constant_"
    kind: Literal["constant"] = "constant"
    weight: float = setting(1.0, title="Weight", description="Value of each weight.", ge=-1e6, le=1e6)
    bias: float = setting(0.0, title="Bias", description="Value of each bias.", ge=-1e6, le=1e6)

    @property
    def keywords(self) -> dict[str, Any]:
        return {"val": self.weight}

    @property
    def bias_value(self) -> float:
        return self.bias


class ZerosInitialisation(Initialisation):
    label: ClassVar[str] = "Zeros"
    about: ClassVar[str] = "Every parameter 0: neurons of one layer stay alike, and hidden layers do not learn."
    function: ClassVar[str] = "zeros_"
    kind: Literal["zeros"] = "zeros"


class NormalInitialisation(Initialisation):
    label: ClassVar[str] = "Normal"
    about: ClassVar[str] = "Weights drawn from a normal distribution around 0; biases 0."
    function: ClassVar[str] = "normal_"
    kind: Literal["normal"] = "normal"
    deviation: float = setting(1.0, title="Standard deviation", description="Spread of the weights.", gt=0, le=1e6)

    @property
    def keywords(self) -> dict[str, Any]:
        return {"std": self.deviation}


class UniformInitialisation(Initialisation):
    label: ClassVar[str] = "Uniform"
    about: ClassVar[str] = "Weights drawn evenly from -bound to bound; biases 0."
    function: ClassVar[str] = "uniform_"
    kind: Literal["uniform"] = "uniform"
    bound: float = setting(0.1, title="Bound", description="The largest size of a weight.", gt=0, le=1e6)

    @property
    def keywords(self) -> dict[str, Any]:
        return {"a": -self.bound, "b": self.bound}


def _gain() -> Any:
    return setting(
        1.0, title="Gain", description="Multiplies the spread: 5/3 suits tanh, sqrt(2) = 1.414 ReLU.", gt=0, le=1e3
    )


class XavierNormal(Initialisation):
    label: ClassVar[str] = "Xavier normal"
    about: ClassVar[str] = "Normal with deviation gain*sqrt(2 / (inputs + outputs)) (Glorot and Bengio 2010); biases 0."
    function: ClassVar[str] = "xavier_normal_"
    kind: Literal["xavier_normal"] = "xavier_normal"
    gain: float = _gain()

    @property
    def keywords(self) -> dict[str, Any]:
        return {"gain": self.gain}


class XavierUniform(Initialisation):
    label: ClassVar[str] = "Xavier uniform"
    about: ClassVar[str] = "Uniform within gain*sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010); biases 0."
    function: ClassVar[str] = "xavier_uniform_"
    kind: Literal["xavier_uniform"] = "xavier_uniform"
    gain: float = _gain()

    @property
    def keywords(self) -> dict[str, Any]:
        return {"gain": self.gain}


Mode = Literal["fan_in", "fan_out"]


def _mode() -> Any:
    return setting(
        "fan_in", title="Mode", description="fan_in keeps the size of the values going forward, fan_out of gradients."
    )


class KaimingNormal(Initialisation):
    label: ClassVar[str] = "Kaiming normal"
    about: ClassVar[str] = "Normal with deviation sqrt(2 / inputs), made for ReLU (He et al. 2015); biases 0."
    function: ClassVar[str] = "kaiming_normal_"
    kind: Literal["kaiming_normal"] = "kaiming_normal"
    mode: Mode = _mode()

    @property
    def keywords(self) -> dict[str, Any]:
        return {"mode": self.mode, "nonlinearity": "relu"}


class KaimingUniform(Initialisation):
    label: ClassVar[str] = "Kaiming uniform"
    about: ClassVar[str] = "Uniform within sqrt(6 / inputs), made for ReLU (He et al. 2015); biases 0."
    function: ClassVar[str] = "kaiming_uniform_"
    kind: Literal["kaiming_uniform"] = "kaiming_uniform"
    mode: Mode = _mode()

    @property
    def keywords(self) -> dict[str, Any]:
        return {"mode": self.mode, "nonlinearity": "relu"}


class Orthogonal(Initialisation):
    label: ClassVar[str] = "Orthogonal"
    about: ClassVar[str] = "Orthogonal rows or columns: lengths are kept (Saxe et al. 2013); biases 0."
    function: ClassVar[str] = "orthogonal_"
    kind: Literal["orthogonal"] = "orthogonal"
    gain: float = _gain()

    @property
    def keywords(self) -> dict[str, Any]:
        return {"gain": self.gain}


AnyInitialisation = Annotated[
    DefaultInitialisation
    | ConstantInitialisation
    | ZerosInitialisation
    | NormalInitialisation
    | UniformInitialisation
    | XavierNormal
    | XavierUniform
    | KaimingNormal
    | KaimingUniform
    | Orthogonal,
    Field(discriminator="kind"),
]
INITIALISATIONS: tuple[type[Initialisation], ...] = alternatives(AnyInitialisation)


def initialisation() -> Any:
    """The setting of a layer that has weights."""
    return setting(DefaultInitialisation(), title="Initialisation", description="How the parameters start.")
