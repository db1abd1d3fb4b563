"""Fault 40: what becomes of the log of a session, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradviz.storage.user import crash_logs
from gradviz.storage.user.crash_logs import HANGS, OPENS_WINDOW, SessionLog, crash_folder, open_session_log
from gradviz.storage.user.folders import data_folder
from gradviz.storage.user.left_logs import (
    MOST_LOGS,
    Ending,
    all_logs,
    left_logs,
    mark_offered,
    read_log,
    remove_old_logs,
)

ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(os.name != "posix", reason="ends a process by a signal")


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADVIZ_DATA", str(tmp_path))
    return tmp_path


def left_behind(name: str, text: str) -> Path:
    path = crash_folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def other_process(code: str) -> subprocess.Popen[str]:
    """A process with a session log that has run `code`."""
    script = (
        "import faulthandler, os, sys\n"
        "from gradviz.storage.user.crash_logs import *\n"
        f"log = open_session_log('head\\n'); log.note({OPENS_WINDOW!r})\n"
        f"{code}\nprint('there', flush=True)\nsys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def ended(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        stream.close()
    process.wait(20)


def test_a_good_end_leaves_nothing() -> None:
    log = open_session_log("head\n")
    log.note(OPENS_WINDOW)
    assert read_log(log.path).startswith("head\n== ")
    log.end("normally")
    assert all_logs() == []


def test_what_went_wrong_outlives_a_good_end_and_is_not_offered() -> None:
    log = open_session_log("head\n")
    log.report("An exception", "Traceback\n  line")
    log.end("normally")
    assert all_logs() == [log.path]
    assert "An exception\nTraceback\n  line\n== " in read_log(log.path)
    assert read_log(log.path).endswith("Ended normally\n")
    assert left_logs() == []


def test_the_log_of_this_session_is_none_that_was_left() -> None:
    log = open_session_log("head\n")
    assert left_logs() == []
    log.end("normally")


@POSIX
def test_a_session_that_goes_on_is_no_crash_and_one_that_was_killed_is() -> None:
    process = other_process("")
    assert left_logs() == []
    process.send_signal(signal.SIGKILL)
    ended(process)
    (left,) = left_logs()
    assert left.ending is Ending.KILLED
    assert left.is_window
    assert left.reason == ""
    assert str(process.pid) in left.path.name


@pytest.mark.parametrize(
    ("code", "reason"), [("faulthandler._sigsegv()", "Segmentation fault"), ("os.abort()", "Aborted")]
)
@POSIX
def test_a_crash_is_told_with_its_trace(code: str, reason: str) -> None:
    process = other_process(f"faulthandler.enable(log.descriptor); {code}")
    ended(process)
    assert process.returncode < 0
    (left,) = left_logs()
    assert (left.ending, left.reason) == (Ending.CRASHED, reason)
    assert "most recent call first" in read_log(left.path)


@POSIX
def test_a_child_that_outlives_a_killed_session_does_not_hold_its_log() -> None:
    process = other_process("import subprocess; child = subprocess.Popen(['sleep', '30']); log.note(str(child.pid))")
    (path,) = all_logs()
    child = int(read_log(path).split()[-1])
    try:
        process.send_signal(signal.SIGKILL)
        ended(process)
        assert len(left_logs()) == 1
    finally:
        os.kill(child, signal.SIGTERM)


def test_a_number_of_a_process_that_is_used_again_is_not_mistaken() -> None:
    """The log bears the number of this process, which lives; nobody holds the log."""
    path = left_behind(f"gradviz-20250101-000000-{os.getpid()}.log", f"head\n== 00:00:00 {OPENS_WINDOW}\n")
    assert [left.path for left in left_logs()] == [path]


@pytest.mark.parametrize("text", ["An exception ended the program: OSError: no", "Qt says: no platform plugin"])
def test_what_ended_the_process_by_its_own_words_is_a_crash(text: str) -> None:
    left_behind("gradviz-20250101-000000-7.log", f"head\n== 00:00:00 Fatal: {text}\nTraceback\n")
    (left,) = left_logs()
    assert (left.ending, left.reason) == (Ending.CRASHED, text)
    assert not left.is_window


def test_a_window_that_hung_and_was_ended_is_told_from_one_that_was_killed() -> None:
    text = f"head\n== 00:00:00 {OPENS_WINDOW}\n\n== 00:00:09 {HANGS} for 10 s.\nThread 0x1:\n  File somewhere\n"
    left_behind("gradviz-20250101-000000-7.log", text)
    (left,) = left_logs()
    assert (left.ending, left.is_window) == (Ending.HUNG, True)


def test_what_was_offered_once_is_not_offered_again() -> None:
    path = left_behind("gradviz-20250101-000000-7.log", "head\nFatal Python error: Aborted\nno end of line")
    assert len(left_logs()) == 1
    mark_offered(path)
    assert left_logs() == []
    assert all_logs() == [path]


def test_an_empty_log_is_one_that_is_being_made_or_was_cut_off_by_the_power() -> None:
    path = left_behind("gradviz-20250101-000000-7.log", "")
    assert left_logs() == []
    long_ago = time.time() - 3600
    os.utime(path, (long_ago, long_ago))
    (left,) = left_logs()
    assert left.ending is Ending.KILLED
    assert left.is_window


def test_bytes_that_are_no_text_are_read_all_the_same() -> None:
    path = left_behind("gradviz-20250101-000000-7.log", "")
    path.write_bytes(b"\xff\xfe\0head\n== 00:00:00 Opens the window.\n" + bytes(range(256)))
    assert len(left_logs()) == 1
    assert "Opens the window" in read_log(path)


def test_ten_logs_are_kept_and_the_newest_come_first() -> None:
    made = [left_behind(f"gradviz-202501{day:02}-000000-7.log", "head\n") for day in range(1, 29)]
    foreign = left_behind("notes.txt", "mine")
    held = SessionLog(crash_folder() / "gradviz-20240101-000000-1.log", "head\n")
    remove_old_logs()
    assert all_logs() == [*reversed(made[-MOST_LOGS:]), held.path]
    assert foreign.exists()
    held.end("normally")


def test_a_fault_with_every_frame_does_not_fill_the_disk() -> None:
    log = open_session_log("head\n")
    for number in range(3000):
        log.report(f"An exception {number}", "x" * 1000)
    assert crash_logs.MOST_BYTES < log.path.stat().st_size < crash_logs.MOST_BYTES + 3000
    assert "left out" in read_log(log.path)
    log.end("normally")
    assert read_log(log.path).endswith("Ended normally\n")


def test_a_full_disk_does_not_end_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    log = open_session_log("head\n")
    with monkeypatch.context() as patched:
        patched.setattr(crash_logs.os, "write", full)
        log.note("more")
        log.report("An exception", "Traceback")
    log.end("normally")


@pytest.mark.parametrize("place", ["file/below", "nul\0"])
def test_a_folder_that_cannot_be_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    if "\0" in place:
        monkeypatch.setattr(crash_logs, "data_folder", lambda: tmp_path / place)
    else:
        monkeypatch.setenv("GRADVIZ_DATA", str(tmp_path / place))
    with pytest.raises((OSError, ValueError)):
        open_session_log("head\n")
    assert all_logs() == []
    remove_old_logs()


def test_the_log_is_for_its_user_alone() -> None:
    log = open_session_log("head\n")
    if os.name == "posix":
        assert crash_folder().stat().st_mode & 0o077 == 0
        assert log.path.stat().st_mode & 0o077 == 0
    log.end("normally")


def test_the_data_folder_follows_the_one_of_the_preferences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert data_folder() == tmp_path
    monkeypatch.delenv("GRADVIZ_DATA")
    monkeypatch.setenv("GRADVIZ_CONFIG", str(tmp_path / "config"))
    assert data_folder() == tmp_path / "config" / "data"
    monkeypatch.delenv("GRADVIZ_CONFIG")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert data_folder().is_absolute()
    if sys.platform.startswith("linux"):
        assert data_folder() == tmp_path / "xdg" / "gradviz"
