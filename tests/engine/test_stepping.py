"""Scripts run line by line in a child: bit for bit what PyTorch says, whatever the script does."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from fuzzing import needs_time
from step_support import SCRIPTS, differences, stepped, written

from gradviz.core.stepping.mistakes import MISTAKES
from gradviz.core.words import say
from gradviz.engine.stepping.stepper import Request, Stepper
from gradviz.engine.stepping.validation import WireError, check_event

ROOT = SCRIPTS.parents[1]
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
"""Of an object that is printed: another in each process."""
TUTORIALS = sorted(SCRIPTS.glob("*.py"))
QUICK = ("a6_softmax_and_loss", "a7_tracking_on_and_off", "f3_factored_wide")
LONG = {"b3_inputs_scaled", "b5_adam", "c_line_by_module", "g_two_neurons", "e2_himmelblau_adam"}
"""Scripts of more than 20,000 lines: every line of the others is asked in a soak, 400 of each of these."""
BROKEN = {
    "broadcast_in_the_loss": ("broadcasting in a loss", 13),
    "grad_zero": ("AttributeError", 9),
    "in_place_on_a_leaf": ("RuntimeError", 8),
    "in_place_on_a_saved_tensor": ("RuntimeError", 8),
    "inputs_not_scaled": ("not finite", 13),
    "loss_without_a_parameter": ("loss without the parameter", 19),
    "model_left_in_eval": ("model left in eval mode", 17),
    "numpy_of_a_tensor_with_a_gradient": ("RuntimeError", 9),
    "optimizer_lost_its_tensor": ("optimizer lost its tensor", 17),
    "second_backward": ("RuntimeError", 10),
    "softmax_before_cross_entropy": ("softmax before cross entropy", 13),
    "zero_grad_missing": ("zero_grad missing", 13),
}
"""What is said first of each broken script: an error's type or a mistake's kind, and the line."""
SILENT = {
    ".grad of a non-leaf": (
        3,
        "x = torch.ones(3, requires_grad=True)\n(y := x * 2).sum().backward(); print(y.grad)\n",
    ),
    "optimizer of detached tensors": (
        3,
        "w = torch.ones(3, requires_grad=True).detach()\noptimizer = torch.optim.SGD([w], lr=0.1)\n",
    ),
    "parameter that never changes": (
        4,
        "a, b = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)\n\n"
        "optimizer = torch.optim.SGD(a.parameters(), lr=0.1)\nfor _ in range(5):\n"
        "    optimizer.zero_grad()\n    b(a(torch.ones(3, 1))).sum().backward()\n    optimizer.step()\n",
    ),
}
"""Mistakes that no script of the gallery makes: their line, and a script after ``import torch``."""


def test_the_gallery_has_a_script_of_each_case_and_twelve_broken_ones() -> None:
    cases = {path.stem.split("_")[0] for path in TUTORIALS}
    numbered = {f"{letter}{k}" for letter, last in (("a", 8), ("b", 5), ("f", 4)) for k in range(1, last + 1)}
    assert cases == numbered | {"c", "e1", "e2", "e4", "g"}
    assert {path.stem for path in (SCRIPTS / "broken").glob("*.py")} == set(BROKEN)


@pytest.mark.parametrize("name", QUICK)
def test_values_gradients_and_leaves_are_those_of_a_fresh_process_bit_for_bit(name: str) -> None:
    path = SCRIPTS / f"{name}.py"
    recording = stepped(path)
    assert recording.error is None
    assert not recording.warnings
    found, compared = differences(recording, path, 30)
    assert compared > 15
    assert not found, "\n".join(found[:5])


@pytest.mark.soak
@needs_time
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_every_line_of_every_tutorial_script_is_that_of_a_fresh_process(path: Path) -> None:
    recording = stepped(path, seconds=900)
    assert recording.error is None
    assert not recording.warnings, [str(one.sentence) for one in recording.warnings]
    found, compared = differences(recording, path, 400 if path.stem in LONG else 10**9)
    assert compared
    assert not found, "\n".join(found[:5])


@pytest.mark.soak
@needs_time
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_every_tutorial_script_prints_what_it_prints_without_gradviz(path: Path) -> None:
    plain = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True, timeout=600)
    recording = stepped(path, seconds=900, events=20_000)
    output = "".join(event.output for event in recording.events()) + recording.rest_of_output
    assert _ADDRESS.sub("", output) == _ADDRESS.sub("", plain.stdout)
    assert recording.status == 0


@pytest.mark.parametrize("name", ["zero_grad_missing", "second_backward"])
def test_a_broken_script_is_told_at_its_line(name: str) -> None:
    _is_told(name)


@pytest.mark.soak
@needs_time
@pytest.mark.parametrize("name", sorted(BROKEN))
def test_every_broken_script_is_told_at_its_line(name: str) -> None:
    _is_told(name)


def _is_told(name: str) -> None:
    recording = stepped(SCRIPTS / "broken" / f"{name}.py")
    kind, line = BROKEN[name]
    error = recording.error
    if error is None:
        assert (recording.warnings[0].kind, recording.warnings[0].line) == (kind, line)
    else:
        assert (error.type, error.line, bool(error.explanation)) == (kind, line, True)
        assert not recording.warnings


@pytest.mark.parametrize("kind", sorted(SILENT))
def test_a_mistake_that_raises_nothing_is_told_at_its_line(kind: str, tmp_path: Path) -> None:
    line, source = SILENT[kind]
    recording = stepped(written(tmp_path, f"import torch\n{source}"))
    assert [(one.kind, one.line) for one in recording.warnings][:1] == [(kind, line)]


def test_every_mistake_of_the_catalogue_has_its_broken_script() -> None:
    told = {kind for kind, _ in BROKEN.values()} | set(SILENT)
    assert {mistake.kind for mistake in MISTAKES} <= told


def test_a_script_computes_and_draws_the_same_random_numbers_with_and_without_the_recorder(tmp_path: Path) -> None:
    source = (
        "import sys, os\nimport torch\ntorch.manual_seed(3)\nnet = torch.nn.Linear(20, 20)\nx = torch.randn(30, 20)\n"
        "for _ in range(3):\n    x = torch.dropout(net(x), 0.5, True)\nx.sum().backward()\n"
        "print(__name__, os.path.basename(sys.argv[0]), sys.argv[1:], sys.path[0] == os.path.dirname(__file__))\n"
        "print(x.sum().item().hex(), net.weight.grad.norm().item().hex(), torch.rand(1).item().hex())\n"
    )
    path = written(tmp_path, source)
    plain = subprocess.run([sys.executable, str(path), "a", "b"], capture_output=True, text=True, check=True)
    recording = stepped(path, argv=("a", "b"))
    assert "".join(event.output for event in recording.events()) == plain.stdout
    assert "__main__ script.py ['a', 'b'] True" in plain.stdout


def test_memory_that_names_share_is_told() -> None:
    recording = stepped(SCRIPTS / "a7_tracking_on_and_off.py")
    state = recording.state(len(recording) - 1)
    assert state.sharing(0, "d") == ("a",)
    assert state.sharing(0, "b") == ()


def test_a_change_behind_autograds_back_is_told_for_every_name_of_the_memory(tmp_path: Path) -> None:
    source = (
        "import torch\nt = torch.zeros(3, requires_grad=True)\nd = t.data\nn = t.detach().numpy()\nboth = [t, {}]\n"
        "d[0] = 5\nn[1] = 7\nnet = torch.nn.Linear(1, 1)\nnet.weight.data.fill_(2.0)\n"
    )
    recording = stepped(written(tmp_path, source))
    by_line = {event.line: {name for _, name in event.changed} for event in recording.events()}
    assert by_line[5] == {"both", "both[0]"}
    assert by_line[6] == by_line[7] == {"t", "d", "n", "both[0]"}
    assert by_line[8] == {"net", "net.weight", "net.bias"}
    assert by_line[9] == {"net.weight"}
    state = recording.state(len(recording) - 1)
    assert set(state.sharing(0, "t")) == {"d", "n", "both[0]"}
    told = state.variables[0, "t"]
    assert (told.numbers, told.version, told.has_grad) == ((5.0, 7.0, 0.0), 0, False)


def test_the_graph_grows_line_by_line_and_is_freed_by_backward() -> None:
    recording = stepped(SCRIPTS / "a1_chain_of_scalars.py")
    state = recording.state(len(recording) - 1)
    ops = {node.op: node for node in state.nodes.values() if node.op != "AccumulateGrad"}
    assert {op: (node.line, state.names_of(node.number)) for op, node in ops.items() if op == "AddBackward0"} == {
        "AddBackward0": (10, ("v",))
    }
    assert {state.names_of(node.number)[0] for node in state.nodes.values() if node.op == "AccumulateGrad"} == {
        "a", "b", "c",
    }  # fmt: skip
    spent = {state.names_of(node.number)[0]: node.line for node in state.nodes.values() if node.is_spent}
    assert spent == {"u": 9, "j": 11}, "an addition saves nothing that could be freed"


HOSTILE: dict[str, tuple[str, str]] = {
    "exit": ("import sys\nx = 1\nsys.exit(3)\n", "exit() in line 3, with status 3"),
    "leaving at once": ("import os\nx = 1\nos._exit(4)\n", "line 3 (os._exit, status 4)"),
    "crash": ("import ctypes\nx = 1\nctypes.string_at(0)\n", "crashed in line 3 (SIGSEGV)"),
    "abort": ("import os\nx = 1\nos.abort()\n", "crashed in line 3 (SIGABRT)"),
    "killed": ("import os, signal\nx = 1\nos.kill(os.getpid(), signal.SIGKILL)\n", "killed at or after line"),
    "terminated": ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n", "signal ended the script"),
    "endless": ("x = 0\nwhile True:\n    x += 1\n", "ended after"),
    "endless in one line": ("while True: pass\n", "ended after"),
    "asleep": ("import time\ntime.sleep(1000)\n", "ended after"),
    "endless in C": ("x = sum(iter(int, 1))\n", "ended after"),
    "a thread that never ends": (
        "import threading, time\nt = threading.Thread(target=time.sleep, args=(1000,))\nt.start()\n", "ended after"),
    "forks that never end": (
        "import os, time\nfor _ in range(5):\n    if os.fork() == 0:\n        time.sleep(1000)\n", ""),
    "a fork that goes on": ("import os\npid = os.fork()\nx = 1\nif pid:\n    os.waitpid(pid, 0)\n", ""),
    "recursion": ("def f(n):\n    return f(n + 1)\nf(0)\n", "calls itself"),
    "deep recursion": ("def f(n):\n    return n and f(n - 1)\nprint(f(900))\n", ""),
    "much output": ("for k in range(3000):\n    print('x' * 1000)\n", ""),
    "output below Python": ("import os\nfor k in range(300):\n    os.write(1, b'y' * 1000)\n", ""),
    "a program's output": ("import subprocess\nsubprocess.run(['echo', 'hello'])\n", ""),
    "input": ("name = input('Who? ')\n", "Nobody can answer input()"),
    "no syntax": ("x = (1\ny = 2\n", "Python cannot read this line"),
    "NUL": ("x = 1\0\n", ""),
    "empty": ("", ""),
    "no modules": ("import sys\nsys.modules.clear()\nx = 1\n", ""),
    "no built-ins": ("import builtins\nfor name in ('len', 'type', 'id', 'list', 'str'):\n"
                     "    delattr(builtins, name)\nx = 1\n", "without a word"),
    "own tracing": ("import sys\nsys.settrace(None)\nx = 1\n", "took over the tracing"),
    "no standard streams": ("import sys\nsys.stdout = sys.stderr = None\nx = 1\n", ""),
    "closed descriptors": ("import os\nos.closerange(3, 100)\nx = 1\n", "without a word"),
    "a memory bomb": ("x = bytearray(1 << 40)\n", "more memory than there is"),
    "an error that cannot be told": (
        "class E(Exception):\n    def __str__(self):\n        raise ValueError\nraise E\n", ""),
    "objects that answer nothing": (
        "class O:\n    def __getattr__(self, name):\n        raise RuntimeError(name)\n"
        "    def __eq__(self, other):\n        raise RuntimeError\n    def __repr__(self):\n"
        "        raise RuntimeError\no = O()\nx = [o, o]\n", ""),
    "names of its own": ("import graph\n", "That Python has no graph"),
    "huge numbers": ("x = 9 ** 9 ** 5\ny = 10.0 ** 300 * 10.0 ** 300\n", ""),
    "a signal handler": (
        "import signal, os\ndef f(*_):\n    global got\n    got = 1\nsignal.signal(signal.SIGUSR1, f)\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\nprint(got)\n", ""),
    "a generator that is left": ("def g():\n    for k in range(9):\n        yield k\nfor k in g():\n    break\n", ""),
    "an exit in atexit": ("import atexit, os\natexit.register(os._exit, 5)\nx = 1\n", "left at once"),
}  # fmt: skip
"""Odd scripts, and what the one sentence says of each; nothing where the script simply ends."""


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_whatever_a_script_does_it_ends_and_one_sentence_says_how(name: str, tmp_path: Path) -> None:
    source, sentence = HOSTILE[name]
    path = tmp_path / "script.py"
    path.write_bytes(source.encode())
    recording = stepped(path, seconds=1.5 if sentence == "ended after" else 60)
    said = str(recording.ending)
    if recording.error is not None:
        said = f"{said} {recording.error.explanation}".strip()
    assert sentence in said
    assert len(said) < 300
    assert "\n" not in said
    assert recording.is_finished or sentence


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes")
def test_what_a_script_started_ends_with_it(tmp_path: Path) -> None:
    source = (
        "import os, time\npids = [os.fork() for _ in range(1)]\nif not pids[0]:\n    time.sleep(1000)\nprint(pids[0])\n"
    )
    recording = stepped(written(tmp_path, source), seconds=60)
    forked = int("".join(event.output for event in recording.events()))
    deadline = time.monotonic() + 20
    while (state := _state_of(forked)) not in ("gone", "Z", "X") and time.monotonic() < deadline:
        os.sched_yield()  # it has been killed, and goes when its turn comes
    assert state in ("gone", "Z", "X"), "ended, whether or not anybody has asked for its status"


def _state_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "gone"


def test_a_script_can_delete_the_recorder_under_it(tmp_path: Path) -> None:
    source = (
        "import sys, shutil\nfor name in list(sys.modules):\n    if 'gradviz' in name:\n        del sys.modules[name]\n"
        "x = 1\n"
    )
    recording = stepped(written(tmp_path, source))
    assert recording.error is None
    assert recording.state(len(recording) - 1).find("x") is not None


def test_a_script_is_stopped_and_what_was_recorded_stays(tmp_path: Path) -> None:
    path = written(tmp_path, "x = 0\nwhile x >= 0:\n    x += 1\n")
    stepper = Stepper(Request(str(path), path.read_text(), str(tmp_path), most_events=1000))
    for progress in stepper.run():
        if progress.lines_run > 20_000:
            stepper.stop(say("Enough."))
    recording = stepper.recording()
    assert str(recording.ending) == "Enough."
    assert not recording.is_finished
    assert 400 < len(recording) < 3000
    last = recording.state(len(recording) - 1)
    assert last.variables[0, "x"].value is not None


def test_a_long_loop_is_thinned_evenly_and_its_ends_are_kept(tmp_path: Path) -> None:
    source = "total = 0\nfor k in range(5000):\n    total += k\n    k2 = 2 * k\ndone = total\n"
    recording = stepped(written(tmp_path, source), events=2000)
    stride = recording.strides[2]
    assert recording.lines_run == 15_003
    assert 900 < len(recording) <= 2000 + 600
    index = [recording.passes[one.loop_pass].index for one in recording.events() if one.line == 3]
    assert index == [0, *sorted({1, *range(stride, 5000, stride), 4999})]
    for at, event in enumerate(recording.events()):
        if event.line == 4:
            k = recording.passes[event.loop_pass].index
            found = recording.state(at).variables
            assert (found[0, "total"].value, found[0, "k2"].value) == (k * (k + 1) // 2, 2 * k)
    assert recording.state(len(recording) - 1).variables[0, "done"].value == 12_497_500


def test_the_state_just_before_an_error_is_told_even_in_a_pass_that_is_not_kept(tmp_path: Path) -> None:
    source = "def f(k):\n    half = k // 2\n    return 1 / (half - 2222)\nfor k in range(9999):\n    x = f(k)\n"
    recording = stepped(written(tmp_path, source), events=300)
    assert recording.strides[4] > 16
    assert recording.error is not None
    assert (recording.error.type, recording.error.line) == ("ZeroDivisionError", 3)
    at = next(index for index in reversed(range(len(recording))) if recording.event(index).line == 3)
    state = recording.state(at)
    assert state.variables[state.event.frame, "half"].value == 2222
    assert state.variables[0, "k"].value == 4444
    assert [frame.function for frame in state.frames] == ["f", "<module>"]


def test_what_cannot_be_thinned_is_followed_to_its_end(tmp_path: Path) -> None:
    source = "def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\nx = f(14)\n"
    recording = stepped(written(tmp_path, source), events=300)
    assert recording.full_at is not None
    assert len(recording) < 320
    assert recording.state(len(recording) - 1).variables[0, "x"].value == 377


def test_variables_of_functions_live_as_long_as_their_frames(tmp_path: Path) -> None:
    source = "def f(n):\n    m = n + 1\n    return m\na = f(1)\nb = f(2)\n"
    recording = stepped(written(tmp_path, source))
    inside = [at for at, event in enumerate(recording.events()) if event.line == 3]
    state = recording.state(inside[1])
    assert [frame.function for frame in state.frames] == ["f", "<module>"]
    assert {name: state.variables[state.event.frame, name].value for name in ("n", "m")} == {"n": 2, "m": 3}
    assert {name for _, name in recording.state(len(recording) - 1).variables} == {"a", "b"}


def test_another_python_is_used_and_one_that_is_none_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "import sys\nprint(sys.executable)\n")
    link = tmp_path / "python-of-mine"
    link.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    link.chmod(0o755)
    recording = stepped(path, python=str(link))
    assert len(recording) == 2
    missing = stepped(written(tmp_path, "", "none.py"), python="/bin/false")
    assert "That Python could not begin the script" in str(missing.ending)


def test_the_packaged_program_is_its_own_recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "gradviz-packaged"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec "{sys.executable}" -m gradviz "$@"\n')
    program.chmod(0o755)
    (tmp_path / "beside.py").write_text("y = 2\n")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    recording = stepped(written(tmp_path, "from beside import y\nx = y + 1\n"))
    assert recording.state(len(recording) - 1).variables[0, "x"].value == 3
    assert not recording.ending


PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nplt.plot([2, 1])\nx = len(plt.get_fignums())\n"


def _draws(path: Path) -> None:
    recording = stepped(path)
    assert not recording.ending
    assert recording.error is None
    assert [picture[:4] for picture in recording.figures.values()] == [b"\x89PNG", b"\x89PNG"]
    assert [event.line for event in recording.events() if event.figures] == [3]
    assert recording.state(len(recording) - 1).variables[0, "x"].value == 1, (
        "the first was closed, as a window would be"
    )


def test_figures_are_kept_and_show_waits_for_nobody(tmp_path: Path) -> None:
    """With a matplotlib of a few lines: the real one comes with no test environment."""
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib" / "__init__.py").write_text("def use(name):\n    raise ImportError(name)\n")
    (tmp_path / "matplotlib" / "pyplot.py").write_text(
        "opened = []\n"
        "class Figure:\n    def savefig(self, file, format):\n"
        "        file.write(b'\\x89PNG\\r\\n\\x1a\\n' + format.encode())\n"
        "def plot(y):\n    opened[:] = [1]\ndef figure(number):\n    return Figure()\n"
        "def get_fignums():\n    return list(opened)\ndef close(which):\n    opened.clear()\n"
        "def show():\n    input()\ndef pause(seconds):\n    input()\n"
    )
    _draws(written(tmp_path, PLOT.replace("plt.plot([1", "import matplotlib; matplotlib.use('TkAgg'); plt.plot([1")))


def test_figures_of_matplotlib_itself_are_kept(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    _draws(written(tmp_path, PLOT))


def test_what_is_no_event_is_refused() -> None:
    good: list[Any] = [1, 1, 0, 0, [[0, "x", ["p", "int", 1]]], {"o": "a", "a": [[1, "AddBackward0", 1, [2]]]}]
    check_event(good)
    rng = random.Random(0)
    strangers: list[Any] = [None, "x", -1.5, 1 << 70, {}, [], [[]], "y" * 10_000, True]
    refused = 0
    for _ in range(400):
        bad = _mutated(good, rng, strangers)
        try:
            check_event(bad)
        except WireError:
            refused += 1
    assert refused > 200


def _mutated(value: Any, rng: random.Random, strangers: list[Any]) -> Any:
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [*value[:at], _mutated(value[at], rng, strangers), *value[at + 1 :]]
    return rng.choice(strangers)
