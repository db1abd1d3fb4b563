"""The GUI's side of a run and its refresher, against a runner that says what it is told to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from gradviz.app.runs.refresher import Refresher
from gradviz.app.runs.run_control import MOST_KEPT, RunControl
from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.questions.basins import MapBasins
from gradviz.core.questions.devices import Devices, ListDevices
from gradviz.core.questions.place import Locate
from gradviz.core.questions.question import Answer, Progress, Question, Refusal
from gradviz.core.questions.result import Collect
from gradviz.core.questions.surface import Survey
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.questions.update import Update
from gradviz.core.runs.history import History
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import LaneResult, RunResult
from gradviz.core.runs.state import RunState
from gradviz.core.words import SILENCE, Words, say
from gradviz.engine.runs.commands import Ask, Branch, Edit, Load, Pause, Recall, Run, Seek, Step, Withdraw
from gradviz.storage.experiments.experiment_file import NOT_FINITE
from gradviz.views.kit.view import View


class Engine:
    """Stands where the runner does: keeps what is posted, gives out what is laid ready."""

    def __init__(self) -> None:
        self.posted: list[Any] = []
        self.ready: list[Update] = []
        self.newest_step: int | None = None

    def newest(self) -> int | None:
        return None if self.ready else self.newest_step

    def post(self, command: Any) -> None:
        self.posted.append(command)

    def drain(self) -> Update | None:
        return self.ready.pop(0) if self.ready else None

    def kinds(self) -> list[type]:
        return [type(command) for command in self.posted]


DEVICES = Ask((ListDevices(),))


def block(start: int, *losses: float) -> RecordBlock:
    table = np.array(losses).reshape(-1, 1)
    return RecordBlock(start, table, np.zeros((len(table), 1, 2)))


def update(run: int = 1, state: RunState = RunState.PAUSED, step: int = 0, **more: Any) -> Update:
    empty: dict[str, Any] = dict.fromkeys(Update.__dataclass_fields__)
    empty |= {"words": SILENCE, "notice": SILENCE, "answers": ()}
    return Update(**(empty | {"run": run, "state": state, "step": step} | more))


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def control(qapp: Any, engine: Engine) -> RunControl:
    made = RunControl(engine)  # type: ignore[arg-type]
    made.load(Experiment())
    return made


def test_loading_forgets_everything_of_the_last_run(control: RunControl, engine: Engine, qtbot: Any) -> None:
    engine.ready = [update(step=1, records=block(0, 5.0, 4.0))]
    control.drain()
    assert (len(control.history), control.step) == (2, 1)
    with qtbot.waitSignals([control.began, control.state_changed]):
        control.load(Experiment(seed=1))
    assert (len(control.history), control.step, control.state) == (0, 0, RunState.LOADING)
    loads = [Load(1, Experiment()), Load(2, Experiment(seed=1), kept=frozenset({1}))]
    assert engine.posted == [loads[0], DEVICES, loads[1], DEVICES]


def test_what_an_older_run_says_is_ignored(control: RunControl, engine: Engine, qtbot: Any) -> None:
    control.load(Experiment(seed=1))
    engine.ready = [update(run=1, state=RunState.DIVERGED, records=block(0, 9.0), notice=say("old"))]
    with qtbot.assertNotEmitted(control.noticed), qtbot.assertNotEmitted(control.state_changed):
        assert control.drain() is None
    assert len(control.history) == 0
    assert control.state is RunState.LOADING


def test_records_append_and_going_back_rewrites(control: RunControl, engine: Engine) -> None:
    engine.ready = [
        update(records=block(0, 5.0, 4.0, 3.0)),
        update(records=block(3, 2.0)),
        update(records=block(2, 7.0)),
    ]
    for length, last in ((3, 3.0), (4, 2.0), (3, 7.0)):
        control.drain()
        assert len(control.history) == length
        assert control.history.losses[-1, 0] == last


def test_a_change_of_state_is_told_once(control: RunControl, engine: Engine) -> None:
    told: list[RunState] = []
    control.state_changed.connect(lambda: told.append(control.state))
    engine.ready = [update(state=RunState.RUNNING, step=k) for k in range(5)] + [update(words=say("Paused."))]
    for _ in range(7):
        control.drain()
    assert told == [RunState.RUNNING, RunState.PAUSED]


def test_toggle_runs_and_pauses_only_where_that_is_possible(control: RunControl, engine: Engine) -> None:
    for state, expected in (
        (RunState.READY, [Run]),
        (RunState.PAUSED, [Run]),
        (RunState.RUNNING, [Pause]),
        (RunState.DIVERGED, []),
        (RunState.FINISHED, []),
        (RunState.LOADING, []),
    ):
        engine.posted.clear()
        control.state = state
        control.toggle()
        assert engine.kinds() == expected, state


def test_stepping_back_needs_a_step_and_a_pause(control: RunControl, engine: Engine) -> None:
    engine.posted.clear()
    control.step_back()
    control.step, control.state = 5, RunState.RUNNING
    control.step_back()
    assert engine.posted == []
    control.state = RunState.PAUSED
    control.step_back()
    control.step_forward()
    control.edit_live(Experiment(steps=7))
    assert engine.posted == [Seek(4), Step(), Edit(Experiment(steps=7))]


def test_a_new_pace_is_taken_over_by_a_run_that_is_on(control: RunControl, engine: Engine) -> None:
    engine.posted.clear()
    control.set_pace(5.0)
    assert engine.posted == []
    control.state = RunState.RUNNING
    control.set_pace(20.0)
    assert engine.posted == [Run(20.0)]


def test_a_result_is_handed_out_once_with_its_history(control: RunControl, engine: Engine) -> None:
    got: list[RunResult] = []
    refused: list[Words] = []
    control.collect(got.append, refused.append)
    result = RunResult(RunState.PAUSED, 1, "cpu", {}, ())
    engine.ready = [
        update(step=2, records=block(0, 5.0, 4.0, 3.0)),
        update(step=2, answers=(Answer(Collect(), 1, result),)),
        update(answers=(Answer(Collect(), 1, result),)),
    ]
    for _ in range(3):
        control.drain()
    assert engine.posted[-1] == Ask((Collect(),))
    assert len(got) == 1
    history = got[0].history
    assert history is not None
    assert history.losses.tolist() == [[5.0], [4.0]], "up to the step of the weights"
    assert history.positions.shape == (2, 1, 2)


def test_where_a_run_can_be_is_asked_with_it(control: RunControl, engine: Engine, qtbot: Any) -> None:
    engine.ready = [update(answers=(Answer(ListDevices(), 0, Devices("cuda:0", ("cpu", "cuda:0"))),))]
    with qtbot.waitSignal(control.state_changed):
        control.drain()
    assert (control.device, control.devices) == ("cuda:0", ("cpu", "cuda:0"))


def test_a_result_that_cannot_be_had_is_said_once(control: RunControl, engine: Engine) -> None:
    got: list[RunResult] = []
    refused: list[Words] = []
    control.collect(got.append, refused.append)
    why = Refusal(say("There is no memory."))
    engine.ready = [update(answers=(Answer(Collect(), 0, why),)), update(answers=(Answer(Collect(), 0, why),))]
    control.drain()
    control.drain()
    control.collect(got.append, refused.append)
    control.load(Experiment(seed=5))
    assert got == []
    assert [str(words) for words in refused] == [
        "There is no memory.", "The run was replaced before its result was there."
    ]  # fmt: skip


def test_a_saved_history_is_taken_over(control: RunControl) -> None:
    history = RecordBlock(0, np.array([[5.0], [4.0]]), np.ones((2, 1, 2)))
    control.load(Experiment(), RunResult(RunState.PAUSED, 1, "cpu", {}, (), history=history))
    assert control.history.losses.tolist() == [[5.0], [4.0]]
    assert control.history.positions.shape == (2, 1, 2)


def test_weights_that_are_not_finite_are_the_cause_that_is_named(control: RunControl, engine: Engine) -> None:
    broken = RunResult(RunState.PAUSED, 1, "cpu", {}, (), (LaneResult({"x": np.array(np.nan)}),))
    for result, message in ((broken, NOT_FINITE), (None, "rate too large")):
        control.load(Experiment(), result)
        engine.ready = [update(run=control.number, state=RunState.DIVERGED, words=say("rate too large"))]
        control.drain()
        assert control.message == message


# Runs before the current one


def run_of(control: RunControl, engine: Engine, *losses: float, step: int | None = None) -> None:
    """The engine tells a run up to the last of the losses, and that it stands there, or at `step`."""
    last = len(losses) - 1 if step is None else step
    engine.ready = [update(run=control.number, step=last, records=block(0, *losses))]
    control.drain()
    engine.posted.clear()


def test_the_run_before_is_kept_and_can_be_recalled(control: RunControl, engine: Engine) -> None:
    run_of(control, engine, 5.0, 4.0, 3.0, step=1)
    before = control.mark
    control.load(Experiment(seed=7))
    kept = control.kept(1)
    assert kept is not None
    assert (kept.known, kept.step, kept.experiment) == (2, 1, Experiment())
    control.recall(1)
    assert engine.posted[-2:] == [Recall(1, frozenset()), DEVICES], "a run that came nowhere is not kept"
    assert (control.mark, control.step, control.state) == (before, 1, RunState.LOADING)
    assert control.history.losses[:, 0].tolist() == [5.0, 4.0, 3.0]
    assert control.experiment == Experiment()


def test_a_few_runs_are_kept_and_the_oldest_is_let_go_of(control: RunControl, engine: Engine) -> None:
    for _ in range(MOST_KEPT + 2):
        run_of(control, engine, 5.0, 4.0)
        control.load(Experiment())
    assert [control.kept(number) is not None for number in range(1, MOST_KEPT + 3)] == [False] * 2 + [True] * MOST_KEPT
    assert engine.posted[-2].kept == frozenset(range(3, MOST_KEPT + 3))


def test_what_a_kept_run_still_had_to_say_is_kept_with_it(control: RunControl, engine: Engine) -> None:
    run_of(control, engine, 5.0, 4.0)
    control.load(Experiment())
    engine.ready = [update(run=1, records=block(2, 3.0))]
    assert control.drain() is None
    assert control.kept(1).known == 2


def test_a_live_edit_in_the_past_branches_off(control: RunControl, engine: Engine) -> None:
    run_of(control, engine, 5.0, 4.0, 3.0, step=1)
    faster = with_value(Experiment(), "optimizers.0.lr", 0.5)
    told: list[str] = []
    control.noticed.connect(lambda words: told.append(str(words)))
    control.edit_live(faster)
    assert engine.posted == [Branch(2, faster, frozenset({1})), DEVICES]
    assert (control.number, control.step, control.known) == (2, 1, 1)
    assert control.kept(1).known == 2
    assert told == ["From step 1 on this is another run. Undo brings back the one of 2 steps."]


def test_an_edit_while_a_run_does_its_past_again_waits_until_it_stands(control: RunControl, engine: Engine) -> None:
    engine.ready = [update(step=0, state=RunState.RUNNING, records=block(0, 5.0, 4.0, 3.0))]
    control.drain()
    control.step = 0
    faster = with_value(Experiment(), "optimizers.0.lr", 0.5)
    engine.posted.clear()
    control.edit_live(faster)
    assert engine.posted == [Pause()]
    engine.ready = [update(step=1, state=RunState.PAUSED)]
    control.drain()
    assert engine.posted[1:] == [Branch(2, faster, frozenset({1})), DEVICES, Run(None)]


def test_an_edit_that_is_taken_back_before_the_run_stands_leaves_it_as_it_was(
    control: RunControl, engine: Engine
) -> None:
    engine.ready = [update(step=0, state=RunState.RUNNING, records=block(0, 5.0, 4.0, 3.0))]
    control.drain()
    control.step = 0
    engine.posted.clear()
    for rate in (0.5, 1e-3):
        control.edit_live(with_value(Experiment(), "optimizers.0.lr", rate))
    engine.ready = [update(step=1, state=RunState.PAUSED)]
    control.drain()
    assert engine.posted == [Pause(), Pause(), Run(None)]
    assert control.number == 1


def test_a_wish_to_run_is_remembered_until_the_run_is_ready(control: RunControl, engine: Engine) -> None:
    engine.posted.clear()
    control.toggle()
    assert control.wants_to_run
    assert engine.posted == []
    engine.ready = [update(state=RunState.READY, records=block(0, 5.0))]
    control.drain()
    assert engine.posted == [Run(None)]
    control.load(Experiment())
    control.toggle()
    control.toggle()
    engine.posted.clear()
    engine.ready = [update(run=2, state=RunState.READY)]
    control.drain()
    assert (control.wants_to_run, engine.posted) == (False, [])


# The refresher


class Pane(View):
    """A view that writes down what it is given."""

    needs_history: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Any] = []

    def begin_run(self, experiment: Experiment) -> None:
        self.given.append("run")

    def show_history(self, history: History, step: int) -> None:
        self.given.append(("history", step))

    def show_answer(self, answer: Answer) -> None:
        self.given.append((type(answer.question).__name__, answer.step))


class GraphPane(Pane):
    @property
    def asks(self) -> tuple[Question[Any], ...]:
        return TraceGraph(), Locate()


class SurfacePane(Pane):
    wanted: Question[Any] = Survey()

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        return Locate(), self.wanted


def frames(engine: Engine) -> list[tuple[Question[Any], ...]]:
    """The questions of a step that were asked, a tuple for each picture."""
    asked = [command.questions for command in engine.posted if isinstance(command, Ask)]
    return [questions for questions in asked if questions[0].of_step]


def surveys(engine: Engine) -> list[Question[Any]]:
    asked = [question for command in engine.posted if isinstance(command, Ask) for question in command.questions]
    return [question for question in asked if isinstance(question, Survey)]


def answered(step: int, *questions: Question[Any], seconds: float = 0.0) -> dict[str, Any]:
    return {"step": step, "answers": tuple(Answer(question, step, None, seconds) for question in questions)}


@pytest.fixture
def panes(shown: Callable[..., Any]) -> tuple[GraphPane, SurfacePane]:
    return shown(GraphPane(), 100, 100), shown(SurfacePane(), 100, 100)


@pytest.fixture
def refresher(control: RunControl, engine: Engine, panes: tuple[GraphPane, SurfacePane]) -> Refresher:
    """One whose surface is known already."""
    made = Refresher(control, panes)
    engine.ready = [update(records=block(0, 5.0))]
    made._on_tick()
    engine.ready = [update(answers=(Answer(Survey(), 0, None), Answer(TraceGraph(), 0, 1), Answer(Locate(), 0, 1)))]
    made._on_tick()
    made._on_tick()
    for pane in panes:
        pane.given.clear()
    engine.posted.clear()
    made._frame = None
    return made


def test_all_views_are_drawn_together_once_all_answers_of_a_step_are_there(
    refresher: Refresher, engine: Engine, panes: tuple[GraphPane, SurfacePane]
) -> None:
    engine.ready = [update(step=3, records=block(1, 4.0, 3.0, 2.0))]
    refresher._on_tick()
    refresher._on_tick()
    assert frames(engine) == [(TraceGraph(), Locate())], "one picture at a time"
    engine.ready = [update(**answered(3, Locate())), update(step=3, answers=(Answer(TraceGraph(), 3, HALF),))]
    refresher._on_tick()
    refresher._on_tick()
    assert panes[0].given == panes[1].given == [], "an answer is missing"
    engine.ready = [update(**answered(3, TraceGraph()))]
    before = refresher.frames
    refresher._on_tick()
    assert panes[0].given == [("history", 3), ("TraceGraph", 3), ("Locate", 3)]
    assert panes[1].given == [("history", 3), ("Locate", 3)]
    for _ in range(3):
        refresher._on_tick()
    assert len(frames(engine)) == 1, "nothing new, nothing asked"
    assert refresher.frames == before + 1
    assert refresher.is_settled()


HALF = Progress(0.5, say("half"))


def test_while_pictures_rest_the_step_goes_on_and_its_records_wait(
    refresher: Refresher, engine: Engine, control: RunControl, panes: tuple[GraphPane, SurfacePane]
) -> None:
    said: list[int] = []
    refresher.refreshed.connect(lambda: said.append(control.step))
    engine.ready = [update(state=RunState.RUNNING, step=3, records=block(1, 4.0, 3.0, 2.0))]
    refresher._on_tick()
    refresher._due = refresher._follow_due = float("inf")
    engine.newest_step = 5
    refresher._on_tick()
    assert (control.step, len(control.history), said) == (5, 4, [3, 5])
    engine.ready = [update(state=RunState.PAUSED, step=5, records=block(4, 1.0, 0.5))]
    refresher._on_tick()
    assert (control.state, control.step, len(control.history)) == (RunState.PAUSED, 5, 6)
    engine.newest_step = 9
    refresher._on_tick()
    assert (control.step, len(control.history)) == (5, 6), "a run that stands is not glanced at"


def test_a_hidden_view_is_neither_asked_for_nor_drawn(
    refresher: Refresher, engine: Engine, panes: tuple[GraphPane, SurfacePane]
) -> None:
    panes[0].hide()
    engine.ready = [update(step=1, records=block(1, 4.0))]
    refresher._on_tick()
    assert frames(engine) == [(Locate(),)]
    engine.ready = [update(**answered(1, Locate()))]
    refresher._on_tick()
    assert panes[0].given == []
    assert panes[1].given
    panes[0].show()
    refresher.refresh_all()
    refresher._on_tick()
    assert frames(engine)[-1] == (TraceGraph(), Locate())


def test_a_question_of_the_run_is_asked_once_and_its_answer_goes_to_who_asked(
    control: RunControl, engine: Engine, panes: tuple[GraphPane, SurfacePane]
) -> None:
    refresher = Refresher(control, panes)
    refresher._on_tick()
    assert surveys(engine) == [], "not while it is prepared"
    engine.ready = [update(records=block(0, 5.0))]
    for _ in range(3):
        refresher._on_tick()
    assert surveys(engine) == [Survey()]
    assert not refresher.is_settled()
    engine.ready = [update(answers=(Answer(Survey(), 0, HALF),)), update(answers=(Answer(Survey(), 0, None),))]
    refresher._on_tick()
    refresher._on_tick()
    assert panes[1].given == [("Survey", 0), ("Survey", 0)]
    assert panes[0].given == []
    control.load(Experiment(seed=2))
    engine.ready = [update(run=2, records=block(0, 5.0))]
    refresher._on_tick()
    assert surveys(engine) == [Survey(), Survey()]


def test_a_question_that_nobody_asks_any_more_is_withdrawn(
    control: RunControl, engine: Engine, panes: tuple[GraphPane, SurfacePane]
) -> None:
    refresher = Refresher(control, panes)
    engine.ready = [update(records=block(0, 5.0))]
    refresher._on_tick()
    panes[1].wanted = Survey(cut=7)
    refresher._on_tick()
    assert [command for command in engine.posted if isinstance(command, Withdraw)] == [Withdraw(Survey())]
    assert surveys(engine) == [Survey(), Survey(cut=7)]
    engine.ready = [update(answers=(Answer(Survey(), 0, None),))]
    refresher._on_tick()
    assert panes[1].given == [], "what was withdrawn is not shown, should it come after all"
    engine.ready = [update(answers=(Answer(Survey(cut=7), 0, None),))]
    refresher._on_tick()
    panes[1].wanted = Survey()
    refresher._on_tick()
    assert len([command for command in engine.posted if isinstance(command, Withdraw)]) == 1, "all was said"


def test_what_depends_on_settings_is_asked_again_after_a_live_edit(
    control: RunControl, engine: Engine, panes: tuple[GraphPane, SurfacePane]
) -> None:
    panes[1].wanted = MapBasins()
    refresher = Refresher(control, panes)
    engine.ready = [update(records=block(0, 5.0)), update(answers=(Answer(MapBasins(), 0, None),))]
    refresher._on_tick()
    refresher._on_tick()
    assert refresher._asked == {MapBasins(): True}
    control.edit_live(Experiment(steps=7))
    refresher._on_tick()
    asked = [command.questions for command in engine.posted if isinstance(command, Ask)]
    assert asked.count((MapBasins(),)) == 2


def test_whoever_else_asks_is_answered_too(control: RunControl, engine: Engine) -> None:
    class Else:
        is_seen = True
        asks = (Survey(5),)

        def __init__(self) -> None:
            self.given: list[Answer] = []

        def show_answer(self, answer: Answer) -> None:
            self.given.append(answer)

    refresher, one = Refresher(control, ()), Else()
    refresher.add(one)
    engine.ready = [update(records=block(0, 5.0)), update(answers=(Answer(Survey(5), 0, 1.5),))]
    refresher._on_tick()
    refresher._on_tick()
    assert [answer.value for answer in one.given] == [1.5]


def test_views_that_ask_nothing_of_a_step_are_drawn_without_asking(
    control: RunControl, engine: Engine, shown: Callable[..., Any]
) -> None:
    pane = shown(Pane(), 100, 100)
    refresher = Refresher(control, (pane,))
    engine.ready = [update(step=1, records=block(0, 5.0, 4.0))]
    refresher._on_tick()
    assert pane.given == [("history", 1)]
    assert frames(engine) == []
    assert refresher.is_settled()


def test_a_new_run_is_told_to_every_view_even_a_hidden_one(
    control: RunControl, panes: tuple[GraphPane, SurfacePane]
) -> None:
    refresher = Refresher(control, panes)
    panes[0].hide()
    control.load(Experiment(seed=3))
    assert panes[0].given == panes[1].given == ["run"]
    assert not refresher.is_settled()


def test_a_costly_picture_is_followed_by_a_rest_while_it_runs(refresher: Refresher, engine: Engine) -> None:
    engine.ready = [update(state=RunState.RUNNING, step=1, records=block(1, 4.0))]
    refresher._on_tick()
    asked = len(frames(engine))
    both = answered(1, TraceGraph(), Locate(), seconds=10.0)
    engine.ready = [update(state=RunState.RUNNING, records=block(2, 3.0), **both)]
    refresher._on_tick()
    refresher._on_tick()
    assert len(frames(engine)) == asked, "it rests"
    engine.ready = [update(state=RunState.PAUSED, step=2)]
    refresher._on_tick()
    assert len(frames(engine)) == asked + 1, "a pause is shown at once"
