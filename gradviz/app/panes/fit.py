"""The pane Fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gradviz.app.panes.pane import Pane
from gradviz.app.panes.parameters import ParametersPane
from gradviz.app.window.places import Place, Where

if TYPE_CHECKING:
    from gradviz.app.window.window_controller import WindowController
    from gradviz.core.document.experiment import Experiment
    from gradviz.views.plots.fit_view import FitView


class FitPane(Pane["FitView"]):
    """Data and prediction."""

    key: ClassVar[str] = "fit"
    title: ClassVar[str] = "Fit"
    rank: ClassVar[int] = 70
    place: ClassVar[Place] = Place(Where.BELOW, "surface")

    def made(self, _opengl_fault: str) -> FitView:
        from gradviz.views.plots.fit_view import FitView

        return FitView()

    def connect(self, controller: WindowController) -> None:
        controller.experiment_opened.connect(lambda experiment: self._raise(controller, experiment))
        controller.document_changed.connect(lambda: self._on_changed(controller))

    _has_fit = False

    def _on_changed(self, controller: WindowController) -> None:
        """An edit has given the formula its data, or taken another objective."""
        had, self._has_fit = self._has_fit, controller.session.experiment.objective.has_fit
        if self._has_fit and not had:
            self._raise(controller, controller.session.experiment)

    def _raise(self, controller: WindowController, experiment: Experiment) -> None:
        """Only where there is a fit: it shares its place with the parameters, as long as nobody moves it."""
        docks = controller.window.docks
        if docks[ParametersPane.key] in controller.window.tabifiedDockWidgets(docks[self.key]):
            docks[self.key if experiment.objective.has_fit else ParametersPane.key].raise_()
