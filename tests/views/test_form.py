"""The form, made from the declarations alone: nothing of the catalogues is without editor, name and explanation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from fits import fit_with
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton

from gradviz.core.data.batches import BATCHES
from gradviz.core.data.catalogue import DATASETS
from gradviz.core.declaration import Declaration, alternatives, field_specs, notes_of
from gradviz.core.document.document import Document, editable_data
from gradviz.core.document.experiment import Experiment, from_data, to_data
from gradviz.core.document.lesson import titled
from gradviz.core.layers.catalogue import LAYERS
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.layers.initialisations import INITIALISATIONS
from gradviz.core.objectives.catalogue import (
    OBJECTIVES,
    FitObjective,
    FormulaObjective,
    NamedTensor,
    TestFunctionObjective,
)
from gradviz.core.objectives.losses import LOSSES
from gradviz.core.objectives.test_functions import AnyTestFunction
from gradviz.core.optimizers.catalogue import OPTIMIZERS, SGD, Adam
from gradviz.core.optimizers.schedule_catalogue import StepDecay
from gradviz.storage.shipped.gallery import gallery
from gradviz.views.form.editors import MOST_CHARACTERS, ChoiceEditor, TextEditor
from gradviz.views.form.entry import Entry
from gradviz.views.form.form import Form
from gradviz.views.form.form_data import value_at_path
from gradviz.views.form.open_entries import OpenEntries
from gradviz.views.form.page import MOST_ITEMS
from gradviz.views.form.rows import tooltip
from gradviz.views.form.table_fields import NamesField, TableField, names_in

Show = Callable[..., Any]


def fit(**settings: Any) -> Experiment:
    return Experiment(objective=FitObjective(**settings))


EXPERIMENTS: dict[str, Experiment] = {
    **{f"objective {kind.label}": Experiment(objective=kind()) for kind in OBJECTIVES},
    **{f"optimiser {kind.label}": Experiment(optimizers=(kind(),)) for kind in OPTIMIZERS},
    **{
        f"function {kind.label}": Experiment(objective=TestFunctionObjective(function=kind()))
        for kind in alternatives(AnyTestFunction)
    },
    **{
        f"{kind.__module__} {kind.label}": Experiment(objective=fit_with(kind))
        for kind in (*DATASETS, *LOSSES, *LAYERS, *INITIALISATIONS, *BATCHES)
    },
    **{f"gallery {entry.name}": entry.experiment for entry in gallery()},
}


def expected_paths(declaration: Declaration, prefix: str = "") -> set[str]:
    """Every path of a setting that a user may edit and that is not idle, from the declarations."""
    paths: set[str] = set()
    for spec in field_specs(type(declaration)):
        path, value = f"{prefix}{spec.name}", getattr(declaration, spec.name)
        if spec.editor == "hidden" or spec.name in declaration.idle:
            continue
        items = [(path, value)]
        if spec.shape == "list":
            items = [(f"{path}.{index}", item) for index, item in enumerate(value)]
        if spec.shape in ("variant", "group", "list"):
            for inner, item in items:
                paths |= {f"{inner}.kind"} if "kind" in type(item).model_fields and len(spec.variants) > 1 else set()
                paths |= expected_paths(item, f"{inner}.")
        else:
            paths.add(path)
    return paths


@pytest.fixture
def form(shown: Show) -> Form:
    return shown(Form(), 360, 700)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_setting_has_an_editor_a_name_and_a_tooltip(form: Form, name: str) -> None:
    experiment = EXPERIMENTS[name]
    form.show_document(Document(experiment=experiment))
    assert set(form.paths()) == {"title"} | expected_paths(experiment)
    for path in form.paths():
        editor = form.editor(path)
        assert editor.focus_widget().accessibleName(), f"{path} has no name"
        assert len(editor.toolTip()) > 10, f"{path} has no tooltip"
        assert editor.isVisibleTo(form) or is_folded(form, path)


def test_early_stopping_is_offered_where_rows_are_held_out(form: Form) -> None:
    early = {"objective.stopping.kind", "objective.evaluate_every"}
    data = to_data(EXPERIMENTS["gallery moons"])
    form.show_document(Document(experiment=from_data(data)))
    assert not early & set(form.paths())
    data["objective"]["data"]["validation"] = {"kind": "share"}
    form.show_document(Document(experiment=from_data(data)))
    assert early <= set(form.paths())


def is_folded(form: Form, path: str) -> bool:
    """Whether a setting lies in an entry that is closed, which its arrow opens."""
    entries = [entry for entry in form.findChildren(Entry) if entry.isAncestorOf(form.editor(path))]
    return any(not entry.is_open and entry.findChild(QToolButton, "entry").isVisibleTo(form) for entry in entries)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_what_is_shown_reads_back_as_the_experiment(form: Form, name: str) -> None:
    """Whatever each editor would tell, were it asked, is the value that it was given."""
    import json

    experiment = EXPERIMENTS[name]
    document = Document(lesson=titled(name), experiment=experiment)
    form.show_document(document)
    data = to_data(experiment)
    for path in form.paths():
        value, widget = value_at_path(editable_data(document), path), form.editor(path).focus_widget()
        if isinstance(form.editor(path), ChoiceEditor):
            assert widget.currentData() == value
        elif isinstance(value, bool):
            assert widget.isChecked() == value
        elif isinstance(value, str):
            assert (widget.toPlainText() if hasattr(widget, "toPlainText") else widget.text()) == value
        elif isinstance(form.editor(path), NamesField):
            assert names_in(widget.text()) == value
        elif isinstance(form.editor(path), TableField):
            assert widget.text() == "4 × 2, edit…"
        elif isinstance(value, list):
            assert json.loads(widget.text()) == value
        else:
            assert float(widget.text()) == value
    assert from_data(data) == experiment


def test_tooltips_tell_limits_and_whether_it_is_live() -> None:
    specs = {spec.name: spec for spec in field_specs(SGD)}
    assert "at once" in tooltip(specs["lr"])
    assert "From 0 to 1e+06" in tooltip(specs["lr"])
    assert "new run" in tooltip(specs["implementation"])


def test_a_rate_that_a_schedule_drives_is_not_said_to_be_live(form: Form) -> None:
    form.show_document(Document(experiment=Experiment()))
    assert "at once" in form.editor("optimizers.0.lr").toolTip()
    form.show_document(Document(experiment=Experiment(optimizers=(SGD(schedule=StepDecay()),))))
    assert "new run" in form.editor("optimizers.0.lr").toolTip()
    assert "at once" in form.editor("optimizers.0.momentum").toolTip()
    assert {"optimizers.0.schedule.kind", "optimizers.0.schedule.step_size", "optimizers.0.mistake.kind"} <= set(
        form.paths()
    )


def test_the_title_comes_first_and_is_not_said_to_start_a_run(form: Form) -> None:
    form.show_document(Document(lesson=titled("Mine")))
    assert form.paths()[0] == "title"
    assert form.editor("title").focus_widget().text() == "Mine"
    assert "new run" not in form.editor("title").toolTip()


def test_values_change_without_new_widgets_and_kinds_bring_new_ones(form: Form) -> None:
    form.show_document(Document(experiment=Experiment()))
    editor = form.editor("optimizers.0.lr")
    form.show_document(Document(experiment=Experiment(optimizers=(SGD(lr=0.5),))))
    assert form.editor("optimizers.0.lr") is editor
    assert editor.focus_widget().text() == "0.5"
    form.show_document(Document(experiment=Experiment(optimizers=(Adam(lr=0.5),))))
    assert form.editor("optimizers.0.lr") is not editor


def test_a_fault_is_shown_at_its_field_or_the_nearest_around_it(form: Form) -> None:
    form.show_document(Document(experiment=Experiment(objective=FormulaObjective())))
    for path, nearest in (
        ("optimizers.0.lr", "optimizers.0.lr"),
        ("objective.tensors.1.value.0.3", "objective.tensors.1.value"),
        ("objective.unknown", "objective"),
        ("nowhere", ""),
        ("", ""),
    ):
        form.show_fault(path, f"wrong: {path}")
        assert form.fault_texts() == {nearest: f"wrong: {path}"}
    form.clear_faults()
    assert form.fault_texts() == {}


def test_a_fault_is_plain_text(form: Form) -> None:
    form.show_document(Document(experiment=Experiment()))
    form.show_fault("steps", "<b>5</b> < 6")
    label = next(label for label in form.findChildren(QLabel) if "< 6" in label.text())
    assert label.textFormat().name == "PlainText"


def test_devices_of_this_machine_are_offered(form: Form) -> None:
    form.show_document(Document(experiment=Experiment(device="cuda:1")))
    form.set_devices(("cpu", "cuda:0"))
    box = form.editor("device").focus_widget()
    assert [box.itemText(k) for k in range(box.count())] == ["cpu", "cuda:0", "cuda:1 (not here)"]
    assert box.currentData() == "cuda:1"


def test_a_list_can_grow_to_its_limit(form: Form) -> None:
    """Each new tensor gets a name that is free; the formula's functions keep theirs."""
    experiment = Experiment(objective=FormulaObjective())
    told: list[Any] = []
    form.edited.connect(lambda path, value: told.append((path, value)))
    for count in range(3, 33):
        form.show_document(Document(experiment=experiment))
        add = next(b for b in form.findChildren(QPushButton) if b.toolTip() == "Add one more to: Tensors")
        add.click()
        path, items = told[-1]
        assert path == "objective.tensors"
        assert len({item["name"] for item in items}) == len(items) == count
        data = to_data(experiment)
        data["objective"]["tensors"] = items
        experiment = from_data(data)


