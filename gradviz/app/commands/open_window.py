"""The window, or the main job without one where there is no display."""

from __future__ import annotations


def open_window(file: str | None, reset_layout: bool = False) -> int:
    """Open the window, run until it is closed; returns the exit status.

    Without a display it says so, and does the main job without a window.
    """
    from gradviz.app.process import crash
    from gradviz.app.process.display import display_fault
    from gradviz.storage.user import crash_logs

    with crash.session():
        crash.note(crash_logs.OPENS_WINDOW)
        fault = display_fault()
        if fault:
            from gradviz.app.commands.run_commands import run_without_display

            return run_without_display(fault, file)
        from gradviz.app.opening.startup import Startup

        crash.watch_qt()
        started = Startup(file, reset_layout)
        return started.end(started.app.exec())
