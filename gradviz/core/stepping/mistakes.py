"""Mistakes that raise nothing, pointed out at their line: one class each.

A mistake sees every event with what was before it, and remembers what it needs. It speaks once of each cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gradviz.core.stepping.catalogue import names_in, shape_text
from gradviz.core.stepping.events import Frame, State, event_of
from gradviz.core.stepping.recording import Warned, frozen_state
from gradviz.core.stepping.running_state import RunningState, Told
from gradviz.core.stepping.variable_state import LEAF, PARAMETER, REQUIRES
from gradviz.core.words import Words, say

STEPS_BEFORE_A_VERDICT = 3
TENSOR_FLAGS, TENSOR_NODE, TENSOR_NUMBERS, TENSOR_GRAD = 3, 5, 6, 7
"""Where a tensor's short form has them."""


@dataclass(slots=True)
class Seen:
    """An event in the recorder's short form, the state after it, and what changed variables were before it."""

    event: Told
    state: RunningState
    before: Mapping[tuple[int, str], Any]
    code: str

    @property
    def facts(self) -> list[Any]:
        """The calls of PyTorch's functions while the line ran."""
        return list(self.event[5].get("f", ())) if len(self.event) > 5 else []

    @property
    def output(self) -> str:
        """What was printed."""
        return str(self.event[5].get("o", "")) if len(self.event) > 5 else ""

    def find(self, name: str) -> Any:
        """The short form of the variable that the line means by a name; None where there is none."""
        own = self.state.scopes.get(self.event[2], {}).get(name)
        return own if own is not None else self.state.scopes.get(0, {}).get(name)


class Mistake:
    """What all have: a name, and silence unless there is something to say."""

    kind = ""

    def look(self, seen: Seen) -> Iterator[tuple[int, Words]]:
        """Sentences, with their lines, that this event gives rise to."""
        return iter(())

    def finish(self, state: RunningState) -> Iterator[tuple[int, Words]]:
        """Sentences that only the end of the script makes certain."""
        return iter(())


def _tensors(state: RunningState) -> Iterator[tuple[tuple[int, str], Any]]:
    for scope, names in state.scopes.items():
        for name, told in names.items():
            if told[0] == "t":
                yield (scope, name), told


def _zero(numbers: Any) -> bool:
    return isinstance(numbers, list) and not any(numbers)


class ZeroGradMissing(Mistake):
    """A backward pass added to a gradient that an update had used already."""

    kind = "zero_grad missing"

    def __init__(self) -> None:
        self._last: dict[tuple[int, str], tuple[Any, Any]] = {}
        self._said = False

    def look(self, seen: Seen) -> Iterator[tuple[int, Words]]:
        """At each backward pass: was the gradient before it the one that the last update used?"""
        if self._said or not any(fact[0] == "backward" and fact[3] for fact in seen.facts):
            return
        for key, told in _tensors(seen.state):
            if not told[TENSOR_FLAGS] & REQUIRES or told[TENSOR_GRAD] is None:
                continue
            was = seen.before.get(key)
            if was is not None and was[0] == "t" and self._is_added(key, was, told):
                self._said = True
                yield (
                    seen.event[1],
                    say(
                        "This backward() adds to the gradient of the pass before: {name}.grad was not zeroed after the "
                        "update. Call optimizer.zero_grad(), or {name}.grad.zero_(), once in each pass.",
                        name=key[1],
                    ),
                )
                return
            self._last[key] = told[TENSOR_NUMBERS], told[TENSOR_GRAD]

    def _is_added(self, key: tuple[int, str], was: Any, now: Any) -> bool:
        last = self._last.get(key)
        if last is None or was[TENSOR_GRAD] is None or now[TENSOR_GRAD] == was[TENSOR_GRAD]:
            return False
        is_kept = was[TENSOR_GRAD] == last[1] and not _zero(was[TENSOR_GRAD][0])
        return is_kept and was[TENSOR_NUMBERS] != last[0]


