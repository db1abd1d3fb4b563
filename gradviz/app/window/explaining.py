"""Why a run stopped or stands still, across the top of the window, with the advice as a button where it is an edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QObject

from gradviz.app.runs.run_control import RunControl
from gradviz.core.questions.explanation import Edit, Explain, Explanation
from gradviz.core.questions.question import Answer, Question
from gradviz.core.runs.state import RunState
from gradviz.engine.runs.runner import OWN_FAULT
from gradviz.views.kit.speech import spoken
from gradviz.views.shell.message_bar import MessageBar

ENDS = (RunState.DIVERGED, RunState.FAILED, RunState.FINISHED)
TOLD = (RunState.DIVERGED, RunState.FAILED)
"""The states that are told at once, before anybody knows why."""
STILL = 2000
"""A run whose loss has been one number for so many steps stands still: it is asked then, once."""


class Explaining(QObject):
    """Asks the engine once for each end of a run. `mend` makes the edits of an advice."""

    is_seen = True

    def __init__(self, control: RunControl, messages: MessageBar, mend: Callable[[tuple[Edit, ...]], None]) -> None:
        super().__init__(messages)
        self._control, self._messages, self._mend = control, messages, mend
        self._known: dict[Explain, Explanation] = {}
        self._still: Explain | None = None
        self._looked = 0
        self._standing = ""
        control.began.connect(self._on_began)
        control.state_changed.connect(self._on_state_changed)

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        """The one question of this end; of a run that stands still, that of the step at which it was seen."""
        question = self._question
        return () if question is None else (question,)

    @property
    def _question(self) -> Explain | None:
        control = self._control
        if control.state in ENDS:
            return Explain(control.state, control.step)
        if control.state is RunState.RUNNING and self._still is None:
            self._look()
        return self._still if control.state is RunState.RUNNING else None

    def _look(self) -> None:
        """Whether the loss has not changed for long; looked at once for so many new steps."""
        losses = self._control.history.losses
        if len(losses) < self._looked + STILL:
            return
        self._looked = len(losses)
        last = losses[-STILL:]
        if bool(np.isfinite(last).all()) and bool((last == last[0]).all()):
            self._still = Explain(RunState.RUNNING, self._control.step)

    def show_answer(self, answer: Answer) -> None:
        """Take over why; a refusal says nothing, for that the run ended is told already."""
        if isinstance(answer.question, Explain) and isinstance(answer.value, Explanation):
            self._known[answer.question] = answer.value
            self._on_state_changed()

    def _on_began(self) -> None:
        self._known, self._still, self._looked = {}, None, 0

    def _on_state_changed(self) -> None:
        control, question = self._control, self._question
        explanation = self._known.get(question, Explanation()) if question is not None else Explanation()
        if explanation.reasons:
            self._show(spoken(explanation.words), explanation)
        elif control.state in TOLD and control.words.pattern != OWN_FAULT:  # that is told with the log
            self._show(spoken(control.words), Explanation())
        else:
            self._take_down()

    def _show(self, text: str, explanation: Explanation) -> None:
        """Once: what was closed stays closed."""
        if text == self._standing:
            return
        self._standing = text
        action = spoken(explanation.reasons[0].action) if explanation.edits else ""
        self._messages.show_message(text, action, lambda: self._mend(explanation.edits))

    def _take_down(self) -> None:
        if self._messages.text and self._messages.text == self._standing:
            self._messages.hide()
        self._standing = ""
