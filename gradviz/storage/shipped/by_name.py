"""An experiment by the name that a person gives: a file, or one of the gallery."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from gradviz.storage.experiments.experiment_file import SavedExperiment, load
from gradviz.storage.experiments.misfits import MisfitError
from gradviz.storage.problems import FileError
from gradviz.storage.shipped.gallery import find_entry


def find_experiment(name: str, without_run: bool = False) -> SavedExperiment:
    """A file, or a gallery experiment by name or case; FileError if it is neither.

    `without_run` leaves out what a run left in the file, whether it fits or not.
    """
    path = path_of(name)
    if os.path.exists(path) or path.suffix in (".gradviz", ".json"):
        return load_named(path, without_run)
    entry = find_entry(name)
    if entry is None:
        raise FileError(f"There is no file and no gallery experiment named {name[:80]!r}.", "See: gradviz gallery")
    return SavedExperiment(entry.document, None)


def path_of(name: str) -> Path:
    """The path of that name; the home of a user who does not exist is none."""
    path = Path(name)
    with contextlib.suppress(RuntimeError):
        return path.expanduser()
    return path


def load_named(path: Path, without_run: bool = False) -> SavedExperiment:
    """Load a file; a FileError names it."""
    try:
        return load(path, without_run=without_run)
    except MisfitError as error:
        raise FileError(f"{path.name[:60]}: {error.cause}", "Run its experiment anew: gradviz run.") from None
    except FileError as error:
        raise FileError(f"{path.name[:60]}: {error.cause}", error.next_step) from None
