"""The lesson: case, title, hint and text of a document, by language. Nothing in it decides a number."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from gradviz.core.declaration import Declaration, SettingError, setting, setting_error

UNTITLED = "Untitled"


class Texts(Declaration):
    """Title, hint and lesson in one language."""

    title: str = setting(
        "", title="Title", description="What the window and the gallery show.", live=True, max_length=120
    )
    hint: str = setting("", title="Try this", description="One line: what to try first.", max_length=300)
    lesson: str = setting(
        "",
        title="Lesson",
        description="In plain words: what to look at, what to change, what to expect. Paragraphs between empty lines.",
        max_length=4000,
    )


class TextsByLanguage(Declaration):
    """The texts by the code of their language: a field is a language that lessons may be in."""

    en: Texts = setting(Texts(), title="English", description="What stands where there is no translation.")
    zh: Texts = setting(Texts(), title="Chinese", description="In Simplified Chinese.")


class Lesson(Declaration):
    """What a document tells a person about its experiment."""

    case: str = setting("", title="Case", description="The case it belongs to, such as E1.", max_length=20)
    texts: TextsByLanguage = setting(
        TextsByLanguage(), title="Texts", description="Title, hint and lesson by the code of their language."
    )

    def in_language(self, language: str) -> Texts:
        """The texts in a language such as ``zh``; what is empty there is in English, and a title is never empty."""
        english = self.texts.en
        own: Texts = dict(self.texts).get(language, english)
        return Texts(
            title=own.title or english.title or UNTITLED,
            hint=own.hint or english.hint,
            lesson=own.lesson or english.lesson,
        )


def titled(title: str, lesson: Lesson | None = None) -> Lesson:
    """A lesson of that English title: one without texts, or `lesson` with its title exchanged.

    SettingError names the title where it is not allowed.
    """
    before = lesson or Lesson()
    try:
        texts = Texts.model_validate(before.texts.en.model_dump() | {"title": title})
    except ValidationError as error:
        raise setting_error(error) from None
    return before.model_copy(update={"texts": before.texts.model_copy(update={"en": texts})})


def lesson_from_data(data: Any) -> Lesson:
    """A lesson from plain JSON data; SettingError names the text that is wrong."""
    try:
        return Lesson.model_validate(data)
    except ValidationError as error:
        fault = setting_error(error, data)
        raise SettingError(".".join(part for part in ("lesson", fault.path) if part), fault.reason) from None
