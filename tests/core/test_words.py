"""Words: a pattern with its values, spoken in English by `str`."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.words import SILENCE, Words, escaped, one_line, say, verbatim

SOURCE = Path(__file__).parents[2] / "gradviz"


def test_words_are_spoken_with_their_values_in_the_formats_of_the_pattern() -> None:
    assert str(say("Paused at step {step:,}.", step=12345)) == "Paused at step 12,345."
    assert str(say("{what}… {done:.0%}", what=say("Computing {it}", it="basins"), done=0.5)) == "Computing basins… 50%"
    assert str(say("No place, and a brace: {{}}")) == "No place, and a brace: {}"


def test_equal_words_are_one_value_that_cannot_be_changed() -> None:
    words = say("{a}", a=1)
    assert words == say("{a}", a=1) != say("{a}", a=2)
    assert len({words, say("{a}", a=1)}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        words.pattern = "other"  # type: ignore[misc]


SOURCE = Path(__file__).parents[2] / "gradviz"


@given(st.text())
def test_what_is_said_verbatim_comes_out_as_it_was_whatever_is_in_it(text: str) -> None:
    assert str(verbatim(text)) == text
    assert bool(verbatim(text)) == bool(text)


def test_silence_says_nothing() -> None:
    assert not SILENCE
    assert str(SILENCE) == ""
    assert verbatim("") == SILENCE
    assert isinstance(SILENCE, Words)


@given(st.text(), st.integers(1, 300))
def test_one_line_is_printable_and_no_longer_than_it_may_be(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line.isprintable()


@given(st.text())
def test_escaped_text_is_printable_and_what_was_printable_is_as_it_was(text: str) -> None:
    assert escaped(text).isprintable()
    if text.isprintable():
        assert escaped(text) == text


def test_what_steers_a_terminal_is_written_out() -> None:
    assert escaped("a\x1b[31m\n\u202eb\ud800中") == "a\\x1b[31m\\n\\u202eb\\ud800中"


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 steps"), (1, "1 step"), (2, "2 steps"), (1204, "1,204 steps")],
)
def test_a_count_has_its_noun_and_one_pattern(count: int, said: str) -> None:
    assert str(say("Finished: {step:step|steps}.", step=count)) == f"Finished: {said}."
    assert str(say("{step:step does|steps do}", step=count)) == (f"{count:,} step does" if count == 1 else f"{said} do")


def test_no_sentence_writes_a_count_before_a_noun_that_is_always_many() -> None:
    """`{count:,} steps` reads "1 steps" once: a count is said by `plural`, or in a pattern as `{count:step|steps}`."""
    nouns = "steps|rows|points|dimensions|optimisers|tensors|elements|columns|classes|targets|inputs|epochs|starts"
    wrong = []
    for path in sorted(SOURCE.rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for found in re.finditer(rf"\{{[^{{}}]+\}} (?:{nouns})\b", line):
                if not is_certainly_many(found[0]) and path.stem not in BEYOND_A_LIMIT:
                    wrong.append(f"{path.relative_to(SOURCE)}:{number}: {found[0]}")
    assert not wrong, "\n".join(wrong)


BEYOND_A_LIMIT = frozenset(
    {
        "grids", "bench_verdicts", "delimited_text", "tables", "comparison", "broadcasting", "not_there_yet",
        "tensorflow_script", "data_tensors", "basins",
    }
)  # fmt: skip
"""Modules that tell a count only where it is more than some limit, which is more than one."""


def is_certainly_many(place: str) -> bool:
    """A limit in capitals, and a share or a rate with a decimal point."""
    return bool(re.match(r"\{(?:MAX|MOST|MOST_[A-Z]+|MAX_[A-Z]+)\b", place)) or ".0f" in place
