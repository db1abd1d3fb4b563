"""Faults 21-25: whatever happens while saving, the old file stays or the new one is whole."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment
from gradviz.core.document.lesson import titled
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import LaneResult, LiveEdit, RunResult
from gradviz.core.runs.state import RunState
from gradviz.storage import atomic_write
from gradviz.storage.atomic_write import SAVE_AS, check_writable, remove_leftovers, try_lock, write_bytes
from gradviz.storage.experiments.experiment_file import load, save
from gradviz.storage.problems import FileError
from gradviz.storage.user.unfinished_saves import clear_unfinished_saves, noted_save

ROOT = Path(__file__).parents[2]
needs_posix = pytest.mark.skipif(os.name != "posix", reason="modes, links and signals of POSIX")


def refusal(path: Path, content: bytes = b"new") -> str:
    """The message of a refused write, which leaves the folder as it was."""
    folder = path.parent
    before = snapshot(folder)
    with pytest.raises(FileError) as caught:
        write_bytes(path, content)
    assert snapshot(folder) == before
    message = str(caught.value)
    assert message.endswith(SAVE_AS)
    assert len(message) <= 300
    return message


def snapshot(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return {entry.name: entry.read_bytes() if entry.is_file() else b"" for entry in folder.iterdir()}


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.gradviz"
    write_bytes(path, b"one")
    assert path.read_bytes() == b"one"
    write_bytes(path, (part for part in (b"t", b"", b"wo" * 100_000)))
    assert path.read_bytes() == b"t" + b"wo" * 100_000
    assert os.listdir(tmp_path) == ["a.gradviz"]


def test_short_writes_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, sizes = os.write, []

    def three_bytes(descriptor: int, data: memoryview) -> int:
        sizes.append(len(data))
        return write(descriptor, data[:3])

    monkeypatch.setattr(atomic_write.os, "write", three_bytes)
    write_bytes(tmp_path / "a", b"0123456789")
    monkeypatch.undo()
    assert (tmp_path / "a").read_bytes() == b"0123456789"
    assert sizes == [10, 7, 4, 1]


@pytest.mark.parametrize("last", [0, errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_fills_up_keeps_the_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"original")
    write, calls = os.write, []

    def full_after_three_bytes(descriptor: int, data: memoryview) -> int:
        calls.append(len(data))
        if len(calls) == 1:
            return write(descriptor, data[:3])
        if last:
            raise OSError(last, os.strerror(last))
        return 0

    monkeypatch.setattr(atomic_write.os, "write", full_after_three_bytes)
    message = refusal(path, b"0123456789")
    assert len(calls) == 2
    assert "disk" in message


@pytest.mark.parametrize("function", ["fsync", "replace", "open", "fchmod"])
def test_a_failure_at_any_point_keeps_the_original(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"original")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(atomic_write.os, function, fail)
    try:
        with pytest.raises(FileError, match="disk reports an error"):
            write_bytes(path, b"new")
    finally:
        monkeypatch.undo()
    assert snapshot(tmp_path) == {"a": b"original"}


def test_content_that_fails_on_the_way_keeps_the_original(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"original")

    def chunks() -> Iterator[bytes]:
        yield b"new"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_bytes(path, chunks())
    assert snapshot(tmp_path) == {"a": b"original"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def run_of(size: int, value: float = 0.0) -> RunResult:
    lanes, history = (LaneResult({"w": np.full(size, value)}),), RecordBlock(0, np.zeros((1, 1)), np.empty((1, 1, 0)))
    edits = (LiveEdit(0, Experiment().optimizers),)
    return RunResult(RunState.PAUSED, 0, "cpu", {}, edits, lanes, history=history)


def test_a_full_disk_keeps_the_original(small_disk: Path) -> None:
    path = small_disk / "a.gradviz"
    save(path, Document(lesson=titled("original")), run_of(100_000))
    before = snapshot(small_disk)
    with pytest.raises(FileError, match="The disk is full") as caught:
        save(path, Document(lesson=titled("new")), run_of(250_000))
    assert str(caught.value).endswith(SAVE_AS)
    assert snapshot(small_disk) == before
    assert load(path).document.title == "original"


@needs_posix
def test_a_limit_on_file_size_keeps_the_original(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"original")
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from gradviz.storage.atomic_write import write_bytes\n"
        "from gradviz.storage.problems import FileError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n    write_bytes(Path(sys.argv[1]), bytes(100_000))\n"
        "except FileError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "larger than" in done.stdout
    assert snapshot(tmp_path) == {"a": b"original"}


@needs_posix
def test_a_read_only_file_is_refused_for_root_too(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"original")
    path.chmod(0o444)
    assert "file is read-only" in refusal(path)
    assert path.stat().st_mode & 0o777 == 0o444


@needs_posix
def test_a_read_only_folder_is_refused_for_root_too(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "a").write_bytes(b"original")
    folder.chmod(0o555)
    try:
        assert "folder is read-only" in refusal(folder / "a")
        assert "folder is read-only" in refusal(folder / "b")
    finally:
        folder.chmod(0o755)


def test_a_missing_folder_and_a_file_as_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    assert "folder does not exist" in refusal(tmp_path / "missing" / "a")
    assert "not a folder" in refusal(tmp_path / "file" / "a")
    assert "folder or a device" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("name", "words"),
    [("x" * 300, "300 bytes"), ("é" * 128, "256 bytes"), ("a\0b", "NUL"), ("a\ud800", "no file can have")],
)
def test_an_impossible_name_is_refused_before_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(atomic_write.os, "open", lambda *args: opened.append(args))
    with pytest.raises(FileError, match=words) as caught:
        save(tmp_path / name, Experiment(), None)
    monkeypatch.undo()
    assert str(caught.value).endswith(SAVE_AS)
    assert opened == []


def test_an_impossible_folder_name_is_refused(tmp_path: Path) -> None:
    for folder in ("a\0b", "a\ud800", "x" * 300):
        with pytest.raises(FileError):
            write_bytes(tmp_path / folder / "a", b"x")
    with pytest.raises(FileError, match="no name"):
        write_bytes(Path("/"), b"x")


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127])
def test_the_longest_name_works(tmp_path: Path, name: str) -> None:
    write_bytes(tmp_path / name, b"x")
    assert os.listdir(tmp_path) == [name]


@needs_posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_the_mode_is_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"original")
    path.chmod(mode)
    write_bytes(path, b"new")
    assert path.stat().st_mode & 0o777 == mode


@needs_posix
def test_a_new_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


@needs_posix
def test_a_link_is_kept_and_its_target_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "target", tmp_path / "link"
    target.write_bytes(b"original")
    link.symlink_to("there/target")
    write_bytes(link, b"new")
    assert link.is_symlink()
    assert os.readlink(link) == "there/target"
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path / "there") == ["target"]


@needs_posix
def test_a_link_in_a_circle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(FileError, match="circle"):
        write_bytes(tmp_path / "a", b"new")


def test_leftovers_are_removed_and_what_another_save_holds_is_not(tmp_path: Path) -> None:
    old, young, held = (tmp_path / f".{name}.gradviz.0123abcd.part" for name in "abc")
    others = [tmp_path / name for name in ("a.part", ".a.part", ".a.gradviz.0123abcd", "a.gradviz")]
    for path in (old, young, held, *others):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    with held.open("rb+") as saving:
        assert try_lock(saving.fileno())
        remove_leftovers(tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted([held, *others])
    remove_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(others)
    remove_leftovers(tmp_path / "missing")


def test_a_save_that_somebody_looks_at_for_leftovers_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the making of a file and its lock somebody else may find it, and take it away."""
    lock, taken = atomic_write.try_lock, []

    def late(descriptor: int) -> bool | None:
        if not taken:
            taken.extend(tmp_path.glob(".*.part"))
            taken[0].unlink()
        return lock(descriptor)

    monkeypatch.setattr(atomic_write, "try_lock", late)
    write_bytes(tmp_path / "a.gradviz", b"new")
    assert len(taken) == 1
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"new"]


