"""The refresh timer: drains the engine about 30 times a second, and draws the visible views together.

All views show one step: a frame begins with a question to the engine, and everything is drawn when the answer
comes. While a run is on, Python's lock is shared between training and painting: what a frame spends
here, training loses. So frames have a budget, a share of the time, measured and not guessed: a costly frame is
followed by a longer rest. Between two frames the step number and the path on the surface go on at every tick.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from gradviz.app.runs.run_control import RunControl
from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import Range
from gradviz.core.questions.snapshot import Snapshot
from gradviz.core.questions.surface import SurfaceGrid
from gradviz.core.runs.state import RunState
from gradviz.engine.runs.commands import Look, MapBasins, Survey, Wanted
from gradviz.views.kit.view import View

INTERVAL_MS = 33
SHARE = 0.03
"""Share of the time that drawing may take from a run."""
FOLLOW_SHARE = 0.02
"""The same for what is drawn between two frames."""
LONGEST_REST_S = 0.5


class Refresher(QObject):
    """Gives the engine's values to the views. Belongs to the GUI thread."""

    refreshed = Signal()
    """After every tick in which something was new."""

    def __init__(self, control: RunControl, views: tuple[View, ...], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._control = control
        self._views = views
        self._revision = 0
        self._shown: object = None
        self._asked: Wanted | None = None
        self._asked_revision = 0
        self._surface: SurfaceGrid | None = None
        self._surface_asked = False
        self._due = 0.0
        self._cost = 0.0
        self._follow_due = 0.0
        self.frames = 0
        control.began.connect(self._on_began)
        control.state_changed.connect(self.refresh_all)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._on_tick)

    def start(self) -> None:
        """Begin to drain and draw."""
        self._timer.start()

    def stop(self) -> None:
        """Stop for good."""
        self._timer.stop()

    def refresh_all(self) -> None:
        """Draw every visible view anew, without a rest: a state changed, or a view was uncovered."""
        self._revision += 1
        self._due = 0.0

    def ask_surface(self, domain: tuple[Range, Range] | None = None, recentre: bool = False) -> None:
        """Have the surface computed again."""
        self._surface_asked = True
        self._control.post(Survey(domain=domain, recentre=recentre))

    def ask_basins(self, on: bool = True) -> None:
        """Have the map of basins computed over the surface, or drop it."""
        grid = self._surface
        if grid is not None and grid.exact:
            domain = ((float(grid.x[0]), float(grid.x[-1])), (float(grid.y[0]), float(grid.y[-1])))
            self._control.post(MapBasins(domain if on else None))

    @property
    def surface(self) -> SurfaceGrid | None:
        """The surface of this run, once it is known."""
        return self._surface

    def is_settled(self) -> bool:
        """Whether the visible views show the current step and nothing is under way."""
        moving = self._control.state in (RunState.RUNNING, RunState.LOADING)
        return self._shown == self._moment() and self._asked is None and not self._surface_asked and not moving

    def _moment(self) -> object:
        return (self._control.step, len(self._control.history), self._revision)

    def _on_began(self, experiment: Experiment) -> None:
        self._asked, self._surface, self._surface_asked = None, None, False
        for view in self._views:
            view.begin_run(experiment)
        self.refresh_all()

    def _on_tick(self) -> None:
        update = self._control.drain()
        if update is not None and update.surface is not None:
            self._give_surface(update.surface)
        if update is not None and update.bench is not None:
            for view in self._views:
                view.show_bench(update.bench)
        if update is not None and update.basins is not None:
            for view in self._views:
                view.show_basins(update.basins)
        if update is not None and update.snapshot is not None:
            self._draw(update.snapshot)
        elif update is not None and update.records is not None:
            self._follow()
        self._ask(time.perf_counter())
        if update is not None:
            self.refreshed.emit()

    def _visible(self) -> list[View]:
        return [view for view in self._views if view.is_seen]

    def _give_surface(self, surface: SurfaceGrid) -> None:
        self._surface, self._surface_asked = surface, False
        for view in self._views:
            if view.needs_surface:
                view.show_surface(surface)
        if any(view.wants_basins for view in self._views):
            self.ask_basins()
        self.refresh_all()

    def _draw(self, snapshot: Snapshot) -> None:
        """Everything that is visible, at the snapshot's step."""
        begin = time.thread_time()
        asked, self._asked = self._asked or Wanted(), None
        history = self._control.history
        for view in self._visible():
            if view.needs_history and len(history):
                view.show_history(history, snapshot.step)
            if _covers(asked, view):
                view.show_snapshot(snapshot)
        self._shown = (snapshot.step, len(history), self._asked_revision)
        self.frames += 1
        self._rest(time.thread_time() - begin + snapshot.seconds)

    def _follow(self) -> None:
        """Between two frames: the views that follow closely, while their own cost allows."""
        now = time.perf_counter()
        if self._control.state is not RunState.RUNNING or now < self._follow_due:
            return
        begin = time.thread_time()
        for view in self._visible():
            if view.follows_closely:
                view.show_history(self._control.history, self._control.step)
        self._follow_due = now + min((time.thread_time() - begin) / FOLLOW_SHARE, LONGEST_REST_S)

    def _ask(self, now: float) -> None:
        """One question at a time, so the engine is never asked faster than it answers."""
        control = self._control
        if control.state is RunState.LOADING or not len(control.history):
            return
        visible = self._visible()
        if self._surface is None and not self._surface_asked and any(view.needs_surface for view in visible):
            self.ask_surface()
        if self._asked is None and now >= self._due and self._shown != self._moment():
            self._asked = Wanted(
                graph=any(view.needs_graph for view in visible),
                parameters=any(view.needs_parameters for view in visible),
                fit=any(view.needs_fit for view in visible),
            )
            self._asked_revision = self._revision
            control.post(Look(self._asked))

    def _rest(self, cost: float) -> None:
        """A frame was recorded: while a run is on, rest in proportion to what it cost."""
        self._cost += (cost - self._cost) * (0.2 if self._cost else 1.0)
        if self._control.state is RunState.RUNNING:
            self._due = time.perf_counter() + min(self._cost / SHARE, LONGEST_REST_S)


def _covers(asked: Wanted, view: View) -> bool:
    """Whether all that a view needs was asked for."""
    return (
        (asked.graph or not view.needs_graph)
        and (asked.parameters or not view.needs_parameters)
        and (asked.fit or not view.needs_fit)
    )
