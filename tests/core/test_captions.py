"""What the optimisers of a race are called, and a race beside a mistake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.declaration import SettingError
from gradviz.core.document.experiment import Experiment, optimizer_names
from gradviz.core.document.with_mistake import compared_with, name_to_detach
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.objectives.catalogue import FitObjective, FormulaObjective, NamedTensor
from gradviz.core.optimizers.catalogue import OPTIMIZERS, SGD, Adam, Optimizer, RMSprop
from gradviz.core.optimizers.mistakes import BackwardTwice, Detach, NoZeroGrad
from gradviz.core.optimizers.schedule_catalogue import CosineAnnealing, StepDecay


def names(*optimizers: Optimizer) -> tuple[str, ...]:
    return optimizer_names(Experiment(optimizers=optimizers))


@pytest.mark.parametrize(
    ("optimizers", "expected"),
    [
        ((SGD(lr=0.5), Adam()), ("SGD", "Adam")),
        ((SGD(), SGD(momentum=0.9)), ("SGD", "SGD momentum 0.9")),
        ((SGD(), SGD(lr=0.1)), ("SGD lr 0.001", "SGD lr 0.1")),
        ((SGD(), SGD(mistake=NoZeroGrad())), ("SGD", "SGD, zero_grad forgotten")),
        ((SGD(mistake=Detach(name="u")),), ("SGD, u detached",)),
        ((SGD(), SGD(schedule=StepDecay())), ("SGD", "SGD, StepLR")),
        ((SGD(schedule=StepDecay()), Adam()), ("SGD", "Adam")),
        ((SGD(), SGD()), ("SGD 1", "SGD 2")),
        ((Adam(), Adam(betas=(0.5, 0.9), amsgrad=True)), ("Adam", "Adam betas 0.5/0.9 AMSGrad")),
        (
            (SGD(momentum=0.9), SGD(momentum=0.9, nesterov=True), SGD()),
            ("SGD momentum 0.9", "SGD momentum 0.9 Nesterov", "SGD"),
        ),
        (
            (SGD(schedule=StepDecay()), SGD(schedule=CosineAnnealing()), RMSprop()),
            ("SGD, StepLR", "SGD, CosineAnnealingLR", "RMSprop"),
        ),
    ],
    ids=lambda value: value[-1] if isinstance(value[-1], str) else "",
)
def test_optimisers_of_one_kind_are_told_apart_by_what_differs(
    optimizers: tuple[Optimizer, ...], expected: tuple[str, ...]
) -> None:
    assert names(*optimizers) == expected


@given(
    st.lists(
        st.sampled_from([entry() for entry in OPTIMIZERS] + [SGD(lr=0.5), SGD(momentum=0.5)]), min_size=1, max_size=16
    )
)
def test_names_are_as_many_as_the_optimisers_and_all_different(optimizers: list[Optimizer]) -> None:
    found = names(*optimizers)
    assert len(set(found)) == len(optimizers) == len(found)


def test_a_comparison_is_a_copy_of_the_first_with_the_mistake() -> None:
    experiment = Experiment(optimizers=(SGD(lr=0.5, momentum=0.9), Adam()))
    compared = compared_with(experiment, BackwardTwice())
    assert compared.optimizers[:2] == experiment.optimizers
    assert compared.optimizers[2] == SGD(lr=0.5, momentum=0.9, mistake=BackwardTwice())
    with pytest.raises(SettingError, match="at most 16"):
        compared_with(Experiment(optimizers=(SGD(),) * 16), NoZeroGrad())


def test_what_is_detached_is_the_first_value_on_the_way_to_the_loss() -> None:
    tensors = (NamedTensor(name="a", value=1.0), NamedTensor(name="b", value=2.0))
    chain = Experiment(objective=FormulaObjective(tensors=tensors, text="u = a*b\nj = 3*u"))
    alone = Experiment(objective=FormulaObjective(tensors=tensors, text="j = a*b"))
    layers = Experiment(objective=FitObjective(model=(LinearLayer(), LinearLayer())))
    line = Experiment(objective=FitObjective())
    assert [name_to_detach(e) for e in (Experiment(), chain, alone, layers, line)] == ["x", "u", "a", "0", "prediction"]
    assert compared_with(chain, Detach()).optimizers[1].mistake == Detach(name="u")
