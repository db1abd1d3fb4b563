"""Every row of the tutorials' cases with its figures, through the command line a person would type.

Step k is a state: the parameters after k updates, and the loss at these. The tutorial of E2 prints the loss of
step 2000 beside the position after the update, which is that of our step 2001. The graphs of the rows are looked at
through the engine; the same rows in the window are in tests/app/test_window_cases.py.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gradviz.app.commands.cli import run_command_line
from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.numbers import Floats
from gradviz.core.questions.fit import Predict
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.runs.records import RecordBlock
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.structure import LEAF, UNTRACKED
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.experiments.experiment_file import load
from gradviz.storage.shipped.gallery import find_entry

Captured = pytest.CaptureFixture[str]
X = np.array([35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4])
Y = np.array([0.5, 14, 15, 28, 11, 8, 3, -4, 6, 13, 21])


def run(capsys: Captured, name: str, *arguments: str, status: int = 0, command: str = "run") -> dict[str, Any]:
    """What ``gradviz run NAME --json`` prints."""
    capsys.readouterr()
    assert run_command_line([command, name, *arguments, "--json"]) == status
    found: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    return found


def steps(count: int) -> tuple[str, str]:
    return ("--steps", str(count))


def experiment_of(name: str) -> Experiment:
    entry = find_entry(name)
    assert entry is not None
    assert entry.name == name
    return entry.experiment


def graph_of(name: str) -> TracedGraph:
    graph = ask(TraceGraph(), Moment(Trainer(experiment_of(name))))
    assert graph is not None
    return graph


def operations(graph: TracedGraph) -> list[str]:
    return sorted(op for op in graph.structure.ops if op.endswith("Backward0"))


def run_with_history(capsys: Captured, folder: Path, name: str, *arguments: str) -> tuple[dict[str, Any], RecordBlock]:
    """The same, and every step of it from the file that it writes: a long run is made once."""
    found = run(capsys, name, *arguments, "--out", str(folder))
    result = load(folder / "experiment.gradviz").result
    assert result is not None
    assert result.history is not None
    return found, result.history


def history(name: str, count: int) -> Floats:
    trainer = Trainer(with_value(experiment_of(name), "steps", count))
    return np.array([trainer.record.losses, *(record.losses for record in trainer.steps())])


# A. Graphs and derivatives


def test_a1_chain_of_scalars(capsys: Captured) -> None:
    found = run(capsys, "chain")
    assert found["values"] == {"u": 40, "v": 43, "j": 129}
    assert found["gradients"] == {"a": 3, "b": 24, "c": 15}, "u, v and j have no .grad"
    kept = run(capsys, "chain-retained")
    assert kept["gradients"] == {"a": 3, "b": 24, "c": 15, "u": 3, "v": 3, "j": 1}
    assert operations(graph_of("chain")) == ["AddBackward0", "MulBackward0", "MulBackward0"]


def test_a2_matrix_mean(capsys: Captured) -> None:
    found = run(capsys, "matrix-mean")
    assert found["values"] == {"y": [[3, 3], [3, 3]], "z": [[27, 27], [27, 27]], "out": 27}
    assert found["gradients"] == {"x": [[4.5, 4.5], [4.5, 4.5]]}
    assert operations(graph_of("matrix-mean")) == ["AddBackward0", "MeanBackward0", "MulBackward0", "MulBackward0"]


def test_a3_polynomial_has_one_slope_by_every_method(capsys: Captured) -> None:
    found = run(capsys, "polynomial")
    assert found["loss"] == 17
    assert found["gradients"] == {"x": 16}
    x = torch.tensor(2.0, requires_grad=True)
    assert torch.autograd.grad(x**2 + x**3 + 5, x)[0].item() == 16
    checked = run(capsys, "polynomial", command="check")
    values = [row["values"] for row in checked["rows"] if row["values"] is not None]
    assert len(values) >= 4
    assert np.ravel(values) == pytest.approx(np.full(len(values), 16.0), rel=1e-6)


@pytest.mark.parametrize(("step", "gradient"), [(0, 2), (1, 4), (2, 0)])
def test_a4_gradients_accumulate_until_they_are_zeroed(capsys: Captured, step: int, gradient: float) -> None:
    found = run(capsys, "accumulation", *steps(step))
    assert found["gradients"] == {"x": gradient}
    assert found["parameters"] == {"x": 1}


def test_a5_chain_rule_on_the_edges(capsys: Captured) -> None:
    found = run(capsys, "chain-rule")
    trainer = Trainer(experiment_of("chain-rule"))
    x1, w2 = (dict(trainer.lanes[0].objective.tensors)[name].item() for name in ("x1", "w2"))  # type: ignore[attr-defined]
    assert found["gradients"]["w1"] == np.float32(w2) * np.float32(x1)
    graph = graph_of("chain-rule")
    structure = graph.structure
    ends = zip(structure.producers.tolist(), structure.consumers.tolist(), graph.ledger.local, strict=True)
    towards = {a: (b, float(factor.entries)) for a, b, factor in ends if factor is not None}
    at = structure.names.index("w1")
    factors = []
    while at in towards:
        at, factor = towards[at]
        factors.append(factor)
    assert structure.names[at] == "y2"
    assert math.prod(factors) == pytest.approx(found["gradients"]["w1"], rel=1e-6)
    assert w2 in factors
    assert x1 in factors


@pytest.mark.parametrize("name", ["softmax-mse", "softmax-cross-entropy"])
def test_a6_softmax_gradients_agree_by_every_method(capsys: Captured, name: str) -> None:
    checked = run(capsys, name, command="check")
    methods = {row["method"] for row in checked["rows"] if row["parameter"] == "w" and row["values"] is not None}
    assert len(methods) >= 5, methods
    found = run(capsys, name, *steps(0))
    by_hand = run(capsys, name, *steps(0), "--set", "objective.gradient=by_hand")
    for parameter, shape in (("w", (4, 2)), ("b", (2,))):
        gradient = np.array(found["gradients"][parameter])
        assert gradient.shape == shape
        np.testing.assert_allclose(by_hand["gradients"][parameter], gradient, rtol=1e-5, atol=1e-7)
    wrong = experiment_of(name).objective.text.replace("d_w = ", "d_w = -")
    assert run(capsys, name, "--set", f"objective.text={json.dumps(wrong)}", command="check", status=1)


def test_a7_where_the_graph_begins_stops_and_is_cut(capsys: Captured) -> None:
    begins = graph_of("tracking-begins")
    nodes = dict(zip(begins.structure.names, begins.structure.ops, strict=True))
    assert nodes["a"] == UNTRACKED
    assert nodes["leaf"] == LEAF
    assert nodes["b"] == "SumBackward0"
    found = run(capsys, "tracking-begins")
    assert found["gradients"]["a0"] is None
    np.testing.assert_allclose(found["gradients"]["leaf"], 2 * np.array(found["values"]["leaf"]), rtol=1e-6)
    stopped = graph_of("tracking-no-grad")
    assert set(stopped.structure.ops) == {UNTRACKED}
    none = run(capsys, "tracking-no-grad", status=2)
    assert "does not require grad and does not have a grad_fn" in none["message"]
    assert none["gradients"] == {"a0": None}
    assert none["values"]["b"] > 0
    whole = run(capsys, "tracking-detach", "--set", 'objective.text="a = 3*a0/(a0 - 1)\\nb = sum(a*a)"')
    half = run(capsys, "tracking-detach")
    np.testing.assert_allclose(2 * np.array(half["gradients"]["a0"]), whole["gradients"]["a0"], rtol=1e-6)
    assert half["values"]["b"] == whole["values"]["b"]


def test_a8_a_vector_needs_an_upstream_gradient(capsys: Captured) -> None:
    failed = run(capsys, "vector-error", status=2)
    assert failed["state"] == "failed"
    assert "grad can be implicitly created only for scalar outputs" in failed["message"]
    assert failed["values"]["y"] == [3, 8, 15]
    assert failed["gradients"] == {"x": None}
    found = run(capsys, "vector-upstream")
    assert found["gradients"]["x"] == pytest.approx([4, 0.6, 0.08], rel=1e-6)
    assert found["loss"] == pytest.approx(3 + 0.8 + 0.15, rel=1e-6)


# B. A line through eleven points


def test_b1_a_rate_too_large_diverges_and_says_why(capsys: Captured) -> None:
    found = run(capsys, "line-too-fast", status=3)
    assert found["state"] == "diverged"
    assert found["first_losses"][:2] == pytest.approx([1763.8848, 5802486], rel=1e-6)
    assert found["loss"] in ("inf", "nan")
    assert f"Diverged at step {found['steps']}" in found["message"]
    assert found["reasons"][0]["kind"] == "rate too large"
    assert "0.01" in found["message"]


def test_b2_a_rate_small_enough(capsys: Captured) -> None:
    assert run(capsys, "line-slow", *steps(1))["first_losses"] == pytest.approx([1763.8848, 323.0905], rel=1e-6)
    losses = history("line-slow", 5000)[:, 0]
    assert (np.diff(losses) <= 1e-5 * losses[:-1]).all()


def test_b3_inputs_scaled(capsys: Captured) -> None:
    found = run(capsys, "line")
    assert found["steps"] == 5000
    assert found["first_losses"][:2] == pytest.approx([80.3643, 37.5749], rel=1e-5)
    assert found["loss"] == pytest.approx(2.927648, abs=5e-7)
    assert found["parameters"] == pytest.approx({"w": 5.36708, "b": -17.30119}, abs=5e-5)


def plain_float64(count: int) -> Floats:
    """Step by step in plain NumPy with the gradient derived by hand."""
    x, w, b = 0.1 * X, 1.0, 0.0
    losses = []
    for _ in range(count + 1):
        error = w * x + b - Y
        losses.append((error**2).mean())
        w, b = w - 1e-2 * (2 * error * x).mean(), b - 1e-2 * (2 * error).mean()
    return np.array(losses)


@pytest.mark.parametrize("name", ["line-by-hand", "line-autograd", "line-module"])
def test_b4_three_ways_give_the_same_numbers(capsys: Captured, name: str) -> None:
    assert experiment_of(name).dtype == "float64"
    assert experiment_of(name).steps == 5000
    np.testing.assert_allclose(history(name, 5000)[:, 0], plain_float64(5000), rtol=0, atol=1e-9)
    assert run(capsys, name)["loss"] == pytest.approx(plain_float64(5000)[-1], abs=1e-9)


def test_b5_adam_needs_no_small_rate(capsys: Captured) -> None:
    found = run(capsys, "line-adam")
    assert found["steps"] == 4000
    assert found["loss"] == pytest.approx(2.92765, abs=5e-6)


def test_b6_a_wrong_sign_is_named_and_the_run_climbs(capsys: Captured) -> None:
    climbing = run(capsys, "line-wrong-sign", status=3)
    assert climbing["first_losses"] == sorted(climbing["first_losses"])
    checked = run(capsys, "line-wrong-sign", command="check", status=1)
    verdicts = [row["verdict"] for row in checked["rows"] if row["method"] == "by hand"]
    assert len(verdicts) == 2
    assert verdicts == ["wrong sign", "wrong sign"]


# C. y = 3x + 0.8


def test_c_an_update_by_hand_walks_towards_three_and_eight_tenths(capsys: Captured) -> None:
    declared = experiment_of("line-500")
    assert (declared.steps, declared.optimizers[0].kind, declared.optimizers[0].lr) == (500, "by_hand", 0.01)
    first, on = run(capsys, "line-500", *steps(0)), run(capsys, "line-500")
    distance = [abs(found["parameters"]["w"] - 3) + abs(found["parameters"]["b"] - 0.8) for found in (first, on)]
    assert distance[1] < 0.6 * distance[0]
    there = run(capsys, "line-500", *steps(5000), "--set", "optimizers.0.lr=0.1")
    assert there["parameters"] == pytest.approx({"w": 3.0, "b": 0.8}, abs=0.01)


@pytest.mark.parametrize("name", ["line-50", "line-gpu"])
def test_c_thirty_thousand_steps_of_a_linear_module(capsys: Captured, name: str) -> None:
    declared = experiment_of(name)
    assert (declared.steps, declared.optimizers[0].lr, declared.objective.data.points) == (30000, 1e-3, 50)
    assert declared.device == ("cpu" if name == "line-50" else "cuda:0")
    if name == "line-gpu" and not torch.cuda.is_available():
        there = run(capsys, name, *steps(500))
        assert there["device"] == "cpu"
        assert there["first_losses"] == run(capsys, "line-50", *steps(500))["first_losses"]
        assert with_value(declared, "device", "cpu") == experiment_of("line-50"), "whose whole run is the other case"
        return
    found = run(capsys, name)
    assert found["parameters"]["weight"][0][0] == pytest.approx(3.0, abs=0.25)
    assert found["parameters"]["bias"][0] == pytest.approx(0.8, abs=0.15)
    assert found["device"] == declared.device


# D. Batches, optimisers, schedules


@pytest.mark.parametrize("name", ["race-surface", "race-line"])
def test_d_a_race_on_one_picture(capsys: Captured, name: str) -> None:
    found = run(capsys, name)
    assert [entry["kind"] for entry in found["optimizers"]] == ["sgd", "sgd", "sgd", "adagrad", "rmsprop", "adam"]
    assert all(entry["loss"] < 1e-3 for entry in found["optimizers"]), found["optimizers"]
    alone = experiment_of(name).optimizers[5]
    data = json.dumps([alone.model_dump(mode="json")])
    again = run(capsys, name, "--set", f"optimizers={data}")
    assert again["loss"] == found["optimizers"][5]["loss"], "a race gives what each gives alone"


@pytest.mark.parametrize(("name", "size"), [("batch-full", 200), ("batch-mini", 20), ("batch-stochastic", 1)])
def test_d_batches_of_three_sizes(capsys: Captured, tmp_path: Path, name: str, size: int) -> None:
    objective = experiment_of(name).objective
    assert getattr(objective.batch, "size", objective.data.rows) == size
    found, kept = run_with_history(capsys, tmp_path, name)
    losses = kept.losses[:, 0]
    assert found["loss"] == losses[-1]
    assert found["parameters"] == pytest.approx({"w": 3.0, "b": 0.8}, abs=0.45)
    climbs = (np.diff(losses) > 0).mean()
    assert climbs < 0.02 if size == 200 else climbs > 0.2


def test_d_schedules_bring_the_trembling_to_rest(capsys: Captured) -> None:
    trainer = Trainer(experiment_of("schedules"))
    places = np.array([record.position for record in trainer.steps()]).reshape(-1, 3, 2)
    constant, step, cosine = places[-200:].std(axis=0).sum(axis=1)
    assert max(step, cosine) < 0.5 * constant
    assert run(capsys, "schedules")["optimizers"][0]["parameters"]["w"] == places[-1, 0, 0]


def test_d_a_forgotten_zero_grad_beside_the_right_run(capsys: Captured) -> None:
    found = run(capsys, "forgotten-zero")
    right, wrong = (entry["loss"] for entry in found["optimizers"])
    assert right < 1e-6
    assert wrong > 1
    x = torch.tensor([0.0, 0.0], requires_grad=True)
    for _ in range(20):
        ((x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2).backward()
        with torch.no_grad():
            x -= 1e-3 * x.grad
    early = run(capsys, "forgotten-zero", *steps(20))["optimizers"][1]["parameters"]
    assert [early["x"], early["y"]] == pytest.approx(x.tolist(), rel=1e-5)


# E. Himmelblau


def test_e1_plain_descent_comes_close_and_never_to_zero(capsys: Captured, tmp_path: Path) -> None:
    found, kept = run_with_history(capsys, tmp_path, "himmelblau")
    assert found["steps"] == 30000
    assert found["first_losses"][0] == 170
    assert found["parameters"] == pytest.approx({"x": 2.999997, "y": 2.000005}, abs=5e-7)
    losses = kept.losses[:, 0]
    assert losses[2000:] == pytest.approx(np.full(28001, 4.4838e-10), rel=1e-4)
    assert (losses > 0).all()
    assert losses[2000] == losses[-1] == found["loss"]


def test_e2_adam_ends_at_exactly_zero(capsys: Captured, tmp_path: Path) -> None:
    after = run(capsys, "himmelblau-adam", *steps(2001))
    assert after["parameters"] == pytest.approx({"x": 2.33318, "y": 1.95407}, abs=5e-6)
    end, kept = run_with_history(capsys, tmp_path, "himmelblau-adam")
    losses = kept.losses[:, 0]
    assert losses[2000] == pytest.approx(13.7309, abs=5e-5)
    assert losses[2001] == after["loss"], "a run that ends there is the beginning of the longer one"
    assert losses[4000] == pytest.approx(0.014859, abs=5e-7)
    assert end["loss"] == losses[-1] == 0
    assert end["parameters"] == {"x": 3.0, "y": 2.0}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ((-1.0, -1.0), (-3.779310, -3.283186)),
        ((-3.0, 3.0), (-2.805118, 3.131312)),
        ((3.0, -1.0), (3.584428, -1.848126)),
        ((0.0, 0.0), (3.0, 2.0)),
    ],
)
def test_e3_other_starts_lead_to_other_minima(capsys: Captured, start: Any, end: Any) -> None:
    at = ("--set", f"objective.x={start[0]}", "--set", f"objective.y={start[1]}")
    found = run(capsys, "himmelblau-starts", *at)
    assert found["parameters"] == pytest.approx({"x": end[0], "y": end[1]}, abs=2e-5)
    assert found["loss"] < 1e-8


def test_e4_the_update_by_hand_is_the_optimiser_bit_for_bit(capsys: Captured, tmp_path: Path) -> None:
    found, kept = run_with_history(capsys, tmp_path, "himmelblau-by-hand")
    by_hand, by_optimizer = found["optimizers"]
    assert kept.positions.shape == (30001, 2, 2)
    np.testing.assert_array_equal(kept.positions[:, 0], kept.positions[:, 1])
    x, y = kept.positions[-1, 0]
    assert by_hand["parameters"] == by_optimizer["parameters"] == {"x": x, "y": y}


# F. Ten inputs, two outputs


def hidden_matrix() -> Floats:
    random = np.random.RandomState(1)
    random.randn(1000, 10)
    return random.randint(0, 20, (10, 2)).astype(float)


@pytest.mark.parametrize("name", ["ten-to-two", "ten-to-two-autograd"])
def test_f1_by_hand_and_f4_by_autograd_find_the_matrix(capsys: Captured, name: str) -> None:
    found = run(capsys, name, *steps(700))
    assert found["loss"] < 1e-4
    np.testing.assert_allclose(found["parameters"]["w"], hidden_matrix(), atol=1e-3)


def test_f2_rank_one_settles_above_zero(capsys: Captured) -> None:
    for count in (100, 700):
        assert run(capsys, "rank-one", *steps(count))["loss"] == pytest.approx(248784.9, abs=0.05)
    random = np.random.RandomState(1)
    x = random.randn(1000, 10)
    left = np.linalg.svd(np.linalg.cholesky(x.T @ x).T @ hidden_matrix(), compute_uv=False)
    assert left[1] ** 2 == pytest.approx(248784.9, abs=0.05), "the best that rank 1 can do"


def test_f2_at_a_larger_rate_overflows_and_says_at_which_step(capsys: Captured) -> None:
    found = run(capsys, "rank-one-overflow", status=3)
    assert 2 <= found["steps"] <= 6
    assert f"Diverged at step {found['steps']}" in found["message"]
    assert "0.01" in found["message"]


def test_f3_rank_five_is_there_sooner_than_f1(capsys: Captured) -> None:
    assert run(capsys, "rank-five", *steps(300))["loss"] < 1e-6
    wide, narrow = (history(name, 420)[:, 0] for name in ("rank-five", "ten-to-two"))
    assert np.argmax(wide < 1) < 420
    assert np.argmax(wide < 1) < np.argmax(narrow < 1)
    counts = [experiment_of(name).objective.parameter_count for name in ("rank-five", "ten-to-two")]
    assert counts == [60, 20]


@pytest.mark.parametrize("name", ["ten-to-two-sequential", "ten-to-two-module"])
def test_f4_modules_with_adam_come_near_zero(capsys: Captured, name: str) -> None:
    found = run(capsys, name)
    assert found["loss"] < 1e-3
    matrices = [np.array(value).T for value in found["parameters"].values()]
    product = matrices[0] if len(matrices) == 1 else matrices[0] @ matrices[1]
    np.testing.assert_allclose(product, hidden_matrix(), atol=1e-2)
    assert not any("bias" in parameter for parameter in found["parameters"])


def test_f5_weights_are_kept_and_loaded_again(capsys: Captured, tmp_path: Path) -> None:
    for ending in ("pt", "safetensors"):
        path = tmp_path / f"weights.{ending}"
        trained = run(capsys, "keep-weights", "--save-weights", str(path))
        again = run(capsys, "keep-weights", *steps(0), "--weights", str(path), "--allow-pt")
        assert again["loss"] == trained["loss"]
        assert again["parameters"] == trained["parameters"]
    state = torch.load(tmp_path / "weights.pt", weights_only=True)
    model = torch.nn.Linear(10, 2, bias=False)
    model.load_state_dict(state)
    np.testing.assert_allclose(model.weight.detach().numpy().T, hidden_matrix(), atol=1e-2)


# G. Two neurons


def test_g_two_neurons_have_seven_parameters_and_lose_no_step(capsys: Captured) -> None:
    experiment = experiment_of("neurons")
    assert experiment.steps == 100_000
    assert experiment.objective.parameter_count == 7
    found = run(capsys, "neurons", *steps(2000))
    assert sum(np.size(value) for value in found["parameters"].values()) == 7
    losses = history("neurons", 2000)[:, 0]
    assert len(losses) == 2001
    assert losses[-1] < 0.2 * losses[0]
    modules = {call.path: call.kind for call in graph_of("neurons").structure.calls}
    assert {"0": "Linear", "1": "Sigmoid", "2": "Linear"}.items() <= modules.items()
    fit = ask(Predict(), Moment(Trainer(experiment)))
    assert fit is not None
    assert len(fit.targets) == 10
