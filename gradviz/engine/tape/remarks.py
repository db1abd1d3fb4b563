"""What was done to the tensors of a graph: hooks, changes in place, and where constants were cut from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from torch import Tensor

from gradviz.core.glossary.operators import operator_name
from gradviz.core.tape.remarks import Remark, RemarkKind
from gradviz.core.words import Words, one_line, say
from gradviz.engine.tape.assembly import Assembly
from gradviz.engine.tape.naming import Names
from gradviz.engine.tape.watch import Cut, Watch

LONGEST = 80
Found = Iterator[tuple[int, Remark]]


def remarks_of(
    made: Assembly, names: Names, watch: Watch | None, living: Sequence[Tensor]
) -> dict[int, tuple[Remark, ...]]:
    """By row what torch tells of its tensor, and what was watched; `living` are tensors that its operations made.

    A hook on a tensor that nobody keeps is not told: it shows only in the gradient that it changes.
    """
    remarks: dict[int, tuple[Remark, ...]] = {}
    for row, remark in (*_hooks(made, living), *_changes(made, living, watch), *_cuts(made, names)):
        if remark not in remarks.get(row, ()):
            remarks[row] = (*remarks.get(row, ()), remark)
    return remarks


def _hooks(made: Assembly, living: Sequence[Tensor]) -> Found:
    of_leaves = [tuple(_hooks_of(leaf)) for leaf in made.walk.leaves]
    for row, (leaf, _, _) in zip(made.uses, made.walk.uses, strict=True):
        for remark in of_leaves[leaf]:
            yield row, remark
    for tensor in living:
        if tensor._backward_hooks or tensor._post_accumulate_grad_hooks:  # noqa: SLF001 - torch tells it nowhere else
            yield from ((made.walk.number_of[tensor.grad_fn], remark) for remark in _hooks_of(tensor))


def _hooks_of(tensor: Tensor) -> Iterator[Remark]:
    hooks = list((tensor._backward_hooks or {}).values())  # noqa: SLF001
    if hooks:
        names = one_line(", ".join(str(getattr(hook, "__name__", type(hook).__name__)) for hook in hooks), LONGEST)
        count = len(hooks)
        words = say("{count:hook|hooks} on its gradient, by register_hook(): {names}", count=count, names=names)
        yield Remark(RemarkKind.HOOK, words)
    after = len(getattr(tensor, "_post_accumulate_grad_hooks", None) or {})
    if after:
        yield Remark(RemarkKind.HOOK, say("{count:hook|hooks} after its .grad is added to", count=after))


def _changes(made: Assembly, living: Sequence[Tensor], watch: Watch | None) -> Found:
    """By the version counters: of what was watched with the function that changed it, else of what lives."""
    seen = {} if watch is None else watch.changes
    for row in range(len(made.kept)) if seen else ():
        change = seen.get(made.rows.order[row])
        if change is not None:
            words = say("changes its tensor in place by {function}(), to version {version}",
                        function=change[0], version=change[1])  # fmt: skip
            yield row, Remark(RemarkKind.IN_PLACE, words)
    for tensor in living:
        times = tensor._version  # noqa: SLF001
        row = made.walk.number_of[tensor.grad_fn] if times and tensor._base is None else -1  # noqa: SLF001
        if row >= 0 and made.rows.order[row] not in seen:
            yield row, _changed(times)


@cache
def _changed(times: int) -> Remark:
    """One value for all of 500 equal steps."""
    return Remark(RemarkKind.IN_PLACE, say("changed in place: its version is {version}", version=times))


def _cuts(made: Assembly, names: Names) -> Found:
    for row, cut in made.cuts.items():
        yield row, Remark(cut.kind, _cut_words(cut, names))
    unseen = {row: one for row, one in made.constants.items() if isinstance(one, Tensor) and row not in made.cuts}
    if not unseen:
        return
    whose = {_memory(tensor): name for tensor, name in names.made}
    whose |= {_memory(leaf): names.of_tensor(leaf) for leaf in made.walk.leaves}
    for row, tensor in unseen.items():
        name = whose.get(_memory(tensor)) if not tensor.requires_grad else None
        if name:
            words = say("shares the memory of {name}, from which detach() or .data cut it", name=name)
            yield row, Remark(RemarkKind.DETACHED, words)


def _cut_words(cut: Cut, names: Names) -> Words:
    source = cut.source()
    name = names.of_tensor(source)
    if not name and source is not None and source.grad_fn is not None:
        name = names.of_output(source.grad_fn, source.output_nr) or operator_name(source.grad_fn.name())
    place = cut.line or "-"
    if cut.kind is RemarkKind.DETACHED:
        how = ".data" if cut.operation == "data" else f"{cut.operation}()"
        return say("cut from {name} by {how}: {place}", name=name or say("its input"), how=how, place=place)
    return say("computed from {name} under no_grad(): {place}", name=name or say("its input"), place=place)


def _memory(tensor: Tensor) -> int:
    """The address of its first element; of what has none, one that is nobody else's."""
    try:
        return tensor.data_ptr() or -id(tensor)
    except RuntimeError:  # sparse, or no memory at all
        return -id(tensor)
