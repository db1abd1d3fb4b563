"""Formulas as torch: against an evaluator of our own over random trees, finite differences, and torch itself."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from engine_support import formula, formula_experiment
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from gradviz.core.formulas.formula import parse_formula
from gradviz.core.formulas.functions import CONSTANTS, FUNCTIONS
from gradviz.core.formulas.text import FormulaError
from gradviz.core.objectives.catalogue import FormulaObjective, NamedTensor
from gradviz.core.objectives.test_functions import TEST_FUNCTIONS
from gradviz.engine.objectives.build import build_objective
from gradviz.engine.objectives.formula_descent import FormulaDescent, tensors_of
from gradviz.engine.objectives.formula_program import Program, Values
from gradviz.engine.problems import EngineError
from gradviz.engine.training.trainer import Trainer

CPU = torch.device("cpu")
Tree = tuple[Any, ...]
OPERATORS: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "<": (0, operator.lt),
    ">=": (0, operator.ge),
    "+": (1, operator.add),
    "-": (1, operator.sub),
    "*": (2, operator.mul),
    "/": (2, operator.truediv),
    "%": (2, operator.mod),
    "**": (4, operator.pow),
}
SMOOTH = ("sin", "cos", "tanh", "sigmoid", "softplus", "atan", "erf")


def program(text: str, names: Any, dtype: torch.dtype = torch.float64) -> Program:
    return Program(parse_formula(text, tuple(names)), dtype, CPU)


def value_of(text: str, tensors: dict[str, Tensor], dtype: torch.dtype = torch.float64) -> Tensor:
    return program(f"result = {text}", tensors, dtype).evaluate(tensors)["result"]


# -- an independent evaluator -----------------------------------------------------------------------------------


def source(tree: Tree) -> tuple[str, int]:
    """The text of a tree with no bracket more than Python needs, and how strongly it binds."""
    kind, *parts = tree
    if kind in ("number", "name"):
        return str(parts[0]), 5
    if kind == "call":
        return f"{parts[0]}({', '.join(source(part)[0] for part in parts[1:])})", 5
    if kind == "negative":
        return "-" + bracketed(parts[0], 3), 3
    strength = OPERATORS[kind][0]
    if kind == "**":
        return f"{bracketed(parts[0], 5)}**{bracketed(parts[1], 3)}", 4
    left_least = strength if strength else 1  # a chain of comparisons means something else
    return f"{bracketed(parts[0], left_least)} {kind} {bracketed(parts[1], strength + 1)}", strength


def bracketed(tree: Tree, least: int) -> str:
    text, strength = source(tree)
    return text if strength >= least else f"({text})"


def direct(tree: Tree, values: dict[str, Tensor]) -> Any:
    """The value by torch functions and Python's operators: numbers stay Python floats until they meet a tensor."""
    kind, *parts = tree
    if kind == "number":
        return float(parts[0])
    if kind == "name":
        return CONSTANTS[parts[0]] if parts[0] in CONSTANTS else values[parts[0]]
    if kind == "negative":
        return -direct(parts[0], values)
    if kind == "call":
        arguments = [as_tensor(direct(part, values)) for part in parts[1:]]
        return getattr(torch.nn.functional if parts[0] == "softplus" else torch, parts[0])(*arguments)
    left, right = direct(parts[0], values), direct(parts[1], values)
    if kind in ("<", ">=") and isinstance(left, float):
        left = as_tensor(left)
    result = OPERATORS[kind][1](left, right)
    assert not isinstance(result, complex)
    return result


def as_tensor(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)


def has_name(tree: Tree) -> bool:
    return tree[0] == "name" or any(has_name(part) for part in tree[1:] if isinstance(part, tuple))


NUMBERS = st.tuples(st.just("number"), st.sampled_from(["0.5", "1", "2", "3", "1.25", "10", "1e-3"]))
NAMES = st.tuples(st.just("name"), st.sampled_from(["x", "y", "pi", "e"]))


