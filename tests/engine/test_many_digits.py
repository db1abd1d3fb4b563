"""The way in many digits over the catalogue of functions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gradviz.core.formulas.exact_slopes import ExactPoint
from gradviz.core.formulas.formula import parse_formula
from gradviz.core.formulas.functions import FUNCTIONS
from gradviz.engine.objectives.formula_program import Program


def test_every_function_has_a_value_in_many_digits() -> None:
    """Each of the catalogue, against torch: what has symbols has many digits by the same record."""
    special = {"where": "where(x > 0.5, x, 2*x)", "clamp": "clamp(x, 0.2, 0.4)", "dot": "dot(x, x)"}
    special |= {"one_hot": "one_hot(0*x, 2)", "transpose": "transpose(m)", "t": "t(m)", "pow": "pow(x, 1.7)"}
    special |= {"acosh": "acosh(x + 1)", "lerp": "lerp(x, 2*x, 0.3)"}
    values = {"x": np.array([0.3, 0.7, 0.55]), "m": np.array([[0.3, 0.7], [0.2, 0.9]])}
    for name, function in FUNCTIONS.items():
        expression = special.get(name) or (f"{name}(x)" if function.least == 1 else f"{name}(x, 0.4)")
        formula = parse_formula(f"f = sum({expression})", tuple(values))
        tensors = {key: torch.tensor(value) for key, value in values.items()}
        wanted = float(Program(formula, torch.float64, torch.device("cpu")).evaluate(tensors)["f"].detach())
        known = ExactPoint(formula, values).values(formula.lines, 60)
        assert float(known["f"].item()) == pytest.approx(wanted, rel=1e-12), name
