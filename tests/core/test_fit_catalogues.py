"""Layers, initialisations, losses and datasets against torch and numpy themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from fits import fit_with, fit_with_layer
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from gradviz.core.data.catalogue import DATASETS
from gradviz.core.data.class_datasets import Blobs, Circles, Spirals, TwoMoons
from gradviz.core.data.curve_datasets import NoisyLine, Parabola, Regression, Temperatures
from gradviz.core.data.shaped_datasets import BarImages, SineSequence, TokenSequences
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.declaration import kind_of
from gradviz.core.layers import modules
from gradviz.core.layers.catalogue import LAYERS
from gradviz.core.layers.dense import LinearLayer, LineLayer, Reshape
from gradviz.core.layers.image import AvgPool2d, Conv1d, Conv2d, MaxPool1d, MaxPool2d
from gradviz.core.layers.initialisations import INITIALISATIONS, ConstantInitialisation, NormalInitialisation
from gradviz.core.layers.layer import Layer, Shape, ShapeError
from gradviz.core.layers.regular import BatchNorm1d, LayerNorm
from gradviz.core.layers.sequence import GRU, LSTM, RNN, Embedding
from gradviz.core.objectives.losses import LOSSES, Huber

SIZE = st.integers(1, 9)
FLAG = st.booleans()
INITS = st.sampled_from([entry() for entry in INITIALISATIONS])


def named(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else str(value)


DATA = [
    *[entry() for entry in DATASETS],
    Temperatures(scale=0.1),
    Parabola(points=7, lower=-3, upper=2.5, a=0.1, b=3, c=-1e-3),
    NoisyLine(points=9, noise=0.25),
    Regression(points=6, inputs=4, targets=3, noise=0.5),
    Regression(points=6, generator="torch"),
    Regression(points=6, generator="torch", noise=0.5),
    Blobs(classes=5, points=33),
    TwoMoons(noise=0.0),
    Spirals(classes=3, turns=0.7),
    Circles(classes=4),
    SineSequence(noise=0.1, length=5, stride=0.3),
    TokenSequences(tokens=7, length=4),
    BarImages(size=5),
]


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1, 2**32, 2**63 - 1])
@pytest.mark.parametrize("data", DATA, ids=repr)
def test_code_of_a_dataset_gives_its_arrays_bit_for_bit(data: Any, seed: int) -> None:
    names: dict[str, Any] = {"np": np, "torch": torch}
    exec("\n".join(data.code(seed)), names)
    for written, made in zip((names["x"], names["y"]), data.arrays(seed), strict=True):
        assert written.dtype == made.dtype
        assert written.shape == made.shape
        assert written.tobytes() == made.tobytes()


@pytest.mark.parametrize("data", DATA, ids=repr)
def test_a_dataset_is_what_it_says_and_follows_the_seed(data: Any) -> None:
    before = torch.get_rng_state()
    inputs, targets = data.build(7, torch.float32)
    assert torch.equal(before, torch.get_rng_state()), "the state that the model is drawn from was touched"
    assert inputs.shape == (data.rows, *data.input_shape)
    assert inputs.dtype == (torch.int64 if data.vocabulary else torch.float32)
    assert targets.shape == ((data.rows,) if data.is_labelled else (data.rows, data.outputs))
    assert targets.dtype == (torch.int64 if data.is_labelled else torch.float32)
    again = data.build(7, torch.float32)
    assert torch.equal(inputs, again[0])
    assert torch.equal(targets, again[1])
    if not isinstance(data, Temperatures | Parabola | TableDataset):
        assert not torch.equal(inputs, data.build(8, torch.float32)[0])
    if data.is_labelled:
        assert sorted(set(targets.tolist())) == list(range(data.outputs))
    if data.vocabulary:
        assert inputs.min() >= 0
        assert inputs.max() < data.vocabulary


def test_datasets_are_those_of_the_cases() -> None:
    inputs, targets = Temperatures(scale=0.1).build(0, torch.float64)
    assert inputs[3].item() == pytest.approx(8.19)
    assert targets.reshape(-1).tolist() == [0.5, 14, 15, 28, 11, 8, 3, -4, 6, 13, 21]
    x, y = Parabola().build(0, torch.float64)
    assert x.reshape(-1).tolist() == pytest.approx([k / 9 for k in range(10)])
    torch.testing.assert_close(y, x * x - 0.5 * x + 1.5625)


def test_the_regression_of_case_f_is_numpys_and_has_its_best_loss_of_rank_one() -> None:
    """F2: seed 1 of numpy, a product of ranks (10, 1)(1, 2): the loss cannot fall below 248784.9."""
    x, y = Regression().arrays(1)
    W = np.linalg.lstsq(x, y, rcond=None)[0]
    assert np.allclose(W, W.round())
    assert W.min() >= -1e-9
    assert W.max() <= 19 + 1e-9
    left, sizes, right = np.linalg.svd(y, full_matrices=False)
    best = left[:, :1] * sizes[0] @ right[:1]  # x @ (10, 1) @ (1, 2) reaches it, for y = x @ W has no noise
    assert float(((y - best) ** 2).sum()) == pytest.approx(248784.9, abs=0.05)


@given(slope=st.floats(-10, 10), intercept=st.floats(-10, 10), seed=st.integers(0, 2**63 - 1))
def test_line_without_noise_is_exact_at_every_seed(slope: float, intercept: float, seed: int) -> None:
    x, y = NoisyLine(points=20, slope=slope, intercept=intercept).build(seed, torch.float64)
    assert bool(((x >= 0) & (x < 1)).all())
    torch.testing.assert_close(y, slope * x + intercept)
    noisy = NoisyLine(points=20, slope=slope, intercept=intercept, noise=1.0).build(seed, torch.float64)
    assert torch.equal(noisy[0], x)
    assert not torch.equal(noisy[1], y)


def test_moons_are_two_half_circles_with_normal_noise() -> None:
    x, y = TwoMoons(points=4000, noise=0.0).arrays(3)
    upper, lower = x[y == 0], x[y == 1]
    assert np.allclose(np.hypot(*upper.T), 1)
    assert (upper[:, 1] >= 0).all()
    assert np.allclose(np.hypot(*(lower - [1, 0.5]).T), 1)
    assert (lower[:, 1] <= 0.5).all()
    noise = TwoMoons(points=4000, noise=0.2).arrays(3)[0] - x
    assert noise.std() == pytest.approx(0.2, rel=0.05)
    assert abs(noise.mean()) < 0.01


def test_blobs_circles_and_spirals_are_where_they_are_said_to_be() -> None:
    x, y = Blobs(points=6000, classes=3, noise=0.5).arrays(1)
    for label in range(3):
        angle = 2 * math.pi * label / 3
        assert x[y == label].mean(axis=0) == pytest.approx([3 * math.cos(angle), 3 * math.sin(angle)], abs=0.06)
        assert x[y == label].std(axis=0) == pytest.approx([0.5, 0.5], rel=0.06)
    x, y = Circles(points=300, classes=3, noise=0.0).arrays(1)
    assert np.allclose(np.hypot(*x.T), (y + 1) / 3)
    x, y = Spirals(points=500, classes=2, turns=1.5, noise=0.0).arrays(1)
    radius = np.hypot(*x.T)
    turned = np.exp(-2j * np.pi * (1.5 * radius + y / 2)) * (x[:, 0] + 1j * x[:, 1])
    assert np.allclose(turned, radius), "an arm turned back by its own angle lies on the axis"


def test_the_shaped_ones_can_be_read_off() -> None:
    x, y = SineSequence(noise=0.0, stride=0.4).arrays(5)
    last, before = x[:, -1, 0], x[:, -2, 0]
    assert np.allclose(y[:, 0], 2 * math.cos(0.4) * last - before), "a sine obeys this recurrence"
    tokens, labels = TokenSequences(points=500).arrays(5)
    assert ((tokens.sum(axis=1) > 9 * 4.5) == (labels == 1)).all()
    images, labels = BarImages(noise=0.0).arrays(5)
    rows, columns = images[:, 0].sum(axis=2), images[:, 0].sum(axis=1)
    assert (rows.max(axis=1)[labels == 0] == 8).all()
    assert (columns.max(axis=1)[labels == 1] == 8).all()
    assert images.sum() == 8 * len(labels)


def evaluated(lines: tuple[str, ...], expression: str) -> Any:
    """What a script with these lines would have."""
    names: dict[str, Any] = {"torch": torch, "nn": nn}
    exec("\n".join([*lines, f"value = {expression}"]), names)
    return names["value"]


@st.composite
def layers_with_inputs(draw: st.DrawFn) -> tuple[Layer, Shape]:
    """A layer with drawn settings, and the shape of a row for it, which it may refuse."""
    size, flag = lambda: draw(SIZE), lambda: draw(FLAG)
    init = draw(INITS)
    window = {"kernel": draw(st.integers(1, 4)), "stride": draw(st.integers(1, 3)), "padding": draw(st.integers(0, 2))}
    recurrent = {
        "features": draw(st.integers(1, 4)),
        "depth": draw(st.integers(1, 2)),
        "output": draw(st.sampled_from(["last", "all"])),
        "bias": flag(),
        "init": init,
    }
    layer: Layer = draw(
        st.sampled_from(
            [
                LinearLayer(features=size(), bias=flag(), init=init),
                BatchNorm1d(affine=flag()),
                LayerNorm(affine=flag(), eps=0.1),
                Conv1d(channels=size(), bias=flag(), init=init, **window),
                Conv2d(channels=size(), bias=flag(), init=init, **window),
                MaxPool1d(**window),
                MaxPool2d(**window),
                AvgPool2d(**window),
                Reshape(shape=(size(), 2)),
                Embedding(tokens=size(), features=size(), init=init),
                LSTM(**recurrent),
                GRU(**recurrent),
                RNN(nonlinearity=draw(st.sampled_from(["tanh", "relu"])), **recurrent),
                *[entry() for entry in LAYERS],
            ]
        )
    )
    dimensions = {Embedding: 1, LSTM: 2, GRU: 2, RNN: 2, Reshape: 1}.get(type(layer), 0)
    dimensions = dimensions or (getattr(layer, "dimensions", 0) + 1 if hasattr(layer, "dimensions") else size() % 3 + 1)
    shape = tuple(draw(st.lists(SIZE, min_size=dimensions, max_size=dimensions)))
    if isinstance(layer, Reshape):
        shape = (shape[0] * math.prod(layer.shape) // shape[0],)
    return layer, (1,) if isinstance(layer, LineLayer) else shape


@settings(max_examples=400, deadline=None)
@given(drawn=layers_with_inputs())
def test_shapes_counts_and_code_of_a_layer_are_those_of_its_module(drawn: tuple[Layer, Shape]) -> None:
    layer, shape = drawn
    rows = torch.zeros((3, *shape), dtype=torch.int64) if layer.takes_tokens else torch.rand((3, *shape))
    try:
        promised = layer.shape_out(shape)
    except ShapeError:
        return
    torch.manual_seed(5)
    module = layer.build(shape, torch.float32)
    assert module.eval()(rows).shape == (3, *promised)
    assert sum(parameter.numel() for parameter in module.parameters()) == layer.parameter_count(shape)
    torch.manual_seed(5)
    written = evaluated(layer.definition, layer.code(shape))
    evaluated_in_place(written, layer.start_code("layer"))
    assert written.state_dict().keys() == module.state_dict().keys()
    for name, value in module.state_dict().items():
        assert torch.equal(value, written.state_dict()[name]), name
    assert torch.equal(torch.get_rng_state(), state_after(layer, shape))
    assert torch.equal(module.eval()(rows), written.eval()(rows))
    assert {parameter.dtype for parameter in layer.build(shape, torch.float64).parameters()} <= {torch.float64}


def evaluated_in_place(layer: nn.Module, lines: tuple[str, ...]) -> None:
    exec("\n".join(lines), {"layer": layer, "nn": nn})


def state_after(layer: Layer, shape: Shape) -> torch.Tensor:
    """The random state after a build from seed 5: the next layer's start depends on it."""
    torch.manual_seed(5)
    layer.build(shape, torch.float32)
    return torch.get_rng_state()


