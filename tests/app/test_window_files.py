"""Files, through the window: saving, opening, what is wrong with them, and what is asked before edits are lost."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desk import CONTROL, SHIFT, Desk, Key, reveal
from PySide6.QtWidgets import QFileDialog, QPushButton

from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment, to_data
from gradviz.core.document.lesson import titled
from gradviz.core.runs.state import RunState
from gradviz.engine.runs.mailbox import block_of
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.experiments.experiment_file import load, save


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every message that the bar was given."""
    from gradviz.views.shell.message_bar import MessageBar

    messages: list[str] = []
    show = MessageBar.show_message

    def tell(self: Any, text: str, *more: Any) -> None:
        messages.append(text)
        show(self, text, *more)

    monkeypatch.setattr(MessageBar, "show_message", tell)
    return messages


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Answers of the system's file dialogs, the next one first; an empty one is Cancel."""
    answers: list[str] = []

    def answer(*_: Any) -> tuple[str, str]:
        return answers.pop(0), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    yield answers
    assert not answers, "a dialog was expected that never came"


def open_by_key(desk: Desk, chosen: list[str], path: Path) -> None:
    chosen.append(str(path))
    desk.press(Key.Key_O, CONTROL)


def save_as(desk: Desk, chosen: list[str], path: Path) -> None:
    chosen.append(str(path))
    desk.press(Key.Key_S, CONTROL | SHIFT)
    desk.wait(lambda: not desk.controller.session.modified and desk.controller.session.path == path, "the save")


def pause_after(desk: Desk, steps: int) -> None:
    desk.click(desk.run_button("Run"))
    desk.wait_step(steps)
    desk.click(desk.run_button("Pause"))
    desk.wait_state(RunState.PAUSED)
    desk.settle()


@pytest.mark.parametrize("card", ["himmelblau", "himmelblau-adam", "neurons"])
def test_a_run_survives_saving_and_opening_and_goes_on(
    desk: Desk, chosen: list[str], tmp_path: Path, card: str
) -> None:
    desk.open_card(card)
    pause_after(desk, 60)
    step, losses = desk.control.step, desk.control.history.losses.copy()
    rows, note = desk.drawn("parameters")["rows"], desk.drawn("curves")["note"]
    path = tmp_path / "kept.gradviz"
    save_as(desk, chosen, path)
    assert desk.window.windowTitle() == "kept.gradviz[*] – gradviz"
    for _ in range(3):
        before = desk.control.step
        desk.press(Key.Key_Right, CONTROL)
        desk.wait(lambda before=before: desk.control.step == before + 1, "a step")
    further = desk.control.history.losses[: step + 4].copy()
    desk.answer("Discard")
    desk.open_card("chain")
    title = desk.controller.documents.gallery[card].document.title
    assert desk.dialogs == [f"“{title}” has a run of {step + 3:,} steps that is in no file."]
    open_by_key(desk, chosen, path)
    desk.wait(lambda: desk.control.step == step, "the step that was saved")
    desk.settle()
    assert desk.control.state is RunState.PAUSED
    assert np.array_equal(desk.control.history.losses, losses)
    assert desk.drawn("parameters")["rows"] == rows
    assert desk.drawn("curves")["note"] == note
    assert set(desk.steps_shown().values()) == {step}
    for _ in range(3):
        before = desk.control.step
        desk.press(Key.Key_Right, CONTROL)
        desk.wait(lambda before=before: desk.control.step == before + 1, "a step")
        assert desk.window.isWindowModified(), "the file has fewer steps"
    assert np.array_equal(desk.control.history.losses, further), "it goes on as if it had never stopped"


def test_saving_while_it_runs_does_not_stop_it(desk: Desk, chosen: list[str], tmp_path: Path) -> None:
    desk.click(desk.run_button("Run"))
    desk.wait_step(50)
    path = tmp_path / "running.gradviz"
    save_as(desk, chosen, path)
    step = desk.control.step
    desk.wait_step(step + 50)
    assert desk.control.state is RunState.RUNNING
    saved = load(path)
    assert saved.result is not None
    assert saved.result.history is not None
    assert len(saved.result.history.losses) == saved.result.step + 1
    assert saved.result.state is RunState.PAUSED


