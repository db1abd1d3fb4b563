"""Data of one's own: importing a file, and editing a table; each ends in one edit that can be undone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog

from gradviz.app.process.errand import Feed, Work
from gradviz.app.window.documents import Documents, is_script
from gradviz.app.window.main_window import MainWindow
from gradviz.app.window.session import Session
from gradviz.core.data.grids import MOST_CELLS, Grid, grid_from
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.declaration import notes_of
from gradviz.core.document.document import Document
from gradviz.core.document.table_fits import as_table, document_on
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.objectives.fit_starters import Model
from gradviz.core.tables.delimited_text import TextFormat
from gradviz.core.tables.sheets import Asked, Reading
from gradviz.core.words import say
from gradviz.storage.problems import FileError
from gradviz.storage.tables.csv_encoding import ENCODINGS
from gradviz.storage.tables.csv_reading import read_text
from gradviz.storage.tables.table_reading import TABLES, read_table
from gradviz.views.kit.speech import spoken
from gradviz.views.tables.import_dialog import ImportDialog
from gradviz.views.tables.table_editor import TableEditor

FILTER = f"Tables ({' '.join(f'*{ending}' for ending in TABLES)});;All files (*)"
CLIPBOARD = "the clipboard"
TITLE = "Table of my own"
EXPERIMENT_SUFFIXES = (".gradviz", ".json")


class DataEntry(QObject):
    """Belongs to the GUI thread. The public methods without arguments are actions of the menus."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        documents: Documents,
        take_over: Callable[[Document], None],
    ) -> None:
        super().__init__(window)
        self.window = window
        self.session = session
        self.documents = documents
        self._take_over = take_over

    def ask_import(self) -> None:
        """Ask for a file of rows and import it."""
        folder = self.documents.preferences.last_folder
        path, _ = QFileDialog.getOpenFileName(self.window, "Import data", folder, FILTER)
        if path:
            self.import_file(Path(path))

    def import_data(self) -> None:
        """The same, from the menu of data."""
        self.ask_import()

    @staticmethod
    def is_table(path: Path) -> bool:
        """Whether a file is imported where an experiment would be opened: by the ending of its name."""
        return path.suffix.lower() in TABLES

    def open_dropped(self, path: Path) -> None:
        """What a dropped file asks for: an experiment or a script is opened, anything else is imported."""
        if path.suffix.lower() in EXPERIMENT_SUFFIXES or is_script(path):
            self.documents.open_file(path)
        else:
            self.import_file(path)

    def import_file(self, path: Path) -> None:
        """Show the import dialog for a file; what is no table at all is said in the window instead."""
        self.documents.errands.run(f"Reading {path.name[:60]}", _looked_at(path), partial(self._on_looked_at, path))

    def _on_looked_at(self, path: Path, result: Callable[[], None]) -> None:
        try:
            result()
        except FileError as error:
            self.window.messages.show_message(f"{path.name[:60]}: {error}")
            return
        self.documents.preferences.last_folder = str(path.parent)
        self._show_dialog(path.name, lambda asked: read_table(path, asked), path.stem or path.name)

    def import_clipboard(self) -> None:
        """Show the import dialog for the text of the clipboard."""
        text = QApplication.clipboard().text()
        if not text.strip():
            self.window.messages.show_message(spoken(say("The clipboard holds no text: copy some rows first.")))
            return
        self._show_dialog(CLIPBOARD, lambda asked: read_text(text, asked.format), TITLE)

    def _show_dialog(self, name: str, read: Callable[[Asked], Iterator[Reading]], title: str) -> None:
        self.window.messages.hide()
        dialog = ImportDialog(name, lambda asked: Feed(_told(read, asked)), ENCODINGS, self.window)
        dialog.imported.connect(lambda make, model: self._on_imported(name, title, make, model))
        self._open(dialog)
        dialog.set_theme(self.window.theme)

    def edit_table(self) -> None:
        """Show the table editor: with the table of the fit, with its points, or empty."""
        before = self._table_before() or self._points_before()
        try:
            grid = Grid() if before is None else grid_from(before)
        except ValueError as error:
            self.window.messages.show_message(f"This table cannot be edited by hand: {error}")
            return
        editor = TableEditor(grid, before, self.window)
        editor.edited.connect(self._on_edited)
        editor.set_theme(self.window.theme)
        self._open(editor)

    @staticmethod
    def _open(dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _table_before(self) -> TableDataset | None:
        """The table that the open experiment is fitted to."""
        objective = self.session.experiment.objective
        if isinstance(objective, FitObjective) and isinstance(objective.data, TableDataset):
            return objective.data
        return None

    def _points_before(self) -> TableDataset | None:
        """The points of the fit as a table, if they can be one."""
        objective = self.session.experiment.objective
        if not isinstance(objective, FitObjective):
            return None
        is_small = objective.data.rows * math.prod(objective.data.input_shape) <= MOST_CELLS
        return as_table(objective.data, self.session.experiment.seed) if is_small else None

    def _on_imported(self, name: str, title: str, make: Callable[[], TableDataset], model: Model | None) -> None:
        made = _made(make, self.session.document, title, model)
        self.documents.errands.run(f"Importing {name[:60]}", made, partial(self._on_made, name))

    def _on_made(self, name: str, result: Callable[[], Document]) -> None:
        try:
            document = result()
        except ValueError as error:
            self.window.messages.show_message(f"{name[:60]}: {error}")
            return
        self._take_over(document)
        self.window.show_form()
        self.window.statusBar().showMessage(f"Imported {name}.")

    def _on_edited(self, dataset: TableDataset) -> None:
        title = "" if self._table_before() is not None else TITLE
        self._take_over(document_on(dataset, self.session.document, title))


def _looked_at(path: Path) -> Work[None]:
    """FileError where a file is no table: by its first reading, which guesses how it is written."""
    yield 0.0
    next(read_table(path))


def _made(make: Callable[[], TableDataset], before: Document, title: str, model: Model | None) -> Work[Document]:
    """The document before with other data, of which there may be much."""
    yield 0.0
    data = make()
    yield 0.7
    document = document_on(data, before, title, model)
    yield 0.9
    notes_of(document.experiment)  # the form's, of all rows: they are remembered
    return document


def _told(read: Callable[[Asked], Iterator[Reading]], asked: Asked) -> Iterator[Reading]:
    """The readings of a table, of which the last says what went wrong instead of raising it."""
    last = Reading(0.0, TextFormat(), asked.encoding or "utf-8", 0)
    yield last  # before anything is guessed, which takes its time
    try:
        for last in read(asked):
            yield last
    except FileError as error:
        yield replace(last, sheet=None, fault=str(error))
