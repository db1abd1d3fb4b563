"""The engine by itself: the trainer over a plain loop, and what a snapshot costs in steps."""

from __future__ import annotations

import statistics
import time

from figures import Figure

from gradviz.core.document.experiment import Experiment
from gradviz.storage.shipped.gallery import find_entry

STEPS = 4000
ROUNDS = 5


def engine_figures() -> list[Figure]:
    """For E1: steps/s of the trainer over a plain loop. For G: a full snapshot in steps, and the graph alone."""
    import torch

    torch.set_num_threads(1)
    return [_loop_figure(_experiment("E1")), _snapshot_figure(_experiment("G")), _graph_figure(_experiment("G"))]


def _experiment(case: str) -> Experiment:
    entry = find_entry(case)
    assert entry is not None
    return entry.experiment.model_copy(update={"steps": 10**9})


def _loop_figure(experiment: Experiment) -> Figure:
    ratios = [_plain_seconds() / _trainer_seconds(experiment) for _ in range(ROUNDS)]
    return Figure("E1: trainer / a plain loop with loss.item()", statistics.median(ratios), "", "(0.95 later)")


def _plain_seconds() -> float:
    import torch

    x, y = (torch.tensor(0.0, requires_grad=True) for _ in range(2))
    optimizer = torch.optim.SGD([x, y], lr=1e-3)
    losses = []
    begin = time.perf_counter()
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
        loss.backward()
        losses.append((loss.item(), x.item(), y.item()))
        optimizer.step()
    return time.perf_counter() - begin


def _trainer_seconds(experiment: Experiment) -> float:
    from gradviz.engine.training.trainer import Trainer

    trainer = Trainer(experiment)
    begin = time.perf_counter()
    for record in trainer.steps():
        if record.step == STEPS:
            break
    return time.perf_counter() - begin


def _snapshot_figure(experiment: Experiment) -> Figure:
    from gradviz.core.questions.fit import Predict
    from gradviz.core.questions.parameters import ReadParameters
    from gradviz.core.questions.place import Locate
    from gradviz.core.questions.trace import TraceGraph
    from gradviz.engine.answers.answering import ask
    from gradviz.engine.answers.moment import Moment
    from gradviz.engine.training.trainer import Trainer

    trainer = Trainer(experiment)
    moment = Moment(trainer)
    steps, looks = [], []
    for _ in range(200):
        begin = time.perf_counter()
        trainer.advance()
        middle = time.perf_counter()
        for question in (TraceGraph(), ReadParameters(), Predict(), Locate()):
            ask(question, moment)
        steps.append(middle - begin)
        looks.append(time.perf_counter() - middle)
    return Figure("G: a full snapshot, in steps", statistics.median(looks) / statistics.median(steps), "steps")


def _graph_figure(experiment: Experiment) -> Figure:
    """What the Graph pane asks for at 30 pictures a second, as a share of one processor's time."""
    from gradviz.core.questions.trace import TraceGraph
    from gradviz.engine.answers.answering import ask
    from gradviz.engine.answers.moment import Moment
    from gradviz.engine.training.trainer import Trainer

    trainer = Trainer(experiment)
    moment = Moment(trainer)
    looks = []
    for _ in range(200):
        trainer.advance()
        begin = time.thread_time()
        ask(TraceGraph(jacobians=False), moment)
        looks.append(time.thread_time() - begin)
    cost = statistics.median(looks)
    return Figure("G: 30 live graphs a second", 100 * 30 * cost, "%", "<= 5", f"{1000 * cost:.2f} ms each")
