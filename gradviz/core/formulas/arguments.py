"""The arguments of a call, by position and by the keywords that torch has for them."""

from __future__ import annotations

import ast
from collections.abc import Callable

from gradviz.core.formulas.constants import constant_value
from gradviz.core.formulas.formula_function import FormulaFunction, Option
from gradviz.core.formulas.suggestions import nearest
from gradviz.core.formulas.syntax import Expression
from gradviz.core.formulas.text import FormulaError

MOST_DIMENSION = 8
Refuse = Callable[[ast.AST, str], FormulaError]
Given = dict[str, ast.expr]
"""What was given: the tensors by their places "0", "1", ..., the rest by their keywords."""

_SAME = {"axis": "dim", "keepdims": "keepdim", "ord": "p"}
"""Other words for a keyword: numpy's, which torch takes as well."""


def sorted_arguments(
    function: FormulaFunction, node: ast.Call, refuse: Refuse, text: Callable[[ast.AST], str]
) -> Given:
    """The arguments of a call of `function`; FormulaError where they are too many, too few, or not its own."""
    names = _names_of(function)
    given: Given = {}
    for name, argument in zip(names, node.args, strict=False):
        given[name] = argument
    if len(node.args) > len(names):
        raise refuse(node, _wanted(function, len(node.args)))
    for keyword in node.keywords:
        name = _keyword(function, keyword, names, refuse, text)
        if name in given:
            raise refuse(keyword, f"{function.name} has {keyword.arg} twice")
        if name:
            given[name] = keyword.value
    count = sum(name.isdecimal() for name in given)
    if not function.least <= count <= function.most or not _is_whole(function, given):
        raise refuse(node, _wanted(function, len(node.args)))
    return dict(sorted(given.items())) if len(given) > 1 else given


def _is_whole(function: FormulaFunction, given: Given) -> bool:
    """Whether no tensor is left out before another; clamp may have a highest and no lowest."""
    count = sum(name.isdecimal() for name in given)
    return "0" in given and (function.name == "clamp" or all(str(place) in given for place in range(count)))


def _names_of(function: FormulaFunction) -> list[str]:
    """What the arguments of a call are by position."""
    tensors = [str(place) for place in range(function.most)]
    if function.dimension:
        return [*tensors, "dim", *(["keepdim"] if function.effect == "reduction" else [])]
    return tensors + [option.name for option in function.options]


def _keyword(
    function: FormulaFunction, keyword: ast.keyword, names: list[str], refuse: Refuse, text: Callable[[ast.AST], str]
) -> str:
    """The argument that a keyword names; nothing where it says what is so already."""
    given = keyword.arg or ""
    name = _SAME.get(given, given) if given not in function.arguments else given
    own = [*names, *(option.name for option in function.options)]
    if name in function.arguments[: function.most]:
        return str(function.arguments.index(name))
    if name in own and not name.isdecimal():
        return name
    value = text(keyword.value)[:20]
    if f"{name}={value}" in function.same or (name == "inplace" and value in ("True", "False")):
        return ""
    if name in function.instead:
        raise refuse(keyword, f"{function.name} has no {given} here: {function.instead[name]}")
    known = list(dict.fromkeys(one for one in own if not one.isdecimal()))
    near = nearest(given, known)
    hint = f": did you mean {near}?" if near else f": write {function.name}({', '.join(['x', *known])})"
    raise refuse(keyword, f"{function.name} takes no named argument {given[:20] or '**'}{hint}")


def _wanted(function: FormulaFunction, count: int) -> str:
    least, most = function.least, function.most
    wanted = str(most) if least == most else f"{least} or {most}"
    more = " and a dimension" if function.dimension else ""
    settings = [option.name for option in function.options]
    more += f" and {', '.join(settings)}" if settings and not function.dimension else ""
    letters = ", ".join(("x", "y", "z")[:most])
    return f"{function.name} takes {wanted} argument(s){more}, not {count}: write {function.name}({letters})"


def dimension_of(function: FormulaFunction, given: Given, refuse: Refuse) -> tuple[int | None, bool]:
    """The dimension of a call, as in ``sum(x, 0)`` and ``sum(x, dim=0)``, and whether it is kept."""
    last, keep = given.get("dim"), given.get("keepdim")
    keeps = _is_kept(keep, refuse)
    if last is None or (isinstance(last, ast.Constant) and last.value is None):
        if keeps and keep is not None:
            raise refuse(keep, f"keepdim keeps one dimension: write it, as in {function.name}(x, dim=0, keepdim=True)")
        return None, False
    if isinstance(last, ast.Tuple | ast.List):
        inner = last.elts[0] if len(last.elts) == 1 else None
        if inner is None:
            call = f"{function.name}({function.name}(x, dim=1), dim=0)"
            raise refuse(last, f"one dimension at a time: write {call}, or {function.name}(x) over all")
        last = inner
    sign, number = 1, last
    if isinstance(last, ast.UnaryOp) and isinstance(last.op, ast.USub):
        sign, number = -1, last.operand
    if not isinstance(number, ast.Constant) or type(number.value) is not int or abs(number.value) > MOST_DIMENSION:
        raise refuse(last, f"a dimension is a whole number such as 0 or -1: write {function.name}(x, dim=0)")
    return sign * number.value, keeps


def _is_kept(node: ast.expr | None, refuse: Refuse) -> bool:
    if node is None:
        return False
    if not isinstance(node, ast.Constant) or node.value not in (True, False):
        raise refuse(node, "keepdim is True or False: write keepdim=True")
    return bool(node.value)


def option_value(option: Option, node: ast.expr | None, read: Callable[[ast.AST], Expression], refuse: Refuse) -> float:
    """The number of a setting; its default where it is not given."""
    if node is None:
        return option.default
    value = constant_value(read(node))
    if value is None:
        raise refuse(node, f"{option.name} is a plain number such as {option.default:g}, and no tensor")
    if not option.least <= value <= option.most:
        raise refuse(node, f"{option.name} is from {option.least:g} to {option.most:g}")
    return value
