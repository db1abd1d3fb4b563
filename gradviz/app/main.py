"""Where gradviz starts: the window at once, or the command line.

Opening the window must not wait for the command line's libraries, so a bare ``gradviz [FILE]`` is told apart here.
"""

from __future__ import annotations

import sys

from gradviz.app.commands.names import COMMANDS

REFUSED_QT = "6.12"


def main(arguments: list[str] | None = None) -> int:
    """Run gradviz with `arguments` (those of the process if None); returns the exit status."""
    from gradviz.app.process import console

    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["--watchdog"]:  # the packaged program is its own Python
        from gradviz.app.process import watchdog

        return watchdog.main(given[1:])
    if given[:1] == ["--recorder"]:
        from gradviz.engine.recorder import running

        return running.main(given[1])
    has_stderr = console.begin()
    fault = refused_versions()
    if fault:
        print(fault, file=sys.stderr)  # noqa: T201 - the one sentence before anything can be shown
        return 2
    if given[:1] == ["--graph"]:  # the window that gradviz.show opens
        from gradviz.app.tracing import graph_window

        return graph_window.main(given[1:])
    if has_stderr:
        return _run(given)
    from gradviz.app.process.crash import end_session, session

    with session(has_stderr=False):
        status = _run(given)
        end_session(status)
    return status


def _run(given: list[str]) -> int:
    if given and (given[0] in COMMANDS or given[0].startswith("-") or len(given) > 1 or "." not in given[0]):
        from gradviz.app.commands.cli import run_command_line

        return run_command_line(given)
    from gradviz.app.commands.open_window import open_window

    return open_window(given[0] if given else None)


def refused_versions() -> str:
    """A sentence if Qt and Python are a pair that aborts in use; else empty.

    PySide6 6.12 on Python before 3.12 loses a reference to None at every void call.
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("PySide6-Essentials")
    except PackageNotFoundError:
        return ""
    major_minor = ".".join(found.split(".")[:2])
    if sys.version_info < (3, 12) and major_minor == REFUSED_QT:
        return (
            f"gradviz cannot run with PySide6 {found} on Python {sys.version_info.major}.{sys.version_info.minor}: "
            "it would crash within seconds. Install PySide6-Essentials below 6.12, or use Python 3.12."
        )
    return ""
