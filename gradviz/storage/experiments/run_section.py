"""What a run leaves in a file, as JSON beside its tensors."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field, ValidationError

from gradviz.core.declaration import Declaration, setting_error
from gradviz.core.document.experiment import Experiment, to_data
from gradviz.core.document.misfit import MOST_EDITS, misfit
from gradviz.core.optimizers.catalogue import AnyOptimizer
from gradviz.core.runs.result import LiveEdit, RunResult
from gradviz.core.runs.state import RunState
from gradviz.storage.experiments.misfits import MisfitError
from gradviz.storage.experiments.pieces import Pieces
from gradviz.storage.experiments.result_tensors import ResultTensors, Tensors

DAMAGED = "The file is damaged: use another copy of it."


class EditSection(Declaration):
    """A live edit: the optimisers from `step` on."""

    step: int = Field(ge=0, le=2**63 - 1)
    optimizers: tuple[AnyOptimizer, ...] = Field(min_length=1, max_length=16)


class RunSection(Declaration):
    """A run without its tensors."""

    state: RunState
    step: int = Field(ge=0, le=2**63 - 1)
    device: str = Field(max_length=80)
    versions: dict[Annotated[str, Field(max_length=80)], Annotated[str, Field(max_length=200)]] = Field(max_length=100)
    edits: tuple[EditSection, ...] = Field(max_length=MOST_EDITS)


def run_data(result: RunResult) -> dict[str, Any]:
    """The run as plain JSON data."""
    edits = [{"step": edit.step, "optimizers": [to_data(one) for one in edit.optimizers]} for edit in result.edits]
    return {
        "state": result.state.value,
        "step": result.step,
        "device": result.device,
        "versions": dict(result.versions),
        "edits": edits,
    }


def reading_result(
    data: Any, experiment: Experiment, tensors: Tensors, may_be_unknown: bool = False
) -> Pieces[RunResult]:
    """The run of `experiment` from plain JSON data and its tensors; MisfitError where they do not fit."""
    section = _validated(data)
    edits = yield from _edits(data["edits"])
    parts, optimizers = ResultTensors(tensors), len(experiment.optimizers)
    result = RunResult(
        section.state,
        section.step,
        section.device,
        section.versions,
        edits,
        lanes=parts.lanes(optimizers),
        random=parts.random(),
        start=parts.start(),
        history=parts.history(optimizers),
    )
    yield 0.97
    if not may_be_unknown:
        parts.check_empty()
    has_none = result.lanes and result.history is None
    clause = "its run has no history" if has_none else misfit(experiment, result)
    if clause:
        raise MisfitError(clause)
    return result


def _edits(data: list[Any]) -> Pieces[tuple[LiveEdit, ...]]:
    """The live edits, each checked by itself: all at once they would hold Python's lock for long."""
    edits = []
    for number, edit in enumerate(data):
        try:
            made = EditSection.model_validate_json(json.dumps(edit))
        except ValidationError as error:
            fault = setting_error(error, edit)
            where = ".".join(part for part in (f"edits.{number}", fault.path) if part)
            raise MisfitError(f"of its run, {where}: {fault.reason}") from None
        edits.append(LiveEdit(made.step, made.optimizers))
        if number % 50 == 49:
            yield 0.95
    return tuple(edits)


def without_unknown(model: type[Declaration], data: Any) -> Any:
    """A copy of `data` without the settings that `model` does not know; other faults stay."""
    data = json.loads(json.dumps(data))
    while _drop_unknown(model, data):
        pass
    return data


def _drop_unknown(model: type[Declaration], data: Any) -> bool:
    """Remove in place what the validation calls unknown; whether anything was."""
    try:
        model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        unknown = [fault["loc"] for fault in error.errors(include_url=False) if fault["type"] == "extra_forbidden"]
        # all of them at once: a stranger's file may have thousands
        removed = [_remove(data, loc) for loc in unknown]
        return any(removed)
    return False


def _remove(data: Any, loc: tuple[int | str, ...]) -> bool:
    """Walk a location of pydantic, which has the tags of unions among the keys, and remove what it ends in."""
    *path, name = loc
    tag_seen = False
    for part in path:
        if isinstance(data, dict) and data.get("kind") == part and not tag_seen:
            tag_seen = True
            continue
        is_key = isinstance(data, dict) and part in data
        is_index = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if is_key or is_index:
            data, tag_seen = data[part], False
    return isinstance(data, dict) and data.pop(name, data) is not data


def _validated(data: Any) -> RunSection:
    """`data` without its edits as strict JSON, in which a list may be a tuple and text one of an enum's values."""
    edits = data.get("edits") if isinstance(data, dict) else None
    if isinstance(edits, list) and len(edits) > MOST_EDITS:  # told before each of them is read
        raise MisfitError(f"its run has {len(edits):,} live edits; at most {MOST_EDITS:,} are read")
    shown = data | {"edits": []} if isinstance(edits, list) else data
    try:
        return RunSection.model_validate_json(json.dumps(shown))
    except ValidationError as error:
        raise MisfitError(f"of its run, {setting_error(error, data)}") from None
