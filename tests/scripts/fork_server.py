"""Runs scripts, each in a process of its own that is forked from one that has imported the slow libraries.

Started as ``python fork_server.py torch`` or ``... tensorflow``; reads one JSON request a line, ``{"path", "seconds"}``
with the most seconds it may take, and answers ``{"status", "seconds"}``. A script's output is in path.out and path.err.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import signal
import sys
import time
import traceback


def main(library: str) -> None:
    """Serve until stdin ends."""
    importlib.import_module(library)
    if library == "torch":
        importlib.import_module("torch.optim").SGD([importlib.import_module("torch").zeros(1)])  # imports 900 modules
    answers = os.dup(1)
    for line in sys.stdin:
        request = json.loads(line)
        began = time.monotonic()
        status = run_in_fork(request["path"], request["seconds"])
        answer = {"status": status, "seconds": time.monotonic() - began}
        os.write(answers, (json.dumps(answer) + "\n").encode())


def run_in_fork(path: str, seconds: float) -> int:
    """The exit status of a script, 1 where it raised; it is killed after `seconds`."""
    child = os.fork()
    if child == 0:
        signal.alarm(int(seconds))
        os._exit(run_here(path))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run_here(path: str) -> int:
    """Run a script as ``python script.py`` would, its output in files."""
    for stream, ending in ((1, ".out"), (2, ".err")):
        opened = os.open(path + ending, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, stream)
    status = 0
    try:
        runpy.run_path(path, run_name="__main__")
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    main(sys.argv[1])
