"""The formula language: a few lines ``name = expression`` to a syntax tree of our own.

Every text is measured before it reaches the parser, so that no input is slow or deep.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from gradviz.core.formulas.corrections import line_correction
from gradviz.core.formulas.reader import read_expression
from gradviz.core.formulas.syntax import (
    Assignment,
    Binary,
    Call,
    Constant,
    Expression,
    Formula,
    Index,
    Name,
    Negative,
    Number,
)
from gradviz.core.formulas.text import FormulaError, measure, normalise

__all__ = [
    "Assignment",
    "Binary",
    "Call",
    "Constant",
    "Expression",
    "Formula",
    "Index",
    "Name",
    "Negative",
    "Number",
    "parse_expression",
    "parse_formula",
    "parse_gradients",
]


def parse_formula(text: str, tensors: Collection[str]) -> Formula:
    """Parse `text` over the named `tensors`; FormulaError with the place where it is wrong.

    A name of one's own goes before a constant or a function of the same name.
    """
    lines: list[Assignment] = []
    gradients: list[Assignment] = []
    known = set(tensors)
    for number, source in _sources(text):
        line = _assignment(source, number, known)
        by_hand = line.name.startswith("d_") and line.name[2:] in tensors
        (gradients if by_hand else lines).append(line)
        known.add(line.name)
    if not lines:
        raise FormulaError("write at least one line such as  loss = x**2")
    return Formula(tuple(lines), tuple(gradients))


def parse_gradients(text: str, known: Collection[str], parameters: Collection[str]) -> tuple[Assignment, ...]:
    """Lines that give gradients by hand, ``d_name = expression``, and lines between them, in their order.

    `known` names may be used, among them the `parameters`; FormulaError where no line is a parameter's gradient.
    """
    lines: list[Assignment] = []
    names = set(known)
    for number, source in _sources(text):
        lines.append(_assignment(source, number, names))
        names.add(lines[-1].name)
    if not any(line.name.startswith("d_") and line.name[2:] in parameters for line in lines):
        some = ", ".join(sorted(parameters)[:6])
        raise FormulaError(f"write a line  d_name = expression  for a parameter: {some}")
    return tuple(lines)


def parse_expression(text: str, known: Collection[str]) -> Expression:
    """Parse one expression over `known` names."""
    measure(text)
    return read_expression(normalise(text), 1, 0, known)


def _sources(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, without their notes, by their numbers from 1."""
    measure(text)
    for number, raw in enumerate(normalise(text).split("\n"), start=1):
        source = raw.split("#", 1)[0].rstrip()
        if source.strip():
            yield number, source


_ASSIGN = re.compile(r"(?<![=<>!])=(?!=)")


def _assignment(source: str, number: int, known: Collection[str]) -> Assignment:
    match = _outer_assign(source)
    if match is None:
        reason = f"a line reads  name = expression{line_correction(source, has_name=False)}"
        raise FormulaError(reason, number, _first_column(source))
    name = source[: match.start()].strip()
    column = _first_column(source)
    if not name.isidentifier() or name.startswith("_") or len(name) > 40:
        raise FormulaError(f"{name[:20]!r} is not a name{line_correction(source, has_name=True)}", number, column)
    if name in known:
        raise FormulaError(f"{name} is given twice: write another name, such as {name[:38]}2", number, column)
    right = source[match.end() :]
    expression = read_expression(right, number, match.end(), known)
    return Assignment(name, expression, number, right.strip())


def _outer_assign(source: str) -> re.Match[str] | None:
    """The first = that is no comparison and stands in no brackets, where it names an argument."""
    for match in _ASSIGN.finditer(source):
        before = source[: match.start()]
        if sum(before.count(one) for one in "([{") <= sum(before.count(one) for one in ")]}"):
            return match
    return None


def _first_column(source: str) -> int:
    return len(source) - len(source.lstrip()) + 1
