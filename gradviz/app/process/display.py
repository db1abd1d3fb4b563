"""Whether there is a display: without one, Qt aborts the process, which Python cannot catch."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path

HEADLESS = frozenset({"offscreen", "minimal", "vnc"})


def display_fault() -> str:
    """Why no window can be opened, as one sentence; empty if one can."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in HEADLESS:
        return ""
    if os.environ.get("WAYLAND_DISPLAY"):
        return ""
    display = os.environ.get("DISPLAY", "")
    if not display:
        return "There is no display (DISPLAY is not set)."
    return "" if _answers(display) else f"The display {display} does not answer."


def use_no_display() -> None:
    """Let Qt paint without a display; its remark that windows have no size hints there is dropped."""
    from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

    os.environ["QT_QPA_PLATFORM"] = "offscreen"

    def handle(_kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        if "propagateSizeHints" not in text:
            print(text, file=sys.stderr)  # noqa: T201 - what Qt itself would do

    qInstallMessageHandler(handle)


def _answers(display: str) -> bool:
    """Whether an X server listens where `display` points to."""
    match = re.fullmatch(r"(?P<host>[^:]*):(?P<number>\d+)(\.\d+)?", display)
    if match is None:
        return False
    number, host = int(match["number"]), match["host"]
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"
        return any(_connects(socket.AF_UNIX, address) for address in (path, "\0" + path)) and Path("/tmp").exists()
    return _connects(socket.AF_INET, (host, 6000 + number))


def _connects(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.settimeout(2.0)
        try:
            tried.connect(address)
        except OSError:
            return False
        return True
