"""Draws the pictures of the gallery cards from the experiments themselves (``make pictures``)."""

from __future__ import annotations

import sys

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from gradviz.app.commands.run_folder import portrait_views
from gradviz.app.process.display import use_no_display
from gradviz.core.document.experiment import Experiment
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.questions.basins import MapBasins
from gradviz.core.questions.question import Answer
from gradviz.engine.runs.whole_run import WholeRun
from gradviz.storage.shipped.assets import assets_folder
from gradviz.storage.shipped.gallery import gallery
from gradviz.views.kit.quiet_plot import QuietPlot
from gradviz.views.kit.theme import DARK, LIGHT, Theme
from gradviz.views.plots.curves_view import CurvesView
from gradviz.views.surface.surface_view import SurfaceView

SIZE = (416, 312)
SAVED = (208, 156)
"""Two pixels for each of a card: sharp on any screen, and two sets weigh less than one of `SIZE` did."""
MOST_STEPS = 8000
VIEW_OF = {"test_function": "surface", "formula": "graph", "fit": "fit"}
LARGE_FORMULA = 10


def pictures_of(experiment: Experiment, with_basins: bool = False) -> dict[str, QPixmap]:
    """What stands for an experiment, in each theme: its surface, its graph, its fit or its curves after some steps."""
    whole = WholeRun(experiment.model_copy(update={"steps": min(experiment.steps, MOST_STEPS)}))
    whole.train(lambda _step: None)
    found = whole.answer(MapBasins()) if with_basins else None
    return {theme.name: _picture(whole, theme, found) for theme in (LIGHT, DARK)}


def _picture(whole: WholeRun, theme: Theme, found: Answer | None) -> QPixmap:
    experiment = whole.trainer.experiment
    key = "curves" if whole.trainer.diverged and not whole.fault else _view_of(experiment)
    views = portrait_views(experiment, whole, theme)
    view = next(view for view in views if view.key == key)
    if isinstance(view, CurvesView):
        view.set_log_scale(True)
    if isinstance(view, SurfaceView) and found is not None:
        view.switch_basins(True)
        view.show_answer(found)
    _resize(view, *SIZE)
    shown = next((plot for plot in view.findChildren(QuietPlot) if plot.isVisible()), view)
    _resize(view, 2 * SIZE[0] - shown.width(), 2 * SIZE[1] - shown.height())  # what stands beside a plot is no picture
    return shown.grab().scaled(*SAVED, mode=Qt.TransformationMode.SmoothTransformation)


def _resize(view: QWidget, width: int, height: int) -> None:
    view.resize(width, height)
    for _ in range(5):
        QCoreApplication.processEvents()


def _view_of(experiment: Experiment) -> str:
    """Where the course of the loss is what it is about, its curves."""
    objective = experiment.objective
    races = len(experiment.optimizers) > 1 and objective.kind == "fit"
    in_batches = isinstance(objective, FitObjective) and objective.batch.kind != "full"
    holds_out = isinstance(objective, FitObjective) and objective.data.validation.holds_out
    is_large = objective.kind == "formula" and objective.parameter_count >= LARGE_FORMULA
    return "curves" if races or in_batches or holds_out or is_large else VIEW_OF[objective.kind]


def main() -> None:
    """Write a light and a dark PNG for each gallery experiment, or for those that are named."""
    use_no_display()
    QApplication(["pictures"]).setStyle("Fusion")
    wanted = sys.argv[1:]
    for entry in gallery():
        if wanted and entry.name not in wanted:
            continue
        for theme, picture in pictures_of(entry.experiment, with_basins=entry.case == "E3").items():
            folder = assets_folder() / "pictures" / theme
            folder.mkdir(parents=True, exist_ok=True)
            picture.save(str(folder / f"{entry.name}.png"))
        sys.stderr.write(f"{entry.name}\n")


if __name__ == "__main__":
    main()
