"""Surfaces against the loss itself, point by point; projections; and summaries of tensors against numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from engine_support import HIMMELBLAU, LINE, NEURONS, formula_experiment
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gradviz.core.document.experiment import Experiment
from gradviz.core.objectives.catalogue import TestFunctionObjective
from gradviz.core.objectives.test_functions import TEST_FUNCTIONS, Saddle
from gradviz.core.optimizers.catalogue import Adam
from gradviz.core.questions.place import Locate
from gradviz.core.questions.surface import Survey
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.objectives.build import build_objective
from gradviz.engine.summaries import MOST_WHOLE, summarise
from gradviz.engine.surfaces.plane import plane_of
from gradviz.engine.surfaces.survey import survey
from gradviz.engine.training.trail import flat_numbers
from gradviz.engine.training.trainer import Trainer

GAP = "loss = where(x > 0, sqrt(x), 0) + log(y)"
EXPERIMENTS = {
    "himmelblau": Experiment(objective=HIMMELBLAU, dtype="float64"),
    "line": Experiment(objective=LINE, dtype="float64"),
    "neurons": Experiment(objective=NEURONS, dtype="float64", seed=3),
    "formula": formula_experiment("loss = (x - 1)**2 + sin(y)*x", x=0.5, y=1.0),
    "with a gap": formula_experiment(GAP, x=1.0, y=1.0),
    "vector": formula_experiment("loss = sum(w*w) + b", w=(1.0, 2.0, 3.0), b=0.5),
}


def grid_of(trainer: Trainer, resolution: int = 12, domain: Any = None) -> Any:
    objective = trainer.lanes[0].objective
    plane = plane_of(objective, trainer.experiment.seed)
    return survey(trainer.experiment, objective, plane, trainer.step, resolution, domain), plane


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_height_is_the_loss_at_its_point(name: str) -> None:
    trainer = Trainer(EXPERIMENTS[name])
    trainer.seek(5)
    objective = trainer.lanes[0].objective
    grid, plane = grid_of(trainer)
    assert grid.heights.shape == (12, 12)
    for row, y in enumerate(grid.y):
        for column, x in enumerate(grid.x):
            flat = plane.origin + torch.tensor([x, y]) @ plane.basis
            parameters, begin = {}, 0
            for parameter_name, parameter in objective.parameters.items():
                part = flat[begin : begin + parameter.numel()]
                parameters[parameter_name] = part.reshape(parameter.shape)
                begin += parameter.numel()
            expected = objective.loss_at(parameters).item()
            found = grid.heights[row, column]
            if math.isfinite(expected):
                assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
            else:
                assert math.isnan(found)


@pytest.mark.parametrize("value", [1e17, 1e30, math.inf, math.nan])
def test_where_a_run_has_diverged_to_nothing_is_framed(value: float) -> None:
    """Points 1e-13 apart are one point in its numbers: the picture is where it began, with the minimum."""
    trainer = Trainer(EXPERIMENTS["line"])
    before, _ = grid_of(trainer)
    with torch.no_grad():
        for parameter in trainer.lanes[0].objective.parameters.values():
            parameter.fill_(value)
    grid, _ = grid_of(trainer)
    for axis, usual in ((grid.x, before.x), (grid.y, before.y)):
        assert (np.diff(axis) > 0).all()
        assert np.abs(axis).max() < 10 * np.abs(usual).max() + 10
    assert np.isfinite(grid.heights).all()


def test_points_without_a_value_are_gaps() -> None:
    grid, _ = grid_of(Trainer(EXPERIMENTS["with a gap"]), 21, ((-2.0, 2.0), (-2.0, 2.0)))
    assert np.isnan(grid.heights[grid.y <= 0]).all()
    assert np.isfinite(grid.heights[grid.y > 0]).all()
    for text in ("loss = 1/(x-x) + y", "loss = sqrt(-x*x-1) + y"):
        nothing, _ = grid_of(Trainer(formula_experiment(text, x=1.0, y=1.0)))
        assert np.isnan(nothing.heights).all()


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name not in ("neurons", "vector")])
def test_with_two_scalars_the_axes_are_the_parameters(name: str) -> None:
    trainer = Trainer(EXPERIMENTS[name])
    grid, plane = grid_of(trainer)
    assert grid.exact
    assert grid.note == ""
    assert (grid.x_label, grid.y_label) == tuple(trainer.lanes[0].objective.parameters)
    x, y = trainer.record.position
    assert grid.x[0] <= x <= grid.x[-1]
    assert grid.y[0] <= y <= grid.y[-1]
    places, distances = plane.project(flat_numbers(trainer.lanes[0].objective)[None])
    assert places[0].tolist() == [x, y]
    assert distances.tolist() == [0.0]


@pytest.mark.parametrize("name", ["neurons", "vector"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_slice_goes_through_the_parameters(name: str, dtype: str) -> None:
    trainer = Trainer(EXPERIMENTS[name].model_copy(update={"dtype": dtype}))
    trainer.seek(7)
    grid, plane = grid_of(trainer, 3, ((-1.0, 1.0), (-1.0, 1.0)))
    assert grid.heights[1, 1] == pytest.approx(trainer.record.losses[0], rel=1e-6)
    places, distances = plane.project(flat_numbers(trainer.lanes[0].objective)[None])
    assert [places.tolist(), distances.tolist()] == [[[0.0, 0.0]], [0.0]]
    assert not grid.exact
    assert "step 7" in grid.note
    assert f"{sum(p.numel() for p in trainer.lanes[0].objective.parameters.values())} dim" in grid.note


@given(a=st.floats(-2, 2), b=st.floats(-2, 2))
def test_a_point_of_the_slice_is_projected_onto_itself(a: float, b: float) -> None:
    objective = Trainer(EXPERIMENTS["neurons"]).lanes[0].objective
    plane = plane_of(objective, 3)
    flat = plane.point(torch.tensor([a, b], dtype=torch.float64))
    places, distances = plane.project(flat[None])
    assert places[0].tolist() == pytest.approx((a, b), abs=1e-9)
    assert distances.tolist() == [0.0]


@given(a=st.floats(-2, 2), b=st.floats(-2, 2), off=st.floats(1e-3, 50), seed=st.integers(0, 99))
def test_a_point_off_the_slice_is_told_with_its_distance(a: float, b: float, off: float, seed: int) -> None:
    objective = Trainer(EXPERIMENTS["neurons"]).lanes[0].objective
    plane = plane_of(objective, seed)
    beside = torch.randn(len(plane.origin), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    beside -= (plane.basis @ beside) @ plane.basis
    flat = plane.point(torch.tensor([a, b], dtype=torch.float64)) + off * beside / beside.norm()
    places, distances = plane.project(flat[None])
    assert places[0].tolist() == pytest.approx((a, b), abs=1e-9)
    assert distances[0] == pytest.approx(off, rel=1e-9)


def test_each_tensor_of_the_first_direction_is_as_long_as_its_parameter() -> None:
    objective = Trainer(EXPERIMENTS["neurons"]).lanes[0].objective
    plane, begin = plane_of(objective, 0), 0
    shares = []
    for parameter in objective.parameters.values():
        part = plane.basis[0, begin : begin + parameter.numel()]
        shares.append(part.norm().item() / parameter.norm().item())
        begin += parameter.numel()
    assert shares == pytest.approx([shares[0]] * len(shares), rel=1e-9)
    assert torch.equal(plane.basis, plane_of(objective, 0).basis)
    assert not torch.equal(plane.basis, plane_of(objective, 1).basis)


THREE: dict[str, dict[str, Any]] = {
    "scalars": {"a": 1.0, "b": -2.0, "c": 3.0},
    "one that is large": {"a": 1e6, "b": 1e-6, "c": 1e-6},
    "nothing but zeros": {"a": 0.0, "b": 0.0, "c": 0.0},
    "vector and scalar": {"a": (1.0, 2.0), "b": 0.0, "c": 1e-30},
    "vector": {"a": (1.0, 2.0, 3.0), "b": 0.5, "c": -0.5},
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", THREE)
@given(seed=st.integers(0, 2**63 - 1))
def test_the_directions_of_a_slice_are_at_right_angles_whatever_the_seed(name: str, dtype: str, seed: int) -> None:
    """Three scalars have four pairs of signs: one draw in four gave two directions that were one."""
    experiment = formula_experiment("loss = sum(a*a) + b*b + c*c", **THREE[name]).model_copy(update={"dtype": dtype})
    plane = plane_of(build_objective(experiment, torch.device("cpu")), seed)
    gram = (plane.basis.double() @ plane.basis.double().T).numpy()
    np.testing.assert_allclose(gram, np.eye(2), atol=1e-6)
    assert plane.reach > 0


def test_the_plane_stays_until_it_is_laid_anew() -> None:
    trainer = Trainer(EXPERIMENTS["neurons"])
    moment = Moment(trainer)
    assert "through step 0," in ask(Survey(8), moment).note
    assert ask(Locate(), moment).position.tolist() == [[0.0, 0.0]]
    trainer.seek(20)
    assert "through step 0," in ask(Survey(9), moment).note
    assert ask(Locate(), moment).position.tolist() != [[0.0, 0.0]]
    assert "through step 20," in ask(Survey(8, cut=20), moment).note
    assert ask(Locate(), moment).position.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("entry", TEST_FUNCTIONS, ids=lambda entry: entry.__name__)
def test_a_test_function_shows_its_domain_its_minima_and_the_start(entry: Any) -> None:
    objective = TestFunctionObjective(function=entry(), x=9.0, y=-8.5)
    grid, _ = grid_of(Trainer(Experiment(objective=objective, optimizers=(Adam(),))))
    assert grid.minima == entry.minima
    assert (len(grid.minima) == 0) == (entry is Saddle)
    for x, y in (*entry.minima, *zip(*entry.domain, strict=True), (9.0, -8.5)):
        assert grid.x[0] <= x <= grid.x[-1]
        assert grid.y[0] <= y <= grid.y[-1]


def test_the_picture_of_a_line_frames_its_minimum() -> None:
    grid, _ = grid_of(Trainer(EXPERIMENTS["line"]))
    assert grid.x[0] < 5.36708 < grid.x[-1]
    assert grid.y[0] < -17.30119 < grid.y[-1]


def test_a_surface_is_read_only_and_takes_the_domain_it_is_given() -> None:
    grid, _ = grid_of(Trainer(Experiment()), 5, ((-1.0, 3.0), (0.0, 2.0)))
    assert grid.x.tolist() == [-1, 0, 1, 2, 3]
    assert grid.y.tolist() == [0, 0.5, 1, 1.5, 2]
    for array in (grid.x, grid.y, grid.heights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_large_slice_is_surveyed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(EXPERIMENTS["neurons"])
    whole, _ = grid_of(trainer, 9)
    monkeypatch.setattr("gradviz.engine.surfaces.plane.CHUNK", 70)
    parts, _ = grid_of(trainer, 9)
    np.testing.assert_allclose(parts.heights, whole.heights, rtol=1e-12)


SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, max_side=12)


@given(arrays.arrays(np.float64, SHAPES, elements=st.floats(-1e6, 1e6)))
def test_a_summary_is_that_of_numpy(array: Any) -> None:
    tensor = torch.from_numpy(np.array(array))
    summary = summarise(tensor)
    assert summary.shape == array.shape
    assert summary.dtype == "float64"
    assert (summary.minimum, summary.maximum) == (array.min(), array.max())
    assert summary.mean == pytest.approx(array.mean(), rel=1e-9, abs=1e-6)
    assert summary.is_finite
    assert (summary.values is not None) == (array.size <= MOST_WHOLE)
    if summary.values is not None:
        np.testing.assert_array_equal(summary.values, array)
        tensor.zero_()
        np.testing.assert_array_equal(summary.values, array)
        assert not summary.values.flags.writeable


@pytest.mark.parametrize("size", [1, 2, MOST_WHOLE, MOST_WHOLE + 1])
@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_a_summary_says_that_something_is_not_finite(size: int, odd: float) -> None:
    tensor = torch.zeros(size)
    tensor[size // 2] = odd
    assert not summarise(tensor).is_finite


def test_summaries_of_odd_tensors() -> None:
    empty = summarise(torch.empty(0, 3))
    assert empty.shape == (0, 3)
    assert not empty.is_finite
    assert summarise(torch.tensor([True, False])).values.tolist() == [1, 0]
    assert summarise(torch.ones(100, dtype=torch.float32)).mean == 1
    assert summarise(torch.tensor(2.0, requires_grad=True)).mean == 2
