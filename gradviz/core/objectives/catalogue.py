"""The three kinds of objective: a test function, a typed formula, and a fit of a model to data."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from gradviz.core.declaration import Declaration, FieldError, Mending, alternatives, setting
from gradviz.core.formulas.fitted_columns import FittedColumns, fitted_columns
from gradviz.core.formulas.formula import Formula, parse_formula
from gradviz.core.formulas.generated_tensors import Source, parse_source
from gradviz.core.formulas.text import FormulaError
from gradviz.core.formulas.typed_numbers import typed_numbers
from gradviz.core.objectives.declared import DeclaredObjective
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.objectives.test_functions import AnyTestFunction, Himmelblau
from gradviz.core.words import say

MOST_TENSORS = 64
Scalar = float
Vector = tuple[float, ...]
Matrix = tuple[tuple[float, ...], ...]

__all__ = [
    "OBJECTIVES",
    "AnyObjective",
    "DeclaredObjective",
    "FitObjective",
    "FormulaObjective",
    "NamedTensor",
    "TestFunctionObjective",
]


class TestFunctionObjective(DeclaredObjective):
    """A test function of two scalar parameters x and y."""

    __test__: ClassVar[bool] = False
    label: ClassVar[str] = "Test function"
    about: ClassVar[str] = "A function of x and y with known minima, walked from a start."
    kind: Literal["test_function"] = "test_function"
    function: AnyTestFunction = setting(
        Himmelblau(), title="Function", description="The function that the optimiser descends."
    )
    x: float = setting(0.0, title="Start x", description="x before the first step.", ge=-1e6, le=1e6)
    y: float = setting(0.0, title="Start y", description="y before the first step.", ge=-1e6, le=1e6)

    @property
    def parameter_count(self) -> int:
        return 2


class NamedTensor(Declaration):
    """A scalar, a vector or a matrix of a formula, with its name."""

    name: str = setting(title="Name", description="The name in the formula.", min_length=1, max_length=40)
    role: Literal["parameter", "constant"] = setting(
        "parameter", title="Role", description="A parameter is trained; a constant is not."
    )
    value: Scalar | Vector | Matrix | str = setting(
        0.0,
        title="Value",
        description="A number, [a vector], [[a], [matrix]], or drawn from the seed: randn(3, 4), rand(3), "
        "randint(0, 20, 3, 4); also zeros(3), ones(2, 2), linspace(-pi, pi, 100). A pasted column is taken too.",
    )

    @field_validator("name")
    @classmethod
    def _name_is_one(cls, name: str) -> str:
        if not name.isidentifier() or name.startswith("_"):
            raise ValueError(f"{name[:40]!r} is not a name")
        return name

    @field_validator("value")
    @classmethod
    def _value_is_whole(cls, value: Scalar | Vector | Matrix | str) -> Scalar | Vector | Matrix | str:
        if isinstance(value, str):
            typed = typed_numbers(value)
            if typed is None:
                parse_source(value)
            else:
                value = typed
        if isinstance(value, tuple):
            if not value or any(isinstance(row, tuple) and not row for row in value):
                raise ValueError("must hold at least one number")
            widths = {len(row) for row in value if isinstance(row, tuple)}
            if len(widths) > 1:
                raise ValueError("the rows of a matrix must have one length")
        return value

    @property
    def source(self) -> Source | None:
        """Where the numbers come from, if they are not written out."""
        return parse_source(self.value) if isinstance(self.value, str) else None

    @property
    def shape(self) -> tuple[int, ...]:
        """() of a scalar, (n,) of a vector, (rows, columns) of a matrix."""
        if isinstance(self.value, str):
            return parse_source(self.value).shape
        if not isinstance(self.value, tuple):
            return ()
        first = self.value[0]
        return (len(self.value), len(first)) if isinstance(first, tuple) else (len(self.value),)

    @property
    def element_count(self) -> int:
        """Number of numbers."""
        return math.prod(self.shape)


@lru_cache(maxsize=8)
def _parsed(text: str, tensors: tuple[str, ...]) -> Formula:
    """Form, run and views ask for the same tree many times, and a long formula takes 10 ms."""
    return parse_formula(text, tensors)


class FormulaObjective(DeclaredObjective):
    """Lines ``name = expression`` over named tensors; the last line is what is minimised."""

    label: ClassVar[str] = "Formula"
    about: ClassVar[str] = "A few lines of your own over named scalars, vectors and matrices."
    kind: Literal["formula"] = "formula"
    tensors: tuple[NamedTensor, ...] = setting(
        (NamedTensor(name="x", value=1.0), NamedTensor(name="y", value=1.0)),
        title="Tensors",
        description="The names that the formula may use.",
        min_length=1,
        max_length=MOST_TENSORS,
    )
    text: str = setting(
        "loss = x**2 + 3*y**2",
        title="Formula",
        description="Lines  name = expression; the last is minimised. Lines  d_x = ...  give a gradient by hand.",
        editor="lines",
        max_length=100_000_000,
    )
    gradient: Literal["autograd", "by_hand"] = setting(
        "autograd", title="Gradient", description="By autograd, or by the lines d_name = ... of the formula."
    )
    upstream: Scalar | Vector | Matrix | Literal[""] = setting(
        "",
        title="Upstream gradient",
        description="Where the last line is a vector y: the v of y.backward(v). The gradient is then the "
        "vector-Jacobian product, and the loss that is recorded v·y. Empty: backward() alone.",
    )
    generator: Literal["numpy", "torch"] = setting(
        "numpy", title="Drawn by", description="Whose random numbers fill tensors such as randn(3, 4)."
    )

    @property
    def parsed(self) -> Formula:
        """The syntax tree of the text."""
        return _parsed(self.text, tuple(tensor.name for tensor in self.tensors))

    @property
    def parameters(self) -> tuple[NamedTensor, ...]:
        """The tensors that are trained."""
        return tuple(tensor for tensor in self.tensors if tensor.role == "parameter")

    @property
    def parameter_count(self) -> int:
        return sum(tensor.element_count for tensor in self.parameters)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of data: tensors that are not trained, in a row or a column, as long as most of them are."""
        lengths = {
            tensor.name: tensor.element_count
            for tensor in self.tensors
            if tensor.role == "constant" and tensor.shape in ((tensor.element_count,), (tensor.element_count, 1))
        }
        told = [length for length in lengths.values() if length > 1]
        usual = max(told, key=told.count, default=0)
        return tuple(name for name, length in lengths.items() if length == usual)

    @property
    def fitted(self) -> FittedColumns | None:
        """What it fits to what, where it uses two columns of data."""
        return fitted_columns(self.parsed, self.columns, [tensor.name for tensor in self.parameters])

    @property
    def has_fit(self) -> bool:
        return self.fitted is not None

    def _with_tensors(self, error: FormulaError) -> Mending | None:
        """The edit that makes tensors of all names of the formula that nothing has."""
        names = self._unknown_names(error)
        if not names:
            return None
        tensors = [tensor.model_dump(mode="json") for tensor in self.tensors]
        tensors += [{"name": name, "role": "parameter", "value": 1.0} for name in names]
        words = say("Add a tensor {name}", name=names[0])
        if len(names) > 1:
            words = say("Add the tensors {names}", names=", ".join(names))
        return Mending(words, "tensors", tensors)

    def _unknown_names(self, error: FormulaError) -> list[str]:
        """The names that are not known, read on from one to the next until something else is wrong."""
        known = [tensor.name for tensor in self.tensors]
        found: list[str] = []
        wrong = error
        while wrong.unknown and wrong.unknown not in found and len(known) + len(found) < MOST_TENSORS:
            found.append(wrong.unknown)
            try:
                parse_formula(self.text, (*known, *found))
            except FormulaError as following:
                wrong = following
            else:
                break
        return found

    @model_validator(mode="after")
    def _is_consistent(self) -> FormulaObjective:
        names = [tensor.name for tensor in self.tensors]
        if len(set(names)) != len(names):
            raise ValueError("two tensors have one name")
        if not self.parameters:
            raise ValueError("at least one tensor must be a parameter")
        try:
            formula = self.parsed
        except FormulaError as error:
            raise FieldError("text", str(error), (error.line, error.column), self._with_tensors(error)) from None
        given = {line.name[2:] for line in formula.gradients}
        missing = [tensor.name for tensor in self.parameters if tensor.name not in given]
        if self.gradient == "by_hand" and missing:
            raise FieldError("gradient", f"the gradient by hand needs a line  d_{missing[0]} = ...")
        return self


AnyObjective = Annotated[TestFunctionObjective | FormulaObjective | FitObjective, Field(discriminator="kind")]
OBJECTIVES: tuple[type[DeclaredObjective], ...] = alternatives(AnyObjective)
