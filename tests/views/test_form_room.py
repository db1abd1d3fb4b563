"""The form in a narrow pane: nothing is cut, nothing moves under the pointer, and a list is short."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QStyle, QStyleOptionComboBox, QWidget

from gradviz.core.data.catalogue import DATASETS
from gradviz.core.data.features import FEATURES
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.document import Document, editable_data, with_setting
from gradviz.core.document.experiment import Experiment
from gradviz.core.objectives.catalogue import FormulaObjective, NamedTensor
from gradviz.core.objectives.fit_starters import starter
from gradviz.core.optimizers.catalogue import OPTIMIZERS, SGD, Adam
from gradviz.core.optimizers.schedule_catalogue import SCHEDULES
from gradviz.core.tables.scalings import Standardise
from gradviz.core.tables.tables import Table
from gradviz.storage.shipped.gallery import gallery
from gradviz.views.form.entry import Entry
from gradviz.views.form.form import LEAST_WIDTH, Form
from gradviz.views.kit.theme import LIGHT, style_sheet

Show = Callable[..., Any]
LARGE = TableDataset(
    table=Table(
        tuple(f"a column of a long name {k}" for k in range(300)), 1 + np.arange(300.0 * 20_000).reshape(-1, 300)
    ),
    scaling=Standardise(),
    features=tuple(kind() for kind in FEATURES),
)
DOCUMENTS = {
    **{kind.label: Document(experiment=Experiment(objective=starter(kind()))) for kind in DATASETS},
    "a large table": Document(experiment=Experiment(objective=starter(LARGE))),
    **{entry.name: entry.document for entry in gallery()},
    **{kind.label: Document(experiment=Experiment(optimizers=(kind(),))) for kind in OPTIMIZERS},
    **{
        f"schedule {kind.label}": Document(experiment=Experiment(optimizers=(SGD(schedule=kind()),)))
        for kind in SCHEDULES
    },
}


@pytest.fixture
def form(shown: Show) -> Form:
    made = Form()
    made.setStyleSheet(style_sheet(LIGHT))
    return shown(made, LEAST_WIDTH, 420)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_is_cut_in_the_narrowest_form(form: Form, name: str) -> None:
    form.show_document(DOCUMENTS[name])
    open_all(form)
    room = form._scroll.viewport().width()
    for path in form.paths():
        widget = form.editor(path).focus_widget()
        right = widget.mapTo(form._scroll.viewport(), QPoint(widget.width(), 0)).x()
        assert right <= room, f"{path} ends at {right} of {room}"
        if isinstance(widget, QComboBox):
            assert text_room(widget) >= widget.fontMetrics().horizontalAdvance(widget.currentText()), path
    for label in form.findChildren(QLabel):
        if label.isVisibleTo(form) and label.text():
            assert label.height() >= label.heightForWidth(label.width()), f"“{label.text()}” is cut"
            assert label.width() >= longest_word(label), f"“{label.text()}” is cut"


def test_all_labels_have_one_width(form: Form) -> None:
    form.show_document(DOCUMENTS["moons"])
    lefts = {left for path, (left, _) in places(form).items() if not path.endswith(".kind")}
    assert len(lefts) == 1, f"fields begin at {lefts}"


def test_a_refusal_and_its_cure_move_nothing(form: Form) -> None:
    form.show_document(DOCUMENTS["moons"])
    before = places(form)
    form.show_fault("objective.data.noise", "must be at least 0. " * 9)
    assert form.fault_texts() == {"objective.data.noise": "must be at least 0. " * 9}
    assert places(form) == before
    form.clear_faults()
    assert places(form) == before


def test_a_long_refusal_is_seen_whole(form: Form) -> None:
    form.show_document(DOCUMENTS["moons"])
    form.show_fault("steps", "a sentence of many words, " * 11)
    label = form.findChild(QLabel, "form_message")
    assert label.text().startswith("Steps: a sentence")
    assert label.height() >= label.heightForWidth(label.width())
    assert form.rect().contains(label.geometry())


@pytest.mark.parametrize("kind", SCHEDULES, ids=lambda kind: kind.label)
def test_another_kind_leaves_its_own_box_where_it_is(form: Form, kind: Any) -> None:
    """From the first schedule to another and back, with the box at three places of the pane."""
    path = "optimizers.0.schedule.kind"
    plain, other = (
        Document(experiment=Experiment(optimizers=(SGD(schedule=made),))) for made in (SCHEDULES[0](), kind())
    )
    form.show_document(plain)
    for height in (40, 200, 330):
        box = form.editor(path).focus_widget()
        bar = form._scroll.verticalScrollBar()
        bar.setValue(bar.value() + at(form, path) - height)
        box.setFocus()
        y = at(form, path)
        for document in (other, plain):
            form.show_document(document)
            assert at(form, path) == y
            assert form.editor(path).focus_widget().hasFocus()


def test_a_race_is_a_short_list_whose_entries_open(form: Form) -> None:
    form.show_document(DOCUMENTS["race-surface"])
    entries = form.findChildren(Entry)
    names = [entry.name for entry in entries]
    assert names == ["SGD", "SGD momentum 0.9", "SGD momentum 0.9 Nesterov", "Adagrad", "RMSprop", "Adam"]
    assert not any(entry.is_open for entry in entries)
    assert sum(entry.height() for entry in entries) < 220
    y = at(form, "optimizers.3.kind", Entry)
    form._on_toggled("optimizers.3", True)
    assert form.editor("optimizers.3.lr").isVisibleTo(form)
    assert not form.editor("optimizers.2.lr").isVisibleTo(form)
    assert at(form, "optimizers.3.kind", Entry) == y


def test_a_new_entry_is_open_and_in_sight_and_add_stays_where_it_is(form: Form) -> None:
    document = Document(experiment=Experiment())
    form.show_document(document)

    def take(path: str, value: Any) -> None:
        nonlocal document
        document = with_setting(document, path, value)
        form.show_document(document)

    form.edited.connect(take)
    for count in (2, 3, 4):
        add = next(b for b in form.findChildren(QPushButton) if b.toolTip() == "Add one more to: Optimisers")
        add.click()
        entries = form.findChildren(Entry)
        assert [entry.is_open for entry in entries] == [False] * (count - 1) + [True]
        top = entries[-1].mapTo(form._scroll.viewport(), QPoint(0, 0)).y()
        assert 0 <= top < form._scroll.viewport().height() - 100
        heads = [entry.mapTo(form._scroll.widget(), QPoint(0, 0)).y() for entry in entries]
        assert heads == sorted(heads)
        assert add_top(form) < heads[0]


def test_a_refused_field_of_a_closed_entry_is_opened(form: Form) -> None:
    form.show_document(Document(experiment=Experiment(optimizers=(SGD(), Adam()))))
    form.show_fault("optimizers.1.lr", "wrong")
    assert form.editor("optimizers.1.lr").isVisibleTo(form)
    assert not form.editor("optimizers.0.lr").isVisibleTo(form)


def test_heads_are_the_names_of_now(form: Form) -> None:
    """A rename, a rate of a race, and what undo brings back: no head is older than its setting."""

    def heads() -> list[str]:
        return [entry.name for entry in form.findChildren(Entry)]

    tensors = (NamedTensor(name="x", value=1.0), NamedTensor(name="z", value=2.0))
    formula = Document(experiment=Experiment(objective=FormulaObjective(tensors=tensors, text="loss = x * z")))
    form.show_document(formula)
    assert heads()[:2] == ["x", "z"]
    renamed = editable_data(formula)["objective"] | {"text": "loss = x * w"}
    renamed["tensors"][1]["name"] = "w"
    form.show_document(with_setting(formula, "objective", renamed))
    assert heads()[:2] == ["x", "w"]
    form.show_document(formula)
    assert heads()[:2] == ["x", "z"]
    for rates, names in (((0.1, 0.01), ["SGD lr 0.1", "SGD lr 0.01"]), ((0.1, 0.2), ["SGD lr 0.1", "SGD lr 0.2"])):
        form.show_document(Document(experiment=Experiment(optimizers=tuple(SGD(lr=rate) for rate in rates))))
        assert heads() == names


def test_layers_are_counted_as_their_weights_are(form: Form) -> None:
    form.show_document(DOCUMENTS["moons"])
    assert [entry.name for entry in form.findChildren(Entry)][:3] == ["0 Linear", "1 Tanh", "2 Linear"]


def open_all(form: Form) -> None:
    for path, entry in form._entries.items():
        if not entry.is_open:
            form._on_toggled(path, True)
    QApplication.processEvents()


def places(form: Form) -> dict[str, tuple[int, int]]:
    """Where every editor is seen."""
    QApplication.processEvents()
    corners = {path: form.editor(path).mapTo(form, QPoint(0, 0)) for path in form.paths()}
    return {path: corner.toTuple() for path, corner in corners.items()}


def at(form: Form, path: str, kind: type[QWidget] | None = None) -> int:
    """How far below the top of what is seen an editor stands, or the part of the form around it."""
    QApplication.processEvents()
    widget: Any = form.editor(path)
    while kind is not None and not isinstance(widget, kind):
        widget = widget.parentWidget()
    return widget.mapTo(form._scroll.viewport(), QPoint(0, 0)).y()


def add_top(form: Form) -> int:
    add = next(b for b in form.findChildren(QPushButton) if b.toolTip() == "Add one more to: Optimisers")
    return add.mapTo(form._scroll.widget(), QPoint(0, 0)).y()


def text_room(box: QComboBox) -> int:
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    part = QStyle.SubControl.SC_ComboBoxEditField
    return box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, box).width()


def longest_word(label: QLabel) -> int:
    return max(label.fontMetrics().horizontalAdvance(word) for word in re.split("[ \n\u200b]", label.text()))
