"""Starts gradviz in a process of its own, looks at its window once it is ready, closes it, and says what was seen.

    python started.py OUT.json [ARGUMENTS OF GRADVIZ]

$STARTED_MOVE moves the window before it is closed, if no layout was stored. With $STARTED_NO_HOME the system knows no
home of its user, as in many a container.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import gradviz
from gradviz.app.main import main
from gradviz.app.opening import startup as start

OUT = Path(sys.argv[1])
_made: list[Any] = []


def keep(self: Any, *arguments: Any) -> None:
    _made.append(self)
    begin(self, *arguments)
    from PySide6.QtCore import QTimer

    self.looking = QTimer(self.app)
    self.looking.timeout.connect(look)
    self.looking.start(20)


def look() -> None:
    """Once the first run is ready, one step; once that is drawn, everything there is to say."""
    startup = _made[0]
    controller = startup.controller
    if controller is None or str(controller.control.state) == "loading" or not controller.refresher.is_settled():
        return
    if len(_made) == 1:
        _made.append("stepped")
        controller.step_forward()
        return
    if controller.control.step == 0:
        return
    startup.looking.stop()
    if "STARTED_MOVE" in os.environ and not controller.preferences.layout:
        startup.window.move(*map(int, os.environ["STARTED_MOVE"].split(",")))
    OUT.write_text(json.dumps(seen(controller)), encoding="utf-8")
    startup.window.close()


def seen(controller: Any) -> dict[str, Any]:
    window = controller.window
    screen = window.screen().availableGeometry()
    return {
        "step": controller.control.step,
        "state": str(controller.control.state),
        "message": window.messages.text,
        "three_dimensional": window.views["surface"].is_three_dimensional,
        "note": window.views["surface"].drawn()["note"],
        "contours": window.views["surface"].drawn().get("contours", 0),
        "program": gradviz.__file__,
        "least": window.minimumSizeHint().toTuple(),
        "frame": window.frameGeometry().getRect(),
        "screen": screen.getRect(),
        "ratio": window.devicePixelRatio(),
    }


begin = start.Startup.__init__
start.Startup.__init__ = keep  # type: ignore[method-assign]
if "STARTED_NO_HOME" in os.environ:
    import pwd

    def unknown(_number: int) -> Any:
        raise KeyError("nobody knows this user")

    pwd.getpwuid = unknown
if __name__ == "__main__":
    sys.exit(main(sys.argv[2:]))
