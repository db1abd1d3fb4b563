"""Names, titles and columns that would break a script: they are changed, or shown, and nothing of them is run."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_process import executed
from rounding import assert_to_rounding
from script_runs import ForkServer, trained, written

import gradviz
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment, from_data
from gradviz.core.document.lesson import Lesson, Texts, TextsByLanguage
from gradviz.scripts.language.dialects import DIALECTS
from gradviz.scripts.problems import ScriptError

KEYWORDS = ("l", "O", "I", "print", "range", "zip", "float", "type", "len", "list", "input", "sorted")
OF_PYTHON = ("np", "tf", "torch", "nn", "json", "math", "random", "numpy", "match", "case")
OF_LOOPS = ("step", "steps", "p", "g", "k", "t", "v", "m", "u", "s", "lr", "lr0", "eta", "mu", "product", "rows",
            "first", "parameters", "gradients", "optimizer", "closure", "tape", "result", "results", "train", "named",
            "known", "kept", "changes", "asked", "reached", "before", "size", "delta", "beta1", "rate",
            "share")  # fmt: skip
OF_HELPERS = ("variance", "deviation", "power", "xb", "yb", "x", "y", "w", "loss_", "d", "self", "cls")
OF_FORMULAS = ("e", "pi", "tau", "t", "abs", "sigmoid", "placed", "logsumexp", "softmax", "clamp", "math_", "round",
               "variance_", "hypot_", "prod", "where", "ones", "zeros", "one_hot")  # fmt: skip
"""Constants and functions of formulas too may be called otherwise."""
HELPING = "std(v1) + var(v1) + softplus(v1) @ v1 + 0.1*norm(v1) + hypot(sum(v1), 1) + max(v1, 0.5) @ v1"


def formula(names: tuple[str, ...], loss: str = "loss", extra: str = "") -> dict[str, Any]:
    tensors = [{"name": name, "role": "parameter", "value": 0.5 + 0.1 * k} for k, name in enumerate(names)]
    tensors.append({"name": "v1", "role": "parameter", "value": [0.3, 0.9, -0.4]})
    text = f"{loss} = " + " + ".join(f"{name}**2" for name in names) + extra
    return {"kind": "formula", "tensors": tensors, "text": text}


def of(objective: Any, optimizer: str = "adam", **more: Any) -> Experiment:
    kind = {"kind": optimizer, "lr": 0.01} | more
    return from_data({"objective": objective, "optimizers": [kind], "steps": 3, "dtype": "float64"})


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "nadam", "asgd", "rprop", "rmsprop", "adadelta", "lbfgs"])
@pytest.mark.parametrize(
    "names",
    [KEYWORDS, OF_PYTHON, OF_LOOPS, OF_HELPERS, OF_FORMULAS],
    ids=["keywords", "python", "loops", "helpers", "formulas"],
)
def test_a_name_that_a_script_needs_is_changed(names: tuple[str, ...], optimizer: str) -> None:
    experiment = of(formula(names, "train_", f" + {HELPING}"), optimizer)
    wanted = trained(experiment)
    for dialect in ("torch", "autograd", "numpy"):
        try:
            text = written(experiment, dialect)
        except ScriptError:
            assert optimizer == "lbfgs", dialect
            continue
        assert_to_rounding(executed(text), wanted, experiment)


def test_tensorflow_changes_them_too(tensorflow_server: ForkServer) -> None:
    names = (*KEYWORDS, *OF_PYTHON, *OF_LOOPS, *OF_HELPERS, *OF_FORMULAS)
    parts = [names[first : first + 40] for first in range(0, len(names), 40)]
    experiments = [of(formula(part, "reached_", f" + {HELPING}"), "nadam") for part in parts]
    begun = [tensorflow_server.begin(written(experiment, "tensorflow")) for experiment in experiments]
    for experiment, one in zip(experiments, begun, strict=True):
        assert_to_rounding(tensorflow_server.end(one), trained(experiment), experiment)


@pytest.mark.parametrize("name", [*KEYWORDS, *OF_PYTHON, *OF_LOOPS, *OF_HELPERS, *OF_FORMULAS])
def test_a_loss_may_be_called_so_too(name: str) -> None:
    experiment = of({"kind": "formula", "tensors": [{"name": "q", "role": "parameter", "value": [0.5, 0.2]}],
                     "text": f"{name} = sum(q**2) + std(q)"}, "nadam")  # fmt: skip
    for dialect in ("torch", "autograd", "numpy"):
        assert_to_rounding(executed(written(experiment, dialect)), trained(experiment), experiment)


def test_a_parameter_that_is_called_like_a_gradient_is_another() -> None:
    tensors = [{"name": name, "role": "parameter", "value": value} for name, value in (("a", 0.7), ("d_b", 0.4))]
    experiment = of({"kind": "formula", "tensors": tensors, "text": "h = a*d_b\nloss = h**2 + d_b"}, "sgd")
    tangled = [*tensors, {"name": "d_a", "role": "constant", "value": 2.0}]
    for dialect in ("torch", "autograd", "numpy"):
        assert_to_rounding(executed(written(experiment, dialect)), trained(experiment), experiment)
    clash = of({"kind": "formula", "tensors": tangled, "text": "h = a*d_a\nloss = h**2 + d_b**2"}, "sgd")
    for dialect in ("torch", "autograd"):
        assert_to_rounding(executed(written(clash, dialect)), trained(clash), clash)
    with pytest.raises(ScriptError, match=r"d_a .* gradient of a"):
        written(clash, "numpy")


def test_names_that_python_takes_for_one_stay_two() -> None:
    tensors = [{"name": name, "role": "parameter", "value": value} for name, value in (("ﬁ", 0.7), ("fi", 0.4))]
    objective = {"kind": "formula", "tensors": tensors, "text": "loss = fi**2 + 3*fi"}
    experiment = of(objective, "sgd")
    for dialect in ("torch", "autograd", "numpy"):
        assert_to_rounding(executed(written(experiment, dialect)), trained(experiment), experiment)


TITLES = ['"""\nimport os\nos.abort()\n"""', "ends with a \\", "\\N{BULLET} \\x41 \\u0041", "tab\tand\0null\x1b[31m",
          "''' and \"\"\" and \\\"\"\"", "\u2028\u2029\x85line ends", "损失函数", "\u202e right to left",
          "{braces} %s {0!r}", "# comment", " ", '"', "\\"]  # fmt: skip


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_title_ends_no_docstring(title: str, dialect: Any) -> None:
    texts = Texts.model_construct(title=title, hint="", lesson="")
    lesson = Lesson.model_construct(case='"""\n\\', texts=TextsByLanguage.model_construct(en=texts, zh=texts))
    text = gradviz.script(
        Document(lesson=Lesson(), experiment=of(formula(("q",)))).model_copy(update={"lesson": lesson}), dialect
    )
    assert_harmless(text)


