"""A typed result as tensors with names, for a file, and back.

``weights/0/w``; ``buffers/0/1.running_mean`` of BatchNorm; ``optimizer/0/w/exp_avg``, whose name ends in ``:int``,
``:float``, or ``:places`` and ``:list``, where torch keeps no tensor; ``gradient/0/w`` where gradients add up;
``group/0/lr`` and ``schedule/0/last_epoch`` where there is a schedule, ``group/0/1/lr`` of the second parameter group,
and ``schedule/0/1/last_epoch`` of the second schedule inside it; ``scaling/0/scale`` of a loss in float16;
``random/cpu``; ``start/w`` of imported weights; ``history/losses`` and ``history/positions``.

Where rows are held out ``history/figures``; with early stopping ``watch/0/step``, ``watch/0/stop`` and ``watch/0/end``
(-1 is not yet), ``watch/0/loss``, ``watch/0/figures``, ``best/0/w`` and ``best_buffers/0/1.running_mean``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import plural
from gradviz.core.runs.figures import COUNT
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import (
    Array,
    Kept,
    KeptList,
    LaneResult,
    NumberOrTuple,
    RunResult,
    ScheduleNumbers,
    WatchResult,
)
from gradviz.storage.experiments.misfits import MisfitError

Tensors = dict[str, NDArray[Any]]
Numbers = dict[str, NumberOrTuple]
MOST_PLACES = 1000
"""The longest history that LBFGS may have."""
MOST_GROUPS = 1001
"""Parameter groups: no more than layers, and that of the optimiser."""
MOST_INNER = 8
"""Schedules inside one."""
NOT_YET = -1
_STEPS_OF_WATCH = ("step", "stop", "end")


def tensors_of(result: RunResult) -> Tensors:
    """All arrays and numbers of a result by their names in a file."""
    tensors: Tensors = {f"start/{name}": value for name, value in result.start.items()}
    for index, lane in enumerate(result.lanes):
        tensors.update(_lane_tensors(index, lane))
    if result.random is not None:
        tensors["random/cpu"] = result.random
    if result.history is not None:
        tensors["history/losses"] = result.history.losses
        if result.history.positions.shape[2]:
            tensors["history/positions"] = result.history.positions
        if result.history.figures is not None:
            tensors["history/figures"] = result.history.figures
    return tensors


def _lane_tensors(index: int, lane: LaneResult) -> Iterator[tuple[str, Array]]:
    for part, arrays in (("weights", lane.weights), ("buffers", lane.buffers), ("gradient", lane.gradients)):
        yield from ((f"{part}/{index}/{name}", value) for name, value in arrays.items())
    for name, state in lane.optimizer.items():
        for key, value in state.items():
            yield from _kept_tensors(f"optimizer/{index}/{name}/{key}", value)
    yield from ((f"group/{index}/{key}", np.array(value)) for key, value in lane.group.items())
    for number, group in enumerate(lane.more_groups, 1):
        yield from ((f"group/{index}/{number}/{key}", np.array(value)) for key, value in group.items())
    yield from ((f"scaling/{index}/{key}", np.array(value)) for key, value in lane.scaling.items())
    if lane.schedule is not None:
        yield from _schedule_tensors(f"schedule/{index}", lane.schedule)
    if lane.watch is not None:
        yield from _watch_tensors(index, lane.watch)


def _watch_tensors(index: int, watch: WatchResult) -> Iterator[tuple[str, Array]]:
    for name in _STEPS_OF_WATCH:
        step = getattr(watch, name)
        yield f"watch/{index}/{name}", np.array(NOT_YET if step is None else step, dtype=np.int64)
    yield f"watch/{index}/loss", np.array(watch.loss, dtype=np.float64)
    yield f"watch/{index}/figures", np.array(watch.figures, dtype=np.float64)
    yield from ((f"best/{index}/{name}", value) for name, value in watch.weights.items())
    yield from ((f"best_buffers/{index}/{name}", value) for name, value in watch.buffers.items())


def _kept_tensors(name: str, value: Kept) -> Iterator[tuple[str, Array]]:
    if isinstance(value, KeptList):
        yield f"{name}:places", np.array(value.places)
        if value.filled is not None:
            yield f"{name}:list", value.filled
    elif isinstance(value, int | float):
        yield f"{name}:{type(value).__name__}", np.array(value)
    else:
        yield name, value


def _schedule_tensors(prefix: str, schedule: ScheduleNumbers) -> Iterator[tuple[str, Array]]:
    yield from ((f"{prefix}/{key}", np.array(value)) for key, value in schedule.numbers.items())
    for index, inner in enumerate(schedule.inner):
        yield from _schedule_tensors(f"{prefix}/{index}", inner)


class ResultTensors:
    """The tensors of a file, taken out one part at a time; what is left over belongs to nothing."""

    def __init__(self, tensors: Tensors) -> None:
        self._rest = dict(tensors)
        self._parts: dict[str, Tensors] = {}
        for name, value in tensors.items():
            head, _, tail = name.partition("/")
            self._parts.setdefault(head, {})[tail] = value

    def start(self) -> Tensors:
        """Imported weights."""
        return self._taken("start", "")

    def random(self) -> Array | None:
        """The state of torch's generator."""
        return self._rest.pop("random/cpu", None)

    def history(self, optimizers: int) -> RecordBlock | None:
        """Losses (steps, optimisers) and positions (steps, optimisers, 2, 1 or 0); MisfitError where they are none."""
        losses, positions = self._rest.pop("history/losses", None), self._rest.pop("history/positions", None)
        if losses is None:
            if positions is not None:
                raise MisfitError("it has a history of positions but none of losses")
            return None
        if losses.dtype != np.float64 or losses.ndim != 2 or losses.shape[1] != optimizers:
            raise MisfitError(f"its history of losses is not a float64 table with {plural(optimizers, 'column')}")
        figures = self._rest.pop("history/figures", None)
        if figures is not None and (figures.dtype != np.float64 or figures.shape != (*losses.shape, COUNT)):
            raise MisfitError("its history of the rows held out does not fit that of the losses")
        if positions is None:
            return RecordBlock(0, losses, np.empty((*losses.shape, 0)), figures=figures)
        if positions.dtype != np.float64 or positions.shape not in ((*losses.shape, 2), (*losses.shape, 1)):
            raise MisfitError("its history of positions does not fit that of the losses")
        return RecordBlock(0, losses, positions, figures=figures)

    def lanes(self, optimizers: int) -> tuple[LaneResult, ...]:
        """Every optimiser; none where the file has weights of none."""
        if not any(head in self._parts for head in ("weights", "optimizer", "buffers", "gradient", "group")):
            return ()
        return tuple(self._lane(index) for index in range(optimizers))

    def _lane(self, index: int) -> LaneResult:
        states: dict[str, Tensors] = {}
        for name, value in self._taken("optimizer", f"{index}/").items():
            parameter, _, key = name.rpartition("/")
            states.setdefault(parameter, {})[key] = value
        schedule = self._taken("schedule", f"{index}/")
        first, more = _groups(self._taken("group", f"{index}/"))
        return LaneResult(
            weights=self._taken("weights", f"{index}/"),
            optimizer={name: dict(_state(name, state)) for name, state in states.items()},
            buffers=self._taken("buffers", f"{index}/"),
            gradients=self._taken("gradient", f"{index}/"),
            group=first,
            schedule=_schedule(schedule) if schedule else None,
            more_groups=more,
            scaling={key: _single(f"scaling/{key}", v) for key, v in self._taken("scaling", f"{index}/").items()},
            watch=self._watch(index),
        )

    def _watch(self, index: int) -> WatchResult | None:
        """Where early stopping stands; None where the file says nothing of it."""
        saved = self._taken("watch", f"{index}/")
        if not saved:
            return None
        if saved.keys() != {*_STEPS_OF_WATCH, "loss", "figures"}:
            raise MisfitError("its early stopping is not whole")
        figures = saved["figures"]
        if figures.dtype != np.float64 or figures.shape != (COUNT,):
            raise _no_number("watch/figures")
        steps = (_step(f"watch/{name}", saved[name]) for name in _STEPS_OF_WATCH)
        best, stop, end = steps
        return WatchResult(
            best,
            float(_single("watch/loss", saved["loss"])),
            stop,
            end,
            tuple(figures.tolist()),
            self._taken("best", f"{index}/"),
            self._taken("best_buffers", f"{index}/"),
        )

    def _taken(self, head: str, prefix: str) -> Tensors:
        part = self._parts.get(head, {})
        taken = {name.removeprefix(prefix): value for name, value in part.items() if name.startswith(prefix)}
        for name in taken:
            self._rest.pop(f"{head}/{prefix}{name}", None)
        return taken

    def check_empty(self) -> None:
        """MisfitError names a tensor that was not taken."""
        if self._rest:
            raise MisfitError(f"it has a tensor {min(self._rest)[:60]!r}, which no run of this experiment leaves")