@needs_posix
def test_what_a_killed_save_left_is_gone_after_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In whatever folder it was: nothing else knows of a file that was never opened before."""
    monkeypatch.setenv("GRADVIZ_DATA", str(tmp_path / "data"))
    monkeypatch.syspath_prepend(ROOT)
    folder = tmp_path / "far away"
    folder.mkdir()
    with subprocess.Popen([sys.executable, "-c", KILLED_WHILE_WRITING, folder / "a.gradviz"], cwd=ROOT) as saving:
        saving.wait(60)
    assert saving.returncode == -signal.SIGKILL
    assert len(os.listdir(folder)) == 1
    clear_unfinished_saves()
    assert os.listdir(folder) == []
    assert not list((tmp_path / "data").glob("saving-*"))


def test_a_save_leaves_no_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADVIZ_DATA", str(tmp_path / "data"))
    with noted_save(tmp_path / "a.gradviz"):
        assert len(list((tmp_path / "data").glob("saving-*"))) == 1
    assert not list((tmp_path / "data").glob("saving-*"))


@pytest.mark.parametrize(
    ("name", "part"), [("nowhere/a.pt", "folder does not exist"), ("a" * 300, "bytes"), ("there", "folder or a device")]
)
def test_what_cannot_be_written_is_told_before_the_work(tmp_path: Path, name: str, part: str) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(FileError, match=part):
        check_writable(tmp_path / name)
    check_writable(tmp_path / "good.pt")
    assert os.listdir(tmp_path) == ["there"]


KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from gradviz.storage.atomic_write import write_bytes
from gradviz.storage.user.unfinished_saves import noted_save

def chunks():
    yield b"x" * 100_000
    os.kill(os.getpid(), signal.SIGKILL)

with noted_save(Path(sys.argv[1])):
    write_bytes(Path(sys.argv[1]), chunks())
"""

