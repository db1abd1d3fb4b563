"""The self-test finds what it is there to find: each of its tasks fails where what it tries is broken."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import Desk

from gradviz.app.commands import selftest, selftest_tasks
from gradviz.app.window.saving import Saving
from gradviz.core.runs.result import RunResult
from gradviz.scripts.problems import ScriptError


@pytest.fixture
def wait(desk: Desk) -> Callable[[Callable[[], bool]], bool]:
    def wait(condition: Callable[[], bool]) -> bool:
        try:
            desk.qtbot.waitUntil(condition, timeout=3000)
        except Exception:  # qtbot's own TimeoutError
            return False
        return True

    return wait


def test_a_dialect_that_writes_nothing_is_found(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> str:
        raise ScriptError("No.", "Choose another.")

    monkeypatch.setattr(selftest_tasks, "script", refuse)
    assert selftest_tasks.scripts(desk.controller, lambda _: True, tmp_path).startswith("numpy wrote 0 of")


def test_a_script_that_is_no_python_is_found(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(selftest_tasks, "script", lambda *_: "loss = = 1")
    with pytest.raises(SyntaxError):
        selftest_tasks.scripts(desk.controller, lambda _: True, tmp_path)


def test_a_file_that_is_not_written_or_not_the_same_is_found(
    desk: Desk, wait: selftest_tasks.Wait, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Saving, "save_to", lambda *_: desk.window.messages.show_message("The disk is full."))
        assert selftest_tasks.file(desk.controller, wait, tmp_path) == "The disk is full."
    write = Saving._write

    def forget(self: Saving, path: Path, _result: RunResult | None) -> None:
        write(self, path, None)

    monkeypatch.setattr(Saving, "_write", forget)
    desk.answer("Discard")  # the run that was not written
    assert "did not open" in selftest_tasks.file(desk.controller, wait, tmp_path)


def test_an_edit_that_does_not_reach_the_run_is_found(
    desk: Desk, wait: selftest_tasks.Wait, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert selftest_tasks.formula(desk.controller, wait, tmp_path) == ""
    monkeypatch.setattr(selftest_tasks, "FORMULA", "loss = nobody")
    assert selftest_tasks.formula(desk.controller, wait, tmp_path) != ""


def test_a_licence_without_a_text_is_found(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(selftest_tasks, "packaged_folder", lambda: tmp_path)
    monkeypatch.setattr(selftest_tasks, "licence_text", lambda component: "" if component.name == "torch" else "text")
    assert selftest_tasks.about(desk.controller, lambda _: True, tmp_path) == "no licence of torch"


def test_an_exception_that_nobody_caught_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, _error, _trace: told.append(kind))
    with selftest._exceptions_seen() as seen:
        sys.excepthook(IndexError, IndexError("index 7"), None)
    assert seen == ["IndexError: index 7"]
    assert told == [IndexError]
