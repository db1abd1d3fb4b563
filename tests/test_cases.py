"""The cases of the tutorials with their figures, from the gallery's own files through the trainer.

Step k is a state: the parameters after k updates, and the loss at these. The tutorial of E2 prints the loss of
step 2000 beside the position after the update, which is that of our step 2001.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from gradviz.core.experiment import Experiment, from_data
from gradviz.core.records import Floats, GraphSnapshot
from gradviz.engine.commands import Wanted
from gradviz.engine.snapshots import Observer
from gradviz.engine.trainer import Trainer

GALLERY = Path(__file__).resolve().parents[1] / "assets" / "experiments"


@dataclass(frozen=True)
class Course:
    """A run from its start: the loss and the position of every step, and the trainer at its end."""

    losses: Floats
    positions: Floats
    trainer: Trainer


def experiment_of(name: str) -> Experiment:
    return from_data(json.loads((GALLERY / f"{name}.json").read_text(encoding="utf-8"))["experiment"])


@pytest.fixture(scope="module")
def course() -> Callable[[str], Course]:
    """Runs an experiment of the gallery once, at most `steps` steps."""
    known: dict[tuple[str, int | None], Course] = {}

    def run(name: str, steps: int | None = None) -> Course:
        if (name, steps) not in known:
            experiment = experiment_of(name)
            trainer = Trainer(experiment if steps is None else experiment.model_copy(update={"steps": steps}))
            assert trainer.fault_at_start() == ""
            records = [trainer.record, *trainer.steps()]
            assert [record.step for record in records] == list(range(len(records)))
            losses = np.array([record.losses[0] for record in records])
            known[name, steps] = Course(losses, np.array([record.position for record in records]), trainer)
        return known[name, steps]

    return run


def graph_of(name: str) -> GraphSnapshot:
    graph = Observer(Trainer(experiment_of(name))).look(Wanted(graph=True)).graph
    assert graph is not None
    return graph


def named(graph: GraphSnapshot, summaries: tuple[object, ...]) -> dict[str, float]:
    pairs = zip(graph.structure.nodes, summaries, strict=True)
    return {node.name: summary.mean for node, summary in pairs if node.name}  # type: ignore[attr-defined]


def test_a1_chain_of_scalars() -> None:
    graph = graph_of("chain")
    assert named(graph, graph.values) == {"a": 3, "b": 5, "c": 8, "u": 40, "v": 43, "j": 129}
    assert named(graph, graph.gradients) == {"a": 3, "b": 24, "c": 15, "u": 3, "v": 3, "j": 1}
    operations = [node.op for node in graph.structure.nodes if not node.is_leaf]
    assert sorted(operations) == ["AddBackward0", "MulBackward0", "MulBackward0"]


def test_b1_a_rate_too_large_diverges_and_says_why(course: Callable[..., Course]) -> None:
    found = course("line-too-fast")
    assert found.losses[:2] == pytest.approx([1763.8848, 5802486], rel=1e-6)
    assert found.trainer.diverged
    assert not math.isfinite(found.losses[-1])
    assert np.isfinite(found.losses[:-1]).all()
    assert f"Diverged at step {len(found.losses) - 1}" in found.trainer.divergence()
    assert "learning rate 0.01 is too large" in found.trainer.divergence()


def test_b2_a_rate_small_enough(course: Callable[..., Course]) -> None:
    found = course("line-slow")
    assert found.losses[:2] == pytest.approx([1763.8848, 323.0905], rel=1e-6)
    assert (np.diff(found.losses) <= 1e-5 * found.losses[:-1]).all()


def test_b3_inputs_scaled(course: Callable[..., Course]) -> None:
    found = course("line")
    assert found.losses[:2] == pytest.approx([80.3643, 37.5749], abs=5e-5)
    assert len(found.losses) == 5001
    assert found.losses[-1] == pytest.approx(2.927648, abs=2e-6)
    assert found.positions[-1] == pytest.approx([5.36708, -17.30119], abs=2e-4)


@pytest.fixture(scope="module")
def plain_float64() -> Floats:
    """Step by step in plain PyTorch with the gradient derived by hand."""
    x = 0.1 * torch.tensor([35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4], dtype=torch.float64)
    y = torch.tensor([0.5, 14, 15, 28, 11, 8, 3, -4, 6, 13, 21], dtype=torch.float64)
    w, b = torch.tensor(1.0, dtype=torch.float64), torch.tensor(0.0, dtype=torch.float64)
    losses = []
    for _ in range(1001):
        error = w * x + b - y
        losses.append((error**2).mean().item())
        w, b = w - 1e-2 * (2 * error * x).mean(), b - 1e-2 * (2 * error).mean()
    return np.array(losses)


@pytest.mark.parametrize("name", ["line-by-hand", "line-autograd", "line-module"])
def test_b4_three_ways_give_the_same_numbers(name: str, plain_float64: Floats, course: Callable[..., Course]) -> None:
    assert experiment_of(name).dtype == "float64"
    assert experiment_of(name).steps == 5000
    np.testing.assert_allclose(course(name, 1000).losses, plain_float64, rtol=0, atol=1e-9)


def test_b5_adam_needs_no_small_rate(course: Callable[..., Course]) -> None:
    found = course("line-adam")
    assert len(found.losses) == 4001
    assert found.losses[-1] == pytest.approx(2.92765, abs=5e-6)


def test_e1_plain_descent_comes_close_and_never_to_zero(course: Callable[..., Course]) -> None:
    found = course("himmelblau")
    assert found.losses[0] == 170
    assert len(found.losses) == 30001
    assert found.positions[-1] == pytest.approx([2.999997, 2.000005], abs=1e-6)
    assert found.losses[2000:] == pytest.approx(np.full(28001, 4.4838e-10), rel=1e-4)
    assert (found.losses > 0).all()


def test_e2_adam_ends_at_exactly_zero(course: Callable[..., Course]) -> None:
    found = course("himmelblau-adam")
    assert found.losses[0] == 170
    assert found.losses[2000] == pytest.approx(13.7309, abs=5e-5)
    assert found.positions[2001] == pytest.approx([2.33318, 1.95407], abs=5e-6)
    assert found.losses[4000] == pytest.approx(0.014859, abs=5e-6)
    assert found.losses[-1] == 0.0
    assert found.positions[-1] == pytest.approx([3, 2], abs=1e-5)


def test_g_two_neurons_have_seven_parameters_and_a_falling_loss(course: Callable[..., Course]) -> None:
    experiment = experiment_of("neurons")
    assert experiment.steps == 100_000
    assert experiment.objective.parameter_count == 7
    found = course("neurons", 2000)
    assert sum(p.numel() for p in found.trainer.lanes[0].objective.parameters.values()) == 7
    assert len(found.losses) == 2001
    assert found.losses[-1] < 0.2 * found.losses[0]
    means = found.losses[:2000].reshape(10, 200).mean(axis=1)
    assert means[0] == means.max()
    modules = {node.module for node in graph_of("neurons").structure.nodes if node.module}
    assert modules == {"0 Linear", "1 Sigmoid", "2 Linear"}
    fit = Observer(found.trainer).look(Wanted(fit=True)).fit
    assert fit is not None
    np.testing.assert_allclose(fit.inputs, np.linspace(0, 1, 10), atol=1e-6)
    np.testing.assert_allclose(fit.targets, fit.inputs**2 - 0.5 * fit.inputs + 1.5625, atol=1e-6)
