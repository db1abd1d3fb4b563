"""Fixtures of the graphical tests: a program of one's own, closed and gone at the end of each test.

Qt is imported inside the fixtures only: core, engine and storage are tested without it.
"""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from desk import Desk
    from PySide6.QtWidgets import QApplication


def pytest_configure(config: pytest.Config) -> None:
    """Warnings that others cause among themselves."""
    # torch's own torch.func still uses torch.jit.script when it is imported, which is in the training thread
    config.addinivalue_line("filterwarnings", "ignore:.torch.jit.script. is deprecated:DeprecationWarning")
    if hasattr(config, "workerinput") and sys.platform.startswith("linux") and shutil.which("Xvfb"):
        _take_a_display(config)


def _take_a_display(config: pytest.Config) -> None:
    """Each worker has one of its own: two windows on one would take the keyboard from each other."""
    reading, writing = os.pipe()
    screen = ("-screen", "0", "1600x1000x24", "+extension", "GLX", "-nolisten", "tcp")
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), *screen], pass_fds=(writing,), stderr=subprocess.DEVNULL
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    if number:
        os.environ["DISPLAY"] = f":{number}"
        os.environ.pop("WAYLAND_DISPLAY", None)

    def end() -> None:
        server.terminate()
        server.wait()

    config.add_cleanup(end)


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The application as gradviz itself makes it; pytest-qt's fixtures take it from here."""
    from gradviz.app.opening.startup import _application

    return _application()


@pytest.fixture(autouse=True)
def _application_first(request: pytest.FixtureRequest) -> None:
    """Who draws into a file makes a lesser application where there is none, and in a process there can be but one."""
    if request.path.parent.name in ("app", "views") or request.path.stem == "test_cases":
        request.getfixturevalue("qapp")


@pytest.fixture(scope="session")
def warm_torch() -> None:
    """Import torch once, so that no test's limit of time has the import in it."""
    import gradviz.app.opening.assembling  # noqa: F401 - the same for pyqtgraph
    from gradviz.engine.runs.runner import _warm_up

    _warm_up()
    gc.collect()
    gc.freeze()  # torch is 300,000 objects, which no later collection needs to look at


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of preferences of this test alone."""
    folder = tmp_path / "config"
    monkeypatch.setenv("GRADVIZ_CONFIG", str(folder))
    return folder


@pytest.fixture(scope="module")
def quiet_heap() -> None:
    """What earlier modules left is not looked at again by every collection of this one's tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def no_leaks(qapp: QApplication, quiet_heap: None) -> Iterator[None]:
    """Fails if a top-level widget outlives the test."""
    from desk import forget_deleted

    forget_deleted()
    before = {id(widget) for widget in qapp.topLevelWidgets()}
    yield
    forget_deleted()
    left = [widget for widget in qapp.topLevelWidgets() if id(widget) not in before]
    assert not left, f"these outlive the test: {left}"


@pytest.fixture
def crashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every exception that nobody caught; a test that wants one takes it off this list."""
    from gradviz.app.window.window_controller import WindowController

    # the program puts its own hook in the place of pytest-qt's, which would have failed the test
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    seen: list[str] = []
    told = WindowController.report_crash

    def report(self: Any, sentence: str) -> None:
        seen.append(sentence)
        told(self, sentence)

    monkeypatch.setattr(WindowController, "report_crash", report)
    yield seen
    assert not seen, f"nobody caught: {seen}"


@pytest.fixture
def new_desk(
    qtbot: Any, config: Path, no_leaks: None, crashes: list[str], warm_torch: None
) -> Iterator[Callable[..., Desk]]:
    """Starts the whole program, as often as a test wants; whatever is still open is closed at the end."""
    from desk import Desk

    desks: list[Desk] = []

    def start(file: str | Path | None = None, reset_layout: bool = False, settled: bool = True) -> Desk:
        desk = Desk(qtbot, None if file is None else str(file), reset_layout)
        desks.append(desk)
        if settled:
            desk.wait_filled()
            desk.settle()
        return desk

    yield start
    for desk in desks:
        if not desk.closed and desk.startup.controller is not None:
            from PySide6.QtWidgets import QApplication

            focused = QApplication.focusWidget()
            if focused is not None:
                focused.clearFocus()  # what still stands in a field is taken over before closing asks
        desk.close()
    desks.clear()


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    """The program at its first start, with everything drawn."""
    return new_desk()


@pytest.fixture
def shown(qtbot: Any, no_leaks: None) -> Callable[..., Any]:
    """Shows a widget in a size, themed if it can be, and waits until it is on the screen."""
    from PySide6.QtTest import QTest

    from gradviz.views.kit.theme import LIGHT

    def show(widget: Any, width: int = 640, height: int = 480, theme: Any = LIGHT) -> Any:
        qtbot.addWidget(widget)
        if hasattr(widget, "set_theme"):
            widget.set_theme(theme)
        widget.resize(width, height)
        with qtbot.waitExposed(widget):
            widget.show()
        widget.activateWindow()
        assert QTest.qWaitForWindowActive(widget, 5000), "without the focus no editor can tell that it lost it"
        return widget

    return show
