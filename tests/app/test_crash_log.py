"""Fault 40: a crash leaves a log, and the next start offers to show it, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import CONTROL, Desk, Key
from program import WITHOUT_CONSOLE, Program, environment
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QPushButton

from gradviz.app.process import crash
from gradviz.app.window.crash_reports import LONGEST_PLACE, place_of, sentence_of
from gradviz.storage.user.crash_logs import HANGS
from gradviz.storage.user.left_logs import Ending, LeftLog, left_logs, read_log
from gradviz.views.shell.log_window import LogWindow

POSIX = pytest.mark.skipif(os.name != "posix", reason="ends a process by a signal")
HEAD = "gradviz 0.0, started 2025-01-01 00:00:00\n== 00:00:01 Opens the window.\n"
SEGFAULT = HEAD + "Fatal Python error: Segmentation fault\n\nCurrent thread:\n  File somewhere\n"


@pytest.fixture
def data(config: Path) -> Path:
    return config / "data"


def leave(data: Path, text: str, name: str = "gradviz-20250101-000000-7.log") -> Path:
    path = data / "crash-logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def log_windows() -> list[LogWindow]:
    return [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, LogWindow) and widget.isVisible()]


def button(window: LogWindow, text: str) -> QPushButton:
    return next(one for one in window.findChildren(QPushButton) if one.text().replace("&", "") == text)


def close(desk: Desk, window: LogWindow) -> None:
    desk.click(button(window, "Close"))
    desk.wait(lambda: not log_windows(), "the log to go")


@POSIX
@pytest.mark.parametrize("config_only", [True, False])
def test_a_segmentation_fault_is_offered_at_the_next_start(
    new_desk: Callable[..., Desk],
    config: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config_only: bool,
) -> None:
    """Of the real program; its data folder is that of this test."""
    if not config_only:
        data = tmp_path / "数据 of mine"
        monkeypatch.setenv("GRADVIZ_DATA", str(data))
    with Program(data, GRADVIZ_CRASH="segfault") as program:
        assert program.process.wait(120) == -signal.SIGSEGV
        log = program.log
    assert "crash_if_asked" in log
    assert "torch 2" in log
    desk = new_desk()
    assert "crashed (Segmentation fault)" in desk.message
    assert str(program.process.pid) in desk.message
    assert len(desk.message) <= 300
    desk.click(desk.message_button("Show the &log"))
    (window,) = log_windows()
    assert str(window.drawn()["text"]).startswith(log)
    assert str(program.process.pid) in str(window.drawn()["title"])
    assert str(data) in str(window.drawn()["path"])
    assert str(window.drawn()["top"]).startswith("Fatal Python error")
    close(desk, window)
    desk.close()
    again = new_desk()
    assert again.message == ""


@POSIX
def test_a_session_that_was_killed_is_told_from_one_that_crashed(new_desk: Callable[..., Desk], data: Path) -> None:
    with Program(data) as program:
        program.wait_ready()
        desk = new_desk()
        assert desk.message == "", "a second instance is no crash"
        desk.close()
        assert program.end(signal.SIGKILL) == -signal.SIGKILL
        desk = new_desk()
    assert "without a goodbye" in desk.message
    assert "killed from outside" in desk.message
    assert "crashed" not in desk.message
    assert len(desk.message) <= 300


@POSIX
@pytest.mark.parametrize("streams", ["", WITHOUT_CONSOLE])
def test_logging_out_is_no_crash_and_leaves_no_log(data: Path, config: Path, streams: str) -> None:
    with Program(data, streams=streams) as program:
        program.wait_ready()
        assert program.end(signal.SIGTERM) == -signal.SIGTERM
        assert list((data / "crash-logs").iterdir()) == []


def test_a_window_that_hung_is_not_called_killed(new_desk: Callable[..., Desk], data: Path) -> None:
    leave(data, f"{HEAD}== 00:00:09 {HANGS} for 10 s.\nThread 0x1:\n")
    desk = new_desk()
    assert "had stopped answering" in desk.message
    assert len(desk.message) <= 300


def test_the_offer_is_gone_once_it_was_closed(new_desk: Callable[..., Desk], data: Path) -> None:
    leave(data, SEGFAULT)
    desk = new_desk()
    assert "Segmentation fault" in desk.message
    desk.click(desk.message_button("Close"))
    desk.close()
    assert new_desk().message == ""


def test_the_offer_waits_until_another_message_was_read(
    new_desk: Callable[..., Desk], data: Path, tmp_path: Path
) -> None:
    leave(data, SEGFAULT)
    (tmp_path / "broken.gradviz").write_bytes(b"<html>")
    desk = new_desk(tmp_path / "broken.gradviz")
    assert desk.message.startswith("broken.gradviz")
    desk.click(desk.message_button("Close"))
    desk.wait(lambda: "Segmentation fault" in desk.message, "the offer")


def test_opening_a_file_does_not_take_the_offer_away(new_desk: Callable[..., Desk], data: Path, tmp_path: Path) -> None:
    from gradviz.core.document.experiment import Experiment
    from gradviz.storage.experiments.experiment_file import save

    leave(data, SEGFAULT)
    save(tmp_path / "mine.gradviz", Experiment(), None)
    desk = new_desk(tmp_path / "mine.gradviz")
    assert desk.controller.session.path == tmp_path / "mine.gradviz"
    assert "Segmentation fault" in desk.message


def test_of_several_the_last_is_offered_and_none_again(new_desk: Callable[..., Desk], data: Path) -> None:
    leave(data, HEAD)
    leave(data, SEGFAULT, "gradviz-20250102-000000-7.log")
    desk = new_desk()
    assert "The last of 2 sessions" in desk.message
    assert "20250102" in desk.message
    desk.close()
    assert new_desk().message == ""


def test_a_command_that_was_killed_is_not_offered(new_desk: Callable[..., Desk], data: Path) -> None:
    leave(data, "gradviz 0.0, started 2025-01-01 00:00:00\n")
    assert new_desk().message == ""
    assert left_logs() == []


def test_the_help_menu_shows_the_last_log_or_says_that_there_is_none(
    new_desk: Callable[..., Desk], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []
    desk = new_desk()
    desk.choose_menu("show_crash_log")
    assert "There is no crash log" in desk.message
    leave(data, SEGFAULT)
    desk.choose_menu("show_crash_log")
    (window,) = log_windows()
    desk.click(button(window, "Copy"))
    assert QApplication.clipboard().text() == SEGFAULT
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url)))
    desk.click(button(window, "Open folder"))
    assert Path(opened[0].toLocalFile()) == data / "crash-logs"
    assert "could not be opened" in desk.message
    assert "crash-logs" in desk.message
    close(desk, window)


def test_a_folder_that_cannot_be_written_is_named_when_it_is_asked_for(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("GRADVIZ_DATA", str(tmp_path / "file" / "data"))
    with crash.session():
        assert crash.session_log() is None
    desk.choose_menu("show_crash_log")
    assert "No crash log can be kept" in desk.message
    assert "Not a directory" in desk.message
    assert len(desk.message) <= 300


def test_a_fault_that_was_survived_can_be_read_at_once(
    desk: Desk, crashes: list[str], data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_on: bool) -> None:
        raise RuntimeError("the slot is broken")

    monkeypatch.setenv("GRADVIZ_DATA", str(data))
    log = crash.open_session_log(HEAD)
    monkeypatch.setattr(crash._State, "log", log)
    desk.startup.menus.actions["toggle_log_scale"].triggered.connect(fail)
    desk.press(Key.Key_L, CONTROL)
    desk.wait(lambda: "the slot is broken" in desk.message, "the report")
    assert "Traceback" in capsys.readouterr().err
    desk.click(desk.message_button("Show the &log"))
    (window,) = log_windows()
    assert "in fail" in str(window.drawn()["text"])
    close(desk, window)
    monkeypatch.undo()
    log.end("normally")
    crashes.clear()
    assert log.path.exists()
    assert left_logs() == []


HOOKS = {
    "thread": (
        "import threading\nt = threading.Thread(target=lambda: 1 / 0, name='one of ours')\nt.start(); t.join()",
        "An exception in the thread one of ours: ZeroDivisionError",
        0,
    ),
    "unraisable": (
        "class Bad:\n    def __del__(self): raise ValueError('in a finaliser')\nbad = Bad(); del bad",
        "An exception that cannot be raised",
        0,
    ),
    "slot": (
        "from PySide6.QtCore import QCoreApplication, QTimer\napp = QCoreApplication([])\n"
        "QTimer.singleShot(0, lambda: 1 / 0); QTimer.singleShot(50, app.quit); app.exec()",
        "An exception that nobody caught: ZeroDivisionError",
        0,
    ),
    "critical": (
        "from PySide6.QtCore import qCritical\ncrash.watch_qt(); qCritical('no plugin here')",
        "Qt says: no plugin here",
        0,
    ),
    "fatal": (
        "from PySide6.QtGui import QGuiApplication\ncrash.watch_qt(); QGuiApplication(['-', '-platform', 'nonsense'])",
        "Fatal: Qt says: This application failed to start",
        -signal.SIGABRT,
    ),
    "end": ("raise KeyError('at the start')", "Fatal: An exception ended the program: KeyError: 'at the start'", 1),
    "exit": ("crash.note('half way'); sys.exit(3)", "", 3),
}


@POSIX
@pytest.mark.parametrize("how", HOOKS)
def test_every_way_to_fail_is_in_the_log_and_on_stderr(how: str, data: Path, config: Path) -> None:
    code, words, status = HOOKS[how]
    inner = "\n".join(f"    {line}" for line in code.splitlines())
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nfrom gradviz.app.process import crash\nwith crash.session():\n{inner}"],
        env=environment(QT_QPA_PLATFORM="offscreen"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stderr
    texts = [read_log(path) for path in (data / "crash-logs").iterdir()]
    if not words:
        assert texts == []
        return
    (text,) = texts
    assert words in text
    assert text.count(words) == 1
    told = "ValueError: in a finaliser" if how == "unraisable" else words.rpartition(": ")[2]
    assert told in done.stderr
    assert done.stderr.count("Traceback") == (how not in ("critical", "fatal"))
    left = left_logs()
    assert len(left) == (status != 0)
    assert all(one.ending is Ending.CRASHED for one in left)


def test_what_is_said_fits_the_message_bar(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 200) / "gradviz-20250101-000000-7.log"
    for ending, reason in ((Ending.CRASHED, "reason " * 60), (Ending.KILLED, "")):
        sentence = sentence_of(LeftLog(path, ending, reason, True, 0.0), 12)
        assert len(sentence) <= 300
        assert sentence.endswith("gradviz-20250101-000000-7.log")
    assert len(place_of(path)) == LONGEST_PLACE
    assert place_of(Path.home() / "a" / "b.log") == str(Path("~/a/b.log"))
