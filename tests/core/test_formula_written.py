"""A syntax tree written down again parses to the same tree, and parts of it can be exchanged."""

from __future__ import annotations

import ast
import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from gradviz.core.formulas.formula import Expression, Name, Number, parse_expression, parse_formula
from gradviz.core.formulas.walk import children_of
from gradviz.core.formulas.written import exchanged, written
from gradviz.core.objectives.test_functions import TEST_FUNCTIONS

NAMES = ("a", "b", "x", "y")
SHIPPED = Path(__file__).parents[2] / "assets" / "experiments"
TEXTS = (
    "a - (b - x)",
    "a - b - x",
    "(a - b)*x",
    "a/(b*x)",
    "a/b*x",
    "(-a)**2",
    "-a**2",
    "2**-1",
    "a**b**x",
    "(a**b)**x",
    "a@b + x",
    "-(a + b)",
    "a - -b",
    "where(a <= 0, exp(x), 1 + x)",
    "sum(a*b, 1)",
    "softmax(a, -1)",
    "1e-12*a + 0.1 + 123456789.0",
    "(a < b)*(x >= y)",
    "(a < b) == (x < y)",
    "a % b",
    "-(a*b)/x",
    "pi*e*a",
)


def plain(expression: Any) -> Any:
    """The tree without its columns."""
    if is_dataclass(expression):
        kept = {f.name: plain(getattr(expression, f.name)) for f in fields(expression) if f.name != "column"}
        return (type(expression).__name__, tuple(kept.items()))
    return tuple(map(plain, expression)) if isinstance(expression, tuple) else expression


def shipped() -> list[Expression]:
    """Every line of every formula of the gallery, and of the test functions."""
    found = [
        line.expression for f in TEST_FUNCTIONS for line in parse_formula(f"f = {f.formula}", _names(f.formula)).lines
    ]
    for path in sorted(SHIPPED.glob("*.json")):
        objective = json.loads(path.read_text(encoding="utf-8"))["experiment"]["objective"]
        if objective["kind"] == "formula":
            parsed = parse_formula(objective["text"], [tensor["name"] for tensor in objective["tensors"]])
            found += [line.expression for line in (*parsed.lines, *parsed.gradients)]
    return found


def _names(text: str) -> list[str]:
    return [node.id for node in ast.walk(ast.parse(text)) if (isinstance(node, ast.Name) and len(node.id) > 1) or
            (isinstance(node, ast.Name) and node.id in "xy")]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_written_parses_to_the_same_tree(text: str) -> None:
    tree = parse_expression(text, NAMES)
    assert plain(parse_expression(written(tree), NAMES)) == plain(tree)


def test_every_formula_that_is_shipped_is_written_as_it_is_meant() -> None:
    trees = shipped()
    assert len(trees) > 50
    for tree in trees:
        text = written(tree)
        assert plain(parse_expression(text, _all_names(tree))) == plain(tree), text


def _all_names(tree: Expression) -> set[str]:
    own = {tree.name} if isinstance(tree, Name) else set()
    return own.union(*map(_all_names, children_of(tree)))


def test_no_bracket_is_written_that_is_not_needed() -> None:
    assert written(parse_expression("((a)+(b*x))-((y))", NAMES)) == "a + b*x - y"
    assert written(parse_expression("(a**(2))", NAMES)) == "a**2"


def test_one_part_is_exchanged_and_the_rest_is_the_same_node() -> None:
    tree = parse_expression("log(a)*b + log(b)", NAMES)
    product, second = children_of(tree)
    changed = exchanged(tree, children_of(children_of(product)[0])[0], Number(2.0, 1))
    assert written(changed) == "log(2)*b + log(b)"
    assert children_of(changed)[1] is second
    assert written(tree) == "log(a)*b + log(b)"
    assert exchanged(tree, Number(5.0, 1), Number(6.0, 1)) is tree
