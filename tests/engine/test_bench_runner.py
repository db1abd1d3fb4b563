"""The bench in the training thread: in slices, so that commands are obeyed; its faults are its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from engine_support import Listener, formula_experiment

from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.questions.bench import BenchReport, CheckGradient, Verdict
from gradviz.core.questions.parameters import ReadParameters
from gradviz.core.questions.question import Progress, Refusal
from gradviz.core.runs.state import RunState
from gradviz.engine.bench import comparison
from gradviz.engine.runs.commands import Ask, Edit, Load, Run, Seek, Step, Withdraw
from gradviz.engine.runs.runner import Runner


@pytest.fixture
def listener() -> Iterator[Listener]:
    runner = Runner()
    runner.start()
    one = Listener(runner)
    yield one
    assert one.runner.close(), "the thread did not end within 5 s"


def long_experiment() -> Experiment:
    """A bench of some seconds: two parameters of 2,000 numbers each, through a matrix product."""
    made = formula_experiment("loss = sum((a @ m)**2) + sum((b @ m)**2)", constants=("m",), a=1.0, b=1.0, m=1.0)
    for place, value in enumerate(("randn(2000)", "randn(2000)", "randn(2000, 150)")):
        made = with_value(made, f"objective.tensors.{place}.value", value)
    return with_value(with_value(made, "optimizers.0.lr", 1e-9), "steps", 10**6)


CHECK = Ask((CheckGradient(),))


def told(listener: Listener) -> list[Any]:
    return [answer.value for answer in listener.answers if isinstance(answer.question, CheckGradient)]


def wait_answer(listener: Listener, timeout_s: float = 60.0) -> Any:
    listener.wait(lambda: listener.told(CheckGradient) is not None, timeout_s)
    return listener.told(CheckGradient)


def wait_report(listener: Listener, timeout_s: float = 60.0) -> BenchReport:
    report = wait_answer(listener, timeout_s)
    assert isinstance(report, BenchReport), report
    return report


def wait_refusal(listener: Listener) -> str:
    refused = wait_answer(listener)
    assert isinstance(refused, Refusal), refused
    return str(refused.why)


def test_a_check_answers_for_the_current_step_and_changes_no_step(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=100)), Step(7))
    listener.wait_state(RunState.PAUSED)
    listener.post(CHECK)
    report = wait_report(listener)
    assert report.step == 7
    assert report.agrees
    assert listener.state is RunState.PAUSED
    listener.post(Run())
    listener.wait_state(RunState.FINISHED)
    again = Listener(Runner())
    again.runner.start()
    again.post(Load(1, Experiment(steps=100)), Run())
    again.wait_state(RunState.FINISHED)
    assert again.runner.close()
    assert (again.history.losses == listener.history.losses).all()


def test_a_check_while_it_runs_holds_the_run_and_lets_it_go_on(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=10**9)), Run())
    listener.wait(lambda: listener.updates and listener.last.step > 50)
    listener.post(CHECK)
    report = wait_report(listener)
    assert report.agrees
    assert report.step >= 50
    listener.wait(lambda: listener.last.step > report.step)
    assert listener.state is RunState.RUNNING


def test_a_long_check_tells_how_far_it_is_and_obeys_at_once(listener: Listener) -> None:
    listener.post(Load(1, long_experiment()), CHECK)
    listener.wait(lambda: any(isinstance(one, Progress) for one in told(listener)), 60)
    progress = next(one for one in told(listener) if isinstance(one, Progress))
    assert 0 <= progress.done < 1
    assert progress.what
    begin = time.perf_counter()
    listener.post(Ask((ReadParameters(),)))
    listener.wait(lambda: listener.told(ReadParameters) is not None)
    listener.post(Step(1))
    listener.post(Withdraw(CheckGradient()))
    listener.wait(lambda: listener.last.step == 1)
    assert time.perf_counter() - begin < 5, "commands wait for the bench"
    assert listener.told(CheckGradient) is None, "what was withdrawn is not answered"
    listener.post(Run())
    listener.wait(lambda: listener.last.step > 1)


def test_closing_does_not_wait_for_a_long_check() -> None:
    one = Listener(Runner())
    one.runner.start()
    one.post(Load(1, long_experiment()), CHECK)
    one.wait(lambda: bool(told(one)), 60)
    begin = time.perf_counter()
    assert one.runner.close()
    assert time.perf_counter() - begin < 3


def test_a_new_run_drops_the_check_of_the_old_one(listener: Listener) -> None:
    listener.post(Load(1, long_experiment()), CHECK)
    listener.wait(lambda: bool(told(listener)), 60)
    listener.post(Load(2, Experiment(steps=10)), Run())
    listener.wait(lambda: listener.run == 2 and listener.state is RunState.FINISHED)
    assert not told(listener)


def test_a_fault_of_the_bench_is_no_fault_of_the_run(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> None:
        raise RuntimeError("made to fail")

    monkeypatch.setattr(comparison, "slope_of", fail)
    listener.post(Load(1, Experiment(steps=10)), CHECK)
    assert "made to fail" in wait_refusal(listener)
    listener.post(Run())
    listener.wait_state(RunState.FINISHED)


def test_without_a_run_it_says_so(listener: Listener) -> None:
    listener.post(CHECK)
    assert "no run to ask" in wait_refusal(listener)


def test_a_gradient_by_hand_edited_live_is_the_one_compared(listener: Listener) -> None:
    experiment = formula_experiment("loss = x**2", x=1.5)
    listener.post(Load(1, experiment))
    listener.post(Edit(experiment.model_copy(update={"hand_gradient": "d_x = -2*x"})), CHECK)
    assert [row.verdict for row in wait_report(listener).faults] == [Verdict.SIGN]


def test_a_seek_is_not_cut_short_by_a_check(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=20000)), Seek(15000), CHECK)
    assert wait_report(listener).step == 15000
