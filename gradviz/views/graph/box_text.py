"""What the box of a node or of a closed group says, line by line."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.core.tape.captions import grad_tag, gradient_text, subtitle, title, value_text
from gradviz.core.tape.drawing import Drawing
from gradviz.core.tape.ledger import Held
from gradviz.core.tape.structure import NodeKind
from gradviz.core.words import say
from gradviz.views.kit.speech import spoken

FREED = say("freed")


@dataclass(frozen=True, slots=True)
class BoxText:
    """`value` and `gradient` are without their labels; `tag` says what the own `.grad` of a tensor holds.

    A closed group has its class in `subtitle` and how many nodes are in it in `value`, and no gradient; of what
    autograd does not follow `gradient` is empty too.
    """

    title: str
    subtitle: str
    value: str
    gradient: str
    tag: str = ""
    is_group: bool = False


def box_title(drawing: Drawing, box: int) -> str:
    """The name of a node or of a group."""
    row = int(drawing.folded.rows[box])
    return title(drawing.graph.structure, row) if row >= 0 else group_names(drawing, box)[0]


def box_subtitle(drawing: Drawing, box: int) -> str:
    """Operation, attributes and shape of a node; the class of a group."""
    row = int(drawing.folded.rows[box])
    return subtitle(drawing.graph.structure, row) if row >= 0 else group_names(drawing, box)[1]


def box_text(drawing: Drawing, box: int, size: int) -> BoxText:
    """All lines of a box; `size` is how many nodes are in its group."""
    row = int(drawing.folded.rows[box])
    if row < 0:
        name, kind = group_names(drawing, box)
        return BoxText(name, kind, spoken(say("{count:node|nodes}", count=size)), "", "", True)
    return BoxText(box_title(drawing, box), box_subtitle(drawing, box), *number_lines(drawing, box))


def number_lines(drawing: Drawing, box: int) -> tuple[str, str, str]:
    """Value, gradient and tag of a node: what changes from step to step, and in a pass what has arrived so far."""
    graph, row = drawing.graph, int(drawing.folded.rows[box])
    is_followed = graph.structure.kinds[row] is not NodeKind.CONSTANT
    if not is_followed:
        return value_text(graph, row), "", box_tag(drawing, box)
    waits = graph.tags.get(row)
    gradient = spoken(waits) if waits is not None else gradient_text(graph, row, has_several(drawing, box))
    return value_text(graph, row), gradient, box_tag(drawing, box)


def box_tag(drawing: Drawing, box: int) -> str:
    """What the own `.grad` of a tensor holds, or in a pass that what a node had saved is gone; empty of a group."""
    graph, row = drawing.graph, int(drawing.folded.rows[box])
    if row < 0:
        return ""
    return spoken(FREED) if row in graph.freed else grad_tag(graph, row)


def has_several(drawing: Drawing, box: int) -> bool:
    """Whether a box stands for several uses of a leaf."""
    structure, row = drawing.graph.structure, int(drawing.folded.rows[box])
    uses = structure.shared.get(row, ())
    return sum(int(drawing.folded.boxes[use]) == box for use in uses) > 1


def group_names(drawing: Drawing, box: int) -> tuple[str, str]:
    """The name of a closed group, and its class."""
    name, _, kind = drawing.grouping.groups[int(drawing.folded.groups[box])].label.partition("  ")
    return name, kind


def is_kept(drawing: Drawing, box: int) -> bool:
    """Whether the own `.grad` of a value along the way was kept by retain_grad()."""
    row = int(drawing.folded.rows[box])
    return row >= 0 and drawing.graph.ledger.held[row] is Held.RETAINED
