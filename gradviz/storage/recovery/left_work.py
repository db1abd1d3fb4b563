"""The work that sessions left behind which ended without a goodbye, and the removal of what is of no use any more.

A journal that nobody holds is that of a session that is over. Whoever finds it holds it from then on, so that two
windows that start at once do not offer the same work.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradviz.core.declaration import SettingError
from gradviz.core.document.document import Document, document_from_data
from gradviz.storage.atomic_write import remove_leftovers
from gradviz.storage.experiments.experiment_file import SavedExperiment, load
from gradviz.storage.experiments.migrations import migrate
from gradviz.storage.problems import FileError
from gradviz.storage.recovery.changes import with_changes
from gradviz.storage.recovery.file_stamp import FileStamp, is_changed
from gradviz.storage.recovery.journal import (
    ENDING,
    OPEN_FLAGS,
    RUN_ENDING,
    TABLES_ENDING,
    Base,
    Journal,
    recovery_folder,
    remove,
    sides_of,
)
from gradviz.storage.recovery.lines import AWAKE, BASE, EDIT, HUNG, RUN, records_of
from gradviz.storage.user.crash_logs import lock

MOST_UNDONE = 50
"""Edits that can be taken back of work that was taken up: each has to be made anew."""


@dataclass
class _Told:
    """What the lines of a journal say, from the last base on."""

    head: dict[str, Any]
    stands: list[Any] = field(default_factory=list)
    """The document, as plain data, as it stood at first and after each edit."""
    edited_at: float = 0.0
    run_step: int = -1
    run_at: float = 0.0
    is_hung: bool = False
    """Whether the window stopped answering after the last edit."""


@dataclass(frozen=True)
class LeftWork:
    """What a session had that is in no file. It is held until one of `discard`, `let_go` and `take_up`.

    `run_step` is that of the run that was saved beside it; -1 if there is none.
    """

    path: Path
    descriptor: int
    title: str
    file_name: str
    edits: int
    edited_at: float
    run_step: int
    run_at: float
    is_hung: bool
    told: _Told

    def discard(self) -> None:
        """Nobody wants it."""
        remove(self.path, self.descriptor)

    def let_go(self) -> None:
        """It stays for a later start."""
        os.close(self.descriptor)

    def taking_up(self, without_last: bool = False) -> Generator[float, None, TakenUp]:
        """The work itself, in pieces; its journal is this session's from now on.

        FileError where nothing of it can be used: then it stays.
        """
        with_tables = [kept for beside in sides_of(self.path) if (kept := _loaded(beside, TABLES_ENDING))]
        yield 0.2
        base = _base(self.told.head)
        run, is_run_saved = self._run(base)
        documents = []
        stands = self.told.stands[: -1 if without_last else None][-MOST_UNDONE - 1 :]
        for number, data in enumerate(stands):
            yield 0.4 + 0.6 * number / len(stands)
            made = _document(self.told.head, data)
            documents += [] if made is None else [made]
        del with_tables
        if base is None or not documents:
            raise FileError("What the session left cannot be read by this gradviz.", "It is offered again.")
        journal = Journal(self.path, self.descriptor, self.told.stands[-1], self.run_step >= 0)
        return _taken_up(base, documents, run, is_run_saved, journal)

    def _run(self, base: Base | None) -> tuple[SavedExperiment | None, bool]:
        """The run that was saved beside the journal, else that of the document's file; and whether it is the latter."""
        beside = _loaded(self.path.with_name(self.path.name + RUN_ENDING)) if self.run_step >= 0 else None
        if beside is not None or base is None or base.path is None or not base.steps:
            return beside, False
        return (None if is_changed(base.path, base.stamp) else _loaded(base.path)), True


@dataclass(frozen=True)
class TakenUp:
    """What a session had open: first the `documents[0]`, of which `run` is, then the others, one after another.

    `before` are those that came before it, for undo.
    """

    base: Base
    before: tuple[Document, ...]
    documents: tuple[Document, ...]
    run: SavedExperiment | None
    is_run_saved: bool
    """Whether it stands in the document's file."""
    journal: Journal


def _taken_up(
    base: Base, documents: list[Document], run: SavedExperiment | None, is_run_saved: bool, journal: Journal
) -> TakenUp:
    """The run belongs to the last document with its experiment; what came after is made anew once it is there."""
    if run is None or run.result is None:
        return TakenUp(base, tuple(documents[:-1]), tuple(documents[-1:]), None, False, journal)
    numbers = [number for number, one in enumerate(documents) if one.experiment == run.experiment]
    if not numbers:
        return TakenUp(base, (), (run.document, *documents), run, is_run_saved, journal)
    return TakenUp(base, tuple(documents[: numbers[-1]]), tuple(documents[numbers[-1] :]), run, is_run_saved, journal)


