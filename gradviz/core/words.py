"""Words are values: a pattern with what stands in it, spoken at the edge in the language of whoever reads them.

`str()` of words is English, so that a command line and a log need nothing; the window speaks through
`gradviz.views.kit.speech`.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import Any

from gradviz.core.numbers import plural

VERBATIM = "{text}"
"""The pattern of what is said as it stands."""


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence as its pattern (a format string, in English) and the values of its places, in their order."""

    pattern: str
    values: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        if self.pattern == VERBATIM:
            return str(self.values[0][1])
        if "{" not in self.pattern and "}" not in self.pattern:
            return self.pattern
        if "|" not in self.pattern:  # it counts nothing
            return self.pattern.format(**dict(self.values))
        return counting.vformat(self.pattern, (), dict(self.values))

    def __bool__(self) -> bool:
        return bool(self.pattern)


class _Counting(Formatter):
    """A place with two nouns is a count: ``{steps:step|steps}`` is 1 step, or 1,204 steps.

    The pattern stays one, for languages whose nouns have no plural.
    """

    def format_field(self, value: Any, format_spec: str) -> str:
        one, bar, many = format_spec.partition("|")
        return plural(value, one, many) if bar else str(format(value, format_spec))


counting = _Counting()
SILENCE = Words("")


def say(pattern: str, **values: Any) -> Words:
    """Words of a pattern: ``say("Paused at step {step:,}.", step=k)``. The values are frozen, and may be words too."""
    return Words(pattern, tuple(values.items()))


def verbatim(text: str) -> Words:
    """Words that are said as they stand in every language: what PyTorch said, or a sentence made elsewhere."""
    return Words(VERBATIM, (("text", text),)) if text else SILENCE


def one_line(text: str, limit: int) -> str:
    """One line of printable characters, with an ellipsis where it was cut."""
    line = escaped(" ".join(text[: 4 * limit].split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def escaped(text: str) -> str:
    """`text` with what is no printable character written out: a line feed as ``\\n``, an escape as ``\\x1b``.

    What a stranger wrote must not steer the terminal, nor pretend to be a line of its own.
    """
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(letter: str) -> str:
    return letter if letter.isprintable() else repr(letter)[1:-1]
