"""A saved run, and header bytes made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradviz.core.document.experiment import Experiment, to_data
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.runs.result import LiveEdit, RunResult
from gradviz.core.runs.state import RunState


@pytest.fixture
def experiment() -> Experiment:
    return Experiment(title="中文 é😀", case="E1", optimizers=(SGD(lr=0.5), Adam()), seed=7)


@pytest.fixture
def result(experiment: Experiment) -> RunResult:
    later = experiment.with_optimizers((SGD(lr=0.25), Adam()))
    random = np.random.default_rng(3)
    tensors = {
        "weights/0/x": np.array(1.5, dtype=np.float32),
        "weights/1/w": random.normal(size=(3, 2)).T,
        "optimizer/1/x/step": np.array(2.0, dtype=np.float32),
        "random/cpu": np.arange(16, dtype=np.uint8),
        "history/losses": random.normal(size=(2, 2)),
        "history/positions": random.normal(size=(2, 2, 2)),
    }
    edits = (LiveEdit(1, tuple(to_data(later)["optimizers"])),)
    return RunResult(RunState.PAUSED, 2, "cuda:0", {"torch": "2.9"}, edits, tensors)


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
        path.write_text('{"format": 2, "experiment": ' + experiment + "}", encoding="utf-8")
        return path

    return write
