"""What to write instead: the sentence for everything that Python's grammar has and a formula has not."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection

from gradviz.core.formulas.functions import ALIASES, AS_OPERATORS, CONSTANTS, FUNCTIONS, known_function
from gradviz.core.formulas.suggestions import INSTEAD, nearest

Text = Callable[[ast.AST], str]
LONGEST = 36
"""Letters of the user's own text that a sentence repeats."""
MODULES = frozenset(
    {"torch", "np", "numpy", "math", "F", "nn", "functional", "tf", "jnp", "special", "linalg", "cmath"}
)
_CONSTRUCTS: dict[type[ast.AST], str] = {
    ast.NamedExpr: "an assignment inside an expression (:=) cannot be used in a formula: write a line of its own above",
    ast.JoinedStr: "an f-string cannot be used in a formula: write names and numbers",
    ast.Starred: "a star argument cannot be used in a formula: write each argument",
    ast.Await: "an await cannot be used in a formula",
    ast.Tuple: "a tuple cannot be used in a formula: write one expression a line",
    ast.List: "a list cannot be used in a formula: make a tensor with this value in the list of tensors",
    ast.Dict: "a dictionary cannot be used in a formula: write one line for each",
    ast.Set: "a set cannot be used in a formula: write one line for each",
    ast.DictComp: "a comprehension cannot be used in a formula: write one line for each",
    ast.Slice: "a slice cannot be used here: it stands in square brackets, as in x[1:3]",
}
_OPERATORS: dict[type[ast.AST], str] = {
    ast.BitAnd: "write (a)*(b) where both must hold",
    ast.BitOr: "write maximum(a, b) where one must hold",
    ast.LShift: "write a*2**b",
    ast.RShift: "write a/2**b",
}


def short(text: str, fallback: str = "x") -> str:
    """A piece of the user's own text, where it is short enough to be repeated."""
    plain = " ".join(text.split())
    return plain if 0 < len(plain) <= LONGEST else fallback


def correction(node: ast.AST, text: Text) -> str:
    """Why a node of Python's grammar stands in no formula, and what does."""
    if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare | ast.BoolOp):
        return _operation_correction(node, text)
    if isinstance(node, ast.IfExp):
        parts = (short(text(part), letter) for part, letter in ((node.test, "c"), (node.body, "a"), (node.orelse, "b")))
        return f"an if-else cannot be used in a formula: write where({', '.join(parts)})"
    if isinstance(node, ast.Lambda):
        return f"a lambda cannot be used in a formula: write {short(text(node.body), 'its expression')} itself"
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        element = short(text(node.elt))
        return (
            f"a comprehension cannot be used in a formula, which goes element by element: write {element} of a tensor"
        )
    if isinstance(node, ast.Attribute):
        return _attribute_correction(node, text)
    if isinstance(node, ast.Constant):
        return _constant_correction(node)
    return _CONSTRUCTS.get(type(node), f"{type(node).__name__} cannot be used in a formula")


def _operation_correction(node: ast.BinOp | ast.UnaryOp | ast.Compare | ast.BoolOp, text: Text) -> str:
    if isinstance(node, ast.BinOp):
        return _operator_correction(node, text)
    if isinstance(node, ast.Compare):
        return _comparison_correction(node, text)
    if isinstance(node, ast.BoolOp):
        return _boolean_correction(node, text)
    return f"not and ~ cannot be used in a formula: write {short(text(node.operand))} == 0"


def _operator_correction(node: ast.BinOp, text: Text) -> str:
    if isinstance(node.op, ast.BitXor):
        left, right = _neighbour(node, True, text), _neighbour(node, False, text)
        return f"^ is no power here: write {left}**{right}"
    if isinstance(node.op, ast.FloorDiv):
        left, right = short(text(node.left), "x"), short(text(node.right), "y")
        return f"this operator cannot be used in a formula: write floor({_operand(left)}/{_operand(right)}) for //"
    return f"this operator cannot be used in a formula: {_OPERATORS.get(type(node.op), 'write it in another way')}"


def _operand(text: str) -> str:
    return text if re.fullmatch(r"[\w.]+|\(.*\)|\w+\([^()]*\)", text) else f"({text})"


def _neighbour(node: ast.BinOp, is_left: bool, text: Text) -> str:
    """What stands next to ^, which Python takes for weaker than + and *: in a + x^2 it is x, and not a + x."""
    side: ast.expr = node
    while isinstance(side, ast.BinOp):
        inner = side.left if (side is node) == is_left else side.right
        has_brackets = (
            inner.col_offset > side.col_offset
            if inner is side.left
            else (inner.end_col_offset or 0) < (side.end_col_offset or 0)
        )
        if has_brackets:
            return f"({short(text(inner), 'x' if is_left else 'y')})"
        side = inner
    return short(text(side), "x" if is_left else "y")


