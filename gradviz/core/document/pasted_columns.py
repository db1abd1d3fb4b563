"""A column of numbers that is pasted in the place of one number to be trained: it is data, and not trained."""

from __future__ import annotations

import re
from typing import Any

from gradviz.core.document.document import Document, with_setting
from gradviz.core.formulas.typed_numbers import typed_numbers
from gradviz.core.objectives.catalogue import FormulaObjective

_VALUE = re.compile(r"objective\.tensors\.(\d+)\.value")


def with_typed(document: Document, path: str, value: Any) -> Document:
    """The document with what a person typed or pasted at `path`; SettingError where it is not allowed.

    A list in brackets is mathematics and stays what it is; numbers without them, one below or after another, are a
    column of a table, and make a constant of the tensor, unless nothing would be left to be trained.
    """
    made = with_setting(document, path, value)
    found, before = _VALUE.fullmatch(path), document.experiment.objective
    if found is None or not isinstance(before, FormulaObjective) or not _is_column(value):
        return made
    tensor = before.tensors[int(found[1])]
    if tensor.shape or tensor.role != "parameter" or len(before.parameters) < 2:
        return made
    return with_setting(made, f"objective.tensors.{found[1]}.role", "constant")


def _is_column(value: Any) -> bool:
    return isinstance(value, str) and "[" not in value and isinstance(typed_numbers(value), tuple)
