"""Formulas made at random after the language's own grammar, and those of the gallery with a few places changed.

Each is the plain data of an experiment: text and tensors, a gradient by hand at times, an upstream gradient, a schedule
that is a formula. Case number `index` is the same whichever were made before it.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

from gradviz.core.document.experiment import to_data
from gradviz.core.formulas.functions import FUNCTIONS
from gradviz.core.objectives.catalogue import FormulaObjective
from gradviz.storage.shipped.gallery import gallery

NAMES = ("x", "y", "w", "A", "b", "e", "t", "sum")
FUNCTION_NAMES = tuple(FUNCTIONS)
OPERATORS = ("+", "-", "*", "/", "**", "%", "@", "<", "<=", ">", ">=", "==", "!=")
USUAL = ("+", "-", "*", "*", "/", "**", "@")
INDICES = (
    "0", "1", "-1", "2", "0, 0", ":, 0", ":, -1", "::2", "1:", ":-1", "..., 0", "None", ":, None", "5", "1000000000000",
    "0.5", "x", "::-1", "x > 0", "", "()", ":" * 9, "...,...",
)  # fmt: skip
NUMBERS = (
    "0", "1", "2", "3", "-1", "0.5", "1e-300", "1e308", "1e400", "7e-1", "10000", "9**9", "9**9**9", "10**(10**10)",
    "(-1)**0.5", "0*1e308", "1/0", "pi", "e", "tau", "1_000", "0x10", "1j", "True", "None", "'a'", "9" * 400,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    0.0, 1.0, -2.5, 1e30, 1e-30, 1e308, (1.0, 2.0, 3.0), (0.0,), (-1.0, 0.0), ((1.0, 2.0), (3.0, 4.0)),
    ((0.5,), (2.0,)),
    ((1.0, 2.0, 3.0),), "randn(3)", "randn(2, 3)", "rand(3, 2)", "randint(0, 3, 3)", "zeros(2, 2)", "ones(3)",
    "linspace(0, 1, 3)", "linspace(-pi, pi, 3)", "1, 2, 3", "1 2; 3 4", "pi/2", "1,5", "[" * 60, "2 " * 3,
)  # fmt: skip
LARGE = (
    "randn(1000, 1000)", "randn(1000000, 1)", "ones(1, 1000000)", "randn(20000, 1)", "randn(1, 20000)",
    "rand(2000, 500)",
    "randn(500, 2000)", "randint(0, 9999, 1000000)",
)  # fmt: skip
SIGNS = "( ) [ ] { } , . = == := ; # \\ ' \" ~ ! @ ^ & | << // ( ) ² × − é 中 😀 ， （ 0".split(" ")  # noqa: SIM905
WORDS = "if else for in lambda not and import _ __class__ x.data x[0] *x **x sum( x, dim=0".split(" ")  # noqa: SIM905
FRAGMENTS = (
    *SIGNS,
    *WORDS, "\n", "\t", " ", "\0", "\x1b[31m", "\u202e", "\r", "\ud800", "9" * 40, "(" * 50, "-" * 25, "+1" * 260,
    "d_x = ", "loss = ",
)  # fmt: skip


class FormulaMutator:
    """Makes experiments by a seeded generator."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(seed)
        documents = [entry.document.experiment for entry in gallery()]
        self._gallery = [to_data(one) for one in documents if isinstance(one.objective, FormulaObjective)]

    def made(self, index: int) -> dict[str, Any]:
        """The plain data of experiment number `index`."""
        self._random.seed(self._seed << 32 | index)
        choose: Callable[[], dict[str, Any]] = self._random.choice(
            (self._random_formula, self._random_formula, self._random_formula, self._changed_gallery, self._schedule)
        )
        return choose()

    # After the grammar

    def _random_formula(self) -> dict[str, Any]:
        names = self._random.sample(NAMES, self._random.choice((1, 1, 2, 2, 3)))
        tensors = [
            {"name": name, "value": self._value(), "role": "constant" if number and self._chance(0.3) else "parameter"}
            for number, name in enumerate(names)
        ]
        known = list(names)
        lines = []
        for number in range(self._random.choice((1, 1, 2, 3, 5))):
            lines.append(f"n{number} = {self._expression(known, self._random.choice((1, 2, 3, 4)))}")
            known.append(f"n{number}")
        if self._chance(0.6):
            lines.append(f"loss = {self._random.choice(('sum', 'mean', 'norm'))}({known[-1]})")
        objective: dict[str, Any] = {"kind": "formula", "tensors": tensors}
        if self._chance(0.25):
            lines += [f"d_{name} = {self._expression(known, 2)}" for name in names if self._chance(0.9)]
            objective["gradient"] = self._random.choice(("by_hand", "autograd"))
        if self._chance(0.1):
            objective["upstream"] = self._random.choice((1.0, (1.0, 1.0, 1.0), ((1.0, 0.0), (0.0, 1.0)), 1e308))
        text = "\n".join(lines)
        objective["text"] = self._changed_text(text) if self._chance(0.15) else text
        return {
            "objective": objective,
            "steps": 3,
            "dtype": self._random.choice(("float32", "float64")),
        } | self._seeded()

    def _seeded(self) -> dict[str, Any]:
        return {"seed": self._random.choice((0, 1, 2**63 - 1))}

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _value(self) -> Any:
        """Small values most of the time: large ones are refused at once, or take long."""
        return self._random.choice(VALUES if self._chance(0.95) else LARGE)

    def _expression(self, known: list[str], depth: int) -> str:
        if depth == 0 or self._chance(0.15):
            return self._random.choice(known) if self._chance(0.75) else self._random.choice(NUMBERS)
        kind = self._random.random()
        if kind < 0.45:
            return self._call(known, depth)
        if kind < 0.5:
            return f"{self._expression(known, depth - 1)}[{self._random.choice(INDICES)}]"
        if kind < 0.55:
            return f"-{self._expression(known, depth - 1)}"
        operator = self._random.choice(USUAL if self._chance(0.8) else OPERATORS)
        left, right = self._expression(known, depth - 1), self._expression(known, depth - 1)
        return f"({left} {operator} {right})" if self._chance(0.8) else f"{left} {operator} {right}"

    def _call(self, known: list[str], depth: int) -> str:
        name = self._random.choice(FUNCTION_NAMES)
        function = FUNCTIONS[name]
        count = self._random.randint(function.least, function.most)
        if self._chance(0.03):
            count += self._random.choice((-1, 1))
        arguments = [self._expression(known, depth - 1) for _ in range(max(count, 0))]
        if name == "one_hot" and len(arguments) == 2 and self._chance(0.9):
            arguments[1] = self._random.choice(("2", "3", "10", "10000", "0", "-1", "2.5", "1e9"))
        if function.dimension and self._chance(0.4):
            place = self._random.choice(("0", "1", "-1", "2", "-3", "8", "9", "0.5", "None", "(0, 1)"))
            arguments.append(self._random.choice(("", "dim=", "axis=")) + place)
            arguments += ["keepdim=True"] * self._chance(0.3)
        for option in function.options:
            if self._chance(0.3):
                arguments.append(f"{option.name}={self._random.choice(NUMBERS)}")
        return f"{name}({', '.join(arguments)})"

    # From the gallery

    def _changed_gallery(self) -> dict[str, Any]:
        data = copy.deepcopy(self._random.choice(self._gallery)) | {"steps": 3}
        objective = data["objective"]
        objective["text"] = self._changed_text(objective["text"])
        if self._chance(0.3):
            self._random.choice(objective["tensors"])["value"] = self._value()
        for optimizer in data["optimizers"]:
            optimizer["schedule"] = {"kind": "none"}
        return data

    def _changed_text(self, text: str) -> str:
        for _ in range(self._random.choice((1, 1, 2, 4))):
            begin = self._random.randrange(len(text) + 1)
            end = min(len(text), begin + self._random.choice((0, 0, 1, 1, 2, 5)))
            new = self._random.choice(
                (*FRAGMENTS, *FUNCTION_NAMES, *OPERATORS, *NUMBERS, *NAMES, text[begin : begin + 9])
            )
            text = text[:begin] + new + text[end:]
        return text

    # A schedule

    def _schedule(self) -> dict[str, Any]:
        kind = self._random.choice(("lambda", "multiplicative"))
        text = self._expression(["step"], self._random.choice((1, 2, 3, 4)))
        schedule = {"kind": kind, "lr_lambda": self._changed_text(text) if self._chance(0.15) else text}
        return {"optimizers": [{"kind": "sgd", "lr": 1e-3, "schedule": schedule}], "steps": 5}