class GradOfNonLeaf(Mistake):
    """PyTorch's own warning, explained."""

    kind = ".grad of a non-leaf"

    def look(self, seen: Seen) -> Iterator[tuple[int, Words]]:
        """By the words of the warning."""
        if "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed" in seen.output:
            yield (
                seen.event[1],
                say(
                    ".grad is kept for leaves alone, and this tensor was computed: its .grad is None. Call "
                    "retain_grad() on it before backward(), or read the .grad of a leaf."
                ),
            )


class UnusedParameter(Mistake):
    """An optimizer steps with a parameter that no backward pass reached."""

    kind = "loss without the parameter"

    def __init__(self) -> None:
        self._passes = 0
        self._said: set[str] = set()

    def look(self, seen: Seen) -> Iterator[tuple[int, Words]]:
        """At each step whose parameters were told."""
        for fact in seen.facts:
            self._passes += fact[0] == "backward"
            if fact[0] != "step" or fact[3] is None:
                continue
            rows = [row for row in fact[3] if row[2] and row[3]]
            without = [row for row in rows if not row[4]]
            if without and len(without) == len(rows):
                if not any(row[0] for row in rows):  # their names were given to other tensors: told there
                    continue
                yield from self._say_none(seen)
            elif self._passes:
                yield from self._say_unused(seen, without)

    def _say_none(self, seen: Seen) -> Iterator[tuple[int, Words]]:
        if "" not in self._said:
            self._said.add("")
            yield (
                seen.event[1],
                say(
                    "No parameter has a gradient at this step(), so that it changes nothing. backward() comes after "
                    "zero_grad() and before step(), and the loss must depend on the parameters."
                ),
            )

    def _say_unused(self, seen: Seen, rows: list[Any]) -> Iterator[tuple[int, Words]]:
        for row in rows:
            name = row[0] or shape_text(tuple(row[1]))
            if name not in self._said:
                self._said.add(name)
                yield (
                    seen.event[1],
                    say(
                        "The loss does not depend on {name}: backward() gave it no gradient, and step() passes it "
                        "over. Use it in the loss, or leave it out of the optimizer.",
                        name=name,
                    ),
                )


class DetachedParameter(Mistake):
    """An optimizer was made of a tensor that no gradient can reach."""

    kind = "optimizer of detached tensors"

    def look(self, seen: Seen) -> Iterator[tuple[int, Words]]:
        """When the optimizer is made."""
        for fact in seen.facts:
            rows = fact[3] if fact[0] == "optimizer" else []
            for row in [row for row in rows if not row[2] and not row[5]][:1]:
                yield (
                    seen.event[1],
                    say(
                        "The optimizer is given {name}, which does not require a gradient: it will never change. Set "
                        "requires_grad=True, and leave detach() out.",
                        name=row[0] or shape_text(tuple(row[1])),
                    ),
                )


class LostParameter(Mistake):
    """A name was given to a new tensor, and the optimizer still holds the old one."""

    kind = "optimizer lost its tensor"

    def __init__(self) -> None:
        self._held: dict[str, int] = {}
        self._lost: dict[str, int] = {}
        self._said: set[str] = set()

    def look(self, seen: Seen) -> Iterator[tuple[int, Words]]:
        """When the optimizer is made, at each new tensor of a name that it knew, and at its next step."""
        for scope, name, told in seen.event[4]:
            held = self._held.get(name)
            if held is not None and scope in (0, seen.event[2]) and (told[0] != "t" or told[TENSOR_NODE] != held):
                self._lost.setdefault(name, seen.event[1])
        for fact in seen.facts:
            if fact[0] == "optimizer":
                self._remember(seen, fact[3])
            elif fact[0] == "step":
                yield from self._speak()

    def _remember(self, seen: Seen, rows: list[Any]) -> None:
        for row in rows:
            told = seen.find(row[0]) if row[0] else None
            if told is not None and told[0] == "t" and told[TENSOR_NODE] < 0:
                self._held[row[0]] = told[TENSOR_NODE]
                self._lost.pop(row[0], None)

    def _speak(self) -> Iterator[tuple[int, Words]]:
        for name, line in self._lost.items():
            if name not in self._said:
                self._said.add(name)
                yield (
                    line,
                    say(
                        "From here on {name} is a new tensor, and the optimizer still holds the old one: step() no "
                        "longer trains what {name} names. Change it in place under `with torch.no_grad():`, or leave "
                        "the update to the optimizer alone.",
                        name=name,
                    ),
                )