def trees(operators: list[str], calls: tuple[str, ...], leaves: int) -> st.SearchStrategy[Tree]:
    def grown(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        return st.one_of(
            st.tuples(st.sampled_from(operators), inner, inner),
            st.tuples(st.just("negative"), inner),
            st.tuples(st.just("call"), st.sampled_from(calls), inner),
            *(
                [st.tuples(st.just("call"), st.sampled_from(["maximum", "atan2"]), inner, inner)]
                if "/" in operators
                else []
            ),
        )

    return st.recursive(NUMBERS | NAMES, grown, max_leaves=leaves)


ANY_TREE = trees(["+", "-", "*", "/", "%", "**"], (*SMOOTH, "sqrt", "log", "abs", "floor", "sign"), 12)
SMOOTH_TREE = trees(["+", "-", "*"], SMOOTH, 10)
VALUES = st.floats(-3, 3, allow_subnormal=False)


@settings(max_examples=300)
@given(tree=ANY_TREE, x=VALUES, y=VALUES)
def test_a_random_formula_has_the_value_of_its_tree(tree: Tree, x: float, y: float) -> None:
    values = {"x": torch.tensor(x, dtype=torch.float64), "y": torch.tensor(y, dtype=torch.float64)}
    try:
        expected = as_tensor(direct(tree, values))
    except (OverflowError, ZeroDivisionError, AssertionError):
        assume(False)
    text = source(tree)[0]
    found = value_of(text, values)
    assert torch.equal(found, expected) or bool(torch.isnan(found) & torch.isnan(expected)), text


@settings(max_examples=100)
@given(left=ANY_TREE, right=ANY_TREE, which=st.sampled_from(["<", ">="]), x=VALUES)
def test_where_and_comparisons_choose_elementwise(left: Tree, right: Tree, which: str, x: float) -> None:
    values = {"x": torch.linspace(-2, 2, 9, dtype=torch.float64), "y": torch.full((9,), x, dtype=torch.float64)}
    tree = (which, left, right)
    try:
        condition = direct(tree, values)
    except (OverflowError, ZeroDivisionError, AssertionError):
        assume(False)
    found = value_of(f"where({source(tree)[0]}, x, -1)", values)
    assert torch.equal(found, torch.where(condition, values["x"], torch.tensor(-1.0, dtype=torch.float64)))


@settings(max_examples=150)
@given(tree=SMOOTH_TREE, point=st.lists(VALUES, min_size=2, max_size=2))
def test_a_gradient_is_the_central_difference(tree: Tree, point: list[float]) -> None:
    assume(has_name(tree))
    text = source(tree)[0]
    ready = program(f"result = {text} + 0*x + 0*y", ("x", "y"))

    def at(place: list[float]) -> Tensor:
        x, y = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in place)
        value = ready.evaluate({"x": x, "y": y})["result"]
        value.backward()
        return torch.stack((value.detach(), x.grad, y.grad))

    here = at(point)
    assume(bool((here.abs() < 100).all()))
    for lane in range(2):
        near = {}
        for h in (1e-3, 5e-4):
            ahead, behind = list(point), list(point)
            ahead[lane] += h
            behind[lane] -= h
            near[h] = (at(ahead)[0] - at(behind)[0]) / (2 * h)
        richardson = (4 * near[5e-4] - near[1e-3]) / 3
        difference = abs((near[5e-4] - near[1e-3]).item())
        assume(difference < 1e-2)  # too wild here for a difference of this width
        assert here[1 + lane].item() == pytest.approx(richardson.item(), rel=1e-5, abs=1e-5)


# -- functions --------------------------------------------------------------------------------------------------

VECTOR = torch.tensor([0.2, 0.9, 0.4, 0.7], dtype=torch.float64)
OTHER = torch.tensor([0.5, 0.3, 0.8, 0.1], dtype=torch.float64)
MATRIX = torch.linspace(0.1, 0.95, 6, dtype=torch.float64).reshape(2, 3)
RENAMED: dict[str, Callable[..., Tensor]] = {
    "norm": torch.linalg.vector_norm,
    "softmax": lambda x: torch.softmax(x, -1),
    "log_softmax": lambda x: torch.log_softmax(x, -1),
    "transpose": lambda x: x.T,
    "softplus": torch.nn.functional.softplus,
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "acosh": lambda x: torch.acosh(x + 1),
    "logsumexp": lambda x: x.exp().sum().log(),
    "clamp": lambda x, low, high: torch.minimum(torch.maximum(x, low), high),
    "where": lambda x, a, b: torch.where(x > 0.5, a, b),
}


def of_torch(name: str) -> Callable[..., Tensor]:
    """The function of torch that has this name."""
    spaces: tuple[Any, ...] = (torch, torch.nn.functional, torch.special)
    found: Callable[..., Tensor] = next(getattr(space, name) for space in spaces if hasattr(space, name))
    return found


