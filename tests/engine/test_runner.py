"""The training thread and its mailbox: any order of commands, failures as states, and an end that always comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from engine_support import LINE, NEURONS, Listener, formula_experiment, wait_until
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_equal

from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.questions.devices import ListDevices
from gradviz.core.questions.explanation import Explain
from gradviz.core.questions.fit import Predict
from gradviz.core.questions.parameters import ReadParameters
from gradviz.core.questions.place import Locate
from gradviz.core.questions.question import Answer
from gradviz.core.questions.result import Collect
from gradviz.core.questions.surface import Survey
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.runs.history import History
from gradviz.core.runs.records import StepRecord
from gradviz.core.runs.state import RunState
from gradviz.core.words import SILENCE, say
from gradviz.engine.devices import available_devices
from gradviz.engine.objectives.formula_descent import TestFunctionDescent
from gradviz.engine.runs.commands import Ask, Branch, Edit, Load, Pause, Recall, Run, Seek, Step
from gradviz.engine.runs.mailbox import Outbox
from gradviz.engine.runs.runner import Runner
from gradviz.engine.training.trainer import Trainer

ENDLESS = Experiment(steps=10**9)
LOOK = (TraceGraph(), ReadParameters(), Predict(), Locate())
COLLECT = Ask((Collect(),))
COLLECT_HERE = Ask((Collect(here=True),))
SETTLED = (RunState.READY, RunState.PAUSED, RunState.FINISHED, RunState.DIVERGED, RunState.FAILED)
pytestmark = pytest.mark.usefixtures("frequent_checkpoints")


def started() -> Listener:
    runner = Runner()
    runner.start()
    return Listener(runner)


@pytest.fixture
def listener() -> Iterator[Listener]:
    one = started()
    yield one
    assert one.runner.close(), "the thread did not end within 5 s"


def test_a_run_is_ready_then_runs_and_finishes(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=500)), Ask((ListDevices(),)))
    listener.wait_state(RunState.READY)
    listener.wait(lambda: listener.told(ListDevices) is not None)
    assert listener.told(ListDevices).device == "cpu"
    assert len(listener.history) == 1
    listener.post(Run())
    listener.wait_state(RunState.FINISHED)
    assert listener.last.step == 500
    expected = Trainer(Experiment(steps=500))
    losses = [expected.record.losses, *(record.losses for record in expected.steps())]
    np.testing.assert_array_equal(listener.history.losses, losses)
    assert listener.history.positions.shape == (501, 1, 2)
    listener.post(Run())
    listener.post(COLLECT)
    listener.wait(lambda: listener.told(Collect) is not None)
    assert listener.state is RunState.FINISHED
    assert len(listener.history) == 501


def test_steps_are_counted(listener: Listener) -> None:
    listener.post(Load(1, ENDLESS), Step())
    listener.wait_state(RunState.PAUSED)
    assert listener.last.step == 1
    listener.post(Step(41))
    listener.wait(lambda: listener.state is RunState.PAUSED and listener.last.step == 42)
    assert len(listener.history) == 43


def test_how_far_it_is_can_be_asked_without_its_records(listener: Listener) -> None:
    listener.post(Load(1, ENDLESS), Run())
    listener.wait_state(RunState.RUNNING)
    known = len(listener.history)
    wait_until(lambda: (listener.runner.newest() or 0) > known + 10, 20.0, "records")
    assert len(listener.history) == known, "the records wait"
    listener.post(Pause())
    wait_until(lambda: listener.runner.newest() is None, 20.0, "the pause")
    listener.wait_state(RunState.PAUSED)
    assert listener.runner.newest() is None, "nothing goes on"
    assert len(listener.history) == listener.last.step + 1, "none was lost"


def test_more_steps_may_be_asked_for_after_the_end(listener: Listener) -> None:
    short = Experiment(steps=10)
    listener.post(Load(1, short), Run())
    listener.wait_state(RunState.FINISHED)
    listener.post(Edit(short.model_copy(update={"steps": 25})))
    listener.wait_state(RunState.PAUSED)
    listener.post(Run())
    listener.wait_state(RunState.FINISHED)
    assert len(listener.history) == 26


def test_pause_is_obeyed_at_once(listener: Listener) -> None:
    listener.post(Load(1, ENDLESS))
    listener.wait_state(RunState.READY)
    waits = []
    for _ in range(5):
        listener.post(Run())
        listener.wait_state(RunState.RUNNING)
        before = len(listener.history)
        listener.wait(lambda before=before: len(listener.history) > before)
        begin = time.perf_counter()
        listener.post(Pause())
        listener.wait_state(RunState.PAUSED)
        waits.append(time.perf_counter() - begin)
        assert listener.last.step == len(listener.history) - 1
    assert min(waits) < 0.2, waits  # the best of five, for the machine may be busy


def test_a_pace_is_kept_though_somebody_asks_at_every_step(listener: Listener) -> None:
    listener.post(Load(1, ENDLESS))
    listener.wait_state(RunState.READY)
    listener.post(Run(pace=5))
    begin = time.perf_counter()
    for _ in range(30):
        listener.answers.clear()
        listener.post(Ask((ReadParameters(),)))
        listener.wait(lambda: listener.told(ReadParameters) is not None)
    seconds = time.perf_counter() - begin
    assert listener.last.step <= 2 + 5 * seconds, "a question hastens no step"


def test_a_pace_is_kept(listener: Listener) -> None:
    listener.post(Load(1, ENDLESS))
    listener.wait_state(RunState.READY)
    begin = time.perf_counter()
    listener.post(Run(pace=100))
    listener.wait(lambda: len(listener.history) > 40)
    seconds = time.perf_counter() - begin
    taken = len(listener.history) - 1
    assert taken / 100 * 0.8 <= seconds + 0.1
    assert seconds < 10
    listener.post(Pause())
    listener.wait_state(RunState.PAUSED)


def test_a_slow_pace_does_not_keep_the_thread_from_ending() -> None:
    listener = started()
    listener.post(Load(1, ENDLESS), Run(pace=1e-3))
    listener.wait(lambda: len(listener.history) > 1)
    begin = time.perf_counter()
    assert listener.runner.close()
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize(
    "commands",
    [
        (),
        (Load(1, ENDLESS),),
        (Load(1, ENDLESS), Run()),
        (Load(1, ENDLESS), Seek(10**9)),
        (Load(1, Experiment(objective=NEURONS, steps=10**6)), Run(), Ask((Survey(256),)), Ask(LOOK)),
        (Load(1, formula_experiment("loss = sqrt(-x*x-1)", x=1.0)), Run()),
    ],
    ids=["nothing", "loaded", "running", "seeking far", "surveying", "failed"],
)
def test_the_thread_ends_whatever_it_does(commands: tuple[Any, ...]) -> None:
    listener = started()
    listener.post(*commands)
    begin = time.perf_counter()
    assert listener.runner.close()
    assert time.perf_counter() - begin < 5
    assert not any(thread.name == "gradviz-training" and thread.is_alive() for thread in threading.enumerate())


def test_closing_what_never_started_is_no_error() -> None:
    assert Runner().close()
    assert Runner().drain() is not None


@pytest.mark.parametrize("command", [Run(), Step(), Pause(), Seek(5), Ask(LOOK), COLLECT, Edit(ENDLESS)])
def test_a_command_before_any_run_does_nothing(listener: Listener, command: Any) -> None:
    listener.post(command, Load(1, Experiment(steps=3)))
    listener.wait_state(RunState.READY)
    assert len(listener.history) == 1


def test_a_seek_ahead_loses_no_step(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=200)), Seek(100))
    listener.wait(lambda: listener.last.step == 100)
    assert len(listener.history) == 101
    listener.post(Run())
    listener.wait_state(RunState.FINISHED)
    assert len(listener.history) == 201


def test_a_seek_within_the_past_rewrites_nothing(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=100)), Run())
    listener.wait_state(RunState.FINISHED)
    for step in (50, 0, 99, 100, 10**6, -3):
        listener.post(Seek(step))
        wanted = min(max(step, 0), 100)
        listener.wait(lambda wanted=wanted: listener.last.step == wanted and listener.state in SETTLED)
        assert listener.state is {0: RunState.READY, 100: RunState.FINISHED}.get(wanted, RunState.PAUSED)
    assert listener.history.rewrites == 0
    assert len(listener.history) == 101


def test_a_new_command_overtakes_a_long_seek(listener: Listener) -> None:
    for run, command in enumerate((Pause(), Seek(3)), start=1):
        listener.post(Load(run, ENDLESS), Seek(10**9))
        listener.wait(lambda run=run: listener.run == run and len(listener.history) > 10)
        begin = time.perf_counter()
        listener.post(command)
        listener.wait_state(RunState.PAUSED)
        assert time.perf_counter() - begin < 2
    listener.wait(lambda: listener.last.step == 3)
    listener.post(Load(9, Experiment()))
    listener.wait(lambda: listener.run == 9 and listener.state is RunState.READY)


def test_an_edit_waits_for_the_end_of_the_seek_before_it(listener: Listener) -> None:
    experiment = Experiment(steps=3000)
    edit = Edit(with_value(experiment, "optimizers.0.lr", 2e-3))
    listener.post(Load(1, experiment), Seek(300), edit, Seek(10), COLLECT_HERE)
    listener.wait(lambda: listener.told(Collect) is not None)
    assert [edit.step for edit in listener.told(Collect).edits] == [0], "what lies ahead is no part of the result"
    assert listener.told(Collect).step == 10
    listener.answers.clear()
    listener.post(Seek(300), COLLECT)
    listener.wait(lambda: listener.told(Collect) is not None)
    assert [edit.step for edit in listener.told(Collect).edits] == [0, 300]


def test_a_look_does_not_overtake_a_seek(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=3000)), Seek(300), Ask((TraceGraph(),)))
    listener.wait(lambda: listener.answer(TraceGraph) is not None)
    assert listener.answer(TraceGraph).step == 300


def test_a_run_in_its_past_does_again_what_is_known_and_tells_it_no_more(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=300, dtype="float64")), Step(100))
    listener.wait(lambda: listener.state is RunState.PAUSED and listener.last.step == 100)
    whole = listener.history.losses.copy()
    listener.post(Seek(30), Step(1))
    listener.wait(lambda: listener.state is RunState.PAUSED and listener.last.step == 31)
    assert (len(listener.history), listener.history.rewrites) == (101, 0)
    listener.post(Step(5), Run())
    listener.wait_state(RunState.FINISHED)
    assert (len(listener.history), listener.history.rewrites) == (301, 0)
    np.testing.assert_array_equal(listener.history.losses[:101], whole)


def test_while_a_run_does_its_past_again_the_step_is_told(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=10_000)), Step(500))
    listener.wait(lambda: listener.state is RunState.PAUSED and listener.last.step == 500)
    listener.post(Seek(0), Run(pace=200.0))
    listener.wait(lambda: listener.state is RunState.RUNNING and 0 < listener.last.step < 400)
    assert len(listener.history) == 501


def test_the_result_of_a_run_in_its_past_is_of_all_that_was_run(listener: Listener) -> None:
    experiment = Experiment(optimizers=(Adam(lr=0.01),), steps=80)
    listener.post(Load(1, experiment), Step(50))
    listener.wait(lambda: listener.state is RunState.PAUSED and listener.last.step == 50)
    listener.post(Seek(20), COLLECT)
    listener.wait(lambda: listener.told(Collect) is not None)
    whole = listener.told(Collect)
    assert (whole.step, whole.state, listener.last.step) == (50, RunState.PAUSED, 20)
    listener.answers.clear()
    listener.post(Ask((ReadParameters(),)), COLLECT_HERE)
    listener.wait(lambda: None not in (listener.told(Collect), listener.told(ReadParameters)))
    assert listener.told(Collect).step == listener.answer(ReadParameters).step == 20


def test_a_branch_goes_on_from_here_and_the_run_before_can_be_recalled(listener: Listener) -> None:
    experiment = Experiment(steps=300, dtype="float64")
    faster = with_value(experiment, "optimizers.0.lr", 2e-3)
    listener.post(Load(1, experiment), Step(200))
    listener.wait(lambda: listener.state is RunState.PAUSED and listener.last.step == 200)
    listener.post(Seek(50))
    listener.wait(lambda: listener.last.step == 50)
    before = listener.history.losses.copy()
    listener.histories[2] = History()
    listener.histories[2].extend(listener.history.block(50))
    listener.post(Branch(2, faster, frozenset({1})), Run())
    listener.wait_state(RunState.FINISHED)
    expected = Trainer(experiment)
    expected.seek(50)
    expected.apply(faster)
    after = [record.losses for record in expected.steps()]
    assert [tuple(row) for row in listener.history.losses[51:]] == after
    listener.post(Recall(1, frozenset({2})))
    listener.wait(lambda: listener.run == 1 and listener.state is RunState.PAUSED)
    assert listener.last.step == 50
    listener.post(Run())
    listener.wait_state(RunState.FINISHED)
    np.testing.assert_array_equal(listener.history.losses[:201], before)
    assert len(listener.history) == 301
    listener.post(Recall(2, frozenset({1})), Seek(51))
    listener.wait(lambda: listener.run == 2 and listener.last.step == 51)
    assert tuple(listener.history.losses[51]) == after[0]


def test_a_run_that_is_not_kept_cannot_be_recalled(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=50)), Step(20))
    listener.wait(lambda: listener.last.step == 20)
    listener.post(Load(2, Experiment(steps=40)), Recall(1, frozenset({2})))
    listener.wait_state(RunState.FAILED)
    assert listener.message == "That run is no longer there. Reset begins anew."
    listener.post(Recall(2, frozenset()))
    listener.wait_state(RunState.READY)


def test_an_edit_in_the_past_makes_a_seek_tell_the_steps_anew(listener: Listener) -> None:
    experiment = Experiment(steps=100, dtype="float64")
    faster = with_value(experiment, "optimizers.0.lr", 2e-3)
    listener.post(Load(1, experiment), Run())
    listener.wait_state(RunState.FINISHED)
    listener.post(Seek(30), Edit(faster), Seek(60))
    listener.wait(lambda: listener.last.step == 60)
    expected = Trainer(experiment)
    expected.seek(30)
    expected.apply(faster)
    assert len(listener.history) == 61
    for step in range(31, 61):
        assert listener.history.losses[step].tolist() == list(expected.advance().losses)


def test_what_is_asked_for_is_answered_for_the_present_step(listener: Listener) -> None:
    listener.post(Load(1, Experiment(objective=LINE, optimizers=(SGD(lr=1e-2), Adam(lr=0.1)))), Step(7))
    listener.post(Ask((TraceGraph(5), ReadParameters(), Predict(5), Locate())), Ask((Survey(16),)), COLLECT)
    kinds = (TraceGraph, ReadParameters, Predict, Locate, Survey, Collect)
    listener.wait(lambda: None not in [listener.told(kind) for kind in kinds])
    assert listener.told(TraceGraph).structure.ops
    assert len(listener.told(ReadParameters).rows) == 4
    assert listener.told(Survey).heights.shape == (16, 16)
    assert listener.told(Locate).position.shape == (2, 2)
    assert len({listener.answer(kind).step for kind in kinds[:4]}) == 1, "one picture is of one step"
    listener.wait_state(RunState.PAUSED)
    listener.answers.clear()
    listener.post(COLLECT)
    listener.wait(lambda: listener.told(Collect) is not None)
    assert (listener.told(Collect).step, listener.told(Collect).state) == (7, RunState.PAUSED)


def test_a_saved_run_goes_on_where_it_was(listener: Listener) -> None:
    experiment = Experiment(optimizers=(Adam(lr=0.01),), steps=80)
    listener.post(Load(1, experiment), Step(50), Run())
    listener.wait_state(RunState.FINISHED)
    whole = listener.history.losses.copy()
    listener.post(Load(2, experiment), Seek(50), COLLECT)
    listener.wait(lambda: listener.run == 2 and listener.told(Collect) is not None)
    listener.post(Load(3, experiment, listener.told(Collect)))
    listener.wait(lambda: listener.run == 3 and listener.state is RunState.PAUSED)
    listener.post(Run())
    listener.wait_state(RunState.FINISHED)
    np.testing.assert_array_equal(listener.history.losses[50:], whole[50:])


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("loss = 1/(x-x)", "line 1, column 8: not finite"),
        ("loss = sqrt(-x*x-1)", "line 1, column 8: not finite"),
        ("loss = where(x>0, sqrt(x), 0)", "gradient of x"),
        ("loss = x + 9**9**9", "not finite here"),
        ("loss = sum(v + w) + x", "PyTorch refuses"),
        ("loss = 3", "does not require grad"),
        ("loss = v*x", "only for scalar outputs"),
    ],
)
def test_what_cannot_start_fails_with_a_sentence_and_does_not_run(listener: Listener, text: str, part: str) -> None:
    constants = {"v": (1.0, 2.0), "w": (1.0, 2.0, 3.0)}
    listener.post(Load(1, formula_experiment(text, constants=("v", "w"), x=0.0, **constants)))
    listener.wait_state(RunState.FAILED)
    assert part in listener.message
    recorded = len(listener.history)
    listener.post(Run(), Step(), Seek(0), Run(), Step(3), Edit(ENDLESS), Pause(), Run(), COLLECT)
    listener.post(Load(2, Experiment(steps=5)))
    while listener.run < 2:
        listener.drain()
        if listener.run == 1:
            assert listener.state is RunState.FAILED
            assert len(listener.history) == recorded
    listener.post(Run())
    listener.wait_state(RunState.FINISHED)


def test_a_run_that_diverges_says_when_and_why(listener: Listener) -> None:
    listener.post(Load(1, Experiment(objective=FitObjective(), optimizers=(SGD(lr=1e-2),))), Run())
    listener.wait_state(RunState.DIVERGED)
    assert f"step {listener.last.step}" in listener.message
    listener.post(Ask((Explain(RunState.DIVERGED, listener.last.step),)))
    listener.wait(lambda: listener.told(Explain) is not None)
    assert "The learning rate 0.01 is too large" in str(listener.told(Explain).words)
    assert listener.state is RunState.DIVERGED
    assert len(listener.history) == listener.last.step + 1
    listener.post(Seek(3))
    listener.wait_state(RunState.PAUSED)


def test_a_device_that_is_gone_is_noticed_once(listener: Listener) -> None:
    gone = next(name for name in ("cuda:0", "cuda:999") if name not in available_devices())
    listener.post(Load(1, Experiment(device=gone, steps=50)), Ask((ListDevices(),)), Run())
    listener.wait_state(RunState.FINISHED)
    assert len(listener.notices) == 1
    assert gone in listener.notices[0]
    assert listener.told(ListDevices).device == "cpu"


def test_an_exception_becomes_a_state_and_the_thread_lives_on(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    healthy = TestFunctionDescent.loss

    def breaks(self: TestFunctionDescent) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls > 20:
            raise RuntimeError("no memory " * 100 + "\nand a second line")
        return healthy(self)

    with monkeypatch.context() as patch:
        patch.setattr(TestFunctionDescent, "loss", breaks)
        listener.post(Load(1, ENDLESS), Run())
        listener.wait_state(RunState.FAILED)
        assert listener.message.startswith("PyTorch stopped the run (RuntimeError): no memory")
        assert len(listener.message) <= 300
        assert len(listener.history) == 20
        listener.post(Run(), Edit(with_value(ENDLESS, "optimizers.0.lr", 0.5)), Run(), Ask((Locate(),)), Step())
        listener.wait(lambda: listener.told(Locate) is not None)
        assert listener.state is RunState.FAILED
        assert calls == 21, "it ran again, though nothing had put it right"
    listener.post(Seek(10))
    listener.wait_state(RunState.PAUSED)
    assert listener.last.step == 10
    listener.post(Load(2, Experiment(steps=30)), Run())
    listener.wait(lambda: listener.run == 2 and listener.state is RunState.FINISHED)


def test_a_fault_of_gradviz_is_told_as_its_own_and_goes_into_the_log(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, thread_faults: list[str]
) -> None:
    def breaks(_trainer: Trainer) -> None:
        raise KeyError("lost\x1b[31m")

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", breaks)
        listener.post(Load(1, ENDLESS), Run())
        listener.wait_state(RunState.FAILED)
    assert listener.message.startswith("A fault of gradviz, and not of PyTorch, stopped the run (KeyError: 'lost")
    assert "The log" in listener.message
    assert listener.message.isprintable()
    assert thread_faults == ["gradviz-training: 'lost\\x1b[31m'"]


def test_a_fault_of_gradviz_in_an_answer_goes_into_the_log_and_the_run_goes_on(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, thread_faults: list[str]
) -> None:
    def breaks(*_: object) -> None:
        raise AttributeError("no such thing")

    monkeypatch.setattr("gradviz.engine.answers.answering.answering", breaks)
    listener.post(Load(1, Experiment(steps=30)), Ask((Locate(),)))
    listener.wait(lambda: listener.told(Locate) is not None)
    assert thread_faults == ["gradviz-training: no such thing"]
    monkeypatch.undo()
    listener.post(Run())
    listener.wait_state(RunState.FINISHED)


def test_after_an_exception_a_seek_continues_without_a_gap(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = Experiment(steps=60, dtype="float64")
    healthy = TestFunctionDescent.loss
    calls = 0

    def breaks_once(self: TestFunctionDescent) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 30:
            raise RuntimeError("once")
        return healthy(self)

    monkeypatch.setattr(TestFunctionDescent, "loss", breaks_once)
    listener.post(Load(1, experiment), Run())
    listener.wait_state(RunState.FAILED)
    listener.post(Seek(40), Run())
    listener.wait_state(RunState.FINISHED)
    monkeypatch.undo()
    expected = Trainer(experiment)
    losses = [expected.record.losses, *(record.losses for record in expected.steps())]
    np.testing.assert_array_equal(listener.history.losses, losses)


# -- any order of commands --------------------------------------------------------------------------------------

LENGTH = 300
MARK = 9  # a resolution that no random survey has: its answer says that all before it is done
RATES = st.sampled_from([5e-4, 1e-3, 2e-3, 4e-3])
DRAIN = "drain"
COMMANDS = st.one_of(
    st.just(Run()),
    st.sampled_from([Run(pace=300.0), Run(pace=3000.0)]),
    st.just(Pause()),
    st.builds(Step, st.integers(1, 60)),
    st.builds(Seek, st.integers(-5, LENGTH + 5)),
    st.builds(lambda rate: ("rate", rate), RATES),
    st.builds(lambda steps: ("steps", steps), st.integers(LENGTH // 2, LENGTH)),
    st.builds(Ask, st.lists(st.sampled_from(LOOK), unique=True).map(tuple)),
    st.builds(lambda size, cut: Ask((Survey(size, cut=cut),)), st.integers(2, 8), st.integers(0, 2)),
    st.just(COLLECT),
    st.just("load"),
    st.just(DRAIN),
    st.builds(lambda steps: ("until", steps), st.integers(1, 40)),
)


def run_through(listener: Listener, commands: list[Any], base: Experiment) -> Experiment:
    """Post the commands as the window would; returns the experiment as it stands at the end."""
    run, experiment = 1, base
    listener.post(Load(run, experiment))
    for command in commands:
        if command == "load":
            run, experiment = run + 1, base
            listener.post(Load(run, experiment))
        elif command == DRAIN:
            listener.drain()
        elif isinstance(command, tuple) and command[0] == "until":
            wanted = command[1]
            deadline = time.perf_counter() + 0.02
            listener.wait(lambda: len(listener.history) >= wanted or time.perf_counter() > deadline)  # noqa: B023
        elif isinstance(command, tuple):
            path = "optimizers.0.lr" if command[0] == "rate" else "steps"
            experiment = with_value(experiment, path, command[1])
            listener.post(Edit(experiment))
        else:
            listener.post(command)
    listener.wait(lambda: listener.run == run)
    return experiment


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(commands=st.lists(COMMANDS, max_size=30), rule=st.sampled_from([SGD(lr=1e-3), Adam(lr=1e-3)]))
def test_after_any_commands_the_history_is_that_of_a_straight_run(commands: list[Any], rule: Any) -> None:
    """Whatever was posted: records follow one another, and are those of the edits that the run reports."""
    base = Experiment(optimizers=(rule, SGD(lr=5e-4)), dtype="float64", steps=LENGTH)
    listener = started()
    try:
        experiment = run_through(listener, commands, base)
        listener.post(Pause(), Ask((Survey(MARK),)))
        listener.wait(lambda: listener.told(Survey) is not None and len(listener.told(Survey).x) == MARK)
        listener.answers.clear()
        listener.post(Ask((ReadParameters(),)), COLLECT_HERE)
        listener.wait(lambda: None not in (listener.told(Collect), listener.told(ReadParameters)))
        result, step = listener.told(Collect), listener.last.step
        assert result.step == step < len(listener.history)
        assert listener.answer(ReadParameters).step == step
        assert listener.state in SETTLED
        assert listener.state is not RunState.FAILED, listener.message
        straight = Trainer(base)
        straight.edits = list(result.edits)
        for k in range(step + 1):
            assert straight.seek(k).losses == tuple(listener.history.losses[k]), f"step {k} of {step}"
        again = straight.result(result.state)
        for now, then in zip(again.lanes, result.lanes, strict=True):
            assert_equal(now.weights, then.weights)
            assert_equal(now.optimizer, then.optimizer)
        assert (listener.state is RunState.FINISHED) == (step >= experiment.steps)
    finally:
        begin = time.perf_counter()
        assert listener.runner.close()
        assert time.perf_counter() - begin < 5


# -- the mailbox ------------------------------------------------------------------------------------------------


@given(
    pieces=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=1, max_size=8),
    lanes=st.integers(1, 3),
    width=st.sampled_from([0, 2]),
)
def test_records_leave_the_mailbox_in_order_and_in_consecutive_blocks(
    pieces: list[tuple[int, int]], lanes: int, width: int
) -> None:
    outbox = Outbox(1, lanes)
    sent = []
    for start, count in pieces:
        for step in range(start, start + count):
            record = StepRecord(step, tuple(float(step * 10 + k) for k in range(lanes)), (float(step),) * lanes * width)
            outbox.records.append(record)
            sent.append(record)
    got: list[StepRecord] = []
    while (update := outbox.take()) is not None:
        block = update.records
        assert block is not None
        assert block.losses.shape == (len(block.losses), lanes)
        assert block.positions.shape == (len(block.losses), lanes, width)
        for k, (losses, positions) in enumerate(zip(block.losses, block.positions, strict=True)):
            got.append(StepRecord(block.start + k, tuple(losses), tuple(positions.reshape(-1))))
    assert got == sent


def test_an_answer_waits_for_the_records_before_it() -> None:
    outbox = Outbox(1, 1)
    for step in (5, 6, 3, 4):
        outbox.records.append(StepRecord(step, (0.0,), ()))
    outbox.answers[Locate()] = Answer(Locate(), 4, "of step 4")
    first, second = outbox.take(), outbox.take()
    assert (first.records.start, first.answers) == (5, ())
    assert (second.records.start, [answer.step for answer in second.answers]) == (3, [4])
    assert outbox.take() is None


def test_a_newer_answer_replaces_an_older_one_and_is_given_once() -> None:
    outbox = Outbox(4, 1)
    outbox.notice = say("once")
    outbox.answers[Locate()] = Answer(Locate(), 1, "older")
    outbox.answers[Locate()] = Answer(Locate(), 2, "newer")
    first = outbox.take()
    assert (first.run, str(first.notice), [answer.value for answer in first.answers]) == (4, "once", ["newer"])
    assert outbox.take() is None
    outbox.state, outbox.words, outbox.changed = RunState.PAUSED, say("Paused."), True
    second = outbox.take()
    assert (str(second.words), second.notice, second.answers) == ("Paused.", SILENCE, ())