@settings(max_examples=300, deadline=None)
@given(drawn=layers_with_inputs(), data=st.data())
def test_a_shape_is_refused_where_torch_refuses_it(drawn: tuple[Layer, Shape], data: st.DataObject) -> None:
    """Any shape for any layer: what `shape_out` refuses in a sentence is what torch cannot compute."""
    layer, fitting = drawn
    shape = data.draw(st.just(fitting) | st.lists(SIZE, min_size=1, max_size=3).map(tuple))
    try:
        promised = layer.shape_out(shape)
    except ShapeError:
        return
    rows = torch.zeros((2, *shape), dtype=torch.int64) if layer.takes_tokens else torch.rand((2, *shape))
    assert layer.build(shape, torch.float32)(rows).shape == (2, *promised)


@pytest.mark.parametrize(
    ("layer", "shape", "part"),
    [
        (LineLayer(), (2,), "takes 1 input"),
        (Conv2d(), (64,), "put Reshape before it"),
        (Conv2d(kernel=9), (1, 8, 8), "kernel of 9 is larger"),
        (Conv1d(kernel=9, padding=1), (1, 6), "padding (8)"),
        (MaxPool2d(kernel=2, padding=2), (1, 8, 8), "at most half of the kernel, 1"),
        (Reshape(), (63,), "(1, 8, 8) holds 64 numbers, but its input has 63 features"),
        (Reshape(), (1, 64), "put Flatten before it"),
        (Reshape(shape=(0, 8)), (8,), "at least 1"),
        (LSTM(), (16,), "takes a sequence (length, features)"),
        (BatchNorm1d(), (1, 8, 8), "put Flatten before it"),
    ],
)
def test_a_layer_says_what_does_not_fit(layer: Layer, shape: Shape, part: str) -> None:
    with pytest.raises(ShapeError) as told:
        layer.shape_out(shape)
    assert part in str(told.value)


