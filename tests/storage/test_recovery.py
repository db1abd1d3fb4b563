"""The recovery journal: what it offers of a session that is over, however it ended, and what it leaves."""

from __future__ import annotations

import copy
import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.document import Document, with_setting
from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.document.table_fits import experiment_on
from gradviz.core.tables.tables import MOST_INLINE, Table, tables_in
from gradviz.storage.experiments.experiment_file import save
from gradviz.storage.experiments.pieces import in_one
from gradviz.storage.problems import FileError
from gradviz.storage.recovery import journal as journals
from gradviz.storage.recovery.changes import changes_between, with_changes
from gradviz.storage.recovery.file_stamp import free_name, is_changed, stamp_of
from gradviz.storage.recovery.journal import Base, Journal, open_journal, recovery_folder
from gradviz.storage.recovery.left_work import LeftWork, is_open_elsewhere, left_work
from gradviz.storage.recovery.lines import AWAKE, HUNG, MOST_AT_ONCE, line_of, lining, records_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADVIZ_DATA", str(tmp_path / "data"))
    return recovery_folder()


def titled(name: str, document: Document | None = None) -> Document:
    return with_setting(document or Document(), "title", name)


def begun(document: Document | None = None, **more: Any) -> Journal:
    journal = open_journal()
    journal.begin(Base(document or Document(), **more))
    return journal


def killed(journal: Journal) -> Path:
    """What the system does with a process: its descriptors are closed, its files stay."""
    os.close(journal._descriptor)
    return journal.path


def only() -> LeftWork:
    (work,) = left_work()
    return work


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@given(JSON, JSON)
def test_the_changes_between_two_values_make_one_of_the_other(old: Any, new: Any) -> None:
    kept = copy.deepcopy(old)
    changes = changes_between(old, new)
    made = with_changes(old, json.loads(json.dumps(changes)))
    assert json.dumps(made) == json.dumps(new)
    assert json.dumps(old) == json.dumps(kept), "what was there before is left alone"
    assert changes_between(old, kept) == []


def test_an_edit_costs_some_hundred_bytes_and_not_the_document() -> None:
    journal = begun(titled("before"))
    size = journal.path.stat().st_size
    journal.edit(Document(lesson=titled("before").lesson, experiment=with_value(Experiment(), "seed", 7)))
    assert 0 < journal.path.stat().st_size - size < 200
    killed(journal)
    (work,) = left_work()
    assert (work.edits, work.title, work.file_name, work.run_step) == (1, "before", "", -1)
    taken = in_one(work.taking_up())
    assert taken.documents[-1].experiment.seed == 7
    assert taken.base.document == titled("before")


def test_the_last_edit_is_what_is_taken_up_and_the_others_are_for_undo() -> None:
    journal = begun(path=Path("/somewhere/line.gradviz"), steps=5)
    made = [titled(name) for name in ("one", "two", "three")]
    for document in made:
        assert journal.edit(document)
        assert not journal.edit(document), "the same once more is nothing"
    killed(journal)
    taken = in_one(only().taking_up())
    assert (*taken.before, *taken.documents) == (Document(), *made)
    assert taken.documents == (made[-1],)
    assert (taken.base.path, taken.base.steps) == (Path("/somewhere/line.gradviz"), 5)


def test_without_the_last_edit_its_file_goes_on_from_there() -> None:
    journal = begun()
    journal.edit(titled("good"))
    journal.edit(titled("it hangs"))
    killed(journal)
    taken = in_one(only().taking_up(without_last=True))
    assert taken.documents[-1] == titled("good")
    assert taken.journal.edit(taken.documents[-1]), "that the last is gone is an edit too"
    killed(taken.journal)
    assert only().title == "good"


def test_what_was_taken_back_is_not_offered() -> None:
    journal = begun(titled("same"))
    journal.edit(titled("other"))
    journal.edit(titled("same"))
    killed(journal)
    assert left_work() == []
    assert files(recovery_folder()) == []


