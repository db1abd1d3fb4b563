"""A column meets a row of one length: n times n pairs come of it, where n were meant."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from gradviz.core.formulas.formula import Binary, Name
from gradviz.core.formulas.written import written
from gradviz.core.numbers import shape_text
from gradviz.core.objectives.catalogue import FormulaObjective
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import SILENCE, say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.formula_parts import Part, parts_of, shortened
from gradviz.engine.evidence.reasoning import Cause


class Broadcasting(Cause):
    kind: ClassVar[str] = "broadcasting"
    rank: ClassVar[int] = 2

    def reason(self, evidence: Evidence) -> Reason | None:
        part = next((one for one in parts_of(evidence.at(evidence.first)) if _is_pairing(one)), None)
        if part is None or evidence.is_broken:
            return None
        left, right = part.operands
        count = max(left.shape[0], right.shape[0])
        cause = say(
            "{part} in line {line} takes {left} with {right}: broadcasting makes {pairs:,} pairs of {count:,} rows, "
            "each with every other.",
            part=part.text,
            line=part.line,
            left=shape_text(tuple(left.shape)),
            right=shape_text(tuple(right.shape)),
            pairs=count * count,
            count=count,
        )
        figures = {"rows": float(count), "pairs": float(count * count)}
        row = 0 if left.dim() == 1 else 1
        edits = evidence.those_that_work(*_as_column(evidence, part, row))
        name = shortened(written(part.children[row]))
        advice = say("Give both one shape: make {name} a column, [[a], [b], …].", name=name)
        action = say("Make {name} a column", name=name) if edits else SILENCE
        return evidence.reason(self.kind, cause, advice, figures, edits, action)


def _is_pairing(part: Part) -> bool:
    if not isinstance(part.expression, Binary) or part.operation == "@":
        return False
    shapes = [tuple(operand.shape) for operand in part.operands]
    vectors = [shape for shape in shapes if len(shape) == 1]
    columns = [shape for shape in shapes if len(shape) == 2 and shape[1] == 1]
    return len(vectors) == len(columns) == 1 and vectors[0][0] == columns[0][0] > 1


def _as_column(evidence: Evidence, part: Part, row: int) -> tuple[Edit, ...]:
    """The edit that writes the vector as a column, where it is a tensor with numbers of its own."""
    objective, child = evidence.experiment.objective, part.children[row]
    if not isinstance(objective, FormulaObjective) or not isinstance(child, Name):
        return ()
    for index, tensor in enumerate(objective.tensors):
        if tensor.name == child.name:
            return (Edit(f"objective.tensors.{index}.value", _column(tensor.value, part.operands[row])),)
    return ()


def _column(value: object, vector: Tensor) -> object:
    if isinstance(value, str):  # drawn from the seed, or of a regular shape
        head, _, sizes = value.rstrip(") ").rpartition("(")
        return f"{head}({sizes}, 1)" if "linspace" not in head else vector.detach()[:, None].tolist()
    return vector.detach()[:, None].tolist()