def _state(parameter: str, saved: Tensors) -> Iterator[tuple[str, Kept]]:
    """What an optimiser keeps of one parameter."""
    for name, value in saved.items():
        key, _, kind = name.partition(":")
        where = f"optimizer/{parameter}/{key}"
        if not kind:
            yield key, value
        elif kind == "places":
            yield key, _list(where, value, saved.get(f"{key}:list"))
        elif kind in ("int", "float"):
            yield key, _single(where, value)
        elif kind != "list" or f"{key}:places" not in saved:
            raise _no_number(where)


def _step(where: str, value: Array) -> int | None:
    """A step, or None where it has not come yet."""
    number = _single(where, value)
    if not isinstance(number, int) or number < NOT_YET:
        raise _no_number(where)
    return None if number == NOT_YET else number


def _list(where: str, places: Array, filled: Array | None) -> KeptList:
    count = _single(where, places)
    length = 0 if filled is None else len(filled) if filled.ndim else -1
    if not isinstance(count, int) or not max(0, length) <= count <= MOST_PLACES or length < 0:
        raise MisfitError(f"the list {where[:60]!r} is longer or shorter than its places")
    return KeptList(count, filled)


def _groups(saved: Tensors) -> tuple[Numbers, tuple[Numbers, ...]]:
    """The numbers of the first parameter group, and those of the others, which stand below 1/, 2/, ..."""
    found: list[Numbers] = [{}]
    for name, value in saved.items():
        number, slash, key = name.rpartition("/")
        if slash and number not in map(str, range(1, MOST_GROUPS)):
            raise MisfitError(f"its group has a part {name[:60]!r}, which no group has")
        place = int(number) if slash else 0
        found += [{} for _ in range(place + 1 - len(found))]
        found[place][key] = _number(f"group/{name}", value)
    return found[0], tuple(found[1:])


def _schedule(saved: Tensors) -> ScheduleNumbers:
    """The numbers, and those of the schedules inside, which stand below 0/, 1/, ..."""
    own = {name: value for name, value in saved.items() if "/" not in name}
    inner: list[Tensors] = []
    for name, value in saved.items():
        index, slash, key = name.partition("/")
        if slash:
            if index not in map(str, range(MOST_INNER)):
                raise MisfitError(f"its schedule has a part {name[:60]!r}, which no schedule has")
            inner += [{} for _ in range(int(index) + 1 - len(inner))]
            inner[int(index)][key] = value
    numbers = {name: _number(f"schedule/{name}", value) for name, value in own.items()}
    return ScheduleNumbers(numbers, tuple(_schedule(part) for part in inner))


def _number(where: str, value: Array) -> NumberOrTuple:
    if value.ndim == 1 and len(value) <= MOST_PLACES:
        return tuple(_single(where, item) for item in value)
    return _single(where, value)


def _single(where: str, value: Any) -> int | float:
    if value.ndim or value.dtype.kind not in "if":
        raise _no_number(where)
    number: int | float = value.item()
    return number


def _no_number(where: str) -> MisfitError:
    return MisfitError(f"its number {where[:60]!r} is none")
