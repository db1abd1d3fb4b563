"""The document: what a person opens, edits and saves, which is a lesson and the experiment that it is about."""

from __future__ import annotations

from typing import Any

from gradviz.core.declaration import Declaration, FieldSpec, field_specs, setting
from gradviz.core.document.experiment import Experiment, from_data, to_data, with_value
from gradviz.core.document.lesson import Lesson, Texts, lesson_from_data, titled

TITLE = "title"
"""The path of the one setting of a document that is not the experiment's."""


class Document(Declaration):
    """A lesson and its experiment. Two documents may hold one experiment: then a run of one is a run of both."""

    lesson: Lesson = setting(Lesson(), title="Lesson", description="What it tells a person; decides no number.")
    experiment: Experiment = setting(Experiment(), title="Experiment", description="Everything that decides a run.")

    @property
    def title(self) -> str:
        """The English title, which names the document wherever there is one line for it."""
        return self.lesson.in_language("en").title

    def with_experiment(self, experiment: Experiment) -> Document:
        """The same lesson about another experiment."""
        return self.model_copy(update={"experiment": experiment})


def document_of(given: Document | Experiment) -> Document:
    """The document itself, or one without a lesson around an experiment."""
    return given if isinstance(given, Document) else Document(experiment=given)


def document_from_data(data: dict[str, Any]) -> Document:
    """A document from the plain JSON data of its parts; SettingError names the field that is wrong."""
    return Document(lesson=lesson_from_data(data.get("lesson", {})), experiment=from_data(data["experiment"]))


def with_setting(document: Document, path: str, value: Any) -> Document:
    """The document with the plain `value` at `path`: ``title``, or a path of the experiment.

    SettingError where it is not allowed.
    """
    if path == TITLE:
        return document.model_copy(update={"lesson": titled(value, document.lesson)})
    return document.with_experiment(with_value(document.experiment, path, value))


def editable_specs() -> tuple[FieldSpec, ...]:
    """The fields that a form shows of a document: its title, then those of its experiment."""
    title = next(spec for spec in field_specs(Texts) if spec.name == TITLE)
    return (title, *field_specs(Experiment))


def editable_data(document: Document) -> dict[str, Any]:
    """The plain values of `editable_specs`."""
    return {TITLE: document.title} | to_data(document.experiment)
