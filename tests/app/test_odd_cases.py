"""``gradviz check`` at points that were called wrong once: the file, and what is right there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gradviz.app.commands.cli import run_command_line

Captured = pytest.CaptureFixture[str]
FOLDER = Path(__file__).parent / "odd_cases"
KINK, AGREES, ROUNDING = "not differentiable here", "agrees", "rounding"
NO_DERIVATIVE = {
    "a01-tie-maximum": ("0 to the left and 1 to the right", {"a": 0.5, "b": 0.5}),
    "a03-clamp-edge": ("1 to the left and 0 to the right", {"x": 1.0}),
    "a04-jump-atan2": ("the loss jumps here", {"x": 0.0, "y": 0.0}),
    "a10-acos-one": ("the slope below it is infinite", {"x": "-inf"}),
    "a16-root-of-squares-at-zero": ("norm(x) gives 0 there", {"x": ["nan", "nan"]}),
}
SLOPES = {
    "a05-small-log": {"p": [-1e7, 0.0]},
    "a06-small-sqrt": {"x": 5000.0},
    "a08-nanometres": {"x": 5.4030230586813977e8},
    "a18-near-a-kink": {"x": 1.0},
}


def checked(capsys: Captured, name: str, *arguments: str, status: int = 0) -> dict[str, Any]:
    assert run_command_line(["check", str(FOLDER / f"{name}.json"), "--json", *arguments]) == status
    found: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    return found


def rows(found: dict[str, Any], method: str, dtype: str = "float64") -> list[dict[str, Any]]:
    return [row for row in found["rows"] if row["method"] == method and row["dtype"] == dtype]


@pytest.mark.parametrize("name", sorted(NO_DERIVATIVE))
def test_a_point_without_a_derivative_is_named_by_every_way(capsys: Captured, name: str) -> None:
    words, values = NO_DERIVATIVE[name]
    found = checked(capsys, name)
    assert {row["verdict"] for row in found["rows"]} == {KINK}
    assert all(words in row["sentence"] for row in found["rows"])
    assert {row["parameter"]: row["values"] for row in rows(found, "autograd backward")} == values
    assert words in found["summary"]
    assert not [note for note in found["notes"] if "zero here" in note]


def test_the_headline_says_that_autograd_has_no_number(capsys: Captured) -> None:
    summary = checked(capsys, "a16-root-of-squares-at-zero")["summary"]
    assert summary.startswith("Autograd has no number here.")
    assert "x[0] = 0" in summary


@pytest.mark.parametrize("name", sorted(SLOPES))
def test_a_right_value_is_called_right_by_every_way(capsys: Captured, name: str) -> None:
    found = checked(capsys, name)
    assert {row["verdict"] for row in found["rows"]} == {"reference", AGREES}
    assert found["summary"] == "All gradients agree."
    for row in found["rows"]:
        share = 1e-5 if row["method"] == "finite difference" else 1e-7  # float32 rounds the point
        assert row["values"] == pytest.approx(SLOPES[name][row["parameter"]], rel=share, abs=1e-6)


def test_what_autograd_lost_is_rounding_and_the_right_one_is_right(capsys: Captured) -> None:
    found = checked(capsys, "a11-cancel-cosine")
    (backward,), (symbols,) = rows(found, "autograd backward"), rows(found, "symbols")
    assert (backward["verdict"], symbols["verdict"]) == (ROUNDING, AGREES)
    assert symbols["values"] == pytest.approx(-8.33333332778e-6, rel=1e-9)
    assert "-8.333333e-6 is right" in backward["sentence"]
    assert found["agrees"] is True
    assert not found["summary"].startswith("All gradients agree")


def test_a_small_number_beside_a_large_one_is_lost_and_not_cut(capsys: Captured) -> None:
    (single,) = rows(checked(capsys, "a13-absorbed-float32"), "autograd backward", "float32")
    assert (single["verdict"], single["values"]) == (ROUNDING, 0.0)
    assert "Nothing is cut" in single["sentence"]
    assert "2 is right" in single["sentence"]
    assert "1 + 1e8 is 1e8 in float32 (line y)" in single["sentence"]


def test_symbols_may_have_no_value_where_there_is_a_slope(capsys: Captured) -> None:
    found = checked(capsys, "a15-zero-to-a-power")
    (symbols,), (backward,) = rows(found, "symbols"), rows(found, "autograd backward")
    assert symbols["verdict"] == "no value here"
    assert symbols["values"][0] == "nan"
    assert backward["values"] == pytest.approx([0.0, 1.3862943611], rel=1e-9)


def test_none_zero_and_nan_are_three_things(capsys: Captured) -> None:
    found = checked(capsys, "b17-unused-parameter")
    unused = next(row for row in rows(found, "autograd backward") if row["parameter"] == "b")
    assert (unused["values"], unused["in_graph"], unused["verdict"]) == (None, False, "not in the graph")
    assert "b.grad is None" in unused["sentence"]
    assert "b.grad is None" in found["summary"]
    forward = next(row for row in rows(found, "autograd forward") if row["parameter"] == "b")
    assert (forward["values"], forward["in_graph"]) == (0.0, True)
    assert run_command_line(["run", str(FOLDER / "b17-unused-parameter.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["gradients"]["b"] is None
    assert run_command_line(["check", str(FOLDER / "b17-unused-parameter.json")]) == 0
    assert "None" in next(line for line in capsys.readouterr().out.splitlines() if line.startswith("b "))


@pytest.mark.parametrize(
    ("name", "line", "wrong"),
    [
        ("a01-tie-maximum", "d_a = 0*a + 0.7\nd_b = 0*b + 0.3", None),
        ("a01-tie-maximum", "d_a = 0*a + 1.5", "not between its slopes, 0 and 1"),
        ("a06-small-sqrt", "d_x = 1/sqrt(x)", "factor of 2"),
        ("a08-nanometres", "d_x = k*sin(k*x)", "Differs"),
        ("a11-cancel-cosine", "d_x = sin(x)/x**2 - 2*(1 - cos(x))/x**3", None),
        ("a11-cancel-cosine", "d_x = sin(x)/x**2 - (1 - cos(x))/x**3", "Differs"),
        ("a11-cancel-cosine", "d_x = -x/12 + x**3/180", None),
        ("a13-absorbed-float32", "d_x = x", "factor of 1/2"),
        ("a18-near-a-kink", "d_x = -sign(x)", "sign is wrong"),
        ("b17-unused-parameter", "d_b = 0*b + 1", "instead of 0"),
    ],
)
def test_a_gradient_by_hand_is_judged_even_there(capsys: Captured, name: str, line: str, wrong: str | None) -> None:
    found = checked(capsys, name, "--set", f"hand_gradient={line}", status=0 if wrong is None else 1)
    assert found["agrees"] is (wrong is None)
    assert wrong is None or any(wrong in row["sentence"] for row in rows(found, "by hand")), found["summary"]