OF_THE_GRAPH = ("detach", "no_grad", "requires_grad", "retain_grad", "one_hot")


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in OF_THE_GRAPH])
def test_a_function_is_that_of_torch(name: str) -> None:
    function = FUNCTIONS[name]
    first = MATRIX if name in ("t", "transpose") else VECTOR
    given_values = [first, OTHER, torch.full((4,), 0.85, dtype=torch.float64)][: function.most]
    names = ["a", "b", "c"][: function.most]
    arguments = ["a > 0.5", *names[1:]] if name == "where" else names
    expected = RENAMED.get(name) or of_torch(name)
    if name == "acosh":
        arguments = ["a + 1"]
    found = value_of(f"{name}({', '.join(arguments)})", dict(zip(names, given_values, strict=True)))
    torch.testing.assert_close(found, expected(*given_values), rtol=1e-14, atol=1e-14)
    if function.least < function.most and name != "clamp":
        torch.testing.assert_close(value_of(f"{name}(a)", {"a": first}), expected(first))


@pytest.mark.parametrize("dimension", [0, 1, -1, -2])
@pytest.mark.parametrize("name", [name for name, function in FUNCTIONS.items() if function.dimension])
def test_a_reduction_takes_a_dimension(name: str, dimension: int) -> None:
    found = value_of(f"{name}(a, {dimension})", {"a": MATRIX})
    by_numpy: dict[str, Callable[..., Any]] = {
        "sum": np.sum,
        "mean": np.mean,
        "prod": np.prod,
        "amax": np.max,
        "amin": np.min,
        "var": lambda a, axis: np.var(a, axis=axis, ddof=1),
        "std": lambda a, axis: np.std(a, axis=axis, ddof=1),
        "logsumexp": lambda a, axis: np.log(np.exp(a).sum(axis=axis)),
        "norm": lambda a, axis: np.sqrt(np.sum(a**2, axis=axis)),
        "softmax": lambda a, axis: np.exp(a) / np.exp(a).sum(axis=axis, keepdims=True),
        "log_softmax": lambda a, axis: np.log(np.exp(a) / np.exp(a).sum(axis=axis, keepdims=True)),
    }
    np.testing.assert_allclose(found.numpy(), by_numpy[name](MATRIX.numpy(), axis=dimension), rtol=1e-12)


def test_numbers_alone_are_a_tensor_wherever_a_tensor_is_needed() -> None:
    x = {"x": VECTOR}
    assert value_of("2**3 - 1", x).item() == 7
    assert torch.equal(value_of("where(1 > 0, x, 2)", x), VECTOR)
    assert torch.equal(value_of("where(2 == 3, x, 1)", x), torch.ones(4, dtype=torch.float64))
    assert value_of("max(2, 3)", x).item() == 3
    assert value_of("sum(3)", x).item() == 3
    assert value_of("x * (1/3)", x).tolist() == [value * (1 / 3) for value in VECTOR.tolist()]
    assert value_of("x + 2", {"x": VECTOR.float()}, torch.float32).dtype == torch.float32


def test_softmax_is_over_the_last_dimension_unless_told_otherwise() -> None:
    for name in ("softmax", "log_softmax"):
        torch.testing.assert_close(value_of(f"{name}(a)", {"a": MATRIX}), getattr(torch, name)(MATRIX, -1))


def test_matrices_multiply_and_broadcast() -> None:
    tensors = {"a": MATRIX, "b": OTHER[:3]}
    torch.testing.assert_close(value_of("a @ b", tensors), MATRIX @ OTHER[:3])
    torch.testing.assert_close(value_of("t(a) @ a + b", tensors), MATRIX.T @ MATRIX + OTHER[:3])


@pytest.mark.parametrize("entry", TEST_FUNCTIONS, ids=lambda entry: entry.__name__)
@given(x=st.floats(-4, 4), y=st.floats(-4, 4))
def test_a_test_function_is_its_formula(entry: Any, x: float, y: float) -> None:
    function = entry()
    point = torch.tensor([x, y], dtype=torch.float64)
    tensors = {"x": point[0], "y": point[1]}
    own = {
        name: torch.tensor(value, dtype=torch.float64)
        for name, value in function.model_dump().items()
        if name != "kind"
    }
    found = value_of(function.formula, tensors | own)
    assert found.item() == pytest.approx(function.evaluate(point[0], point[1]).item(), rel=1e-12, abs=1e-9)


