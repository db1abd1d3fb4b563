"""A script that is followed and recorded line by line, over the same script in plain Python; CPU time throughout."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import Figure

KILOBYTE = 1 if sys.platform == "darwin" else 1024
"""What the system counts memory in."""
ROUNDS = 3
"""The least of so many: whatever else a machine does only adds."""
STEPS = 3000
EVENTS = 1_000_000
LOOP = f"""import time

import torch
import torch.optim

xy = torch.tensor([0.0, 0.0], requires_grad=True)
optimizer = torch.optim.SGD([xy], lr=1e-3)
begin = time.process_time()
for step in range({STEPS}):
    x, y = xy
    f = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
    optimizer.zero_grad()
    f.backward()
    optimizer.step()
    loss = f.item()
print(time.process_time() - begin)
"""


def stepping_figures() -> list[Figure]:
    """E1's loop of 3,000 steps, followed and recorded; and a million events in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "himmelblau.py"
        path.write_text(LOOP, encoding="utf-8")
        plain = min(_plain(path) for _ in range(ROUNDS))
        followed = min(_stepped(path, False)[0] for _ in range(ROUNDS))
        found = [_stepped(path, True) for _ in range(ROUNDS)]
    recorded, lines = min(one for one, _ in found), found[0][1]
    told = f"a line costs {(recorded - plain) / lines * 1e6:.0f} us more, of {plain / lines * 1e6:.0f}"
    return [
        Figure("a script followed line by line / plain python", followed / plain, "", "<= 1.5"),
        Figure("the same, every line recorded / plain python", recorded / plain, "", "<= 5", told),
        *_memory_figures(),
    ]


def _plain(path: Path) -> float:
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _stepped(path: Path, is_recorded: bool) -> tuple[float, int]:
    from gradviz.engine.stepping.stepper import Request, Stepper

    request = Request(str(path), path.read_text("utf-8"), str(path.parent), is_recorded=is_recorded)
    stepper = Stepper(request)
    for _ in stepper.run():
        pass
    recording = stepper.recording()
    output = "".join(event.output for event in recording.events()) + recording.rest_of_output
    return float(output), recording.lines_run


def _memory_figures() -> list[Figure]:
    """The events of the loop above, as the recorder tells them, a million of them."""
    from gradviz.core.stepping.building import Builder
    from gradviz.core.stepping.events import Frame
    from gradviz.core.stepping.recording import Recording

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    builder = Builder()
    builder.frames[0] = Frame(0, "<module>", -1, 1)
    for k in range(EVENTS // 2):
        value = ["t", [2], "float32", 3, None, -1, [k / 3, k / 7], [[k / 5, k / 9]], k, 64 * k, "cpu", "Tensor"]
        made = ["t", [], "float32", 1, "AddBackward0", k + 1, [k / 3], None, 0, 64 * k + 8, "cpu", "Tensor"]
        node = [k + 1, "AddBackward0", 2, [-1]]
        more = {"a": [node], "g": [k]} if k else {"a": [node]}
        builder.add([2 * k, 1, 0, 0, [[0, "xy", value], [0, "step", ["p", "int", k]]]])
        builder.add([2 * k + 1, 2, 0, 0, [[0, "f", made]], more])
    recording = Recording("", builder.chunks(), builder.frames)
    held = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * KILOBYTE
    spent = []
    for index in range(0, EVENTS, EVENTS // 50):
        begin = time.process_time()
        recording.state(index + 511)
        spent.append(time.process_time() - begin)
    return [
        Figure("a million line events, at most in memory", held / 1e9, "GB", "< 2"),
        Figure("the state at any of them, the slowest of 50", 1000 * max(spent), "ms", "< 100"),
    ]
