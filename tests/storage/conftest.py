"""A saved run, and header bytes made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradviz.core.document.experiment import Experiment
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import KeptList, LaneResult, LiveEdit, RunResult, ScheduleNumbers
from gradviz.core.runs.state import RunState


@pytest.fixture
def experiment() -> Experiment:
    return Experiment(hand_gradient="# 中文 é😀", optimizers=(SGD(lr=0.5), Adam()), seed=7)


@pytest.fixture
def result(experiment: Experiment) -> RunResult:
    later = experiment.with_optimizers((SGD(lr=0.25), Adam()))
    random = np.random.default_rng(3)
    filled = random.normal(size=(2, 6))
    lanes = (
        LaneResult({"x": np.array(1.5, dtype=np.float32)}, gradients={"x": np.array(2.5, dtype=np.float32)}),
        LaneResult(
            {"w": random.normal(size=(3, 2)).T},
            {"w": {"step": np.array(2.0, dtype=np.float32), "n_iter": 3, "t": 0.5, "old": KeptList(4, filled)}},
            buffers={"1.running_mean": random.normal(size=3)},
            group={"lr": 0.25, "betas": (0.5, 0.75)},
            schedule=ScheduleNumbers({"last_epoch": 2}, (ScheduleNumbers({"base_lrs": (0.25,)}),)),
        ),
    )
    return RunResult(
        RunState.PAUSED,
        2,
        "cuda:0",
        {"torch": "2.9"},
        (LiveEdit(0, experiment.optimizers), LiveEdit(1, later.optimizers)),
        lanes,
        np.arange(16, dtype=np.uint8),
        {"x": np.array(0.5, dtype=np.float32)},
        RecordBlock(0, random.normal(size=(3, 2)), random.normal(size=(3, 2, 2))),
    )


@pytest.fixture
def safetensors_file(tmp_path: Path) -> Callable[..., Path]:
    """A file with any header, as text or as data, before `data_bytes` zero bytes."""

    def write(header: Any, data_bytes: int = 0) -> Path:
        raw = header.encode() if isinstance(header, str) else json.dumps(header).encode()
        path = tmp_path / "made.gradviz"
        path.write_bytes(len(raw).to_bytes(8, "little") + raw + bytes(data_bytes))
        return path

    return write


@pytest.fixture
def json_file(tmp_path: Path) -> Callable[[str], Path]:
    """A plain experiment file with the given JSON text as its experiment."""

    def write(experiment: str) -> Path:
        path = tmp_path / "made.json"
        path.write_text('{"format": 3, "experiment": ' + experiment + "}", encoding="utf-8")
        return path

    return write