# -- faults -----------------------------------------------------------------------------------------------------


@pytest.mark.timeout(60)  # in Python's whole numbers the first two never end
@pytest.mark.parametrize("expression", ["9**9**9", "10**(10**10)", "1/0", "(-8)**(1/3)", "1e308*10", "2 % 0"])
def test_numbers_without_bound_are_refused_at_once(expression: str) -> None:
    with pytest.raises(FormulaError, match="not finite here") as caught:
        program(f"a = x\nloss = a + {expression}", ("x",))
    assert (caught.value.line, caught.value.column) == (2, 12)


def test_a_run_of_such_a_number_says_where() -> None:
    with pytest.raises(EngineError, match=r"line 2, column 8: not finite here"):
        Trainer(formula_experiment("a = x\nloss = 9**9**9 + a", x=1.0))


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("c = a*2\nloss = sum(c + b)", 2, 12, "size of tensor"),
        ("loss = sum(a @ m)", 1, 12, "cannot be multiplied"),
        ("loss = sum(m, 2)", 1, 8, "Dimension out of range"),
        ("loss = sum(dot(m, m))", 1, 12, "1D tensors"),
        ("loss = sum(a)\nd_a = a + b", 2, 7, "size of tensor"),
        ("loss = sum(where(a, 1, 0))", 1, 12, "condition"),
    ],
)
def test_shapes_that_do_not_fit_are_refused_at_their_place(text: str, line: int, column: int, part: str) -> None:
    tensors = {"a": torch.ones(2), "b": torch.ones(3), "m": torch.ones(3, 3)}
    with pytest.raises(FormulaError, match=part) as caught:
        program(text, tensors, torch.float32).check(tensors)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert len(str(caught.value)) <= 300


def test_each_place_of_the_longest_formula_is_compiled_and_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node makes a closure of its own in the program, and in the check one more and those of its operands' names."""
    made: list[Any] = []
    closure = Program._closure

    def counted(self: Program, expression: Any) -> Any:
        made.append(expression)
        return closure(self, expression)

    monkeypatch.setattr(Program, "_closure", counted)
    names = 250
    checked = program("loss = " + "+".join(["x"] * names), ("x",))
    places = 2 * names - 1
    assert len(made) == places
    assert checked.check({"x": torch.tensor(1.0)}) is None
    assert len(made) == places + 3 * (names - 1) + names


@pytest.mark.parametrize(
    ("text", "place", "value"),
    [
        ("loss = 1/(x-x)", "line 1, column 8", "inf"),
        ("loss = sqrt(-x*x-1)", "line 1, column 8", "nan"),
        ("a = x + 1\nloss = a*log(x - 2) + 1/(x-x)", "line 2, column 10", "nan"),
    ],
)
def test_a_formula_that_is_not_finite_at_the_start_is_named_at_its_place(text: str, place: str, value: str) -> None:
    fault = Trainer(formula_experiment(text, x=1.0)).fault_at_start()
    assert fault.startswith("The run cannot start")
    assert f"{place}: not finite here ({value})" in fault


def test_where_around_a_root_is_finite_with_a_gradient_that_is_not() -> None:
    trainer = Trainer(formula_experiment("loss = where(x>0, sqrt(x), 0)", x=0.0))
    assert trainer.record.losses == (0.0,)
    fault = trainer.fault_at_start()
    assert "The loss is finite (0)" in fault
    assert "x = 0." in fault
    assert "gradient of x" in fault
    assert len(fault) <= 300
    assert Trainer(formula_experiment("loss = where(x>0, sqrt(x), 0)", x=1.0)).fault_at_start() == ""


def objective_of(text: str, **changes: Any) -> FormulaDescent:
    experiment = formula_experiment(text, x=(1.0, 2.0), y=3.0)
    made = experiment.model_copy(update={"objective": experiment.objective.model_copy(update=changes)})
    built = build_objective(made, torch.device("cpu"))
    assert isinstance(built, FormulaDescent)
    return built


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("loss = 3 + y*0 + no_grad(y)", ""),
        ("loss = 3", "does not require grad"),
        ("loss = no_grad(sum(x*x))", "does not require grad"),
        ("loss = detach(y)", "does not require grad"),
        ("v = x*y", "grad can be implicitly created only for scalar outputs"),
    ],
)
def test_a_loss_that_cannot_go_back_fails_with_the_words_of_pytorch(text: str, part: str) -> None:
    objective = objective_of(text)
    loss = objective.loss()
    if not part:
        objective.backward(loss)
        return
    with pytest.raises(RuntimeError, match=part):
        objective.backward(loss)


