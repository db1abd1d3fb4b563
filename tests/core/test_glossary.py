"""The glossary: an entry for every node of the gallery and the hundred most common others, in two languages."""

from __future__ import annotations

import re

import pytest
import torch

from gradviz.core.document.experiment import with_value
from gradviz.core.glossary.entry import Entry
from gradviz.core.glossary.lookup import ENTRIES, FAMILIES, entry_of
from gradviz.core.glossary.operators import operator_name
from gradviz.core.numbers import Floats
from gradviz.engine.tape.columns import numbers_of
from gradviz.engine.tape.walk import Walk
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.shipped.gallery import gallery

CHINESE = re.compile("[\u4e00-\u9fff]")


def test_every_node_that_the_gallery_makes_has_an_entry() -> None:
    seen = set()
    for entry in gallery():
        objective = Trainer(with_value(entry.document.experiment, "device", "cpu")).lanes[0].objective
        seen |= {node.name() for node in Walk([objective.loss()]).operations}
    assert len(seen) > 15
    assert not {name for name in seen if entry_of(name) is None}


def test_there_are_well_over_a_hundred_and_none_twice() -> None:
    every = [entry.name for family in FAMILIES for entry in family]
    assert len(every) == len(set(every)) == len(ENTRIES) > 150


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=list(ENTRIES))
def test_an_entry_is_whole_in_both_languages(entry: Entry) -> None:
    assert entry.word
    assert entry.formula
    assert entry.derivative
    assert entry.sentence.endswith(".")
    assert entry.sentence_zh.endswith("。")
    assert CHINESE.search(entry.sentence_zh)
    assert not CHINESE.search(entry.sentence + entry.word + entry.formula + entry.derivative)


def test_most_entries_are_nodes_that_torch_has() -> None:
    """By the classes of torch's own nodes, which it registers under their names."""
    known = {operator_name(name) for name in dir(torch._C._functions)} | {
        schema.name.removeprefix("aten::").removeprefix("_") for schema in torch._C._jit_get_all_schemas()
    }
    own = {"accumulate_grad", "graph_root", "copy_slices", "checkpoint_function", "compiled_function"}
    known |= {"grid_sampler2d"}  # torch's operator has one underscore more
    strange = {name for name in ENTRIES if name not in known | own and f"{name}_forward" not in known}
    assert not strange


UNARY = [
    name
    for name, entry in ENTRIES.items()
    if entry.is_elementwise and hasattr(torch, name) and "b" not in re.findall(r"[a-z]+", entry.formula)
]


@pytest.mark.parametrize("name", UNARY)
def test_what_is_called_elementwise_has_a_diagonal_jacobian(name: str) -> None:
    function = getattr(torch, name)
    x = torch.tensor([0.3, 0.6, 0.2], dtype=torch.float64)
    try:
        jacobian = torch.autograd.functional.jacobian(function, x + (1.0 if name == "acosh" else 0.0))
    except (TypeError, RuntimeError):
        pytest.skip("takes more than one tensor")
    entries: Floats = numbers_of(jacobian).entries
    assert not entries[~torch.eye(3, dtype=torch.bool).numpy()].any()


@pytest.mark.parametrize(
    ("op", "operator"),
    [
        ("MulBackward0", "mul"),
        ("AvgPool2DBackward0", "avg_pool2d"),
        ("MaxPool2DWithIndicesBackward0", "max_pool2d_with_indices"),
        ("Log1PBackward0", "log1p"),
        ("FftR2CBackward0", "fft_r2c"),
        ("torch::autograd::CopySlices", "copy_slices"),
        ("torch::autograd::AccumulateGrad", "accumulate_grad"),
        ("MySwishBackward", "my_swish"),
    ],
)
def test_a_node_has_its_operator(op: str, operator: str) -> None:
    assert operator_name(op) == operator


def test_nodes_of_common_layers_have_their_entries() -> None:
    x = torch.rand(1, 2, 6, 6, requires_grad=True)
    made = [torch.nn.functional.max_pool2d(x, 2), torch.nn.functional.avg_pool2d(x, 2), torch.log1p(x)]
    made += [torch.nn.functional.conv2d(x, torch.ones(1, 2, 3, 3)), torch.nn.functional.layer_norm(x, (6, 6))]
    made += [
        torch.fft.rfft(x).real,
        torch.nn.functional.interpolate(x, scale_factor=2),
        x.softmax(-1),
        x.gather(0, x.long()),
    ]
    for value in made:
        assert entry_of(value.grad_fn.name()) is not None, value.grad_fn.name()
