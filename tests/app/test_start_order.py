"""What a start puts off or leaves out, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.program import environment

START = """
import builtins, gc, json, sys
from PySide6.QtCore import QTimer
feature_import = builtins.__import__
from gradviz.app.opening.startup import Startup
from gradviz.core.runs.state import RunState
started = Startup()
put_off = not gc.isenabled()
def look():
    controller = started.controller
    if controller is not None and controller.control.state is RunState.READY and controller.refresher.is_settled():
        controller.refresher.stop()
        started.app.quit()
timer = QTimer()
timer.timeout.connect(look)
timer.start(10)
started.app.exec()
is_plain = builtins.__import__ is not feature_import
told = put_off, gc.isenabled(), gc.get_freeze_count(), is_plain, "torch._dynamo" in sys.modules, sys.getswitchinterval()
print(json.dumps(told), flush=True)
started.end(0)
"""


def test_garbage_is_collected_again_once_torch_is_there_and_its_compiler_never_came() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", START], capture_output=True, text=True, timeout=120, env=environment(), check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    put_off, collects, frozen, imports_plainly, has_compiler, turn_s = json.loads(ended.stdout.splitlines()[-1])
    assert put_off, "nothing was put off: the window imports torch before it is shown"
    assert collects
    assert frozen > 100_000
    assert imports_plainly
    assert not has_compiler
    assert turn_s < 0.002, "a window that waits for Python's lock waits 5 ms at every call into Qt"
