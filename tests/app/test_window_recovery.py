"""Faults 25, 26 and 35: what a session left is offered, and a file that others write into is asked about."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desk import CONTROL, SHIFT, Desk, Key
from program import Program, environment
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from gradviz.app.process import leash as leashes
from gradviz.app.process.leash import Leash
from gradviz.app.window import run_saver, saving
from gradviz.app.window.run_saver import RunSaver
from gradviz.app.window.session import Opened
from gradviz.app.window.work_offer import left_words
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.document import Document, with_setting
from gradviz.core.document.experiment import Experiment, to_data
from gradviz.core.document.table_fits import experiment_on
from gradviz.core.objectives.catalogue import FormulaObjective, NamedTensor
from gradviz.core.runs.state import RunState
from gradviz.core.tables.tables import MOST_INLINE, Table
from gradviz.engine.runs.mailbox import block_of
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.experiments.experiment_file import load, save
from gradviz.storage.recovery.file_stamp import stamp_of
from gradviz.storage.recovery.journal import Base, Journal, open_journal, recovery_folder
from gradviz.storage.recovery.left_work import left_work
from gradviz.storage.recovery.lines import HUNG, line_of, records_of

POSIX = pytest.mark.skipif(os.name != "posix", reason="ends a process by a signal")


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    answers: list[str] = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (answers.pop(0), ""))
    return answers


@pytest.fixture
def left(config: Path) -> Callable[..., Path]:
    """Leaves work as a session does that was killed."""

    def leave(
        *edits: Document, base: Base | None = None, run: tuple[Document, int] | None = None, end: bytes = b""
    ) -> Path:
        journal = open_journal()
        journal.begin(base or Base(Document()))
        for number, document in enumerate(edits):
            journal.edit(document)
            if run is not None and number == len(edits) - 2:
                _save_run(journal, *run)
        if run is not None and len(edits) < 2:
            _save_run(journal, *run)
        os.write(journal._descriptor, end)
        os.close(journal._descriptor)
        return journal.path

    return leave


def _save_run(journal: Journal, document: Document, steps: int) -> None:
    trainer = Trainer(document.experiment)
    history = block_of([trainer.record, *(trainer.advance() for _ in range(steps))], 1)
    save(journal.run_path, document, replace(trainer.result(RunState.PAUSED), history=history))
    journal.note_run(steps)


def titled(name: str, **settings: Any) -> Document:
    document = with_setting(Document(), "title", name)
    for path, value in settings.items():
        document = with_setting(document, path, value)
    return document


def started(new_desk: Callable[..., Desk], answer: str, file: Path | None = None) -> Desk:
    """A desk at whose start the question is answered."""
    desk = new_desk(file, settled=False)
    desk.answer(answer)
    desk.wait(lambda: bool(desk.dialogs), "the question")
    desk.wait_filled()
    return desk


def lines_of_journal() -> list[dict[str, Any]]:
    return [one for path in recovery_folder().glob("*.journal") for one in records_of(path.read_bytes())]


def files() -> list[str]:
    return [path.name for path in recovery_folder().iterdir()]


def test_edits_of_a_session_that_was_killed_are_taken_up_with_their_undo(
    new_desk: Callable[..., Desk], left: Callable[..., Path]
) -> None:
    path = left(titled("one"), titled("two", seed=5))
    desk = started(new_desk, "Take it up")
    assert "“two”" in desk.dialogs[0]
    assert "2 unsaved edits" in desk.dialogs[0]
    desk.wait(lambda: desk.controller.session.document == titled("two", seed=5), "the document")
    assert desk.window.isWindowModified()
    desk.press(Key.Key_Z, CONTROL)
    assert desk.controller.session.document == titled("one")
    assert files() == [path.name], "one journal, which goes on"
    assert lines_of_journal()[-1]["changes"], "what was undone stands in it"


def test_a_run_is_taken_up_with_its_curve_and_an_edit_after_it_is_one_undo_away(
    new_desk: Callable[..., Desk], left: Callable[..., Path]
) -> None:
    mine = titled("mine", steps=500)
    left(mine, with_setting(mine, "seed", 9), run=(mine, 40))
    desk = started(new_desk, "Take it up")
    assert "a run of 40 steps" in desk.dialogs[0]
    desk.wait(lambda: desk.controller.session.experiment.seed == 9, "the later edit")
    desk.press(Key.Key_Z, CONTROL)
    desk.wait(lambda: desk.control.state is RunState.PAUSED, "the run")
    assert (desk.control.step, len(desk.control.history)) == (40, 41)
    desk.click(desk.run_button("One step"))
    desk.wait_step(41)
    desk.settle()


def test_a_live_edit_after_the_run_was_saved_is_made_anew(
    new_desk: Callable[..., Desk], left: Callable[..., Path]
) -> None:
    mine = titled("mine", steps=500)
    left(mine, with_setting(mine, "optimizers.0.lr", 0.0123), run=(mine, 40))
    desk = started(new_desk, "Take it up")
    desk.wait(lambda: desk.controller.session.experiment.optimizers[0].lr == 0.0123, "the later edit")
    desk.wait(lambda: desk.control.state is RunState.PAUSED, "the run")
    assert (desk.control.step, len(desk.control.history)) == (40, 41), "the run goes on with it"
    desk.settle()


def test_what_is_discarded_is_gone_and_what_is_left_for_later_is_asked_again(
    new_desk: Callable[..., Desk], left: Callable[..., Path]
) -> None:
    left(titled("mine"))
    desk = started(new_desk, "Later")
    assert desk.controller.session.gallery_name == "himmelblau"
    desk.close()
    desk = started(new_desk, "Discard")
    desk.settle()
    desk.close()
    assert files() == []
    desk = new_desk()
    assert desk.dialogs == []


def test_work_of_several_sessions_is_asked_about_one_by_one(
    new_desk: Callable[..., Desk], left: Callable[..., Path]
) -> None:
    left(titled("first"))
    left(titled("second"))
    desk = started(new_desk, "Discard")
    desk.answer("Take it up")
    desk.wait(lambda: len(desk.dialogs) == 2, "the other question")
    desk.wait(lambda: desk.controller.session.document.title in ("first", "second"), "the document")
    assert sorted(name for text in desk.dialogs for name in ("first", "second") if name in text) == ["first", "second"]
    assert len(files()) == 1
    desk.settle()


def test_what_hung_can_be_taken_up_without_its_last_edit(
    new_desk: Callable[..., Desk], left: Callable[..., Path]
) -> None:
    left(titled("good"), titled("bad"), end=line_of(HUNG, {}))
    desk = started(new_desk, "Without the last edit")
    assert "stopped answering" in desk.dialogs[0]
    desk.wait(lambda: desk.controller.session.document.title == "good", "the document")
    desk.settle()


def test_the_file_is_known_that_the_work_belongs_to_and_what_was_written_into_it_meanwhile(
    new_desk: Callable[..., Desk], left: Callable[..., Path], tmp_path: Path
) -> None:
    path = tmp_path / "mine.gradviz"
    save(path, titled("saved"), None)
    left(titled("edited"), base=Base(titled("saved"), path, stamp=stamp_of(path)))
    save(path, titled("by others"), None)
    desk = started(new_desk, "Take it up")
    assert "mine.gradviz" in desk.dialogs[0]
    desk.wait(lambda: desk.controller.session.path == path, "the file")
    desk.answer("Mine")
    desk.press(Key.Key_S, CONTROL)
    desk.wait(lambda: len(desk.dialogs) == 2, "the question")
    desk.wait(lambda: not desk.window.isWindowModified(), "the file")
    assert "changed by something else" in desk.dialogs[1]
    assert load(path).document.title == "edited"


def test_an_edit_is_written_down_before_the_engine_hears_of_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be the edit that hangs it."""
    told: list[Any] = []
    load_run = desk.control.load
    monkeypatch.setattr(desk.control, "load", lambda *given: (told.append(lines_of_journal()[-1]), load_run(*given)))
    desk.enter("seed", "77")
    desk.wait(lambda: bool(told), "the new run")
    assert told[0]["changes"] == [[["experiment", "seed"], 77]]
    desk.settle()


