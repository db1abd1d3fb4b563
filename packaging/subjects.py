"""Looks at the subjects of commits: one thought each, short enough for a line of a log. `make check` runs it.

The history up to SINCE is as it is. Where the commits after it cannot be told (no git, no repository, a shallow
clone), that is said and nothing is judged.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SINCE = "8aca57ff399b53036503bbfe6f86fc0c8de1b55d"
LONGEST = 72


class NoHistoryError(Exception):
    """Why the commits cannot be told, as the end of a sentence."""


def faults(folder: Path, since: str = SINCE) -> list[str]:
    """A line for each commit after `since` whose subject is at fault. NoHistoryError where there is no telling."""
    _look_for_history(folder, since)
    lines = _git(folder, "log", "--reverse", "--format=%h %s", f"{since}..HEAD").splitlines()
    told = [(fault_of(line.partition(" ")[2]), line) for line in lines]
    return [f"{line}\n    {fault}" for fault, line in told if fault]


def fault_of(subject: str) -> str:
    """What is wrong with a subject, or nothing."""
    if len(subject) > LONGEST:
        return f"{len(subject)} characters, at most {LONGEST}: the why belongs in the body."
    return "A semicolon joins two thoughts: one is for the body, or a commit of its own." if ";" in subject else ""


def _look_for_history(folder: Path, since: str) -> None:
    if Path(_git(folder, "rev-parse", "--show-toplevel")).resolve() != folder.resolve():
        raise NoHistoryError("the repository around this folder is another's")
    if _git(folder, "rev-parse", "--is-shallow-repository") == "true":
        raise NoHistoryError("this clone is shallow")
    if since not in _git(folder, "rev-list", "HEAD").splitlines():
        raise NoHistoryError(f"the history does not hold {since[:7]}")


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "i18n.logOutputEncoding=UTF-8", "-c", "log.showSignature=false", *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    except FileNotFoundError:
        raise NoHistoryError("git is not installed") from None
    if done.returncode:
        raise NoHistoryError("git says: " + (done.stderr.strip().splitlines() or ["nothing"])[0])
    return done.stdout.rstrip("\n")


def main(folder: Path = Path(__file__).parent.parent, since: str = SINCE) -> int:
    """Say what is wrong; returns 1 if anything is."""
    try:
        found = faults(folder, since)
    except NoHistoryError as reason:
        sys.stdout.write(f"Subjects of commits: not looked at, {reason}.\n")
        return 0
    sys.stdout.write("\n".join([*found, f"Subjects of commits: {len(found)} at fault.\n"]))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
