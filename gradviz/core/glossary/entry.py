"""One entry of the glossary: an operation in plain words, in symbols and in a sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """What the operator `name` (mul of MulBackward0) does; `formula` and `derivative` are symbols in any language.

    `word` names it, `sentence` says in one sentence how its gradient flows, each in English and Simplified Chinese. An
    operation that `is_elementwise` works on each element by itself, so that its Jacobian is a diagonal.
    """

    name: str
    word: str
    word_zh: str
    formula: str
    derivative: str
    sentence: str
    sentence_zh: str
    is_elementwise: bool = False
