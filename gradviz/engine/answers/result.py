"""The run so far."""

from __future__ import annotations

from gradviz.core.questions.result import Collect
from gradviz.core.runs.result import RunResult
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment


@answers_at_once(Collect)
def result(_question: Collect, moment: Moment) -> RunResult:
    """Copies of all that a file keeps."""
    return moment.trainer.result(moment.state)
