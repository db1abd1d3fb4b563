"""The workflow of the hosted CI: what can be known of it without running it."""

from __future__ import annotations

import re

from packages import ROOT

WORKFLOW = (ROOT / ".github" / "workflows" / "package.yml").read_text(encoding="utf-8")


def test_every_action_has_an_exact_version() -> None:
    used = re.findall(r"uses: (\S+)", WORKFLOW)
    assert len(used) >= 8
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", action)] == []


def test_it_builds_for_all_three_systems_and_keeps_what_it_built() -> None:
    jobs = dict(re.findall(r"^  (\w+):\n(.*?)(?=^  \w+:\n|\Z)", WORKFLOW.partition("\njobs:\n")[2], re.M | re.S))
    assert set(jobs) == {"test", "linux", "windows", "macos"}
    assert "run: make test\n" in jobs["test"]
    for name in ("linux", "windows", "macos"):
        assert "run: make package\n" in jobs[name]
        assert "actions/upload-artifact@" in jobs[name]
        assert "if-no-files-found: error" in jobs[name]
