"""What a function of a formula is: one record that torch, scripts, derivatives and symbols all read.

A dialect of a script writes a call as a `Spelling`:

- a name, ``np.arcsin``, which is called with the arguments;
- a definition, ``def relu(z): ...``, which the script then has at its top, and calls by its name;
- a template with braces, ``{0.atom}.T``. ``{0.tensor}`` is the first argument as a tensor, ``{0.atom}`` the same in
  brackets where a dot follows it, ``{0.plain}`` as it stands, ``{0.number}`` a plain number where it is one,
  ``{0.condition}`` a comparison, and ``{dtype}`` the precision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Spelling = str
Node = Any
"""A node of the syntax tree; `formula` declares them and reads these records, so their types are not named here."""
Closure = Callable[[dict[str, Any]], Any]
"""A part of a formula as torch runs it: from the values of names to a tensor."""
Effect = Literal["elementwise", "reduction", "along", "transpose", "one_hot"]


class TorchProgram(Protocol):
    """What a function with a `torch` of its own may ask the program that calls it."""

    makes_leaves: bool

    def tensor_closure(self, expression: Node) -> Closure:
        """An argument as a tensor."""

    def constant(self, expression: Node) -> float | None:
        """The value of an argument of nothing but numbers."""

    def in_dtype(self, value: Any) -> Any:
        """A tensor in the precision of the run."""


@dataclass(frozen=True, slots=True)
class Option:
    """A plain number that a function takes besides its tensors, by the keyword that torch has for it."""

    name: str
    default: float
    least: float = -1e30
    most: float = 1e30


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaFunction:
    """A function of `least` to `most` tensors, whole; a dimension may follow where `dimension` is set.

    `effect` is what it does to shapes: nothing but broadcasting; one number for all, or for those along a dimension;
    a sequence into another along one; rows and columns exchanged; a row for a label.
    """

    name: str
    about: str
    torch: str | Callable[[TorchProgram, Node], Closure]
    """Its name below torch, or what builds a closure where it is no function of torch."""
    numpy: Spelling
    tensorflow: Spelling
    torch_text: Spelling = ""
    """How PyTorch scripts write it, where that is not the name."""
    python: Spelling = ""
    """How a script writes it of plain numbers; nothing where it does not."""
    scalar: Callable[..., float] | None = None
    """Its value of plain numbers, for schedules; None for functions of tensors alone."""
    symbols: Callable[[Any], Callable[..., Any]]
    """What it is in mathematics, from what that is made of: the module `symbol_functions` for sympy, or an object with
    the same names for numbers of many digits. Of elements, or of a list of all of them where it is a reduction or goes
    along a dimension. Called late, so that sympy is imported when a derivative is asked for."""
    arguments: tuple[str, ...] = ("input", "other")
    """What torch calls its tensors, for whoever names them."""
    options: tuple[Option, ...] = ()
    """Numbers that follow the tensors; a call in the syntax tree has all of them. Symbols, plain numbers and
    derivatives take them as arguments, torch by their keyword, and the other dialects in this order."""
    same: tuple[str, ...] = ()
    """Named arguments of torch's that change nothing, such as ``p=2``."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """Keywords of torch's that it does not have, with what to write for them."""
    derivative: tuple[str, ...] = ()
    """Its derivative after each argument, in the notation of formulas: u, v and w are the arguments, h is the value, n
    the number of elements that become one. "0" where no gradient flows; empty where it is not known by hand."""
    least: int = 1
    most: int = 1
    effect: Effect = "elementwise"
    dimension: bool = False
    default_dimension: int | None = None
    of_two: str = ""
    """The function that it is with two arguments, if that is another."""
    refuses: Callable[..., str] | None = None
    """Why it cannot take these tensors, for a function to which torch would say no if they were not converted; empty
    where it can. Asked once, at the start."""
    cuts: bool = False
    """Whether autograd follows nothing through it."""
    untracked: bool = False
    """Whether what stands inside is computed without a graph."""
    begins: bool = False
    """Whether a graph begins at its value."""
    shares: bool = False
    """Whether its value may be the very numbers of its argument."""

    @property
    def torch_spelling(self) -> Spelling:
        """How a script with PyTorch writes it."""
        if self.torch_text or not isinstance(self.torch, str):
            return self.torch_text
        return self.torch if self.torch.startswith("nn.") else f"torch.{self.torch}"