def _comparison_correction(node: ast.Compare, text: Text) -> str:
    if len(node.ops) == 1:
        same = "!=" if isinstance(node.ops[0], ast.IsNot) else "=="
        return f"this operator cannot be used in a formula: compare with {same}"
    signs = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
    sides = [short(text(side), letter) for side, letter in zip((node.left, *node.comparators), "abc", strict=False)]
    pairs = zip(sides, node.ops, sides[1:], strict=False)
    written = "*".join(f"({a} {signs.get(type(sign), '==')} {b})" for a, sign, b in pairs)
    return f"a chain of comparisons cannot be used here: write {written}"


def _boolean_correction(node: ast.BoolOp, text: Text) -> str:
    sides = [short(text(side), letter) for side, letter in zip(node.values, "ab", strict=False)]
    if isinstance(node.op, ast.And):
        return f"and/or cannot be used in a formula: write {'*'.join(f'({side})' for side in sides)}, or use where"
    return f"and/or cannot be used in a formula: write maximum({', '.join(sides)}), or use where"


def _constant_correction(node: ast.Constant) -> str:
    kind = type(node.value).__name__
    if isinstance(node.value, bool):
        return f"a bool cannot be used in a formula: write {int(node.value)}"
    if isinstance(node.value, complex):
        return "a complex number cannot be used in a formula: write its two parts as two tensors"
    advice = "write a number or a name" if node.value is not None else "write 0, or leave it out"
    return f"a {kind} cannot be used in a formula: {advice}"


# Calls, attributes and names