KILLED = """
import sys
import numpy as np
from pathlib import Path
from gradviz.core.document.experiment import Experiment
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import LaneResult, LiveEdit, RunResult
from gradviz.core.runs.state import RunState
from gradviz.storage.experiments.experiment_file import save

count = 0
while True:
    count += 1
    experiment, history = Experiment(seed=count), RecordBlock(0, np.zeros((1, 1)), np.empty((1, 1, 0)))
    lanes, edits = (LaneResult({"w": np.full(200_000, float(count))}),), (LiveEdit(0, experiment.optimizers),)
    save(Path(sys.argv[1]), experiment, RunResult(RunState.PAUSED, 0, "cpu", {}, edits, lanes, history=history))
    print(count, flush=True)
"""


@needs_posix
def test_a_save_killed_at_random_tears_no_file(tmp_path: Path) -> None:
    """`kill -9` at a random moment: the file is that of one whole save."""
    seed = int.from_bytes(os.urandom(4), "little")
    print(f"seed {seed}")
    moment = random.Random(seed)
    path = tmp_path / "killed.gradviz"
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", KILLED, path], cwd=ROOT, stdout=subprocess.PIPE) as saving:
            assert saving.stdout is not None
            assert saving.stdout.readline() == b"1\n", f"seed {seed}"
            time.sleep(moment.uniform(0, 0.1))
            saving.send_signal(signal.SIGKILL)
        loaded = load(path)
        assert loaded.result is not None
        assert (loaded.result.lanes[0].weights["w"] == loaded.experiment.seed).all(), f"seed {seed}"
        remove_leftovers(tmp_path)
        assert os.listdir(tmp_path) == ["killed.gradviz"], f"seed {seed}"
