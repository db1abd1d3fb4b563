"""The session: undo, redo, saving and what each edit asks of the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gradviz.app.window.session import UNDO_LIMIT, Opened, Session
from gradviz.core.declaration import SettingError
from gradviz.core.document.document import Document, editable_data
from gradviz.core.document.lesson import titled
from gradviz.views.form.form_data import value_at_path

EDITS = st.one_of(
    st.tuples(st.just("title"), st.sampled_from(["a", "b", "c"])),
    st.tuples(st.just("optimizers.0.lr"), st.sampled_from([0.1, 0.2, 0.001])),
    st.tuples(st.just("objective.x"), st.sampled_from([0.0, 1.0, 2.0])),
    st.tuples(st.just("steps"), st.integers(0, 3)),
)


class Editing(RuleBasedStateMachine):
    """A session against a plain list of everything that was ever the document."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(Opened(Document()))
        self.past: list[Document] = [Document()]
        self.at = 0
        self.saved = Document()

    @property
    def current(self) -> Document:
        return self.past[self.at]

    @rule(edit=EDITS)
    def edit(self, edit: tuple[str, Any]) -> None:
        before = self.session.document
        self.session.edit(*edit)
        assert value_at_path(editable_data(self.session.document), edit[0]) == edit[1]
        if self.session.document == before:
            return
        self.past = [*self.past[: self.at + 1], self.session.document]
        self.at += 1

    @rule()
    def undo(self) -> None:
        self.session.undo()
        self.at = max(0, self.at - 1)

    @rule()
    def redo(self) -> None:
        self.session.redo()
        self.at = min(len(self.past) - 1, self.at + 1)

    @rule()
    def save(self) -> None:
        self.session.saved_as(Path("here.gradviz"), (1, 0))
        self.saved = self.current

    @rule()
    def refuse(self) -> None:
        with pytest.raises(SettingError):
            self.session.edit("optimizers.0.lr", -1.0)

    @precondition(lambda self: len(self.past) > 6)
    @rule()
    def open_another(self) -> None:
        document = Document(lesson=titled("another"))
        self.session.open(Opened(document, Path("other.gradviz")))
        self.past, self.at, self.saved = [document], 0, document

    @invariant()
    def agrees(self) -> None:
        assert self.session.document == self.current
        assert self.session.experiment == self.current.experiment
        assert self.session.modified == (self.current != self.saved)
        assert self.session.can_undo == (self.at > 0)
        assert self.session.can_redo == (self.at < len(self.past) - 1)


TestEditing = Editing.TestCase
TestEditing.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_an_edit_forgets_what_was_undone() -> None:
    session = Session()
    session.edit("title", "a")
    session.undo()
    session.edit("title", "b")
    assert not session.can_redo
    session.redo()
    assert session.document.title == "b"


def test_undo_keeps_at_least_its_limit() -> None:
    session = Session()
    for k in range(UNDO_LIMIT + 50):
        session.edit("steps", k)
    undone = 0
    while session.can_undo:
        session.undo()
        undone += 1
    assert UNDO_LIMIT <= undone <= UNDO_LIMIT + 1


def test_title_names_the_file_or_the_experiment() -> None:
    session = Session(Opened(Document(lesson=titled("T")), gallery_name="himmelblau"))
    assert session.title == "T[*] – gradviz"
    session.saved_as(Path("/somewhere/file.gradviz"), (1, 0))
    assert session.title == "file.gradviz[*] – gradviz"
    assert session.gallery_name == ""


def test_undo_brings_a_title_back_and_leaves_the_experiment_alone() -> None:
    document = Document(lesson=titled("Mine").model_copy(update={"case": "E1"}))
    session = Session(Opened(document))
    session.edit("steps", 7)
    session.edit("title", "Yours")
    assert session.modified
    assert session.document.lesson == titled("Yours", document.lesson)
    session.undo()
    assert (session.document.title, session.experiment.steps) == ("Mine", 7)
    session.undo()
    assert session.document == document
    assert not session.modified
    session.redo()
    session.redo()
    assert (session.document.title, session.experiment.steps) == ("Yours", 7)


def test_a_title_that_is_refused_changes_nothing() -> None:
    session = Session()
    for wrong in ("x" * 121, 5, None):
        with pytest.raises(SettingError) as caught:
            session.edit("title", wrong)
        assert caught.value.path == "title"
    assert not session.can_undo
