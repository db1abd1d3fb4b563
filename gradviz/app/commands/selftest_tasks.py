"""What the self-test does besides looking at views: scripts, a file saved and opened, a formula, a table and so on."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtGui import QIcon, QImage
from PySide6.QtWidgets import QApplication, QPushButton

from gradviz.app.commands.speaking import say
from gradviz.app.window.about import about_text
from gradviz.app.window.window_controller import WindowController
from gradviz.core.document.experiment import Experiment
from gradviz.core.runs.state import RunState
from gradviz.engine.objectives.initial_values import start_of
from gradviz.scripts.language.dialects import DIALECTS, DialectName
from gradviz.scripts.pages.script import script
from gradviz.scripts.problems import ScriptError
from gradviz.storage.shipped.licences import licence_text, packaged_folder
from gradviz.views.bench.bench_view import BenchView
from gradviz.views.tables.import_dialog import ImportDialog

Wait = Callable[[Callable[[], bool]], bool]
"""Runs the event loop until a condition holds; False if it does not in time."""
Task = Callable[[WindowController, Wait, Path], str]
"""One task in an empty folder; returns what went wrong, or nothing."""

FORMULA = "p = w*t_x + b\nerror = p - t_y\nloss = mean(error**2) + 0.1*softplus(w)"
TABLE = "城市;x;y\n甲;1,5;3\n乙;2,5;5\n丙;3,5;7,5\n"
STEPS = 20
LEAST_COMPONENTS = 10
ENDED = (RunState.PAUSED, RunState.FINISHED)


def scripts(controller: WindowController, _wait: Wait, _folder: Path) -> str:
    """Every dialect but TensorFlow, which is not shipped, writes Python; a refusal is a sentence."""
    for dialect in (one for one in DIALECTS if one != "tensorflow"):
        texts = [_script(entry.experiment, dialect) for entry in controller.documents.gallery.values()]
        written = [text for text in texts if text]
        if len(written) < len(texts) // 3:
            return f"{dialect} wrote {len(written)} of {len(texts)} scripts"
        for text in written:
            ast.parse(text)
    return ""


def _script(experiment: Experiment, dialect: DialectName) -> str:
    try:
        return script(experiment, dialect, start_of(experiment))
    except ScriptError:
        return ""


def file(controller: WindowController, wait: Wait, folder: Path) -> str:
    """A run is saved, another document opened, and the file again: experiment and step are those of before."""
    documents, control, path = controller.documents, controller.control, folder / "中文 路径.gradviz"
    documents.open_gallery("moons")
    if not _run(controller, wait):
        return f"moons did not run: {control.message}"
    experiment, loss = control.experiment, control.history.losses[-1, 0]
    documents.saving.save_to(path)
    if not wait(lambda: controller.session.path == path):
        return controller.window.messages.text
    documents.open_gallery("himmelblau")
    wait(lambda: control.state is RunState.READY)
    documents.open_file(path)
    if not wait(lambda: control.step == STEPS):
        return f"the file did not open: {controller.window.messages.text}"
    is_same = control.experiment == experiment and control.history.losses[-1, 0] == loss
    return "" if is_same else "the file holds another experiment"


def formula(controller: WindowController, wait: Wait, _folder: Path) -> str:
    """A formula is typed anew and trained; one with a mistake is refused and changes nothing."""
    controller.documents.open_gallery("line-by-hand")
    controller.edit("objective.gradient", "autograd")
    controller.edit("objective.text", FORMULA)
    if not _run(controller, wait):
        return controller.control.message
    controller.edit("objective.text", "loss = __import__('os')")
    if getattr(controller.session.experiment.objective, "text", "") != FORMULA:
        return "a formula that calls Python was taken over"
    return ""


def bench(controller: WindowController, wait: Wait, _folder: Path) -> str:
    """The gradient of the formula in every way, symbols included, agrees."""
    controller.check_gradient()
    view = next(view for view in controller.window.views.values() if isinstance(view, BenchView))
    if not wait(lambda: bool(view.drawn()["summary"]) and bool(view.drawn()["symbols"])):
        return "it did not end"
    rows = view.drawn()["rows"]
    assert isinstance(rows, list)
    methods, verdicts = {row[1] for row in rows}, {row[2] for row in rows}
    return "" if len(methods) >= 4 and len(verdicts) <= 2 else f"{verdicts} by {methods}"


def weights(controller: WindowController, wait: Wait, folder: Path) -> str:
    """Weights go out in both formats and in again."""
    documents, control = controller.documents, controller.control
    documents.preferences.allow_pt = True
    for name in ("weights.safetensors", "weights.pt"):
        path = folder / name
        control.collect(partial(documents.weights.export_weights, path), lambda why: say(str(why)))
        if not wait(path.is_file):
            return f"{name} was not written: {controller.window.messages.text}"
        documents.weights.import_weights(path)
        if not wait(lambda: control.state is RunState.READY):
            return f"{name} was not taken over: {control.message}"
    return ""


def table(controller: WindowController, wait: Wait, folder: Path) -> str:
    """A file of rows with Chinese words and decimal commas is imported by its dialog and trained on."""
    path = folder / "表.csv"
    path.write_bytes(TABLE.encode("gb18030"))
    controller.data_entry.import_file(path)
    dialog = next((one for one in QApplication.topLevelWidgets() if isinstance(one, ImportDialog)), None)
    if dialog is None or not wait(lambda: bool(dialog.drawn()["can_import"])):
        return f"the dialog did not read it: {controller.window.messages.text}"
    next(button for button in dialog.findChildren(QPushButton) if button.text() == "Import").click()
    return "" if _run(controller, wait) else controller.control.message


def exports(controller: WindowController, _wait: Wait, folder: Path) -> str:
    """History and pictures are written."""
    controller.documents.exports.export_history(folder / "history.csv")
    controller.documents.exports.export_pictures(folder)
    pictures = [path for path in folder.glob("*.png") if not QImage(str(path)).isNull()]
    has_rows = len((folder / "history.csv").read_text(encoding="utf-8").splitlines()) > STEPS
    return "" if has_rows and pictures else f"{len(pictures)} pictures; history: {has_rows}"


def about(_controller: WindowController, _wait: Wait, _folder: Path) -> str:
    """There is an icon, and every component that is shipped has a licence with a text; some wheels bring none."""
    said = about_text()
    is_shipped = packaged_folder() is not None
    bare = [component.name for component in said.components if is_shipped and not licence_text(component)]
    if bare or len(said.components) < LEAST_COMPONENTS:
        return f"no licence of {', '.join(bare)}" if bare else f"only {len(said.components)} components: {said.notice}"
    return "" if said.icon is not None and not QIcon(str(said.icon)).pixmap(32, 32).isNull() else "there is no icon"


TASKS: tuple[Task, ...] = (scripts, file, formula, bench, weights, table, exports, about)


def _run(controller: WindowController, wait: Wait) -> bool:
    control = controller.control
    if not wait(lambda: control.state is RunState.READY):
        return False
    control.step_forward(STEPS)
    return wait(lambda: control.state in ENDED and control.step == STEPS)
