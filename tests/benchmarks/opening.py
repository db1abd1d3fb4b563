"""Files of 10 MB of every kind: how long the window does not answer while it opens one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.experiment import Experiment, to_data
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.objectives.catalogue import FitObjective, FormulaObjective, NamedTensor
from gradviz.core.optimizers.catalogue import Adam
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.core.tables.tables import Table
from gradviz.storage.experiments.experiment_file import save
from gradviz.storage.experiments.weights import save_weights

BYTES = 10 * 10**6
STEPS = 400_000


def table_of(cells: int, columns: int) -> Table:
    values = np.random.default_rng(0).normal(size=(cells // columns, columns))
    return Table([f"c{number}" for number in range(columns)], values)


def fitted(table: Table, features: int = 1) -> Experiment:
    data = TableDataset.model_validate({"table": table})
    model: tuple[Any, ...] = (
        (LinearLayer(features=features), LinearLayer(features=1)) if features > 1 else (LinearLayer(),)
    )
    return Experiment(objective=FitObjective(data=data, model=model))


def with_weights(path: Path) -> None:
    from gradviz.engine.training.trainer import Trainer

    experiment = fitted(table_of(160, 4), 130_000).with_optimizers((Adam(),))
    trainer = Trainer(experiment)
    result = replace(trainer.result(RunState.READY), history=RecordBlock(0, np.ones((1, 1)), np.empty((1, 1, 0))))
    save(path, experiment, result)


def with_history(path: Path) -> None:
    from gradviz.engine.training.trainer import Trainer

    experiment = Experiment(steps=STEPS)
    made = Trainer(experiment).result(RunState.PAUSED)
    walk = np.cumsum(np.random.default_rng(0).normal(size=(STEPS + 1, 1, 2)), axis=0) / 1000
    block = RecordBlock(0, np.abs(walk[:, :, 0]) + 1, walk)
    save(path, experiment, replace(made, step=STEPS, history=block))


def with_edits(path: Path) -> None:
    """As many live edits as are read."""
    from gradviz.engine.training.trainer import Trainer

    experiment = Experiment(steps=20_000)
    made: RunResult = Trainer(experiment).result(RunState.PAUSED)
    edits = tuple(replace(made.edits[0], step=step) for step in range(10_000))
    block = RecordBlock(0, np.ones((10_000, 1)), np.ones((10_000, 1, 2)))
    save(path, experiment, replace(made, step=9_999, edits=edits, history=block))


def with_numbers(path: Path) -> None:
    """A .json of as many numbers as are read."""
    values = np.random.default_rng(0).normal(size=(64, 3000)).tolist()
    tensors = tuple(NamedTensor(name=f"v{number}", value=tuple(row)) for number, row in enumerate(values))
    objective = FormulaObjective(tensors=tensors, text="loss = " + " + ".join(f"sum(v{k}*v{k})" for k in range(64)))
    path.write_text(json.dumps({"format": 3, "experiment": to_data(Experiment(objective=objective))}))


def as_csv(path: Path, columns: int, text: bool = False) -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(BYTES // (8 * columns), columns))
    with path.open("w") as stream:
        stream.write(",".join(f"c{number}" for number in range(columns)) + "\n")
        for row in rows:
            cells = [f"{value:.4f}" for value in row]
            if text:
                cells[-1] = f"class {int(abs(row[0]) * 10)}"
            stream.write(",".join(cells) + "\n")


def many_tensors(path: Path) -> None:
    import safetensors.numpy

    tensors = {f"{'n' * 150}{number}": np.zeros(2) for number in range(9_990)}
    path.write_bytes(
        safetensors.numpy.save(tensors, {"gradviz": json.dumps({"format": 3, "experiment": {}, "run": None})})
    )


def as_bytes(content: Callable[[], bytes]) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content()) and None


KINDS: dict[str, Callable[[Path], None]] = {
    "weights.gradviz": with_weights,
    "table.gradviz": lambda path: save(path, fitted(table_of(BYTES // 8, 4)), None),
    "wide table.gradviz": lambda path: save(path, fitted(table_of(BYTES // 8, 2000)), None),
    "history.gradviz": with_history,
    "edits.gradviz": with_edits,
    "tensors.gradviz": many_tensors,
    "numbers.json": with_numbers,
    "deep.json": as_bytes(lambda: b'{"format": 3, "experiment": ' + b'{"a":' * 1_500_000),
    "long.json": as_bytes(lambda: b'{"format": 3, "experiment": [' + b"0," * 5_000_000),
    "text.json": as_bytes(lambda: b'{"format": 3, "experiment": "' + b"a" * 8_000_000 + b'"}'),
    "random.gradviz": as_bytes(lambda: np.random.default_rng(0).bytes(BYTES)),
    "numbers.csv": lambda path: as_csv(path, 4),
    "labels.csv": lambda path: as_csv(path, 4, text=True),
    "wide.csv": lambda path: as_csv(path, 2000),
    "one line.csv": as_bytes(lambda: b"1," * (BYTES // 2)),
    "weights.safetensors": lambda path: save_weights(path, {f"w{k}": np.zeros(25_000, "f4") for k in range(100)}),
    "weights.pt": lambda path: save_weights(path, {f"w{k}": np.zeros(25_000, "f4") for k in range(100)}),
}


class Pulse:
    """A timer of the window: between two of its ticks the window did not answer.

    `busiest` is the most processor time of the GUI thread between two ticks, which others on the machine do not change.
    """

    def __init__(self) -> None:
        from PySide6.QtCore import QTimer

        self.longest = self.busiest = 0.0
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self._timer = QTimer()
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()

    def _on_tick(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        self.longest, self._last = max(self.longest, now - self._last), now
        self.busiest, self._worked = max(self.busiest, worked - self._worked), worked

    def begin(self) -> None:
        self.longest = self.busiest = 0.0
        self._last, self._worked = time.perf_counter(), time.thread_time()

    def stop(self) -> None:
        self._timer.stop()


def figures(folder: Path, names: list[str]) -> Iterator[tuple[str, float, float, float, float, str]]:
    """Kind, MB, the longest silence by the clock, by the GUI thread's work, the whole time in s, and what it says."""
    from PySide6.QtWidgets import QApplication

    from gradviz.app.opening.startup import Startup

    startup = Startup()
    app = QApplication.instance()
    assert app is not None

    def live(seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and not until():
            app.processEvents()
            time.sleep(0.0005)

    live(30, lambda: startup.controller is not None and startup.controller.refresher.is_settled())
    live(2)
    controller, pulse = startup.controller, Pulse()
    assert controller is not None
    controller.preferences.allow_pt = True
    for name in names:
        path = folder / name
        controller.documents.open_first("himmelblau")
        live(10, controller.refresher.is_settled)
        live(0.5)
        pulse.begin()
        begin = time.perf_counter()
        said = _opened(controller, path, live)
        seconds = time.perf_counter() - begin
        live(0.5)
        yield name, path.stat().st_size / 1e6, pulse.longest, pulse.busiest, seconds, said
    pulse.stop()
    controller.session.open(_clean(controller))
    startup.window.close()
    startup.end(0)


def _clean(controller: Any) -> Any:
    from gradviz.app.window.session import Opened

    return Opened(controller.session.document)


def _opened(controller: Any, path: Path, live: Callable[..., None]) -> str:
    """Open as its kind is opened, and wait until everything is drawn."""
    documents = controller.documents
    if path.suffix in (".safetensors", ".pt"):
        documents.weights.import_weights(path)
    elif path.suffix == ".csv":
        return _imported(controller, path, live)
    else:
        documents.open_file(path)
    live(60, lambda: not documents.errands.is_busy)
    live(60, controller.refresher.is_settled)
    return controller.window.messages.text[:90] or controller.control.message


def _imported(controller: Any, path: Path, live: Callable[..., None]) -> str:
    from PySide6.QtWidgets import QApplication, QPushButton

    from gradviz.views.tables.import_dialog import ImportDialog

    controller.data_entry.import_file(path)
    live(5, lambda: not controller.documents.errands.is_busy)
    live(1)
    dialog = next(
        (one for one in QApplication.topLevelWidgets() if isinstance(one, ImportDialog) and one.isVisible()), None
    )
    if dialog is None:
        return str(controller.window.messages.text[:90])
    live(60, lambda: not dialog.drawn()["reading"])
    live(1)
    said = str(dialog.drawn()["sentence"])
    button = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Import")
    if button.isEnabled():
        button.click()
        live(1)
        live(60, controller.refresher.is_settled)
    else:
        dialog.reject()
    return said[:90]


def _make(folder: Path, names: list[str]) -> None:
    for kind in names:
        KINDS[kind](folder / kind)


def main() -> None:
    import multiprocessing
    import os
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.setdefault("GRADVIZ_CONFIG", str(folder / "config"))
        names = [kind for kind in KINDS if not sys.argv[1:] or any(word in kind for word in sys.argv[1:])]
        # elsewhere: a window that starts with torch imported keeps all of it in the reach of the garbage collector
        maker = multiprocessing.get_context("spawn").Process(target=_make, args=(folder, names))
        maker.start()
        maker.join()
        print("made", flush=True)
        for kind, size, longest, busiest, seconds, said in figures(folder, names):
            silence = f"{1000 * longest:6.0f} ms, {1000 * busiest:4.0f} ms of work"
            print(f"{kind:22} {size:5.1f} MB  {silence}  {seconds:5.1f} s  {said}", flush=True)


if __name__ == "__main__":
    main()
