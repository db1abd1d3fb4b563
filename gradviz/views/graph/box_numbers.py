"""The numbers in the boxes of a graph as text, in as many letters as have room: what is written anew at each step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gradviz.core.numbers import short_number
from gradviz.core.tape.captions import grad_tag
from gradviz.core.tape.drawing import Drawing
from gradviz.core.tape.folding import FoldedGraph
from gradviz.core.tape.ledger import Held, TracedGraph
from gradviz.core.tape.row_texts import row_texts
from gradviz.core.tape.structure import NodeKind
from gradviz.views.graph.box_text import box_text, has_several, number_lines
from gradviz.views.graph.graph_arrays import Ints

Lines = tuple[str, str, str]
"""Value, gradient and tag of a box; of a group the first alone."""
VALUE, GRADIENT = "value ", "grad  "


class Form(NamedTuple):
    """In how many letters numbers are written: with their labels or not, in one line or in two, of which number."""

    room: int
    has_labels: bool = True
    is_single: bool = False
    is_of_gradient: bool = False


class _Plan(NamedTuple):
    """Where the numbers of some boxes stand in the columns: as long as these are in sight nothing of it changes.

    `plain` are the places of boxes of one output, with `rows` and `ports`; `followed` and `shared` are places among
    those that have a gradient, and a part of one on the edge of `parts`. `others` are the places of all other boxes.
    """

    boxes: list[int]
    plain: list[int]
    rows: list[int]
    ports: list[int]
    followed: list[int]
    followed_ports: list[int]
    shared: list[int]
    parts: list[int]
    others: list[int]


class BoxNumbers:
    """Of one drawing and form; those of boxes that were in sight before are known."""

    def __init__(self) -> None:
        self._lines: dict[int, Lines] = {}
        self._drawing: Drawing | None = None
        self._form = Form(0)
        self._plan: _Plan | None = None
        self._plan_of: FoldedGraph | None = None

    def of(self, drawing: Drawing, sizes: Ints, boxes: list[int], form: Form) -> list[Lines]:
        """The lines of these boxes; `sizes` has by group how many nodes are in it."""
        if self._drawing is not drawing or self._form != form:
            self._lines, self._drawing, self._form = {}, drawing, form
        lines = self._lines
        missing = [box for box in boxes if box not in lines] if lines else boxes
        if missing:
            lines.update(zip(missing, self._written(drawing, sizes, missing, form), strict=True))
        return [lines[box] for box in boxes]

    def _written(self, drawing: Drawing, sizes: Ints, boxes: list[int], form: Form) -> list[Lines]:
        graph = drawing.graph
        if graph.tags or graph.freed:
            return [lines_in(drawing, sizes, box, form) for box in boxes]
        if self._plan is None or self._plan_of is not drawing.folded or self._plan.boxes != boxes:
            self._plan, self._plan_of = _plan(drawing, boxes), drawing.folded
        plan, found = self._plan, [("", "", "")] * len(boxes)
        for place, value, gradient, tag in zip(plan.plain, *_columns(graph, plan, form), strict=True):
            found[place] = _formed(value, gradient, tag, form)
        for place in plan.others:
            found[place] = lines_in(drawing, sizes, boxes[place], form)
        return found


def _plan(drawing: Drawing, boxes: list[int]) -> _Plan:
    structure, folded = drawing.graph.structure, drawing.folded
    plan = _Plan(list(boxes), [], [], [], [], [], [], [], [])
    for place, box in enumerate(boxes):
        row = int(folded.rows[box])
        if row < 0 or structure.ports[row + 1] - structure.ports[row] != 1:
            plan.others.append(place)
            continue
        at, port = len(plan.plain), int(structure.ports[row])
        plan.plain.append(place)
        plan.rows.append(row)
        plan.ports.append(port)
        if structure.kinds[row] is NodeKind.CONSTANT:
            continue
        plan.followed.append(at)
        plan.followed_ports.append(port)
        edges = structure.edges_from[row]
        if len(edges) == 1 and row in structure.shared and not has_several(drawing, box):
            plan.shared.append(at)
            plan.parts.append(edges[0])
    return plan


def _columns(graph: TracedGraph, plan: _Plan, form: Form) -> tuple[list[str], list[str], list[str]]:
    """Values, gradients and tags of the plain boxes, as `number_lines` tells them one by one."""
    ledger, label = graph.ledger, len(VALUE) * form.has_labels
    values = [text or "not kept" for text in row_texts(ledger.values, plan.ports, form.room - label)]
    gradients = [""] * len(plan.rows)
    found = row_texts(ledger.gradients, plan.followed_ports, form.room - label)
    for at, text in zip(plan.followed, found, strict=True):
        gradients[at] = text or "none"
    for at, part in zip(plan.shared, row_texts(ledger.passed, plan.parts, form.room - label), strict=True):
        if part:
            gradients[at] = f"{part} of {gradients[at]}"
    held = ledger.held
    tags = ["" if held[row] is Held.UNKNOWN else grad_tag(graph, row) for row in plan.rows]
    return values, gradients, tags


def lines_in(drawing: Drawing, sizes: Ints, box: int, form: Form) -> Lines:
    """The lines of one box."""
    if drawing.folded.rows[box] < 0:
        return box_text(drawing, box, int(sizes[drawing.folded.groups[box]])).value, "", ""
    return _formed(*number_lines(drawing, box), form)


def _formed(value: str, gradient: str, tag: str, form: Form) -> Lines:
    """With labels, in the letters that have room; one line alone is of value or of gradient."""
    if form.has_labels:
        value, gradient = f"{VALUE}{value}", f"{GRADIENT}{gradient}" if gradient else ""
    if form.is_single:
        return _cut(_shortened(gradient if form.is_of_gradient else value), form.room), "", tag
    return _cut(value, form.room), _cut_parts(gradient, form.room), tag


def _cut_parts(text: str, room: int) -> str:
    """A gradient in `room` characters: of a part and its whole both are kept, in fewer digits."""
    if len(text) <= room:
        return text
    part, middle, whole = text.partition(" of ")
    if not middle:
        return _cut(text, room)
    each = (room - len(middle)) // 2
    shorter = f"{_cut(part, max(each, room - len(middle) - len(whole)))}{middle}{whole}"
    return shorter if len(shorter) <= room else f"{_cut(part, each)}{middle}{_cut(whole, each)}"


def _shortened(text: str, digits: int = 3) -> str:
    """Its numbers in so many digits."""
    return re.sub(r"\d+\.?\d*(?:e-?\d+)?", lambda found: short_number(float(found[0]), digits), text)


def _cut(text: str, room: int) -> str:
    """`text` in at most `room` characters of a fixed-pitch font: measuring each would cost more than painting it.

    First the mean goes, then digits: what is left is whole.
    """
    if len(text) <= room:
        return text
    for shown in _shorter(text.partition(", mean")[0]):
        if len(shown) <= room:
            break
    return shown if len(shown) <= room else f"{shown[: room - 1]}…"


def _shorter(text: str) -> Iterator[str]:
    """In fewer and fewer letters, each made when those before had no room."""
    yield text
    yield _shortened(text)
    fewest = _shortened(text, 2)
    yield fewest
    yield fewest.replace(" … ", "…")
    yield _shortened(fewest, 1).replace(" … ", "…")
