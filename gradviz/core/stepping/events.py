"""What one line of a script did, and the state that all lines up to one left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradviz.core.stepping.variable_state import VariableState, variable_state

MODULE = 0
"""The number of the frame that the script's own lines run in."""
LEAF_NODE = "AccumulateGrad"


@dataclass(frozen=True, slots=True)
class Frame:
    """A call of one of the script's own functions; `around` is the number of the frame that called it, -1 of none."""

    number: int
    function: str
    around: int
    line: int


@dataclass(frozen=True, slots=True)
class LoopPass:
    """One pass of a loop: the line of its head, which pass (from 0), how many there will be (-1: nobody knows).

    `around` is the number of the pass around it, 0 outside of all loops. `run` counts the passes of all times that
    the loop was entered; `is_last` is the last pass of one time.
    """

    number: int
    line: int
    index: int
    around: int
    is_last: bool
    total: int
    run: int


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node of autograd's graph: its operation, the line that made it, the nodes that its gradient goes to."""

    number: int
    op: str
    line: int
    inputs: tuple[int, ...]
    shape: tuple[int, ...] = ()
    is_spent: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """What one line did, once it had ended. Names are of `frame` unless their scope is another frame's number.

    `ordinal` counts the lines that ran up to the next one. `spent` are nodes whose saved tensors a backward pass
    freed, `gone` those that no variable reaches any longer. `facts` are calls of PyTorch's functions, `figures` the
    numbers of pictures that were drawn.
    """

    ordinal: int
    line: int
    frame: int
    loop_pass: int
    changed: Mapping[tuple[int, str], VariableState]
    removed: tuple[tuple[int, str], ...] = ()
    added: tuple[GraphNode, ...] = ()
    spent: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    output: str = ""
    facts: tuple[tuple[Any, ...], ...] = ()
    figures: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """All variables and the whole graph after an event; variables by the number of their frame and their name."""

    event: Event
    frames: tuple[Frame, ...]
    variables: Mapping[tuple[int, str], VariableState]
    nodes: Mapping[int, GraphNode]

    def find(self, name: str) -> VariableState | None:
        """The variable that the line at work means by a name: of its frame, else of the module."""
        return self.variables.get((self.event.frame, name)) or self.variables.get((MODULE, name))

    def sharing(self, scope: int, name: str) -> tuple[str, ...]:
        """The other variables that look at the same memory."""
        own = self.variables[scope, name].storage
        if not own:
            return ()
        return tuple(
            other for (at, other), one in self.variables.items() if one.storage == own and (at, other) != (scope, name)
        )

    def names_of(self, node: int) -> tuple[str, ...]:
        """The variables that have this node."""
        return tuple(name for (_, name), one in self.variables.items() if one.node == node)


def event_of(told: list[Any]) -> Event:
    """The event that the recorder told, in its own short form, which is valid."""
    ordinal, line, frame, segment, changed = told[:5]
    more = told[5] if len(told) > 5 else {}
    return Event(
        ordinal, line, frame, segment,
        {(scope, name): variable_state(value) for scope, name, value in changed},
        tuple((scope, name) for scope, name in more.get("r", ())),
        tuple(graph_node(row) for row in more.get("a", ())),
        tuple(more.get("s", ())), tuple(more.get("g", ())), more.get("o", ""),
        tuple(tuple(fact) for fact in more.get("f", ())), tuple(more.get("p", ())),
    )  # fmt: skip


def graph_node(row: list[Any], is_spent: bool = False) -> GraphNode:
    """The node that the recorder told."""
    number, op, line, inputs = row[:4]
    return GraphNode(number, op, line, tuple(inputs), tuple(row[4]) if len(row) > 4 else (), is_spent)
