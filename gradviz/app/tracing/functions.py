"""`gradviz.trace` and `gradviz.watching`; torch is loaded when one is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from gradviz.app.tracing.graph import Graph

if TYPE_CHECKING:
    from gradviz.engine.tape.watch import Watch

Tensor = Any
"""torch.Tensor: this layer knows no torch."""


def trace(
    loss: Tensor | Sequence[Tensor],
    names: object = None,
    *,
    watch: Watch | None = None,
    upstream: Tensor | Sequence[Tensor | None] | None = None,
    gradients: bool = True,
) -> Graph:
    """The graph below a loss, or below several, as an immutable value: structure and the numbers that flow through it.

    `names` is a model, whose parameters and buffers are called by their dotted names, several models, or a mapping of
    names to tensors; what the caller's own variables hold is called as they are. Gradients are those of one backward
    pass, replayed: no `.grad` changes, and the graph can be gone through again. They are absent where `backward()` has
    freed the graph, or if `gradients` is False; `upstream` is what the pass begins with, where a loss is no number.
    Forward values are those that autograd saved, and all of them where the forward ran within `watching`.
    EngineError where `loss` is no tensor. The present thread's.
    """
    return traced_graph(loss, names, watch, upstream, gradients, depth=2)


def traced_graph(
    loss: Tensor | Sequence[Tensor],
    names: object,
    watch: Watch | None,
    upstream: Tensor | Sequence[Tensor | None] | None,
    gradients: bool,
    depth: int,
) -> Graph:
    """What `trace` gives, called from `depth` functions below whoever's variables give their names."""
    from gradviz.engine.tape.naming import names_of
    from gradviz.engine.tape.tracing import trace as traced

    losses: list[Any] = list(loss) if isinstance(loss, list | tuple) else [loss]
    given: list[Any] = list(upstream) if isinstance(upstream, list | tuple) else [upstream] * len(losses)
    variables = dict(sys._getframe(depth).f_locals)  # noqa: SLF001 - the caller's, whose names are asked for
    return Graph(traced(losses, names_of(names, variables), watch, given, gradients))


def watching(names: object = None) -> AbstractContextManager[Watch]:
    """Watch a forward pass: `with gradviz.watching(model):`, and `trace` knows every value, line and module of it.

    Whatever runs inside in this thread is watched: values are copied, so that it takes a few times as long. Keep what
    `as` gives as long as graphs are traced. `names` is the model, whose modules are called by their dotted names.
    """
    from gradviz.engine.tape.watch import watching as watched

    return watched(names)
