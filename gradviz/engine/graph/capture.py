"""One evaluation watched: the graph that autograd built, with the value and the gradient at every node.

Values come from a `TorchDispatchMode`, matched to nodes by their sequence number; gradients from
pre-hooks of the nodes; the module from the range of sequence numbers between its hooks. Everything is copied at once,
the hooks return nothing, and no node is kept: holding one would keep the activations alive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.graph import Node
from torch.utils._python_dispatch import TorchDispatchMode

from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.graph.structure import UNTRACKED, GraphNode, GraphStructure
from gradviz.core.graph.tensor_summary import TensorSummary
from gradviz.core.layout.placement import place
from gradviz.engine.compiler import spare
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.summaries import summarise

NODE_SIZE = (192.0, 92.0)
ASPECT = 1.4
"""Width by height of the drawing of a tall graph, which is cut into columns."""
MOST_PLACED = 2000
"""Nodes of a graph that is laid out at once, in tens of milliseconds."""
MOST_DERIVATIVES = 64
"""Operations of a graph whose local derivatives are taken: those of a larger one could not be read."""


def _sequence_number() -> int:
    """The sequence number that the next node of this thread will get."""
    number: int = torch._C._autograd._get_sequence_nr()  # noqa: SLF001 - torch says it nowhere else
    return number


def _sequence_of(node: Node) -> int:
    return node._sequence_nr()  # noqa: SLF001


class _ValueWatch(TorchDispatchMode):
    """Keeps a copy of what each operation gives, under the sequence number of its node."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.values: dict[int, TensorSummary] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # A node is made before its kernel runs, so the node's number is one less than the next.
        number = _sequence_number() - 1
        out = func(*args, **(kwargs or {}))
        first = out[0] if isinstance(out, tuple | list) and out else out
        if number not in self.values and isinstance(first, Tensor):
            self.values[number] = summarise(first)
        return out


spare(_ValueWatch.__torch_dispatch__)


class _ModuleWatch:
    """The range of sequence numbers that each module's forward used, and the node of its output."""

    def __init__(self, objective: Objective, stack: ExitStack) -> None:
        self.ranges: list[tuple[str, int, int]] = []
        self.outputs: dict[Node, str] = {}
        self._begins: dict[str, int] = {}
        for name, module in objective.modules.items():
            self._watch(name, module, stack)

    def _watch(self, name: str, module: torch.nn.Module, stack: ExitStack) -> None:
        label = f"{name} {type(module).__name__}".strip()

        def before(*_: Any) -> None:
            self._begins[label] = _sequence_number()

        def after(_module: Any, _arguments: Any, output: Any) -> None:
            self.ranges.append((label, self._begins[label], _sequence_number()))
            if isinstance(output, Tensor) and output.grad_fn is not None:
                self.outputs[output.grad_fn] = label

        stack.callback(module.register_forward_pre_hook(before).remove)
        stack.callback(module.register_forward_hook(after).remove)

    def module_of(self, number: int) -> str:
        """The module during whose forward the node of this number was made."""
        return next((label for label, begin, end in self.ranges if begin <= number < end), "")


