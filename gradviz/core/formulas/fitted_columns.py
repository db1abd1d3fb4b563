"""What a formula fits: the column of data that it compares with a prediction, and the columns that this is made of.

Read from the lines alone. A target stands bare in a sum, as y in ``w*x + b - y``, whose other terms are the prediction;
or it stands in the formula beside a line that is made of other columns, as y beside ``p = sigmoid(w*x + b)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradviz.core.formulas.syntax import Binary, Expression, Formula, Name, Negative, Number
from gradviz.core.formulas.walk import children_of, names_in, with_children


@dataclass(frozen=True, slots=True)
class Prediction:
    """An expression over tensors and lines that predicts a target from the columns `inputs`.

    `is_compared` is whether the formula takes the one off the other: then both are of one kind.
    """

    expression: Expression
    inputs: tuple[str, ...]
    is_compared: bool


@dataclass(frozen=True, slots=True)
class FittedColumns:
    """The target, and what may predict it, the likeliest first: how long a value is, only torch can tell.

    `inputs` are the other columns that the formula uses.
    """

    target: str
    inputs: tuple[str, ...]
    predictions: tuple[Prediction, ...]


def fitted_columns(formula: Formula, columns: Sequence[str], parameters: Sequence[str]) -> FittedColumns | None:
    """What `formula` fits of `columns`, which have one length and are not trained; None where it uses less than two."""
    sources = _sources(formula)
    used = [name for name in columns if name in sources[formula.objective.name]]
    if len(used) < 2:
        return None
    found = [*_compared(formula, sources, used, parameters), *_beside(formula, sources, used, parameters)]
    target = found[0][0] if found else used[-1]
    inputs = tuple(name for name in used if name != target)
    return FittedColumns(target, inputs, tuple(prediction for whose, prediction in found if whose == target))


def _sources(formula: Formula) -> dict[str, frozenset[str]]:
    """The tensors that each line is made of, through earlier lines; the last entry of a name counts."""
    sources: dict[str, frozenset[str]] = {}
    for line in formula.lines:
        sources[line.name] = _tensors(line.expression, sources)
    return sources


def _tensors(expression: Expression, sources: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*(sources.get(name, frozenset({name})) for name in names_in(expression)))


Found = tuple[str, Prediction]
"""A target with what predicts it."""


def _compared(
    formula: Formula, sources: Mapping[str, frozenset[str]], columns: Sequence[str], parameters: Sequence[str]
) -> Iterator[Found]:
    for line in formula.lines:
        for whole in _sums(line.expression):
            for name, sign in _bare(whole, columns):
                rest = _without(whole, name)
                made_of = _tensors(rest, sources)
                inputs = tuple(column for column in columns if column in made_of)
                if inputs and name not in made_of and made_of & set(parameters):
                    yield name, Prediction(rest if sign < 0 else Negative(rest, rest.column), inputs, is_compared=True)


def _beside(
    formula: Formula, sources: Mapping[str, frozenset[str]], columns: Sequence[str], parameters: Sequence[str]
) -> Iterator[Found]:
    """Lines that know all columns but one, the last first."""
    for line in reversed(formula.lines[:-1]):
        made_of = sources[line.name]
        inputs = tuple(column for column in columns if column in made_of)
        if len(inputs) == len(columns) - 1 and made_of & set(parameters):
            (target,) = set(columns) - set(inputs)
            yield target, Prediction(Name(line.name, 0), inputs, is_compared=False)


def _is_sum(expression: Expression) -> bool:
    return isinstance(expression, Negative) or (isinstance(expression, Binary) and expression.operator in ("+", "-"))


def _sums(expression: Expression) -> Iterator[Expression]:
    """Every sum in an expression that is not part of a larger one."""
    waiting = [(expression, False)]
    while waiting:
        part, is_term = waiting.pop()
        if _is_sum(part) and not is_term:
            yield part
        waiting += [(child, _is_sum(part)) for child in reversed(children_of(part))]


def _bare(expression: Expression, columns: Sequence[str], sign: int = 1) -> Iterator[tuple[str, int]]:
    """The columns that stand in a sum by themselves, with their sign."""
    if isinstance(expression, Name) and expression.name in columns:
        yield expression.name, sign
    elif isinstance(expression, Negative):
        yield from _bare(expression.operand, columns, -sign)
    elif isinstance(expression, Binary) and expression.operator in ("+", "-"):
        yield from _bare(expression.left, columns, sign)
        yield from _bare(expression.right, columns, sign if expression.operator == "+" else -sign)


def _without(expression: Expression, name: str) -> Expression:
    """A sum with 0 in the place of a bare column; where it was all of one side, the other side."""
    if isinstance(expression, Name) and expression.name == name:
        return Number(0.0, expression.column)
    if not _is_sum(expression):
        return expression
    parts = [_without(child, name) for child in children_of(expression)]
    if isinstance(expression, Binary) and isinstance(parts[1], Number) and parts[1].value == 0:
        return parts[0]
    return with_children(expression, parts)