def test_our_modules_are_torchs_with_the_last_or_all_outputs() -> None:
    x = torch.rand(3, 5, 2)
    for kind in ("LSTM", "GRU", "RNN"):
        torch.manual_seed(1)
        plain = getattr(nn, kind)(2, 4, batch_first=True)
        for name, part in (("Last", np.s_[:, -1]), ("All", np.s_[:, :])):
            torch.manual_seed(1)
            ours = getattr(modules, name + kind)(2, 4, batch_first=True)
            assert torch.equal(ours(x), plain(x)[0][part])


ACTIVATIONS = {
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": math.tanh,
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "elu": lambda x: x if x > 0 else math.expm1(x),
    "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    "silu": lambda x: x / (1 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
}


@pytest.mark.parametrize("kind", ACTIVATIONS)
@given(x=st.floats(-15, 15))
def test_an_activation_is_its_formula(kind: str, x: float) -> None:
    entry: Any = next(entry for entry in LAYERS if kind_of(entry) == kind)
    module = entry().build((1,), torch.float64)
    value = module(torch.tensor([x], dtype=torch.float64)).item()
    assert value == pytest.approx(ACTIVATIONS[kind](x), rel=1e-9, abs=1e-12)


def test_every_layer_is_tried_above() -> None:
    assert {type(fit_with_layer(entry()).model[0]) for entry in LAYERS}  # every default fits somewhere
    for entry in LAYERS:
        assert any(type(layer) is entry for layer in fit_with(entry).model)