class NeverChanged(Mistake):
    """A parameter is at the end what it was when the optimizer was made."""

    kind = "parameter that never changes"

    def __init__(self) -> None:
        self._line = 0
        self._steps = 0
        self._held: set[str] = set()
        self._begin: dict[tuple[int, str], Any] = {}
        self._gradients: set[tuple[int, str]] = set()
        self._without: set[str] = set()

    def look(self, seen: Seen) -> Iterator[tuple[int, Words]]:
        """Remembers values when optimizers are made, and who had a gradient."""
        for fact in seen.facts:
            if fact[0] == "optimizer":
                self._remember(seen, fact[3])
            elif fact[0] == "step":
                self._steps += 1
                if self._steps == STEPS_BEFORE_A_VERDICT:
                    found = _tensors(seen.state)
                    self._gradients = {key for key, told in found if _nonzero(told[TENSOR_GRAD])}
                if fact[3] is not None:
                    self._without |= {row[0] for row in fact[3] if row[0] and not row[4]}
        return iter(())

    def _remember(self, seen: Seen, rows: list[Any]) -> None:
        self._line = seen.event[1]
        self._held |= {row[0] for row in rows if row[0]}
        for key, told in _tensors(seen.state):
            flags = told[TENSOR_FLAGS]
            if flags & REQUIRES and flags & LEAF and (flags & PARAMETER or key[1] in self._held):
                self._begin[key] = told

    def finish(self, state: RunningState) -> Iterator[tuple[int, Words]]:
        """After some steps every parameter should have moved."""
        if self._steps < STEPS_BEFORE_A_VERDICT:
            return
        for key, was in self._begin.items():
            now = state.scopes.get(key[0], {}).get(key[1])
            same = now is not None and now[0] == "t" and now[TENSOR_NUMBERS] == was[TENSOR_NUMBERS]
            if now is None or not same or key[1] in self._without or not now[TENSOR_FLAGS] & REQUIRES:
                continue
            if key[1] not in self._held:
                if key in self._gradients:
                    yield (
                        self._line,
                        say(
                            "{name} gets a gradient and never changes: no optimizer holds it. Give the optimizer all "
                            "parameters.",
                            name=key[1],
                        ),
                    )
            elif key not in self._gradients:
                yield (
                    self._line,
                    say(
                        "{name} never changed: its gradient was 0. Look for units that give 0 for every row, or "
                        "weights that all began at 0.",
                        name=key[1],
                    ),
                )
            else:
                yield self._line, say("{name} never changed: the learning rate is 0 or far too small.", name=key[1])


def _nonzero(gradient: Any) -> bool:
    return gradient is not None and not _zero(gradient[0])