def test_saving_takes_the_journal_back_to_nothing_and_closing_takes_it_away(
    desk: Desk, chosen: list[str], tmp_path: Path
) -> None:
    desk.enter("title", "Mine")
    assert [one["kind"] for one in lines_of_journal()] == ["base", "edit"]
    chosen.append(str(tmp_path / "mine.gradviz"))
    desk.press(Key.Key_S, CONTROL)
    desk.wait(lambda: not desk.window.isWindowModified(), "the file")
    (base,) = lines_of_journal()
    assert base["path"] == str(tmp_path / "mine.gradviz")
    desk.close()
    assert files() == []


def test_a_long_run_is_saved_beside_the_journal_and_no_more_once_it_is_in_a_file(
    desk: Desk, chosen: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_saver, "FIRST_S", 0.2)
    monkeypatch.setattr(run_saver, "LEAST_S", 0.1)
    desk.enter("steps", "1000000")
    desk.wait_state(RunState.READY)
    desk.click(desk.run_button("Run"))
    desk.wait(lambda: lines_of_journal()[-1]["kind"] == "run", "the run beside the journal")
    (path,) = recovery_folder().glob("*.run.gradviz")
    kept = load(path)
    assert kept.result is not None
    assert kept.result.step == lines_of_journal()[-1]["step"] > 0
    desk.click(desk.run_button("Pause"))
    desk.wait_state(RunState.PAUSED)
    chosen.append(str(tmp_path / "mine.gradviz"))
    desk.press(Key.Key_S, CONTROL)
    desk.wait(lambda: not desk.window.isWindowModified(), "the file")
    assert not path.exists()
    desk.settle()


