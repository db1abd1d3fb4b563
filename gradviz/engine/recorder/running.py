"""The script as Python itself would run it: its own name, folder, arguments and errors; and the word at its end."""

from __future__ import annotations

import _thread
import ast
import atexit
import builtins
import faulthandler
import json
import os
import sys
import threading
import time
import traceback
import types
from importlib.machinery import SourceFileLoader
from typing import Any

from .figures import Figures
from .loops import loops_of
from .output import Output, Tap, tap
from .tracing import Tracer
from .wire import Wire

TICK_S = 0.1
"""So often what was recorded is sent, whatever the script is doing."""
ROOM_ON_THE_STACK = 60
"""Calls that the recorder needs below the script and above it: taken from nothing that the script has."""
LONGEST = 4000


def main(options: str) -> int:
    """Run a script as JSON options say: script, argv, wire, events, bytes, memory. Returns its exit status."""
    given = json.loads(options)
    faults = os.dup(2)
    faulthandler.enable(os.fdopen(faults, "w"))
    limit_memory(given.get("memory", 0))
    wire = Wire(given["wire"])
    os.set_inheritable(given["wire"], False)  # what the script starts must not keep the wire open
    output = Output()
    taps = tap(output)
    run = Run(given, wire, output, taps)
    _thread.start_new_thread(run.tick, ())
    return run.run()


def limit_memory(most: int) -> None:
    """At most so many bytes more of address space, where the platform can say so and no GPU needs it."""
    try:
        import resource

        with open("/proc/self/statm", "rb") as file:
            now = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        if most > 0 and not os.path.exists("/dev/nvidiactl"):
            resource.setrlimit(resource.RLIMIT_AS, (now + most, resource.getrlimit(resource.RLIMIT_AS)[1]))
    except (ImportError, OSError, ValueError):
        return


