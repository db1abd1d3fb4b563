"""What the About window says. Imported when it is opened, for it looks through all that is installed."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import PySide6
from PySide6.QtCore import Qt, qVersion

import gradviz
from gradviz.app.window.main_window import MainWindow
from gradviz.core.components import Component
from gradviz.storage.problems import FileError
from gradviz.storage.shipped.assets import assets_folder
from gradviz.storage.shipped.licences import components, licence_text
from gradviz.views.shell.about_dialog import AboutDialog, AboutText

SENTENCE = "See automatic differentiation and optimisation. Every number is PyTorch's own."


def open_about(window: MainWindow) -> AboutDialog:
    """Open the window About gradviz."""
    dialog = AboutDialog(about_text(), _read, window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.set_theme(window.theme)
    dialog.open()
    return dialog


def about_text() -> AboutText:
    """Everything that the window says; a list that is gone is said in the place of the notice."""
    icon = assets_folder() / "icon.svg"
    try:
        listed, notice = components(), _notice()
    except FileError as error:
        listed, notice = (), str(error)
    return AboutText(icon if icon.is_file() else None, gradviz.__version__, SENTENCE, _versions(listed), listed, notice)


def _versions(listed: tuple[Component, ...]) -> tuple[tuple[str, str], ...]:
    """Torch's as it is listed: importing it here would hold the window up."""
    torch = next((component.version for component in listed if component.name == "torch"), "")
    known = (
        ("Python", platform.python_version()),
        ("PySide6", PySide6.__version__),
        ("Qt", qVersion()),
        ("PyTorch", torch),
        (platform.system(), f"{platform.release()} ({platform.machine()})"),
    )
    return tuple((name, version) for name, version in known if version)


def _notice() -> str:
    return (
        "PySide6 and Qt are used under the LGPL, version 3. Their libraries are files of their own, which you may "
        f"replace by other versions, in {_qt_folder()}"
    )


def _qt_folder() -> Path:
    bundle = getattr(sys, "_MEIPASS", None)
    return Path(PySide6.__file__).resolve().parent if bundle is None else Path(bundle) / "PySide6"


def _read(component: Component) -> str:
    try:
        return licence_text(component)
    except FileError as error:
        return str(error)