def test_a_session_that_ended_well_leaves_nothing(folder: Path) -> None:
    journal = begun()
    journal.edit(titled("edited"))
    save(journal.run_path, titled("edited"), None)
    journal.end()
    assert files(folder) == []
    assert left_work() == []


def test_work_is_offered_to_one_and_again_until_it_is_discarded(folder: Path) -> None:
    journal = begun()
    journal.edit(titled("edited"))
    assert left_work() == [], "the session goes on"
    killed(journal)
    work = only()
    assert left_work() == [], "another start, while it is asked about"
    work.let_go()
    only().discard()
    assert left_work() == []
    assert files(folder) == []


def test_saving_begins_anew_and_takes_the_run_away(folder: Path) -> None:
    journal = begun()
    journal.edit(titled("edited"))
    save(journal.run_path, titled("edited"), None)
    journal.note_run(7)
    journal.begin(Base(titled("edited"), Path("a.gradviz")))
    assert files(folder) == [journal.path.name]
    killed(journal)
    assert left_work() == []


@pytest.mark.parametrize("cut", range(2, 120, 7))
def test_a_torn_end_costs_the_last_edit_alone_and_what_is_added_is_read(cut: int) -> None:
    journal = begun()
    journal.edit(titled("whole"))
    before = journal.path.stat().st_size
    journal.edit(titled("torn"))
    path = killed(journal)
    end = path.stat().st_size
    os.truncate(path, max(before + 1, end - cut))
    work = only()
    assert work.title == "whole"
    taken = in_one(work.taking_up())
    taken.journal.edit(titled("after"))
    killed(taken.journal)
    assert only().title == "after"


@pytest.mark.parametrize("at", [0, 3, 9, 40, 200])
def test_a_journal_of_other_bytes_is_no_reason_to_fail(folder: Path, at: int) -> None:
    journal = begun()
    journal.edit(titled("edited"))
    path = killed(journal)
    data = bytearray(path.read_bytes())
    data[at : at + 5] = b"\xff\x00\n{}"
    path.write_bytes(data)
    assert left_work() == [], "without its beginning there is no document"
    assert files(folder) == []


def test_lines_are_read_back_and_no_others() -> None:
    lines = line_of("a", {"x": 1}) + b"nonsense\n" + line_of("b", {"y": "\u2028\n"}) + line_of("c", {})[:-3]
    assert [(one["kind"], one.get("x"), one.get("y")) for one in records_of(lines)] == [
        ("a", 1, None),
        ("b", None, "\u2028\n"),
    ]


