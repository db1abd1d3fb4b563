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
from gradviz.core.objectives import FitObjective
from gradviz.core.records import BasinMap
from gradviz.engine.basins import basins
from gradviz.engine.whole_run import WholeRun
from gradviz.storage.assets import assets_folder
from gradviz.storage.gallery import gallery
from gradviz.views.curves_view import CurvesView
from gradviz.views.quiet_plot import QuietPlot
from gradviz.views.surface_view import SurfaceView

SIZE = (416, 312)
MOST_STEPS = 8000
VIEW_OF = {"test_function": "surface", "formula": "graph", "fit": "fit"}
LARGE_FORMULA = 10


def picture_of(experiment: Experiment) -> QPixmap:
    """A picture that stands for an experiment: its surface, its graph, its fit or its curves after some steps."""
    whole = WholeRun(experiment.model_copy(update={"steps": min(experiment.steps, MOST_STEPS)}))
    whole.train(lambda _step: None)
    key = "curves" if whole.trainer.diverged and not whole.fault else _view_of(experiment)
    views = portrait_views(experiment, whole.portrait())
    view = next(view for view in views if view.key == key)
    if isinstance(view, CurvesView):
        view.set_log_scale(True)
    if isinstance(view, SurfaceView) and experiment.case == "E3":
        view.switch_basins(True)
        view.show_basins(_basins(experiment))
    view.resize(*SIZE)
    for _ in range(5):
        QCoreApplication.processEvents()
    return (view.findChild(QuietPlot) or view).grab()


def _view_of(experiment: Experiment) -> str:
    """Where the course of the loss is what it is about, its curves."""
    objective = experiment.objective
    races = len(experiment.optimizers) > 1 and objective.kind == "fit"
    in_batches = isinstance(objective, FitObjective) and objective.batch.kind != "full"
    is_large = objective.kind == "formula" and objective.parameter_count >= LARGE_FORMULA
    return "curves" if races or in_batches or is_large else VIEW_OF[objective.kind]


def _basins(experiment: Experiment) -> BasinMap:
    work = basins(experiment, ((-6.0, 6.0), (-6.0, 6.0)))
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: BasinMap = end.value
            return found


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
