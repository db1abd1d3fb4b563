"""What the desktop knows of the program, and files that it hands over while the program runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from desk import Desk
from PySide6.QtCore import QCoreApplication, QUrl
from PySide6.QtGui import QFileOpenEvent, QGuiApplication

import gradviz
from gradviz.core.document.document import Document
from gradviz.core.document.lesson import titled
from gradviz.storage.experiments.experiment_file import save


def _hand_over(path: Path) -> bool:
    """As macOS does after a double click."""
    return QCoreApplication.sendEvent(QGuiApplication.instance(), QFileOpenEvent(str(path)))


def _saved(path: Path, title: str) -> Path:
    save(path, Document(lesson=titled(title)), None)
    return path


def test_the_window_has_the_icon_and_the_name_of_its_menu_entry(desk: Desk) -> None:
    assert QGuiApplication.desktopFileName() == gradviz.APP_ID == "org.gradviz.gradviz"
    for size in (16, 32, 256):
        picture = desk.window.windowIcon().pixmap(size, size).toImage()
        assert picture.width() == size
        assert picture.pixelColor(0, 0).alpha() == 0
        minimum = picture.pixelColor(round(size * 344 / 512), round(size * 344 / 512))
        assert minimum.red() > 200 > minimum.blue(), "the minimum is orange"


def test_a_file_that_is_handed_over_is_opened(desk: Desk, tmp_path: Path) -> None:
    path = _saved(tmp_path / "梯度 下降.gradviz", "handed over")
    assert _hand_over(path)
    desk.wait(lambda: desk.controller.session.path == path, "the file")
    assert desk.controller.session.document.title == "handed over"


def test_a_file_that_is_handed_over_before_the_views_are_there_is_opened_first(
    new_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    """It comes before the one of the command line, which macOS never gives."""
    desk = new_desk(settled=False)
    assert desk.startup.controller is None
    assert _hand_over(_saved(tmp_path / "early.gradviz", "early"))
    desk.wait_filled()
    assert desk.controller.session.document.title == "early"


def test_a_broken_file_that_is_handed_over_is_one_sentence(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "torn.gradviz"
    path.write_bytes(b"torn")
    assert _hand_over(path)
    desk.wait(lambda: "torn.gradviz" in desk.message, "the sentence")
    assert len(desk.message) <= 300


def test_an_address_that_is_no_file_is_left_to_others(qapp: QCoreApplication) -> None:
    seen: list[Path] = []
    qapp.file_handed_over.connect(seen.append)  # type: ignore[attr-defined]
    QCoreApplication.sendEvent(qapp, QFileOpenEvent(QUrl("https://example.org/x.gradviz")))
    qapp.file_handed_over.disconnect(seen.append)  # type: ignore[attr-defined]
    assert seen == []
