"""Result files of several experiments, mutated where it hurts: types, shapes, names, steps, states, edits."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from gradviz.core.data.batches import MiniBatch
from gradviz.core.data.class_datasets import TwoMoons
from gradviz.core.data.curve_datasets import Parabola, Regression
from gradviz.core.data.validation import StratifiedValidation
from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.layers.catalogue import LAYERS, LinearLayer
from gradviz.core.objectives.catalogue import FitObjective, FormulaObjective, NamedTensor, TestFunctionObjective
from gradviz.core.objectives.losses import CrossEntropy
from gradviz.core.objectives.stopping import EarlyStopping
from gradviz.core.optimizers.catalogue import LBFGS, OPTIMIZERS, SGD, Adam, Muon
from gradviz.core.optimizers.mistakes import BackwardTwice, Cycle, Detach, NoZeroGrad
from gradviz.core.optimizers.schedule_catalogue import SCHEDULES, Cyclic, Exponential, OneCycle, ReduceOnPlateau
from gradviz.core.runs.history import History
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.engine.runs.mailbox import block_of
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.experiments.experiment_file import save

STEPS = 8
BY_KIND = {layer().kind: layer for layer in LAYERS}
DTYPES = ("float32", "float64", "int64", "int32", "uint8", "bool")
NUMBERS = (
    0, 1, 2, 3, 7, 8, 9, 10, 24, 255, -1, -5, 2**31, 2**63 - 1, 10**9, 10**40,
    0.0, 0.5, 1.0, 2.0, -1.0, 1e-300, 1e30, 1e300, float("nan"), float("inf"), float("-inf"),
)  # fmt: skip
OTHERS = (None, True, "", "x", "floor(9)**floor(9)**floor(9)", "10**step", "1/(step-25)", [], {}, [[]], {"kind": "sgd"})


def experiments() -> Iterator[Experiment]:
    """One of every kind of state that a run can leave."""
    line = FitObjective(
        data=Regression(points=12, inputs=3, targets=1), model=(LinearLayer(),), batch=MiniBatch(size=4)
    )
    norm, drop = BY_KIND["batch_norm1d"], BY_KIND["dropout"]
    moons = FitObjective(
        data=TwoMoons(points=20),
        model=(LinearLayer(features=4), norm(), drop(), LinearLayer(features=2)),
        loss=CrossEntropy(),
        batch=MiniBatch(size=7),
    )
    tensors = (NamedTensor(name="w", value=((1.0, 2.0), (0.5, -1.0))), NamedTensor(name="b", value=(0.1, 0.2)))
    formula = FormulaObjective(tensors=tensors, text="y = w @ b\nloss = sum(y*y) + sum(w*w)")
    hills = TestFunctionObjective(x=1.0, y=1.0)
    for optimizer in OPTIMIZERS:
        objective = line.model_copy(update={"model": (LinearLayer(bias=False),)}) if optimizer is Muon else line
        yield Experiment(objective=objective, optimizers=(optimizer(),))
    yield Experiment(objective=hills, optimizers=(SGD(lr=1e-3, momentum=0.9), Adam(lr=0.1), LBFGS(lr=0.1, max_iter=4)))
    yield Experiment(objective=formula, optimizers=(LBFGS(history_size=3, max_iter=4, line_search_fn="strong_wolfe"),))
    yield Experiment(objective=moons, optimizers=(Adam(amsgrad=True), SGD(momentum=0.5, nesterov=True)))
    yield Experiment(objective=FitObjective(data=Parabola()), optimizers=(SGD(lr=1e-3),), dtype="float64")
    for schedule in SCHEDULES:
        yield Experiment(objective=formula, optimizers=(SGD(lr=1e-2, schedule=schedule()),), dtype="float64", steps=60)
    moving = Cyclic(cycle_momentum=True, step_size_up=5)
    yield Experiment(objective=hills, optimizers=(Adam(schedule=moving), SGD(momentum=0.5, schedule=moving)))
    yield Experiment(objective=hills, optimizers=(Adam(schedule=OneCycle(cycle_momentum=True)), SGD(lr=1e-3)), steps=60)
    yield Experiment(objective=moons, optimizers=(LBFGS(max_iter=4, schedule=ReduceOnPlateau(patience=2)),))
    watched = {
        **dict(moons),
        "data": TwoMoons(points=20, validation=StratifiedValidation(share=0.3)),
        "stopping": EarlyStopping(patience=2),
    }
    yield Experiment(objective=FitObjective.model_validate(watched), optimizers=(Adam(lr=0.3), SGD(lr=0.1)))
    mistakes = (NoZeroGrad(), Cycle(), BackwardTwice(), Detach(name="x"))
    yield Experiment(
        objective=hills, optimizers=tuple(SGD(lr=1e-4, schedule=Exponential(), mistake=one) for one in mistakes)
    )


def saved_run(experiment: Experiment, live: bool, start: RunResult | None = None) -> RunResult:
    """What the window saves of a run of some steps, with a live edit on the way."""
    trainer = Trainer(experiment, start)
    history = History(len(experiment.optimizers))
    records = [trainer.record]
    for _ in range(STEPS):
        if live and trainer.step == STEPS // 2:
            trainer.apply(with_value(experiment, "optimizers.0.lr", experiment.optimizers[0].keywords["lr"] / 2))
        if not trainer.diverged and not trainer.is_over:
            records.append(trainer.advance())
    history.extend(block_of(records, len(experiment.optimizers)))
    return replace(trainer.result(RunState.PAUSED), history=history.block(trainer.step))


@dataclass
class Parts:
    """A file taken apart."""

    document: Any
    tensors: dict[str, NDArray[Any]]

    @staticmethod
    def read(path: Path) -> Parts:
        with safetensors.safe_open(path, framework="np") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - it is no mapping
            return Parts(json.loads(opened.metadata()["gradviz"]), tensors)

    def write(self, path: Path) -> None:
        tensors = {name: np.asarray(value, order="C") for name, value in self.tensors.items()}
        path.write_bytes(safetensors.numpy.save(tensors, {"gradviz": json.dumps(self.document)}))

    def copy(self) -> Parts:
        return Parts(copy.deepcopy(self.document), dict(self.tensors))


def good_files(folder: Path) -> list[Parts]:
    """A file of every experiment; every third with a live edit, every fourth from imported weights."""
    found = []
    for index, experiment in enumerate(experiments()):
        is_live = index % 3 == 0 and experiment.optimizers[0].live.count("lr") == 1
        start = None
        if index % 4 == 0:
            start = RunResult.beginning_with(saved_run(experiment, False).lanes[0].weights)
        path = folder / f"{index}.gradviz"
        result = saved_run(experiment, is_live, start)
        save(path, experiment, result)
        found.append(Parts.read(path))
    return found


class Mutator:
    """Changes files by a seeded generator."""

    def __init__(self, files: list[Parts], seed: int) -> None:
        self._files = files
        self._seed = seed
        self._random = random.Random(seed)
        self._mutations: list[Callable[[Parts], None]] = [
            *[self._tensor_value] * 3, self._tensor_dtype, self._tensor_shape, self._tensor_renamed,
            self._tensor_gone, self._tensor_swapped, self._tensor_of_another_file, self._lanes_swapped,
            *[self._run_leaf] * 2, self._run_step, self._edits, self._edits, self._history, self._experiment_leaf,
            self._experiment_leaf, self._lesson_leaf, self._optimizer_of_another_file, self._scale_of_numbers,
        ]  # fmt: skip

    def mutated(self, index: int) -> Parts:
        """File number `index`, with one to three changes: the same whichever were made before it."""
        self._random.seed(self._seed << 32 | index)
        parts = self._random.choice(self._files).copy()
        for _ in range(self._random.choice((1, 1, 2, 3))):
            self._random.choice(self._mutations)(parts)
        return parts

    def _name(self, parts: Parts) -> str:
        """The name of a tensor; every kind of part as often as any other."""
        if not parts.tensors:
            return ""
        head = self._random.choice(sorted({name.partition("/")[0] for name in parts.tensors}))
        return self._random.choice(sorted(name for name in parts.tensors if name.startswith(head)))

    def _number(self) -> Any:
        return self._random.choice(NUMBERS)

    def _tensor_value(self, parts: Parts) -> None:
        name = self._name(parts)
        if not name:
            return
        value = np.array(parts.tensors[name])
        with np.errstate(all="ignore"):
            number = np.float64(min(float(self._number()), 1e308)).astype(value.dtype)
        if not value.ndim or self._random.random() < 0.3:
            value[...] = number
        elif value.size:
            value.reshape(-1)[self._random.randrange(value.size)] = number
        parts.tensors[name] = value

    def _scale_of_numbers(self, parts: Parts) -> None:
        """Small integers and steps, one off."""
        name = self._name(parts)
        if name and parts.tensors[name].size and parts.tensors[name].dtype != bool:
            with np.errstate(all="ignore"):
                shifted = parts.tensors[name] + np.array(self._random.choice((-1, 1, -30, 30)))
                parts.tensors[name] = shifted.astype(parts.tensors[name].dtype)

    def _tensor_dtype(self, parts: Parts) -> None:
        name = self._name(parts)
        if name:
            with np.errstate(all="ignore"):
                parts.tensors[name] = parts.tensors[name].astype(self._random.choice(DTYPES))

    def _tensor_shape(self, parts: Parts) -> None:
        name = self._name(parts)
        if not name:
            return
        value = parts.tensors[name]
        choices: list[Callable[[], NDArray[Any]]] = [
            lambda: value[None], lambda: value.reshape(-1), lambda: value.T, lambda: value.reshape(-1)[:1],
            lambda: value.reshape(-1)[:0], lambda: np.concatenate([np.atleast_1d(value)] * 2),
            lambda: np.atleast_1d(value)[:-1], lambda: np.zeros((), value.dtype), lambda: np.zeros(3, value.dtype),
            lambda: np.zeros((0, 5), value.dtype), lambda: np.repeat(np.atleast_1d(value), 300, axis=0),
        ]  # fmt: skip
        parts.tensors[name] = self._random.choice(choices)()

    def _tensor_renamed(self, parts: Parts) -> None:
        name = self._name(parts)
        if not name:
            return
        pieces = name.split("/")
        other = self._name(parts).split("/")
        place = self._random.randrange(len(pieces))
        pieces[place] = self._random.choice(
            [other[min(place, len(other) - 1)], pieces[place] + ":int", pieces[place] + ":list", "0", "7", "", "lr",
             pieces[place].partition(":")[0], pieces[place].partition(":")[0] + ":places", "momentum_buffer", "step"]
        )  # fmt: skip
        value = parts.tensors[name]
        if self._random.random() < 0.7:
            del parts.tensors[name]
        parts.tensors["/".join(pieces)] = value

    def _tensor_gone(self, parts: Parts) -> None:
        parts.tensors.pop(self._name(parts), None)

    def _tensor_swapped(self, parts: Parts) -> None:
        one, other = self._name(parts), self._name(parts)
        if one and other:
            parts.tensors[one], parts.tensors[other] = parts.tensors[other], parts.tensors[one]

    def _tensor_of_another_file(self, parts: Parts) -> None:
        other = self._random.choice(self._files)
        name = self._name(other)
        mine = self._name(parts) if self._random.random() < 0.5 else name
        if mine:
            parts.tensors[mine] = other.tensors[name]

    def _optimizer_of_another_file(self, parts: Parts) -> None:
        """All that another file holds of an optimiser, under the names of this one's parameters."""
        other = self._random.choice(self._files)
        for name in [name for name in parts.tensors if name.startswith("optimizer/0/")]:
            del parts.tensors[name]
        names = [name.split("/")[2] for name in parts.tensors if name.startswith("weights/0/")]
        for name, value in other.tensors.items():
            pieces = name.split("/")
            if pieces[0] == "optimizer" and pieces[1] == "0" and names:
                shape = parts.tensors[f"weights/0/{names[0]}"].shape
                is_like = value.ndim and self._random.random() < 0.7
                parts.tensors["/".join((*pieces[:2], names[0], pieces[3]))] = (
                    np.ones(shape, value.dtype) if is_like else value
                )

    def _lanes_swapped(self, parts: Parts) -> None:
        swapped = {"0": "1", "1": "0"}
        head = self._random.choice(("weights", "optimizer", "group", "schedule", "gradient", "buffers"))
        made = {}
        for name, value in parts.tensors.items():
            pieces = name.split("/")
            if pieces[0] == head and len(pieces) > 1:
                pieces[1] = swapped.get(pieces[1], pieces[1])
            made["/".join(pieces)] = value
        parts.tensors = made

    def _leaf(self, data: Any) -> tuple[Any, Any] | None:
        """A place somewhere inside of plain data: its container and its key."""
        place = None
        while isinstance(data, dict | list) and data:
            key = self._random.choice(sorted(data)) if isinstance(data, dict) else self._random.randrange(len(data))
            place = (data, key)
            if self._random.random() < 0.1:
                break
            data = data[key]
        return place

    def _changed_leaf(self, data: Any) -> None:
        place = self._leaf(data)
        if place is None:
            return
        container, key = place
        if self._random.random() < 0.1 and isinstance(container, dict):
            del container[key]
        elif isinstance(container[key], list) and self._random.random() < 0.5:
            container[key] = container[key] * 2 if self._random.random() < 0.5 else container[key][::-1]
        else:
            container[key] = (
                self._number() if self._random.random() < 0.75 else copy.deepcopy(self._random.choice(OTHERS))
            )

    def _run_leaf(self, parts: Parts) -> None:
        self._changed_leaf(parts.document["run"])

    def _experiment_leaf(self, parts: Parts) -> None:
        self._changed_leaf(parts.document["experiment"])

    def _lesson_leaf(self, parts: Parts) -> None:
        """Of an older file, in which texts stand among the settings, nothing."""
        self._changed_leaf(parts.document.get("lesson", {}))

    def _run_step(self, parts: Parts) -> None:
        parts.document["run"]["step"] = self._random.choice((0, 1, 7, 9, 10**6, 2**63 - 1))

    def _edits(self, parts: Parts) -> None:
        run = parts.document["run"]
        edits = run.get("edits")
        if not isinstance(edits, list):
            return
        other = self._random.choice(self._files).document
        optimizers = copy.deepcopy(self._random.choice((other, parts.document))["experiment"].get("optimizers"))
        edit = {"step": self._random.choice((0, 2, 4, 8, 30)), "optimizers": optimizers}
        choice = self._random.randrange(5)
        if choice == 0:
            edits.append(edit)
        elif choice == 1:
            edits.insert(0, edit)
        elif choice == 2:
            run["edits"] = edits[1:]
        elif choice == 3:
            run["edits"] = sorted([*edits, edit], key=_step_of)
        elif edits:
            self._changed_leaf(edits)

    def _history(self, parts: Parts) -> None:
        for name in ("history/losses", "history/positions"):
            if name in parts.tensors and self._random.random() < 0.8:
                value = np.atleast_1d(parts.tensors[name])
                choice = self._random.randrange(4)
                parts.tensors[name] = [value[:-1], np.concatenate([value, value[-1:]]), value[:0], value * np.nan][
                    choice
                ]


def _step_of(edit: Any) -> float:
    step = edit.get("step") if isinstance(edit, dict) else None
    return step if isinstance(step, int | float) else 0
