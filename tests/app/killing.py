"""Kills a window at random moments of editing, training and saving, and looks at what the next start finds.

    python killing.py KILLS SEED

The slow libraries are imported once; each window is a process forked from this one, which begins by taking up what the
one before left, and compares it with what that one had told of its edits. Prints what was found as JSON. A hard end
takes what the process has in memory, never what it has handed to the system, as a power cut would.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["GRADVIZ_CONFIG"] = tempfile.mkdtemp(prefix="gradviz-killing-")

import gradviz.app.opening.assembling
import gradviz.app.window.about  # noqa: F401
from gradviz.app.opening.startup import Startup
from gradviz.app.process import crash
from gradviz.app.window import run_saver
from gradviz.core.runs.state import RunState
from gradviz.engine.runs.runner import _warm_up
from gradviz.storage.experiments.experiment_file import load
from gradviz.storage.experiments.pieces import in_one
from gradviz.storage.recovery.journal import recovery_folder
from gradviz.storage.recovery.left_work import left_work
from gradviz.storage.user.crash_logs import OPENS_WINDOW
from gradviz.storage.user.folders import data_folder

FOLDER = Path(os.environ["GRADVIZ_CONFIG"]) / "files"
FILE = FOLDER / "file.gradviz"
PATIENCE_S = 90.0
LONGEST_S = 2.5
"""Of the life of a window once it has begun to edit."""


def main(kills: int, seed: int) -> dict[str, Any]:
    """Kill so many windows; what was torn, missing or left over."""
    chance = random.Random(seed)
    FOLDER.mkdir()
    found: dict[str, Any] = {"kills": 0, "torn": 0, "missing_s": 0.0, "missing": [], "leftovers": [], "edits": 0}
    expected = 0
    for _ in range(kills):
        told, ended = _one_life(chance.randrange(2**31), chance.uniform(0.0, LONGEST_S), expected)
        begun = [one for one in told if one["what"] == "begun"]
        if not begun:
            raise RuntimeError(f"a window did not begin: {ended} {told}")
        found["kills"] += 1
        found["leftovers"] += begun[0]["leftovers"]
        edits = [one for one in told if one["what"] == "edit"]
        found["edits"] += len(edits)
        expected = edits[-1]["number"] if edits else begun[0]["number"]
        _look(found, edits, ended, begun[0]["number"])
    return found


def _look(found: dict[str, Any], edits: list[dict[str, Any]], ended: float, before: int) -> None:
    """What a start would be offered now, and the file that was saved, without taking anything up."""
    works = left_work()
    if FILE.exists():
        try:
            on_disk = load(FILE).experiment.seed
        except Exception as error:
            found["torn"] += 1
            found["missing"].append(str(error))
            on_disk = -1
    else:
        on_disk = -1
    kept = on_disk
    for work in works:
        kept = max(kept, in_one(work.taking_up()).documents[-1].experiment.seed)
        os.close(work.descriptor)
    lost = [one for one in edits if one["number"] > kept]
    if lost or (not edits and before > kept):
        found["missing"].append([kept, before, [one["number"] for one in edits][-3:]])
    found["missing_s"] = max([found["missing_s"], *(ended - one["at"] for one in lost)])


def _one_life(seed: int, seconds: float, expected: int) -> tuple[list[dict[str, Any]], float]:
    """A window from its start to its hard end; what it told on the way, and when it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _live(seed, expected, writing)
    os.close(writing)
    told = b""
    while b'"begun"' not in told and select.select([reading], [], [], PATIENCE_S)[0]:
        more = os.read(reading, 4096)
        if not more:
            break
        told += more
    time.sleep(seconds)
    ended = time.time()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as rest:
        told += rest.read()
    return [json.loads(line) for line in told.splitlines()], ended


def _live(seed: int, expected: int, writing: int) -> None:
    try:
        run_saver.FIRST_S, run_saver.EVERY_S = 0.2, 0.3
        with crash.session():
            crash.note(OPENS_WINDOW)
            _edit_for_ever(Startup(), random.Random(seed), expected, lambda **one: _tell(writing, one))
    except BaseException:
        traceback.print_exc()
    os._exit(1)


def _tell(writing: int, one: dict[str, Any]) -> None:
    os.write(writing, json.dumps({"at": time.time(), **one}).encode() + b"\n")


def _edit_for_ever(started: Startup, chance: random.Random, expected: int, tell: Callable[..., None]) -> None:
    """Take up what was left, then count up the seed, run and save by chance."""
    from PySide6.QtWidgets import QApplication, QMessageBox

    def pump(until: Callable[[], bool], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                return
            started.app.processEvents()
            time.sleep(0.001)

    pump(lambda: started.controller is not None)
    pump(lambda: False, 0.05)
    controller = started.controller
    assert controller is not None
    control, documents = controller.control, controller.documents
    box = QApplication.activeModalWidget()
    if isinstance(box, QMessageBox):
        next(button for button in box.buttons() if button.objectName() == "take_up").click()
        pump(lambda: controller.session.experiment.seed >= expected)
    elif FILE.exists():
        documents.open_file(FILE)
        pump(lambda: controller.session.path == FILE)
    pump(lambda: control.state is not RunState.LOADING)
    number = controller.session.experiment.seed
    tell(what="begun", number=number, leftovers=_leftovers(1 if isinstance(box, QMessageBox) else 0))
    while True:
        number += 1
        controller.edit("seed", number)
        tell(what="edit", number=number)
        pump(lambda: False, chance.uniform(0.0, 0.1))
        if chance.random() < 0.4:
            control.toggle()
            pump(lambda: False, chance.uniform(0.0, 0.5))
        if chance.random() < 0.3:
            documents.saving.save_to(FILE)
            pump(lambda: False, chance.uniform(0.0, 0.05))


def _leftovers(taken_up: int) -> list[str]:
    """What lies about of sessions that are over, besides their logs; a journal that was taken up is this window's."""
    mine = f"-{os.getpid()}-"
    kept = [path.name for path in recovery_folder().iterdir() if mine not in path.name]
    journals = sorted({name.split(".journal")[0] for name in kept})
    strays = [path.name for path in (*FOLDER.iterdir(), *data_folder().iterdir()) if _is_stray(path)]
    return strays + ([] if len(journals) <= taken_up else kept)


def _is_stray(path: Path) -> bool:
    return path.name.endswith(".part") or path.name.startswith("saving-")


if __name__ == "__main__":
    _warm_up()
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))) + "\n")
