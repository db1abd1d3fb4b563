"""Layers of numbers in a row: the line of two scalars, Linear, and what only changes the shape."""

from __future__ import annotations

from typing import ClassVar, Literal

from gradviz.core.declaration import setting
from gradviz.core.layers.initialisations import AnyInitialisation, Initialisation, initialisation
from gradviz.core.layers.layer import InitialisedLayer, Layer, Shape, ShapeError, count_of, written
from gradviz.core.layers.learning import AnyLearning, learning_setting
from gradviz.core.layers.torch_call import TorchCall, differing
from gradviz.core.numbers import plural


class LineLayer(Layer):
    label: ClassVar[str] = "Line w*x + b"
    about: ClassVar[str] = "One scalar w and one scalar b, as a beginner writes it."
    kind: Literal["line"] = "line"
    w: float = setting(1.0, title="w", description="The slope at the start.", ge=-1e6, le=1e6)
    b: float = setting(0.0, title="b", description="The intercept at the start.", ge=-1e6, le=1e6)
    learning: AnyLearning = learning_setting()

    def shape_out(self, shape_in: Shape) -> Shape:
        if shape_in != (1,):
            raise ShapeError(f"a line takes 1 input, but gets {written(shape_in)}: use Linear")
        return shape_in

    def parameter_count(self, shape_in: Shape) -> int:
        return 2

    def call(self, shape_in: Shape) -> TorchCall:
        return TorchCall("Line", (self.w, self.b), is_ours=True)

    @property
    def definition(self) -> tuple[str, ...]:
        return (
            "class Line(nn.Module):",
            "    def __init__(self, w, b):",
            "        super().__init__()",
            "        self.w = nn.Parameter(torch.tensor(w))",
            "        self.b = nn.Parameter(torch.tensor(b))",
            "",
            "    def forward(self, x):",
            "        return self.w * x + self.b",
        )


class LinearLayer(InitialisedLayer):
    label: ClassVar[str] = "Linear"
    about: ClassVar[str] = "torch.nn.Linear: a matrix product, plus a bias."
    kind: Literal["linear"] = "linear"
    features: int = setting(1, title="Outputs", description="Number of outputs (neurons).", ge=1, le=10**9)
    bias: bool = setting(True, title="Bias", description="Whether a bias is added.")
    init: AnyInitialisation = initialisation()
    learning: AnyLearning = learning_setting()

    @property
    def start(self) -> Initialisation:
        return self.init

    @property
    def bias_names(self) -> tuple[str, ...]:
        return ("bias",) if self.bias else ()

    def shape_out(self, shape_in: Shape) -> Shape:
        if not shape_in:
            raise ShapeError("Linear takes features, but gets a single number: use Reshape to (1) before it")
        return (*shape_in[:-1], self.features)

    def parameter_count(self, shape_in: Shape) -> int:
        return self.features * (shape_in[-1] + int(self.bias))

    def call(self, shape_in: Shape) -> TorchCall:
        return TorchCall("Linear", (shape_in[-1], self.features), differing(bias=(self.bias, True)))


class Flatten(Layer):
    label: ClassVar[str] = "Flatten"
    about: ClassVar[str] = "torch.nn.Flatten: all numbers of a row as features."
    only_shapes: ClassVar[bool] = True
    kind: Literal["flatten"] = "flatten"

    def shape_out(self, shape_in: Shape) -> Shape:
        return (count_of(shape_in),)

    def call(self, shape_in: Shape) -> TorchCall:
        return TorchCall("Flatten")


class Reshape(Layer):
    label: ClassVar[str] = "Reshape"
    about: ClassVar[str] = "torch.nn.Unflatten: features as an image or a sequence."
    only_shapes: ClassVar[bool] = True
    kind: Literal["reshape"] = "reshape"
    shape: tuple[int, ...] = setting(
        (1, 8, 8),
        title="Shape",
        description="The shape of a row, such as [1, 8, 8] for channels, height and width.",
        min_length=1,
        max_length=4,
    )

    def shape_out(self, shape_in: Shape) -> Shape:
        if any(size < 1 for size in self.shape):
            raise ShapeError("every size of the shape must be at least 1")
        if len(shape_in) != 1:
            raise ShapeError(f"Reshape takes features, but gets {written(shape_in)}: put Flatten before it")
        if count_of(self.shape) != shape_in[0]:
            held, features = plural(count_of(self.shape), "number"), plural(shape_in[0], "feature")
            raise ShapeError(f"{written(self.shape)} holds {held}, but its input has {features}")
        return self.shape

    def call(self, shape_in: Shape) -> TorchCall:
        return TorchCall("Unflatten", (1, self.shape))
