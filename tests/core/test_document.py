"""Lesson, document and the digest of an experiment: what a person reads never touches what decides a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.declaration import SettingError
from gradviz.core.document.document import Document, document_from_data, document_of, with_setting
from gradviz.core.document.experiment import DECIDES_NOTHING, Experiment, from_data, to_data, value_at, with_value
from gradviz.core.document.lesson import UNTITLED, Lesson, Texts, TextsByLanguage, lesson_from_data, titled
from gradviz.core.objectives.catalogue import OBJECTIVES, FormulaObjective
from gradviz.core.optimizers.catalogue import OPTIMIZERS, SGD, Adam
from gradviz.storage.shipped.gallery import gallery

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TEXTS = st.builds(Texts, title=WORDS, hint=WORDS, lesson=WORDS)
LESSONS = st.builds(
    Lesson,
    case=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    texts=st.builds(TextsByLanguage, en=TEXTS, zh=TEXTS),
)
EXPERIMENTS: dict[str, Experiment] = {
    **{f"objective {kind.label}": Experiment(objective=kind()) for kind in OBJECTIVES},
    **{f"optimiser {kind.label}": Experiment(optimizers=(kind(),)) for kind in OPTIMIZERS},
    **{f"gallery {entry.name}": entry.experiment for entry in gallery()},
}
OTHERS = (0, 1, 2, 0.25, 0.5, 3.0, True, False, "x", "cuda:1", "float64", "mean", "sum", [1.0, 2.0], [0.5, 0.5])


@given(lesson=LESSONS, steps=st.integers(0, 10**9))
def test_a_document_survives_json(lesson: Lesson, steps: int) -> None:
    document = Document(lesson=lesson, experiment=Experiment(steps=steps))
    assert document_from_data(json.loads(json.dumps(to_data(document)))) == document


@given(lesson=LESSONS)
def test_what_is_empty_in_a_language_is_in_english(lesson: Lesson) -> None:
    english, chinese = lesson.texts.en, lesson.texts.zh
    assert lesson.in_language("en") == Texts(title=english.title or UNTITLED, hint=english.hint, lesson=english.lesson)
    found = lesson.in_language("zh")
    assert found.title == (chinese.title or english.title or UNTITLED)
    assert found.hint == (chinese.hint or english.hint)
    assert found.lesson == (chinese.lesson or english.lesson)
    assert lesson.in_language("fr") == lesson.in_language("en")


@given(lesson=LESSONS, title=WORDS, steps=st.integers(0, 5))
def test_a_path_leads_to_the_title_or_into_the_experiment(lesson: Lesson, title: str, steps: int) -> None:
    document = Document(lesson=lesson)
    renamed = with_setting(document, "title", title)
    assert renamed.title == (title or UNTITLED)
    assert renamed.experiment == document.experiment
    assert with_setting(renamed, "title", lesson.texts.en.title) == document, "nothing else of the lesson changed"
    longer = with_setting(document, "steps", steps)
    assert longer == document.with_experiment(with_value(Experiment(), "steps", steps))
    assert longer.lesson == lesson


@pytest.mark.parametrize("path", ["title", "case", "hint", "lesson", "chinese"])
def test_an_experiment_has_no_texts(path: str) -> None:
    with pytest.raises(SettingError, match="no such setting"):
        with_value(Experiment(), path, "x")
    with pytest.raises(SettingError, match="not known"):
        from_data({path: "x"})


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"texts": {"en": {"title": 5}}}, "lesson.texts.en.title"),
        ({"texts": {"zh": {"lesson": "x" * 4001}}}, "lesson.texts.zh.lesson"),
        ({"texts": {"tlh": {}}}, "lesson.texts.tlh"),
        ({"case": "x" * 21}, "lesson.case"),
        ({"steps": 3}, "lesson.steps"),
        ([], "lesson"),
        (None, "lesson"),
    ],
)
def test_a_wrong_text_is_named(data: Any, path: str) -> None:
    with pytest.raises(SettingError) as caught:
        lesson_from_data(data)
    assert caught.value.path == path


def test_an_experiment_alone_is_an_untitled_document() -> None:
    experiment = Experiment(steps=3)
    assert document_of(experiment) == Document(experiment=experiment)
    assert document_of(experiment).title == UNTITLED
    titled_one = Document(lesson=titled("Mine"), experiment=experiment)
    assert document_of(titled_one) is titled_one


# The digest


def leaves(data: Any, path: str = "") -> list[str]:
    """The paths of all values that are no groups."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    found = [leaf for key, value in inner for leaf in leaves(value, f"{path}.{key}" if path else str(key))]
    return found or [path]


def others_at(experiment: Experiment, path: str) -> list[Experiment]:
    """The experiments that differ in the setting at `path` alone, as far as it takes one of a few values."""
    found = []
    for value in (*OTHERS, f"{value_at(experiment, path)} ", f"{value_at(experiment, path)}\n"):
        try:
            found.append(with_value(experiment, path, value))
        except SettingError:
            continue
    return [other for other in found if other != experiment]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_another_setting_is_another_digest_wherever_it_stands(name: str) -> None:
    experiment = EXPERIMENTS[name]
    changed = 0
    for path in leaves(to_data(experiment)):
        for other in others_at(experiment, path):
            assert (other.digest == experiment.digest) == (path in DECIDES_NOTHING), path
            changed += 1
    assert changed > len(Experiment.model_fields)


def test_every_field_of_an_experiment_decides_or_is_said_not_to() -> None:
    edits = {
        "objective": to_data(FormulaObjective()),
        "optimizers": [to_data(Adam())],
        "steps": 7,
        "seed": 1,
        "dtype": "float64",
        "device": "cuda:0",
        "hand_gradient": "d_x = 1",
    }
    assert set(edits) == set(Experiment.model_fields)
    digests = {name: with_value(Experiment(), name, value).digest for name, value in edits.items()}
    same = {name for name, digest in digests.items() if digest == Experiment().digest}
    assert same == set(DECIDES_NOTHING)


@given(steps=st.integers(0, 5), x=st.sampled_from([0.0, -0.0, 1.0, 0.5]), y=st.sampled_from([0.0, -0.0, 1.0, 0.5]))
def test_equal_experiments_have_equal_digests(steps: int, x: float, y: float) -> None:
    one, two = (with_value(Experiment(steps=steps), "objective.x", value) for value in (x, y))
    assert (one.digest == two.digest) == (one == two)
    assert from_data(json.loads(json.dumps(to_data(one)))).digest == one.digest


def test_no_two_experiments_of_the_gallery_are_one_run_by_mistake() -> None:
    entries = gallery()
    for first in entries:
        for second in entries:
            alike = first.experiment.model_copy(update=dict.fromkeys(DECIDES_NOTHING, "")) == (
                second.experiment.model_copy(update=dict.fromkeys(DECIDES_NOTHING, ""))
            )
            assert (first.experiment.digest == second.experiment.digest) == alike, (first.name, second.name)


def test_a_digest_is_the_same_in_every_process() -> None:
    code = (
        "from gradviz.core.document.experiment import Experiment\n"
        "from gradviz.core.optimizers.catalogue import SGD, Adam\n"
        "print(Experiment(optimizers=(SGD(lr=0.5), Adam()), seed=7).digest)"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    assert told == {Experiment(optimizers=(SGD(lr=0.5), Adam()), seed=7).digest}