def test_initialisations() -> None:
    torch.manual_seed(3)
    plain = torch.nn.Linear(4, 5)
    torch.manual_seed(3)
    ours: Any = LinearLayer(features=5).build((4,), torch.float32)
    assert torch.equal(plain.weight, ours.weight)
    assert torch.equal(plain.bias, ours.bias)
    constant: Any = LinearLayer(features=5, init=ConstantInitialisation(weight=2.5, bias=-1)).build((4,), torch.float32)
    assert set(constant.weight.reshape(-1).tolist()) == {2.5}
    assert set(constant.bias.tolist()) == {-1}
    normal: Any = LinearLayer(features=200, init=NormalInitialisation(deviation=3)).build((200,), torch.float32)
    assert normal.weight.std().item() == pytest.approx(3, rel=0.03)
    assert not normal.bias.any()


DEVIATIONS = {
    "default": 1 / math.sqrt(3 * 300),
    "constant": 0.0,
    "zeros": 0.0,
    "normal": 1.0,
    "uniform": 0.1 / math.sqrt(3),
    "xavier_normal": math.sqrt(2 / 500),
    "xavier_uniform": math.sqrt(2 / 500),
    "kaiming_normal": math.sqrt(2 / 300),
    "kaiming_uniform": math.sqrt(2 / 300),
    "orthogonal": 1 / math.sqrt(300),
}


