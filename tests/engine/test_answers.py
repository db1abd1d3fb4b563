"""Questions and their answers: each kind has its generator, is worked at in slices, and fails for itself alone."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from engine_support import LINE, Listener

import gradviz.core.questions
from gradviz.core.document.experiment import Experiment
from gradviz.core.questions.place import Locate
from gradviz.core.questions.question import Answer, Progress, Question, Refusal
from gradviz.core.runs.state import RunState
from gradviz.core.words import say
from gradviz.engine.answers.answering import Answering, Job, answering, answers, ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.problems import EngineError
from gradviz.engine.runs.commands import Ask, Load, Run, Step, Withdraw
from gradviz.engine.runs.runner import Runner
from gradviz.engine.training.trainer import Trainer


def kinds() -> list[type[Question[Any]]]:
    """Every kind of question that there is."""
    names = [module.name for module in pkgutil.iter_modules(gradviz.core.questions.__path__)]
    modules = [importlib.import_module(f"gradviz.core.questions.{name}") for name in names]
    found = {one for module in modules for one in vars(module).values() if isinstance(one, type)}
    return sorted((one for one in found if issubclass(one, Question) and one is not Question), key=str)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_kind_is_a_value_and_is_answered(kind: type[Question[Any]]) -> None:
    assert kind() == kind()
    assert hash(kind()) == hash(kind())
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    moment = Moment(Trainer(Experiment(objective=LINE, steps=5)))
    torch.manual_seed(3)
    random = torch.get_rng_state()
    job = Job(kind(), moment)
    while not job.advance(0.0):
        assert torch.equal(torch.get_rng_state(), random)
    assert torch.equal(torch.get_rng_state(), random), "a question draws no number of the run"
    assert job.answer.step == 0
    if isinstance(job.answer.value, Refusal):
        assert str(job.answer.value.why).endswith(".")
        with pytest.raises(EngineError):
            ask(kind(), moment)


@dataclass(frozen=True)
class Slow(Question[str]):
    """A question of this test: `slices` of progress, then its answer, or a fault."""

    slices: int = 3
    fault: str = ""


@dataclass(frozen=True)
class Waiting(Slow):
    can_wait: ClassVar[bool] = True


def slow(question: Slow, moment: Moment) -> Answering[str]:
    step = moment.trainer.step
    for done in range(question.slices):
        yield Progress(done / question.slices, say("slowly"))
        torch.rand(5)
    if question.fault == "engine":
        raise EngineError("It cannot be known.")
    if question.fault:
        raise ValueError(f"{question.fault}\nand a second line")
    return f"of step {step}"


answers(Slow)(slow)
answers(Waiting)(slow)


@pytest.fixture
def listener() -> Iterator[Listener]:
    one = Listener(Runner())
    one.runner.start()
    yield one
    assert one.runner.close(), "the thread did not end within 5 s"


def test_it_yields_its_progress_and_returns_its_answer() -> None:
    moment = Moment(Trainer(Experiment()))
    told: list[float] = []
    assert ask(Slow(4), moment, lambda progress: told.append(progress.done)) == "of step 0"
    assert told == [0.0, 0.25, 0.5, 0.75]
    assert next(answering(Slow(), moment)) == Progress(0.0, say("slowly"))


@pytest.mark.parametrize(
    ("fault", "words"), [("engine", "It cannot be known."), ("odd", "There is no answer (ValueError): odd")]
)
def test_a_fault_of_a_question_is_its_own(listener: Listener, thread_faults: list[str], fault: str, words: str) -> None:
    listener.post(Load(1, Experiment(steps=50)), Ask((Slow(1, fault), Locate())), Run())
    listener.wait_state(RunState.FINISHED)
    listener.wait(lambda: None not in (listener.told(Slow), listener.told(Locate)))
    refused = listener.told(Slow)
    assert isinstance(refused, Refusal)
    assert str(refused.why) == words
    assert [told.split("\n")[0] for told in thread_faults] == (["gradviz-training: odd"] if fault == "odd" else [])


def test_an_answer_is_of_the_step_at_which_it_was_asked(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=100)), Step(7))
    listener.wait_state(RunState.PAUSED)
    listener.post(Ask((Slow(3),)), Step(5))
    listener.wait(lambda: listener.told(Slow) is not None and listener.last.step == 12)
    assert listener.answer(Slow) == Answer(Slow(3), 7, "of step 7", listener.answer(Slow).seconds)  # type: ignore[union-attr]


def test_what_can_wait_does_so_while_the_run_goes_on(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=10**9)), Run())
    listener.wait(lambda: bool(listener.updates) and listener.last.step > 50)
    listener.post(Ask((Waiting(2),)))
    reached = listener.last.step + 500
    listener.wait(lambda: listener.last.step > reached)
    assert listener.told(Waiting) is None
    listener.post(Step(1))
    listener.wait(lambda: listener.told(Waiting) is not None)


def test_a_question_that_nobody_can_answer_is_refused(listener: Listener, thread_faults: list[str]) -> None:
    @dataclass(frozen=True)
    class Unknown(Question[str]):
        pass

    listener.post(Load(1, Experiment(steps=9)), Ask((Unknown(),)), Run())
    listener.wait_state(RunState.FINISHED)
    listener.wait(lambda: listener.told(Unknown) is not None)
    assert "ModuleNotFoundError" in str(listener.told(Unknown).why)
    assert len(thread_faults) == 1


def test_what_can_wait_does_so_for_other_questions_too(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=9)), Ask((Waiting(10**9),)), Ask((Slow(3),)))
    listener.wait(lambda: listener.told(Slow) is not None)
    assert listener.told(Waiting) is None


def test_what_is_withdrawn_or_asked_anew_is_dropped(listener: Listener) -> None:
    listener.post(Load(1, Experiment(steps=10**9)), Run())
    listener.post(Ask((Waiting(2),)), Ask((Waiting(3),)), Ask((Slow(10**9),)), Withdraw(Slow(10**9)))
    listener.wait(lambda: bool(listener.updates) and listener.last.step > 50)
    listener.post(Step(1))
    listener.wait(lambda: listener.told(Waiting) is not None)
    assert [one.question for one in listener.answers if one.is_final] == [Waiting(3)]