def left_work() -> list[LeftWork]:
    """All that sessions left which are over, the newest first; what is of no use to anybody is removed."""
    folder, found = recovery_folder(), []
    for path in sorted(folder.glob(f"*{ENDING}"), reverse=True):
        descriptor = _claimed(path)
        if descriptor is None:
            continue
        work = _work(path, descriptor)
        if work is None:
            remove(path, descriptor)
        else:
            found.append(work)
    _remove_strays(folder)
    return sorted(found, key=lambda work: max(work.edited_at, work.run_at), reverse=True)


def is_open_elsewhere(path: Path, mine: Path | None) -> bool:
    """Whether another session that lives has this file open: its journal says so, which is not `mine`."""
    wanted = os.path.realpath(path)
    return any(os.path.realpath(other) == wanted for other in _paths_of_living(mine))


def _paths_of_living(mine: Path | None) -> Iterator[str]:
    for journal in recovery_folder().glob(f"*{ENDING}"):
        if journal == mine:
            continue
        descriptor = _claimed(journal)
        if descriptor is not None:
            os.close(descriptor)
            continue
        told = _told(_content(journal))
        if told is not None and isinstance(told.head.get("path"), str):
            yield told.head["path"]


def _claimed(path: Path) -> int | None:
    """The journal, held by this process; None if a session that lives holds it, or nobody can tell."""
    try:
        descriptor = os.open(path, OPEN_FLAGS)
    except OSError:
        return None
    try:
        lock(descriptor)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_strays(folder: Path) -> None:
    """What lies beside a journal that is gone, and what a save into this folder left."""
    remove_leftovers(folder)
    for path in folder.glob(f"*{ENDING}*"):
        owner = path.name[: path.name.index(ENDING) + len(ENDING)]
        if path.name != owner and not path.name.startswith(".") and not (folder / owner).exists():
            with contextlib.suppress(OSError):
                path.unlink()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _work(path: Path, descriptor: int) -> LeftWork | None:
    """What a journal offers; None if that is nothing."""
    told = _told(_content(path))
    if told is None:
        return None
    is_edited = told.stands[-1] != told.stands[0]
    has_run = told.run_step >= 0 and path.with_name(path.name + RUN_ENDING).exists()
    if not (is_edited or has_run):
        return None
    where = told.head.get("path")
    return LeftWork(
        path,
        descriptor,
        _title(told.stands[-1]),
        Path(where).name if isinstance(where, str) else "",
        len(told.stands) - 1,
        told.edited_at,
        told.run_step if has_run else -1,
        told.run_at,
        told.is_hung,
        told,
    )


def _told(data: bytes) -> _Told | None:
    """What the lines say; None without a base."""
    told: _Told | None = None
    for record in records_of(data):
        at = record.get("at")
        when = float(at) if isinstance(at, int | float) else 0.0
        if record.get("kind") == BASE and isinstance(record.get("document"), dict):
            told = _Told(record, [record["document"]], when)
        elif told is not None:
            _add(told, record, when)
    return told


def _add(told: _Told, record: dict[str, Any], when: float) -> None:
    kind = record.get("kind")
    if kind == EDIT:
        with contextlib.suppress(LookupError, TypeError, ValueError, AttributeError):
            told.stands.append(with_changes(told.stands[-1], record["changes"]))
            told.edited_at, told.is_hung = when, False
    elif kind == RUN and isinstance(record.get("step"), int):
        told.run_step, told.run_at = record["step"], when
    elif kind in (HUNG, AWAKE):
        told.is_hung = kind == HUNG


def _title(data: Any) -> str:
    with contextlib.suppress(LookupError, TypeError):
        return str(data["lesson"]["texts"]["en"]["title"])
    return ""


def _document(head: dict[str, Any], data: Any) -> Document | None:
    """A document of plain data; None where it cannot be: it may need a table that was not yet on the disk."""
    version = head.get("format")
    try:
        return document_from_data(migrate({"format": version, **data}, version if isinstance(version, int) else 0))
    except (FileError, SettingError, LookupError, TypeError, ValueError):
        return None


def _base(head: dict[str, Any]) -> Base | None:
    document = _document(head, head["document"])
    if document is None:
        return None
    path, steps = head.get("path"), head.get("steps")
    return Base(
        document,
        Path(path) if isinstance(path, str) else None,
        str(head.get("gallery") or ""),
        head.get("read_only") is True,
        _stamp(head.get("stamp")),
        steps if isinstance(steps, int) else 0,
    )


def _stamp(data: Any) -> FileStamp | None:
    with contextlib.suppress(TypeError):
        return FileStamp(**data)
    return None


def _loaded(path: Path, ending: str = "") -> SavedExperiment | None:
    """What a file beside a journal holds; None if it cannot be read."""
    if ending and not path.name.endswith(ending):
        return None
    try:
        return load(path)
    except FileError:
        return None
