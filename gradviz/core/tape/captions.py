"""How the nodes and edges of a traced graph are called in a picture, in short."""

from __future__ import annotations

from gradviz.core.glossary.operators import operator_name
from gradviz.core.numbers import shape_text, short_number
from gradviz.core.tape.ledger import Held, TracedGraph
from gradviz.core.tape.structure import UNTRACKED, NodeKind, TapeStructure
from gradviz.core.tape.tensor_numbers import TensorNumbers, numbers_text

REVERSED = {"rsub": "sub", "rdiv": "div"}
"""torch's names of a number minus a tensor, and the like."""


def title(structure: TapeStructure, row: int) -> str:
    """A node's name, or its operation where it has none."""
    return structure.names[row] or spoken_operation(structure, row)


def spoken_operation(structure: TapeStructure, row: int) -> str:
    """mul of MulBackward0; leaf and constant by what they are."""
    kind = structure.kinds[row]
    if kind is not NodeKind.OPERATION:
        return UNTRACKED if structure.ops[row] == UNTRACKED else str(kind)
    name = operator_name(structure.ops[row])
    return REVERSED.get(name, name)


def subtitle(structure: TapeStructure, row: int) -> str:
    """Operation as torch names it, its attributes and shape."""
    is_operation = structure.kinds[row] is NodeKind.OPERATION
    operation = structure.ops[row].rsplit("::", 1)[-1] if is_operation else spoken_operation(structure, row)
    attributes = ", ".join(f"{name}={value}" for name, value in structure.attributes[row])
    ports = range(int(structure.ports[row]), int(structure.ports[row + 1]))
    shapes = "; ".join(shape_text(structure.shapes[port]) for port in ports if structure.shapes[port])
    return "  ".join(part for part in (operation, attributes, shapes) if part)


def value_text(graph: TracedGraph, row: int) -> str:
    """The value of the first output; "not kept" where nobody has it."""
    port = int(graph.structure.ports[row])
    known = port < int(graph.structure.ports[row + 1])
    return (brief(graph.ledger.values[port]) if known else "") or "not kept"


def gradient_text(graph: TracedGraph, row: int, is_whole: bool = False) -> str:
    """The gradient of the first output that has one; "none" where there is none, which is not 0.

    At a leaf that is used several times: the part of this use, of the whole, unless the whole alone is asked for.
    """
    ports = range(int(graph.structure.ports[row]), int(graph.structure.ports[row + 1]))
    found = (graph.ledger.gradients[port] for port in ports)
    whole = brief(next((one for one in found if one is not None), None)) or "none"
    edges = graph.structure.edges_from[row]
    part = graph.ledger.passed[edges[0]] if len(edges) == 1 and row in graph.structure.shared and not is_whole else None
    return whole if part is None else f"{brief(part)} of {whole}"


def brief(numbers: TensorNumbers | None) -> str:
    """One number in six digits, two in four, more as a range."""
    return numbers_text(numbers, 2, 6 if numbers is not None and numbers.is_one else 4)


def grad_tag(graph: TracedGraph, row: int) -> str:
    """What the own `.grad` of a value along the way holds, though a gradient passed: None, or what was retained.

    Of leaves, where a gradient is added, what was there before, and what is there where it is another. Empty where
    nobody keeps the tensor, and at the loss.
    """
    held = graph.ledger.held[row]
    if graph.structure.kinds[row] is NodeKind.LEAF:
        if held not in (Held.ACCUMULATED, Held.APART):
            return ""
        kept = numbers_text(graph.ledger.before[row], 1, 4)
        return f"{kept} +" if held is Held.ACCUMULATED else f".grad {kept}"
    if row in graph.structure.roots:
        return ""
    return {Held.NONE: ".grad None", Held.RETAINED: ".grad kept"}.get(held, "")


def edge_text(graph: TracedGraph, edge: int) -> str:
    """The local derivative on an edge, where it is one number."""
    local = graph.ledger.local[edge]
    return f"× {numbers_text(local, 1, 4)}" if local is not None and local.is_one else ""


def passed_text(graph: TracedGraph, edge: int, digits: int = 4) -> str:
    """The local derivative on an edge, where it is one number, and what it makes of the gradient that arrived."""
    local, passed = graph.ledger.local[edge], graph.ledger.passed[edge]
    if local is None or not local.is_one:
        return ""
    factor = f"× {numbers_text(local, 1, digits)}"
    return f"{factor} = {numbers_text(passed, 1, digits)}" if passed is not None and passed.is_one else factor


def arriving_text(graph: TracedGraph, edge: int) -> str:
    """What an edge passes on just now: with its factor where that is one number, else alone, of many numbers the norm.

    Empty where nothing is passed.
    """
    passed = graph.ledger.passed[edge]
    if passed is None:
        return ""
    spread = passed.spread
    norm = "" if spread is None else f"norm {short_number(spread.norm, 3)}"
    return passed_text(graph, edge) or (numbers_text(passed, 1, 4) if passed.is_one else norm)


def fitting(text: str, most: int) -> str:
    """`text` in at most so many letters: of a range the mean goes first."""
    if len(text) <= most:
        return text
    ends = text.partition(", mean")[0]
    return ends if len(ends) <= most else f"{ends[: most - 1]}…"
