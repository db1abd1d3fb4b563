"""Errors as PyTorch itself words them, each with its explanation: every kind of the catalogue on its own mistake."""

from __future__ import annotations

import pytest

from gradviz.core.stepping.catalogue import ERRORS, explanation_of, kind_of
from gradviz.core.stepping.recording import ScriptError

BROKEN = {
    "no gradient": ("x = torch.ones(3)", "x.sum().backward()"),
    "not a scalar": ("x = torch.ones(3, requires_grad=True)", "(x * 2).backward()"),
    "second backward": ("x = torch.ones(3, requires_grad=True)", "y = (x * x).sum()", "y.backward()", "y.backward()"),
    "in place on a leaf": ("x = torch.ones(3, requires_grad=True)", "x -= 0.1"),
    "in place on a saved tensor": (
        "x = torch.ones(3, requires_grad=True)", "y = x.exp()", "y += 1", "y.sum().backward()"),
    "in place on a saved leaf": (
        "x, w = torch.ones(3), torch.ones(3, requires_grad=True)", "y = (x * w).sum()", "x += 1", "y.backward()"),
    "matrix product": ("torch.ones(3, 4) @ torch.ones(2, 5)",),
    "shapes": ("torch.ones(3) + torch.ones(4)",),
    "matrix and vector": ("torch.ones(3, 4) @ torch.ones(3)",),
    "NumPy shapes": ("import numpy as np", "np.ones(3) + np.ones(4)"),
    "NumPy product": ("import numpy as np", "np.ones((3, 4)) @ np.ones((2, 5))"),
    "whole numbers have no gradient": ("torch.tensor([1, 2], requires_grad=True)",),
    "labels as floats": ("torch.nn.functional.nll_loss(torch.ones(2, 3), torch.ones(2))",),
    "labels of one class each": (
        "torch.nn.functional.cross_entropy(torch.ones(2, 3), torch.ones(2, 3, dtype=torch.long))",),
    "two dtypes": ("torch.ones(3, 4) @ torch.ones(4, 2, dtype=torch.float64)",),
    "mean of whole numbers": ("torch.tensor([1, 2]).mean()",),
    "floats into whole numbers": ("x = torch.tensor([1, 2])", "x += 0.5"),
    "label out of range": ("torch.nn.functional.cross_entropy(torch.ones(2, 3), torch.tensor([0, 3]))",),
    "two devices": ("torch.ones(2, 3) + torch.ones(2, 3, device='meta')",),
    "no GPU": ("raise RuntimeError('Found no NVIDIA driver on your system.')",),
    "numpy of a tensor with a gradient": ("torch.ones(3, requires_grad=True).numpy()",),
    "zero_grad misnamed": ("torch.ones(3).grad_zero()",),
    "gradient is None": ("w = torch.ones(3, requires_grad=True)", "w = w - 0.1 * w.grad"),
    "optimizer of what was computed": (
        "w = torch.ones(3, requires_grad=True) * 2", "torch.optim.SGD([w], lr=0.1)"),
    "optimizer without parameters": ("torch.optim.SGD([], lr=0.1)",),
    "optimizer of one tensor": ("torch.optim.SGD(torch.ones(3, requires_grad=True), lr=0.1)",),
    "super().__init__ missing": (
        "class Net(torch.nn.Module):\n def __init__(self):\n  self.layer = torch.nn.Linear(1, 1)", "Net()"),
    "many numbers for one": ("torch.ones(3).item()",),
    "truth of many numbers": ("if torch.ones(3) > 0: pass",),
    "a number, no tensor": ("loss = torch.ones(3).sum().item()", "loss.backward()"),
    "upstream gradient of another shape": (
        "x = torch.ones(3, requires_grad=True)", "(x * 2).backward(torch.ones(2))"),
    "requires_grad of what was computed": (
        "x = torch.ones(3, requires_grad=True) * 2", "x.requires_grad = False"),
    "gradient of what is not used": (
        "a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)",
        "torch.autograd.grad(a.sum(), b)"),
    "no module": ("import a_package_that_nobody_has",),
    "no name": ("print(a_name_that_nobody_gave)",),
    "no file": ("open('no such file.csv')",),
    "input": ("raise EOFError('EOF when reading a line')",),
    "recursion": ("def f(): return f()", "f()"),
    "memory": ("torch.empty(1 << 60)",),
    "syntax": ("x = (1",),
    "index": ("torch.ones(3)[5]",),
    "embedding index": ("torch.nn.Embedding(3, 2)(torch.tensor([3]))",),
    "view": ("torch.ones(3, 4).T.view(12)",),
    "reshape": ("torch.ones(3, 4).reshape(5, 2)",),
    "one row in training": ("torch.nn.BatchNorm1d(3)(torch.ones(1, 3))",),
}  # fmt: skip
"""Statements of which the last raises, by the kind of error."""


def raised_by(statements: tuple[str, ...]) -> ScriptError:
    names: dict[str, object] = {}
    exec("import torch", names)
    for statement in statements[:-1]:
        exec(compile(statement, "broken", "exec"), names)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whichever it is: its words are looked at
        exec(compile(statements[-1], "broken", "exec"), names)
    return ScriptError(type(raised.value).__name__, str(raised.value), len(statements))


@pytest.mark.parametrize("name", sorted({kind.name for kind in ERRORS}))
def test_each_kind_is_found_by_pytorchs_own_words_and_explained(name: str) -> None:
    statements = BROKEN[name]
    error = raised_by(statements)
    kind = kind_of(error, statements[-1])
    assert kind is not None, error
    assert kind.name == name
    source = "\n".join(one.replace("\n", " ") for one in statements)
    said = str(explanation_of(error, None, source))
    assert said.endswith((".", ").")), said
    assert 40 < len(said) < 330
    assert "{" not in said


def test_what_is_not_known_is_not_explained() -> None:
    assert not explanation_of(ScriptError("RuntimeError", "something else", 1), None, "x")


def test_shapes_are_in_the_explanation() -> None:
    error = raised_by(BROKEN["matrix product"])
    assert "(3, 4) and (2, 5)" in str(explanation_of(error, None, "y"))
    assert "3 against 4" in str(explanation_of(raised_by(BROKEN["shapes"]), None, "y"))
