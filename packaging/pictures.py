"""Draws the pictures of the gallery cards from the experiments themselves (``make pictures``)."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication

from gradviz.app.display import use_no_display
from gradviz.app.report import portrait_views
from gradviz.core.experiment import Experiment
from gradviz.engine.whole_run import WholeRun
from gradviz.storage.gallery import assets_folder, gallery
from gradviz.views.curves_view import CurvesView
from gradviz.views.quiet_plot import QuietPlot

SIZE = (416, 312)
MOST_STEPS = 8000
VIEW_OF = {"test_function": "surface", "formula": "graph", "fit": "fit"}


def picture_of(experiment: Experiment) -> QPixmap:
    """A picture that stands for an experiment: its surface, its graph or its fit after some steps."""
    whole = WholeRun(experiment.model_copy(update={"steps": min(experiment.steps, MOST_STEPS)}))
    whole.train(lambda _step: None)
    key = "curves" if whole.trainer.diverged else VIEW_OF[experiment.objective.kind]
    views = portrait_views(experiment, whole.portrait())
    view = next(view for view in views if view.key == key)
    if isinstance(view, CurvesView):
        view.set_log_scale(True)
    view.resize(*SIZE)
    for _ in range(5):
        QCoreApplication.processEvents()
    return (view.findChild(QuietPlot) or view).grab()


def main() -> None:
    """Write one PNG for each gallery experiment."""
    use_no_display()
    QApplication(["pictures"]).setStyle("Fusion")
    folder = assets_folder() / "pictures"
    folder.mkdir(exist_ok=True)
    for entry in gallery():
        target = Path(folder) / f"{entry.name}.png"
        picture_of(entry.experiment).save(str(target))
        sys.stderr.write(f"{target.name}\n")


if __name__ == "__main__":
    main()
