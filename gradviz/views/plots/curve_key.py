"""What the key above the curves says: who is who, with the losses or scores of a step, who diverged, and where 0 is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradviz.core.numbers import Floats, short_number
from gradviz.core.runs.figures import TRAINING_SCORE, VALIDATION_LOSS, VALIDATION_SCORE, latest, score_text
from gradviz.core.runs.history import History
from gradviz.core.words import say
from gradviz.views.kit.lane_key import BETWEEN, Piece
from gradviz.views.kit.lanes import LaneSign
from gradviz.views.kit.speech import spoken

FEW = 3
"""So many losses are written in full; the note of a larger race has three digits of each."""


@dataclass(frozen=True)
class CurveKey:
    """The key of a run, one `names` each optimiser, at one step.

    `score` is what a score of this run is, accuracy or r2, and nothing where no rows are held out. `lost` has the step
    from which on an optimiser has no finite loss.
    """

    names: tuple[str, ...]
    sign: Callable[[int], LaneSign]
    held_out: LaneSign
    score: str = ""
    shows_scores: bool = False
    step: int = 0
    lost: Mapping[int, int] = field(default_factory=dict)
    has_zeros: bool = False

    def written(self, history: History) -> tuple[str, list[Piece]]:
        """The note in one line, and the pieces of the key."""
        last = history.losses[min(self.step, len(history) - 1)]
        digits = 7 if len(last) <= FEW else 3
        text = ", ".join(short_number(float(loss), digits) for loss in last)
        zero = f"▲ exactly 0 {_zero_words(history.losses)}" if self.has_zeros else ""
        note = f"loss {text} at step {self.step:,}" + (f";  {zero}" if zero else "")
        held = [latest(history.figures[:, k], self.step) if self.score else None for k in range(len(last))]
        if len(self.names) > 1:
            dashed = [Piece("held out", self.held_out, has_mark=False, is_dashed=True)] if any(held) else []
            pieces = [Piece(f"step {self.step:,}"), *self.named(last, held), *dashed, Piece(zero)]
        else:
            found = held[0]
            if found is not None:
                note = f"loss {text}, validation {_held_loss(found[1])} at step {self.step:,}"
            shown = [Piece(f"loss {text} at step {self.step:,}")] if found is None else self._both(text, found)
            pieces = [*shown, Piece(zero)]
            pieces += [Piece(_lost_words(step), self.sign(k), is_fault=True) for k, step in self.lost.items()]
        return note, [piece for piece in pieces if piece.text]

    def named(self, losses: Floats | None = None, held: Sequence[tuple[int, Floats] | None] = ()) -> list[Piece]:
        """Everybody who races, with the loss of the step and that of the rows held out; who diverged, and when."""
        pieces = []
        for k, name in enumerate(self.names if len(self.names) > 1 else ()):
            if k in self.lost:
                pieces.append(Piece(f"{name} {_lost_words(self.lost[k])}", self.sign(k), is_fault=True))
                continue
            numbers = [] if losses is None else [float(losses[k])]
            found = held[k] if held else None
            if found is not None:
                scores = [float(found[1][place]) for place in (TRAINING_SCORE, VALIDATION_SCORE)]
                numbers = scores if self.shows_scores else [*numbers, float(found[1][VALIDATION_LOSS])]
            number = BETWEEN.join(short_number(value, 3) for value in numbers)
            pieces.append(Piece(name, self.sign(k), number))
        return pieces

    def _both(self, loss: str, held: tuple[int, Floats]) -> list[Piece]:
        """Of one optimiser: the line of the rows trained on and that of those held out, each with its number."""
        step, figures = held
        shown, validation = f"loss {loss}", _held_loss(figures)
        if self.shows_scores:
            shown, validation = (self._score_text(figures, place) for place in (TRAINING_SCORE, VALIDATION_SCORE))
            shown = f"trained on {shown}"
        of = f" of step {step:,}" if step != self.step else ""
        sign = self.sign(0)
        held_out = Piece(f"held out {validation}{of}", sign, has_mark=False, is_dashed=True)
        return [Piece(shown, sign, has_mark=False), held_out, Piece(f"at step {self.step:,}")]

    def _score_text(self, figures: Floats, place: int) -> str:
        return score_text(float(figures[place]), self.score == "accuracy")


def _held_loss(figures: Floats) -> str:
    return short_number(float(figures[VALIDATION_LOSS]), 7)


def _lost_words(step: int) -> str:
    return spoken(say("diverged at step {step:,}", step=step))


def _zero_words(losses: Floats) -> str:
    """Where: at the step that is marked, and whether it stays there. With several optimisers the marks tell."""
    if losses.shape[1] > 1:
        return "at the marks"
    first = int(np.flatnonzero(losses[:, 0] == 0)[0])
    stays = not losses[first:, 0].any()
    return f"from step {first:,} on" if stays else f"at step {first:,}"
