"""Layers of images and of channels along one axis: convolutions and poolings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from gradviz.core.declaration import setting
from gradviz.core.layers.initialisations import AnyInitialisation, Initialisation, initialisation
from gradviz.core.layers.layer import InitialisedLayer, Layer, Shape, ShapeError, count_of, written
from gradviz.core.layers.learning import AnyLearning, learning_setting
from gradviz.core.layers.torch_call import TorchCall, differing

_FORMS = {1: "a sequence (channels, length)", 2: "an image (channels, height, width)"}


def _kernel(default: int) -> Any:
    return setting(
        default, title="Kernel", description="Size of the window, the same in each direction.", ge=1, le=1000
    )


def _stride(default: int) -> Any:
    return setting(default, title="Stride", description="How far the window moves each time.", ge=1, le=1000)


def _padding() -> Any:
    return setting(0, title="Padding", description="Zeros added at each edge.", ge=0, le=1000)


class _Window(Layer):
    """A window that moves over one or two dimensions."""

    dimensions: ClassVar[int]
    if TYPE_CHECKING:  # the fields of the layers, each in the order in which its form shows them
        kernel: int
        stride: int
        padding: int

    def check_form(self, shape_in: Shape) -> None:
        """ShapeError where the input has the wrong number of dimensions."""
        if len(shape_in) != self.dimensions + 1:
            raise ShapeError(
                f"{type(self).label} takes {_FORMS[self.dimensions]}, but gets {written(shape_in)}: "
                "put Reshape before it"
            )

    def windows(self, shape_in: Shape) -> Shape:
        """How many places the window has in each direction."""
        self.check_form(shape_in)
        for size in shape_in[1:]:
            if size + 2 * self.padding < self.kernel:
                padded = f" with its padding ({size + 2 * self.padding})" if self.padding else ""
                raise ShapeError(f"the kernel of {self.kernel} is larger than the input {written(shape_in)}{padded}")
        return tuple((size + 2 * self.padding - self.kernel) // self.stride + 1 for size in shape_in[1:])


class _Convolution(InitialisedLayer, _Window):
    if TYPE_CHECKING:
        channels: int
        bias: bool
        init: AnyInitialisation

    @property
    def start(self) -> Initialisation:
        return self.init

    @property
    def bias_names(self) -> tuple[str, ...]:
        return ("bias",) if self.bias else ()

    def shape_out(self, shape_in: Shape) -> Shape:
        return (self.channels, *self.windows(shape_in))

    def parameter_count(self, shape_in: Shape) -> int:
        window = count_of((self.kernel,) * self.dimensions)
        return self.channels * (shape_in[0] * window + int(self.bias))

    def call(self, shape_in: Shape) -> TorchCall:
        keywords = differing(stride=(self.stride, 1), padding=(self.padding, 0), bias=(self.bias, True))
        return TorchCall(f"Conv{self.dimensions}d", (shape_in[0], self.channels, self.kernel), keywords)


class Conv1d(_Convolution):
    label: ClassVar[str] = "Conv1d"
    about: ClassVar[str] = "torch.nn.Conv1d: one small filter a channel, moved along the sequence."
    dimensions: ClassVar[int] = 1
    kind: Literal["conv1d"] = "conv1d"
    channels: int = setting(4, title="Channels", description="Number of filters.", ge=1, le=100_000)
    kernel: int = _kernel(3)
    stride: int = _stride(1)
    padding: int = _padding()
    bias: bool = setting(True, title="Bias", description="Whether a bias is added.")
    init: AnyInitialisation = initialisation()
    learning: AnyLearning = learning_setting()


class Conv2d(_Convolution):
    label: ClassVar[str] = "Conv2d"
    about: ClassVar[str] = "torch.nn.Conv2d: one small filter a channel, moved over the image."
    dimensions: ClassVar[int] = 2
    kind: Literal["conv2d"] = "conv2d"
    channels: int = setting(4, title="Channels", description="Number of filters.", ge=1, le=100_000)
    kernel: int = _kernel(3)
    stride: int = _stride(1)
    padding: int = _padding()
    bias: bool = setting(True, title="Bias", description="Whether a bias is added.")
    init: AnyInitialisation = initialisation()
    learning: AnyLearning = learning_setting()


class _Pool(_Window):
    """The largest or the mean of each window; torch's pools pad at most half a kernel."""

    torch_name: ClassVar[str]

    def shape_out(self, shape_in: Shape) -> Shape:
        if 2 * self.padding > self.kernel:
            raise ShapeError(f"the padding is {self.padding}, but at most half of the kernel, {self.kernel // 2}")
        return (*shape_in[:1], *self.windows(shape_in))

    def call(self, shape_in: Shape) -> TorchCall:
        keywords = differing(stride=(self.stride, self.kernel), padding=(self.padding, 0))
        return TorchCall(self.torch_name, (self.kernel,), keywords)


class MaxPool1d(_Pool):
    label: ClassVar[str] = "MaxPool1d"
    about: ClassVar[str] = "torch.nn.MaxPool1d: the largest value of each window."
    torch_name: ClassVar[str] = "MaxPool1d"
    dimensions: ClassVar[int] = 1
    kind: Literal["max_pool1d"] = "max_pool1d"
    kernel: int = _kernel(2)
    stride: int = _stride(2)
    padding: int = _padding()


class MaxPool2d(_Pool):
    label: ClassVar[str] = "MaxPool2d"
    about: ClassVar[str] = "torch.nn.MaxPool2d: the largest value of each window."
    torch_name: ClassVar[str] = "MaxPool2d"
    dimensions: ClassVar[int] = 2
    kind: Literal["max_pool2d"] = "max_pool2d"
    kernel: int = _kernel(2)
    stride: int = _stride(2)
    padding: int = _padding()


class AvgPool2d(_Pool):
    label: ClassVar[str] = "AvgPool2d"
    about: ClassVar[str] = "torch.nn.AvgPool2d: the mean of each window."
    torch_name: ClassVar[str] = "AvgPool2d"
    dimensions: ClassVar[int] = 2
    kind: Literal["avg_pool2d"] = "avg_pool2d"
    kernel: int = _kernel(2)
    stride: int = _stride(2)
    padding: int = _padding()
