"""Scripts stepped through by tests, and compared with a fresh process."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from gradviz.core.stepping.recording import Recording
from gradviz.core.stepping.variable_state import Numbers, Summary
from gradviz.engine.stepping.stepper import Request, Stepper

SCRIPTS = Path(__file__).parents[2] / "assets" / "scripts"
ORACLE = Path(__file__).with_name("stepping_oracle.py")


def stepped(path: Path, seconds: float = 120.0, events: int = 1_000_000, **more: Any) -> Recording:
    """A script run to its end."""
    script = str(path.resolve())
    request = Request(script, path.read_text("utf-8"), str(path.parent), seconds=seconds, most_events=events, **more)
    stepper = Stepper(request)
    for _ in stepper.run():
        pass
    return stepper.recording()


def written(folder: Path, source: str, name: str = "script.py") -> Path:
    """A script in a file."""
    path = folder / name
    path.write_text(source, encoding="utf-8")
    return path


def sampled(recording: Recording, count: int) -> dict[int, int]:
    """Events to look at, by the number of the line before which the oracle is asked."""
    first: dict[int, int] = {}
    for index, event in enumerate(recording.events()):
        first.setdefault(event.ordinal, index)
    ordinals = [ordinal for ordinal in first if ordinal < recording.lines_run]
    chosen = ordinals if count >= len(ordinals) else random.Random(0).sample(ordinals, count)
    return {ordinal: first[ordinal] for ordinal in sorted(chosen)}


def oracle(path: Path, ordinals: list[int]) -> dict[str, Any]:
    """What PyTorch says in a fresh process before each of these lines."""
    command = [sys.executable, str(ORACLE), str(path.resolve()), ",".join(map(str, ordinals))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=True, cwd=path.parent)
    return dict(json.loads(done.stdout))


def exactly(numbers: Numbers) -> Any:
    """As the oracle tells numbers."""
    if isinstance(numbers, Summary):
        return numbers.digest
    return None if numbers is None else [float(one.real).hex() for one in numbers]


def differences(recording: Recording, path: Path, count: int) -> tuple[list[str], int]:
    """Where the stepper and the fresh process disagree, and how many variables were compared."""
    chosen = sampled(recording, count)
    answers = oracle(path, list(chosen))
    found, compared = [], 0
    for ordinal, index in chosen.items():
        state = recording.state(index)
        ops = answers[str(ordinal)]["ops"]
        if ops is not None and sorted(node.op for node in state.nodes.values()) != ops:
            ours = sorted(node.op for node in state.nodes.values())
            found.append(f"before line {ordinal} ({state.event.line}), the graph: {ours} is not {ops}")
        for scope, names in ((0, answers[str(ordinal)]["module"]), (state.event.frame, answers[str(ordinal)]["frame"])):
            for name, facts in names.items():
                compared += 1
                told = state.variables.get((scope, name))
                ours = None if told is None else _facts(told)
                if facts is not None and ours != facts:
                    found.append(f"before line {ordinal} ({state.event.line}), {name}: {ours} is not {facts}")
    return found, compared


def _facts(told: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "shape": list(told.shape), "dtype": told.dtype, "numbers": exactly(told.numbers),
    }  # fmt: skip
    if told.kind == "array":
        return {**facts, "array": True}
    return {
        **facts,
        "requires_grad": told.requires_grad,
        "is_leaf": told.is_leaf,
        "grad_fn": told.grad_fn,
        "grad": exactly(told.grad) if told.has_grad else None,
        "version": told.version,
    }