def test_a_gallery_experiment_is_saved_under_a_new_name(desk: Desk, chosen: list[str], tmp_path: Path) -> None:
    original = desk.controller.documents.gallery["himmelblau"].path
    before = original.read_bytes()
    desk.enter("objective.x", "1.0")
    chosen.append(str(tmp_path / "mine"))
    desk.press(Key.Key_S, CONTROL)
    desk.wait((tmp_path / "mine.gradviz").exists, "the file")
    desk.wait(lambda: not desk.window.isWindowModified(), "the mark to go")
    assert original.read_bytes() == before
    assert load(tmp_path / "mine.gradviz").experiment.objective.x == 1.0
    assert desk.window.gallery.drawn()["current"] == []
    desk.enter("objective.x", "2.0")
    desk.press(Key.Key_S, CONTROL)
    desk.wait(lambda: not desk.window.isWindowModified(), "the second save, which asks nothing")
    assert load(tmp_path / "mine.gradviz").experiment.objective.x == 2.0


def test_a_chinese_path_with_blanks(desk: Desk, chosen: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "中文 路径"
    folder.mkdir()
    save_as(desk, chosen, folder / "é😀.gradviz")
    desk.open_card("chain")
    open_by_key(desk, chosen, folder / "é😀.gradviz")
    desk.wait(lambda: desk.controller.session.document.lesson.case == "E1", "the file")
    assert "é😀" in desk.window.windowTitle()


def broken(kind: str, tmp_path: Path) -> Path:
    path = tmp_path / f"{kind}.gradviz"
    if kind == "truncated":
        save(path, Experiment(), None)
        path.write_bytes(path.read_bytes()[:-40])
    else:
        contents = {
            "html": b"<!DOCTYPE html><html><body>404 not found</body></html>",
            "empty": b"",
            "random": random.Random(5).randbytes(4096),
            "picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
            "json": b'{"format": 1, "experiment": {"title": 5}}',
            "pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00cos\nsystem\n.",
        }
        path.write_bytes(contents[kind])
    return path


@pytest.mark.parametrize("kind", ["html", "empty", "truncated", "random", "picture", "json", "pickle", "missing"])
def test_a_broken_file_gives_one_message_and_the_document_stays(
    desk: Desk, chosen: list[str], said: list[str], tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "nowhere.gradviz" if kind == "missing" else broken(kind, tmp_path)
    before = path.read_bytes() if path.exists() else None
    experiment, title, run = desk.controller.session.experiment, desk.window.windowTitle(), desk.control.number
    open_by_key(desk, chosen, path)
    desk.settle()
    assert len(said) == 1, said
    assert 10 < len(said[0]) <= 300
    assert desk.message == said[0]
    assert "\n" not in said[0]
    if kind == "html":
        assert "web page" in said[0] or "HTML" in said[0]
    assert desk.controller.session.experiment is experiment
    assert desk.window.windowTitle() == title
    assert desk.control.number == run
    assert before is None or path.read_bytes() == before
    desk.click(desk.message_button("Close"))
    assert desk.message == ""


def test_a_message_goes_when_a_good_file_is_opened(desk: Desk, chosen: list[str], tmp_path: Path) -> None:
    open_by_key(desk, chosen, broken("html", tmp_path))
    assert desk.message
    save(tmp_path / "good.gradviz", Document(lesson=titled("Good")), None)
    open_by_key(desk, chosen, tmp_path / "good.gradviz")
    desk.wait(lambda: desk.controller.session.document.title == "Good", "the file")
    assert desk.message == ""


@pytest.mark.parametrize("answer", ["Save", "Discard", "Cancel"])
def test_unsaved_edits_ask_before_another_document_is_opened(
    desk: Desk, chosen: list[str], tmp_path: Path, answer: str
) -> None:
    desk.enter("title", "Edited")
    if answer == "Save":
        chosen.append(str(tmp_path / "edited.gradviz"))
    desk.answer(answer)
    desk.choose_card("chain")
    assert len(desk.dialogs) == 1
    assert "Edited" in desk.dialogs[0]
    if answer == "Cancel":
        assert desk.controller.session.document.title == "Edited"
        assert desk.window.isWindowModified()
    else:
        desk.wait(lambda: desk.controller.session.gallery_name == "chain", "the other document")
    assert (tmp_path / "edited.gradviz").exists() == (answer == "Save")
    if answer == "Save":
        assert load(tmp_path / "edited.gradviz").document.title == "Edited"


@pytest.mark.parametrize("answer", ["Save", "Discard", "Cancel"])
def test_unsaved_edits_ask_before_the_window_closes(desk: Desk, chosen: list[str], tmp_path: Path, answer: str) -> None:
    path = tmp_path / "edited.gradviz"
    save_as(desk, chosen, path)
    desk.enter("title", "Edited")
    desk.answer(answer)
    desk.press(Key.Key_Q, CONTROL)
    assert len(desk.dialogs) == 1
    assert desk.window.isVisible() == (answer == "Cancel")
    assert (load(path).document.title == "Edited") == (answer == "Save")


def test_save_that_is_cancelled_in_the_file_dialog_stays(desk: Desk, chosen: list[str]) -> None:
    desk.enter("title", "Edited")
    chosen.append("")
    desk.answer("Save")
    desk.press(Key.Key_Q, CONTROL)
    assert desk.window.isVisible()
    assert desk.window.isWindowModified()


def test_nothing_is_asked_without_edits(desk: Desk) -> None:
    desk.press(Key.Key_N, CONTROL)
    desk.wait(lambda: desk.controller.session.experiment == Experiment(), "a new experiment")
    assert desk.dialogs == []
    desk.press(Key.Key_Q, CONTROL)
    assert not desk.window.isVisible()


def test_a_read_only_file_offers_save_as(desk: Desk, chosen: list[str], said: list[str], tmp_path: Path) -> None:
    path = tmp_path / "locked.gradviz"
    save_as(desk, chosen, path)
    path.chmod(0o444)
    before = path.read_bytes()
    desk.enter("title", "Edited")
    desk.press(Key.Key_S, CONTROL)
    desk.wait(lambda: bool(desk.message), "the message")
    assert len(said) == 1
    assert "read-only" in desk.message
    assert path.read_bytes() == before
    assert desk.window.isWindowModified()
    chosen.append(str(tmp_path / "other.gradviz"))
    desk.click(desk.message_button("Save as…"))
    desk.wait(lambda: not desk.window.isWindowModified(), "the other file")
    assert load(tmp_path / "other.gradviz").document.title == "Edited"
    assert desk.message == ""


def test_recent_files_are_offered_and_opened_by_click(
    new_desk: Callable[..., Desk], chosen: list[str], tmp_path: Path
) -> None:
    desk = new_desk()
    for name in ("one", "two"):
        save_as(desk, chosen, tmp_path / f"{name}.gradviz")
    desk.close()
    again = new_desk()
    shown = [b for b in again.window.gallery.findChildren(QPushButton) if b.text().endswith(".gradviz")]
    assert [button.text() for button in shown] == ["two.gradviz", "one.gradviz"]
    reveal(shown[1])
    again.click(shown[1])
    again.wait(lambda: again.controller.session.path == tmp_path / "one.gradviz", "the file")


def test_a_recent_file_that_is_gone_says_so_and_leaves_the_list(
    new_desk: Callable[..., Desk], chosen: list[str], tmp_path: Path
) -> None:
    desk = new_desk()
    save_as(desk, chosen, tmp_path / "one.gradviz")
    desk.open_card("chain")
    (tmp_path / "one.gradviz").unlink()
    button = next(b for b in desk.window.gallery.findChildren(QPushButton) if b.text() == "one.gradviz")
    reveal(button)
    desk.click(button)
    desk.wait(lambda: bool(desk.message), "the message")
    assert desk.controller.session.gallery_name == "chain"
    desk.wait(
        lambda: not [b for b in desk.window.gallery.findChildren(QPushButton) if b.text() == "one.gradviz"],
        "the list without it",
    )


def test_a_file_can_be_given_at_the_start(new_desk: Callable[..., Desk], tmp_path: Path) -> None:
    save(tmp_path / "given.json", Document(lesson=titled("Given")), None)
    desk = new_desk(tmp_path / "given.json")
    assert desk.window.windowTitle() == "given.json[*] – gradviz"


def test_a_broken_file_at_the_start_opens_the_first_experiment(new_desk: Callable[..., Desk], tmp_path: Path) -> None:
    desk = new_desk(broken("html", tmp_path))
    assert desk.controller.session.gallery_name == "himmelblau"
    assert desk.message


def test_a_file_for_a_device_that_is_not_here_opens_on_the_cpu_with_one_notice(
    desk: Desk, chosen: list[str], said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    save(tmp_path / "cuda.gradviz", Document(lesson=titled("Cuda"), experiment=Experiment(device="cuda:0")), None)
    open_by_key(desk, chosen, tmp_path / "cuda.gradviz")
    desk.wait(lambda: desk.controller.session.document.title == "Cuda", "the file")
    desk.wait_state(RunState.READY)
    desk.settle()
    assert len(said) == 1, said
    assert "cuda:0" in said[0]
    assert "cpu" in said[0].lower()
    assert desk.control.device == "cpu"
    assert "cpu" in desk.window.status()[1]
    desk.click(desk.run_button("Run"))
    desk.wait_step(10)
    desk.click(desk.run_button("Pause"))
    desk.wait_state(RunState.PAUSED)
    desk.settle()
    assert len(said) == 1, "the notice comes once"
    assert desk.controller.session.experiment.device == "cuda:0", "the file keeps what it asks for"


def test_weights_that_are_not_finite_open_marked_and_wait_for_reset(
    desk: Desk, chosen: list[str], said: list[str], tmp_path: Path
) -> None:
    document = Document(lesson=titled("Broken"))
    trainer = Trainer(document.experiment)
    history = block_of([trainer.record, trainer.advance()], 1)
    result = replace(trainer.result(RunState.PAUSED), history=history)
    result.lanes[0].weights["x"][...] = np.nan
    save(tmp_path / "nan.gradviz", document, result)
    open_by_key(desk, chosen, tmp_path / "nan.gradviz")
    desk.wait(lambda: desk.controller.session.document.title == "Broken", "the file")
    desk.wait(lambda: desk.control.state is not RunState.LOADING, "the run")
    desk.settle()
    assert len(set(said)) == 1, "one cause, not the learning rate as well"
    assert "not finite" in desk.message
    assert "Reset" in desk.message
    assert not desk.run_button("Run").isEnabled()
    assert not desk.run_button("One step").isEnabled()
    desk.click(desk.run_button("Reset to step 0, the same initial values"))
    desk.wait_state(RunState.READY)
    desk.settle()
    assert desk.message == ""
    assert desk.run_button("Run").isEnabled()
    assert desk.control.history.losses.tolist() == [[170.0]]


def test_a_newer_format_is_offered_read_only(desk: Desk, chosen: list[str], tmp_path: Path) -> None:
    path = tmp_path / "newer.json"
    data = to_data(Document(lesson=titled("From the future"))) | {"hologram": True}
    path.write_text(json.dumps({"format": 99, **data}))
    before = path.read_bytes()
    open_by_key(desk, chosen, path)
    assert "99" in desk.message
    assert desk.controller.session.document.lesson.case == "E1"
    desk.click(desk.message_button("Open read-only"))
    desk.wait(lambda: desk.controller.session.document.title == "From the future", "the file")
    assert desk.controller.session.read_only
    assert "99" in desk.message
    desk.enter("title", "Edited")
    chosen.append(str(tmp_path / "older.gradviz"))
    desk.press(Key.Key_S, CONTROL)
    desk.wait(lambda: not desk.window.isWindowModified(), "the copy")
    assert path.read_bytes() == before
    assert load(tmp_path / "older.gradviz").document.title == "Edited"


def test_a_run_that_does_not_fit_is_named_and_its_experiment_opens_by_choice(
    desk: Desk, chosen: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "misfit.json"
    run = {"state": "paused", "step": 2**63 - 1, "device": "cpu", "versions": {}, "edits": []}
    path.write_text(json.dumps({"format": 3, **to_data(Document(lesson=titled("Alone"))), "run": run}))
    open_by_key(desk, chosen, path)
    assert "stands at step 9.22e+18" in desk.message
    assert desk.controller.session.document.lesson.case == "E1", "the document stays"
    desk.click(desk.message_button("Open without its run"))
    desk.wait(lambda: desk.controller.session.document.title == "Alone", "the file")
    desk.wait_state(RunState.READY)
    assert desk.control.step == 0
    assert desk.message == ""


def test_history_is_exported_with_every_step(desk: Desk, chosen: list[str], tmp_path: Path) -> None:
    pause_after(desk, 30)
    chosen.append(str(tmp_path / "history.csv"))
    desk.press(Key.Key_E, CONTROL)
    lines = (tmp_path / "history.csv").read_text("utf-8-sig").strip().splitlines()
    assert len(lines) == len(desk.control.history) + 1
    assert "170" in lines[1]


@pytest.fixture
def slow_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, threading.Event, list[int]]]:
    """A file whose reading waits in the middle until it is let go on; and the threads that read."""
    from gradviz.app.window import documents

    path, gate, readers = tmp_path / "slow.gradviz", threading.Event(), []
    save(path, Document(lesson=titled("Slow")), None)
    loading = documents.loading

    def held(*given: Any) -> Any:
        readers.append(threading.get_ident())
        work = loading(*given)
        yield next(work)
        while not gate.wait(0.005):
            yield 0.25
        return (yield from work)

    monkeypatch.setattr(documents, "loading", held)
    yield path, gate, readers
    gate.set()


def test_a_file_is_read_elsewhere_while_the_window_goes_on_and_says_how_far(
    desk: Desk, chosen: list[str], slow_file: tuple[Path, threading.Event, list[int]]
) -> None:
    path, gate, readers = slow_file
    open_by_key(desk, chosen, path)
    desk.wait(lambda: desk.message == "Opening slow.gradviz… 25%", "the progress")
    assert readers != [threading.get_ident()]
    before = desk.control.step
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: desk.control.step == before + 1, "a step meanwhile")
    gate.set()
    desk.wait(lambda: desk.controller.session.document.title == "Slow", "the file")
    assert desk.message == ""


def test_cancel_leaves_the_reading_and_the_document_stays(
    desk: Desk, chosen: list[str], slow_file: tuple[Path, threading.Event, list[int]]
) -> None:
    path, gate, _ = slow_file
    title = desk.window.windowTitle()
    open_by_key(desk, chosen, path)
    desk.wait(lambda: desk.message.startswith("Opening"), "the progress")
    desk.click(desk.message_button("Cancel"))
    assert not desk.controller.documents.errands.is_busy
    assert desk.message == ""
    gate.set()
    desk.qtbot.wait(100)
    assert desk.window.windowTitle() == title


def test_edits_made_while_a_file_is_read_are_asked_for(
    desk: Desk, chosen: list[str], slow_file: tuple[Path, threading.Event, list[int]]
) -> None:
    path, gate, _ = slow_file
    open_by_key(desk, chosen, path)
    desk.wait(lambda: desk.message.startswith("Opening"), "the progress")
    desk.enter("title", "Edited")
    desk.answer("Cancel")
    gate.set()
    desk.wait(lambda: len(desk.dialogs) == 1, "the question")
    assert "Edited" in desk.dialogs[0]
    desk.wait(lambda: not desk.controller.documents.errands.is_busy, "the end")
    assert desk.controller.session.document.title == "Edited"


def test_another_document_leaves_the_reading(
    desk: Desk, chosen: list[str], slow_file: tuple[Path, threading.Event, list[int]]
) -> None:
    path, gate, _ = slow_file
    open_by_key(desk, chosen, path)
    desk.wait(lambda: desk.message.startswith("Opening"), "the progress")
    desk.open_card("chain")
    gate.set()
    desk.qtbot.wait(100)
    assert desk.controller.session.gallery_name == "chain"