class SoftmaxBeforeLoss(Mistake):
    """A loss that takes logits is given probabilities."""

    kind = "softmax before cross entropy"
    _GIVEN = {
        ("cross_entropy", "SoftmaxBackward0"): ("cross_entropy", "softmax"),
        ("binary_cross_entropy_with_logits", "SigmoidBackward0"): ("binary_cross_entropy_with_logits", "sigmoid"),
    }

    def __init__(self) -> None:
        self._said: set[int] = set()

    def look(self, seen: Seen) -> Iterator[tuple[int, Words]]:
        """By the operation that made what the loss is given."""
        for fact in seen.facts:
            pair = self._GIVEN.get((fact[1], fact[2])) if fact[0] == "loss" else None
            if pair is not None and seen.event[1] not in self._said:
                self._said.add(seen.event[1])
                yield seen.event[1], say(
                    "{loss} applies {squash} itself, and is given what {squash} made: the gradients become small and "
                    "training slow. Give it the logits.",
                    loss=pair[0], squash=pair[1],
                )  # fmt: skip
            if fact[0] == "loss" and fact[1] == "nll_loss" and fact[2] == "SoftmaxBackward0":
                yield from self._nll(seen)

    def _nll(self, seen: Seen) -> Iterator[tuple[int, Words]]:
        if seen.event[1] not in self._said:
            self._said.add(seen.event[1])
            yield (
                seen.event[1],
                say(
                    "nll_loss takes logarithms of probabilities, and is given probabilities. Use log_softmax, or give "
                    "cross_entropy the logits."
                ),
            )


class Evaluating(Mistake):
    """An optimizer trains a model that is in eval mode."""

    kind = "model left in eval mode"

    def __init__(self) -> None:
        self._said: set[str] = set()

    def look(self, seen: Seen) -> Iterator[tuple[int, Words]]:
        """At a step, by the mode of the model whose parameters it changes."""
        for fact in seen.facts:
            if fact[0] == "evaluating" and fact[1] not in self._said:
                self._said.add(fact[1])
                yield seen.event[1], say(
                    "{name} is trained in eval mode: its {layers} does not do what it does in training. Call "
                    "{name}.train() before the loop, and again after each eval().",
                    name=fact[1], layers=", ".join(fact[2]),
                )  # fmt: skip


class BroadcastInLoss(Mistake):
    """(n,) against (n, 1): every row against every other."""

    kind = "broadcasting in a loss"

    def __init__(self) -> None:
        self._said: set[int] = set()

    def look(self, seen: Seen) -> Iterator[tuple[int, Words]]:
        """By the shapes that a loss function is given, and by a difference that has n x n entries."""
        line = seen.event[1]
        if line in self._said:
            return
        for fact in seen.facts:
            if fact[0] == "loss" and fact[1] in ("mse_loss", "l1_loss", "smooth_l1_loss") and _is_spread(*fact[3:5]):
                self._said.add(line)
                yield line, _spread_words(fact[3], fact[4])
                return
        rows = seen.event[5].get("a", ()) if len(seen.event) > 5 else ()
        for row in rows:
            found = self._pair(seen, row) if row[1] == "SubBackward0" and len(row) > 4 else None
            if found is not None:
                self._said.add(line)
                yield line, _spread_words(*found)
                return

    def _pair(self, seen: Seen, row: list[Any]) -> tuple[list[int], list[int]] | None:
        """The two shapes, where the line subtracts (n,) and (n, 1) without having asked for it."""
        shape = row[4]
        if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 2 or re.search(r"None|squeeze|view|shape", seen.code):
            return None
        named = [seen.find(name) for name in names_in(seen.code)]
        shapes = [told[1] for told in named if told is not None and told[0] == "t"]
        if [shape[0]] in shapes and shape not in shapes:
            return [shape[0], 1], [shape[0]]
        return None


def _is_spread(one: list[int], other: list[int]) -> bool:
    """Whether both have more than one entry, and broadcasting makes more of them than either has."""
    if one == other or len(one) == len(other):
        return False
    short, long = sorted((one, other), key=len)
    return len(short) == 1 and len(long) == 2 and long[1] == 1 and short[0] > 1 and long[0] > 1


def _spread_words(one: list[int], other: list[int]) -> Words:
    return say(
        "Shapes {one} and {other} are spread to every row against every other, and the loss is of n x n differences. "
        "Bring both to one shape: y.unsqueeze(1), or prediction.squeeze(1).",
        one=shape_text(tuple(one)), other=shape_text(tuple(other)),
    )  # fmt: skip


