"""The formula language as text: faults 1 to 6, columns of errors, and that no input is slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.core.formulas.formula import Binary, Call, Name, Negative, Number, parse_expression, parse_formula
from gradviz.core.formulas.functions import CONSTANTS, FUNCTIONS
from gradviz.core.formulas.text import MAX_CHARACTERS, FormulaError, normalise

SLOW = 20  # how much slower than the fault table a loaded machine may be


def refusal(text: str, *tensors: str) -> FormulaError:
    with pytest.raises(FormulaError) as caught:
        parse_formula(text, tensors or ("x", "y"))
    return caught.value


def timed_refusal(text: str) -> tuple[FormulaError, float]:
    begin = time.thread_time()
    error = refusal(text)
    return error, time.thread_time() - begin


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("loss = __import__('os').system('id')", 8),
        ("loss = ().__class__", 8),
        ("loss = x + ().__class__.__bases__", 12),
        ("loss = x.__class__", 8),
        ("loss = __builtins__", 8),
        ("loss = open('/etc/passwd')", 8),
    ],
)
def test_an_attack_is_refused_at_its_column(text: str, column: int) -> None:
    error = refusal(text)
    assert (error.line, error.column) == (1, column)
    assert len(str(error)) <= 300


@pytest.mark.parametrize(
    ("expression", "construct"),
    [
        ("x.data", "an attribute"),
        ("x[x]", "an index"),
        ("lambda: x", "a lambda"),
        ("(y := x)", "an assignment inside"),
        ("f'{x}'", "an f-string"),
        ("[x for x in y]", "a comprehension"),
        ("{x for x in y}", "a comprehension"),
        ("sum(x for x in y)", "a comprehension"),
        ("x if y else x", "an if-else"),
        ("x and y", "and/or"),
        ("not x", "not and ~"),
        ("~x", "not and ~"),
        ("(x, y)", "a tuple"),
        ("[x]", "a list"),
        ("{}", "a dictionary"),
        ("'x'", "a str"),
        ("True", "a bool"),
        ("1j", "a complex"),
        ("x // y", "this operator"),
        ("x & y", "this operator"),
        ("x is y", "this operator"),
        ("0 < x < 1", "a chain of comparisons"),
        ("max(*x)", "a star argument"),
    ],
)
def test_a_construct_is_refused_by_its_name(expression: str, construct: str) -> None:
    error = refusal(f"loss = {expression}")
    assert construct in error.reason
    assert error.line == 1
    assert 8 <= error.column <= 7 + len(expression)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("brackets", "loss = " + "(" * 5000),
        ("closed brackets", "loss = " + "(" * 1900 + "x" + ")" * 1900),
        ("minus signs", "loss = " + "-" * 100_000 + "x"),
        ("few minus signs", "loss = " + "- " * 1500 + "x"),
        ("sum", "loss = " + "+".join(["x"] * 20_000)),
        ("short sum", "loss = " + "+".join(["x"] * 1000)),
        ("lines", "\n" * 3000 + "loss = x"),
    ],
)
def test_what_would_be_slow_is_refused_before_it_is_parsed(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("the text reached ast.parse")

    monkeypatch.setattr("gradviz.core.formulas.reader.ast.parse", forbidden)
    error, seconds = timed_refusal(text)
    assert len(str(error)) <= 300
    assert seconds < 0.005 * SLOW, name


@pytest.mark.parametrize(
    "text",
    [
        " " * (MAX_CHARACTERS - 1) + "x",
        "x" * MAX_CHARACTERS,
        "a " * (MAX_CHARACTERS // 2),
        "loss = x" + ".a" * 1900,
        "loss = x" + "()" * 1900,
        "loss = x" + "[0]" * 1200,
        "loss = x" + " " * 3000 + "+",
        "loss = x + " + "9" * 3900,
        "loss = x + 0x" + "f" * 3900,
    ],
    ids=["spaces", "no equals", "words", "attributes", "calls", "indices", "space inside", "digits", "hexadecimal"],
)
def test_no_text_of_allowed_length_is_slow(text: str) -> None:
    _, seconds = timed_refusal(text)
    assert seconds < 0.05 * SLOW


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("loss = 2x", 1, 8, "*"),
        ("", 1, 1, "at least one line"),
        ("   \n# only a note", 1, 1, "at least one line"),
        ("loss = x\x00", 1, 9, "NUL"),
        ("a = x\nloss = a\x00", 2, 9, "NUL"),
        ("loss = sin(x=1)", 1, 12, "no named argument x"),
        ("loss = foo(x)", 1, 8, "foo"),
        ("loss = sin", 1, 8, "is a function"),
        ("loss = x + z", 1, 12, "z is not known"),
        ("loss =", 1, 7, "missing"),
        ("loss = sin()", 1, 8, "takes 1 argument"),
        ("loss = where(x, y)", 1, 8, "takes 3 argument"),
        ("loss = sum(x, 0.5)", 1, 15, "whole number"),
        ("loss = sum(x, 9)", 1, 15, "whole number"),
        ("loss = x +", 1, None, "not an expression"),
        ("x**2", 1, 1, "name = expression"),
        ("  x == 2", 1, 3, "name = expression"),
        ("x = 2", 1, 1, "given twice"),
        ("a = x\n  a = y", 2, 3, "given twice"),
        ("_a = x", 1, 1, "is not a name"),
        ("a b = x", 1, 1, "is not a name"),
        ("a = x\n\n# note\nloss = a + q", 4, 12, "q is not known"),
        ("loss = 1e999", 1, 8, "not finite"),
        ("loss = later\nlater = x", 1, 8, "later is not known"),
        ("é = x\nloss = é + ü", 2, 12, "ü is not known"),
    ],
)
def test_the_caret_stands_at_the_fault(text: str, line: int, column: int | None, part: str) -> None:
    error = refusal(text)
    assert part in error.reason
    assert error.line == line
    if column is not None:
        assert error.column == column
    assert str(error).startswith(f"line {error.line}, column {error.column}: ")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("max(x，y)", "max(x,y)"),
        ("x−1", "x-1"),
        ("ｘ+1", "x+1"),
        ("ｓｉｎ（ｘ）＊２", "sin(x)*2"),
        ("x×y÷２", "x*y/2"),
        ("x·y – 1。5", "x*y - 1.5"),
        ("x　+　y", "x + y"),
    ],
)
def test_full_width_and_look_alike_characters_are_accepted(typed: str, meant: str) -> None:
    assert parse_expression(typed, ("x", "y")) == parse_expression(meant, ("x", "y"))


@pytest.mark.parametrize("text", ["loss = x²", "loss = x + 3²", "loss = x₂", "loss = ½*x", "loss = x + ①"])
def test_a_raised_or_lowered_digit_never_becomes_a_digit(text: str) -> None:
    error = refusal(text, "x", "x2")
    assert "not an expression" in error.reason


@given(st.text(max_size=200))
def test_normalising_keeps_every_column(text: str) -> None:
    assert len(normalise(text)) == len(text)
    assert normalise(normalise(text)) == normalise(text)


@settings(max_examples=300)
@given(
    st.text(alphabet=st.one_of(st.sampled_from("xy01=+-*/%@<>().,:[]{}'\"#\n \\_ e"), st.characters()), max_size=120)
)
def test_any_text_is_parsed_or_refused_with_a_place_inside_it(text: str) -> None:
    fault: FormulaError | None = None
    try:
        assert parse_formula(text, ("x", "y")).lines
    except FormulaError as error:
        fault = error
    if fault is not None:
        lines = text.split("\n")
        assert 1 <= fault.line <= len(lines)
        assert 1 <= fault.column <= len(lines[fault.line - 1]) + 2
        assert "\n" not in str(fault)


def test_the_tree_follows_the_precedence_of_python() -> None:
    x, two = Name("x", 2), Number(2.0, 5)
    assert parse_expression("-x**2", ("x",)) == Negative(Binary("**", x, two, 2), 1)
    assert parse_expression("+x", ("x",)) == x
    assert parse_expression("sum(x, -1)", ("x",)) == Call("sum", (Name("x", 5),), -1, 1)


def test_gradient_lines_are_those_of_parameters_alone() -> None:
    formula = parse_formula("d_z = 2*x\nloss = x*d_z\nd_x = 4*x", ("x",))
    assert [line.name for line in formula.lines] == ["d_z", "loss"]
    assert [(line.name, line.text, line.line) for line in formula.gradients] == [("d_x", "4*x", 3)]
    assert formula.objective.name == "loss"


def test_functions_and_constants_never_share_a_name() -> None:
    assert not set(FUNCTIONS) & set(CONSTANTS)
    for name, function in FUNCTIONS.items():
        assert name.isidentifier()
        assert 1 <= function.least <= function.most
        assert function.about
