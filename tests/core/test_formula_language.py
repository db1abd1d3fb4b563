"""The formula language as torch has it: named arguments, indices, names of one's own, and what a refusal advises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gradviz.core.formulas.formula import Call, Constant, Index, Name, Number, parse_expression, parse_formula
from gradviz.core.formulas.functions import ALIASES, AS_OPERATORS, CONSTANTS, FUNCTIONS, known_function
from gradviz.core.formulas.suggestions import INSTEAD, LEFT_OUT
from gradviz.core.formulas.syntax import Slice
from gradviz.core.formulas.text import FormulaError
from gradviz.core.formulas.written import written
from gradviz.core.objectives.catalogue import FormulaObjective, NamedTensor


def reason(text: str, *known: str) -> str:
    with pytest.raises(FormulaError) as caught:
        parse_expression(text, known or ("x", "y"))
    return caught.value.reason


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("sum(x, dim=0)", "sum(x, 0)"),
        ("sum(x, axis=0)", "sum(x, 0)"),
        ("sum(input=x, dim=-1)", "sum(x, -1)"),
        ("sum(x, dim=(1,))", "sum(x, 1)"),
        ("sum(x, dim=[0])", "sum(x, 0)"),
        ("sum(x, dim=None)", "sum(x)"),
        ("mean(x, keepdim=True, dim=1)", "mean(x, 1, keepdim=True)"),
        ("mean(x, 1, True)", "mean(x, 1, keepdim=True)"),
        ("mean(x, 1, keepdims=True)", "mean(x, 1, keepdim=True)"),
        ("amax(x, dim=0, keepdim=False)", "amax(x, 0)"),
        ("softmax(x, dim=1)", "softmax(x, 1)"),
        ("logsumexp(x, dim=1)", "logsumexp(x, 1)"),
        ("norm(x, p=2)", "norm(x)"),
        ("norm(x, ord=2, dim=0)", "norm(x, 0)"),
        ("var(x, dim=0, correction=0)", "var(x, 0, correction=0)"),
        ("std(x, correction=1)", "std(x)"),
        ("clamp(x, min=0)", "clamp_min(x, 0)"),
        ("clamp(x, max=y)", "clamp_max(x, y)"),
        ("clamp(x, 0)", "clamp_min(x, 0)"),
        ("clamp(x, max=1, min=0)", "clamp(x, 0, 1)"),
        ("clip(x, -1, 1)", "clamp(x, -1, 1)"),
        ("pow(x, exponent=2)", "pow(x, 2)"),
        ("pow(exponent=y, input=x)", "pow(x, y)"),
        ("where(condition=x > 0, input=x, other=0)", "where(x > 0, x, 0)"),
        ("one_hot(x, num_classes=3)", "one_hot(x, 3)"),
        ("leaky_relu(x, negative_slope=0.2)", "leaky_relu(x, negative_slope=0.2)"),
        ("leaky_relu(x, 1/5)", "leaky_relu(x, negative_slope=0.2)"),
        ("leaky_relu(x, 0.01)", "leaky_relu(x)"),
        ("leaky_relu(x, 0.1, inplace=False)", "leaky_relu(x, negative_slope=0.1)"),
        ("elu(x, alpha=pi)", "elu(x, alpha=3.141592653589793)"),
        ("hardtanh(x, max_val=2)", "hardtanh(x, max_val=2)"),
        ("gelu(x, approximate='none')", "gelu(x)"),
        ("lerp(x, y, weight=0.5)", "lerp(x, y, 0.5)"),
        ("absolute(x)", "abs(x)"),
        ("matmul(x, y)", "x@y"),
        ("add(x, mul(x, y))", "x + x*y"),
        ("neg(x)", "-x"),
        ("gt(x, 0)*x", "(x > 0)*x"),
    ],
)
def test_arguments_have_the_names_and_places_that_torch_gives_them(text: str, meant: str) -> None:
    tree = parse_expression(text, ("x", "y"))
    assert written(tree) == meant
    assert written(parse_expression(meant, ("x", "y"))) == meant


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("x[0]", (0,)),
        ("x[-1]", (-1,)),
        ("x[:, 1]", (Slice(None, None, None), 1)),
        ("x[1:3]", (Slice(1, 3, None),)),
        ("x[::2]", (Slice(None, None, 2),)),
        ("x[-2:, 0]", (Slice(-2, None, None), 0)),
        ("x[:-1:3]", (Slice(None, -1, 3),)),
        ("x[..., 0]", (..., 0)),
        ("x[:, None]", (Slice(None, None, None), None)),
        ("x[1, 0]", (1, 0)),
    ],
)
def test_an_index_is_that_of_python(text: str, places: tuple[object, ...]) -> None:
    tree = parse_expression(text, ("x",))
    assert isinstance(tree, Index)
    assert (tree.operand, tree.places) == (Name("x", 1), places)
    assert written(tree) == text
    of_sum = parse_expression(f"(x + 1){text[1:]}", ("x",))
    assert written(of_sum) == f"(x + 1){text[1:]}"


@given(st.lists(st.one_of(st.integers(-5, 5), st.none(), st.slices(6)), min_size=1, max_size=4))
def test_any_index_is_written_as_it_is_read(places: list[object]) -> None:
    texts = [
        f"{_part(one.start)}:{_part(one.stop)}:{_part(one.step)}" if isinstance(one, slice) else str(one)
        for one in places
    ]
    if any(isinstance(one, slice) and one.step is not None and one.step < 1 for one in places):
        assert "a step below 1" in reason(f"x[{', '.join(texts)}]")
        return
    tree = parse_expression(f"x[{', '.join(texts)}]", ("x",))
    assert isinstance(tree, Index)
    assert tree.python == tuple(places)
    again = parse_expression(written(tree), ("x",))
    assert isinstance(again, Index)
    assert again.places == tree.places


def _part(value: object) -> str:
    return "" if value is None else str(value)


@pytest.mark.parametrize("name", [*CONSTANTS, "t", "sum", "max", "lerp", "logit", "mean", "one_hot"])
def test_a_name_of_ones_own_goes_before_a_constant_or_a_function(name: str) -> None:
    formula = parse_formula(f"{name} = x + 1\nloss = {name}*2", ("x",))
    assert isinstance(formula.lines[1].expression.left, Name)  # type: ignore[union-attr]
    tensor = parse_formula(f"loss = {name}**2", (name,))
    assert [line.name for line in tensor.lines] == ["loss"]


def test_a_call_is_that_of_the_function_whatever_a_line_is_called() -> None:
    formula = parse_formula("mean = sum(x)/3\nt = mean(x - mean)\nloss = t(x)*t", ("x",))
    assert isinstance(formula.lines[1].expression, Call)
    assert parse_expression("e", ()) == Constant("e", 1)
    assert parse_expression("e", ("e",)) == Name("e", 1)


ADVICE = [
    ("x^2", "write x**2"),
    ("(x+1)^0.5", "write (x+1)**0.5"),
    ("y + x^2 + 1", "write x**2"),
    ("3*(x - y)^2*y", "write (x - y)**2"),
    ("2*sin(x)^2", "write sin(x)**2"),
    ("x^(y + 1)", "write x**(y + 1)"),
    ("x.sum()", "write sum(x)"),
    ("x.sum(0)", "write sum(x, 0)"),
    ("x.mean(dim=1)", "write mean(x, dim=1)"),
    ("(x - y).pow(2).mean()", "write mean((x - y).pow(2))"),
    ("x.T", "write transpose(x)"),
    ("x.t()", "write t(x)"),
    ("x.exp()", "write exp(x)"),
    ("x.detach()", "write detach(x)"),
    ("x.item()", "write x"),
    ("torch.sum(x)", "write sum(x)"),
    ("torch.nn.functional.relu(x)", "write relu(x)"),
    ("F.leaky_relu(x, 0.1)", "write leaky_relu(x, 0.1)"),
    ("np.exp(x)", "write exp(x)"),
    ("np.arcsin(x)", "write asin(x)"),
    ("numpy.power(x, 2)", "write x**y"),
    ("math.sqrt(x)", "write sqrt(x)"),
    ("math.pi*x", "write pi"),
    ("lambda x: x**2", "write x**2"),
    ("x if x > 0 else y", "write where(x > 0, x, y)"),
    ("x and y", "write (x)*(y)"),
    ("x or y", "write maximum(x, y)"),
    ("not x", "write x == 0"),
    ("0 < x < 1", "write (0 < x)*(x < 1)"),
    ("x // 2", "write floor(x/2)"),
    ("True", "write 1"),
    ("[1, 2]", "list of tensors"),
    ("2(x + 1)", "write 2*(x + 1)"),
    ("x(y)", "write x*(...)"),
    ("(x)(y)", "write x*(...)"),
    ("2x", "2*x"),
    ("x y", "with *"),
    ("|x|", "write abs(x)"),
    ("x!", "lgamma"),
    ("x\u00b2", "x**2"),
    ("\u221ax", "write sqrt(x)"),
    ("exp x", "write exp(x)"),
    ("sin 2", "write sin(2)"),
    ("ln(x)", "write log(x)"),
    ("mse_loss(x, y)", "write mean((x - y)**2)"),
    ("swish(x)", "write silu(x)"),
    ("cross_entropy(x, y)", "log_softmax"),
    ("sigmod(x)", "did you mean sigmoid(x)?"),
    ("Relu(x)", "did you mean relu(x)?"),
    ("SUM(x)", "did you mean sum(x)?"),
    ("sofmax(x, dim=0)", "did you mean softmax(x, dim=0)?"),
    ("qqqq(x)", "exp, sum, where"),
    ("sin", "write sin(...)"),
    ("wieght*x", "did you mean weight?"),
    ("xy", "write x*y"),
    ("\u03c0*x", "write pi"),
    ("max(x, dim=0)", "write amax(x, dim=0)"),
    ("norm(x, p=1)", "sum(abs(x)**p)"),
    ("sum(x, dims=0)", "did you mean dim?"),
    ("sum(x, dim=(0, 1))", "sum(sum(x, dim=1), dim=0)"),
    ("sum(x, keepdim=True)", "dim=0, keepdim=True"),
    ("sum(x, dim=y)", "a whole number"),
    ("sum(x, 0, keepdim=x)", "keepdim=True"),
    ("elu(x, alpha=y)", "a plain number such as 1"),
    ("elu(x, beta=1)", "elu(x, alpha)"),
    ("gelu(x, approximate='tanh')", "tanh(0.79788"),
    ("var(x, unbiased=False)", "correction=0"),
    ("sin(x, y)", "write sin(x)"),
    ("x[y]", "w[0], x[-1]"),
    ("x[0.5]", "w[0], x[-1]"),
    ("x[x > 0]", "where(x > 0"),
    ("x[::-1]", "at least 1"),
    ("x[..., ...]", "one ... at most"),
    ("x[()]", "from 1 to 8"),
    ("sum(x, 0)(1)", "cannot be called"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "advice"), ADVICE)
def test_a_refusal_says_what_to_write_instead(text: str, advice: str) -> None:
    said = reason(text, "x", "y", "weight")
    assert advice in said
    assert len(said) <= 260


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("x += 1", "write x2 = x + ..."),
        ("y = 1\ny = 2", "such as y2"),
        ("f(x) = x", "without (...)"),
        ("a, b = x, x", "one line for each"),
        ("x[0] = 1", "a new name"),
        ("x**2", "write  loss = x**2"),
        ("sum(x, dim=0)", "write  loss = sum(x, dim=0)"),
        ("return x", "loss = ..."),
        ("import torch", "no statements"),
        ("2a = x", "begins with a letter"),
    ],
)
def test_a_line_that_is_none_says_what_one_is(line: str, advice: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse_formula(line, ("x",))
    assert advice in caught.value.reason


@pytest.mark.parametrize("text", [advice for _text, advice in ADVICE if advice.startswith("write ")])
def test_what_is_advised_can_be_written(text: str) -> None:
    """One step at a time: what it advises is read, or advises the next."""
    advised = text.removeprefix("write ").replace("...", "1")
    if ".pow(" not in advised:
        parse_expression(advised, ("x", "y", "weight"))


def test_an_unknown_name_is_told_so_that_it_can_become_a_tensor() -> None:
    for text, unknown in (("x + z", "z"), ("foo(x)", ""), ("x + _z", ""), ("x.y", ""), ("x + " + "a" * 41, "")):
        with pytest.raises(FormulaError) as caught:
            parse_expression(text, ("x",))
        assert caught.value.unknown == unknown, text


def test_other_names_lead_to_functions_and_none_is_taken_twice() -> None:
    for names in (ALIASES, AS_OPERATORS, INSTEAD):
        assert not set(names) & set(FUNCTIONS)
    for name in ALIASES:
        assert known_function(name) is not None
    assert not set(ALIASES) & (set(AS_OPERATORS) | set(INSTEAD) | set(LEFT_OUT))


def test_every_setting_of_a_function_is_a_number_behind_its_tensors() -> None:
    for name, function in FUNCTIONS.items():
        arguments = ", ".join(("x", "y", "z")[: function.least])
        tree = parse_expression(f"{name}({arguments})", ("x", "y", "z"))
        if isinstance(tree, Call) and function.options:
            count = len(function.options)
            assert [one.value for one in tree.arguments[-count:] if isinstance(one, Number)] == [
                option.default for option in function.options
            ]


def test_an_objective_parses_its_formula_once() -> None:
    tensors = (NamedTensor(name="x"), NamedTensor(name="y"))
    objective = FormulaObjective(tensors=tensors, text="loss = x**2 + y**2")
    assert objective.parsed == parse_formula("loss = x**2 + y**2", ("x", "y"))
    assert FormulaObjective(tensors=tensors, text="loss = x**2 + y**2").parsed is objective.parsed
    with pytest.raises(ValidationError, match="y"):
        FormulaObjective(tensors=tensors[:1], text="loss = x**2 + y**2")
