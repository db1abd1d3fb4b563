"""The GUI's side of a run and its refresher, against a runner that says what it is told to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from gradviz.app.runs.refresher import Refresher
from gradviz.app.runs.run_control import RunControl
from gradviz.core.document.experiment import Experiment
from gradviz.core.questions.snapshot import Snapshot
from gradviz.core.questions.surface import SurfaceGrid
from gradviz.core.questions.update import Update
from gradviz.core.runs.history import History
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import LaneResult, RunResult
from gradviz.core.runs.state import RunState
from gradviz.engine.runs.commands import Collect, Edit, Load, Look, Pause, Run, Seek, Step, Survey
from gradviz.storage.experiments.experiment_file import NOT_FINITE
from gradviz.views.kit.view import View


class Engine:
    """Stands where the runner does: keeps what is posted, gives out what is laid ready."""

    def __init__(self) -> None:
        self.posted: list[Any] = []
        self.ready: list[Update] = []

    def post(self, command: Any) -> None:
        self.posted.append(command)

    def drain(self) -> Update | None:
        return self.ready.pop(0) if self.ready else None

    def kinds(self) -> list[type]:
        return [type(command) for command in self.posted]


def block(start: int, *losses: float) -> RecordBlock:
    table = np.array(losses).reshape(-1, 1)
    return RecordBlock(start, table, np.zeros((len(table), 1, 2)))


def update(run: int = 1, state: RunState = RunState.PAUSED, step: int = 0, **more: Any) -> Update:
    empty: dict[str, Any] = dict.fromkeys(Update.__dataclass_fields__)
    empty |= {"message": "", "notice": "", "steps_per_s": 0.0, "device": "cpu"}
    if "devices" in empty:
        empty["devices"] = ()
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
    assert engine.kinds() == [Load, Load]


def test_what_an_older_run_says_is_ignored(control: RunControl, engine: Engine, qtbot: Any) -> None:
    control.load(Experiment(seed=1))
    engine.ready = [update(run=1, state=RunState.DIVERGED, records=block(0, 9.0), notice="old")]
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
    engine.ready = [update(state=RunState.RUNNING, step=k) for k in range(5)] + [update(message="Paused.")]
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
    control.collect(got.append)
    result = RunResult(RunState.PAUSED, 1, "cpu", {}, ())
    engine.ready = [
        update(step=2, records=block(0, 5.0, 4.0, 3.0)),
        update(step=2, result=result),
        update(result=result),
    ]
    for _ in range(3):
        control.drain()
    assert engine.kinds()[-1] is Collect
    assert len(got) == 1
    history = got[0].history
    assert history is not None
    assert history.losses.tolist() == [[5.0], [4.0]], "up to the step of the weights"
    assert history.positions.shape == (2, 1, 2)


def test_a_saved_history_is_taken_over(control: RunControl) -> None:
    history = RecordBlock(0, np.array([[5.0], [4.0]]), np.ones((2, 1, 2)))
    control.load(Experiment(), RunResult(RunState.PAUSED, 1, "cpu", {}, (), history=history))
    assert control.history.losses.tolist() == [[5.0], [4.0]]
    assert control.history.positions.shape == (2, 1, 2)


def test_weights_that_are_not_finite_are_the_cause_that_is_named(control: RunControl, engine: Engine) -> None:
    broken = RunResult(RunState.PAUSED, 1, "cpu", {}, (), (LaneResult({"x": np.array(np.nan)}),))
    for result, message in ((broken, NOT_FINITE), (None, "rate too large")):
        control.load(Experiment(), result)
        engine.ready = [update(run=control._run, state=RunState.DIVERGED, message="rate too large")]
        control.drain()
        assert control.message == message


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

    def show_snapshot(self, snapshot: Snapshot) -> None:
        self.given.append(("snapshot", snapshot.step))

    def show_surface(self, surface: SurfaceGrid) -> None:
        self.given.append("surface")


class GraphPane(Pane):
    needs_graph: ClassVar[bool] = True


class SurfacePane(Pane):
    needs_surface: ClassVar[bool] = True


def snapshot(step: int) -> Snapshot:
    return Snapshot(step, None, (), None, np.empty((0, 2)), 0.0)


def looks(engine: Engine) -> list[Look]:
    return [command for command in engine.posted if isinstance(command, Look)]


@pytest.fixture
def panes(shown: Callable[..., Any]) -> tuple[GraphPane, SurfacePane]:
    return shown(GraphPane(), 100, 100), shown(SurfacePane(), 100, 100)


def test_all_views_get_the_answer_to_one_question(
    control: RunControl, engine: Engine, panes: tuple[GraphPane, SurfacePane]
) -> None:
    refresher = Refresher(control, panes)
    engine.ready = [update(step=3, records=block(0, 5.0, 4.0, 3.0, 2.0))]
    refresher._on_tick()
    refresher._on_tick()
    assert [command.wanted.graph for command in looks(engine)] == [True], "one question at a time"
    assert panes[0].given == panes[1].given == []
    engine.ready = [update(step=3, snapshot=snapshot(3))]
    refresher._on_tick()
    assert panes[0].given == panes[1].given == [("history", 3), ("snapshot", 3)]
    for _ in range(3):
        refresher._on_tick()
    assert len(looks(engine)) == 1, "nothing new, nothing asked"
    assert refresher.frames == 1


def test_a_hidden_view_is_neither_asked_for_nor_drawn(
    control: RunControl, engine: Engine, panes: tuple[GraphPane, SurfacePane]
) -> None:
    refresher = Refresher(control, panes)
    panes[0].hide()
    engine.ready = [update(records=block(0, 5.0))]
    refresher._on_tick()
    assert looks(engine)[0].wanted.graph is False
    engine.ready = [update(snapshot=snapshot(0))]
    refresher._on_tick()
    assert panes[0].given == []
    assert panes[1].given
    panes[0].show()
    refresher.refresh_all()
    refresher._on_tick()
    assert looks(engine)[1].wanted.graph is True


def test_the_surface_is_asked_for_once_a_run(
    control: RunControl, engine: Engine, panes: tuple[GraphPane, SurfacePane]
) -> None:
    refresher = Refresher(control, panes)
    engine.ready = [update(records=block(0, 5.0))]
    for _ in range(3):
        refresher._on_tick()
    assert engine.kinds().count(Survey) == 1
    grid = SurfaceGrid(np.arange(2.0), np.arange(2.0), np.zeros((2, 2)), "x", "y", (), "", True)
    engine.ready = [update(surface=grid)]
    refresher._on_tick()
    assert "surface" in panes[1].given
    assert "surface" not in panes[0].given
    assert refresher.surface is grid
    control.load(Experiment(seed=2))
    assert refresher.surface is None
    engine.ready = [update(run=2, records=block(0, 5.0))]
    refresher._on_tick()
    assert engine.kinds().count(Survey) == 2


def test_a_new_run_is_told_to_every_view_even_a_hidden_one(
    control: RunControl, engine: Engine, panes: tuple[GraphPane, SurfacePane]
) -> None:
    refresher = Refresher(control, panes)
    panes[0].hide()
    control.load(Experiment(seed=3))
    assert panes[0].given == panes[1].given == ["run"]
    assert refresher.surface is None


def test_a_costly_frame_is_followed_by_a_rest_while_it_runs(
    control: RunControl, engine: Engine, panes: tuple[GraphPane, SurfacePane]
) -> None:
    refresher = Refresher(control, panes)
    engine.ready = [update(state=RunState.RUNNING, step=0, records=block(0, 5.0))]
    refresher._on_tick()
    slow = Snapshot(0, None, (), None, np.empty((0, 2)), 10.0)
    engine.ready = [update(state=RunState.RUNNING, step=1, records=block(1, 4.0), snapshot=slow)]
    refresher._on_tick()
    refresher._on_tick()
    assert len(looks(engine)) == 1, "it rests"
    engine.ready = [update(state=RunState.PAUSED, step=1)]
    refresher._on_tick()
    assert len(looks(engine)) == 2, "a pause is shown at once"
