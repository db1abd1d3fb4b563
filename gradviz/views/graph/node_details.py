"""All that is known of one node, as lines: what its tooltip says."""

from __future__ import annotations

from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.graph.structure import UNTRACKED
from gradviz.core.graph.tensor_summary import summary_text
from gradviz.core.numbers import shape_text


def node_details(graph: GraphSnapshot, index: int) -> str:
    """Name, operation, module, value and gradient."""
    node = graph.structure.nodes[index]
    value, gradient = graph.values[index], graph.gradients[index]
    lines = [f"{node.name or node.op}  ({'leaf' if node.is_leaf else node.op})"]
    if node.op == UNTRACKED:
        lines.append("Autograd does not know where it comes from: it was computed without a graph, or cut off.")
    if node.module:
        lines.append(f"in {node.module}")
    if value is not None:
        lines.append(f"value {shape_text(value.shape)} {value.dtype}: {summary_text(value, 16)}")
    if gradient is not None:
        lines.append(f"gradient of the loss: {summary_text(gradient, 16)}")
    if not node.is_leaf and gradient is not None:
        lines.append("It passes here; a .grad keeps it only where retain_grad() was called.")
    return "\n".join(lines)
