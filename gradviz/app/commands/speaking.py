"""What the command line says: a result on stdout, sentences for a person on stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from gradviz.app.process.console import STDOUT, point
from gradviz.core.problems import GradvizError
from gradviz.core.words import escaped
from gradviz.storage.problems import cause_of


class OutputError(GradvizError):
    """The result cannot be written to stdout."""


class ReaderGoneError(OutputError):
    """Whoever read stdout wants no more of it, which is no mistake."""


def say(sentence: str) -> None:
    """A sentence for a person, on stderr. What cannot be printed is written out."""
    with contextlib.suppress(OSError, ValueError):  # a stderr that is full or gone: there is nobody to tell
        print(escaped(sentence), file=sys.stderr)  # noqa: T201 - the command line speaks here


def show(text: str, end: str = "\n") -> None:
    """A result, on stdout; OutputError where it cannot be written there."""
    with _told_as_mistakes():
        sys.stdout.write(text + end)
        sys.stdout.flush()


def show_program(text: str) -> None:
    """A program, on stdout: Python reads it as UTF-8, whatever the terminal can show."""
    with _told_as_mistakes():
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()


@contextlib.contextmanager
def _told_as_mistakes() -> Iterator[None]:
    """What stdout refuses, as an OutputError with a sentence."""
    try:
        yield
    except UnicodeEncodeError as error:
        letter, encoding = error.object[error.start], error.encoding
        raise OutputError(
            f"The result has the letter {letter!a}, which {encoding} cannot write. Set PYTHONIOENCODING=utf-8, or "
            "write to a file where there is --out."
        ) from None
    except BrokenPipeError:
        give_up_stdout()
        raise ReaderGoneError("Nobody reads any more.") from None
    except OSError as error:
        give_up_stdout()
        raise OutputError(f"The result cannot be written to stdout. {cause_of(error)} Send it elsewhere.") from None


def give_up_stdout() -> None:
    """What stdout still holds would fail once more when the program ends, with a trace."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if sys.stdout.fileno() == STDOUT:
            point(STDOUT, os.devnull)
