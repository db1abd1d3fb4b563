"""Help > About gradviz: the versions, and the licence of every component, found and read by keyboard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from desk import CONTROL, Desk, Key, has_colour, pixels

import gradviz

if TYPE_CHECKING:
    from gradviz.views.shell.about_dialog import AboutDialog

ROOT = Path(__file__).parents[2]


class AboutWindow:
    """What a person sees of the window, opened from the menu."""

    def __init__(self, desk: Desk) -> None:
        from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QTreeWidget

        from gradviz.views.shell.about_dialog import AboutDialog

        self.desk = desk
        desk.choose_menu("show_about")
        desk.wait(lambda: desk.window.findChild(AboutDialog) is not None, "the window")
        self.dialog: AboutDialog = desk.window.findChild(AboutDialog)
        desk.wait(self.dialog.isActiveWindow, "the keyboard")
        self.find = self.dialog.findChild(QLineEdit)
        self.list = self.dialog.findChild(QTreeWidget)
        self.text = self.dialog.findChild(QPlainTextEdit)

    @property
    def rows(self) -> list[list[str]]:
        items = [self.list.topLevelItem(index) for index in range(self.list.topLevelItemCount())]
        return [[item.text(column) for column in range(3)] for item in items if not item.isHidden()]

    @property
    def words(self) -> str:
        from PySide6.QtWidgets import QLabel

        return "\n".join(label.text() for label in self.dialog.findChildren(QLabel))

    def press(self, key: Key, *modifiers: object) -> None:
        from PySide6.QtTest import QTest

        QTest.keyClick(self.dialog.windowHandle(), key, *modifiers)

    def wait_gone(self) -> None:
        from gradviz.views.shell.about_dialog import AboutDialog

        self.desk.wait(lambda: self.desk.window.findChild(AboutDialog) is None, "the window to go")


def test_a_component_is_found_and_its_licence_read_without_a_mouse(desk: Desk) -> None:
    about = AboutWindow(desk)
    names = [row[0] for row in about.rows]
    assert names[0] == "gradviz"
    assert {"torch", "numpy", "PySide6_Essentials", "mpmath"} <= set(names)
    assert about.text.toPlainText().startswith("MIT License")
    assert about.find.hasFocus()
    desk.write("numpy")
    assert [row[0] for row in about.rows] == ["numpy"]
    assert f"1 of {len(names)} components" in about.words
    about.press(Key.Key_Down)
    assert about.list.hasFocus()
    assert "NumPy Developers" in about.text.toPlainText()
    assert f"numpy {version('numpy')}" in about.words
    about.press(Key.Key_F, CONTROL)
    assert about.find.hasFocus()
    about.press(Key.Key_A, CONTROL)
    desk.write("Apache torch")
    assert [row[0] for row in about.rows] == ["torch"]
    about.press(Key.Key_Return)
    assert about.list.hasFocus(), "Enter in the search closes nothing"
    about.press(Key.Key_Escape)
    about.wait_gone()


def test_a_search_for_nothing_says_so_and_comes_back(desk: Desk) -> None:
    about = AboutWindow(desk)
    desk.write("no such thing")
    assert about.rows == []
    assert about.text.toPlainText() == ""
    assert "No component of that name or licence" in about.words
    about.press(Key.Key_A, CONTROL)
    about.press(Key.Key_Delete)
    assert len(about.rows) > 10
    assert about.text.toPlainText().startswith("MIT License")


def test_arrows_walk_through_the_list_and_each_licence_is_shown(desk: Desk) -> None:
    about = AboutWindow(desk)
    seen = set()
    about.press(Key.Key_Down)
    for row in about.rows:
        assert about.list.currentItem().text(0) == row[0]
        assert f"<b>{row[0]} {row[1]}</b>" in about.words
        assert about.text.toPlainText()
        seen.add(about.text.toPlainText())
        about.press(Key.Key_Down)
    assert len(seen) > 15


def test_the_versions_are_shown_and_copied(desk: Desk) -> None:
    from PySide6.QtCore import qVersion
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWidgets import QPushButton

    about = AboutWindow(desk)
    told = [f"gradviz {gradviz.__version__}", f"PyTorch {version('torch')}", f"Qt {qVersion()}"]
    assert all(line in about.words for line in told)
    button = next(one for one in about.dialog.findChildren(QPushButton) if one.text() == "Copy versions")
    desk.click(button)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert set(told) <= set(lines)
    assert f"Python {sys.version.split()[0]}" in lines
    assert button.text() == "Copied"


def test_it_tells_where_the_libraries_of_qt_lie(desk: Desk) -> None:
    import PySide6

    about = AboutWindow(desk)
    assert "LGPL" in about.words
    assert "replace" in about.words
    folder = about.words.rpartition("in ")[2].splitlines()[0]
    assert Path(folder) == Path(PySide6.__file__).parent


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_has_the_colours_of_the_window(desk: Desk, theme: str) -> None:
    desk.choose_menu(f"use_{theme}_theme")
    about = AboutWindow(desk)
    picture = pixels(about.dialog)
    assert (picture.mean() > 200) if theme == "light" else (picture.mean() < 60)
    assert has_colour(picture, desk.window.theme.accent) > 2000, "the chosen row"
    assert has_colour(picture, desk.window.theme.text) > 200


def test_a_packaged_program_shows_what_it_was_packed_with(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "licences" / "libmade").mkdir(parents=True)
    (tmp_path / "licences" / "libmade" / "copyright").write_text("All of it is free.\n")
    row = {"name": "libmade", "version": "1:2-3", "licence": "Zlib", "homepage": "", "files": ["libmade/copyright"]}
    (tmp_path / "licences" / "licences.json").write_text(json.dumps([row]))
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    about = AboutWindow(desk)
    assert about.rows == [["libmade", "1:2-3", "Zlib"]]
    assert about.text.toPlainText() == "All of it is free."
    assert str(tmp_path / "PySide6") in about.words


def test_a_packaged_program_that_lost_its_list_says_so(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    about = AboutWindow(desk)
    assert about.rows == []
    assert "The list of licences is missing from this program. Install gradviz again." in about.words


def test_the_start_does_not_wait_for_it() -> None:
    late = "[name for name in sys.modules if 'about' in name or name.endswith('licences')]"
    code = f"import gradviz.app.opening.assembling, sys; print({late})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"
