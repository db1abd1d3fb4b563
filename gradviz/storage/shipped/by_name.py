"""An experiment by the name that a person gives: a file, or one of the gallery."""

from __future__ import annotations

from pathlib import Path

from gradviz.storage.experiments.experiment_file import SavedExperiment, load
from gradviz.storage.problems import FileError
from gradviz.storage.shipped.gallery import find_entry


def find_experiment(name: str) -> SavedExperiment:
    """A file, or a gallery experiment by name or case; FileError if it is neither."""
    path = Path(name).expanduser()
    if path.exists() or path.suffix in (".gradviz", ".json"):
        return load_named(path)
    entry = find_entry(name)
    if entry is None:
        raise FileError(f"There is no file and no gallery experiment named {name!r}.", "See: gradviz gallery")
    return SavedExperiment(entry.experiment, None)


def load_named(path: Path) -> SavedExperiment:
    """Load a file; a FileError names it."""
    try:
        return load(path)
    except FileError as error:
        raise FileError(f"{path.name[:60]}: {error.cause}", error.next_step) from None
