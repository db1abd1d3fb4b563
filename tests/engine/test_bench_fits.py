"""The bench on every layer, loss and batch of the catalogues, in the middle of a training."""

from __future__ import annotations

from typing import Any

import pytest
from fits import fit_with, name_of

from gradviz.core.data.batches import BATCHES
from gradviz.core.document.experiment import Experiment
from gradviz.core.layers.catalogue import LAYERS
from gradviz.core.objectives.losses import LOSSES
from gradviz.core.questions.bench import BenchMethod, Verdict
from gradviz.core.questions.bench_text import report_text
from gradviz.engine.bench.bench import bench
from gradviz.engine.training.trainer import Trainer

STEP = 3


@pytest.mark.parametrize("entry", [*LAYERS, *LOSSES, *BATCHES], ids=name_of)
def test_every_entry_has_one_gradient(entry: type[Any]) -> None:
    trainer = Trainer(Experiment(objective=fit_with(entry), steps=STEP, seed=5))
    trainer.seek(STEP)
    report = bench(trainer.experiment, source=trainer.lanes[0].objective, step=STEP)
    assert report.agrees, report_text(report)
    assert report.loss == pytest.approx(trainer.lanes[0].loss, rel=1e-4)
    difference = [row for row in report.rows if row.method is BenchMethod.DIFFERENCE]
    assert {row.verdict for row in difference} <= {Verdict.AGREES, Verdict.KINK, Verdict.UNSURE}, report_text(report)
    for row in report.rows:
        if row.verdict is Verdict.MISSING:
            assert row.method is BenchMethod.FORWARD
            assert len(row.sentence) > 10, "PyTorch's own words"