def test_an_upstream_gradient_makes_the_vector_jacobian_product() -> None:
    objective = objective_of("v = x*x*y", upstream=(10.0, -1.0))
    loss = objective.evaluate()
    assert loss.item() == 10.0 * 3.0 - 12.0
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x * 3.0).backward(torch.tensor([10.0, -1.0]))
    assert torch.equal(objective.parameters["x"].grad, x.grad)
    np.testing.assert_allclose(objective.loss_at(objective.parameters).item(), 18.0)


def test_functions_that_stop_the_graph_and_begin_one() -> None:
    objective = objective_of("a = detach(x*y)\nloss = sum(a*x)")
    objective.evaluate()
    np.testing.assert_array_equal(objective.parameters["x"].grad, [3.0, 6.0])
    assert objective.parameters["y"].grad is None
    begun = objective_of("a = no_grad(3*x/(x + 1))\nbegun = requires_grad(a)\nloss = sum(begun*begun)")
    begun.evaluate()
    leaf = {name: value for value, name in begun.named_values()}["begun"]
    assert leaf.is_leaf
    assert torch.equal(leaf.grad, 2 * leaf)
    assert begun.parameters["x"].grad is None
    assert torch.func.grad(lambda x: begun.loss_at({"x": x}))(torch.ones(2)).abs().sum() == 0


def test_a_retained_gradient_is_kept_where_pytorch_keeps_none() -> None:
    objective = objective_of("a = retain_grad(y*y)\nc = 2*a\nloss = c*c")
    objective.evaluate()
    kept = dict(objective.retained())
    assert list(kept) == ["a"]
    assert kept["a"].grad == 8 * 9.0


@pytest.mark.parametrize(("labels", "place", "shown"), [([0.6, 1.9], 0, "0.6"), ([0.0, 1.0, 1.5], 2, "1.5")])
def test_labels_with_decimals_are_refused_as_torch_does(labels: list[float], place: int, shown: str) -> None:
    with pytest.raises(RuntimeError, match="only applicable to index tensor"):
        torch.nn.functional.one_hot(torch.tensor(labels), 3)  # type: ignore[arg-type]
    words = f"one_hot is only applicable to index tensor, and label {place} is {shown}"
    with pytest.raises(EngineError, match=words):
        Trainer(formula_experiment("y = one_hot(k, 3)\nf = sum(y)*x", constants=("k",), x=1.0, k=tuple(labels)))
    Trainer(formula_experiment("y = one_hot(k, 3)\nf = sum(y)*x", constants=("k",), x=1.0, k=(0.0, 2.0)))


def test_one_hot_is_that_of_torch() -> None:
    found = value_of("one_hot(a, 3)", {"a": torch.tensor([0.0, 2.0, 1.0])})
    assert torch.equal(found, torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 1, 0]], dtype=found.dtype))
    with pytest.raises(FormulaError, match="whole number"):
        value_of("one_hot(a, a)", {"a": torch.tensor([0.0, 2.0, 1.0])})


def test_a_line_that_is_cut_passes_no_gradient() -> None:
    objective = objective_of("a = x*y\nloss = sum(a) + sum(x)")
    objective.cut = frozenset({"a"})
    objective.evaluate()
    np.testing.assert_array_equal(objective.parameters["x"].grad, [1.0, 1.0])


# -- tensors that are drawn ---------------------------------------------------------------------------------------


def drawn(generator: str, seed: int = 5) -> Values:
    names = {"a": "randn(3, 2)", "b": "randint(0, 20, 4)", "c": "rand(2)", "d": "linspace(0, 1, 3)", "f": "ones(2, 2)"}
    tensors = tuple(NamedTensor(name=name, value=text) for name, text in names.items())
    return tensors_of(FormulaObjective(tensors=tensors, text="s = sum(a)", generator=generator), seed, torch.float64)


def test_tensors_are_drawn_in_their_order_as_numpy_does() -> None:
    random = np.random.RandomState(5)
    expected = [random.randn(3, 2), random.randint(0, 20, 4), random.rand(2), np.linspace(0, 1, 3), np.ones((2, 2))]
    for found, wanted in zip(drawn("numpy").values(), expected, strict=True):
        np.testing.assert_array_equal(found.numpy(), wanted)


