"""Takes the README's picture of the window: the race of six optimisers at its end (``make screenshot``)."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gradviz.app.opening.startup import Startup
from gradviz.app.window.window_controller import WindowController
from gradviz.core.runs.state import RunState
from gradviz.views.kit.theme import LIGHT

PLACE = Path(__file__).parent.parent / "assets" / "screenshots" / "window.png"
CARD = "race-surface"
SIZE = (1480, 940)
PATIENCE_S = 120.0


def main() -> None:
    """Into the place that the README names, or where the argument says."""
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else PLACE
    with tempfile.TemporaryDirectory() as folder:  # the preferences of a first start
        os.environ["GRADVIZ_CONFIG"] = folder
        startup = Startup()
        _wait(startup, lambda: startup.controller is not None and startup.controller.refresher.is_settled())
        assert startup.controller is not None
        _show_race(startup, startup.controller)
        is_saved = startup.window.grab().save(str(place))
        startup.controller.documents.count_as_saved()
        startup.window.close()
        startup.end(0 if is_saved else 1)


def _show_race(startup: Startup, controller: WindowController) -> None:
    """The whole race, and everything drawn."""
    startup.window.set_theme(LIGHT)
    startup.window.resize(*SIZE)
    controller.documents.open_gallery(CARD)
    _wait(startup, lambda: controller.control.state is RunState.READY and controller.refresher.is_settled())
    controller.toggle_run()
    _wait(startup, lambda: controller.control.state is RunState.FINISHED and controller.refresher.is_settled())


def _wait(startup: Startup, until: Callable[[], bool]) -> None:
    begin = time.monotonic()
    while not until():
        if time.monotonic() - begin > PATIENCE_S:
            sys.exit("The window was not drawn in time.")
        startup.app.processEvents()
        time.sleep(0.01)


if __name__ == "__main__":
    main()
