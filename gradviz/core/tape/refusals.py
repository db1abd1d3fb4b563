"""What PyTorch says when it refuses a backward pass, explained: its own sentence stays, and ours says what to do."""

from __future__ import annotations

import re
from collections.abc import Callable

from gradviz.core.words import SILENCE, Words, say

CHANGED = re.compile(
    r"modified by an inplace operation: \[[\w.]+ \[(?P<shape>[\d, ]*)\]\],?"
    r"(?: which is output \d+ of (?P<op>[\w:]+),)? is at version (?P<found>\d+); expected version (?P<expected>\d+)"
)
SECOND = re.compile(r"through the graph a second time")
VECTOR = re.compile(r"grad can be implicitly created only for scalar outputs")
UNFOLLOWED = re.compile(r"does not require grad and does not have a grad_fn")
ONCE_ONLY = re.compile(r"derivative for (?P<op>[\w:]+) is not implemented|trying to differentiate twice a function")


def explained(told: str) -> Words:
    """Why PyTorch refuses and what to do, of its own sentence; silence where nothing is known of it."""
    for pattern, words in EXPLANATIONS:
        found = pattern.search(told)
        if found is not None:
            return words(found)
    return SILENCE


def _changed(found: re.Match[str]) -> Words:
    """Version counters: autograd compares what it saved with what is there now."""
    versions = {"expected": found["expected"], "found": found["found"]}
    if found["op"]:
        return say(
            "The result of {op} was kept for the backward pass at version {expected} and then changed in place: it is "
            "at version {found} now. Compute a new tensor instead (x = x + 1, not x += 1), or change a clone().",
            op=found["op"], **versions,
        )  # fmt: skip
    return say(
        "A tensor was kept for the backward pass at version {expected} and then changed in place: it is at version "
        "{found} now. Change it after backward(), or let a clone() be used.",
        **versions,
    )


def _second(_found: re.Match[str]) -> Words:
    return say(
        "The first backward() freed what each node had saved. retain_graph=True keeps it; without it the loss has to "
        "be computed anew."
    )


def _vector(_found: re.Match[str]) -> Words:
    return say(
        "Only one number has a gradient of its own. Of a vector, backward(v) takes the upstream gradient v and gives "
        "the vector-Jacobian product."
    )


def _unfollowed(_found: re.Match[str]) -> Words:
    return say(
        "Autograd recorded nothing: no input requires a gradient, or detach() or no_grad() cut the loss from those "
        "that do."
    )


def _once_only(_found: re.Match[str]) -> Words:
    return say("This operation has a derivative, but PyTorch has none of that derivative: no graph of the gradient.")


EXPLANATIONS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Words]], ...] = (
    (CHANGED, _changed),
    (SECOND, _second),
    (VECTOR, _vector),
    (UNFOLLOWED, _unfollowed),
    (ONCE_ONLY, _once_only),
)