class Run:
    """One run of one script."""

    def __init__(self, given: dict[str, Any], wire: Wire, output: Output, taps: list[Tap]) -> None:
        self.script: str = given["script"]
        self.argv: list[str] = given["argv"]
        self.wire = wire
        self.output = output
        self.taps = taps
        self.tracer = Tracer(self.script, {}, output, wire, given["events"], given["bytes"])
        self.is_recorded = bool(given.get("record", True))
        self.figures = Figures(wire.send, self.tracer.note_figure)
        self.process = os.getpid()
        self._exit = os._exit
        self.depth = 0

    def tick(self) -> None:
        """In a thread of its own: send what is waiting, and say which line is at work."""
        while True:
            time.sleep(TICK_S)
            self.wire.flush()
            self.wire.send("alive", self.tracer.lines_run, self.tracer.line)

    def run(self) -> int:
        """Run it, tell how it ended; returns the exit status that Python would have."""
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._on_fork)
        os._exit = self._on_exit  # type: ignore[assignment]
        sys.setrecursionlimit(sys.getrecursionlimit() + ROOM_ON_THE_STACK)
        names = self._module()
        try:
            code = self._compiled()
        except (SyntaxError, ValueError) as unread:
            return self._end_by(unread)
        self.wire.send("begin", sys.version.split()[0], sys.executable)
        error: BaseException | None = None
        begin = time.process_time()
        try:
            if self.is_recorded:
                self.tracer.on_import(self.figures.find)
            else:
                self._follow()
            self.tracer.begin(names, code.co_filename)
            exec(code, names)
        except BaseException as raised:
            error = raised
        stopped = sys.gettrace() is None and not self.tracer.fault
        sys.settrace(None)
        seconds = time.process_time() - begin
        if os.getpid() != self.process:  # a fork that ran to the end of the script
            return self._leave_fork(error)
        return self._end_by(error, stopped, seconds)

    def _follow(self) -> None:
        """Lines are counted and nothing is recorded: what following alone costs."""
        self.tracer.full = True
        self.tracer.most_events = -1

    def _module(self) -> dict[str, Any]:
        """The script's ``__main__``, as Python makes it."""
        module = types.ModuleType("__main__")
        names = module.__dict__
        loader = SourceFileLoader("__main__", self.script)
        names.update(__file__=self.script, __builtins__=builtins, __loader__=loader, __cached__=None)
        sys.modules["__main__"] = module
        sys.argv[:] = [self.script, *self.argv]
        folder = os.path.dirname(os.path.abspath(self.script))
        if sys.path and os.path.abspath(sys.path[0]) == os.path.dirname(os.path.abspath(__file__)):
            sys.path[0] = folder
        else:  # the packaged program began elsewhere
            sys.path.insert(0, folder)
        return names

    def _compiled(self) -> Any:
        with open(self.script, "rb") as file:
            source = file.read()
        tree = ast.parse(source, self.script)
        self.tracer.loops = loops_of(tree)
        return compile(source, self.script, "exec", dont_inherit=True)

    def _end_by(self, error: BaseException | None, stopped: bool = False, seconds: float = 0.0) -> int:
        """Tell the script's end as Python would, then how it was."""
        told = self._told(error)
        if error is not None and told["how"] == "raised":
            self._print(error)
        tracer = self.tracer
        try:
            self.figures.show()  # before the exit, at which pyplot destroys them
            self._close_down()
            tracer.finish()
        except Exception as fault:
            tracer.fault = tracer.fault or type(fault).__name__ + ": " + str(fault)[:200]
        told.update(lines_run=tracer.lines_run, left_out=self.output.left_out, fault=tracer.fault, seconds=seconds)
        told.update(untraced=stopped, rest=self.output.take())
        self.wire.send("end", told)
        self.wire.close()
        return int(told["status"])

    def _told(self, error: BaseException | None) -> dict[str, Any]:
        if error is None:
            return {"how": "finished", "status": 0}
        if isinstance(error, SystemExit):
            code = error.code
            if code is not None and not isinstance(code, int):
                self.output.write(str(code) + "\n")
            status = 0 if code is None else code & 255 if isinstance(code, int) else 1
            return {"how": "exit", "status": status, "line": self._line(error)}
        try:
            words = str(error)
        except Exception:
            words = "<exception str() failed>"  # as Python's own traceback says it
        kind = type(error).__name__[:200]
        return {"how": "raised", "status": 1, "type": kind, "message": words[:LONGEST], "line": self._line(error)}

    def _line(self, error: BaseException) -> int:
        """The line of the script that it came from: the innermost of its own."""
        if isinstance(error, SyntaxError) and error.filename == self.script:
            return error.lineno or 0
        lines = [
            line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == self.script
        ]
        return lines[-1] if lines else 0

    def _print(self, error: BaseException) -> None:
        """The traceback, from the script's first line on."""
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != self.script:
            trace = trace.tb_next
        try:
            sys.excepthook(type(error), error.with_traceback(trace), trace)  # Python prints the error's own
        except Exception:
            self.output.write("Error in sys.excepthook\n")

    def _close_down(self) -> None:
        """What Python does after the last line: wait for threads, then what was registered for the exit."""
        try:
            for thread in threading.enumerate():
                if thread is not threading.main_thread() and not thread.daemon:
                    thread.join()
            atexit._run_exitfuncs()
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
        except BaseException:
            self.output.write("An error at the exit of the script was passed over.\n")

    def _on_exit(self, status: int) -> None:
        """``os._exit``: what was recorded first."""
        if os.getpid() == self.process:
            self.wire.send("gone", status, self.tracer.line)
        self._exit(status)

    def _on_fork(self) -> None:
        """In the copy: no tracing, no wire."""
        sys.settrace(None)
        self.wire.close()
        for one in self.taps:
            one.forked = True

    def _leave_fork(self, error: BaseException | None) -> int:
        if error is not None and not isinstance(error, SystemExit):
            self._print(error)
        sys.stdout.flush()
        self._exit(0 if error is None else 1)
        return 1
