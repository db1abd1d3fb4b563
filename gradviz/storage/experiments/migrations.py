"""From older formats of the experiment file to the present one: one function per old version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradviz.core.document.experiment import FORMAT_VERSION
from gradviz.storage.problems import FileError, NewerFormatError

Content = dict[str, Any]
"""What stands in a file, as plain data."""
TEXTS = ("title", "hint", "lesson")
MOST_STEPS = 10**9


def _from_1(content: Content) -> Content:
    """Format 2 only added settings, each with a default that means what format 1 did."""
    return content


def _from_2(content: Content) -> Content:
    """Format 3 keeps the lesson beside the experiment, and is stricter with runs."""
    return _with_lesson(_with_strict_run(content))


def _with_lesson(content: Content) -> Content:
    """Case and texts, which stood among the settings, as a lesson: English by themselves, Chinese as a group.

    What is wrong with them is left to the check of the lesson.
    """
    if not isinstance(content["experiment"], dict):
        return content
    experiment = dict(content["experiment"])
    texts = {"en": {name: experiment.pop(name) for name in TEXTS if name in experiment}}
    if "chinese" in experiment:
        texts["zh"] = experiment.pop("chinese")
    lesson = {"case": experiment.pop("case", ""), "texts": texts}
    return content | {"lesson": lesson, "experiment": experiment}


def _with_strict_run(content: Content) -> Content:
    """Format 3 has one live edit a step and none that lies ahead, and a run never stands beyond its steps.

    Format 2 kept the edit that a later one at its step had replaced, and those ahead of a seek back. What is not a run
    at all is left to the check of its section.
    """
    run, experiment = content.get("run"), content["experiment"]
    if not isinstance(run, dict) or not isinstance(experiment, dict) or type(run.get("step")) is not int:
        return content
    step, edits = run["step"], run.get("edits")
    if isinstance(edits, list) and all(isinstance(edit, dict) and type(edit.get("step")) is int for edit in edits):
        run = run | {"edits": list({edit["step"]: edit for edit in edits if edit["step"] <= step}.values())}
    steps = experiment.get("steps", 1000)
    if type(steps) is int and steps < step <= MOST_STEPS:
        experiment = experiment | {"steps": step}
    return content | {"run": run, "experiment": experiment}


MIGRATIONS: dict[int, Callable[[Content], Content]] = {1: _from_1, 2: _from_2}
"""At n: the function that makes a file of format n one of format n + 1."""


def migrate(data: Content, version: int) -> Content:
    """The content of a file in the present format; NewerFormatError names a version from the future."""
    if version > FORMAT_VERSION:
        raise NewerFormatError(version, FORMAT_VERSION)
    for old in range(version, FORMAT_VERSION):
        if old not in MIGRATIONS:
            raise FileError(
                f"This file has format version {old}, which gradviz no longer reads.", "Save it with an older gradviz."
            )
        data = MIGRATIONS[old](data)
    return data
