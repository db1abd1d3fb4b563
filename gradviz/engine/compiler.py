"""Keeps torch's compiler out of the process: gradviz compiles nothing, and its import takes as long as torch's own.

PyTorch's optimisers import torch._dynamo, and with it torch._inductor and sympy, some 800 modules. They need it for
two things, and neither does anything while nobody compiles:

- functions that it must not trace (`torch._compile._disable_dynamo`) look for their untraced form in an attribute of
  the plain function, and import the compiler only where there is none;
- `step` of most optimisers says where a traced graph ends (`graph_break`).

So the plain function is called until something else, a user's ``torch.compile`` say, imports the compiler, and torch's
own wrapper from then on. What computes an update is torch's either way. A torch whose wrappers are not those known
here keeps them, and only starts more slowly; tests/engine/test_compiler.py tells.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from torch import is_grad_enabled, nn, set_grad_enabled
from torch.optim import Optimizer as TorchOptimizer
from torch.optim import optimizer as torch_optimizer

from gradviz.core.optimizers.optimizer import Optimizer

COMPILER = "torch._dynamo"
UNTRACED = "__dynamo_disable"
"""Where torch looks for the untraced form of a plain function."""
GUARDED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
"""The methods of every optimiser that torch keeps from being traced."""
STEP_NAMES = frozenset(
    {"torch._dynamo", "_dynamo", "graph_break", "cast", "Optimizer", "is_grad_enabled", "set_grad_enabled", "defaults"}
)
"""All that torch's wrapper of `step` names: it sets the grad mode that the optimiser wants, and does nothing else."""

GLOBAL_HOOKS = tuple(
    getattr(torch_optimizer, name, {}) for name in ("_global_optimizer_pre_hooks", "_global_optimizer_post_hooks")
)
"""Those of all optimisers of the process, in torch's own dictionaries."""
ANNOUNCING = TorchOptimizer.profile_hook_step(lambda _self: None).__code__
"""What torch's wrapper around every `step` runs."""


def build_optimizer(
    declared: Optimizer, parameters: Iterable[nn.Parameter] | Iterable[dict[str, Any]]
) -> TorchOptimizer:
    """torch's optimiser over `parameters`, or groups of them, without torch's compiler."""
    spare_optimizers()
    return declared.build(parameters)


@functools.cache
def spare_optimizers() -> None:
    """Let torch's optimisers be made and step without the compiler; once is for the whole process."""
    if COMPILER in sys.modules:
        return
    for name in GUARDED:
        spare(getattr(TorchOptimizer, name, None))
    for kind in _kinds(TorchOptimizer):
        step: Any = vars(kind).get("step")
        if _is_known_step(step):
            setattr(kind, "step", _spared_step(step))  # noqa: B010 - to mypy a method is not to be assigned


def spare(guarded: Any) -> None:
    """Let a function that torch keeps from being traced be called without the compiler."""
    plain = getattr(guarded, "__wrapped__", None)
    if plain is None:
        return

    def untraced(*args: Any, **kwargs: Any) -> Any:
        if COMPILER not in sys.modules:
            return plain(*args, **kwargs)
        vars(plain).pop(UNTRACED, None)  # torch puts its own there
        return guarded(*args, **kwargs)

    setattr(plain, UNTRACED, untraced)


def plain_step(optimizer: TorchOptimizer) -> Callable[[], Any]:
    """The optimiser's own `step` without torch's announcement to a profiler, a twentieth of a small step.

    Around `step` torch has a wrapper that does nothing else as long as there are no hooks; what computes is the same.
    Where the wrapper is not as known here, or somebody has registered a hook, it stays.
    """
    step: Any = type(optimizer).step
    hooks = (getattr(optimizer, name, True) for name in ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks"))
    is_own = "step" in vars(optimizer)  # what a scheduler puts there
    if getattr(step, "__code__", None) is not ANNOUNCING or is_own or any(hooks) or any(GLOBAL_HOOKS):
        return optimizer.step
    return functools.partial(step.__wrapped__, optimizer)


def _spared_step(step: Callable[..., Any]) -> Callable[..., Any]:
    """torch's `step` in the grad mode that its wrapper sets, which is left out as long as nothing can be traced."""
    update: Callable[..., Any] = step.__wrapped__  # type: ignore[attr-defined]

    @functools.wraps(step)
    def spared(self: TorchOptimizer, *args: Any, **kwargs: Any) -> Any:
        if COMPILER in sys.modules:
            return step(self, *args, **kwargs)
        before = is_grad_enabled()
        set_grad_enabled(self.defaults["differentiable"])
        try:
            return update(self, *args, **kwargs)
        finally:
            set_grad_enabled(before)

    return spared


def _is_known_step(step: Any) -> bool:
    code = getattr(step, "__code__", None)
    return code is not None and hasattr(step, "__wrapped__") and frozenset(code.co_names) == STEP_NAMES


def _kinds(kind: type[TorchOptimizer]) -> Iterator[type[TorchOptimizer]]:
    for below in kind.__subclasses__():
        yield below
        yield from _kinds(below)
