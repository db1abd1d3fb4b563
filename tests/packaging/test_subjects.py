"""The gate for subjects of commits: it judges what is new, and says where it cannot tell."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from packages import needs
from subjects import LONGEST, NoHistoryError, fault_of, faults, main

pytestmark = needs("git")
OLD = "An old subject that says all that was done; and why, and more, far beyond what a line of a log can hold"
Git = Callable[..., str]


def in_folder(folder: Path) -> Git:
    """Runs git there, as somebody."""

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=True)
        return done.stdout.strip()

    return git


@pytest.fixture(autouse=True)
def own_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings, and no repository, of the machine."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository whose one commit is long."""
    made = tmp_path / "梯度"
    made.mkdir()
    git = in_folder(made)
    git("init", "--quiet")
    commit(made, OLD)
    return made


def commit(folder: Path, message: str) -> str:
    git = in_folder(folder)
    git("commit", "--quiet", "--allow-empty", "-m", message)
    return git("rev-parse", "HEAD")


def test_characters_are_counted_and_the_longest_is_allowed() -> None:
    assert fault_of("é" * LONGEST) == ""
    assert fault_of("x" * (LONGEST + 1)).startswith("73 characters")
    assert "two thoughts" in fault_of("One thing; another")


def test_only_what_is_new_is_judged(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    since = in_folder(folder)("rev-parse", "HEAD")
    assert (main(folder, since), capsys.readouterr().out) == (0, "Subjects of commits: 0 at fault.\n")
    commit(folder, "Short\n\n" + "A body may be as long; as it likes. " * 9)
    commit(folder, "梯" * LONGEST)
    assert faults(folder, since) == []
    commit(folder, "梯" * (LONGEST + 1))
    commit(folder, "Short again")
    assert main(folder, since) == 1
    assert "梯\n    73 characters" in capsys.readouterr().out


def test_a_commit_of_a_branch_that_was_merged_is_judged_too(folder: Path) -> None:
    git = in_folder(folder)
    since, before = git("rev-parse", "HEAD"), git("branch", "--show-current")
    git("switch", "--quiet", "-c", "aside")
    commit(folder, "Aside; and more")
    git("switch", "--quiet", before)
    commit(folder, "Ahead")
    git("merge", "--quiet", "--no-ff", "-m", "Both", "aside")
    assert len(faults(folder, since)) == 1


def test_a_source_tree_without_git_passes_and_says_so(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "unpacked"
    bare.mkdir()
    assert main(bare) == 0
    assert "not looked at, git says" in capsys.readouterr().out
    inside = folder / "unpacked"
    inside.mkdir()
    assert main(inside, in_folder(folder)("rev-parse", "HEAD")) == 0
    assert "another's" in capsys.readouterr().out
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(folder) == 0
    assert "git is not installed" in capsys.readouterr().out


def test_a_shallow_clone_passes_and_says_so(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    since = in_folder(folder)("rev-parse", "HEAD")
    commit(folder, OLD)
    in_folder(tmp_path)("clone", "--quiet", folder.as_uri(), "whole")
    assert main(tmp_path / "whole", since) == 1
    in_folder(tmp_path)("clone", "--quiet", "--depth", "1", folder.as_uri(), "one")
    capsys.readouterr()
    assert main(tmp_path / "one", since) == 0
    assert "this clone is shallow" in capsys.readouterr().out


def test_a_history_without_the_first_commit_is_not_judged(folder: Path) -> None:
    with pytest.raises(NoHistoryError, match="does not hold 1234567"):
        faults(folder, "1234567" + "0" * 33)
