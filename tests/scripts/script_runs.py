"""Scripts of experiments run in processes of their own, and gradviz's trainer as what they are compared with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gradviz.core.document.experiment import Experiment
from gradviz.engine.objectives.initial_values import start_of
from gradviz.engine.training.trainer import Trainer
from gradviz.scripts.pages.script import script

HERE = Path(__file__).parent
TENSORFLOW = HERE.parents[1] / ".venv-tensorflow" / "bin" / "python"


@dataclass
class Ended:
    """Where a run ended: of a script, or of gradviz's own trainer."""

    loss: float
    parameters: dict[str, Any]
    gradients: dict[str, Any]
    seconds: float = 0.0
    printed: list[str] = field(default_factory=list)


class ForkServer:
    """One process that has imported a library and forks for every script."""

    def __init__(self, library: str, folder: Path) -> None:
        python = str(TENSORFLOW) if library == "tensorflow" else sys.executable
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_NUM_INTRAOP_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", ""),
            "PYTHONPATH": "",
        }
        self._folder = folder
        self._count = 0
        self._errors = (folder / "server.err").open("wb")
        self._process = subprocess.Popen(
            [python, str(HERE / "fork_server.py"), library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            cwd=folder,
            text=True,
        )

    def begin(self, text: str, seconds: float = 120) -> tuple[Path, str]:
        """Hand a script over; it runs after those before it. `end` gives what it came to, in the same order."""
        self._count += 1
        path = self._folder / f"script{self._count}.py"
        path.write_text(text, encoding="utf-8")
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"path": str(path), "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        return path, text

    def end(self, begun: tuple[Path, str]) -> Ended:
        """The end of the oldest script that was begun; an AssertionError has what it said where it failed."""
        path, text = begun
        assert self._process.stdout is not None
        answer = json.loads(self._process.stdout.readline() or '{"status": -1, "seconds": 0}')
        printed = Path(f"{path}.out").read_text() if answer["status"] == 0 else ""
        said = Path(f"{path}.err").read_text()[-1500:] if Path(f"{path}.err").exists() else "the server is gone"
        assert answer["status"] == 0, f"exit {answer['status']}: {said}\n{text}"
        lines = printed.splitlines()
        result = json.loads(lines[-1])
        return Ended(result["loss"], result["parameters"], result["gradients"], answer["seconds"], lines)

    def run(self, text: str, seconds: float = 120) -> Ended:
        """Run a script to its end."""
        return self.end(self.begin(text, seconds))

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()


def written(experiment: Experiment, dialect: Any) -> str:
    """The script of an experiment with what its tensors start as."""
    return script(experiment, dialect, start_of(experiment))


def trained(experiment: Experiment, lane: int = 0) -> Ended:
    """Where gradviz itself ends."""
    trainer = Trainer(experiment)
    for _ in trainer.steps():
        pass
    torch.set_num_threads(1)
    return ended(trainer, lane)


def ended(trainer: Trainer, lane: int = 0) -> Ended:
    """Where a trainer stands."""
    parameters = trainer.lanes[lane].objective.parameters
    gradients = {name: p.grad.tolist() for name, p in parameters.items() if p.grad is not None}
    values = {name: p.detach().tolist() for name, p in parameters.items()}
    return Ended(trainer.lanes[lane].loss, values, gradients)


def deviation(found: Any, wanted: Any) -> float:
    """The largest difference over the largest number of a tensor; 0 where both are the same, NaN and infinity too."""
    a, b = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    assert a.shape == b.shape, f"{a.shape} instead of {b.shape}"
    if np.array_equal(a, b, equal_nan=True):
        return 0.0
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30))


def parameter_deviation(found: Ended, wanted: Ended) -> float:
    """The largest deviation of a parameter."""
    assert found.parameters.keys() == wanted.parameters.keys()
    return max(deviation(found.parameters[name], wanted.parameters[name]) for name in wanted.parameters)
