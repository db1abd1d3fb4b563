"""Calls of PyTorch's functions that a mistake shows in, seen by their code and told as plain facts.

Nothing is patched: the trace function sees every call, and these are known by the identity of their code.
"""

from __future__ import annotations

import inspect
import sys
import weakref
from typing import Any, Callable

MOST_PARAMETERS = 64
LOSSES = (
    "cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "mse_loss", "l1_loss",
    "smooth_l1_loss",
)  # fmt: skip


class Calls:
    """What was called while a line was at work."""

    def __init__(self, graph: Any, named: Callable[[], dict[int, str]], modules: Callable[[], list[Any]]) -> None:
        self.facts: list[Any] = []
        self.looks: dict[int, Callable[[Any], None]] = {}
        self.torch: Any = None
        self.roots: list[int] = []
        self._graph = graph
        self._named = named
        self._modules = modules
        self._optimizers: list[Any] = []
        self._made: list[Any] = []
        self._told: dict[int, Any] = {}
        self._keep: list[Any] = []

    def find_torch(self) -> Any:
        """PyTorch, once the script has imported it whole; None until then."""
        torch = sys.modules.get("torch")
        functional, optim = sys.modules.get("torch.nn.functional"), sys.modules.get("torch.optim")
        optimizer = getattr(optim, "Optimizer", None)
        if torch is None or functional is None or optimizer is None or not hasattr(torch, "__version__"):
            return None
        self.torch = torch
        self._watch(torch.autograd.backward, self._on_backward)
        self._watch(torch.autograd.grad, self._on_backward)
        self._watch(optimizer.__init__, self._on_optimizer)
        for name in LOSSES:
            self._watch(getattr(functional, name, None), self._on_loss)
        return torch

    def _watch(self, function: Any, look: Callable[[Any], None]) -> None:
        code = getattr(inspect.unwrap(function), "__code__", None) if function is not None else None
        if code is not None:
            self._keep.append(code)
            self.looks[id(code)] = look

    def _on_backward(self, frame: Any) -> None:
        names = frame.f_locals
        tensors = names.get("tensors", names.get("outputs"))
        inputs = names.get("inputs") if "tensors" in names else None
        roots = [tensors] if isinstance(tensors, self.torch.Tensor) else list(tensors or ())
        retained = names.get("retain_graph")
        retained = bool(names.get("create_graph")) if retained is None else bool(retained)
        keys = [self._graph.key(one.grad_fn) for one in roots if getattr(one, "grad_fn", None) is not None]
        if not retained and inputs is None:
            self.roots += keys
        self.facts.append(["backward", keys, retained, "tensors" in names and inputs is None])

    def _on_optimizer(self, frame: Any) -> None:
        optimizer = frame.f_locals.get("self")
        self._made.append(optimizer)
        self._optimizers.append(weakref.ref(optimizer))
        self._watch(type(optimizer).step, self._on_step)

    def _on_step(self, frame: Any) -> None:
        optimizer = frame.f_locals.get("self")
        number = self._number(optimizer)
        told = ["step", number, type(optimizer).__name__, self._parameters(optimizer)]
        same = self._told.get(number) == told
        self._told[number] = told
        self.facts.append(["step", number, type(optimizer).__name__, None] if same else told)
        self._on_evaluating(optimizer)

    def _on_evaluating(self, optimizer: Any) -> None:
        held = {id(one) for group in optimizer.param_groups for one in group["params"]}
        nn = self.torch.nn
        for name, module in self._modules():
            if not module.training and any(id(one) in held for one in module.parameters()):
                kinds = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._BatchNorm)
                layers = sorted({type(one).__name__ for one in module.modules() if isinstance(one, kinds)})
                if layers:
                    self.facts.append(["evaluating", name, layers[:4]])

    def _on_loss(self, frame: Any) -> None:
        given, target = frame.f_locals.get("input"), frame.f_locals.get("target")
        if isinstance(given, self.torch.Tensor) and isinstance(target, self.torch.Tensor):
            made = "" if given.grad_fn is None else given.grad_fn.name().rsplit("::", 1)[-1]
            self.facts.append(["loss", frame.f_code.co_name, made, list(given.shape), list(target.shape)])

    def _number(self, optimizer: Any) -> int:
        for number, reference in enumerate(self._optimizers):
            if reference() is optimizer:
                return number
        self._optimizers.append(weakref.ref(optimizer))
        return len(self._optimizers) - 1

    def _parameters(self, optimizer: Any) -> list[Any]:
        """Of each: name, shape, requires_grad, is it a leaf, has it a gradient, is it an nn.Parameter."""
        named, parameter = self._named(), self.torch.nn.Parameter
        held = [one for group in optimizer.param_groups for one in group["params"]][:MOST_PARAMETERS]
        return [
            [named.get(id(one)), list(one.shape), bool(one.requires_grad), bool(one.is_leaf),
             one.is_leaf and one.grad is not None, isinstance(one, parameter)]
            for one in held
        ]  # fmt: skip

    def take(self) -> list[Any]:
        """What was called since the last time; optimizers that were made are whole by now."""
        if self._made:
            made, self._made = self._made, []
            for optimizer in made:
                if hasattr(optimizer, "param_groups"):
                    told = [self._number(optimizer), type(optimizer).__name__, self._parameters(optimizer)]
                    self.facts.append(["optimizer", *told])
        facts, self.facts = self.facts, []
        return facts