class GraphCapture:
    """Takes snapshots of one objective's graph, and lays a graph out again only when its structure changes."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._structure: GraphStructure | None = None

    def capture(self, gradients_of_run: Mapping[int, Tensor | None] | None = None) -> GraphSnapshot:
        """Evaluate forward and backward once, watched. The gradients left in ``.grad`` are autograd's.

        `gradients_of_run` has by id of a parameter the gradient that the run goes by: what is shown of it. Where
        PyTorch refuses the backward pass there are no gradients. The random state is the caller's business.
        """
        for parameter in self._objective.parameters.values():
            parameter.grad = None
        by_hand, self._objective.by_hand = self._objective.by_hand, False
        try:
            return self._captured(gradients_of_run or {})
        finally:
            self._objective.by_hand = by_hand

    def _captured(self, gradients_of_run: Mapping[int, Tensor | None]) -> GraphSnapshot:
        with ExitStack() as stack:
            modules = _ModuleWatch(self._objective, stack)
            watch = stack.enter_context(_ValueWatch())
            with torch.enable_grad():
                loss = self._objective.loss()
        walk = _GraphWalk(loss, self._objective, modules)
        derivatives = walk.local_derivatives() if len(walk.operations) <= MOST_DERIVATIVES else ()
        gradients: dict[Node, TensorSummary] = {}
        with ExitStack() as hooks:
            for node in walk.operations:
                hooks.callback(node.register_prehook(_keeper(node, gradients)).remove)
            with suppress(RuntimeError):  # the run says why; the values are worth a look all the same
                self._objective.backward(loss)
        values: list[TensorSummary | None] = [watch.values.get(_sequence_of(node)) for node in walk.operations]
        node_gradients = [gradients.get(node) for node in walk.operations]
        for leaf in walk.leaves:
            gradient = gradients_of_run.get(id(leaf), leaf.grad)
            values.append(summarise(leaf))
            node_gradients.append(None if gradient is None else summarise(gradient))
        values += [summarise(value) for value in walk.untracked]
        node_gradients += [None] * len(walk.untracked)
        return GraphSnapshot(self._laid_out(walk), tuple(values), tuple(node_gradients), derivatives)

    def _laid_out(self, walk: _GraphWalk) -> GraphStructure:
        nodes, edges, flows = tuple(walk.nodes), tuple(walk.edges), tuple(walk.flows)
        known = self._structure
        if known is None or (known.nodes, known.edges, known.flows) != (nodes, edges, flows):
            known = GraphStructure(nodes, edges, np.zeros((0, 2)), (), NODE_SIZE, flows)
            if len(nodes) <= MOST_PLACED:  # the training waits for this: a larger one is laid out where it is shown
                known = known.placed(place(len(nodes), known.lines, NODE_SIZE, aspect=ASPECT))
            self._structure = known
        return known


def _keeper(node: Node, gradients: dict[Node, TensorSummary]) -> Any:
    """A pre-hook that copies the gradient arriving at `node`; outputs that nobody used arrive as None."""

    def keep(arriving: Sequence[Tensor | None]) -> None:
        first = next((gradient for gradient in arriving if gradient is not None), None)
        if first is not None:
            gradients[node] = summarise(first)

    return keep


class _GraphWalk:
    """The nodes below a loss, by a stack: operations in order of discovery, one leaf a use, named values without a
    graph."""

    def __init__(self, loss: Tensor, objective: Objective, modules: _ModuleWatch) -> None:
        self.operations: list[Node] = []
        self.leaves: list[Tensor] = []
        self._inner: list[tuple[int, int, int]] = []
        uses = self._walk(loss.grad_fn)
        named = list(objective.named_values())
        names = modules.outputs | {value.grad_fn: name for value, name in named if value.grad_fn is not None}
        leaf_names = {id(value): name for value, name in named if value.requires_grad and value.is_leaf}
        leaf_names |= {id(parameter): name for name, parameter in objective.parameters.items()}
        self.nodes = [
            GraphNode(node.name(), names.get(node, ""), modules.module_of(_sequence_of(node)), False)
            for node in self.operations
        ]
        self._inputs = [(consumer, position) for _, consumer, position in self._inner]
        self._inputs += [(consumer, position) for _, consumer, position in uses]
        self.edges = [(producer, consumer) for producer, consumer, _ in self._inner]
        for leaf, consumer, _ in uses:
            self.edges.append((len(self.nodes), consumer))
            self.leaves.append(leaf)
            self.nodes.append(GraphNode("AccumulateGrad", leaf_names.get(id(leaf), "leaf"), "", True))
        untracked = [(value, name) for value, name in named if not value.requires_grad]
        self.untracked = [value for value, _ in untracked]
        self.nodes += [GraphNode(UNTRACKED, name, "", False) for _, name in untracked]
        self.flows = self._flows(objective)

    def _flows(self, objective: Objective) -> list[tuple[int, int]]:
        """From a named value to one that is made of it, where one of the two has no grad_fn."""
        places: dict[str, int] = {}
        for index, node in enumerate(self.nodes):
            if node.name:
                places.setdefault(node.name, index)
        pairs = [(places[part], places[whole]) for part, whole in objective.flows() if {part, whole} <= places.keys()]
        return [pair for pair in pairs if any(self.nodes[index].op == UNTRACKED for index in pair)]

    def _walk(self, root: Node | None) -> list[tuple[Tensor, int, int]]:
        """Fill `operations` and the edges between them; return each use of a leaf with its consumer and place."""
        uses: list[tuple[Tensor, int, int]] = []
        if root is None:
            return uses
        numbers: dict[Node, int] = {root: 0}
        self.operations.append(root)
        stack = [root]
        while stack:
            node = stack.pop()
            for position, (producer, _) in enumerate(node.next_functions):
                if producer is None:
                    continue
                if hasattr(producer, "variable"):
                    uses.append((producer.variable, numbers[node], position))
                    continue
                if producer not in numbers:
                    numbers[producer] = len(self.operations)
                    self.operations.append(producer)
                    stack.append(producer)
                self._inner.append((numbers[producer], numbers[node], position))
        return uses

    def local_derivatives(self) -> tuple[float | None, ...]:
        """For each edge what its consumer's node gives back for a gradient of 1; before the backward pass."""
        given = [_given_back(node) for node in self.operations]
        return tuple(given[consumer][position] for consumer, position in self._inputs)


def _given_back(node: Node) -> list[float | None]:
    """The derivatives of a node's one number by its inputs, None for those that are not one number."""
    outputs = node._input_metadata  # noqa: SLF001 - nor has it a public name for shape and dtype
    nothing: list[float | None] = [None] * len(node.next_functions)
    if len(outputs) != 1 or math.prod(outputs[0].shape) != 1:
        return nothing
    try:
        one = torch.ones(tuple(outputs[0].shape), dtype=outputs[0].dtype, device=outputs[0].device)
        back = node(one)  # type: ignore[operator]  # a node is a function, torch's stubs do not say so
    except RuntimeError:
        return nothing
    found = back if isinstance(back, tuple) else (back,)
    return [
        gradient.item() if isinstance(gradient, Tensor) and gradient.numel() == 1 else None for gradient in found
    ] + nothing[len(found) :]