def test_tensors_are_drawn_in_their_order_as_torch_does() -> None:
    torch.manual_seed(5)
    expected = [torch.randn(3, 2, dtype=torch.float64), torch.randint(0, 20, (4,)), torch.rand(2, dtype=torch.float64)]
    for found, wanted in zip(drawn("torch").values(), expected, strict=False):
        assert torch.equal(found, wanted.to(torch.float64))


# -- gradients by hand ------------------------------------------------------------------------------------------

SQUARES = """
p = x@w + b
r = p - y
loss = mean(r**2)
d_b = 2*sum(r, 0)/8
d_w = transpose(x)@(2*r)/8
"""
NUMBER = st.floats(-3, 3)


def matrix(rows: int, columns: int) -> st.SearchStrategy[Any]:
    return st.tuples(*[st.tuples(*[NUMBER] * columns)] * rows)


@settings(max_examples=30)
@given(x=matrix(4, 3), w=matrix(3, 2), b=st.tuples(NUMBER, NUMBER), y=matrix(4, 2))
def test_a_gradient_by_hand_is_used_and_equals_that_of_autograd(x: Any, w: Any, b: Any, y: Any) -> None:
    gradients = {}
    for kind in ("autograd", "by_hand"):
        experiment = formula_experiment(SQUARES, gradient=kind, constants=("x", "y"), x=x, w=w, b=b, y=y)
        objective = build_objective(experiment, CPU)
        loss = objective.evaluate()
        gradients[kind] = {name: parameter.grad for name, parameter in objective.parameters.items()}
        assert loss.requires_grad == (kind == "autograd")
    for name, by_hand in gradients["by_hand"].items():
        torch.testing.assert_close(by_hand, gradients["autograd"][name], rtol=1e-9, atol=1e-9)


def test_a_wrong_gradient_by_hand_is_followed_as_written() -> None:
    objective = build_objective(formula_experiment("loss = x*x\nd_x = -2*x", gradient="by_hand", x=3.0), CPU)
    objective.evaluate()
    assert objective.parameters["x"].grad.item() == -6


def test_a_gradient_by_hand_of_another_shape_is_refused() -> None:
    experiment = formula_experiment("loss = sum(x*x)\nd_x = sum(2*x)", gradient="by_hand", x=(1.0, 2.0))
    with pytest.raises(EngineError, match=r"d_x has the shape \(\), but x has \(2,\)"):
        Trainer(experiment)


def test_every_line_keeps_its_name() -> None:
    objective = build_objective(formula_experiment("u = b*c\nv = a + u\nj = 3*v", a=3.0, b=5.0, c=8.0), CPU)
    objective.loss()
    assert {name: value.item() for value, name in objective.named_values()} == {"u": 40, "v": 43, "j": 129}


def test_a_scalar_loss_keeps_its_own_node_and_a_list_of_one_is_a_number() -> None:
    own = build_objective(formula_experiment("loss = x*x", x=1.0), CPU).loss()
    assert own.grad_fn.name() == "MulBackward0"
    single = build_objective(formula_experiment("loss = x*x", x=(2.0,)), CPU).loss()
    assert single.shape == ()
    assert single.item() == 4
    assert math.isfinite(build_objective(formula_experiment("loss = x", x=2.0), CPU).evaluate().item())


def test_a_formula_declares_its_sizes() -> None:
    declared = formula("loss = sum(w) + b", w=((1.0, 2.0), (3.0, 4.0)), b=1.0)
    assert declared.parameter_count == 5


def test_only_the_lines_that_the_objective_needs_are_computed_unless_a_gradient_is_by_hand() -> None:
    text = "a = x*y\nidle = exp(y)\nloss = sum(a)\nd_x = y + 0*x + 0*idle\nd_y = sum(x) + 0*idle"
    objective = objective_of(text)
    objective.evaluate()
    assert [name for _, name in objective.named_values()] == ["a", "loss"]
    by_hand = objective_of(text, gradient="by_hand")
    by_hand.evaluate()
    assert [name for _, name in by_hand.named_values()] == ["a", "idle", "loss"]
    for name, parameter in objective.parameters.items():
        assert torch.equal(parameter.grad, by_hand.parameters[name].grad)
    assert set(objective.hand_values()) >= {"idle", "a", "loss", "x", "y"}


