"""What is asked before a file is saved that somebody else has changed or has open: theirs, mine, or both."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from PySide6.QtWidgets import QMessageBox

from gradviz.app.window.main_window import MainWindow
from gradviz.app.window.session import Session
from gradviz.core.words import say
from gradviz.storage.recovery import left_work
from gradviz.storage.recovery.file_stamp import is_changed
from gradviz.views.kit.speech import spoken

OPEN_ELSEWHERE = "{name} is open in another window, too. Saving in one of them asks before it replaces what is there."


class Choice(Enum):
    """What becomes of a file that two have written into."""

    MINE = "mine"
    """What is here replaces it."""
    THEIRS = "theirs"
    """It is opened; what is here stays, one step back."""
    BOTH = "both"
    """What is here is saved beside it, under another name."""
    NEITHER = "neither"


class Conflicts:
    """Belongs to the GUI thread."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        self._window = window
        self._session = session
        self.journal: Path | None = None
        """The journal of this session, by which others know what it has open."""
        self._known: Path | None = None
        """The file that is known to be open elsewhere: it was asked about."""

    def is_open_elsewhere(self, path: Path) -> bool:
        """Whether another window has this file open."""
        return left_work.is_open_elsewhere(path, self.journal)

    def ask(self, path: Path) -> Choice:
        """`Choice.MINE` where nobody else is concerned, else what the user chooses."""
        if path == self._session.path and is_changed(path, self._session.stamp):
            words = say("{name} was changed by something else since it was read or saved here.", name=path.name[:60])
        elif path != self._known and self.is_open_elsewhere(path):
            words = say("{name} is open in another window, too, which may have edits of its own.", name=path.name[:60])
        else:
            return Choice.MINE
        choice = self._chosen(spoken(words), path)
        if choice is Choice.MINE:
            self._known = path
        return choice

    def _chosen(self, text: str, path: Path) -> Choice:
        asked = QMessageBox(self._window)
        asked.setIcon(QMessageBox.Icon.Question)
        asked.setText(text)
        more = say(
            "Theirs opens {name} as it is on the disk; Alt+Left goes back to what is here. Mine replaces it. "
            "Both leaves it, and saves what is here beside it.",
            name=path.name[:60],
        )
        asked.setInformativeText(spoken(more))
        asked.setStandardButtons(QMessageBox.StandardButton.Cancel)
        role = QMessageBox.ButtonRole
        made = {choice: asked.addButton(spoken(words), role.AcceptRole) for choice, words in _LABELS.items()}
        asked.setDefaultButton(made[Choice.BOTH])
        asked.exec()
        clicked = asked.clickedButton()
        asked.deleteLater()
        return next((choice for choice, button in made.items() if button is clicked), Choice.NEITHER)


_LABELS = {
    Choice.THEIRS: say("Theirs"),
    Choice.MINE: say("Mine"),
    Choice.BOTH: say("Both"),
}
