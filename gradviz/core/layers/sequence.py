"""Layers of sequences: Embedding, and the recurrent LSTM, GRU and RNN."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from gradviz.core.declaration import setting
from gradviz.core.layers.initialisations import AnyInitialisation, Initialisation, initialisation
from gradviz.core.layers.layer import InitialisedLayer, Shape, ShapeError, written
from gradviz.core.layers.learning import AnyLearning, learning_setting
from gradviz.core.layers.torch_call import TorchCall, differing

Output = Literal["last", "all"]


class Embedding(InitialisedLayer):
    label: ClassVar[str] = "Embedding"
    about: ClassVar[str] = "torch.nn.Embedding: a trained vector for each token."
    takes_tokens: ClassVar[bool] = True
    kind: Literal["embedding"] = "embedding"
    tokens: int = setting(10, title="Tokens", description="Number of different tokens.", ge=1, le=10_000_000)
    features: int = setting(8, title="Features", description="Numbers of a token's vector.", ge=1, le=100_000)
    init: AnyInitialisation = initialisation()
    learning: AnyLearning = learning_setting()

    @property
    def start(self) -> Initialisation:
        return self.init

    def shape_out(self, shape_in: Shape) -> Shape:
        return (*shape_in, self.features)

    def parameter_count(self, shape_in: Shape) -> int:
        return self.tokens * self.features

    def call(self, shape_in: Shape) -> TorchCall:
        return TorchCall("Embedding", (self.tokens, self.features))


def _features() -> Any:
    return setting(8, title="Features", description="Size of the hidden state.", ge=1, le=100_000)


def _depth() -> Any:
    return setting(1, title="Depth", description="How many are stacked on one another.", ge=1, le=100)


def _output() -> Any:
    return setting("last", title="Output", description="The state after the last step, or those of all steps.")


def _bias() -> Any:
    return setting(True, title="Bias", description="Whether biases are added.")


class Recurrent(InitialisedLayer):
    """A state that is carried along the sequence; `gates` of them make one."""

    gates: ClassVar[int]
    torch_name: ClassVar[str]
    features: int
    depth: int
    output: Output
    bias: bool
    init: AnyInitialisation

    @property
    def start(self) -> Initialisation:
        return self.init

    @property
    def weight_names(self) -> tuple[str, ...]:
        return tuple(f"weight_{part}_l{level}" for level in range(self.depth) for part in ("ih", "hh"))

    @property
    def bias_names(self) -> tuple[str, ...]:
        names = tuple(f"bias_{part}_l{level}" for level in range(self.depth) for part in ("ih", "hh"))
        return names if self.bias else ()

    def shape_out(self, shape_in: Shape) -> Shape:
        if len(shape_in) != 2:
            raise ShapeError(
                f"{type(self).label} takes a sequence (length, features), but gets {written(shape_in)}: "
                "put Reshape before it"
            )
        return (self.features,) if self.output == "last" else (shape_in[0], self.features)

    def parameter_count(self, shape_in: Shape) -> int:
        inputs = shape_in[-1] + (self.depth - 1) * self.features
        weights = inputs + self.depth * self.features
        return self.gates * self.features * (weights + 2 * self.depth * int(self.bias))

    def most_tensors(self, shape_in: Shape) -> int:
        return len(self.weight_names) + len(self.bias_names)

    def activations(self, shape_in: Shape) -> int:
        """All gates of every step, before and after their functions, and the state."""
        return shape_in[0] * self.features * self.depth * (2 * self.gates + 2)

    @property
    def keywords(self) -> dict[str, Any]:
        """What is not torch's default."""
        return differing(num_layers=(self.depth, 1), bias=(self.bias, True))

    def call(self, shape_in: Shape) -> TorchCall:
        keywords = {**self.keywords, "batch_first": True}
        return TorchCall(self._class_name, (shape_in[-1], self.features), keywords, is_ours=True)

    @property
    def _class_name(self) -> str:
        return f"{'Last' if self.output == 'last' else 'All'}{self.torch_name}"

    @property
    def definition(self) -> tuple[str, ...]:
        taken = "[:, -1]" if self.output == "last" else ""
        return (
            f"class {self._class_name}(nn.{self.torch_name}):",
            "    def forward(self, x):",
            f"        return super().forward(x)[0]{taken}",
        )


class LSTM(Recurrent):
    label: ClassVar[str] = "LSTM"
    about: ClassVar[str] = "torch.nn.LSTM: long short-term memory (Hochreiter and Schmidhuber 1997)."
    gates: ClassVar[int] = 4
    torch_name: ClassVar[str] = "LSTM"
    kind: Literal["lstm"] = "lstm"
    features: int = _features()
    depth: int = _depth()
    output: Output = _output()
    bias: bool = _bias()
    init: AnyInitialisation = initialisation()
    learning: AnyLearning = learning_setting()


class GRU(Recurrent):
    label: ClassVar[str] = "GRU"
    about: ClassVar[str] = "torch.nn.GRU: gated recurrent unit (Cho et al. 2014)."
    gates: ClassVar[int] = 3
    torch_name: ClassVar[str] = "GRU"
    kind: Literal["gru"] = "gru"
    features: int = _features()
    depth: int = _depth()
    output: Output = _output()
    bias: bool = _bias()
    init: AnyInitialisation = initialisation()
    learning: AnyLearning = learning_setting()


class RNN(Recurrent):
    label: ClassVar[str] = "RNN"
    about: ClassVar[str] = "torch.nn.RNN: the state is a function of the input and the last state."
    gates: ClassVar[int] = 1
    torch_name: ClassVar[str] = "RNN"
    kind: Literal["rnn"] = "rnn"
    features: int = _features()
    depth: int = _depth()
    output: Output = _output()
    bias: bool = _bias()
    nonlinearity: Literal["tanh", "relu"] = setting(
        "tanh", title="Function", description="The function after every step."
    )
    init: AnyInitialisation = initialisation()
    learning: AnyLearning = learning_setting()

    @property
    def keywords(self) -> dict[str, Any]:
        return super().keywords | differing(nonlinearity=(self.nonlinearity, "tanh"))
