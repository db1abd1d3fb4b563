"""Mistakes made on purpose against PyTorch code that makes the same, and PyTorch's errors in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from engine_support import HIMMELBLAU, NEURONS, Listener, formula
from torch import nn

from gradviz.core.document.experiment import Experiment, optimizer_names
from gradviz.core.document.with_mistake import compared_with
from gradviz.core.optimizers.catalogue import LBFGS, SGD, Adam
from gradviz.core.optimizers.mistakes import (
    MISTAKES,
    BackwardTwice,
    Cycle,
    Detach,
    Mistake,
    NoMistake,
    NoZeroGrad,
    RateTimesTen,
)
from gradviz.core.optimizers.schedule_catalogue import StepDecay
from gradviz.core.questions.parameters import ReadParameters
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.runs.history import History
from gradviz.core.runs.state import RunState
from gradviz.core.tape.ledger import Held, TracedGraph
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.problems import EngineError
from gradviz.engine.runs.commands import Ask, Load, Run
from gradviz.engine.runs.mailbox import block_of
from gradviz.engine.runs.replay import replay
from gradviz.engine.runs.runner import Runner
from gradviz.engine.runs.whole_run import WholeRun
from gradviz.engine.training.explanations import explained
from gradviz.engine.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("frequent_checkpoints")
TWO_BRANCHES = formula("u = x*x\nv = 3*y*y\nloss = u + v + x*y", x=1.0, y=2.0)
SQUARE = formula("y = x*x", x=1.0)
STEPS = 60


def run_of(optimizer: Any, objective: Any = HIMMELBLAU, steps: int = STEPS) -> Trainer:
    return Trainer(Experiment(objective=objective, optimizers=(optimizer,), dtype="float64", steps=steps))


def losses_of(trainer: Trainer) -> list[float]:
    return [trainer.record.losses[0], *(record.losses[0] for record in trainer.steps())]


def himmelblau(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def plain_losses(optimizer_of: Any, before_backward: Callable[[Any, int], bool], steps: int = STEPS) -> list[float]:
    """Himmelblau by a plain loop; `before_backward` does what it does to the gradients, and says whether to go back."""
    x, y = (nn.Parameter(torch.tensor(0.0, dtype=torch.float64)) for _ in range(2))
    optimizer = optimizer_of([x, y])
    losses = []
    for step in range(steps + 1):
        goes_back = before_backward(optimizer, step)
        loss = himmelblau(x, y)
        losses.append(loss.item())
        if goes_back:
            loss.backward()
        optimizer.step()
    return losses


def forget(_optimizer: Any, _step: int) -> bool:
    return True


@pytest.mark.parametrize(
    ("declared", "plain"),
    [
        (SGD(lr=1e-4), lambda p: torch.optim.SGD(p, lr=1e-4)),
        (SGD(lr=1e-4, momentum=0.5), lambda p: torch.optim.SGD(p, lr=1e-4, momentum=0.5)),
        (Adam(lr=0.01), lambda p: torch.optim.Adam(p, lr=0.01)),
    ],
)
def test_zero_grad_forgotten_is_the_loop_without_it(declared: Any, plain: Any) -> None:
    wrong = declared.model_copy(update={"mistake": NoZeroGrad()})
    assert losses_of(run_of(wrong)) == plain_losses(plain, forget)
    assert losses_of(run_of(wrong)) != losses_of(run_of(declared))


def test_zero_grad_forgotten_in_the_closure_of_lbfgs() -> None:
    x, y = (nn.Parameter(torch.tensor(0.0, dtype=torch.float64)) for _ in range(2))
    optimizer = torch.optim.LBFGS([x, y], lr=0.01, max_iter=3)

    def closure() -> torch.Tensor:
        loss = himmelblau(x, y)
        loss.backward()
        return loss

    expected = [optimizer.step(closure).item() for _ in range(20)]
    assert losses_of(run_of(LBFGS(lr=0.01, max_iter=3, mistake=NoZeroGrad()), steps=19)) == expected


def test_a_cycle_of_actions_is_the_same_calls_by_hand() -> None:
    actions = ("backward", "backward", "zero", "backward")

    def by_hand(optimizer: Any, step: int) -> bool:
        action = actions[step % 4]
        if action == "zero":
            optimizer.zero_grad(set_to_none=False)
        return action == "backward"

    found = losses_of(run_of(SGD(lr=1e-4, mistake=Cycle(actions=actions))))
    assert found == plain_losses(lambda p: torch.optim.SGD(p, lr=1e-4), by_hand)


def grad_at(graph: TracedGraph, row: int) -> float:
    """What the picture says that `.grad` of a leaf holds."""
    ledger, port = graph.ledger, int(graph.structure.ports[row])
    before, new = ledger.before[row], ledger.gradients[port]
    assert new is not None
    assert new.entries is not None
    if ledger.held[row] is Held.NONE:
        return float(new.entries)
    assert before is not None
    assert before.entries is not None
    return float(before.entries) + (float(new.entries) if ledger.held[row] is Held.ACCUMULATED else 0.0)


def test_a4_the_gradients_add_up_until_they_are_zeroed() -> None:
    cycle = Cycle(actions=("backward", "backward", "zero"))
    trainer = run_of(SGD(lr=0.0, mistake=cycle), SQUARE, 5)
    x = trainer.lanes[0].objective.parameters["x"]
    moment = Moment(trainer)
    grads, leaves, tables = [], [], []
    for _ in range(6):
        assert x.grad is not None
        grads.append(x.grad.item())
        graph, table = ask(TraceGraph(), moment), ask(ReadParameters(), moment)
        leaves.append(grad_at(graph, graph.structure.names.index("x")))
        tables.append(table.rows[0].gradient.values.item())  # type: ignore[union-attr]
        if not trainer.finished:
            trainer.advance()
    assert grads == leaves == tables == [2.0, 4.0, 0.0, 2.0, 4.0, 0.0]
    for step in (4, 1, 5, 2, 0, 3):
        trainer.seek(step)
        assert x.grad is not None
        assert x.grad.item() == grads[step]


def test_ten_times_the_rate_is_that_rate() -> None:
    wrong = SGD(lr=1e-4, schedule=StepDecay(step_size=5, gamma=0.5), mistake=RateTimesTen())
    right = SGD(lr=1e-3, schedule=StepDecay(step_size=5, gamma=0.5))
    assert losses_of(run_of(wrong)) == losses_of(run_of(right))


def test_a_detached_value_is_detached_in_torch_too() -> None:
    x, y = (nn.Parameter(torch.tensor(value, dtype=torch.float64)) for value in (1.0, 2.0))
    optimizer = torch.optim.SGD([x, y], lr=0.01)
    expected = []
    for _ in range(STEPS + 1):
        optimizer.zero_grad()
        loss = x * x + (3 * y * y).detach() + x * y
        expected.append(loss.item())
        loss.backward()
        optimizer.step()
    found = losses_of(run_of(SGD(lr=0.01, mistake=Detach(name="v")), TWO_BRANCHES))
    assert found == pytest.approx(expected, rel=1e-12)
    assert found != pytest.approx(losses_of(run_of(SGD(lr=0.01), TWO_BRANCHES)), rel=1e-3)


def test_a_detached_parameter_stays_where_it_was() -> None:
    trainer = run_of(SGD(mistake=Detach(name="x")))
    losses_of(trainer)
    found = trainer.lanes[0].objective.parameters
    assert found["x"].item() == 0.0
    assert found["y"].item() != 0.0


def test_a_detached_layer_stops_all_before_it() -> None:
    trainer = run_of(SGD(lr=0.01, mistake=Detach(name="1")), NEURONS)
    before = {name: value.tolist() for name, value in trainer.lanes[0].objective.parameters.items()}
    losses_of(trainer)
    after = {name: value.tolist() for name, value in trainer.lanes[0].objective.parameters.items()}
    assert {name for name in before if before[name] != after[name]} == {"2.weight", "2.bias"}


@pytest.mark.parametrize(
    ("objective", "names"), [(TWO_BRANCHES, "x, y, u, v"), (HIMMELBLAU, "x, y"), (NEURONS, "0, 1, 2, prediction")]
)
def test_a_name_that_is_not_there_is_answered_with_those_that_are(objective: Any, names: str) -> None:
    with pytest.raises(EngineError, match=f"Choose one of: {names}"):
        run_of(SGD(mistake=Detach(name="nobody")), objective)
    with pytest.raises(EngineError, match="Detach needs a name"):
        run_of(SGD(mistake=Detach()), objective)


def test_a_graph_used_twice_fails_with_pytorchs_own_words() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    loss = x * x
    loss.backward()
    with pytest.raises(RuntimeError) as caught:
        loss.backward()
    trainer = run_of(SGD(mistake=BackwardTwice()), SQUARE)
    fault = trainer.lanes[0].fault
    assert fault is not None
    assert " ".join(str(caught.value).split()).startswith(fault.words.removesuffix(" …"))
    assert (fault.step, trainer.record.losses) == (0, (1.0,))
    assert trainer.diverged
    assert trainer.fault_at_start() == trainer.failure
    assert "evaluate the loss anew" in trainer.failure
    assert len(trainer.failure) <= 300


def test_a_graph_that_keeps_nothing_can_be_used_twice_and_doubles_the_gradient() -> None:
    trainer = run_of(SGD(mistake=BackwardTwice()), formula("loss = x + y", x=1.0, y=1.0), 1)
    assert trainer.lanes[0].fault is None
    grads = [value.grad.item() for value in trainer.lanes[0].objective.parameters.values()]  # type: ignore[union-attr]
    assert grads == [2.0, 2.0]


def test_one_that_fails_leaves_the_race_to_the_others_and_can_be_looked_at() -> None:
    experiment = Experiment(optimizers=(SGD(mistake=BackwardTwice()), SGD()), steps=STEPS)
    trainer = Trainer(experiment)
    assert trainer.fault_at_start() == ""
    told = trainer.untold_faults()
    assert told.startswith("SGD, graph used twice stopped at step 0.")
    assert trainer.untold_faults() == ""
    records = [trainer.record, *trainer.steps()]
    alone = Trainer(experiment.with_optimizers((SGD(),)))
    assert [record.losses[1] for record in records] == losses_of(alone)
    assert {record.losses[0] for record in records} == {170.0}
    moment = Moment(trainer)
    assert any(value is not None for value in ask(TraceGraph(), moment).ledger.values)
    assert len(ask(ReadParameters(), moment).rows) == 4


@pytest.mark.parametrize("mistake", [kind().about_value("x") for kind in MISTAKES], ids=lambda one: one.kind)
def test_a_mistake_goes_on_from_its_file_and_matches_its_replay(mistake: Any) -> None:
    experiment = Experiment(optimizers=(SGD(lr=1e-4, mistake=mistake), Adam()), steps=STEPS, dtype="float64")
    whole = Trainer(experiment)
    expected = [whole.record.losses, *(record.losses for record in whole.steps())]
    part = Trainer(experiment)
    part.seek(20)
    result = part.result(RunState.PAUSED)
    again = Trainer(experiment, result)
    assert [again.record.losses, *(record.losses for record in again.steps())] == expected[20:]
    for step in (25, 3, 60, 20, 0):
        assert again.seek(step).losses == expected[step]
    history = History(2)
    history.extend(block_of([again.seek(step) for step in range(STEPS + 1)], 2))
    assert history.losses.tolist() == [list(losses) for losses in expected]
    assert replay(experiment, replace(again.result(RunState.PAUSED), history=history.block(STEPS))).matched


def test_the_runner_says_a_fault_once_and_fails_where_nobody_is_left() -> None:
    listener = Listener(Runner())
    listener.runner.start()
    try:
        race = Experiment(optimizers=(SGD(mistake=BackwardTwice()), SGD()), steps=30)
        listener.post(Load(1, race), Run(), Ask((TraceGraph(),)), Run())
        listener.wait_state(RunState.FINISHED)
        assert len(listener.notices) == 1
        assert "graph used twice stopped at step 0" in listener.notices[0]
        alone = race.with_optimizers((SGD(mistake=BackwardTwice()),))
        listener.post(Load(2, alone), Run(), Ask((TraceGraph(),)))
        listener.wait(lambda: listener.run == 2 and listener.told(TraceGraph) is not None)
        assert listener.state is RunState.FAILED
        assert "a second time" in listener.message
        assert len(listener.notices) == 1
    finally:
        assert listener.runner.close()


def test_a_whole_run_of_a_fault_ends_as_failed_with_its_picture() -> None:
    whole = WholeRun(Experiment(objective=SQUARE, optimizers=(SGD(mistake=BackwardTwice()),), steps=5))
    whole.train(lambda _step: None)
    assert (whole.state, whole.trainer.step) == (RunState.FAILED, 0)
    assert "a second time" in whole.message
    assert isinstance(whole.answer(TraceGraph()).value, TracedGraph)


def test_names_tell_the_mistakes_apart() -> None:
    optimizers = tuple(SGD(mistake=kind().about_value("u")) for kind in MISTAKES)
    names = optimizer_names(Experiment(optimizers=optimizers))
    assert len(set(names)) == len(MISTAKES)
    for name, optimizer in zip(names, optimizers, strict=True):
        assert name == (f"SGD, {optimizer.mistake.told}" if optimizer.mistake.caption else "SGD")
        assert optimizer.mistake.caption in name
    assert names[:4] == ("SGD", "SGD, zero_grad forgotten", "SGD, zero_grad now and then", "SGD, u detached")
    assert isinstance(SGD().mistake, NoMistake)


# -- PyTorch's errors -------------------------------------------------------------------------------------------


def leaf(*shape: int) -> torch.Tensor:
    return torch.ones(shape, requires_grad=True)


def _in_place() -> None:
    x = leaf(2)
    y = x.exp()
    y += 1
    y.sum().backward()


def _leaf_in_place() -> None:
    x = leaf(2)
    x += 1


def _unused() -> None:
    torch.autograd.grad(leaf(1).sum(), leaf(1))


def _twice() -> None:
    loss = (leaf(1) ** 2).sum()
    loss.backward()
    loss.backward()


def _vector() -> None:
    (leaf(2) * 2).backward()


def _switch() -> None:
    (leaf(1) * 2).requires_grad_(False)


def _dtypes() -> None:
    torch.ones(2, 2) @ torch.ones(2, 2, dtype=torch.float64)


def _nan() -> None:
    with torch.autograd.detect_anomaly(check_nan=True):
        x = torch.zeros(1, requires_grad=True)
        (x.sqrt() * 0).sum().backward()


def _overflow() -> None:
    torch.zeros(1).add_(torch.ones(1), alpha=1e200)


ERRORS: dict[str, tuple[Callable[[], Any], str]] = {
    "twice": (_twice, "evaluate the loss anew"),
    "vector": (_vector, "sum or mean"),
    "no graph": (lambda: torch.ones(()).backward(), "has no graph"),
    "in place": (_in_place, "overwritten"),
    "leaf in place": (_leaf_in_place, "no_grad"),
    "upstream": (lambda: (leaf(2) * 2).backward(torch.ones(3)), "upstream gradient must have the shape"),
    "matrix product": (lambda: torch.ones(2, 3) @ torch.ones(2, 3), "columns of the left"),
    "inner product": (lambda: torch.ones(2).dot(torch.ones(3)), "columns of the left"),
    "broadcast": (lambda: torch.ones(2) + torch.ones(3), "along each dimension"),
    "reshape": (lambda: torch.ones(2).reshape(3), "along each dimension"),
    "unused": (_unused, "does not depend on"),
    "switch": (_switch, "Only a leaf"),
    "whole numbers": (lambda: torch.ones(2, dtype=torch.int64).requires_grad_(), "Whole numbers"),
    "dtypes": (_dtypes, "precision"),
    "nan": (_nan, "square root at 0"),
    "overflow": (_overflow, "make it smaller"),
}


@pytest.mark.filterwarnings("ignore:Anomaly Detection:UserWarning", "ignore:Error detected in:UserWarning")
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_of_pytorch_is_explained(name: str) -> None:
    fails, part = ERRORS[name]
    with pytest.raises(RuntimeError) as caught:
        fails()
    fault = explained(caught.value, 7)
    assert fault is not None, str(caught.value)
    assert part in fault.explanation
    assert fault.words
    sentence = fault.sentence("SGD learning rate 0.001 momentum 0.9")
    assert sentence.endswith(fault.explanation), "the next step is cut off"
    assert len(sentence) <= 300
    assert "at step 7" in sentence


def test_an_error_that_is_not_known_is_passed_on_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = run_of(SGD())

    def broken() -> torch.Tensor:
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(trainer.lanes[0].objective, "loss", broken)
    with pytest.raises(RuntimeError, match="device-side assert"):
        trainer.advance()
    assert trainer.lanes[0].fault is None
    assert explained(torch.OutOfMemoryError("out of memory"), 0) is None


def test_a_fault_is_a_value() -> None:
    fault = explained(RuntimeError("grad can be implicitly created only for scalar outputs"), 3)
    assert fault is not None
    assert replace(fault, step=3) == fault


@pytest.mark.parametrize("mistake", [kind() for kind in MISTAKES if kind is not NoMistake], ids=lambda made: made.kind)
def test_gradients_are_the_same_however_one_came_to_a_step(mistake: Mistake) -> None:
    """Live, back and forth on the timeline, and from a file; of one whom a fault has stopped, too."""

    def gradients(run: Trainer) -> list[object]:
        found = [parameter.grad for lane in run.lanes for parameter in lane.objective.parameters.values()]
        return [None if gradient is None else gradient.tolist() for gradient in found]

    experiment = compared_with(Experiment(steps=60), mistake)
    trainer = Trainer(experiment)
    live = {0: gradients(trainer)} | {record.step: gradients(trainer) for record in trainer.steps()}
    assert any(gradient is not None for gradient in live[30][2:])
    for step in (0, 1, 30, 59, 60, 7):
        trainer.seek(step)
        assert gradients(trainer) == live[step], f"at step {step}"
        assert gradients(Trainer(experiment, trainer.result(RunState.PAUSED))) == live[step], f"from a file at {step}"
