"""What the form offers for a formula: an unknown name becomes a tensor by a button, a pasted column becomes a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QPushButton

from gradviz.core.declaration import Mending, SettingError
from gradviz.core.document.document import Document, with_setting
from gradviz.core.document.experiment import Experiment, from_data
from gradviz.core.objectives.catalogue import FormulaObjective, NamedTensor
from gradviz.views.form.form import Form


class Hub:
    """What the window's controller does with an edit of the form."""

    def __init__(self, form: Form) -> None:
        self.form = form
        tensors = (NamedTensor(name="w", value=1.0), NamedTensor(name="x", role="constant", value=(1.0, 2.0)))
        objective = FormulaObjective(tensors=tensors, text="l = sum(w*x)")
        self.document = Document(experiment=Experiment(objective=objective))
        self.edits = 0
        form.edited.connect(self.edit)
        form.show_document(self.document)

    def edit(self, path: str, value: Any) -> None:
        self.edits += 1
        try:
            self.document = with_setting(self.document, path, value)
        except SettingError as error:
            self.form.show_fault(error.path, error.reason, error.place, error.mending)
            return
        self.form.show_document(self.document)

    @property
    def objective(self) -> FormulaObjective:
        objective = self.document.experiment.objective
        assert isinstance(objective, FormulaObjective)
        return objective

    def offered(self) -> list[QPushButton]:
        return [
            one
            for one in self.form.findChildren(QPushButton)
            if one.isVisible() and "Add " in one.text() and "tensor" in one.text()
        ]


@pytest.fixture
def hub(shown: Callable[..., Any]) -> Hub:
    return Hub(shown(Form()))


def test_unknown_names_become_tensors_by_the_button_below_the_sentence(hub: Hub, qtbot: Any) -> None:
    assert not hub.offered()
    text = "p = w*x + bias\nl = sum((p - target)**2)"
    hub.form.editor("objective.text").edited.emit(text)
    assert "bias is not known here" in hub.form.fault_texts()["objective.text"]
    assert [button.text() for button in hub.offered()] == ["Add the tensors bias, target"]
    assert hub.objective.text == "l = sum(w*x)"
    hub.offered()[0].click()
    qtbot.waitUntil(lambda: hub.objective.text == text)
    assert [tensor.name for tensor in hub.objective.tensors] == ["w", "x", "bias", "target"]
    assert hub.objective.tensors[2] == NamedTensor(name="bias", role="parameter", value=1.0)
    assert not hub.offered()
    assert not hub.form.fault_texts()


def test_nothing_is_offered_for_what_no_tensor_would_mend(hub: Hub) -> None:
    for text in ("l = foo(x)", "l = x^2", "l = x.q", "l = _z*x", "l = sum(x, dim=q)"):
        hub.form.editor("objective.text").edited.emit(text)
        assert hub.form.fault_texts()
        assert not hub.offered(), text
    hub.form.editor("objective.text").edited.emit("l = w*q")
    assert hub.offered()
    hub.form.editor("steps").edited.emit(-1)
    assert not hub.offered()


@pytest.mark.parametrize(
    ("pasted", "value"),
    [
        ("2.9 5.1 7.0 9.2", (2.9, 5.1, 7.0, 9.2)),
        ("1, 2, 3, 4", (1.0, 2.0, 3.0, 4.0)),
        ("0, 2*e", (0.0, 5.43656365691809)),
    ],
)
def test_a_pasted_column_is_taken_in_the_field_of_a_value(
    hub: Hub, qtbot: Any, pasted: str, value: tuple[float, ...]
) -> None:
    line: Any = hub.form.editor("objective.tensors.1.value").focus_widget()
    line.setText(pasted)
    line.editingFinished.emit()
    qtbot.wait(50)
    assert hub.objective.tensors[1].value == value
    assert hub.edits == 1  # what was taken over as numbers is no draft that waits
    assert not hub.form.fault_texts()
    assert hub.form.editor("objective.tensors.1.value").focus_widget().text() == str(list(value))


def test_the_edit_that_mends_is_told_with_the_error() -> None:
    tensors = [{"name": "w", "value": 1.0}]
    with pytest.raises(SettingError) as caught:
        from_data({"objective": {"kind": "formula", "tensors": tensors, "text": "l = w*z"}})
    mending = caught.value.mending
    assert isinstance(mending, Mending)
    assert (mending.path, str(mending.words)) == ("objective.tensors", "Add a tensor z")
    assert [one["name"] for one in mending.value] == ["w", "z"]
    full = [{"name": f"w{k}", "value": 1.0} for k in range(64)]
    with pytest.raises(SettingError) as caught:
        from_data({"objective": {"kind": "formula", "tensors": full, "text": "l = w0*z"}})
    assert caught.value.mending is None
