"""What is trained: named parameters and a differentiable loss over them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn

from gradviz.core.layers.learning import Learning
from gradviz.core.numbers import element_names
from gradviz.core.objectives.autocast import Autocast, NoAutocast

Scale = Callable[[Tensor], Tensor]
MOST_AXES = 2
"""Of a picture: an objective of so many numbers is drawn over these themselves."""


class Objective(ABC):
    """Named parameters and a differentiable loss; lives on one device and belongs to one thread."""

    parameters: dict[str, nn.Parameter]
    cut: frozenset[str] = frozenset()
    """Names of values (see `named_values`) or modules that are detached on purpose: no gradient passes them."""

    autocast: Autocast = NoAutocast()
    """What it is computed in, where that is not the precision of its parameters."""
    learnings: Mapping[str, Learning] = MappingProxyType({})
    """How parameters learn, by their names, where it is otherwise than the optimiser says."""
    landscape_numbers: int = 1
    """About how many numbers one evaluation of `landscape_at` makes: what a surface of many points costs."""
    loss_numbers: int = 1
    """The same of `loss_at`: what many starts cost at each step."""
    is_elementwise: bool = False
    """Whether `loss_at` takes tensors of any one shape, and gives the loss at each of their elements."""
    upstream: Tensor | None = None
    """What `backward` begins with where the loss is a vector; None for 1."""
    by_hand: bool = False
    """Whether `backward` takes the gradient from a formula; where it is set to False, autograd is asked."""

    def at_step(self, step: int) -> None:  # noqa: B027 - most objectives have nothing to choose
        """Get ready for the evaluation of `step`: choose its batch, say. Any order of steps is allowed."""

    @abstractmethod
    def loss(self) -> Tensor:
        """The loss, a scalar, at the current parameters, with its graph."""

    @abstractmethod
    def loss_at(self, parameters: Mapping[str, Tensor]) -> Tensor:
        """The loss at other parameters: a pure function, which `torch.func.vmap` may map."""

    def landscape_at(self, parameters: Mapping[str, Tensor]) -> Tensor:
        """What a surface shows at other parameters: a pure function like `loss_at`, the same at every step."""
        return self.loss_at(parameters)

    @property
    def landscape_note(self) -> str:
        """How `landscape_at` differs from the loss of a step; empty where it does not."""
        return ""

    @property
    def buffers(self) -> dict[str, Tensor]:
        """Tensors that are not trained but kept: those that the evaluation of the present step began with.

        They belong to the state of a step, as the parameters do: copy them into a checkpoint or a file.
        """
        return {}

    def restore_buffers(self, saved: Mapping[str, Tensor]) -> None:  # noqa: B027 - most objectives have none
        """Begin the next evaluation with these buffers, as `buffers` gave them."""

    def evaluate(self) -> Tensor:
        """One evaluation: the loss, and the gradient of every parameter in its ``.grad``."""
        for parameter in self.parameters.values():
            parameter.grad = None
        loss = self.loss()
        self.backward(loss)
        return self.number(loss)

    def added(self, scale: Scale | None = None) -> Tensor:
        """The same, but the gradient, of the loss that `scale` gives, is added to what stands in ``.grad``."""
        loss = self.loss()
        self.backward(loss if scale is None else scale(loss))
        return self.number(loss)

    def backward(self, loss: Tensor) -> None:
        """Add the gradient of `loss`, the last that `loss()` gave, to every parameter's ``.grad``."""
        loss.backward()  # type: ignore[no-untyped-call]

    def number(self, loss: Tensor) -> Tensor:
        """The one number of a loss that is recorded; NaN where a vector has none."""
        return loss

    @property
    def no_number(self) -> str:
        """What the last `loss` is in the place of one number; empty where it is one."""
        return ""

    def named_values(self) -> Iterator[tuple[Tensor, str]]:
        """Values of the last `loss` that have a name of their own."""
        return iter(())

    def parts(self) -> dict[str, float]:
        """What the last loss is the sum of, by their names; empty where it has one part."""
        return {}

    def flows(self) -> Iterator[tuple[str, str]]:
        """Which named value is made of which: the names of a part and of the whole, as far as they are known."""
        return iter(())

    def names_to_cut(self) -> tuple[str, ...]:
        """The values and layers that can be detached, found by one evaluation; the last value is the loss itself."""
        random = torch.get_rng_state()
        self.loss()
        torch.set_rng_state(random)
        named = [name for _, name in self.named_values()]
        found = [*self.modules, *named[:-1]] if self.modules else [*self.parameters, *named[:-1]]
        return tuple(dict.fromkeys(name for name in found if name))

    def data_values(self) -> dict[str, Tensor]:
        """What is not trained by the name that the experiment has for it: rows of data, constants of a formula."""
        return {}

    def hand_values(self) -> dict[str, Tensor]:
        """What a gradient by hand may name, as it was in the last `loss`; parameters besides."""
        return {}

    def adopt(self, other: Objective) -> None:
        """Take over parameters and data of another objective of the same experiment, whatever its dtype."""
        self.cut = other.cut
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(other.parameters[name])

    def retained(self) -> Iterator[tuple[str, Tensor]]:
        """Named values, besides the parameters, that keep a gradient in their ``.grad``."""
        for value, name in self.named_values():
            if value.requires_grad and (value.is_leaf or value.retains_grad):
                yield name, value

    def fault(self) -> str:
        """Where the loss is not finite at the initial parameters, if the objective can tell; else empty."""
        return ""

    @property
    def modules(self) -> dict[str, nn.Module]:
        """The layers by name; empty where there are none."""
        return {}

    @property
    def learned(self) -> dict[str, nn.Parameter]:
        """The parameters that an optimiser may change."""
        return {name: parameter for name, parameter in self.parameters.items() if parameter.requires_grad}

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names of all learned numbers, where these are one or two: a picture's axes are they. Else empty."""
        learned = self.learned.items()
        if not 0 < sum(parameter.numel() for _, parameter in learned) <= MOST_AXES:
            return ()
        return tuple(name for whose, parameter in learned for name in element_names(whose, tuple(parameter.shape)))
