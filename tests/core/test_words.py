"""Words: a pattern with its values, spoken in English by `str`."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.words import SILENCE, Words, escaped, one_line, say, verbatim


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
