"""The dialects of an exported script: what each computes with, and how it writes a function of the formulas."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from gradviz.core.formulas.formula_function import FormulaFunction, Spelling
from gradviz.core.formulas.functions import FUNCTIONS

DialectName = Literal["numpy", "autograd", "torch", "tensorflow"]
DIALECTS: tuple[DialectName, ...] = ("numpy", "autograd", "torch", "tensorflow")
_OF_GRADIENTS = {
    "placed": "def placed(flow, shape, places, dtype):\n"
    "    # the gradient of an index: 0 for what it left out\n"
    "    whole = np.zeros(shape, dtype=dtype)\n"
    "    whole[places] = flow\n"
    "    return whole"
}
"""What gradients by hand call, and no formula."""
_DEFINITION = re.compile(r"def (\w+)\(")


@dataclass(frozen=True)
class Library:
    """What a dialect computes with.

    `axis` is its keyword for a dimension, `keeps` that for one that stays, `spelling` the field of a function.
    """

    name: Literal["numpy", "torch", "tensorflow", "python"]
    prefix: str
    axis: str
    spelling: Literal["numpy", "torch_spelling", "tensorflow", "python"]
    keeps: str = "keepdims"

    def dtype(self, dtype: str) -> str:
        """A dtype such as float32 as the library writes it."""
        return f"{self.prefix}.{dtype}"

    def constant(self, value: str, dtype: str) -> str:
        """A value that is not trained; torch has the script's precision as its default."""
        if self.name == "torch":
            return f"torch.tensor({value})"
        maker = "np.array" if self.name == "numpy" else "tf.constant"
        return f"{maker}({value}, dtype={self.dtype(dtype)})"

    def single(self, text: str) -> str:
        """A number rounded to float32."""
        return {"numpy": "np.float32({})", "tensorflow": "tf.cast({}, tf.float32)"}.get(
            self.name, "torch.tensor({}, dtype=torch.float32)"
        ).format(text)

    def double(self, text: str) -> str:
        """A number of float32 as one of those that a script computes the scalars of a step with."""
        return {"numpy": "float({})", "tensorflow": "tf.cast({}, tf.float64)"}.get(self.name, "{}.item()").format(text)

    def spelled(self, function: FormulaFunction) -> Spelling:
        """A name to call, or a template with braces; empty where this library does not know the function."""
        spelling: Spelling = getattr(function, self.spelling)
        defined = _DEFINITION.match(spelling)
        return defined[1] if defined else spelling

    @cached_property
    def helpers(self) -> dict[str, str]:
        """What a script defines where the library has no function of its own: definitions by their names."""
        spellings = (getattr(function, self.spelling) for function in FUNCTIONS.values())
        found = {found[1]: spelling for spelling in spellings if (found := _DEFINITION.match(spelling))}
        return found | (_OF_GRADIENTS if self.name == "numpy" else {})

    def helpers_in(self, text: str) -> list[str]:
        """The helpers that a text calls."""
        return [name for name in self.helpers if re.search(rf"(?<![\w.]){name}\(", text)]


NUMPY = Library("numpy", "np", "axis", "numpy")
TORCH = Library("torch", "torch", "dim", "torch_spelling", "keepdim")
TENSORFLOW = Library("tensorflow", "tf", "axis", "tensorflow")
PYTHON = Library("python", "math", "axis", "python")
LIBRARIES: dict[DialectName, Library] = {
    "numpy": NUMPY,
    "autograd": TORCH,
    "torch": TORCH,
    "tensorflow": TENSORFLOW,
}
LABELS: dict[DialectName, str] = {
    "numpy": "NumPy",
    "autograd": "PyTorch autograd",
    "torch": "PyTorch nn + optim",
    "tensorflow": "TensorFlow",
}