def assert_harmless(text: str) -> None:
    """One docstring, then imports; nothing that the title says is code."""
    tree = ast.parse(text.encode())
    assert isinstance(tree.body[0], ast.Expr)
    assert isinstance(tree.body[1], ast.Import)
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert "abort" not in {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@given(title=st.text(max_size=120))
@settings(max_examples=60, deadline=None)
def test_any_title(title: str) -> None:
    texts = Texts.model_construct(title=title, hint="", lesson="")
    lesson = Lesson.model_construct(case="", texts=TextsByLanguage.model_construct(en=texts, zh=texts))
    from gradviz.scripts.pages.script import script

    assert_harmless(script(of(formula(("q",))), "torch", None, lesson))


@pytest.mark.parametrize("name", ['a"b', "a\\", "#", "数据", "'''", "{x}", "import os"])
def test_a_column_is_a_comment_whatever_it_is_called(name: str) -> None:
    table = {"columns": [name, "b", "y"], "rows": [[0.1 * k, k % 3, 1.0 * k] for k in range(6)]}
    fit = {"kind": "fit", "data": {"kind": "table", "table": table}, "model": [{"kind": "linear"}]}
    experiment = of(fit)
    for dialect in ("torch", "autograd", "numpy"):
        assert_to_rounding(executed(written(experiment, dialect)), trained(experiment), experiment)


def test_a_file_name_is_quoted() -> None:
    source = {"file": "a'b\"; import os #.csv", "exact": True}
    table = {"columns": ["x", "y"], "rows": [[0.1 * k, 1.0 * k] for k in range(6000)]}
    fit = {"kind": "fit", "data": {"kind": "table", "table": table, "source": source}, "model": [{"kind": "linear"}]}
    tree = ast.parse(written(of(fit), "torch"))
    assert any(isinstance(node, ast.Constant) and node.value == source["file"] for node in ast.walk(tree))


def test_chinese_names_reach_a_terminal_of_ascii(tmp_path: Path) -> None:
    """The script itself is UTF-8, and what it prints is ASCII: the loss is called loss there."""
    objective = {
        "kind": "formula",
        "tensors": [{"name": "参数", "role": "parameter", "value": 0.5}],
        "text": "损失 = 参数**2",
    }
    experiment = of(objective)
    for dialect in DIALECTS:
        text = written(experiment, dialect)
        assert "损失 = " in text
        assert not any("损失 " in line for line in text.splitlines() if "print(" in line)
    path = tmp_path / "文件.json"
    gradviz.save(path, experiment)
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "gradviz", "script", str(path), "--dialect", "numpy"],
        capture_output=True, check=False, env=environment, cwd=Path(gradviz.__file__).parents[1],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "损失 = 参数**2" in done.stdout.decode()
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with redirect_stdout(stream):
        exec(compile(done.stdout.decode(), "script.py", "exec"), {"__name__": "__main__"})
    stream.flush()
    printed = stream.buffer.getvalue().decode()  # type: ignore[attr-defined]
    assert json.loads(printed.splitlines()[-1])["parameters"].keys() == {"参数"}