def test_the_last_of_a_list_cannot_be_removed(form: Form) -> None:
    form.show_document(Document(experiment=Experiment()))
    buttons = {button.text(): button for button in form.findChildren(QPushButton)}
    assert not buttons["✕"].isEnabled()
    assert not buttons["↑"].isEnabled()
    assert not buttons["↓"].isEnabled()
    assert buttons["Add"].isEnabled()


def test_moving_exchanges_two_items(form: Form) -> None:
    form.show_document(Document(experiment=Experiment(optimizers=(SGD(), Adam()))))
    told: list[Any] = []
    form.edited.connect(lambda path, value: told.append((path, [item["kind"] for item in value])))
    downs = [button for button in form.findChildren(QPushButton) if button.text() == "↓"]
    downs[0].click()
    assert told == [("optimizers", ["adam", "sgd"])]


def test_notes_stand_below_the_items_they_are_about_and_follow_every_edit(form: Form) -> None:
    experiment = fit(model=(LinearLayer(features=2), LinearLayer()))
    form.show_document(Document(experiment=experiment))
    notes = form.note_texts()
    assert notes == notes_of(experiment)
    assert notes["objective.model.0"] == "(1) → (2)   4 parameters"
    form.show_document(Document(experiment=fit(model=(LinearLayer(features=3), LinearLayer()))))
    assert form.note_texts()["objective.model.0"] == "(1) → (3)   6 parameters"
    assert "10 parameters" in form.note_texts()["objective.model"]
    form.show_document(Document(experiment=Experiment()))
    assert not [path for path in form.note_texts() if path.startswith("objective")]


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_every_note_has_its_place(form: Form, experiment: Experiment) -> None:
    form.show_document(Document(experiment=experiment))
    assert form.note_texts() == notes_of(experiment)