@pytest.mark.parametrize("entry", INITIALISATIONS, ids=named)
def test_an_initialisation_has_the_spread_of_its_paper(entry: Any) -> None:
    torch.manual_seed(0)
    layer: Any = LinearLayer(features=200, init=entry()).build((300,), torch.float64)
    spread = layer.weight.std(correction=0).item()
    assert spread == pytest.approx(DEVIATIONS[kind_of(entry)], rel=0.02, abs=1e-12)
    if kind_of(entry) == "orthogonal":
        torch.testing.assert_close(layer.weight @ layer.weight.T, torch.eye(200, dtype=torch.float64))


def softplus(x: float) -> float:
    return math.log1p(math.exp(-abs(x))) + max(x, 0.0)


def log_cut(p: float) -> float:
    return max(math.log(p), -100.0) if p > 0 else -100.0


VALUE_LOSSES = {
    "mse": lambda p, y: (p - y) ** 2,
    "l1": lambda p, y: abs(p - y),
    "huber": lambda p, y: (p - y) ** 2 / 2 if abs(p - y) < 1 else abs(p - y) - 0.5,
    "smooth_l1": lambda p, y: (p - y) ** 2 / 2 if abs(p - y) < 1 else abs(p - y) - 0.5,
    "bce_with_logits": lambda p, y: softplus(p) - y * p,
    "bce": lambda p, y: -y * log_cut(p) - (1 - y) * log_cut(1 - p),
}


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("entry", [entry for entry in LOSSES if kind_of(entry) in VALUE_LOSSES], ids=named)
@given(pairs=st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=6))
def test_a_loss_is_its_formula(entry: Any, reduction: str, pairs: list[tuple[float, float]]) -> None:
    if entry().wants == "binary":
        pairs = [(abs(p) / 9 if entry.needs_shares else p, float(y > 0)) for p, y in pairs]
    total = sum(VALUE_LOSSES[kind_of(entry)](p, y) for p, y in pairs)
    expected = total / len(pairs) if reduction == "mean" else total
    prediction, target = torch.tensor(pairs, dtype=torch.float64).T
    found = entry(reduction=reduction).build()(prediction, target)
    assert found.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("entry", [entry for entry in LOSSES if entry.wants == "labels"], ids=named)
@given(rows=st.lists(st.tuples(st.integers(0, 2), *[st.floats(-9, 9)] * 3), min_size=1, max_size=6))
def test_a_loss_of_labels_is_its_formula(entry: Any, reduction: str, rows: list[Any]) -> None:
    total = 0.0
    for label, *scores in rows:
        total -= scores[label]
        if kind_of(entry) == "cross_entropy":
            total += math.log(sum(math.exp(score) for score in scores))
    expected = total / len(rows) if reduction == "mean" else total
    labels = torch.tensor([row[0] for row in rows])
    scores = torch.tensor([row[1:] for row in rows], dtype=torch.float64)
    found = entry(reduction=reduction).build()(scores, labels)
    assert found.item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_every_loss_has_a_formula_above() -> None:
    assert {kind_of(entry) for entry in LOSSES} == {*VALUE_LOSSES, "cross_entropy", "nll"}


def test_a_loss_takes_its_settings() -> None:
    prediction, target = torch.tensor([3.0]), torch.tensor([0.0])
    assert Huber(delta=2.0).build()(prediction, target) == functional.huber_loss(prediction, target, delta=2.0) == 4.0
    for entry, setting, value in (("smooth_l1", "beta", 2.0), ("cross_entropy", "label_smoothing", 0.25)):
        kind: Any = next(loss for loss in LOSSES if kind_of(loss) == entry)
        assert getattr(kind(**{setting: value}).build(), setting) == value


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("entry", LOSSES, ids=named)
def test_code_of_a_loss_is_its_module(entry: Any, reduction: str) -> None:
    loss = entry(reduction=reduction)
    written, built = evaluated((), loss.code()), loss.build()
    assert type(written) is type(built)
    assert vars(written).keys() == vars(built).keys()
    assert written.reduction == built.reduction == reduction