def test_a_full_disk_leaves_no_torn_line_and_the_next_edit_holds_both() -> None:
    journal = begun()
    journal.edit(titled("first"))
    size = journal.path.stat().st_size
    write = os.write
    with pytest.MonkeyPatch.context() as full:
        full.setattr(journals.os, "write", lambda descriptor, data: write(descriptor, data[: len(data) // 2]))
        with pytest.raises(OSError, match="No space"):
            journal.edit(with_setting(titled("lost?"), "seed", 5))
    assert journal.path.stat().st_size == size
    journal.edit(with_setting(titled("second"), "seed", 5))
    killed(journal)
    assert in_one(only().taking_up()).documents[-1] == with_setting(titled("second"), "seed", 5)


def test_large_tables_lie_beside_and_an_edit_that_lacks_them_is_left_out(folder: Path) -> None:
    big = Table(("a", "b"), np.arange(2.0 * MOST_INLINE).reshape(-1, 2))
    document = Document(experiment=experiment_on(TableDataset(table=big), Experiment()))
    journal = begun()
    journal.edit(document)
    path = journal.tables_path(document)
    assert path is not None
    save(path, document, None)
    killed(journal)
    del document
    gc.collect()
    taken = in_one(only().taking_up())
    (table,) = tables_in(taken.documents[-1].experiment)
    assert table == big
    killed(taken.journal)
    path.unlink()
    del taken, table, big
    gc.collect()  # a table that is alive elsewhere would lend its rows
    assert in_one(only().taking_up()).documents[-1] == Document(), "the one before is there all the same"


def test_a_window_that_hangs_is_told_and_one_that_came_back_is_not() -> None:
    journal = begun()
    journal.edit(titled("edited"))
    os.write(journal._descriptor, line_of(HUNG, {}))
    path = killed(journal)
    work = only()
    assert work.is_hung
    work.let_go()
    with path.open("ab") as stream:
        stream.write(line_of(AWAKE, {}))
    assert not only().is_hung


def test_a_file_that_another_session_has_open_is_known(tmp_path: Path) -> None:
    path = tmp_path / "a.gradviz"
    path.touch()
    mine = begun(path=path)
    assert not is_open_elsewhere(path, mine.path)
    other = begun(path=tmp_path / "link.gradviz")
    (tmp_path / "link.gradviz").symlink_to(path)
    assert is_open_elsewhere(path, mine.path), "by another name"
    killed(other)
    assert not is_open_elsewhere(path, mine.path), "that session is over"
    killed(mine)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda path: None, False),
        (lambda path: path.touch(), False),
        (lambda path: path.write_bytes(b"as it was"), False),
        (lambda path: path.write_bytes(b"otherwise"), True),
        (lambda path: path.unlink(), False),
        (lambda path: (path.unlink(), path.write_bytes(b"another")), True),
    ],
)
def test_a_file_is_changed_when_its_content_is(
    tmp_path: Path, change: Callable[[Path], object], expected: bool
) -> None:
    path = tmp_path / "a.gradviz"
    path.write_bytes(b"as it was")
    known = stamp_of(path)
    change(path)
    assert is_changed(path, known) == expected
    assert not is_changed(path, None), "a file that this window never read"


def test_a_free_name_is_that_of_no_file(tmp_path: Path) -> None:
    for name in ("a.gradviz", "a (2).gradviz", "a (3).gradviz"):
        (tmp_path / name).touch()
    assert free_name(tmp_path / "a.gradviz").name == "a (4).gradviz"
    free_name(tmp_path / ("表" * 80 + ".gradviz")).touch()


def test_strays_go_and_what_lives_stays(folder: Path) -> None:
    journal = begun()
    save(journal.run_path, Document(), None)
    (folder / "20250101-000000-7-00000000.journal.run.gradviz").touch()
    (folder / ".20250101.journal.run.gradviz.0a1b2c3d.part").touch()
    (folder / "20250101-000000-8-00000000.journal").touch()
    assert left_work() == []
    assert files(folder) == sorted([journal.path.name, journal.run_path.name])
    journal.end()


def test_what_cannot_be_read_any_more_is_said_and_stays() -> None:
    journal = open_journal()
    os.write(journal._descriptor, line_of("base", {"format": 99, "document": {"lesson": {}, "experiment": {}}}))
    os.write(journal._descriptor, line_of("edit", {"changes": [[["lesson"], {"case": "x"}]]}))
    killed(journal)
    with pytest.raises(FileError, match="offered again"):
        in_one(only().taking_up())


KILLED = """
import os, sys, time
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.document import Document, with_setting
from gradviz.storage.recovery.journal import Base, open_journal
journal = open_journal()
journal.begin(Base(Document()))
for number in range(100000):
    journal.edit(with_setting(Document(), "seed", number))
    os.write(1, b"%d\\n" % number)
"""


@pytest.mark.skipif(os.name != "posix", reason="ends a process by a signal")
def test_kill_9_among_edits_loses_none_that_was_made(folder: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE)
    assert child.stdout is not None
    for _ in range(200):
        child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    last = 199 + len(child.stdout.read().splitlines())
    child.wait()
    child.stdout.close()
    taken = in_one(only().taking_up())
    assert taken.documents[-1].experiment.seed in (last, last + 1)


def test_a_long_line_is_made_in_pieces_and_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 12.5)
    record = {"values": [0.1 * number for number in range(3 * MOST_AT_ONCE)], "text": "\u2028\n", "none": None}
    assert in_one(lining("base", record)) == line_of("base", record)
    assert len(list(lining("base", record))) >= 3
