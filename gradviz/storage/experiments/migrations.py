"""From older formats of the experiment file to the present one: one function per old version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradviz.core.document.experiment import FORMAT_VERSION
from gradviz.storage.problems import FileError, NewerFormatError

Document = dict[str, Any]
MOST_STEPS = 10**9


def _from_1(document: Document) -> Document:
    """Format 2 only added settings, each with a default that means what format 1 did."""
    return document


def _from_2(document: Document) -> Document:
    """Format 3 has one live edit a step and none that lies ahead, and a run never stands beyond its steps.

    Format 2 kept the edit that a later one at its step had replaced, and those ahead of a seek back. What is not a run
    at all is left to the check of its section.
    """
    run, experiment = document.get("run"), document["experiment"]
    if not isinstance(run, dict) or not isinstance(experiment, dict) or type(run.get("step")) is not int:
        return document
    step, edits = run["step"], run.get("edits")
    if isinstance(edits, list) and all(isinstance(edit, dict) and type(edit.get("step")) is int for edit in edits):
        run = run | {"edits": list({edit["step"]: edit for edit in edits if edit["step"] <= step}.values())}
    steps = experiment.get("steps", 1000)
    if type(steps) is int and steps < step <= MOST_STEPS:
        experiment = experiment | {"steps": step}
    return document | {"run": run, "experiment": experiment}


MIGRATIONS: dict[int, Callable[[Document], Document]] = {1: _from_1, 2: _from_2}
"""At n: the function that makes a document of format n one of format n + 1."""


def migrate(data: Document, version: int) -> Document:
    """The document in the present format; NewerFormatError names a version from the future."""
    if version > FORMAT_VERSION:
        raise NewerFormatError(version, FORMAT_VERSION)
    for old in range(version, FORMAT_VERSION):
        if old not in MIGRATIONS:
            raise FileError(
                f"This file has format version {old}, which gradviz no longer reads.", "Save it with an older gradviz."
            )
        data = MIGRATIONS[old](data)
    return data