def many_tensors(count: int, length: int = 1) -> Document:
    tensors = tuple(NamedTensor(name=f"v{number}", value=(1.5,) * length) for number in range(count))
    text = "loss = " + " + ".join(f"sum(v{number})" for number in range(count))
    return Document(experiment=Experiment(objective=FormulaObjective(tensors=tensors, text=text)))


def test_a_long_list_shows_its_beginning_and_all_of_it_when_asked(shown: Show) -> None:
    form = shown(Form())
    form.show_document(many_tensors(MOST_ITEMS + 4))
    more = next(one for one in form.findChildren(QPushButton) if one.text().startswith("Show all"))
    assert more.text() == f"Show all {MOST_ITEMS + 4}"
    assert f"objective.tensors.{MOST_ITEMS - 1}.name" in form.paths()
    assert f"objective.tensors.{MOST_ITEMS}.name" not in form.paths()
    form.show_fault(f"objective.tensors.{MOST_ITEMS}.name", "It is taken.")
    assert form.fault_texts() == {"objective.tensors": "It is taken."}
    more.click()
    assert f"objective.tensors.{MOST_ITEMS + 3}.name" in form.paths()
    assert not [one for one in form.findChildren(QPushButton) if one.text().startswith("Show all") and one.isVisible()]


def test_a_value_too_long_for_a_line_is_shown_by_its_beginning_and_stays_as_it_is(shown: Show) -> None:
    form = shown(Form())
    edits: list[Any] = []
    form.edited.connect(lambda path, value: edits.append((path, value)))
    form.show_document(many_tensors(1, 20_000))
    line = form.editor("objective.tensors.0.value").focus_widget()
    assert line.isReadOnly()
    assert line.text().startswith("[1.5, 1.5,")
    assert len(line.text()) < 1000
    line.editingFinished.emit()
    assert edits == []
    form.show_document(many_tensors(1, 2))
    assert (line.isReadOnly(), line.text()) == (False, "[1.5, 1.5]")


def test_of_a_value_too_long_for_a_line_only_its_beginning_is_written(
    shown: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    dumps = json.dumps
    monkeypatch.setattr(json, "dumps", lambda value: written.append(dumps(value)) or written[-1])
    editor = shown(TextEditor(is_json=True))
    for value in (
        [1.5] * 10**6,
        [[1.5] * 1000] * 1000,
        [[0.5, 1.0], [2.0, 3.0]],
        [],
        list(range(2000)),
        None,
        {"a": 1},
    ):
        written.clear()
        editor.show_value(value)
        assert sum(map(len, written)) < 2 * MOST_CHARACTERS
        text = editor.focus_widget().text()  # type: ignore[attr-defined]
        assert dumps(value).startswith(text.removesuffix(" …"))
        assert text.endswith(" …") or text == dumps(value)


def test_open_entries_follow_their_list() -> None:
    opened = OpenEntries()
    opened.set("optimizers.1", True)
    opened.set("optimizers.2", True)
    opened.set("objective.model.1", True)
    opened.exchange("optimizers", 2, 3)
    assert [index for index in range(5) if opened.holds("optimizers", index)] == [1, 3]
    opened.remove("optimizers", 0)
    assert [index for index in range(5) if opened.holds("optimizers", index)] == [0, 2]
    opened.remove("optimizers", 2)
    opened.set("optimizers.0", False)
    assert not any(opened.holds("optimizers", index) for index in range(5))
    opened.set("optimizers.4", True)
    opened.open_alone("optimizers", 1)
    assert [index for index in range(5) if opened.holds("optimizers", index)] == [1]
    assert opened.holds("objective.model", 1)
