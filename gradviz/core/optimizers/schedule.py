"""What a schedule of the learning rate is; the catalogue of them stands in schedules.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from gradviz.core.declaration import Alternative

if TYPE_CHECKING:
    from torch.optim import Optimizer as TorchOptimizer
    from torch.optim.lr_scheduler import LRScheduler


class Schedule(Alternative):
    """Changes the learning rate after each step; `formula` is the rate at step t, lr0 the optimiser's own rate.

    Every setting bears the name of torch's keyword.
    """

    formula: ClassVar[str] = ""
    torch_name: ClassVar[str] = ""
    is_constant: ClassVar[bool] = False
    """Whether the rate stays as it is set, so that torch has nothing to do."""
    needs_loss: ClassVar[bool] = False
    """Whether torch's step() asks for the loss."""
    rates: ClassVar[tuple[str, ...]] = ()
    """Settings that are learning rates and take the place of the optimiser's own."""

    def notes(self) -> dict[str, str]:
        return {"": self.formula} if self.torch_name else {}

    @property
    def drives_momentum(self) -> bool:
        """Whether it changes the momentum (or the first beta) as well."""
        return False

    @property
    def depends_on_steps(self) -> bool:
        """Whether it is another one where the experiment has another number of steps."""
        return False

    def keywords(self, steps: int) -> dict[str, Any]:
        """The keyword arguments of the class in torch for a run of `steps` steps."""
        del steps
        return {name: getattr(self, name) for name in type(self).model_fields if name != "kind"}

    def check(self, steps: int) -> None:
        """FieldError where a run of `steps` steps could not go to its end."""

    def scaled(self, factor: float) -> Schedule:
        """The same with its own learning rates `factor` times as large."""
        return self.model_copy(update={name: getattr(self, name) * factor for name in self.rates})

    def build(self, optimizer: TorchOptimizer, steps: int) -> LRScheduler:
        """torch's scheduler over `optimizer`, for a run of `steps` steps."""
        from torch.optim import lr_scheduler

        built: LRScheduler = getattr(lr_scheduler, self.torch_name)(optimizer, **self.keywords(steps))
        return built
