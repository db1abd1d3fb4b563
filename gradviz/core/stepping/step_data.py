"""A recording as plain data: what ``gradviz step --json`` prints."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from gradviz.core.stepping.events import Event, GraphNode, event_of, graph_node
from gradviz.core.stepping.recording import Recording, ScriptError
from gradviz.core.stepping.running_state import RunningState
from gradviz.core.stepping.variable_state import Entry, Numbers, Summary, VariableState


def step_data(recording: Recording) -> dict[str, Any]:
    """The whole recording; numbers that are not finite are ``"nan"``, ``"inf"`` and ``"-inf"``."""
    return {
        "events": list(event_data(recording)),
        "lines_run": recording.lines_run,
        "recorded": len(recording),
        "thinned": [{"line": line, "every": stride} for line, stride in sorted(recording.strides.items())],
        "error": None if recording.error is None else error_data(recording.error),
        "warnings": [
            {"kind": one.kind, "line": one.line, "event": one.event, "sentence": str(one.sentence)}
            for one in recording.warnings
        ],
        "ending": str(recording.ending) or None,
        "figures": len(recording.figures),
    }


def error_data(error: ScriptError) -> dict[str, Any]:
    """What ended the script; without an explanation where nothing is known beyond its own words."""
    explanation = str(error.explanation) or None
    return {"type": error.type, "message": error.message, "line": error.line, "explanation": explanation}


def event_data(recording: Recording) -> Iterator[dict[str, Any]]:
    """Event after event; names of another frame than the line's own are told once, by the line that changed them."""
    running = RunningState()
    for chunk in recording.chunks:
        for told in chunk.unpacked():
            operations = {number: graph_node(row) for number, row in running.nodes.items()} if len(told) > 5 else {}
            running.apply(told)
            yield _event(recording, event_of(told), running, operations)


def _event(recording: Recording, event: Event, running: RunningState, before: dict[int, GraphNode]) -> dict[str, Any]:
    storages = _storages(running) if event.changed else {}
    frame = recording.frames.get(event.frame)
    return {
        "line": event.line,
        "function": "" if frame is None else frame.function,
        "changed": {
            name: variable_data(one, _sharing(name, one, storages)) for (_, name), one in event.changed.items()
        },
        "removed": [name for _, name in event.removed],
        "graph": {
            "added": [
                {"id": one.number, "op": one.op, "line": one.line, "inputs": list(one.inputs)} for one in event.added
            ],
            "freed": [*_freed(event.spent, "backward", before, event), *_freed(event.gone, "names", before, event)],
        },
        "output": event.output,
    }


def _freed(numbers: tuple[int, ...], by: str, before: dict[int, GraphNode], event: Event) -> list[dict[str, Any]]:
    known = {**before, **{one.number: one for one in event.added}}
    return [{"id": number, "op": known[number].op, "by": by} for number in numbers if number in known]


def _storages(running: RunningState) -> dict[int, list[str]]:
    """The names of variables by where their memory begins."""
    found: dict[int, list[str]] = {}
    for names in running.scopes.values():
        for name, told in names.items():
            storage = told[9] if told[0] == "t" else told[4] if told[0] == "n" else 0
            if storage:
                found.setdefault(storage, []).append(name)
    return found


def _sharing(name: str, variable: VariableState, storages: dict[int, list[str]]) -> list[str]:
    return [other for other in storages.get(variable.storage, []) if other != name]


def variable_data(variable: VariableState, shares: list[str]) -> dict[str, Any]:
    """What is known of a variable; ``null`` is what there is not."""
    is_tensor = variable.kind == "tensor"
    has_shape = variable.kind in ("tensor", "array")
    return {
        "shape": list(variable.shape) if has_shape else None,
        "dtype": variable.dtype if has_shape else variable.type,
        "value": number_data(variable.numbers, variable.shape) if has_shape else _own_value(variable),
        "requires_grad": variable.requires_grad if is_tensor else None,
        "is_leaf": variable.is_leaf if is_tensor else None,
        "grad_fn": variable.grad_fn,
        "grad": number_data(variable.grad, variable.shape) if variable.has_grad else None,
        "version": variable.version if is_tensor else None,
        "shares": shares,
    }


def _own_value(variable: VariableState) -> Any:
    return variable.text if variable.kind == "object" else _plain(variable.value)


def number_data(numbers: Numbers, shape: tuple[int, ...]) -> Any:
    """A number, a nested list, or a summary of a tensor of more than 100 entries."""
    if numbers is None:
        return None
    if isinstance(numbers, Summary):
        return {
            "digest": numbers.digest, "not_finite": numbers.not_finite, "min": numbers.low, "max": numbers.high,
            "mean": numbers.mean, "norm": numbers.norm, "histogram": list(numbers.histogram),
        }  # fmt: skip
    return _nested(numbers, shape)


def _nested(entries: tuple[Entry, ...], shape: tuple[int, ...]) -> Any:
    if not shape:
        return _plain(entries[0]) if entries else None
    rows = math.prod(shape[1:])
    return [_nested(entries[row * rows : (row + 1) * rows], shape[1:]) for row in range(shape[0])]


def _plain(value: Any) -> Any:
    """What JSON has no numbers for as text."""
    if isinstance(value, complex):
        return [_plain(value.real), _plain(value.imag)]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
