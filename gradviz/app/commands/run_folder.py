"""What a run without a window leaves in a folder: history, experiment file, and a picture of every view."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradviz.app.process.display import use_no_display
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment, figure_names
from gradviz.core.questions.question import Question
from gradviz.core.runs.result import RunResult
from gradviz.storage.atomic_write import check_writable
from gradviz.storage.experiments.experiment_file import save
from gradviz.storage.problems import FileError, cause_of
from gradviz.storage.tables.history_csv import write_history
from gradviz.storage.user.unfinished_saves import noted_save

if TYPE_CHECKING:
    from gradviz.engine.runs.whole_run import WholeRun
    from gradviz.views.kit.theme import Theme
    from gradviz.views.kit.view import View

PICTURE_SIZE = (960, 640)
HISTORY, EXPERIMENT = "history.csv", "experiment.gradviz"
OTHER = "Choose another with --out."


def check_folder(folder: Path) -> None:
    """Make the folder; FileError where it cannot be made, or a report cannot be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"The folder {folder} cannot be made. {cause_of(error)}", OTHER) from None
    except ValueError:
        raise FileError("The folder cannot be made: its name has a character that none can have.", OTHER) from None
    for name in (HISTORY, EXPERIMENT):
        check_writable(folder / name)


def write_report(folder: Path, document: Document, result: RunResult, whole: WholeRun) -> tuple[str, ...]:
    """Write everything into `folder`; returns the names of the files. FileError where it cannot be written."""
    check_folder(folder)
    labels = tuple(type(optimizer).label for optimizer in document.experiment.optimizers)
    history = whole.history
    with noted_save(folder / EXPERIMENT):
        figures = (history.figures, figure_names(document.experiment))
        write_history(folder / HISTORY, history.losses, history.positions, labels, history.names, *figures)
        save(folder / EXPERIMENT, document, result)
    return (HISTORY, EXPERIMENT, *write_pictures(folder, document.experiment, whole))


def write_pictures(folder: Path, experiment: Experiment, whole: WholeRun) -> tuple[str, ...]:
    """A PNG of every view that has something to show, drawn without a display."""
    from PySide6.QtWidgets import QApplication

    if QApplication.instance() is None:
        use_no_display()
        QApplication(["gradviz"]).setStyle("Fusion")
    return tuple(name for view in portrait_views(experiment, whole) if (name := _save_picture(view, folder)))


def portrait_views(experiment: Experiment, whole: WholeRun, theme: Theme | None = None) -> list[View]:
    """The views, filled, light unless told otherwise; one that has nothing to show of this experiment is left out."""
    from gradviz.app.opening.assembling import make_views
    from gradviz.views.kit.opengl import probe_opengl
    from gradviz.views.kit.theme import LIGHT

    filled = []
    for view in make_views(probe_opengl()):
        view.begin_run(experiment)
        if not view.is_picture or not view.asks:
            continue
        view.resize(*PICTURE_SIZE)
        view.set_theme(theme or LIGHT)
        view.show()
        view.show_history(whole.history, whole.trainer.step)
        _answer_all(view, whole)
        filled.append(view)
    return filled


def _answer_all(view: View, whole: WholeRun) -> None:
    """Until it asks nothing new: a surface that its path leaves is asked for again, larger."""
    told: set[Question[Any]] = set()
    while new := [question for question in view.asks if question not in told]:
        for question in new:
            view.show_answer(whole.answer(question))
        told.update(new)


def _save_picture(view: View, folder: Path) -> str:
    from PySide6.QtCore import QCoreApplication

    QCoreApplication.processEvents()
    name = f"{view.key}.png"
    done = view.grab().save(str(folder / name))
    view.close()
    view.deleteLater()
    if not done:
        raise FileError(f"The picture {name} cannot be written to {folder}.", OTHER)
    return name
