"""Documents in files: the lesson beside the experiment, and the texts of older formats, where they stood within it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.document.document import Document, document_from_data
from gradviz.core.document.experiment import Experiment
from gradviz.core.document.lesson import Lesson, Texts, TextsByLanguage, titled
from gradviz.storage.experiments.experiment_file import load, save
from gradviz.storage.experiments.migrations import migrate
from gradviz.storage.problems import FileError

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FIELDS = {"title": WORDS, "hint": WORDS, "lesson": WORDS}
OLD_TEXTS = st.fixed_dictionaries(
    {}, optional={**FIELDS, "case": WORDS, "chinese": st.fixed_dictionaries({}, optional=FIELDS)}
)
WHOLE = Document(
    lesson=Lesson(
        case="E1",
        texts=TextsByLanguage(
            en=Texts(title="A title", hint="Try.", lesson="Look."), zh=Texts(title="标题", hint="试。", lesson="看。")
        ),
    ),
    experiment=Experiment(steps=3, hand_gradient="d_x = 2*x"),
)


@pytest.mark.parametrize("name", ["whole.gradviz", "whole.json"])
def test_a_document_comes_back_whole(tmp_path: Path, name: str) -> None:
    save(tmp_path / name, WHOLE, None)
    assert load(tmp_path / name).document == WHOLE
    assert load(tmp_path / name).experiment == WHOLE.experiment


def test_the_lesson_stands_beside_the_experiment_and_before_it(tmp_path: Path) -> None:
    save(tmp_path / "a.json", WHOLE, None)
    data = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert list(data) == ["format", "lesson", "experiment"]
    assert data["lesson"]["texts"]["zh"] == {"title": "标题", "hint": "试。", "lesson": "看。"}
    assert not {"title", "case", "hint", "lesson", "chinese"} & set(data["experiment"])


def test_an_experiment_saved_alone_and_a_file_without_a_lesson_are_untitled(tmp_path: Path) -> None:
    save(tmp_path / "a.json", Experiment(steps=3), None)
    (tmp_path / "b.json").write_text('{"format": 3, "experiment": {"steps": 3}}')
    for name in ("a.json", "b.json"):
        assert load(tmp_path / name).document == Document(experiment=Experiment(steps=3))
        assert load(tmp_path / name).document.title == "Untitled"


@pytest.mark.parametrize("version", [1, 2])
@given(texts=OLD_TEXTS, steps=st.integers(0, 9))
def test_the_texts_of_an_older_format_become_its_lesson(version: int, texts: dict[str, Any], steps: int) -> None:
    before = {"format": version, "experiment": texts | {"steps": steps}, "run": None}
    given_texts = json.dumps(before)
    document = document_from_data(migrate(before, version))
    english = {name: texts.get(name, "") for name in FIELDS}
    chinese = {name: texts.get("chinese", {}).get(name, "") for name in FIELDS}
    wanted = TextsByLanguage(en=Texts(**english), zh=Texts(**chinese))
    assert document == Document(
        lesson=Lesson(case=texts.get("case", ""), texts=wanted), experiment=Experiment(steps=steps)
    )
    assert json.dumps(before) == given_texts, "a migration changes nothing in place"


@pytest.mark.parametrize("version", [1, 2])
def test_the_chinese_lesson_of_an_old_file_is_found(tmp_path: Path, version: int) -> None:
    chinese = {"title": "标题", "lesson": "看：甲。"}
    old = {"title": "A title", "case": "E1", "hint": "Try.", "lesson": "Look.", "chinese": chinese, "steps": 4}
    (tmp_path / "old.json").write_text(json.dumps({"format": version, "experiment": old}), encoding="utf-8")
    document = load(tmp_path / "old.json").document
    assert document.lesson.in_language("zh") == Texts(title="标题", hint="Try.", lesson="看：甲。")
    assert document.lesson.in_language("en") == Texts(title="A title", hint="Try.", lesson="Look.")
    assert (document.lesson.case, document.experiment) == ("E1", Experiment(steps=4))
    save(tmp_path / "new.gradviz", document, None)
    assert load(tmp_path / "new.gradviz").document == document


@pytest.mark.parametrize(
    ("experiment", "field"),
    [
        ({"title": 5}, "lesson.texts.en.title"),
        ({"lesson": None}, "lesson.texts.en.lesson"),
        ({"chinese": []}, "lesson.texts.zh"),
        ({"chinese": {"case": "E1"}}, "lesson.texts.zh.case"),
        ({"case": "x" * 21}, "lesson.case"),
        ({"texts": {}}, "texts"),
        ([], "JSON object"),
    ],
)
def test_a_wrong_text_of_an_older_format_is_refused_by_name(tmp_path: Path, experiment: Any, field: str) -> None:
    (tmp_path / "old.json").write_text(json.dumps({"format": 2, "experiment": experiment}))
    with pytest.raises(FileError, match=field):
        load(tmp_path / "old.json")


@pytest.mark.parametrize(
    "lesson", [None, [], 3, {"case": 1}, {"texts": {"en": []}}, {"texts": {"tlh": {}}}, {"colour": "red"}]
)
def test_a_wrong_lesson_is_refused(tmp_path: Path, lesson: Any) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"format": 3, "lesson": lesson, "experiment": {}}))
    with pytest.raises(FileError, match=r"format version 3\) cannot be used: lesson"):
        load(tmp_path / "a.json")


def test_what_would_be_refused_is_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    save(path, WHOLE, None)
    before = path.read_bytes()
    wrong = WHOLE.model_copy(update={"lesson": Lesson.model_construct(case="x" * 21, texts=TextsByLanguage())})
    with pytest.raises(FileError, match=r"lesson\.case"):
        save(path, wrong, None)
    assert path.read_bytes() == before


def test_a_title_of_its_own_leaves_the_run_of_the_file_what_it_was(tmp_path: Path) -> None:
    save(tmp_path / "a.json", WHOLE, None)
    save(tmp_path / "b.json", WHOLE.model_copy(update={"lesson": titled("Another")}), None)
    assert load(tmp_path / "a.json").experiment.digest == load(tmp_path / "b.json").experiment.digest