def _dotted(node: ast.AST) -> list[str] | None:
    """The words of torch.nn.relu; None of anything but names with dots."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    return [node.id, *words[::-1]] if isinstance(node, ast.Name) else None


def _attribute_correction(node: ast.Attribute, text: Text) -> str:
    refused = "an attribute (a dot after a name) cannot be used in a formula"
    words = _dotted(node)
    name = node.attr[:LONGEST]
    if words is not None and words[0] in MODULES:
        if name in CONSTANTS:
            return f"{refused}: write {name}"
        return f"{refused}: write {_named(name)}(x)" if _named(name) else refused
    inner = short(text(node.value))
    if name in ("T", "mT", "H"):
        return f"{refused}: write transpose({inner})"
    if name in ("data", "grad", "item"):
        return f"{refused}: write detach({inner})" if name == "data" else f"{refused}: write {inner} itself"
    return f"{refused}: write {_named(name)}({inner})" if _named(name) else refused


def _named(name: str) -> str:
    """What a function is called here; empty where there is none."""
    if name in AS_OPERATORS:
        return name
    found = known_function(name) or (known_function(nearest(name, _all())) if name not in INSTEAD else None)
    return "" if found is None else found.name


def _all() -> list[str]:
    return [*FUNCTIONS, *ALIASES]


def call_correction(node: ast.Call, text: Text, known: Collection[str] = ()) -> str:
    """What to write for a call of something that is no function of the formulas."""
    function = node.func
    if isinstance(function, ast.Attribute):
        return _method_correction(node, function, text)
    if isinstance(function, ast.Name):
        return _unknown_function(function.id, node, text)
    if isinstance(function, ast.Lambda):
        return "a lambda cannot be called: write its expression itself"
    inner = function.operand if isinstance(function, ast.UnaryOp) else function
    if isinstance(inner, ast.Constant | ast.Subscript | ast.BinOp) and not node.keywords:
        arguments = short(", ".join(text(one) for one in node.args), "y")
        left = short(text(function), "x")
        left = left if re.fullmatch(r"[\w.]+|\(.*\)|[\w.]+\[.*\]", left) else f"({left})"
        return f"a product needs its sign, this is no function that can be called: write {left}*({arguments})"
    return f"{correction(function, text).split(' cannot', 1)[0]} cannot be called: write the name of a function"


def _method_correction(node: ast.Call, function: ast.Attribute, text: Text) -> str:
    words = _dotted(function)
    arguments = [text(one) for one in (*node.args, *node.keywords)]
    if words is None or words[0] not in MODULES:
        arguments = [text(function.value), *arguments]
    refused = "an attribute (a dot after a name) cannot be called"
    name = function.attr[:LONGEST]
    if name in ("T", "mT", "item", "numpy", "tolist", "cpu", "cuda", "to", "float", "double", "clone", "contiguous"):
        return f"{refused}: write {short(arguments[0], 'x') if arguments else 'x'}"
    called = _named(name)
    if called:
        return f"{refused}: write {called}({short(', '.join(arguments), 'x')})"
    instead = INSTEAD.get(name)
    return f"{refused}: write {instead}" if instead else f"{refused}, and {name} is no function that a formula knows"


def _unknown_function(name: str, node: ast.Call, text: Text) -> str:
    unknown = f"{name[:40]} is not a function that a formula knows"
    if name in INSTEAD:
        return f"{unknown}: write {INSTEAD[name]}"
    near = nearest(name, [*FUNCTIONS, *ALIASES, *INSTEAD])
    if not near:
        return f"{unknown}: write it with operators and functions such as exp, sum, where"
    if near in INSTEAD:
        return f"{unknown}: write {INSTEAD[near]}"
    arguments = short(", ".join(text(one) for one in (*node.args, *node.keywords)), "x")
    return f"{unknown}: did you mean {near}({arguments})?"


def name_correction(name: str, known: Collection[str]) -> str:
    """What to write for a name that nothing has, or for the call of one that is no function."""
    if name in known:
        own = name[:40]
        return f"{own} is a tensor and no function: write {own}*(...) for a product, or {own}[0] for an element"
    unknown = f"{name[:40]} is not known here"
    symbol = {"π": "pi", "τ": "tau", "E": "e", "inf": "1e300", "nan": "a number", "PI": "pi"}.get(name)
    if symbol is not None:
        return f"{unknown}: write {symbol}"
    if name in MODULES:
        return f"{unknown}: write its functions without it, such as exp(x)"
    product = _product(name, known)
    if product:
        return f"{unknown}: write {product} for a product"
    near = nearest(name, [*known, *CONSTANTS])
    return (
        f"{unknown}: did you mean {near}?"
        if near
        else f"{unknown}: make it a tensor, or write a line  {name[:40]} = ..."
    )


def _product(name: str, known: Collection[str]) -> str:
    """Two known names that were written without a sign between them; a number may end the first."""
    for place in range(1, min(len(name), 40)):
        left, right = name[:place], name[place:]
        if left in known and (right in known or right.isdecimal()):
            return f"{left}*{right}"
    return ""


# Lines


def syntax_correction(source: str, error: SyntaxError) -> str:
    """Why Python cannot read a text, and what to write."""
    message = (error.msg or "invalid syntax")[:80]
    if re.search(r"\d\s*[^\W\d_]", source) and "decimal literal" in message:
        return "write the product with *, such as 2*x"
    refused = f"this is not an expression ({message})"
    bare = re.search(r"\b([a-z]\w*)\s+(?=[\w(])([\w.]+)", source)
    if bare and known_function(bare[1]) is not None:
        return f"{refused}: write {bare[1]}({bare[2][:LONGEST]})"
    for pattern, advice in _TYPOS:
        found = re.search(pattern, source)
        if found:
            return f"{refused}: {advice}"
    return refused


_TYPOS = (
    (r"[\u00b2\u00b3\u2070-\u207f]", "write a power with **, as in x**2"),
    (r"[\u2080-\u208e]", "write an index in brackets, as in x[1]"),
    (r"\u221a", "write sqrt(x)"),
    (r"[\u2211\u03a3]", "write sum(x)"),
    (r"\u2264", "write <="),
    (r"\u2265", "write >="),
    (r"\u2260", "write !="),
    (r"[\u00bd\u00bc\u00be]", "write 0.5, 0.25 or 0.75"),
    (r"\|", "write abs(x)"),
    (r"[\w)\]]\s*!(?!=)", "write exp(lgamma(x + 1)) for a factorial"),
    (r"=>", "write >="),
    (r"=<", "write <="),
    (r"<>", "write !="),
    (r"\+\+|--\s*$", "write x + 1 in a line of its own"),
    (r"&&", "write (a)*(b) where both must hold"),
    (r"\?", "write where(condition, a, b)"),
    (r"[{}$\\]", "write it with * and brackets ( ): there is no LaTeX here"),
    (r";", "write each in a line of its own"),
    (r"^\s*(return|def|import|from|for|while|if)\b", "a line reads  name = expression"),
    (r"\d\s*\(|\)\s*\(|\)\s*[\w.]|[\w.]\s+[\w.]", "write the product with *, such as 2*x"),
    (r"[-+*/%@<>]\s*$", "something is missing at its end"),
)  # fmt: skip


def line_correction(source: str, has_name: bool) -> str:
    """What is added to the refusal of a line that is no  name = expression, or whose name is none."""
    stripped = source.strip()
    augmented = re.match(r"([^\W\d]\w{0,30})\s*(\*\*|[-+*/%@])=", stripped)
    if augmented:
        name, sign = augmented.groups()
        return f": write {name}2 = {name} {sign} ..., for a name is given once"
    if re.match(r"(return|print)\b", stripped):
        return ": write  loss = ...  in the last line"
    if re.match(r"(def|import|from|for|while|if|class|with)\b", stripped):
        return ": there are no statements, only lines such as  loss = x**2"
    if re.match(r"[^\W\d]\w*\s*:", stripped):
        return ": write it without the colon"
    if re.match(r"[^\W\d]\w*\s*(\[|\.)", stripped):
        return ": no element can be set, write a line with where(...) or a new name"
    if re.match(r"[^\W\d]\w*\s*\([^)]*\)\s*=", stripped):
        return ": write it without (...), as in  f = x**2"
    if re.match(r"[^\W\d]\w*(\s*,\s*[^\W\d]\w*)+\s*=", stripped):
        return ": write one line for each"
    if has_name:
        return ": a name begins with a letter, and has letters, digits and _"
    return f": write  loss = {short(stripped, '...')}"