@pytest.mark.parametrize(
    ("text", "place", "part"),
    [
        ("y = 2*x\nloss = 3 % x", "line 2, column 8", "no derivative"),
        ("y = 1 + 5 % x\nloss = y*y", "line 1, column 9", "no derivative"),
        ("loss = sum(requires_grad(x > 1))", "line 1, column 12", "floating point"),
    ],
)
def test_what_has_no_derivative_is_refused_at_its_place_before_the_run(text: str, place: str, part: str) -> None:
    with pytest.raises(EngineError, match=rf"{place}: .*{part}"):
        Trainer(formula_experiment(text, x=2.0))


@pytest.mark.parametrize("text", ["x * no_grad(3 % x)", "x * detach(3 % x)", "x % 3 + x", "x - 2*floor(x/2)"])
def test_what_needs_no_derivative_is_not_refused(text: str) -> None:
    assert Trainer(formula_experiment(f"loss = {text}", x=2.0)).fault_at_start() == ""
    unused = Trainer(formula_experiment(f"y = 3 % x\nloss = {text}", x=2.0))
    assert unused.fault_at_start() == ""


def test_by_hand_nothing_needs_a_derivative_of_torch() -> None:
    trainer = Trainer(formula_experiment("loss = 3 % x\nd_x = -floor(3/x)", gradient="by_hand", x=2.0))
    assert trainer.lanes[0].objective.parameters["x"].grad.item() == -1.0  # type: ignore[union-attr]


@pytest.mark.parametrize("gradient", ["autograd", "by_hand"])
@pytest.mark.parametrize("text", ["loss = x*x\nd_x = x == 2", "g = x > 1\nloss = x*x\nd_x = g"])
def test_a_comparison_is_no_gradient(text: str, gradient: str) -> None:
    with pytest.raises(EngineError, match=rf"line {text.count(chr(10)) + 1}, column 7: a comparison is true or false"):
        Trainer(formula_experiment(text, gradient=gradient, x=2.0))


def test_a_gradient_by_hand_has_the_precision_of_the_run() -> None:
    trainer = Trainer(formula_experiment("loss = x*x\nd_x = 2 ** (x > 1)", gradient="by_hand", x=2.0))
    gradient = trainer.lanes[0].objective.parameters["x"].grad
    assert gradient is not None
    assert (gradient.item(), gradient.dtype) == (2.0, torch.float64)


def test_an_error_of_torch_that_nobody_knows_stops_the_optimiser_with_its_words() -> None:
    trainer = Trainer(formula_experiment("loss = sum(x ** (b != x))", x=2.0, b=1.0))
    assert "bool tensor is not supported" in trainer.fault_at_start()
    assert len(trainer.fault_at_start()) <= 300


LARGE = {"a": "randn(20000, 1)", "b": "randn(1, 20000)"}


@pytest.mark.parametrize(
    ("text", "values", "place", "shape"),
    [
        ("loss = sum(a*b)", LARGE, "line 1, column 12", "20,000 x 20,000"),
        ("loss = sum(transpose(b) @ transpose(a))", LARGE, "line 1, column 12", "20,000 x 20,000"),
        ("y = a + 1\nloss = mean((y - b)**2)", LARGE, "line 2, column 14", "20,000 x 20,000"),
        ("loss = sum(one_hot(one_hot(x, 9000), 9000))", {"x": "zeros(3)"}, "line 1, column 12", "3 x 9,000 x 9,000"),
        ("loss = sum(x*x)\nd_x = x + 0*sum(a*b)", LARGE | {"x": 1.0}, "line 2, column 17", "20,000 x 20,000"),
    ],
)
def test_what_would_take_too_long_is_refused_with_the_estimate_before_it_is_made(
    text: str, values: dict[str, Any], place: str, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluated: list[str] = []
    monkeypatch.setattr(Program, "tensor_closure", lambda *_: lambda _values: evaluated.append("something"))
    with pytest.raises(
        EngineError, match=rf"{place}: {shape} numbers are made here, .*about .* s and .*GiB"
    ) as refused:
        Trainer(formula_experiment(text, **values))
    assert len(str(refused.value)) <= 300
    assert not evaluated


def test_what_does_not_take_long_is_not_refused() -> None:
    assert Trainer(formula_experiment("loss = mean(exp(-a*a))", a="randn(1000, 500)")).fault_at_start() == ""