def test_tables_too_large_for_a_line_lie_beside_once_something_is_edited(
    new_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    table = Table(("x", "y"), np.arange(2.0 * MOST_INLINE).reshape(-1, 2))
    document = Document(experiment=experiment_on(TableDataset(table=table), Experiment(steps=10)))
    save(tmp_path / "large.gradviz", document, None)
    desk = new_desk(tmp_path / "large.gradviz")
    assert len(files()) == 1, "what the file holds is not copied"
    desk.controller.edit("steps", 20)
    desk.wait(lambda: any(name.endswith(".tables.gradviz") for name in files()), "the table")
    desk.settle()
    (path,) = recovery_folder().glob("*.tables.gradviz")
    assert load(path).document == document
    assert path.stat().st_size > 100_000
    (journal,) = recovery_folder().glob("*.journal")
    assert journal.stat().st_size < 20_000


def test_a_document_of_many_numbers_is_written_down_in_another_thread_and_its_edits_after_it(
    desk: Desk, chosen: list[str], tmp_path: Path
) -> None:
    tensor = NamedTensor(name="v", value=tuple(0.5 * number for number in range(20_000)))
    document = Document(experiment=Experiment(objective=FormulaObjective(tensors=(tensor,), text="loss = sum(v*v)")))
    desk.controller.documents.open_document(Opened(document))
    assert lines_of_journal() == [], "the window waited for it, or the document before is still there"
    desk.controller.edit("seed", 77)
    desk.wait(lambda: [one["kind"] for one in lines_of_journal()] == ["base", "edit"], "the journal")
    base, edit = lines_of_journal()
    assert base["document"] == to_data(document)
    assert edit["changes"] == [[["experiment", "seed"], 77]]
    desk.settle()
    desk.controller.documents.open_document(Opened(document))
    desk.controller.documents.open_first("himmelblau")
    desk.settle()
    desk.enter("seed", "78")
    base, edit = lines_of_journal()
    assert base["gallery"] == "himmelblau", "what was left came later, and took its place"
    desk.settle()


class _Control:
    """A run that is told of, in seconds of training."""

    state, known, step, number, seconds = RunState.RUNNING, 100, 100, 1, 0.0

    def __init__(self) -> None:
        self.asked = 0

    @property
    def mark(self) -> tuple[int, int]:
        return self.number, self.known

    def collect(self, then: Callable[[Any], None], failed: Callable[[Any], None]) -> None:
        self.asked += 1
        trainer = Trainer(Document().experiment)
        record = block_of([trainer.record], 1)
        then(replace(trainer.result(RunState.PAUSED), history=record))


def test_while_it_trains_the_engine_is_asked_once_a_minute(qtbot: Any, tmp_path: Path) -> None:
    """Ten minutes, a second at a time."""
    control = _Control()
    parent = QObject()
    saver = RunSaver(control, parent)  # type: ignore[arg-type]
    done: list[Any] = []
    for second in range(600):
        control.seconds = float(second)
        saver._not_before = 0.0
        if saver.is_due():
            before = len(done)
            saver.save(tmp_path / "run.gradviz", Document(), lambda *told: done.append(told))
            assert not saver.is_due(), "one at a time"
            qtbot.waitUntil(lambda before=before: len(done) > before)
    assert control.asked == 10
    assert {fault for _, fault in done} == {""}


def test_a_run_that_takes_long_to_save_rests_a_hundred_times_as_long(qtbot: Any, tmp_path: Path) -> None:
    control = _Control()
    parent = QObject()
    saver = RunSaver(control, parent)  # type: ignore[arg-type]
    control.seconds = 100.0
    done: list[Any] = []
    began = time.monotonic()
    saver.save(tmp_path / "run.gradviz", Document(), lambda *told: done.append(told))
    qtbot.waitUntil(lambda: bool(done))
    control.seconds = 1e6
    assert saver._not_before >= began + 100 * 0.0005
    assert not saver.is_due()
    saver._not_before = 0.0
    assert saver.is_due()


def save_as(desk: Desk, chosen: list[str], path: Path) -> None:
    chosen.append(str(path))
    desk.press(Key.Key_S, CONTROL | SHIFT)
    desk.wait(lambda: desk.controller.session.path == path, "the file")


@pytest.mark.parametrize("answer", ["Theirs", "Mine", "Both", "Cancel"])
def test_a_file_that_changed_on_disk_is_asked_about(desk: Desk, chosen: list[str], tmp_path: Path, answer: str) -> None:
    path = tmp_path / "shared.gradviz"
    save_as(desk, chosen, path)
    save(path, titled("theirs"), None)
    theirs = path.read_bytes()
    desk.enter("title", "mine")
    desk.answer(answer)
    desk.press(Key.Key_S, CONTROL)
    assert len(desk.dialogs) == 1
    assert "changed by something else" in desk.dialogs[0]
    session = desk.controller.session
    if answer == "Theirs":
        desk.wait(lambda: session.document.title == "theirs", "their document")
        desk.wait_state(RunState.READY)
        desk.controller.documents.go_back()
        assert session.document.title == "mine"
    elif answer == "Mine":
        desk.wait(lambda: not desk.window.isWindowModified(), "the file")
        assert load(path).document.title == "mine"
        desk.enter("title", "again")
        desk.press(Key.Key_S, CONTROL)
        desk.wait(lambda: not desk.window.isWindowModified(), "the file")
        assert len(desk.dialogs) == 1, "it is asked once"
    else:
        desk.wait(lambda: desk.window.isWindowModified() == (answer == "Cancel"), "the end of it")
        other = tmp_path / "shared (2).gradviz"
        assert other.exists() == (answer == "Both")
        if answer == "Both":
            assert load(other).document.title == "mine"
    if answer != "Mine":
        assert path.read_bytes() == theirs
    desk.settle()


def test_a_file_that_another_window_has_open_is_told_and_asked_about_once(
    desk: Desk, chosen: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "shared.gradviz"
    save(path, titled("shared"), None)
    other = open_journal()
    other.begin(Base(titled("shared"), path))
    desk.controller.documents.open_file(path)
    desk.wait(lambda: "open in another window" in desk.message, "what is told")
    for number, questions in ((1, 1), (2, 1)):
        desk.enter("title", f"mine {number}")
        if number == 1:
            desk.answer("Mine")
        desk.press(Key.Key_S, CONTROL)
        desk.wait(lambda: not desk.window.isWindowModified(), "the file")
        assert len(desk.dialogs) == questions
    other.end()
    desk.settle()


def test_a_save_that_waits_for_pytorch_can_be_made_without_it(
    desk: Desk, chosen: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[Any] = []
    monkeypatch.setattr(saving, "SAVE_PATIENCE_MS", 50)
    monkeypatch.setattr(desk.control, "collect", lambda then, failed: late.append(then))
    path = tmp_path / "mine.gradviz"
    chosen.append(str(path))
    desk.press(Key.Key_S, CONTROL)
    desk.wait(lambda: "not saved yet" in desk.message, "what is wrong")
    assert len(desk.message) <= 300
    desk.click(desk.message_button("Save without the run"))
    desk.wait(path.exists, "the file")
    before = path.read_bytes()
    trainer = Trainer(desk.controller.session.experiment)
    late[0](replace(trainer.result(RunState.PAUSED), history=block_of([trainer.record], 1)))
    assert path.read_bytes() == before, "an answer that comes late writes nothing"


def test_a_folder_that_cannot_be_written_is_said_and_everything_else_works(
    new_desk: Callable[..., Desk], config: Path
) -> None:
    config.mkdir()
    (config / "data").mkdir()
    (config / "data" / "recovery").write_text("a file stands in the way")
    desk = new_desk()
    assert desk.message == "", "nothing can be lost yet"
    desk.enter("title", "Mine")
    assert "not kept for after a crash" in desk.message
    assert desk.controller.session.document.title == "Mine"
    (config / "data" / "recovery").unlink()
    desk.enter("title", "Mine again")
    assert [one["kind"] for one in lines_of_journal()] == ["base", "edit"], "it is tried again"


@POSIX
def test_the_watchdog_notes_that_the_window_hangs_with_python_lock_held(config: Path) -> None:
    """The thread that would write holds nothing that the watchdog needs; the trace is in the log."""
    script = (
        "import time\n"
        "from gradviz.app.process import crash, leash\n"
        "from gradviz.core.document.document import Document, with_setting\n"
        "from gradviz.storage.recovery.journal import Base, open_journal\n"
        "leash.PATIENCE_S = 0.4\n"
        "with crash.session():\n"
        "    crash.note('Opens the window.')\n"
        "    held, journal = leash.Leash(), open_journal()\n"
        "    journal.begin(Base(Document()))\n"
        "    journal.edit(with_setting(Document(), 'title', 'hangs'))\n"
        "    held.guard(journal.path)\n"
        "    for _ in range(10):\n"
        "        time.sleep(0.1)\n"
        "        held.beat()\n"
        "    print('now', flush=True)\n"
        "    int('9') ** 10**8\n"
    )
    program = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment())
    assert program.stdout is not None
    assert program.stdout.readline() == b"now\n"
    (log,) = (config / "data" / "crash-logs").iterdir()
    deadline = time.monotonic() + 30
    while "thread" not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)  # another process: there is no event to wait for
    program.send_signal(signal.SIGKILL)
    program.wait()
    program.stdout.close()
    assert [one["kind"] for one in lines_of_journal()] == ["base", "edit", "hung"]
    assert "has not answered for 0.4 s" in log.read_text()
    assert "<string>" in log.read_text(), "where it hangs"
    (work,) = left_work()
    assert work.is_hung
    assert work.title == "hangs"
    work.discard()


def test_a_watchdog_that_is_gone_is_no_reason_to_fail(config: Path) -> None:
    journal = open_journal()
    journal.begin(Base(Document()))
    held = Leash()
    held.guard(journal.path)
    assert held.is_held
    assert held._process is not None
    held._process.kill()
    held._process.wait()
    held.beat()
    held.sync()
    assert not held.is_held
    held.let_go()
    journal.end()


def test_a_system_that_starts_no_process_is_no_reason_to_fail(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(leashes.subprocess, "Popen", refuse)
    held = Leash()
    held.guard(config / "journal")
    assert not held.is_held


def test_what_was_left_is_told_in_a_sentence(left: Callable[..., Path]) -> None:
    left(titled("T" * 120), base=Base(titled("x"), Path("/" + "f" * 250 + ".gradviz")), end=line_of(HUNG, {}))
    left(titled("ü"), run=(titled("ü"), 3))
    left(run=(Document(), 3))
    works = left_work()
    texts = [str(left_words(work)) for work in works]
    assert all(len(text) <= 300 for text in texts), texts
    assert sum("unsaved edit of" in text for text in texts) == 2
    assert sum("a run of 3 steps" in text for text in texts) == 2
    for work in works:
        work.discard()


@POSIX
def test_kill_9_of_the_whole_program_offers_its_edit(new_desk: Callable[..., Desk], config: Path) -> None:
    """Short; killing.py does it at random moments, a few of them in the test below."""
    with Program(config / "data") as program:
        program.wait_ready()
        assert program.end(signal.SIGKILL) == -signal.SIGKILL
    desk = new_desk()
    assert desk.dialogs == [], "nothing was edited"
    assert len(files()) == 1, "and nothing is left over but this window's own journal"


@POSIX
@pytest.mark.soak
def test_kill_9_at_random_tears_nothing_loses_nothing_and_leaves_nothing() -> None:
    """Four windows; with GRADVIZ_SOAK_SECONDS (``make soak``) 200 of them, for some ten minutes."""
    kills = 200 if "GRADVIZ_SOAK_SECONDS" in os.environ else 4
    seed = int(time.time())
    script = Path(__file__).with_name("killing.py")
    done = subprocess.run(
        [sys.executable, str(script), str(kills), str(seed)],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    print(seed, found)
    assert (found["kills"], found["torn"], found["leftovers"]) == (kills, 0, []), found
    assert found["missing"] == [], "an edit is in the journal before anybody is told of it"
    assert found["edits"] >= kills, "they were killed before they did anything"


@POSIX
def test_the_program_itself_is_a_watchdog_where_it_is_its_own_python(config: Path) -> None:
    journal = open_journal()
    journal.begin(Base(Document()))
    told = ["--watchdog", "", "It hangs.", "0", "0", "0.3"]
    watching = subprocess.Popen([sys.executable, "-m", "gradviz", *told], stdin=subprocess.PIPE, env=environment())
    assert watching.stdin is not None
    watching.stdin.write(b"guard " + os.fsencode(journal.path) + b"\n")
    watching.stdin.flush()
    deadline = time.monotonic() + 30
    while lines_of_journal()[-1]["kind"] != "hung" and time.monotonic() < deadline:
        time.sleep(0.05)  # another process: there is no event to wait for
    watching.stdin.write(b"beat\n")
    watching.stdin.close()
    assert watching.wait(20) == 0
    assert [one["kind"] for one in lines_of_journal()] == ["base", "hung", "awake"]
    journal.end()


def kinds() -> list[list[str]]:
    """The kinds of lines in each journal, the oldest first."""
    paths = sorted(recovery_folder().glob("*.journal"), key=lambda path: path.stat().st_mtime_ns)
    return [[str(one["kind"]) for one in records_of(path.read_bytes())] for path in paths]


def run_a_little(desk: Desk) -> None:
    desk.click(desk.run_button("Run"))
    desk.wait_step(50)
    desk.click(desk.run_button("Pause"))
    desk.wait_state(RunState.PAUSED)
    desk.wait(lambda: any("run" in one for one in kinds()), "the run beside the journal")


def test_a_run_that_can_be_gone_back_to_is_kept_for_a_crash_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_saver, "LEAST_S", 0.01)
    monkeypatch.setattr(run_saver, "REST", 0.0)
    run_a_little(desk)
    desk.open_card("chain")
    assert [one[0] for one in kinds()] == ["base", "base"], "one journal for each"
    assert "run" in kinds()[0]
    desk.controller.documents.go_back()
    desk.wait_state(RunState.PAUSED)
    assert len(kinds()) == 1, "the other had nothing to be kept"
    assert "run" in kinds()[0]
    for card in ("chain", "line"):
        desk.open_card(card)
    desk.wait(lambda: kinds() == [["base"]], "the journals")
    desk.settle()
    desk.close()
    assert files() == []


def test_a_run_that_was_discarded_is_not_kept(
    desk: Desk, chosen: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_saver, "LEAST_S", 0.01)
    monkeypatch.setattr(run_saver, "REST", 0.0)
    save_as(desk, chosen, tmp_path / "mine.gradviz")
    run_a_little(desk)
    desk.answer("Discard")
    desk.open_card("chain")
    assert len(desk.dialogs) == 1
    assert kinds() == [["base"]]
    desk.settle()