class FirstNotFinite(Mistake):
    """The first tensor that became NaN or infinite."""

    kind = "not finite"

    def __init__(self) -> None:
        self._said = False

    def look(self, seen: Seen) -> Iterator[tuple[int, Words]]:
        """Of values first, then of gradients."""
        if self._said:
            return
        for scope, name, told in seen.event[4]:
            if told[0] not in ("t", "n"):
                continue
            numbers = told[TENSOR_NUMBERS] if told[0] == "t" else told[3]
            gradient = told[TENSOR_GRAD][0] if told[0] == "t" and told[TENSOR_GRAD] else None
            is_made = told[0] == "t" and told[4] is None and not told[TENSOR_FLAGS] & REQUIRES
            if _is_bad(numbers, only_nan=is_made):
                self._said = True
                yield seen.event[1], _not_finite_words(name, seen.before.get((scope, name)))
            elif _is_bad(gradient):
                self._said = True
                yield (
                    seen.event[1],
                    say(
                        "The gradient of {name} is not finite from here on, and its value still is. Look for sqrt or a "
                        "root at 0, log near 0, a division by 0, or such a branch of where().",
                        name=name,
                    ),
                )
            if self._said:
                return


def _is_bad(numbers: Any, only_nan: bool = False) -> bool:
    if isinstance(numbers, dict):
        return not only_nan and numbers["not_finite"] > 0
    if not isinstance(numbers, list):
        return False
    floats = [one for one in numbers if type(one) is float]
    return any(one != one or (not only_nan and abs(one) == float("inf")) for one in floats)  # noqa: PLR0124 - NaN


def _not_finite_words(name: str, before: Any) -> Words:
    numbers = before[TENSOR_NUMBERS] if before is not None and before[0] == "t" else None
    ends = [numbers.get("min", 0.0), numbers.get("max", 0.0)] if isinstance(numbers, dict) else numbers
    floats = [abs(one) for one in ends or () if type(one) in (float, int)]
    if floats and max(floats) > 1e4:
        return say(
            "{name} is not finite from here on: its numbers grew too large. Lower the learning rate, or bring the "
            "inputs to a smaller scale.",
            name=name,
        )
    return say(
        "{name} is not finite from here on. Look for a division by 0, log of 0, an overflow of exp, or numbers that "
        "grew too large because the learning rate is too high.",
        name=name,
    )


MISTAKES: tuple[type[Mistake], ...] = (
    ZeroGradMissing, GradOfNonLeaf, UnusedParameter, DetachedParameter, LostParameter, NeverChanged,
    SoftmaxBeforeLoss, Evaluating, BroadcastInLoss, FirstNotFinite,
)  # fmt: skip


class Watcher:
    """All mistakes over one run, event by event. One thread."""

    def __init__(self, source: str, frames: Mapping[int, Frame]) -> None:
        self.found: list[Warned] = []
        self._lines = source.splitlines()
        self._frames = frames
        self._state = RunningState()
        self._mistakes = [kind() for kind in MISTAKES]
        self._last: Told | None = None
        self._index = 0
        self._is_finished = False

    def see(self, event: Told, index: int) -> None:
        """One more event, at its place in the recording."""
        scopes = self._state.scopes
        before = {(scope, name): scopes.get(scope, {}).get(name) for scope, name, _ in event[4]}
        self._state.apply(event)
        self._last, self._index = event, index
        line = event[1]
        seen = Seen(event, self._state, before, self._lines[line - 1] if 0 < line <= len(self._lines) else "")
        for mistake in self._mistakes:
            for at, sentence in mistake.look(seen):
                self.found.append(Warned(mistake.kind, at, index, sentence))

    def finish(self) -> None:
        """The script is over."""
        if self._is_finished:
            return
        self._is_finished = True
        for mistake in self._mistakes:
            for at, sentence in mistake.finish(self._state):
                self.found.append(Warned(mistake.kind, at, self._index, sentence))

    def last_state(self) -> State | None:
        """The state after the last event; None before the first."""
        if self._last is None:
            return None
        return frozen_state(self._state, event_of(self._last), self._frames)
