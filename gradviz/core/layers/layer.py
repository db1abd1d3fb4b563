"""What every layer offers: its shapes, its count of parameters, its module and the torch expression for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from gradviz.core.declaration import Alternative
from gradviz.core.layers.initialisations import Initialisation
from gradviz.core.layers.learning import USUAL, Learning
from gradviz.core.layers.torch_call import TorchCall

if TYPE_CHECKING:
    from torch import dtype, nn

Shape = tuple[int, ...]


class ShapeError(ValueError):
    """An input that a layer cannot take, in a sentence."""


class Layer(Alternative):
    """One layer of a model. Shapes are those of one row, without the dimension of the batch."""

    is_random: ClassVar[bool] = False
    """Whether it draws random numbers at every evaluation in training mode."""
    gives_shares: ClassVar[bool] = False
    """Whether every number that it gives is between 0 and 1."""
    only_shapes: ClassVar[bool] = False
    """Whether it gives the numbers that it gets, in another shape."""
    takes_tokens: ClassVar[bool] = False
    """Whether its input is whole numbers, the tokens of the data."""

    @classmethod
    def names_in_list(cls, items: Sequence[Layer]) -> tuple[str, ...]:
        """With the number of its weights in torch, from 0: 0 Linear, whose weight is 0.weight."""
        return tuple(f"{index} {item.label}" for index, item in enumerate(items))

    @property
    def learns(self) -> Learning:
        """How its parameters learn, if it has any."""
        found: Learning = getattr(self, "learning", USUAL)
        return found

    def shape_out(self, shape_in: Shape) -> Shape:
        """Shape of the output; ShapeError where it cannot take `shape_in`."""
        return shape_in

    def parameter_count(self, shape_in: Shape) -> int:
        """Number of trained numbers, known before anything is built."""
        return 0

    def most_tensors(self, shape_in: Shape) -> int:
        """The tensors that its module keeps, at most: a weight, a bias, and the two means and the count of a norm."""
        return 5

    def activations(self, shape_in: Shape) -> int:
        """Numbers that the evaluation of one row makes, and keeps until backward has used them."""
        return count_of(self.shape_out(shape_in))

    def has_numbers(self, shape_in: Shape) -> bool:
        """Whether its module keeps numbers of the experiment's precision."""
        return self.parameter_count(shape_in) > 0

    def least_rows(self, shape_in: Shape) -> int:
        """The fewest rows that a batch may have in training mode."""
        return 1

    def call(self, shape_in: Shape) -> TorchCall:
        """The class and its arguments, for an input that it can take."""
        raise NotImplementedError

    def build(self, shape_in: Shape, dtype: dtype) -> nn.Module:
        """The module, on the CPU, drawing from torch's current random state."""
        return self.call(shape_in).build(dtype if self.has_numbers(shape_in) else None)

    def code(self, shape_in: Shape) -> str:
        """The torch expression, such as ``nn.Linear(1, 2)``."""
        return self.call(shape_in).code

    @property
    def definition(self) -> tuple[str, ...]:
        """Lines that a script needs above the model, where torch.nn has no such class."""
        return ()

    def start_code(self, layer_name: str) -> tuple[str, ...]:
        """Lines that give the parameters of `layer_name` the start that `build` gives them; often none."""
        return ()


class InitialisedLayer(Layer):
    """A layer whose weights start as its `init` says."""

    @property
    def start(self) -> Initialisation:
        """How the parameters start."""
        raise NotImplementedError

    @property
    def weight_names(self) -> tuple[str, ...]:
        """Names of the weights, which have at least two dimensions."""
        return ("weight",)

    @property
    def bias_names(self) -> tuple[str, ...]:
        """Names of the biases."""
        return ()

    def build(self, shape_in: Shape, dtype: dtype) -> nn.Module:
        module = super().build(shape_in, dtype)
        self.start.apply(module, self.weight_names, self.bias_names)
        return module

    def start_code(self, layer_name: str) -> tuple[str, ...]:
        return self.start.code(layer_name, self.weight_names, self.bias_names)


def written(shape: Shape) -> str:
    """A shape for a person: (1, 8, 8), and (4) for four features."""
    return f"({', '.join(f'{size:,}' if size >= 10_000 else str(size) for size in shape)})"


def count_of(shape: Shape) -> int:
    """Number of numbers of one row."""
    count = 1
    for size in shape:
        count *= size
    return count
