"""What a run leaves in a file, as JSON beside its tensors."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from gradviz.core.declaration import Declaration, SettingError, setting_error
from gradviz.core.document.experiment import Experiment, from_data, to_data
from gradviz.core.runs.result import LiveEdit, RunResult
from gradviz.core.runs.state import RunState
from gradviz.storage.problems import FileError

Model = TypeVar("Model", bound=Declaration)
DAMAGED = "The file is damaged: use another copy of it."


class EditSection(Declaration):
    """A live edit: the optimisers from `step` on."""

    step: int = Field(ge=0, le=2**63 - 1)
    optimizers: tuple[dict[str, Any], ...] = Field(min_length=1, max_length=16)


class RunSection(Declaration):
    """A run without its tensors."""

    state: RunState
    step: int = Field(ge=0, le=2**63 - 1)
    device: str = Field(max_length=80)
    versions: dict[str, str]
    edits: tuple[EditSection, ...]


def run_data(result: RunResult) -> dict[str, Any]:
    """The run as plain JSON data."""
    edits = [{"step": edit.step, "optimizers": list(edit.optimizers)} for edit in result.edits]
    return {
        "state": result.state.value,
        "step": result.step,
        "device": result.device,
        "versions": result.versions,
        "edits": edits,
    }


def result_from(data: Any, experiment: Experiment, tensors: dict[str, NDArray[Any]]) -> RunResult:
    """The run of `experiment` from plain JSON data and its tensors; FileError where they do not fit."""
    section = _validated(RunSection, data)
    _check_history(tensors, len(experiment.optimizers))
    edits = tuple(_live_edit(index, edit, experiment) for index, edit in enumerate(section.edits))
    return RunResult(section.state, section.step, section.device, section.versions, edits, tensors)


def _check_history(tensors: dict[str, NDArray[Any]], optimizers: int) -> None:
    """FileError unless the losses are (steps, optimisers) and the positions (steps, optimisers, 2), of float64."""
    losses, positions = tensors.get("history/losses"), tensors.get("history/positions")
    if losses is None:
        if positions is not None:
            raise FileError("The file has a history of positions but none of losses.", DAMAGED)
        return
    if losses.dtype != np.float64 or losses.ndim != 2 or losses.shape[1] != optimizers:
        raise FileError(f"The history of losses is not a float64 table with {optimizers} columns.", DAMAGED)
    if positions is not None and (positions.dtype != np.float64 or positions.shape != (*losses.shape, 2)):
        raise FileError("The history of positions does not fit that of the losses.", DAMAGED)


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


def _validated(model: type[Model], data: Any) -> Model:
    """`data` as strict JSON, in which a list may be a tuple and text one of an enum's values."""
    try:
        return model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise FileError(f"The record of the run cannot be used: {setting_error(error, data)}.", DAMAGED) from None


def _live_edit(index: int, edit: EditSection, experiment: Experiment) -> LiveEdit:
    if len(edit.optimizers) != len(experiment.optimizers):
        raise FileError(f"The live edit {index} has another number of optimisers than the experiment.", DAMAGED)
    try:
        # on a plain objective: parsing a long formula anew for each edit would take seconds
        checked = from_data({"optimizers": list(edit.optimizers), "steps": experiment.steps})
    except SettingError as error:
        raise FileError(f"The live edit {index} cannot be used: {error}.", DAMAGED) from None
    return LiveEdit(edit.step, tuple(to_data(checked)["optimizers"]))
