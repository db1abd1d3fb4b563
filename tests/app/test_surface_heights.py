"""The height at the marker, on models of one and two numbers in every dress: it is the loss, and the axes have names.

The engine is asked as the window asks it, and the view's pure picture says where the mark stands. The loss is taken
from the records, and where a step looks at a batch, from a plain evaluation of the model on all rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from gradviz.core.document.experiment import Experiment, from_data
from gradviz.core.questions.place import Locate
from gradviz.core.questions.surface import LossCurve, SurfaceGrid
from gradviz.core.runs.history import History
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.objectives.fit_descent import FitDescent
from gradviz.engine.runs.mailbox import block_of
from gradviz.engine.training.trainer import Trainer
from gradviz.views.surface.surface_geometry import HEIGHT, SurfaceBox
from gradviz.views.surface.surface_picture import Drawing, SurfacePicture, picture
from gradviz.views.surface.surface_state import SurfaceState

Named = tuple[dict[str, Any], tuple[str, ...]]
STEPS = 25
HOURS = [[hour, 2.1 * hour + 3 + (hour % 1)] for hour in np.linspace(0.5, 12, 24).tolist()]
PASSED = [[hour, float(hour > 6)] for hour in np.linspace(0.5, 12, 24).tolist()]
PLANE = [[0.3 * k, (k * k) % 7 - 3.0, 0.5 * k - ((k * k) % 7)] for k in range(20)]


def formula(text: str, constants: tuple[str, ...] = (), **values: Any) -> dict[str, Any]:
    tensors = [
        {"name": name, "role": "constant" if name in constants else "parameter", "value": value}
        for name, value in values.items()
    ]
    return {"kind": "formula", "tensors": tensors, "text": text}


def table(rows: list[list[float]], scaling: str = "none", labels: bool = False) -> dict[str, Any]:
    names = [f"c{k}" for k in range(len(rows[0]))]
    made: dict[str, Any] = {"kind": "table", "table": {"columns": names, "rows": rows}, "scaling": {"kind": scaling}}
    if labels:
        made["target"] = {"kind": "labels"}
    return made


def fit(data: dict[str, Any], *model: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"kind": "fit", "data": data, "model": list(model), **settings}


LINEAR, NO_BIAS = {"kind": "linear"}, {"kind": "linear", "bias": False}
FORMULAS: dict[str, Named] = {
    "a scalar": (formula("loss = (x - 2)**2", x=-1.0), ("x",)),
    "a vector of one": (formula("loss = sum((x - 2)**2)", x=[-1.0]), ("x",)),
    "a matrix of one": (formula("loss = sum((x - 2)**2)", x=[[-1.0]]), ("x",)),
    "a drawn number": (formula("loss = sum(exp(x) - x)", x="randn(1)"), ("x",)),
    "one number among constants": (
        formula("loss = mean((x*w - y)**2)", ("x", "y"), x=[1.0, 2.0, 3.0], y=[2.0, 4.0, 7.0], w=0.0),
        ("w",),
    ),
    "one that swings": (formula("loss = sin(3*x) + x**2/10", x=2.0), ("x",)),
    "one with a gap": (formula("loss = x*log(x)", x=2.0), ("x",)),
    "one with a pole": (formula("loss = 1/x + x", x=0.5), ("x",)),
    "one that has no minimum": (formula("loss = exp(-x) - x", x=0.0), ("x",)),
    "two scalars": (formula("loss = (x - 1)**2 + sin(y)*x", x=0.5, y=1.0), ("x", "y")),
    "a vector of two": (formula("loss = sum(w*w*w*w - w)", w=[1.0, -0.5]), ("w[0]", "w[1]")),
    "a row of two": (formula("loss = sum((w - 3)**2)", w=[[1.0, -0.5]]), ("w[0, 0]", "w[0, 1]")),
    "a column of two": (formula("loss = sum((w - 3)**2)", w=[[1.0], [-0.5]]), ("w[0, 0]", "w[1, 0]")),
    "two drawn numbers": (formula("loss = sum((w - 3)**2)", w="randn(2)"), ("w[0]", "w[1]")),
    "a vector and a scalar of one": (formula("loss = sum((w*b - 3)**2) + b**2", w=[1.0], b=2.0), ("w", "b")),
    "a matrix and a vector of one": (formula("loss = sum((w - 3)**2) + sum(b*b)", w=[[1.0]], b=[2.0]), ("w", "b")),
    "a valley": (formula("loss = (1 - x)**2 + 100*(y - x**2)**2", x=-1.2, y=1.0), ("x", "y")),
    "tiny numbers": (formula("loss = ((x - 1e-6)*1e6)**2 + (y*1e6)**2", x=3e-6, y=1e-6), ("x", "y")),
    "large numbers": (formula("loss = (x - 250000)**2/1e6 + (y + 90000)**2/1e6", x=1.0, y=2.0), ("x", "y")),
    "losses below zero": (formula("loss = cos(x) - 40 + y**2", x=1.0, y=2.0), ("x", "y")),
}  # fmt: skip
MODELS: dict[str, Named] = {
    "a line": (fit({"kind": "temperatures"}, {"kind": "line"}), ("w", "b")),
    "a line and a sigmoid": (fit({"kind": "parabola"}, {"kind": "line"}, {"kind": "sigmoid"}), ("0.w", "0.b")),
    "Linear(1, 1)": (fit(table(HOURS), LINEAR), ("weight", "bias")),
    "Linear(1, 1), standardised": (fit(table(HOURS, "standardise"), LINEAR), ("weight", "bias")),
    "Linear without bias": (fit(table(HOURS), NO_BIAS), ("weight",)),
    "Linear without bias, standardised": (fit(table(HOURS, "standardise"), NO_BIAS), ("weight",)),
    "Linear(2, 1) without bias": (fit(table(PLANE), NO_BIAS), ("weight[0, 0]", "weight[0, 1]")),
    "Linear(1, 1) and an activation": (fit(table(HOURS), LINEAR, {"kind": "tanh"}), ("0.weight", "0.bias")),
    "Linear(1, 1) behind Dropout": (fit(table(HOURS), {"kind": "dropout"}, LINEAR), ("1.weight", "1.bias")),
    "Linear(1, 1) behind BatchNorm": (
        fit(table(HOURS), {"kind": "batch_norm1d", "affine": False}, LINEAR),
        ("1.weight", "1.bias"),
    ),
    "two layers of one number": (fit(table(HOURS), NO_BIAS, {"kind": "tanh"}, NO_BIAS), ("0.weight", "2.weight")),
    "LayerNorm alone": (fit(table(HOURS), {"kind": "batch_norm1d"}), ("weight", "bias")),
    "a convolution of one number": (
        fit(
            table(HOURS), {"kind": "reshape", "shape": [1, 1]}, {"kind": "conv1d", "channels": 1, "kernel": 1},
            {"kind": "flatten"},
        ),
        ("1.weight", "1.bias"),
    ),
    "logistic regression": (
        fit(table(PASSED, labels=True), LINEAR, loss={"kind": "bce_with_logits"}),
        ("weight", "bias"),
    ),
    "absolute differences": (fit(table(HOURS), LINEAR, loss={"kind": "l1"}), ("weight", "bias")),
    "Huber": (fit(table(HOURS), LINEAR, loss={"kind": "huber"}), ("weight", "bias")),
    "a sum of squares": (fit(table(HOURS), LINEAR, loss={"kind": "mse", "reduction": "sum"}), ("weight", "bias")),
}  # fmt: skip


def cases() -> Iterator[Any]:
    """Every model in both precisions, and the fits in mini-batches too."""
    for name, (objective, axes) in (FORMULAS | MODELS).items():
        for dtype in ("float32", "float64"):
            yield pytest.param(objective, axes, dtype, id=f"{name}, {dtype}")
    for name, (objective, axes) in MODELS.items():
        batched = objective | {"batch": {"kind": "mini", "size": 5}}
        yield pytest.param(batched, axes, "float32", id=f"{name}, in batches")


CASES = list(cases())


def experiment_of(objective: dict[str, Any], dtype: str) -> Experiment:
    optimizers = [{"kind": "adam", "lr": 0.05}]
    return from_data({"objective": objective, "dtype": dtype, "steps": STEPS, "optimizers": optimizers})


class Looked:
    """A run that a surface view follows, as the window lets it: records, then the answers at the step."""

    def __init__(self, experiment: Experiment) -> None:
        self.trainer = Trainer(experiment)
        self.moment = Moment(self.trainer)
        self.history = History(len(experiment.optimizers))
        self.history.extend(block_of([self.trainer.record], self.history.optimizers, self.trainer.names))
        self.state = SurfaceState().begun(experiment)
        self.look()

    def step_to(self, step: int) -> None:
        while self.trainer.step < step and not self.trainer.diverged:
            record = self.trainer.advance()
            self.history.extend(block_of([record], self.history.optimizers, self.trainer.names))

    def look(self) -> SurfacePicture:
        """What is shown at the step of the trainer, once nothing more is asked."""
        self.state = self.state.with_history(self.history, self.trainer.step)
        surveyed = None
        while surveyed != self.state.survey:
            surveyed = self.state.survey
            self.state = self.state.with_surface(ask(surveyed, self.moment))
        self.state = self.state.with_places(ask(Locate(), self.moment), self.trainer.step)
        return picture(self.state)


def whole_loss(trainer: Trainer) -> float:
    """The loss of all rows in eval mode, by the model itself."""
    objective = trainer.lanes[0].objective
    if not isinstance(objective, FitDescent):
        return trainer.record.losses[0]
    was = objective.model.training
    objective.model.eval()
    with torch.no_grad():
        loss = objective._criterion(objective.model(objective.data.inputs), objective.data.targets)
    objective.model.train(was)
    return float(loss)


def is_outside_grid(drawn: SurfaceGrid | LossCurve, x: float, y: float) -> bool:
    beyond = not drawn.x[0] <= x <= drawn.x[-1]
    return beyond or (isinstance(drawn, SurfaceGrid) and not drawn.y[0] <= y <= drawn.y[-1])


def test_there_are_fifty_models() -> None:
    assert len({id(case.values[0]) for case in CASES}) >= 50
    assert len(FORMULAS) + len(MODELS) >= 35


@pytest.mark.parametrize(("objective", "axes", "dtype"), CASES)
def test_the_height_at_the_marker_is_the_loss_and_the_axes_are_the_numbers(
    objective: dict[str, Any], axes: tuple[str, ...], dtype: str
) -> None:
    looked = Looked(experiment_of(objective, dtype))
    for step in (0, 1, 7, STEPS):
        looked.step_to(step)
        shown, trainer = looked.look(), looked.trainer
        drawn = looked.state.grid or looked.state.curve
        assert drawn is not None
        labels = (drawn.x_label, drawn.y_label) if isinstance(drawn, SurfaceGrid) else (drawn.x_label,)
        assert labels == axes == trainer.names == looked.history.names
        assert shown.drawing is (Drawing.CURVE if len(axes) == 1 else Drawing.CONTOUR)
        (mark,) = shown.marks
        expected = whole_loss(trainer)
        assert mark.loss == pytest.approx(expected, rel=2e-6, abs=1e-30), f"step {trainer.step}"
        assert not mark.is_off
        numbers = [p.detach().reshape(-1).tolist() for p in trainer.lanes[0].objective.parameters.values()]
        assert [mark.x, mark.y][: len(axes)] == [value for part in numbers for value in part]
        assert not is_outside_grid(drawn, mark.x, mark.y), "the marker is in the picture"
        check_drawn(looked.state, mark.loss)
        check_words(shown, trainer, expected)


def check_drawn(state: SurfaceState, loss: float) -> None:
    """The height in the box gives the loss back, on either scale, to the precision of float32 in its range."""
    if state.grid is None:
        return
    for log in (False, True):
        box = SurfaceBox(state.grid, log)
        span = box.highest - box.lowest
        assert box.loss_of(box.height_of(loss) / HEIGHT) == pytest.approx(loss, abs=1.2e-7 * span, rel=1.2e-7)


def check_words(shown: SurfacePicture, trainer: Trainer, expected: float) -> None:
    """Where a step's loss is another than the surface's, the picture says both; else nothing of it."""
    (recorded,) = trainer.record.losses
    said = [line.text for line in shown.legend.lines if "loss of the step" in line.text]
    differs = not math.isclose(recorded, expected, rel_tol=1e-5, abs_tol=0.0)
    assert bool(said) == differs, (recorded, expected)


@pytest.mark.parametrize("name", [name for name, (_, axes) in (FORMULAS | MODELS).items() if len(axes) == 1])
def test_the_tangent_of_a_curve_has_the_slope_that_pytorch_found(name: str) -> None:
    objective, _ = (FORMULAS | MODELS)[name]
    looked = Looked(experiment_of(objective, "float64"))
    looked.step_to(5)
    (mark,) = looked.look().marks
    (parameter,) = looked.trainer.lanes[0].objective.parameters.values()
    assert parameter.grad is not None
    assert mark.slope == parameter.grad.item()
    curve = looked.state.curve
    assert curve is not None
    slope = np.gradient(curve.heights, curve.x)[np.abs(curve.x - mark.x).argmin()]
    assert mark.slope == pytest.approx(slope, rel=0.1, abs=0.1 * np.nanmax(np.abs(curve.heights)))


@pytest.mark.parametrize("name", list(FORMULAS | MODELS))
def test_the_path_is_the_records_and_a_seek_adds_nothing(name: str) -> None:
    objective, axes = (FORMULAS | MODELS)[name]
    looked = Looked(experiment_of(objective, "float64"))
    looked.step_to(STEPS)
    looked.look()
    for step in (12, 3, 20, 0, STEPS):
        looked.trainer.seek(step)
        (path,) = looked.look().paths
        np.testing.assert_array_equal(path[-1], looked.history.positions[step, 0])
        records = {tuple(row) for row in looked.history.positions[: step + 1, 0].tolist()}
        assert {tuple(row) for row in path.tolist()} <= records
        assert path.shape[1] == len(axes)
