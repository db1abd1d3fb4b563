"""What a schedule of the learning rate is; the catalogue of them stands in schedules.py."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from gradviz.core.declaration import Alternative

if TYPE_CHECKING:
    from torch.optim import Optimizer as TorchOptimizer
    from torch.optim.lr_scheduler import LRScheduler


class Schedule(Alternative):
    """Changes the learning rate after each step.

    Every setting bears the name of torch's keyword.
    """

    formula: ClassVar[str] = ""
    """The rate at step t in words, lr0 the optimiser's own rate, where `closed_form` gives none."""
    torch_name: ClassVar[str] = ""
    is_constant: ClassVar[bool] = False
    """Whether the rate stays as it is set, so that torch has nothing to do."""
    needs_loss: ClassVar[bool] = False
    """Whether torch's step() asks for the loss."""
    always_written: ClassVar[tuple[str, ...]] = ()
    """Keywords that a script writes at any value, for torch has no default or another one."""
    has_torch_defaults: ClassVar[bool] = True
    """Whether the other settings have the defaults that torch has."""
    formulas: ClassVar[dict[str, str]] = {}
    """Settings that are a formula, each over what: torch takes functions there."""
    rates: ClassVar[tuple[str, ...]] = ()
    """Settings that are learning rates and take the place of the optimiser's own."""

    def notes(self) -> dict[str, str]:
        if self.is_constant:
            return {}
        return {"": f"lr = {self.closed_form}" if self.closed_form else self.formula}

    @property
    def closed_form(self) -> str:
        """The rate at `step`, from 0, as a formula of lr0 and the settings; empty where it has none of a line."""
        return ""

    @property
    def closed_form_in_numbers(self) -> str:
        """The same with the settings by their values."""
        values = {name: repr(getattr(self, name)) for name in type(self).model_fields if name != "kind"}
        return re.sub(r"[^\W\d]\w*", lambda found: values.get(found[0], found[0]), self.closed_form)

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

    def in_steps(self, per_epoch: int) -> Schedule:
        """The same without epochs, of which each has so many steps."""
        del per_epoch
        return self

    def scaled(self, factor: float) -> Schedule:
        """The same with its own learning rates `factor` times as large."""
        return self.model_copy(update={name: getattr(self, name) * factor for name in self.rates})

    def build(self, optimizer: TorchOptimizer, steps: int) -> LRScheduler:
        """torch's scheduler over `optimizer`, for a run of `steps` steps."""
        from torch.optim import lr_scheduler

        built: LRScheduler = getattr(lr_scheduler, self.torch_name)(optimizer, **self.keywords(steps))
        return built
