"""``gradviz basins``: how many starts went to which minimum, in words, as JSON, and as a picture."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradviz.app.commands.speaking import say, show
from gradviz.app.process.display import use_no_display
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import plural, short_number
from gradviz.core.questions.basins import BasinMap, MapBasins
from gradviz.core.questions.question import Answer
from gradviz.core.questions.surface import Survey
from gradviz.storage.atomic_write import check_name, write_bytes
from gradviz.storage.problems import FileError
from gradviz.storage.user.unfinished_saves import noted_save

if TYPE_CHECKING:
    from gradviz.core.questions.surface import LossCurve, SurfaceGrid

PICTURE_SIZE = (960, 720)


def print_basins(document: Document, question: MapBasins, as_json: bool, picture: Path | None) -> int:
    """Answer the question with a progress bar; returns the exit status."""
    from gradviz.app.commands.progress import step_progress
    from gradviz.engine.answers.answering import ask
    from gradviz.engine.answers.moment import Moment
    from gradviz.engine.training.trainer import Trainer

    if picture is not None:
        _check_picture(picture)
    experiment = document.experiment
    moment = Moment(Trainer(experiment))
    steps = question.steps or experiment.steps
    begin = time.perf_counter()
    with step_progress(document.title, steps) as advance:
        found = ask(question, moment, lambda progress: advance(round(progress.done * steps)))
    summary = _summary(experiment, found, time.perf_counter() - begin)
    show(json.dumps(summary) if as_json else _text(summary))
    if picture is not None:
        drawn = _drawn(experiment, ask(Survey(), moment), found)
        with noted_save(picture):
            write_bytes(picture, drawn)
        say(f"Wrote {picture.name}.")
    return 0


def _summary(experiment: Experiment, found: BasinMap, seconds: float) -> dict[str, Any]:
    counts = found.counts
    return {
        "optimizer": experiment.optimizers[0].kind,
        "starts": int(found.labels.size),
        "names": list(found.names),
        "x": [float(found.x[0]), float(found.x[-1])],
        "y": [float(found.y[0]), float(found.y[-1])],
        "steps": found.steps,
        "ends": [
            {"x": float(x), "y": float(y), "starts": count} for (x, y), count in zip(found.ends, counts, strict=True)
        ],
        "not_converged": int(found.labels.size) - sum(counts),
        "seconds": round(seconds, 3),
    }


def _text(summary: dict[str, Any]) -> str:
    """A line for each end, in the order of how many starts lead there."""
    ends = sorted(summary["ends"], key=lambda end: -end["starts"])
    width = max([len(f"{end['starts']:,}") for end in ends] + [len(f"{summary['not_converged']:,}")])
    lines = [f"{end['starts']:>{width},} to ({short_number(end['x'], 6)}, {short_number(end['y'], 6)})" for end in ends]
    lines.append(f"{summary['not_converged']:>{width},} did not converge")
    head = f"{plural(summary['starts'], 'start')}, at most {plural(summary['steps'], 'step')}"
    over = " and ".join(summary["names"])
    return "\n".join([f"{head}, over {over}, {summary['seconds']:.2g} s", *lines])


def _check_picture(path: Path) -> None:
    """Asked before the work, not after it."""
    check_name(path)
    if path.suffix.lower() != ".png":
        raise FileError(f"The picture was not saved. {path.suffix or 'No ending'} is not .png.", "Choose a .png file.")


def _drawn(experiment: Experiment, grid: SurfaceGrid | LossCurve, found: BasinMap) -> bytes:
    """The contour with the basins in colour, as a PNG, drawn without a display."""
    from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication
    from PySide6.QtWidgets import QApplication

    from gradviz.views.surface.surface_view import SurfaceView

    if QApplication.instance() is None:
        use_no_display()
        QApplication(["gradviz"]).setStyle("Fusion")
    view = SurfaceView("The map is seen from above.")
    view.resize(*PICTURE_SIZE)
    view.begin_run(experiment)
    view.show()
    view.show_answer(Answer(view.asks[0], 0, grid))
    view.switch_basins(True)
    view.show_answer(Answer(view.asks[-1], 0, found))
    QCoreApplication.processEvents()
    made = QByteArray()
    view.grab().save(QBuffer(made), "PNG")
    view.close()
    view.deleteLater()
    return bytes(made.data())
