"""The refresh timer: drains the engine about 30 times a second, and draws the visible views together.

All views show one step: a picture begins with the questions that are of a step, asked together, and everything is
drawn when all answers are there. While a run is on, Python's lock is shared between training and painting: what a
picture spends here, training loses. So pictures have a budget, a share of the time, measured and not guessed: a costly
one is followed by a longer rest. Between two of them the path on the surface goes on as often as its own share allows,
and at every tick the step number: then only that is asked of the engine, and its records wait.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from gradviz.app.runs.run_control import RunControl
from gradviz.core.document.experiment import Experiment
from gradviz.core.questions.question import Answer, Question
from gradviz.core.runs.state import RunState
from gradviz.engine.runs.commands import Ask, Withdraw
from gradviz.views.kit.view import View

INTERVAL_MS = 33
SHARE = 0.012
"""Share of the time that drawing may take from a run."""
FOLLOW_SHARE = 0.006
"""The same for taking over records, and what is drawn of them between two frames."""
ASK_S = 0.1
"""While a run is on, so often is looked for what is new to ask of it: hardly ever anything is."""
LONGEST_REST_S = 0.5


class Asker(Protocol):
    """Who asks: a view, or whoever else wants to know something of each run. Asked is only for those that are seen."""

    @property
    def is_seen(self) -> bool: ...

    @property
    def asks(self) -> tuple[Question[Any], ...]: ...

    def show_answer(self, answer: Answer) -> None: ...


class Refresher(QObject):
    """Gives the engine's values to the views. Belongs to the GUI thread."""

    refreshed = Signal()
    """After every tick in which something was new."""

    def __init__(self, control: RunControl, views: tuple[View, ...], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._control = control
        self._views = views
        self._askers: list[Asker] = list(views)
        self._revision = 0
        self._shown: object = None
        self._frame: dict[Question[Any], Answer | None] | None = None
        """The questions of the picture that is under way, with the answers that have come."""
        self._frame_revision = 0
        self._asked: dict[Question[Any], bool] = {}
        """The questions of this run that were asked, and whether all was said to them."""
        self._due = 0.0
        self._cost = 0.0
        self._follow_due = 0.0
        self._ask_due = 0.0
        self.frames = 0
        control.began.connect(self._on_began)
        control.edited.connect(self._on_edited)
        control.state_changed.connect(self.refresh_all)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._on_tick)

    def add(self, asker: Asker) -> None:
        """One more who asks."""
        self._askers.append(asker)

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

    def is_settled(self) -> bool:
        """Whether the visible views show the current step and nothing is under way."""
        moving = self._control.state in (RunState.RUNNING, RunState.LOADING)
        is_answered = all(self._asked.values()) and not self._has_new_question()
        return self._shown == self._moment() and self._frame is None and is_answered and not moving

    def _moment(self) -> object:
        return (self._control.step, len(self._control.history), self._revision)

    def _on_began(self, experiment: Experiment) -> None:
        self._frame, self._asked = None, {}
        for view in self._views:
            view.begin_run(experiment)
        self.refresh_all()

    def _on_edited(self) -> None:
        """What depends on settings is asked again."""
        self._asked = {question: told for question, told in self._asked.items() if not question.of_settings}
        for view in self._views:
            view.show_settings(self._control.experiment)
        self.refresh_all()

    def _on_tick(self) -> None:
        now = time.perf_counter()
        is_new = now < min(self._due, self._follow_due) and self._control.glance()
        if not is_new:
            begin = time.thread_time()
            update = self._control.drain()
            is_new = update is not None
            if update is not None and not self._take(update.answers):
                self._follow(begin)
        self._ask(now)
        if is_new:
            self.refreshed.emit()

    def _visible(self) -> list[View]:
        return [view for view in self._views if view.is_seen]

    def _take(self, answers: Iterable[Answer]) -> bool:
        """Give the answers to those who asked; whether that made a picture."""
        for answer in answers:
            if not answer.question.of_step:
                self._hand_over(answer)
            elif self._frame is not None and answer.question in self._frame and answer.is_final:
                self._frame[answer.question] = answer
        if self._frame is None or None in self._frame.values():
            return False
        self._draw([answer for answer in self._frame.values() if answer is not None])
        return True

    def _hand_over(self, answer: Answer) -> None:
        """An answer that holds for the run, or how far it is, to whoever still asks."""
        if answer.question not in self._asked:
            return
        self._asked[answer.question] = answer.is_final
        for asker in self._askers:
            if answer.question in asker.asks:
                asker.show_answer(answer)
        if answer.is_final:
            self.refresh_all()

    def _draw(self, answers: list[Answer]) -> None:
        """Everything that is visible, at the step of the answers."""
        begin = time.thread_time()
        self._frame = None
        history = self._control.history
        step = answers[0].step if answers else self._control.step
        known = {answer.question: answer for answer in answers}
        for view in self._visible():
            if view.needs_history and len(history):
                view.show_history(history, step)
            for question in view.asks:
                if question in known:
                    view.show_answer(known[question])
        self._shown = (step, len(history), self._frame_revision)
        self.frames += 1
        self._rest(time.thread_time() - begin + sum(answer.seconds for answer in answers))

    def _follow(self, begin: float) -> None:
        """Between two frames: the views that follow closely, while their own cost allows.

        `begin` is the time of this thread before it took the records.
        """
        now = time.perf_counter()
        if self._control.state is not RunState.RUNNING or now < self._follow_due:
            return
        for view in self._views:
            if view.follows_closely and view.is_seen:
                view.show_history(self._control.history, self._control.step)
        self._follow_due = now + min((time.thread_time() - begin) / FOLLOW_SHARE, LONGEST_REST_S)

    def _ask(self, now: float) -> None:
        """What is new to ask; and of a step one picture at a time, so the engine is never asked faster than it can."""
        control = self._control
        if control.state is RunState.LOADING:
            return
        if now >= self._ask_due or control.state is not RunState.RUNNING:
            self._ask_due = now + ASK_S
            self._ask_of_run()
        if len(control.history) and self._frame is None and now >= self._due and self._shown != self._moment():
            self._begin_frame()

    def _begin_frame(self) -> None:
        questions = tuple({q: None for view in self._visible() for q in view.asks if q.of_step})
        self._frame = dict.fromkeys(questions)
        self._frame_revision = self._revision
        if questions:
            self._control.post(Ask(questions))
        else:
            self._draw([])

    def _has_new_question(self) -> bool:
        """Whether somebody who is seen asks something of the run that was not asked yet."""
        seen = (question for asker in self._askers if asker.is_seen for question in asker.asks)
        return any(question not in self._asked for question in seen if not question.of_step)

    def _ask_of_run(self) -> None:
        """Ask what is new, and withdraw what nobody asks any more, seen or not."""
        wanted = [(question, asker) for asker in self._askers for question in asker.asks if not question.of_step]
        for gone in self._asked.keys() - {question for question, _ in wanted}:
            if not self._asked.pop(gone):
                self._control.post(Withdraw(gone))
        for question, asker in wanted:
            if question not in self._asked and asker.is_seen:
                self._asked[question] = False
                self._control.post(Ask((question,)))

    def _rest(self, cost: float) -> None:
        """A frame was recorded: while a run is on, rest in proportion to what it cost."""
        self._cost += (cost - self._cost) * (0.2 if self._cost else 1.0)
        if self._control.state is RunState.RUNNING:
            self._due = time.perf_counter() + min(self._cost / SHARE, LONGEST_REST_S)
