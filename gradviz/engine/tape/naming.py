"""Names of tensors: a model's dotted names, what the caller calls its variables, and what a mapping says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from torch import Tensor, nn

MOST_INNER = 1000
"""Tensors of one list or dictionary that are named."""

OF_A_NOTEBOOK = frozenset({"In", "Out"})
"""What IPython keeps among the user's variables: every result has a place there besides its name."""


class Names:
    """Names by tensor, and by what made it; the first name that is given to a tensor stays."""

    def __init__(self) -> None:
        self._of_tensor: dict[int, str] = {}
        self._of_output: dict[tuple[Any, int], str] = {}
        self.made: list[tuple[Tensor, str]] = []
        """Values with a grad_fn of their own, and their names."""
        self.are_all = False
        """Whether every value along the way that keeps a gradient, or has a hook, is among them."""

    def add(self, named: Iterable[tuple[str, Any]]) -> None:
        """Take the tensors among `named`, and those of the modules, lists and dictionaries there."""
        for name, value in named:
            for whole, tensor in _tensors(name, value):
                self._add(whole, tensor)

    def _add(self, name: str, tensor: Tensor) -> None:
        if id(tensor) in self._of_tensor:
            return
        self._of_tensor[id(tensor)] = name
        if tensor.grad_fn is not None:
            self.made.append((tensor, name))
            self._of_output.setdefault((tensor.grad_fn, tensor.output_nr), name)

    def of_tensor(self, tensor: Tensor | None) -> str:
        """What a leaf or a constant is called; empty where nobody named it."""
        return "" if tensor is None else self._of_tensor.get(id(tensor), "")

    def of_first_outputs(self, number_of: Mapping[Any, int]) -> list[str]:
        """What the values are called that nodes made, by their numbers from 0 on."""
        found = [""] * len(number_of)
        for (node, output), name in self._of_output.items():
            number = number_of.get(node) if output == 0 else None
            if number is not None:
                found[number] = name
        return found

    def of_output(self, node: Any, output: int = 0) -> str:
        """What the value is called that a node made."""
        return self._of_output.get((node, output), "")


def names_of(given: object, variables: Mapping[str, Any]) -> Names:
    """`given` is a module, several of them, or a mapping by name; the caller's `variables` fill the gaps."""
    names = Names()
    if isinstance(given, nn.Module):
        names.add(_of_module(given))
    elif isinstance(given, Mapping):
        names.add((str(name), value) for name, value in given.items())
    elif isinstance(given, Iterable):
        names.add(chain.from_iterable(_of_module(one) for one in given if isinstance(one, nn.Module)))
    own = {name: value for name, value in variables.items() if not name.startswith("_") and name not in OF_A_NOTEBOOK}
    names.add(own.items())
    return names


def _of_module(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    for name, tensor in chain(module.named_parameters(), module.named_buffers()):
        yield prefix + name, tensor


def _tensors(name: str, value: Any) -> Iterator[tuple[str, Tensor]]:
    """The tensors that a variable holds."""
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, nn.Module):
        yield from _of_module(value, f"{name}.")
    elif isinstance(value, list | tuple):
        yield from ((f"{name}[{k}]", one) for k, one in enumerate(value[:MOST_INNER]) if isinstance(one, Tensor))
    elif isinstance(value, dict):
        items = islice(value.items(), MOST_INNER)
        yield from ((f"{name}[{key!r}]", one) for key, one in items if isinstance(one, Tensor))
